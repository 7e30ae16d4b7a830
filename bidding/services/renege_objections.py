"""Objecting to a declaration of renege, and revoking it: another judge proposes, a second one approves.

Revoking undoes the declaration by counter-postings, sets a new day for what is still owed, and takes back a resale
nobody has bought. What went back to the buyer meanwhile stays there and is owed again. Once the lot has been sold in a
resale the declaration stands: the new buyer's right would fall with it (OJA 31 lists when a sale may be revoked).
"""

from datetime import date, timedelta

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Approval, Auction
from auction.rules.access import Actor, require
from auction.rules.approvals import Need
from auction.rules.calendar import midnight, period_end, shanghai_day
from auction.rules.lot import PRIVATE
from auction.rules.published_holidays import published_calendar
from auction.services.approvals import lapse, propose
from auction.services.auctions import give_up
from auction.services.locking import lock_auction, lock_round
from risk.services.standing import enter

from ..models import Registration, Renege, RenegeObjection
from ..queries.auctions import has_ended
from ..queries.payments import owed_fen
from ..queries.reneges import RENEGE_REVOKED, allocation_of, concerned, declarers, objections, rounds_after
from ..queries.rooms import ruleset_of
from ..rules import ledger
from ..rules.debt import check_due_on
from .interest import check_anew
from .life import withdraw_locked
from .looks import count_again
from .moving import post
from .renege import locked_renege, note_renege, require_other_judge, standing_renege
from .sanctions import fall_with


def file_objection(unit: Unit, actor: Actor, auction_id: str, *, grounds: str) -> RenegeObjection:
    """The objection of the buyer, or of somebody the buyer stands for; decided within the days of CPL 236.

    DomainError not_found for an unknown auction, forbidden for anybody else, wrong_state where no renege stands or the
    same account has objected before: all grounds against one act are raised at once (OBJ 15).
    """
    require(actor, "renege.object")
    auction = lock_auction(unit, auction_id)
    if auction.announced_at is None:
        raise DomainError("not_found")
    renege, winner = standing_renege(unit, auction)
    if not concerned(unit.session, renege, actor.id):
        raise DomainError("forbidden")
    if any(one.account_id == actor.id for one in objections(unit.session, renege.id)):
        raise DomainError("wrong_state", status="objected_before")
    numbers = ruleset_of(unit.session, auction)
    end = period_end(shanghai_day(unit.now), numbers.days("objection_decision"), published_calendar(numbers))
    objection = RenegeObjection(
        id=unit.new_id(),
        renege_id=renege.id,
        account_id=actor.id,
        grounds=grounds,
        status="filed",
        filed_at=unit.now,
        due_on=end.last_day,
    )
    unit.session.add(objection)
    note_renege(unit, renege, winner, "RenegeObjectionFiled", objection_id=objection.id, grounds=grounds, by=actor.id)
    return objection


def reject_objection(unit: Unit, actor: Actor, auction_id: str, objection_id: str, *, reason: str) -> RenegeObjection:
    """Reject an objection with its reason: a judge who neither declared nor approved it.

    What proposes to accept it lapses. DomainError not_found, own_declaration, wrong_state where it is decided.
    """
    _, renege, winner = locked_renege(unit, actor, auction_id, "auction.renege")
    require_other_judge(unit, actor, renege)
    objection = _open_objection(unit, renege, objection_id)
    _decide(unit, objection, "rejected", actor.id, reason)
    lapse(unit, (RENEGE_REVOKED,), (renege.auction_id,), objection_id=objection.id)
    note_renege(unit, renege, winner, "RenegeObjectionRejected", objection_id=objection.id, reason=reason, by=actor.id)
    return objection


def propose_revocation(
    unit: Unit, actor: Actor, auction_id: str, *, objection_id: str, reason: str, due_on: date | None = None
) -> Approval:
    """Propose to accept an objection and revoke the declaration; a second judge approves.

    `due_on`: the new day for the balance, after today and within the ruleset's days; without it the announced days run
    anew from the revocation. None of the judges of the declaration answers the proposal.
    DomainError own_declaration, not_found for the objection, resale_sold, wrong_state, invalid, already_proposed.
    """
    auction, renege, _ = locked_renege(unit, actor, auction_id, "auction.renege")
    require_other_judge(unit, actor, renege)
    _open_objection(unit, renege, objection_id)
    _check_resale(unit, auction, renege)
    if due_on is not None:
        check_due_on(due_on, unit.now, ruleset_of(unit.session, auction))
    return propose(
        unit,
        actor,
        kind=RENEGE_REVOKED,
        subject_id=auction.id,
        court_code=auction.lot.court_code,
        proposal={
            "renege_id": renege.id,
            "objection_id": objection_id,
            "due_on": due_on.isoformat() if due_on else None,
        },
        reason=reason,
        needs=[Need("judge", but=frozenset(declarers(unit.session, auction.id)))],
    )


def carry_out_revocation(unit: Unit, actor: Actor, approval: Approval) -> None:
    """Another judge approved: the declaration is undone, if nothing that bars it has happened since."""
    auction = lock_round(unit, actor, approval.subject_id, "auction.renege")
    renege, winner = standing_renege(unit, auction)
    if renege.id != approval.proposal["renege_id"]:
        raise DomainError("wrong_state", status=renege.status)
    objection = _open_objection(unit, renege, approval.proposal["objection_id"])
    _check_resale(unit, auction, renege)
    stated = approval.proposal["due_on"]
    _revoke(
        unit,
        auction,
        renege,
        winner,
        by=approval.proposed_by,
        approved_by=actor.id,
        reason=approval.reason,
        due_on=date.fromisoformat(stated) if stated else None,
    )
    _decide(unit, objection, "accepted", approval.proposed_by, approval.reason)
    for other in objections(unit.session, renege.id):
        if other.status == "filed":
            _decide(unit, other, "accepted", approval.proposed_by, approval.reason)


def _check_resale(unit: Unit, auction: Auction, renege: Renege) -> None:
    """DomainError resale_sold once the lot was sold again, wrong_state while that is being decided."""
    if allocation_of(unit.session, renege.id) is not None:
        raise DomainError("resale_sold")
    for later in rounds_after(unit.session, auction):
        if later.status == "sold":
            raise DomainError("resale_sold", auction_id=later.id)
        if later.status in ("announced", "open", "suspended") and has_ended(later, unit.now):
            raise DomainError("wrong_state", status="resale_ended")


def _revoke(
    unit: Unit,
    auction: Auction,
    renege: Renege,
    winner: Registration,
    *,
    by: str,
    approved_by: str,
    reason: str,
    due_on: date | None,
) -> None:
    for later in rounds_after(unit.session, auction):
        _take_back(unit, later)
    if renege.forfeited_fen:
        post(unit, winner, ledger.forfeit_reversed(winner.id, auction.id, renege.forfeited_fen))
    renege.status, renege.revoked_by, renege.revoked_at = "revoked", by, unit.now
    renege.revocation_reason = reason
    winner.status, auction.settlement = "qualified", "balance_due"
    numbers = ruleset_of(unit.session, auction)
    if due_on is None or due_on <= shanghai_day(unit.now):  # the approval may have taken longer than the day proposed
        due_on = period_end(shanghai_day(unit.now), auction.balance_days, published_calendar(numbers)).last_day
    auction.balance_due_at = midnight(due_on + timedelta(days=1)) - timedelta(seconds=1)
    auction.balance_fen = owed_fen(unit.session, auction)
    unit.session.flush()
    check_anew(unit, auction.lot_id)
    count_again(unit, auction.lot_id)
    fall_with(unit, renege)
    unit.record(
        "RenegeRevoked",
        stream=f"auction:{auction.id}",
        body={
            "bidder_code": winner.bidder_code,
            "reversed_fen": renege.forfeited_fen,
            "balance_fen": auction.balance_fen,
            "balance_due_at": iso(auction.balance_due_at),
        },
    )
    note_renege(unit, renege, winner, "RenegeRevocationDecided", reason=reason, by=by, approved_by=approved_by)
    enter(
        unit,
        winner.person_id,
        "renege_revoked",
        subject_id=auction.id,
        facts={"revoked_at": iso(unit.now)},
    )
    unit.tell(auction, "notice", notice="renege_revoked")


def _take_back(unit: Unit, resale: Auction) -> None:
    """Withdraw a resale nobody has bought; a draft is given up before the public has seen it."""
    if resale.status in PRIVATE:
        give_up(unit, resale, "renege_revoked")
    elif resale.status in ("announced", "open", "suspended"):
        withdraw_locked(unit, resale, ground="renege_revoked", reason="悔拍认定已撤销，原成交恢复效力")


def _open_objection(unit: Unit, renege: Renege, objection_id: str) -> RenegeObjection:
    objection = unit.session.get(RenegeObjection, objection_id, populate_existing=True)
    if objection is None or objection.renege_id != renege.id:
        raise DomainError("not_found")
    if objection.status != "filed":
        raise DomainError("wrong_state", status=objection.status)
    return objection


def _decide(unit: Unit, objection: RenegeObjection, status: str, by: str, reason: str) -> None:
    objection.status, objection.decided_by, objection.decided_at = status, by, unit.now
    objection.decision_reason = reason
