"""How a forfeited deposit is to be used, as far as it can be said today; the decided part as it was posted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy.orm import Session

from auction.models import Auction
from auction.rules.lot import LIVE, PRIVATE

from ..models import Allocation, AllocationEntry, Renege
from ..rules.allocation import Claim, Line, Made, allocate, lines_of, open_shortfall, shortfall, still_claimed, top_up
from ..rules.ledger import Kind
from .payments import top_up_paid_fen
from .reneges import (
    allocation_of,
    entry_of,
    final_of,
    objections,
    reneges_of_lot,
    rounds_after,
    standing_order,
)
from .rooms import ruleset_of


@dataclass(frozen=True, slots=True)
class Plan:
    """The use of one forfeited deposit. `final_fen`: what the lot brought, None while that is not known.

    `waits`: why it cannot be decided yet (`not_entered`, `resale_open`, `objection_open`, `later_first`,
    `top_up_open`), empty where it can or is. Without a final price only the costs are in the lines. `made_fen` is what
    came of the shortfall, from the deposit and on orders; `asked_fen` what a standing order still asks of it.
    """

    renege: Renege
    entry: AllocationEntry | None
    decided: Allocation | None
    final_fen: int | None
    liable_fen: int
    lines: tuple[Line, ...]
    made_fen: int
    asked_fen: int
    waits: tuple[str, ...]

    def taken(self, code: str, label: str) -> int:
        """What of this deposit goes to a debt."""
        return sum(line.amount_fen for line in self.lines if (line.code, line.label) == (code, label))


def plans_of_lot(session: Session, lot_id: str) -> list[Plan]:
    """The plans of every declaration in force of a lot, the latest sale first: in this order they are decided."""
    final = final_of(session, lot_id)
    plans: list[Plan] = []
    for renege, auction in reneges_of_lot(session, lot_id):
        plans.append(_plan(session, renege, auction, final.fen if final else None, plans))
    return plans


def plan_of(session: Session, auction: Auction) -> Plan | None:
    """The plan of an auction whose buyer reneged; None where no declaration stands."""
    plans = plans_of_lot(session, auction.lot_id)
    return next((plan for plan in plans if plan.renege.auction_id == auction.id), None)


def order_lines(plan: Plan, plans: Sequence[Plan]) -> tuple[Line, ...]:
    """What a buyer whose deposit was used may be ordered to make up, by `plans`, all those of the lot.

    The costs his deposit did not reach, and the shortfall, cut down to what he still answers for after what the others
    have made good or are ordered to. Empty where that is nothing.
    """
    others = [
        Made(other.liable_fen, other.made_fen + other.asked_fen)
        for other in plans
        if other.renege.id != plan.renege.id and other.decided is not None
    ]
    return top_up(plan.lines, max(0, open_shortfall(plan.liable_fen, others) - plan.made_fen))


def later_asked(plan: Plan, plans: Sequence[Plan]) -> bool:
    """Whether a standing order still asks part of the loss of somebody who reneged after this buyer: he pays first."""
    later = takewhile(lambda other: other.renege.id != plan.renege.id, plans)
    return any(other.asked_fen for other in later)


def _plan(session: Session, renege: Renege, auction: Auction, sold_fen: int | None, later: list[Plan]) -> Plan:
    decided, entry = allocation_of(session, renege.id), entry_of(session, renege.id)
    if decided is not None:
        lines = lines_of(decided.lines)
        paid = top_up_paid_fen(session, auction.id, Kind.TOP_UP_TO_SHORTFALL)
        made, asked = _sum(lines, "shortfall") + paid, _ordered(session, renege) - paid
        return Plan(renege, entry, decided, decided.final_fen, decided.liable_fen, lines, made, max(0, asked), ())
    final = sold_fen if sold_fen is not None else _stated(session, auction, entry)
    liable = shortfall(renege.price_fen, final) if final is not None else 0
    claims = _claims(entry, liable, final is not None, later)
    lines = allocate(renege.forfeited_fen, claims, ruleset_of(session, auction).texts("forfeit_order"))
    if final is None:
        lines = tuple(line for line in lines if line.code == "costs")
    waits = _waits(session, renege, entry, final, later)
    return Plan(renege, entry, None, final, liable, lines, _sum(lines, "shortfall"), 0, waits)


def _sum(lines: Iterable[Line], code: str) -> int:
    return sum(line.amount_fen for line in lines if line.code == code)


def _ordered(session: Session, renege: Renege) -> int:
    """What of the shortfall a standing top-up order asks for, paid or not."""
    order = standing_order(session, renege.auction_id)
    return _sum(lines_of(order.lines), "shortfall") if order is not None else 0


def _stated(session: Session, auction: Auction, entry: AllocationEntry | None) -> int | None:
    """What the court stated where the lot was not sold again; it counts only while no round is under way."""
    if entry is None or entry.final_fen is None:
        return None
    rounds = rounds_after(session, auction)
    waiting = any(one.status in (*LIVE, *PRIVATE) for one in rounds)
    owing = any(one.status == "sold" and one.settlement in ("balance_due", "overdue") for one in rounds)
    return None if waiting or owing else entry.final_fen


def _claims(entry: AllocationEntry | None, liable: int, known: bool, later: list[Plan]) -> list[Claim]:
    claims = [Claim("costs", cost["label"], cost["amount_fen"]) for cost in (entry.costs if entry else ())]
    if not known:
        return claims
    claims.append(Claim("shortfall", "", open_shortfall(liable, [Made(p.liable_fen, p.made_fen) for p in later])))
    if entry is not None:
        if entry.case_debt_fen:
            taken = sum(plan.taken("case_debt", "") for plan in later)
            claims.append(Claim("case_debt", "", still_claimed(entry.case_debt_fen, taken)))
        for debt in entry.related_debts:
            taken = sum(plan.taken("related_debt", debt["label"]) for plan in later)
            claims.append(Claim("related_debt", debt["label"], still_claimed(debt["amount_fen"], taken)))
    return claims


def _waits(
    session: Session, renege: Renege, entry: AllocationEntry | None, final: int | None, later: list[Plan]
) -> tuple[str, ...]:
    return tuple(
        reason
        for reason, holds in (
            ("not_entered", entry is None),
            ("resale_open", final is None),
            ("objection_open", any(one.status == "filed" for one in objections(session, renege.id))),
            ("later_first", any(plan.decided is None for plan in later)),
            ("top_up_open", any(plan.asked_fen for plan in later)),
        )
        if holds
    )
