"""Groups of lots: no more are sold than claim and costs need, unless the debtor agrees that all are (SALE 14).

What a lot is sold for stops the rest, what is paid has it withdrawn (court's practice: the law says that the rest
stops). Whatever happens to a lot has its group counted again right after, in a transaction of its own: the rounds to be
stopped are locked in order of their ids, which whoever has just closed one of them could not do.
"""

from collections.abc import Sequence

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import Breach, DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Case, Lot, LotGroup, LotGroupMember
from auction.queries.unsold import group_lots, group_of
from auction.rules.access import Actor, require
from auction.rules.unsold import is_paid, is_satisfied, to_stop
from auction.services.locking import lock_auctions

from ..queries.objections import barring_objection
from .life import end_cause, restate, suspend_locked, withdraw_locked
from .looks import lock_group
from .noting import row_of

#: The cause of stopping the rest, and the ground of withdrawing it.
SATISFIED = "satisfied"


def make_group(
    unit: Unit,
    actor: Actor,
    *,
    case_number: str,
    lots: Sequence[str],
    claim_fen: int,
    costs_fen: int,
    sell_all: bool = False,
) -> LotGroup:
    """Put two or more lots of a case into one group. Amounts in fen; `sell_all`: the debtor agreed that all are sold.

    DomainError not_found for another court's case, invalid for a lot that is not the case's (`unknown_lot`), stands in
    a group already (`in_a_group`) or twice in the list (`duplicate`), or for fewer than two (`too_few_lots`).
    """
    case = unit.session.scalar(select(Case).where(Case.number == case_number, Case.court_code == actor.court_code))
    if case is None:
        raise DomainError("not_found")
    require(actor, "lot.group", court=case.court_code)
    wrong = [] if len(set(lots)) > 1 else [Breach("too_few_lots", "lots")]
    for number, lot_id in enumerate(lots):
        field = f"lots.{number}"
        if lot_id in lots[:number]:
            wrong.append(Breach("duplicate", field, facts={"value": lot_id}))
        elif unit.session.scalar(select(Lot.id).where(Lot.id == lot_id, Lot.case_id == case.id)) is None:
            wrong.append(Breach("unknown_lot", field, facts={"value": lot_id}))
        elif group_of(unit.session, lot_id) is not None:
            wrong.append(Breach("in_a_group", field, facts={"value": lot_id}))
    if wrong:
        raise DomainError("invalid", wrong)
    group = LotGroup(
        id=unit.new_id(),
        case_id=case.id,
        claim_fen=claim_fen,
        costs_fen=costs_fen,
        sell_all=sell_all,
        check_at=unit.now,
        created_by=actor.id,
        created_at=unit.now,
    )
    unit.session.add(group)
    unit.session.flush()
    for lot_id in lots:
        unit.session.add(LotGroupMember(group_id=group.id, lot_id=lot_id))
        _note(unit, group, lot_id, actor)
    unit.session.flush()
    return group


def change_group(
    unit: Unit,
    actor: Actor,
    group_id: str,
    *,
    claim_fen: int | None = None,
    costs_fen: int | None = None,
    sell_all: bool | None = None,
) -> LotGroup:
    """Enter another claim, other costs, or whether the debtor agrees that all is sold; what is known is counted again.

    DomainError not_found for another court's group.
    """
    group = lock_group(unit, group_id)
    require(actor, "lot.group", court=unit.session.get_one(Case, group.case_id).court_code)
    group.claim_fen = group.claim_fen if claim_fen is None else claim_fen
    group.costs_fen = group.costs_fen if costs_fen is None else costs_fen
    group.sell_all = group.sell_all if sell_all is None else sell_all
    group.check_at = unit.now
    for lot_id in unit.session.scalars(select(LotGroupMember.lot_id).where(LotGroupMember.group_id == group.id)):
        _note(unit, group, lot_id, actor)
    return group


def count_group(unit: Unit, group_id: str) -> None:
    """Stop, withdraw or let go on what a group need not, or need again, sell. Does nothing when it is not due.

    Sold for enough, the rest stops where it is, as a buyer may still not pay. Paid enough, it is withdrawn and deposits
    go back. Where a sale that counted fell away, the cause of stopping has ended, and the court resumes the rest.
    """
    known = group_lots(unit.session, group_id)
    rounds = lock_auctions(unit, [lot.auction_id for lot in known if lot.auction_id])
    group = lock_group(unit, group_id)
    if group.check_at is None:
        return
    group.check_at = None
    unit.session.flush()
    known = group_lots(unit.session, group_id)
    act = _go_on
    if is_satisfied(known, group.claim_fen, group.costs_fen, sell_all=group.sell_all):
        paid = is_paid(known, group.claim_fen, group.costs_fen, sell_all=group.sell_all)
        act = _withdraw if paid else stop
    for auction_id in to_stop(known):
        auction = rounds.get(auction_id)
        if auction is None:  # announced since the locks were taken
            group.check_at = unit.now
        elif auction.status != "open" or unit.now < auction.closes_at:  # else its closing counts the group
            act(unit, auction)


def _withdraw(unit: Unit, auction: Auction) -> None:
    reason = "已成交标的所得价款足以清偿债务和应当负担的费用，对剩余标的停止拍卖。"
    withdraw_locked(unit, auction, ground=SATISFIED, reason=reason)


def stop(unit: Unit, auction: Auction) -> None:
    """Suspend a locked auction whose group has enough, also one that stands still for a cause that has ended."""
    reason = "已成交标的的价款足以清偿债务和应当负担的费用，本标的停止拍卖；价款付清后撤回，未付清的恢复拍卖。"
    suspension = auction.suspension or {}
    if auction.status != "suspended":
        suspend_locked(unit, auction, kind="halt", reason=reason, cause=SATISFIED)
    elif "resume_by" in suspension:
        restate(unit, auction, reason=reason, cause=SATISFIED)


def _go_on(unit: Unit, auction: Auction) -> None:
    suspension = auction.suspension or {}
    stopped = suspension.get("cause") == SATISFIED and "ended_at" not in suspension
    if stopped and barring_objection(unit.session, auction.lot_id, auction.id, unit.now) is None:
        end_cause(unit, auction, reason="同组标的的价款不再足以清偿债务和应当负担的费用")


def _note(unit: Unit, group: LotGroup, lot_id: str, actor: Actor) -> None:
    unit.record(
        "LotGrouped",
        stream=f"lot:{lot_id}",
        private=True,
        body={
            "group_id": group.id,
            "claim_fen": group.claim_fen,
            "costs_fen": group.costs_fen,
            "sell_all": group.sell_all,
            "at": iso(unit.now),
            "by": actor.id,
            "row": row_of(group),
        },
    )
