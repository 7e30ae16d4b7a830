"""A logistic model of clearing in time, learned from the platform's own outcomes, and judged against the card.

Its inputs are the points of the card's factors, so that it can only say that a factor weighs more or less than the
card believes. Both are judged on outcomes they have not seen; the card's own prediction is the share in time of its
band, smoothed by one outcome either way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from ..rules.clearance.assessment import weigh
from ..rules.clearance.card import Card
from ..rules.clearance.outcomes import brier, log_loss

FOLDS = 5
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Example:
    """An outcome to learn from: the facts its lot was announced with, its band, and whether it was in time."""

    facts: Mapping[str, Any]
    band: str
    in_time: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as plain numbers: `weights` by factor, for a point of the card; and how it did against the card."""

    intercept: float
    weights: Mapping[str, float]
    metrics: Mapping[str, float]
    beats_card: bool


def points_of(card: Card, facts: Mapping[str, Any]) -> list[float]:
    """The points of every factor of the card, 0 where it is not looked at."""
    weighed = {each.code: each.points for each in weigh(card, facts)}
    return [float(weighed.get(factor.code, 0)) for factor in card.factors]


def train(card: Card, examples: Sequence[Example]) -> Trained:
    """Fit on all examples; compare on folds. ValueError where either kind is rarer than the folds."""
    from sklearn.model_selection import StratifiedKFold

    table = np.array([points_of(card, example.facts) for example in examples])
    happened = np.array([example.in_time for example in examples])
    if min(happened.sum(), (~happened).sum()) < FOLDS:
        raise ValueError("too few outcomes of one kind")
    by_model, by_card = np.zeros(len(examples)), np.zeros(len(examples))
    for known, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(table, happened):
        intercept, weights = _fit(table[known], happened[known])
        by_model[unseen] = 1 / (1 + np.exp(-(intercept + table[unseen] @ weights)))
        by_card[unseen] = _shares([examples[i] for i in known], [examples[i].band for i in unseen])
    truth = happened.tolist()
    gains = (by_card - happened) ** 2 - (by_model - happened) ** 2
    metrics = {
        "brier_model": brier(by_model.tolist(), truth),
        "brier_card": brier(by_card.tolist(), truth),
        "log_loss_model": log_loss(by_model.tolist(), truth),
        "log_loss_card": log_loss(by_card.tolist(), truth),
        "gain": float(gains.mean()),
        "gain_error": float(gains.std(ddof=1)) / sqrt(len(examples)),
    }
    beats = metrics["gain"] > metrics["gain_error"] and metrics["log_loss_model"] < metrics["log_loss_card"]
    intercept, weights = _fit(table, happened)
    named = {factor.code: float(weight) for factor, weight in zip(card.factors, weights, strict=True)}
    return Trained(intercept, named, metrics, beats)


def _fit(table: Any, happened: Any) -> tuple[float, Any]:
    """Intercept and weights for raw points; the columns are scaled before they are held back equally."""
    from sklearn.linear_model import LogisticRegression

    middle, scale = table.mean(axis=0), table.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=0.5, max_iter=1000).fit((table - middle) / scale, happened)
    weights = model.coef_[0] / scale
    return float(model.intercept_[0] - weights @ middle), weights


def _shares(known: Sequence[Example], bands: Sequence[str]) -> list[float]:
    counts = {band: [example.in_time for example in known if example.band == band] for band in set(bands)}
    return [(sum(counts[band]) + 1) / (len(counts[band]) + 2) for band in bands]
