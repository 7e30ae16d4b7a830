"""Declaring that a buyer reneged: the forfeiture, the money that goes back, the bar from every resale (OJA 24).

Without a finding of malice one judge declares. With factors of malice it is a proposal that another judge of the court
must approve (PRECISIONS 25), carried out with the approval. What is paid before the declaration takes effect counts.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.rules.lot import Round
from auction.services.approvals import check_unproposed, propose
from auction.services.locking import lock_round
from risk.services.standing import enter

from ..models import Registration, Renege
from ..queries.objections import refuse_barred
from ..queries.payments import deposit_of, paid_parts
from ..queries.reneges import IN_FORCE, RENEGE, clock_of, declarers, reneged_before
from ..queries.rooms import ruleset_of
from ..rules import ledger
from ..rules.debt import Known, check_declarable, check_factors, check_facts, forfeited
from ..rules.ledger import Kind, advance
from .interest import check_anew
from .looks import count_again
from .moving import new_payment, note, order_refund, post, refund_span
from .noting import state_of
from .payments import held_payment, supersede_pending
from .settlement import winner_of


def declare(
    unit: Unit, actor: Actor, auction_id: str, *, reason: str, malicious_factors: Sequence[str] = ()
) -> Renege | Approval:
    """Declare that the buyer of a sold auction reneged; with factors of malice, propose it to another judge.

    DomainError `renege_too_early` before the grace after the due day is over, `wrong_state` where nothing is owed or a
    renege stands, `invalid` for a factor the ruleset does not list or the platform's facts contradict,
    `already_proposed` while a finding of malice waits: that is answered first.
    """
    auction = lock_round(unit, actor, auction_id, "auction.renege")
    factors = check_factors(malicious_factors, ruleset_of(unit.session, auction))
    _check(unit, auction, malicious_factors)
    check_unproposed(unit, RENEGE, auction.id)
    if not factors:
        return _declare(unit, auction, reason=reason, factors=(), by=actor.id)
    return propose(
        unit,
        actor,
        kind=RENEGE,
        subject_id=auction.id,
        court_code=auction.lot.court_code,
        proposal={"malicious_factors": list(factors)},
        reason=reason,
        needs=[Need("judge")],
    )


def carry_out_renege(unit: Unit, actor: Actor, approval: Approval) -> None:
    """The second judge approved a finding of malice: the declaration takes effect now, if the debt still stands."""
    auction = lock_round(unit, actor, approval.subject_id, "auction.renege")
    factors = approval.proposal["malicious_factors"]
    _check(unit, auction, factors)
    _declare(unit, auction, reason=approval.reason, factors=factors, by=approval.proposed_by, approved_by=actor.id)


def _check(unit: Unit, auction: Auction, factors: Sequence[str]) -> None:
    numbers = ruleset_of(unit.session, auction)
    clock = clock_of(auction, numbers)
    if auction.status != "sold" or clock is None or auction.price_fen is None:
        raise DomainError("wrong_state", status=auction.status)
    # nobody need pay for what may not be disposed of, or is about to be revoked
    refuse_barred(unit.session, auction.lot_id, auction.id, unit.now)
    check_declarable(auction.settlement, clock, unit.now)
    before = reneged_before(unit.session, auction) if factors else False
    check_facts(factors, Known(auction.price_fen, auction.reference_price_fen, before), numbers)


def _declare(
    unit: Unit, auction: Auction, *, reason: str, factors: Sequence[str], by: str, approved_by: str | None = None
) -> Renege:
    winner = winner_of(unit, auction)
    assert auction.price_fen is not None  # noqa: S101 - a sold auction has a price
    kept, rest = forfeit_deposit(unit, auction, winner)
    returned = rest + give_back_balance(unit, auction, winner)
    renege = Renege(
        id=unit.new_id(),
        auction_id=auction.id,
        lot_id=auction.lot_id,
        registration_id=winner.id,
        status=IN_FORCE,
        price_fen=auction.price_fen,
        forfeited_fen=kept,
        returned_fen=returned,
        factors=list(factors),
        reason=reason,
        declared_by=by,
        declared_at=unit.now,
    )
    unit.session.add(renege)
    auction.settlement, auction.balance_fen, winner.status = "reneged", 0, "forfeited"
    unit.session.flush()
    check_anew(unit, auction.lot_id)
    count_again(unit, auction.lot_id)
    unit.record(
        "BuyerReneged",
        stream=f"auction:{auction.id}",
        body={"bidder_code": winner.bidder_code, "price_fen": auction.price_fen, "forfeited_fen": kept},
    )
    note_renege(
        unit,
        renege,
        winner,
        "RenegeDeclared",
        reason=reason,
        factors=list(factors),
        by=by,
        approved_by=approved_by,
        returned_fen=returned,
    )
    facts: dict[str, Any] = {"price_fen": auction.price_fen, "forfeited_fen": kept, "declared_at": iso(unit.now)}
    if factors:
        facts["factors"] = list(factors)
    enter(unit, winner.person_id, _standing(factors), subject_id=auction.id, facts=facts)
    unit.tell(auction, "notice", notice="reneged")
    return renege


def _standing(factors: Sequence[str]) -> str:
    return "reneged_maliciously" if factors else "reneged"


def forfeit_deposit(unit: Unit, auction: Auction, winner: Registration) -> tuple[int, int]:
    """Keep what is lost of the deposit; the rest of a sell-off's prepayment is due back. Answers both."""
    deposit = deposit_of(unit.session, winner.id)
    kept = forfeited(Round(auction.round), deposit.held_fen, auction.forfeit_fen)
    rest = deposit.held_fen - kept
    if rest:
        due_at = unit.now + refund_span(unit, auction)
        post(unit, winner, ledger.rest_released(winner.id, rest))
        payment = new_payment(unit, winner, "rest", rest, held_payment(unit, winner).account, "refunding")
        order_refund(unit, payment, rest, due_at)
        note(unit, winner, "PrepaymentRestReleased", payment, due_at=iso(due_at))
    if kept:
        advance(deposit.state, Kind.DEPOSIT_FORFEITED)
        post(unit, winner, ledger.deposit_forfeited(winner.id, auction.id, kept))
    return kept, rest


def give_back_balance(unit: Unit, auction: Auction, winner: Registration) -> int:
    """Let every part of the balance go back to who paid it: only the deposit is lost. Answers their sum."""
    due_at = unit.now + refund_span(unit, auction)
    total = 0
    supersede_pending(unit, winner, "balance")
    for payment in paid_parts(unit.session, winner.id):
        fen = payment.paid_fen or 0
        post(unit, winner, ledger.balance_released(winner.id, auction.id, fen))
        payment.status = "refunding"
        order_refund(unit, payment, fen, due_at)
        note(unit, winner, "BalanceReleased", payment, released_fen=fen, due_at=iso(due_at))
        total += fen
    return total


def note_renege(unit: Unit, renege: Renege, registration: Registration, kind: str, **facts: Any) -> None:
    """Journal what concerns a declaration, sealed, in the stream of the buyer's person."""
    unit.record(
        kind,
        stream=f"person:{registration.person_id}",
        private=True,
        body={
            "renege_id": renege.id,
            "auction_id": renege.auction_id,
            "registration_id": registration.id,
            "state": state_of(registration),
            **facts,
        },
    )


def locked_renege(unit: Unit, actor: Actor, auction_id: str, action: str) -> tuple[Auction, Renege, Registration]:
    """An auction with its lot, locked, and the declaration in force against its buyer.

    DomainError not_found for another court's, wrong_state where no renege stands.
    """
    auction = lock_round(unit, actor, auction_id, action)
    return auction, *standing_renege(unit, auction)


def standing_renege(unit: Unit, auction: Auction) -> tuple[Renege, Registration]:
    """The declaration in force of a locked auction and the buyer's registration; DomainError wrong_state."""
    renege = unit.session.scalar(
        select(Renege)
        .where(Renege.auction_id == auction.id, Renege.status == IN_FORCE)
        .execution_options(populate_existing=True)
    )
    if renege is None:
        raise DomainError("wrong_state", status=auction.settlement or auction.status)
    return renege, unit.session.get_one(Registration, renege.registration_id)


def require_other_judge(unit: Unit, actor: Actor, renege: Renege) -> None:
    """Nobody decides on the objection to what he declared or approved (OBJ 11). DomainError own_declaration."""
    require(actor, "auction.renege")
    if actor.id in declarers(unit.session, renege.auction_id):
        raise DomainError("own_declaration")
