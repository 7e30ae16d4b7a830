"""Putting a forfeited deposit to its use (OJA 24(1)), and ordering the buyer to make up the rest (SALE 22(2)).

The court enters costs and debts whenever it likes; the use is decided once, when the resale's price is with the court
and no objection is open. A lot reneged on more than once is decided from the latest sale backwards.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor
from auction.rules.calendar import midnight

from ..models import Allocation, AllocationEntry, Registration, Renege, TopUpOrder
from ..queries.allocation import Plan, later_asked, order_lines, plan_of, plans_of_lot
from ..queries.payments import top_up_paid_fen
from ..queries.reneges import final_of, standing_order, top_up_order
from ..queries.rooms import ruleset_of
from ..rules import ledger
from ..rules.debt import check_due_on
from .moving import post
from .payments import supersede_pending
from .renege import locked_renege, note_renege


def enter_allocation(
    unit: Unit,
    actor: Actor,
    auction_id: str,
    *,
    costs: Sequence[Mapping[str, Any]],
    case_debt_fen: int,
    related_debts: Sequence[Mapping[str, Any]],
    reason: str,
    final_fen: int | None = None,
) -> Plan:
    """Enter what the deposit is to serve, replacing what was entered before; answers the plan it gives.

    `costs`, `related_debts`: {"label", "amount_fen"}, each label once. Debts are entered as they stood before any
    forfeited deposit of the lot. `final_fen`: what the lot brought where it was not sold again (taken for debt,
    returned: 0). DomainError wrong_state without a declaration in force or once decided, invalid.
    """
    auction, renege, winner = locked_renege(unit, actor, auction_id, "auction.renege")
    _undecided(unit, auction)
    for name, rows in (("costs", costs), ("related_debts", related_debts)):
        labels = [row["label"] for row in rows]
        twice = next((n for n, label in enumerate(labels) if label in labels[:n]), None)
        if twice is not None:
            raise invalid(f"{name}.{twice}.label", "duplicate", value=labels[twice])
    if final_fen is not None and final_of(unit.session, auction.lot_id) is not None:
        raise invalid("final_fen", "sold_again")
    entry = AllocationEntry(
        id=unit.new_id(),
        renege_id=renege.id,
        costs=[dict(cost) for cost in costs],
        case_debt_fen=case_debt_fen,
        related_debts=[dict(debt) for debt in related_debts],
        final_fen=final_fen,
        reason=reason,
        by=actor.id,
        at=unit.now,
    )
    unit.session.add(entry)
    unit.session.flush()
    note_renege(
        unit,
        renege,
        winner,
        "AllocationEntered",
        costs=entry.costs,
        case_debt_fen=case_debt_fen,
        related_debts=entry.related_debts,
        final_fen=final_fen,
        reason=reason,
        by=actor.id,
    )
    return _undecided(unit, auction)


def decide_allocation(unit: Unit, actor: Actor, auction_id: str, *, reason: str) -> Allocation:
    """Put the forfeited deposit to its use, for good: each line becomes a posting.

    DomainError `allocation_waits` (fact `waits`: why) while it cannot be decided, wrong_state once it is.
    """
    auction, renege, winner = locked_renege(unit, actor, auction_id, "auction.renege")
    plan = _undecided(unit, auction)
    if plan.waits:
        raise DomainError("allocation_waits", waits=" ".join(plan.waits))
    assert plan.final_fen is not None  # noqa: S101 - nothing waits any more
    lines = [line.as_data() for line in plan.lines]
    allocation = Allocation(
        renege_id=renege.id,
        final_fen=plan.final_fen,
        liable_fen=plan.liable_fen,
        lines=lines,
        reason=reason,
        by=actor.id,
        at=unit.now,
    )
    unit.session.add(allocation)
    for line in plan.lines:
        if line.code != "kept" and line.amount_fen:
            post(unit, winner, ledger.forfeit_used(auction.id, line.code, line.amount_fen))
    unit.record(
        "ForfeitAllocated",
        stream=f"auction:{auction.id}",
        private=True,
        body={
            "renege_id": renege.id,
            "forfeited_fen": renege.forfeited_fen,
            "final_fen": plan.final_fen,
            "liable_fen": plan.liable_fen,
            "lines": lines,
            "reason": reason,
            "by": actor.id,
        },
    )
    unit.tell(auction, "notice", notice="forfeit_allocated")
    return allocation


def _undecided(unit: Unit, auction: Auction) -> Plan:
    plan = plan_of(unit.session, auction)
    if plan is None or plan.decided is not None:
        raise DomainError("wrong_state", status="allocated" if plan else auction.settlement)
    return plan


def order_top_up(unit: Unit, actor: Actor, auction_id: str, *, reason: str, due_on: date) -> TopUpOrder:
    """Order the buyer to make up the costs and the shortfall that his deposit did not reach: the court's choice.

    For a creditor who bid without a deposit that is all of them (PRECISIONS 10). What another reneger of the lot has
    made good is not asked for again. DomainError wrong_state before the use of the deposit is decided, where one was
    made, or where nothing is left to ask; top_up_waits while an order stands against somebody who reneged later;
    invalid for a day that is not to come, or too far off.
    """
    auction, renege, winner = locked_renege(unit, actor, auction_id, "auction.renege")
    numbers = ruleset_of(unit.session, auction)
    if not numbers.flag("measure_top_up"):
        raise DomainError("wrong_state", status="measure_not_available")
    plans = plans_of_lot(unit.session, auction.lot_id)
    plan = next(one for one in plans if one.renege.id == renege.id)
    if plan.decided is None:
        raise DomainError("wrong_state", status="not_allocated")
    if top_up_order(unit.session, renege.id) is not None:
        raise DomainError("wrong_state", status="ordered")
    check_due_on(due_on, unit.now, numbers)
    if later_asked(plan, plans):
        raise DomainError("top_up_waits")
    lines = order_lines(plan, plans)
    if not lines:
        raise DomainError("wrong_state", status="nothing_owed")
    order = TopUpOrder(
        id=unit.new_id(),
        renege_id=renege.id,
        lines=[line.as_data() for line in lines],
        amount_fen=sum(line.amount_fen for line in lines),
        due_at=midnight(due_on + timedelta(days=1)) - timedelta(seconds=1),
        status="ordered",
        reason=reason,
        ordered_by=actor.id,
        ordered_at=unit.now,
    )
    unit.session.add(order)
    _note_order(unit, renege, winner, order, "TopUpOrdered", actor, lines=order.lines, reason=reason)
    return order


def enforce_top_up(unit: Unit, actor: Actor, auction_id: str, *, reason: str) -> TopUpOrder:
    """Record that an order not paid in time goes to compulsory enforcement (SALE 22(2)); it may still be paid.

    DomainError wrong_state without an order, before its day is over, or once it is enforced.
    """
    _, renege, winner, order = _standing(unit, actor, auction_id)
    if order.status != "ordered" or unit.now <= order.due_at:
        raise DomainError("wrong_state", status="not_yet_due" if order.status == "ordered" else order.status)
    return _end(unit, renege, winner, order, actor, "enforced", reason)


def give_up_top_up(unit: Unit, actor: Actor, auction_id: str, *, reason: str) -> TopUpOrder:
    """Record that enforcement ended in vain: the rest is asked no more, and who reneged earlier stands in for it.

    DomainError wrong_state without an order, or before it is enforced.
    """
    _, renege, winner, order = _standing(unit, actor, auction_id)
    if order.status != "enforced":
        raise DomainError("wrong_state", status=order.status)
    supersede_pending(unit, winner, "top_up")
    return _end(unit, renege, winner, order, actor, "in_vain", reason)


def cancel_top_up(unit: Unit, actor: Actor, auction_id: str, *, reason: str) -> TopUpOrder:
    """Take an order back. DomainError wrong_state without one, or when part of it was paid."""
    auction, renege, winner, order = _standing(unit, actor, auction_id)
    supersede_pending(unit, winner, "top_up")
    if top_up_paid_fen(unit.session, auction.id):
        raise DomainError("wrong_state", status="partly_paid")
    return _end(unit, renege, winner, order, actor, "cancelled", reason)


#: How the end of an order, or its way to enforcement, is journaled.
_ENDS = {"enforced": "TopUpEnforced", "in_vain": "TopUpGivenUp", "cancelled": "TopUpCancelled"}


def _end(
    unit: Unit, renege: Renege, winner: Registration, order: TopUpOrder, actor: Actor, status: str, reason: str
) -> TopUpOrder:
    order.status = status
    order.ended_by, order.ended_at, order.ended_reason = actor.id, unit.now, reason
    _note_order(unit, renege, winner, order, _ENDS[status], actor, reason=reason)
    return order


def _standing(unit: Unit, actor: Actor, auction_id: str) -> tuple[Auction, Renege, Registration, TopUpOrder]:
    auction, renege, winner = locked_renege(unit, actor, auction_id, "auction.renege")
    order = standing_order(unit.session, auction.id)
    if order is None:
        raise DomainError("wrong_state", status="not_ordered")
    return auction, renege, winner, order


def _note_order(
    unit: Unit, renege: Renege, winner: Registration, order: TopUpOrder, kind: str, actor: Actor, **facts: Any
) -> None:
    note_renege(
        unit,
        renege,
        winner,
        kind,
        order_id=order.id,
        order_fen=order.amount_fen,
        due_at=iso(order.due_at),
        by=actor.id,
        **facts,
    )
