"""When a price is so far from an estimate that the panel should look twice, and when one model stands behind another.
It never refuses a price.

An estimate is an orientation learned from asking prices or earlier sales; the reference price (REF 2) stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

#: Fewer recent sales than this say nothing of a model's drift.
LEAST_SALES = 20
#: How far a model may stand behind the one before: its error more by this share, its coverage less by this much, its
#: rows fewer than this share. Folds drawn anew move either measure by about as much.
_MORE_ERROR, _LESS_COVERAGE, _FEWER_ROWS = 1.05, 0.02, 0.5


@dataclass(frozen=True, slots=True)
class Deviation:
    """A price that deviates: `what` is reference_price or reserve, `mille` how far it is from the estimate."""

    what: str
    amount_fen: int
    mille: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A closed sale and what had been estimated before it, in fen."""

    price_fen: int
    low_fen: int
    mid_fen: int
    high_fen: int


@dataclass(frozen=True, slots=True)
class Drift:
    """How recent sales lay in their intervals. None where `sales` are too few; per mille."""

    sales: int
    coverage_mille: int | None
    error_mille: int | None
    bias_mille: int | None


def shortfalls(card: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[str, ...]:
    """In what a model falls short of the one before it, by what both say of groups they never saw.

    Any of `rows` (learned from far fewer), `mape` (errs more), `coverage` (its intervals hold less often, and less
    often than promised).
    """
    own, old = card["errors"], before["errors"]
    found = {
        "rows": card["data"]["rows"] < _FEWER_ROWS * before["data"]["rows"],
        "mape": own["mape"] > _MORE_ERROR * old["mape"],
        "coverage": own["coverage"] < min(card["promised"], old["coverage"]) - _LESS_COVERAGE,
    }
    return tuple(name for name, short in found.items() if short)


def deviations(
    mid_fen: int, limit: Fraction, *, reference_fen: int | None, reserve_fen: int | None, floor: Fraction
) -> tuple[Deviation, ...]:
    """Which prices are further from the estimate than `limit`, as a share of it.

    A reserve may lawfully lie down to `floor` of the price, so only what is below that share, or above it all, counts.
    """
    found = []
    if reference_fen is not None and _far(reference_fen, mid_fen, limit):
        found.append(Deviation("reference_price", reference_fen, _mille(reference_fen, mid_fen)))
    if reserve_fen is not None and not floor * mid_fen * (1 - limit) <= reserve_fen <= mid_fen * (1 + limit):
        found.append(Deviation("reserve", reserve_fen, _mille(reserve_fen, mid_fen)))
    return tuple(found)


def drift(sales: Iterable[Sale]) -> Drift:
    """What recent sales say of the intervals promised before them."""
    seen = list(sales)
    if len(seen) < LEAST_SALES:
        return Drift(len(seen), None, None, None)
    inside = sum(sale.low_fen <= sale.price_fen <= sale.high_fen for sale in seen)
    off = [Fraction(sale.mid_fen - sale.price_fen, sale.price_fen) for sale in seen]
    return Drift(
        len(seen),
        round(Fraction(1000 * inside, len(seen))),
        round(1000 * median(abs(each) for each in off)),
        round(1000 * median(off)),
    )


def _far(amount: int, mid: int, limit: Fraction) -> bool:
    return abs(amount - mid) > limit * mid


def _mille(amount: int, mid: int) -> int:
    return round(Fraction(1000 * (amount - mid), mid))
