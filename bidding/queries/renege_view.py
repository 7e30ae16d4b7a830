"""A buyer's debt and what a renege made of it: for the buyer and for the court of the lot."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules.access import COURT_ROLES, Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.lot import Round
from auction.rules.ruleset import Ruleset

from ..models import Renege, RenegeObjection, TopUpOrder
from ..rules.debt import OWING, forfeited, stage
from .allocation import Plan, order_lines, plans_of_lot
from .payments import deposit_of, owed_fen, price_paid_fen, top_up_paid_fen
from .reneges import clock_of, concerned, declarations, final_of, is_buyer, objections, reneges_of_lot, top_up_order
from .rooms import ruleset_of


def debt_of(session: Session, actor: Actor, auction_id: str, now: datetime) -> dict[str, Any]:
    """`GET /auctions/{id}/renege`: see `debt_dict`.

    DomainError not_found for an unknown auction, another court's, or for somebody who is not the buyer; wrong_state
    before a sale.
    """
    require(actor, "renege.read")
    auction = session.get(Auction, auction_id)
    if auction is None or auction.announced_at is None:
        raise DomainError("not_found")
    if actor.role in COURT_ROLES:
        if actor.court_code != auction.lot.court_code:
            raise DomainError("not_found")
        if auction.status != "sold":
            raise DomainError("wrong_state", status=auction.status)
    elif not (is_buyer(session, auction, actor.id) or _was_declared(session, auction_id, actor.id)):
        raise DomainError("not_found")
    return debt_dict(session, auction, now)


def _was_declared(session: Session, auction_id: str, account_id: str) -> bool:
    return any(concerned(session, renege, account_id) for renege in declarations(session, auction_id))


def debt_dict(session: Session, auction: Auction, now: datetime) -> dict[str, Any]:
    """The debt, what a declaration would do now, the declaration and the use of the deposit. No name, no account."""
    numbers, clock = ruleset_of(session, auction), clock_of(auction, ruleset_of(session, auction))
    if clock is None or auction.leader_registration_id is None or auction.price_fen is None:
        raise DomainError("wrong_state", status=auction.status)
    owing = auction.settlement in OWING
    held = deposit_of(session, auction.leader_registration_id).held_fen
    received = price_paid_fen(session, auction.id) if owing else 0
    kept = forfeited(Round(auction.round), held, auction.forfeit_fen) if owing else 0
    all_declared = declarations(session, auction.id)
    current = next((one for one in all_declared if one.status == "in_force"), None)
    plans = plans_of_lot(session, auction.lot_id) if current is not None else []
    order = top_up_order(session, current.id) if current is not None else None
    return {
        "auction_id": auction.id,
        "stage": stage(auction.settlement, clock, now).value,
        "price_fen": auction.price_fen,
        "held_fen": held,
        "received_fen": received,
        "owed_fen": owed_fen(session, auction) if owing else 0,
        "due_at": iso(clock.due_at),
        "grace_until": clock.grace.last_day.isoformat(),
        "declarable_at": iso(clock.declarable_at),
        "provisional": clock.provisional,
        "grace_days": numbers.days("renege_grace"),
        "would_forfeit_fen": kept,
        "would_return_fen": held - kept + received if owing else 0,
        "declaration": _declaration(session, current) if current is not None else None,
        "revoked": [_declaration(session, one) for one in all_declared if one.status != "in_force"],
        "allocation": _allocation(session, auction, current, plans, numbers) if current is not None else None,
        "top_up": _top_up(session, auction, order, now) if order is not None else None,
    }


def _declaration(session: Session, renege: Renege) -> dict[str, Any]:
    return {
        "id": renege.id,
        "status": renege.status,
        "forfeited_fen": renege.forfeited_fen,
        "returned_fen": renege.returned_fen,
        "malicious_factors": renege.factors,
        "reason": renege.reason,
        "declared_at": iso(renege.declared_at),
        "revoked_at": iso(renege.revoked_at) if renege.revoked_at else None,
        "revocation_reason": renege.revocation_reason,
        "objections": [objection_dict(one) for one in objections(session, renege.id)],
    }


def objection_dict(objection: RenegeObjection) -> dict[str, Any]:
    """An objection, with the last day on which it is to be decided."""
    return {
        "id": objection.id,
        "status": objection.status,
        "grounds": objection.grounds,
        "filed_at": iso(objection.filed_at),
        "due_on": objection.due_on.isoformat(),
        "decided_at": iso(objection.decided_at) if objection.decided_at else None,
        "reason": objection.decision_reason,
    }


def _allocation(
    session: Session, auction: Auction, renege: Renege, plans: Sequence[Plan], numbers: Ruleset
) -> dict[str, Any]:
    plan = next(one for one in plans if one.renege.id == renege.id)
    basis = numbers.basis("forfeit_order").code
    final, decided, entry = final_of(session, auction.lot_id), plan.decided, plan.entry
    return {
        "status": "decided" if decided is not None else "provisional",
        "forfeited_fen": plan.renege.forfeited_fen,
        "price_fen": plan.renege.price_fen,
        "final_fen": plan.final_fen,
        "final_auction_id": final.auction_id if final is not None else None,
        "liable_fen": plan.liable_fen,
        "lines": [{**line.as_data(), "basis": basis, "uncovered_fen": line.uncovered_fen} for line in plan.lines],
        "missing_fen": sum(line.amount_fen for line in order_lines(plan, plans)),
        "waits": list(plan.waits),
        "decided_at": iso(decided.at) if decided is not None else None,
        "reason": decided.reason if decided is not None else entry.reason if entry is not None else None,
        "entered": None
        if entry is None
        else {
            "costs": entry.costs,
            "case_debt_fen": entry.case_debt_fen,
            "related_debts": entry.related_debts,
            "final_fen": entry.final_fen,
        },
    }


def _top_up(session: Session, auction: Auction, order: TopUpOrder, now: datetime) -> dict[str, Any]:
    paid = top_up_paid_fen(session, auction.id)
    return {
        "id": order.id,
        "status": order.status,
        "amount_fen": order.amount_fen,
        "paid_fen": paid,
        "owed_fen": order.amount_fen - paid,
        "lines": order.lines,
        "due_at": iso(order.due_at),
        "overdue": order.status == "ordered" and now > order.due_at,
        "reason": order.reason,
        "ordered_at": iso(order.ordered_at),
        "ended_at": iso(order.ended_at) if order.ended_at else None,
        "ended_reason": order.ended_reason,
    }


def earlier_reneges(session: Session, lot_id: str) -> list[dict[str, Any]]:
    """The declarations in force of a lot, for the court that sells it again: when, at which price, what was kept."""
    return [
        {
            "auction_id": auction.id,
            "round": auction.round,
            "price_fen": renege.price_fen,
            "deposit_fen": auction.deposit_fen,
            "forfeited_fen": renege.forfeited_fen,
            "declared_on": shanghai_day(renege.declared_at),
        }
        for renege, auction in reneges_of_lot(session, lot_id)
    ]
