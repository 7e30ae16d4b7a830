"""After the hammer: the confirmation, the balance, the ruling.

Ownership passes when the closing ruling is served on the buyer (OJA 22(2)); the handover follows within the
ruleset's days. A winner found barred at the end gets no confirmation: the sale is held (PRECISIONS 14).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from auction.kernel.clock import iso
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import Breach, DomainError, invalid
from auction.kernel.journal import Entry
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor, require
from auction.rules.calendar import period_end, shanghai_day
from auction.rules.published_holidays import due_as_published, published_calendar
from auction.services.approvals import lapse
from auction.services.locking import lock_auction
from disclosure.queries.sheets import files
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from risk.services.standing import enter

from ..models import AfterSaleStep, Confirmation, Payment, Registration
from ..queries.held import REVOCATION, WINNER_BARRED
from ..queries.objections import barring_objection, refuse_barred
from ..queries.papers import proofs
from ..queries.reneges import RENEGE, RENEGE_REVOKED, reneges_of_lot
from ..queries.restricted import is_restricted_sale
from ..queries.rooms import ruleset_of
from ..rules.handover import RULING
from ..rules.objection import ACCEPTED
from .confirmation import confirmation_of
from .interest import recheck
from .life import change_status, record_close, release_all, suspend_locked
from .looks import count_again
from .payments import apply_deposit, held_deposit
from .promise_watch import await_promise


def hold_barred_winner(unit: Unit, auction: Auction, winner: Registration) -> bool:
    """Check the winner once more; a hit suspends the sale (`winner_barred`) and frees everybody else.

    A bar for a term that began after his bid does not: it speaks of taking part, and he bid before it.
    """
    if recheck(unit, auction, winner.id, winner) in (None, "barred_sanction"):
        return False
    suspend_locked(unit, auction, kind="halt", reason="买受人资格待法院审查", cause=WINNER_BARRED)
    release_all(unit, auction, keep=winner.id, since=auction.closes_at)
    days = ruleset_of(unit.session, auction).working_days("winner_barred_decision")
    raise_alert(
        unit,
        "winner_barred",
        key=f"winner_barred:{auction.id}",
        reasons=[Reason("barred_at_close", {"days": days}, {"registrations": [winner.id]})],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
        registration_id=winner.id,
    )
    return True


def confirm_held_winner(unit: Unit, auction: Auction) -> bool:
    """Confirm a winner who was held, if nothing bars him any more: the sale is dated now, and so is what is owed.

    The auction is locked and held; nothing happens while another hit stands, or an objection was accepted.
    """
    barring = barring_objection(unit.session, auction.lot_id, auction.id, unit.now)
    if barring is not None and barring.code in ACCEPTED:
        return False
    winner = unit.session.get_one(Registration, auction.leader_registration_id, populate_existing=True)
    if recheck(unit, auction, winner.id, winner) not in (None, "barred_sanction"):
        return False
    unit.session.refresh(winner)
    lapse(unit, (REVOCATION,), (auction.id,))
    auction.suspension = None
    change_status(unit, auction, "sold", price_fen=auction.price_fen, leader_code=auction.leader_code)
    confirm_sale(unit, auction, winner, record_close(unit, auction, "sold"), since=unit.now)
    return True


def confirm_sale(
    unit: Unit, auction: Auction, winner: Registration, decided: Entry, since: datetime | None = None
) -> Confirmation:
    """Make and publish the confirmation (OJA 22(1)), and set what is owed and until when (OJA 25).

    `decided` is the journal entry that closed the auction. The days for the balance run from `since`, by default from
    the end of bidding.
    """
    numbers = ruleset_of(unit.session, auction)
    end = period_end(shanghai_day(since or auction.closes_at), auction.balance_days, published_calendar(numbers))
    assert auction.price_fen is not None  # noqa: S101 - a sold auction has a price
    deposit_fen = held_deposit(unit, winner)
    auction.balance_fen = auction.price_fen - deposit_fen
    auction.balance_due_at = end.ends_at - timedelta(seconds=1)
    auction.settlement = "balance_due"
    resold = [earlier.auction_id for earlier, _ in reneges_of_lot(unit.session, auction.lot_id)]
    lapse(unit, (RENEGE_REVOKED,), resold)  # a new buyer's right stands against it now
    document = confirmation_of(
        unit, auction, winner, deposit_fen=deposit_fen, provisional=end.provisional, decided=decided
    )
    confirmation = Confirmation(auction_id=auction.id, document=document, at=unit.now)
    unit.session.add(confirmation)
    unit.record(
        "SaleConfirmed",
        stream=f"auction:{auction.id}",
        body={
            "bidder_code": winner.bidder_code,
            "price_fen": auction.price_fen,
            "balance_fen": auction.balance_fen,
            "balance_due_at": iso(auction.balance_due_at),
            "document_sha256": sha256_hex(canonical(document)),
        },
    )
    unit.tell(auction, "notice", notice="confirmation")
    if auction.balance_fen == 0:
        settle_price(unit, auction, winner)
    else:
        count_again(unit, auction.lot_id)
    return confirmation


def balance_confirmed(unit: Unit, auction: Auction, payment: Payment) -> None:
    """The balance is there: the deposit counts toward the price and the court owes the ruling (SALE 20)."""
    winner = unit.session.get_one(Registration, payment.registration_id)
    settle_price(unit, auction, winner)


def settle_price(unit: Unit, auction: Auction, winner: Registration) -> None:
    """Apply the deposit; the whole price is now with the court."""
    if held_deposit(unit, winner):  # a creditor whose claim covered a deposit paid before has it back already
        apply_deposit(unit, winner)
    winner.status = "applied"
    auction.settlement = "paid"
    lapse(unit, (RENEGE,), (auction.id,))
    if auction.balance_fen and auction.balance_due_at:  # where nothing was owed, nothing was kept or missed
        due_at = due_as_published(auction.balance_due_at)
        kind = "paid_late" if unit.now > due_at else "paid_in_time"
        facts = {"due_at": iso(due_at), "paid_at": iso(unit.now)}
        enter(unit, winner.person_id, kind, subject_id=auction.id, facts=facts)
    unit.record("PricePaid", stream=f"auction:{auction.id}", body={"price_fen": auction.price_fen})
    await_promise(unit, auction)
    count_again(unit, auction.lot_id)
    unit.tell(auction, "notice", notice="price_paid")


def winner_of(unit: Unit, auction: Auction) -> Registration:
    """The buyer's registration; DomainError wrong_state before a sale."""
    if auction.status != "sold" or auction.leader_registration_id is None:
        raise DomainError("wrong_state", status=auction.status)
    return unit.session.get_one(Registration, auction.leader_registration_id)


def rule_sale(
    unit: Unit, actor: Actor, auction_id: str, *, qualification: str, reason: str, evidence: Sequence[str] = ()
) -> Auction:
    """Record the closing ruling (OJA 6(6), 22(2)) once the whole price is paid and the buyer's qualification stands.

    `qualification`: proven or not_required; `evidence`: ids of the lot's files or the buyer's papers that prove it.
    Where not everybody may buy, only a proven one will do, with its evidence (HOUSE 3, EQ 15(2)). DomainError
    wrong_state before the price is paid, objection_open, suit_days, suit_pending or objection_accepted while somebody
    claims the lot,
    conduct_accepted once an objection to the sale was accepted, invalid for a qualification that cannot be ruled on or
    a file not there.
    """
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.settle", court=auction.lot.court_code)
    if auction.status != "sold" or auction.settlement != "paid":
        raise DomainError("wrong_state", status=auction.settlement or auction.status)
    if qualification not in ("proven", "not_required"):
        raise invalid("qualification", "not_available", value=qualification)
    refuse_barred(unit.session, auction.lot_id, auction.id, unit.now)
    winner = winner_of(unit, auction)
    barred = recheck(unit, auction, winner.id, winner)
    if barred not in (None, "barred_sanction"):
        raise DomainError(barred or "barred_interest")
    check_evidence(unit, auction, evidence)
    if is_restricted_sale(unit.session, auction):
        if qualification != "proven":
            raise invalid("qualification", "qualification_required")
        if not evidence:
            raise invalid("evidence", "qualification_required")
    auction.settlement = "ruled"
    detail = {"qualification": qualification, "reason": reason, "evidence": list(evidence)}
    _step(unit, actor, auction, RULING, shanghai_day(unit.now), detail)
    unit.record("ClosingRuled", stream=f"auction:{auction.id}", body={"qualification": qualification})
    unit.tell(auction, "notice", notice="ruling")
    return auction


def check_evidence(unit: Unit, auction: Auction, evidence: Sequence[str]) -> None:
    """DomainError `invalid` for what is neither a file of the lot nor a paper the buyer has handed in as proof."""
    known = {file.id for file in files(unit.session, auction.lot_id)} if evidence else set()
    known.update(proofs(unit.session, auction.id))
    wrong = [
        Breach("unknown_attachment", f"evidence.{number}", facts={"value": file_id})
        for number, file_id in enumerate(evidence)
        if file_id not in known
    ]
    if wrong:
        raise DomainError("invalid", wrong)


def _step(unit: Unit, actor: Actor, auction: Auction, code: str, on: date, detail: dict[str, Any]) -> AfterSaleStep:
    step = AfterSaleStep(
        id=unit.new_id(), auction_id=auction.id, code=code, on=on, detail=detail, at=unit.now, by=actor.id
    )
    unit.session.add(step)
    return step


def mark_overdue(unit: Unit, auction_id: str) -> None:
    """Tell judge and buyer that the balance is overdue; does nothing when it is not, or was told already.

    Where a schedule of holidays published since moves the day, it is put off instead (PRECISIONS 16).
    """
    auction = lock_auction(unit, auction_id)
    if auction.settlement != "balance_due" or auction.balance_due_at is None or unit.now <= auction.balance_due_at:
        return
    due_at = due_as_published(auction.balance_due_at)
    if unit.now <= due_at:
        auction.balance_due_at = due_at
        unit.record("BalancePutOff", stream=f"auction:{auction.id}", body={"balance_due_at": iso(due_at)})
        unit.tell(auction, "notice", notice="balance_put_off")
        return
    auction.settlement = "overdue"
    unit.record("BalanceOverdue", stream=f"auction:{auction.id}", body={"due_at": iso(auction.balance_due_at)})
    unit.tell(auction, "notice", notice="balance_overdue")
