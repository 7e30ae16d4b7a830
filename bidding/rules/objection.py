"""Objections to a sale: by when they are decided, what is open afterwards, what they keep from happening. Pure.

`conduct`: a party or interested person against how the sale is conducted (OJA 36(1), CPL 236): 15 days, then a review
by the higher court within 10, decided in 30 and once 30 more (EXEC 8). `ownership`: an outsider who claims the lot
(OJA 36(2), CPL 238): 15 days, then a suit within 15; within these, and while a suit filed in time is tried, the lot is
not disposed of (CPLI 313, 463(2)). All these are periods: their last day is a working day (CPL 85).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from auction.rules.calendar import PeriodEnd, WorkingDays, period_end
from auction.rules.ruleset import Ruleset

CONDUCT, OWNERSHIP = "conduct", "ownership"
KINDS = (CONDUCT, OWNERSHIP)
#: Why a sale stands still for good once an objection was accepted.
OBJECTION_ACCEPTED = "objection_accepted"
#: What an accepted objection bars a sale with, until the sale is withdrawn or revoked.
ACCEPTED = ("objection_accepted", "conduct_accepted")
#: What keeps a sale, the gravest first.
BARS = (*ACCEPTED, "objection_open", "suit_pending", "suit_days")
#: How an outsider's suit ended: it failed or was given up, or the lot may not be enforced against.
SUIT_OUTCOMES = ("dismissed", "upheld")
Remedy = Literal["review", "suit"]
#: Kind -> the number of the ruleset for its decision; the remedy that follows, and the number for that.
DECISION_DAYS: Mapping[str, str] = MappingProxyType({CONDUCT: "objection_decision", OWNERSHIP: "outsider_decision"})
_REMEDY: Mapping[str, tuple[Remedy, str]] = MappingProxyType(
    {CONDUCT: ("review", "objection_review_request"), OWNERSHIP: ("suit", "outsider_suit")}
)


@dataclass(frozen=True, slots=True)
class Suit:
    """What an outsider whose claim was rejected did about it: he may sue up to the day `until`, as it is published.

    `filed_on`: the day on which he did, in time. `outcome`: how that ended.
    """

    until: date | None = None
    filed_on: date | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a sale may not go on. `day`: of suit_days the last on which it may not, of suit_pending that of the suit."""

    code: str
    day: date | None = None


_NO_SUIT = Suit()


def decision_due(kind: str, filed_on: date, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd:
    """The last day for the court's decision."""
    return period_end(filed_on, ruleset.days(DECISION_DAYS[kind]), calendar)


def remedy_of(kind: str) -> Remedy:
    """What is open to the objector once the court has decided."""
    return _REMEDY[kind][0]


def remedy_due(kind: str, decided_on: date, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd:
    """The last day to ask for the review, or to sue."""
    return period_end(decided_on, ruleset.days(_REMEDY[kind][1]), calendar)


def review_due(filed_on: date, ruleset: Ruleset, calendar: WorkingDays, *, extended: bool) -> PeriodEnd:
    """The last day for the higher court's decision, `extended` once."""
    days = ruleset.days("objection_review_decision")
    return period_end(filed_on, days + (ruleset.days("objection_review_extension") if extended else 0), calendar)


def outcome(status: str, review_status: str | None, suit_outcome: str | None = None) -> str:
    """What holds: `filed`, `accepted` or `rejected`, a decision reversed on review, or by a suit, turned round."""
    if suit_outcome == "upheld":
        return "accepted"
    if review_status != "reversed":
        return status
    return "rejected" if status == "accepted" else "accepted"


def bars_sale(
    kind: str, status: str, today: date, review_status: str | None = None, suit: Suit = _NO_SUIT
) -> Bar | None:
    """Why a sale may neither go on nor be confirmed or ruled on; None where it may.

    While an outsider's claim is examined the lot is not disposed of (EXEC 15), nor within the days he has to sue after
    its rejection, nor while his suit is tried (CPLI 463(2), 313). Once it is accepted, and once an objection to the
    conduct of the sale is, the act is undone or put right (CPL 236, 238): the sale is withdrawn or revoked. An
    undecided objection to the conduct stops nothing by itself (OJA 36(1)).
    """
    held = outcome(status, review_status, suit.outcome)
    if kind != OWNERSHIP:
        return Bar("conduct_accepted") if held == "accepted" else None
    if held != "rejected":
        return Bar("objection_open" if held == "filed" else "objection_accepted")
    if suit.filed_on is not None and suit.outcome is None:
        return Bar("suit_pending", suit.filed_on)
    waits = suit.filed_on is None and suit.until is not None and today <= suit.until
    return Bar("suit_days", suit.until) if waits else None
