"""What a court's closed sales come to: how many sold, for how much above the reserve, how soon. No person in it.

Sums are fen; rates and premiums are exact fractions; days are whole Shanghai days. A sale whose buyer reneged counts as
reneged, neither as sold nor in the turnover; a revoked one is revoked, whatever it had brought.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median_low
from typing import Literal

Outcome = Literal["sold", "unsold", "reneged", "withdrawn", "revoked"]
OUTCOMES: tuple[Outcome, ...] = ("sold", "unsold", "reneged", "withdrawn", "revoked")


@dataclass(frozen=True, slots=True)
class ClosedRound:
    """A round that was announced and has ended. `price_fen` None unsold.

    `entered_on`: the day the lot was entered; `seized_on`: the day it was seized, where that is recorded.
    """

    court_code: str
    round: str
    asset_type: str
    outcome: Outcome
    reserve_fen: int
    reference_fen: int | None
    price_fen: int | None
    entered_on: date
    closed_on: date
    bids: int = 0
    seized_on: date | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of some rounds; None where there is nothing they could be computed from.

    `sale_rate`: sold of sold and unsold. `renege_rate`: reneged of sold and reneged. `premium`: price above the
    reserves of what was sold; `to_reference`: prices by the reference prices of those that had one. `days_to_sale`: the
    median of days from a lot's entry to the end of bidding; `days_from_seizure`: the same from its seizure, of those
    whose day of seizure is recorded.
    """

    rounds: int
    outcomes: Mapping[Outcome, int]
    turnover_fen: int
    sale_rate: Fraction | None
    renege_rate: Fraction | None
    premium: Fraction | None
    to_reference: Fraction | None
    days_to_sale: int | None
    days_from_seizure: int | None
    bids_per_sale: Fraction | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a period: of all rounds, and by round, kind of lot, month of the end, and court."""

    total: Summary
    by_round: Mapping[str, Summary]
    by_asset_type: Mapping[str, Summary]
    by_month: Mapping[str, Summary]
    by_court: Mapping[str, Summary]


def statistics(rounds: Iterable[ClosedRound]) -> Statistics:
    """The figures of closed rounds, whatever their order."""
    held = list(rounds)
    return Statistics(
        total=summary(held),
        by_round=_grouped(held, lambda each: each.round),
        by_asset_type=_grouped(held, lambda each: each.asset_type),
        by_month=_grouped(held, lambda each: f"{each.closed_on:%Y-%m}"),
        by_court=_grouped(held, lambda each: each.court_code),
    )


def _grouped(rounds: Iterable[ClosedRound], key: Callable[[ClosedRound], str]) -> dict[str, Summary]:
    groups: dict[str, list[ClosedRound]] = {}
    for each in rounds:
        groups.setdefault(key(each), []).append(each)
    return {name: summary(groups[name]) for name in sorted(groups)}


def summary(rounds: Sequence[ClosedRound]) -> Summary:
    """The figures of some rounds."""
    outcomes = Counter(each.outcome for each in rounds)
    sold = [each for each in rounds if each.outcome == "sold"]
    turnover = sum(each.price_fen or 0 for each in sold)
    referred = [each for each in sold if each.reference_fen]
    reserves = sum(each.reserve_fen for each in sold)
    days = [(each.closed_on - each.entered_on).days for each in sold]
    seized = [(each.closed_on - each.seized_on).days for each in sold if each.seized_on]
    return Summary(
        rounds=len(rounds),
        outcomes={each: outcomes[each] for each in OUTCOMES},
        turnover_fen=turnover,
        sale_rate=_part(len(sold), len(sold) + outcomes["unsold"]),
        renege_rate=_part(outcomes["reneged"], len(sold) + outcomes["reneged"]),
        premium=_part(turnover - reserves, reserves),
        to_reference=_part(
            sum(each.price_fen or 0 for each in referred), sum(each.reference_fen or 0 for each in referred)
        ),
        days_to_sale=median_low(days) if days else None,
        days_from_seizure=median_low(seized) if seized else None,
        bids_per_sale=_part(sum(each.bids for each in sold), len(sold)),
    )


def _part(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def outcome_of(status: str, settlement: str | None) -> Outcome:
    """What became of a round. KeyError for one that has not ended."""
    if status == "sold":
        return "reneged" if settlement == "reneged" else "sold"
    return _BY_STATUS[status]


_BY_STATUS: Mapping[str, Outcome] = {"unsold": "unsold", "withdrawn": "withdrawn", "revoked": "revoked"}
