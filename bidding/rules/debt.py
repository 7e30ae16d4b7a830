"""The buyer's debt after the hammer: until when it is due, when it is overdue, from when a judge may declare a renege.

The balance is due on the announced day (OJA 25). From the instant after, it is overdue and buyer and judge are told.
The ruleset's grace (court's practice) runs from that day and is a period within which somebody must act: its last day
moves to a working day (PRECISIONS 16). Only when it is over may a judge declare that the buyer reneged (OJA 24).
Money that arrives before the declaration counts, however late; whatever arrives after it goes back. Amounts are fen.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from auction.kernel.clock import iso
from auction.kernel.errors import Breach, DomainError, invalid
from auction.rules.calendar import PeriodEnd, WorkingDays, period_end, shanghai_day
from auction.rules.lot import Round
from auction.rules.ruleset import Ruleset

#: While the sale's price is still owed.
OWING = frozenset(("balance_due", "overdue"))


class Stage(StrEnum):
    """Where a debt stands. `declarable`: overdue, and the grace is over."""

    BALANCE_DUE = "balance_due"
    OVERDUE = "overdue"
    DECLARABLE = "declarable"
    SETTLED = "settled"
    RENEGED = "reneged"


@dataclass(frozen=True, slots=True)
class DebtClock:
    """When a balance is due, and the end of the grace after it."""

    due_at: datetime
    grace: PeriodEnd

    @property
    def declarable_at(self) -> datetime:
        """The first instant (UTC) at which a judge may declare: 00:00 in Shanghai after the grace's last day."""
        return self.grace.ends_at

    @property
    def provisional(self) -> bool:
        """Whether a schedule still to be published may move the end of the grace."""
        return self.grace.provisional


def debt_clock(due_at: datetime, ruleset: Ruleset, calendar: WorkingDays) -> DebtClock:
    """The clock of a balance due at `due_at` (its last second)."""
    return DebtClock(due_at, period_end(shanghai_day(due_at), ruleset.days("renege_grace"), calendar))


def stage(settlement: str | None, clock: DebtClock, now: datetime) -> Stage:
    """Where the debt stands at `now`; the stored times are the truth, whether or not anybody was told yet."""
    if settlement == "reneged":
        return Stage.RENEGED
    if settlement not in OWING:
        return Stage.SETTLED
    if now <= clock.due_at:
        return Stage.BALANCE_DUE
    return Stage.OVERDUE if now < clock.declarable_at else Stage.DECLARABLE


def check_declarable(settlement: str | None, clock: DebtClock, now: datetime) -> None:
    """Refuse a declaration that may not be made now.

    DomainError `renege_too_early` (facts `day`, `earliest`: from when it may) before the grace is over, `wrong_state`
    where nothing is owed any more or a renege stands already.
    """
    where = stage(settlement, clock, now)
    if where in (Stage.SETTLED, Stage.RENEGED):
        raise DomainError("wrong_state", status=settlement or where.value)
    if where is not Stage.DECLARABLE:
        earliest = clock.declarable_at
        raise DomainError(
            "renege_too_early",
            day=shanghai_day(earliest).isoformat(),
            earliest=iso(earliest),
            due_at=iso(clock.due_at),
            provisional=clock.provisional,
        )


def check_factors(factors: Collection[str], ruleset: Ruleset) -> tuple[str, ...]:
    """The factors of malice in the ruleset's order, each once. DomainError invalid for one that is not listed there."""
    listed = ruleset.texts("malicious_factors")
    wrong = [
        Breach("not_one_of", f"malicious_factors.{number}", facts={"allowed": listed})
        for number, factor in enumerate(factors)
        if factor not in listed
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    return tuple(factor for factor in listed if factor in factors)


@dataclass(frozen=True, slots=True)
class Known:
    """What the platform itself knows of what a factor of malice says.

    `reference_fen`: the reference price the sale was announced with, None where there is none.
    """

    price_fen: int
    reference_fen: int | None
    reneged_before: bool


def check_facts(factors: Sequence[str], known: Known, ruleset: Ruleset) -> None:
    """Refuse factors that the platform's own facts contradict; the others are for the judges to find.

    DomainError invalid: `no_earlier_renege`, `no_reference_price`, `price_not_above` (with both prices).
    """
    wrong = [
        Breach(code, f"malicious_factors.{number}", facts=facts)
        for number, factor in enumerate(factors)
        for code, facts in _contradictions(factor, known, ruleset)
    ]
    if wrong:
        raise DomainError("invalid", wrong)


def _contradictions(factor: str, known: Known, ruleset: Ruleset) -> Iterator[tuple[str, dict[str, Any]]]:
    if factor == "repeated" and not known.reneged_before:
        yield "no_earlier_renege", {}
    if factor == "price_above_twice_valuation":
        ratio = ruleset.ratio("malicious_price_ratio")
        if known.reference_fen is None:
            yield "no_reference_price", {}
        elif known.price_fen <= ratio * known.reference_fen:
            facts = {"price_fen": known.price_fen, "reference_fen": known.reference_fen, "ratio": f"{float(ratio):g}"}
            yield "price_not_above", facts


def check_due_on(due_on: date, now: datetime, ruleset: Ruleset) -> None:
    """Refuse a day set for a debt that is not after today, or further ahead than the ruleset lets a judge set it.

    DomainError invalid on `due_on`: `must_be_later`, `too_far` (fact `latest`).
    """
    today = shanghai_day(now)
    latest = today + timedelta(days=ruleset.days("due_day_max"))
    if due_on <= today:
        raise invalid("due_on", "must_be_later", value=due_on.isoformat())
    if due_on > latest:
        raise invalid("due_on", "too_far", latest=latest.isoformat())


def forfeited(round_: Round, held_fen: int, forfeit_fen: int | None) -> int:
    """How much of what is held of a reneging buyer is kept: the whole deposit (OJA 24).

    In a sell-off, where the whole price was prepaid, only the part its terms announced (PRECISIONS 19).
    """
    if round_ is Round.SELL_OFF and forfeit_fen is not None:
        return min(held_fen, forfeit_fen)
    return held_fen


def still_owed(price_fen: int, held_fen: int, received_fen: int) -> int:
    """What is left to pay of a price beside the deposit held and the payments received. ValueError when overpaid."""
    owed = price_fen - held_fen - received_fen
    if min(held_fen, received_fen, owed) < 0:
        raise ValueError(f"{held_fen} held and {received_fen} received do not fit a price of {price_fen}")
    return owed
