"""What outcomes say: the share in time with its interval, by band; how a prediction is scored.

No labels of this kind are published anywhere: whatever is said here rests on the platform's own handovers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, sqrt
from typing import NamedTuple

from .card import BANDS

#: The standard normal's quantile for an interval of 95 %.
_Z = 1.959963984540054
_CLOSEST = 1e-6
#: Beyond this an exponent says no more.
_STEEPEST = 500.0


class Interval(NamedTuple):
    """A share and the bounds between which the true one lies with 95 % confidence (0 to 1)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BandRecord:
    """The outcomes of one band. `interval` None where there are none; `enough`: whether it may be spoken of."""

    band: str
    outcomes: int
    in_time: int
    interval: Interval | None
    enough: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """The record by band. `falls`: whether the share in time falls from band to band; None where too few to say."""

    bands: tuple[BandRecord, ...]
    outcomes: int
    in_time: int
    falls: bool | None


def wilson(in_time: int, outcomes: int) -> Interval:
    """The share with its score interval. ValueError without outcomes.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not 0 <= in_time <= outcomes or outcomes == 0:
        raise ValueError("no share without outcomes")
    share, z2 = in_time / outcomes, _Z * _Z
    spread = 1 + z2 / outcomes
    middle = (share + z2 / (2 * outcomes)) / spread
    half = _Z * sqrt(share * (1 - share) / outcomes + z2 / (4 * outcomes * outcomes)) / spread
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def calibrate(results: Iterable[tuple[str | None, bool]], least: int) -> Calibration:
    """The record of each band from (band, in time); outcomes without a band count in the whole only.

    `least`: outcomes a band needs before it may be spoken of.
    """
    told = list(results)
    records = []
    for band in BANDS:
        own = [in_time for each, in_time in told if each == band]
        n, good = len(own), sum(own)
        records.append(BandRecord(band, n, good, wilson(good, n) if n else None, n >= least))
    spoken = [record.in_time / record.outcomes for record in records if record.enough]
    falls = None if len(spoken) < 2 else all(later <= earlier for earlier, later in pairwise(spoken))
    return Calibration(tuple(records), len(told), sum(in_time for _, in_time in told), falls)


def brier(chances: Sequence[float], happened: Sequence[bool]) -> float:
    """The mean squared error of predicted chances: 0 is perfect. Source: G. W. Brier, MWR 78 (1950)."""
    return sum((chance - fact) ** 2 for chance, fact in zip(chances, happened, strict=True)) / len(chances)


def log_loss(chances: Sequence[float], happened: Sequence[bool]) -> float:
    """The mean negative logarithm of the chance given to what happened."""
    kept = [min(1 - _CLOSEST, max(_CLOSEST, chance)) for chance in chances]
    return -sum(log(chance if fact else 1 - chance) for chance, fact in zip(kept, happened, strict=True)) / len(kept)


def chance(intercept: float, weights: Mapping[str, float], points: Mapping[str, int]) -> float:
    """The chance of clearing in time that a logistic model of the card's points gives."""
    weighed = intercept + sum(weights.get(code, 0.0) * value for code, value in points.items())
    return 1 / (1 + exp(min(_STEEPEST, -weighed)))
