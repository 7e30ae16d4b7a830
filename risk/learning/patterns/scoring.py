"""The two scores.

Without labels: for each of a few features, how rare so high a value is among known rows, taken together (the sum of
-log of the right tails, as Fisher adds up independent tests). Those features are what the bidder does by choice: where,
how much, how often in vain; high values are what the literature says of shills, so only that side counts. Which these
are was settled with the labels of the Shill Bidding Dataset in sight, so its figure on that dataset flatters it.

With labels: gradient boosted trees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .behaviour import SUBJECTS, Array, columns, names
from .reading import LABEL_MAKER

TAILED = ("Bidder_Tendency", "Bidding_Ratio", "Winning_Ratio", "bids")
#: Reasons a row may have at most.
_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Push:
    """One reason: the feature that pushes the score up, the row's value, what is usual, and by how much it pushes.

    The value lies above or below what is usual (`high`): where it does not, the feature is no reason.
    """

    feature: str
    value: float
    usual: float
    weight: float

    @property
    def high(self) -> bool:
        return self.value > self.usual


@dataclass(frozen=True, slots=True)
class Tails:
    """The unlabelled score: sorted known values of each feature, and the sorted sums of their rows."""

    features: tuple[str, ...]
    known: Array
    sums: Array

    @classmethod
    def of(cls, table: Array, *, with_label_maker: bool) -> "Tails":
        """Learn what is usual from a matrix of rows."""
        features = (*TAILED, LABEL_MAKER) if with_label_maker else TAILED
        known = np.sort(columns(table, features), axis=0)
        bare = cls(features, known, np.zeros(1))
        return cls(features, known, np.sort(bare.rarities(table).sum(axis=1)))

    def rarities(self, table: Array) -> Array:
        """-log of how often so high a value was known, one column a feature."""
        values, count = columns(table, self.features), len(self.known)
        below: Array = np.column_stack(
            [np.searchsorted(self.known[:, place], values[:, place], side="left") for place in range(values.shape[1])]
        )
        rare: Array = -np.log((count - below + 1) / (count + 1))
        return rare

    def score(self, table: Array) -> Array:
        """Between 0 and 1: the share of known rows that are less striking; what exceeds all of them goes on rising."""
        sums = self.rarities(table).sum(axis=1)
        rank = np.interp(sums, self.sums, np.linspace(0.0, 0.999, len(self.sums)))
        beyond = np.maximum(sums - self.sums[-1], 0.0)
        score: Array = rank + 0.001 * beyond / (1.0 + beyond)
        return score

    def pushes(self, table: Array) -> list[tuple[Push, ...]]:
        """For each row what is rare about it: one value in five or rarer."""
        rare, values = self.rarities(table), columns(table, self.features)
        usual = np.median(self.known, axis=0)
        return [
            _strongest(
                Push(name, float(values[row, place]), float(usual[place]), float(rare[row, place]))
                for place, name in enumerate(self.features)
                if rare[row, place] >= -np.log(0.2) and values[row, place] > usual[place]
            )
            for row in range(len(table))
        ]

    def as_state(self) -> dict[str, Any]:
        return {"features": list(self.features), "known": self.known, "sums": self.sums}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Tails":
        return cls(tuple(state["features"]), state["known"], state["sums"])


def _subject(name: str) -> str:
    return next(subject for subject, parts in SUBJECTS.items() if name in parts)


def _strongest(pushes: Any) -> tuple[Push, ...]:
    best: dict[str, Push] = {}
    for push in sorted(pushes, key=lambda push: -push.weight):
        best.setdefault(_subject(push.feature), push)
    return tuple(best.values())[:_MOST_REASONS]


@dataclass(frozen=True, slots=True)
class Trees:
    """The labelled score: the fitted trees, what they see, and the usual value of it among rows not labelled."""

    features: tuple[str, ...]
    model: Any
    usual: Array

    @classmethod
    def of(cls, table: Array, labels: Sequence[int], *, with_label_maker: bool, seed: int) -> "Trees":
        """Learn from labelled rows."""
        from sklearn.ensemble import GradientBoostingClassifier

        features = names(with_label_maker=with_label_maker)
        seen, marks = columns(table, features), np.asarray(labels)
        model = GradientBoostingClassifier(
            n_estimators=200, max_depth=4, learning_rate=0.05, subsample=0.7, random_state=seed
        ).fit(seen, marks)
        ordinary = seen[marks == 0]
        return cls(features, model, np.median(ordinary, axis=0))

    def score(self, table: Array) -> Array:
        """The share of trees' votes for the label, between 0 and 1; no probability of anything real."""
        votes: Array = self.model.predict_proba(columns(table, self.features))[:, 1]
        return votes

    def pushes(self, table: Array) -> list[tuple[Push, ...]]:
        """For each row, by how much the log-odds fall when one subject is made usual.

        Of the features of a subject, the one is told that makes them fall most by itself.
        """
        seen = columns(table, self.features)
        whole = self.model.decision_function(seen)
        found: list[list[Push]] = [[] for _ in range(len(table))]
        for parts in SUBJECTS.values():
            places = [self.features.index(part) for part in parts if part in self.features]
            if not places:
                continue
            falls = whole - self._made_usual(seen, places)
            alone = np.stack([whole - self._made_usual(seen, [place]) for place in places])
            alone[(seen[:, places] == self.usual[places]).T] = -np.inf
            told = alone.argmax(axis=0)
            for row in np.flatnonzero((falls > 0.25) & np.isfinite(alone.max(axis=0))):
                place = places[told[row]]
                push = Push(self.features[place], float(seen[row, place]), float(self.usual[place]), float(falls[row]))
                found[row].append(push)
        return [_strongest(pushes) for pushes in found]

    def _made_usual(self, seen: Array, places: Sequence[int]) -> Array:
        plain = seen.copy()
        plain[:, places] = self.usual[places]
        odds: Array = self.model.decision_function(plain)
        return odds
