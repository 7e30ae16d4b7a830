"""Weighing a lot's facts by the card: every factor with its points, the score, the band.

Facts are plain: by the code of a factor its level, or the number in a factor that counts; None, or not there, is
unknown and counts as the card says. What is known makes the score; nobody sets it by hand.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .card import Card, Factor

#: The kinds of lot that are cleared; the others are handed over and not cleared.
CLEARED = frozenset({"real_estate", "land_use_right"})

Value = str | int | None
Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Weighed:
    """One factor of a lot: the level it stands at and its points; `assumed` where nobody told."""

    code: str
    level: str
    points: int
    assumed: bool

    def as_data(self) -> dict[str, Any]:
        return {"code": self.code, "level": self.level, "points": self.points, "assumed": self.assumed}


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the card says of a lot. `factors` are those looked at, in the order of the card."""

    card: str
    facts: Facts
    score: int
    band: str
    factors: tuple[Weighed, ...]
    plan_required: bool

    @property
    def occupied(self) -> bool:
        """Whether somebody is in possession, or nobody said that nobody is."""
        return any(weighed.code == "occupation" and weighed.level == "occupied" for weighed in self.factors)

    @property
    def assumed(self) -> tuple[str, ...]:
        """The factors that count at their worst because nobody told the fact."""
        return tuple(weighed.code for weighed in self.factors if weighed.assumed)


def assess(card: Card, facts: Facts, plan_bands: Collection[str]) -> Assessment:
    """The score (never below 0) and band of these facts. ValueError for a value the card does not know.

    `plan_bands`: the bands whose lots need a plan, from the ruleset.
    """
    weighed = weigh(card, facts)
    score = max(0, sum(each.points for each in weighed))
    band = card.band(score)
    kept = {name: value for name, value in sorted(facts.items()) if value is not None}
    return Assessment(card.name, kept, score, band, weighed, band in plan_bands)


def weigh(card: Card, facts: Facts) -> tuple[Weighed, ...]:
    """Every factor that is looked at under these facts, with its points. ValueError as for `assess`."""
    return tuple(_weigh(factor, facts.get(factor.code)) for factor in card.factors if _is_looked_at(factor, facts))


def _is_looked_at(factor: Factor, facts: Facts) -> bool:
    return all(facts.get(fact) is None or facts[fact] in values for fact, values in factor.only.items())


def _weigh(factor: Factor, value: Value) -> Weighed:
    level = factor.level(factor.unknown) if value is None else factor.level_of(value)
    return Weighed(factor.code, level.code, level.points, value is None)
