"""Intervals that keep their promise by price band: conformal prediction on what the folds said of rows they never saw.

Residuals of held-out groups are scaled by their expected size (Papadopoulos et al., Inductive confidence machines for
regression, ECML 2002; Lei et al., JASA 113, 2018), taken over the folds (Vovk, Cross-conformal predictors, 2015; Barber
et al., Jackknife+, Ann. Statist. 49, 2021) and by band of the estimate (Mondrian: Vovk, Lindsay, Nouretdinov and
Gammerman, 2003). Bands of the estimate alone leave the dearest lots short, for those are the ones estimated too low.
So each band's tails are unequal: the dear bands reach further up, the cheap ones further down. How far is chosen on
the same held-out rows, from a small grid, as the narrowest that covers every fifth of the true prices.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .profiles import Array

#: What is promised, what is aimed at (few groups: a little above), what each fifth of prices must reach.
COVERAGE = 0.80
_AIM = 0.81
_EACH = 0.775
_BANDS = 5
_TILTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_SPREADS = (0.0, 0.15, 0.3)
#: A band with fewer held-out rows than this is not calibrated by itself.
_FEW = 40


@dataclass(frozen=True, slots=True)
class Bands:
    """By band of the estimate: how many expected deviations the interval goes down and up from it."""

    edges: Array
    down: Array
    up: Array

    def interval(self, middle: Array, scale: Array) -> tuple[Array, Array]:
        """Low and high ends around estimates (logarithms), given their expected deviation."""
        band = np.searchsorted(self.edges, middle)
        return middle + self.down[band] * scale, middle + self.up[band] * scale

    def as_state(self) -> dict[str, Any]:
        return {"edges": self.edges, "down": self.down, "up": self.up}


def calibrate(middle: Array, truth: Array, scale: Array) -> Bands:
    """Choose the bands' ends from held-out rows: estimates, true values (both logarithms) and expected deviations."""
    count = _BANDS if len(middle) >= _BANDS * _FEW else 1
    edges = np.quantile(middle, np.linspace(0, 1, count + 1)[1:-1]) if count > 1 else np.zeros(0)
    band = np.searchsorted(edges, middle)
    fifth = fifths(truth)
    score = (truth - middle) / scale
    best: tuple[tuple[float, float], Bands] | None = None
    for tilt in _TILTS if count > 1 else (0.0,):
        for spread in _SPREADS if count > 1 else (0.0,):
            bands = _ends(edges, band, score, count, tilt, spread)
            low, high = bands.interval(middle, scale)
            inside = (low <= truth) & (truth <= high)
            least = min(float(inside[fifth == each].mean()) for each in np.unique(fifth))
            missing = max(0.0, _EACH - least)
            rank = (round(missing, 3), float(np.mean(high - low)))
            if best is None or rank < best[0]:
                best = rank, bands
    assert best is not None  # noqa: S101 - the grids are not empty
    return best[1]


def fifths(values: Array) -> NDArray[np.int64]:
    """To which fifth of the values each belongs, 0 the cheapest."""
    return np.asarray(np.searchsorted(np.quantile(values, [0.2, 0.4, 0.6, 0.8]), values, side="right"), dtype=np.int64)


def _ends(edges: Array, band: NDArray[Any], score: Array, count: int, tilt: float, spread: float) -> Bands:
    down, up = np.zeros(count), np.zeros(count)
    places = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    shares = 1 + spread * (0.5 - np.abs(places)) if count > 1 else np.ones(1)
    shares /= shares.mean()
    for number in range(count):
        own = np.sort(score[band == number])
        left = min(0.9, (1 - _AIM) * shares[number])
        below, above = left / 2 * (1 + tilt * places[number]), left / 2 * (1 - tilt * places[number])
        down[number] = own[max(0, int(np.floor((len(own) + 1) * below)) - 1)]
        up[number] = own[min(len(own) - 1, int(np.ceil((len(own) + 1) * (1 - above))) - 1)]
    return Bands(edges, np.minimum(down, 0.0), np.maximum(up, 0.0))
