"""The points card of clearance risk, as data: factors with levels, points and articles, and the bands of the score.

A card is shipped as `risk/cards/NAME.toml`, where its form is explained.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

#: The card new assessments are made by.
PRESENT = "clearance-2026"
BANDS = ("A", "B", "C", "D", "E")
_FACTOR_KEYS = {"code", "basis", "title", "only", "counts", "unknown", "lowers", "levels"}
#: A fact that only says where a factor is looked at.
DWELLING = "dwelling"

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Level:
    """One of the values of a factor, with its points; `least` is the number it begins at, in a factor that counts."""

    code: str
    points: int
    says: Words
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """One fact that weighs. `basis` is written as the catalogue's: `SALE 28(2)`, `OJA 13[5]` or `practice`."""

    code: str
    basis: str
    title: Words
    lowers: Words
    unknown: str
    levels: tuple[Level, ...]
    only: Mapping[str, tuple[str, ...]]
    counts: bool

    def level(self, code: str) -> Level:
        """The level of that code; ValueError where there is none."""
        for level in self.levels:
            if level.code == code:
                return level
        raise ValueError(f"{self.code} has no level {code!r}")

    def level_of(self, value: str | int) -> Level:
        """The level of a fact; ValueError for a value this factor does not know."""
        if not self.counts:
            return self.level(str(value))
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{self.code} is counted")
        return next(level for level in reversed(self.levels) if value >= (level.least or 0))


@dataclass(frozen=True, slots=True)
class Card:
    """A named, dated card. `bands` gives the first score of B to E.

    A court's record counts from `record_enough` outcomes on; `record_levels` are its levels, the best first, each with
    the least share in time.
    """

    name: str
    dated: str
    title: Words
    factors: tuple[Factor, ...]
    bands: Mapping[str, int]
    record_enough: int
    record_levels: tuple[tuple[str, Fraction], ...]

    def record_level(self, outcomes: int, in_time: int) -> str | None:
        """The level of a court's own record; None where it has too few outcomes."""
        if outcomes < max(1, self.record_enough):
            return None
        return next(level for level, least in self.record_levels if Fraction(in_time, outcomes) >= least)

    def band(self, score: int) -> str:
        """The band of a score."""
        return next((band for band in reversed(BANDS[1:]) if score >= self.bands[band]), "A")

    def factor(self, code: str) -> Factor:
        """The factor of that code; ValueError where there is none."""
        for factor in self.factors:
            if factor.code == code:
                return factor
        raise ValueError(f"no factor {code!r}")


@lru_cache(maxsize=8)
def load(name: str = PRESENT) -> Card:
    """The shipped card of that name. ValueError where there is none, or where it is not a card."""
    source = files("risk").joinpath("cards", f"{name}.toml")
    if not name.replace("-", "").isalnum() or not source.is_file():
        raise ValueError(f"no card {name!r}")
    card = from_data(tomllib.loads(source.read_text(encoding="utf-8")))
    if card.name != name:
        raise ValueError(f"the file of card {name} names itself {card.name}")
    return card


def from_data(data: Mapping[str, Any]) -> Card:
    """A card from the data of its file. ValueError says what is wrong with it."""
    try:
        factors = tuple(_factor(entry) for entry in data["factors"])
        bands = {band: int(data["bands"][band]) for band in BANDS[1:]}
        record = tuple((level, Fraction(least)) for level, least in data["record"]["levels"])
        card = Card(
            name=data["name"],
            dated=data["dated"],
            title=_words(data["title"]),
            factors=factors,
            bands=MappingProxyType(bands),
            record_enough=data["record"]["enough"],
            record_levels=record,
        )
    except (KeyError, TypeError) as fault:
        raise ValueError(f"not a card: {fault}") from fault
    codes = [factor.code for factor in factors]
    if len(set(codes)) != len(codes):
        raise ValueError("a factor stands twice")
    shares = [least for _, least in record]
    if shares != sorted(shares, reverse=True) or shares[-1] != 0:
        raise ValueError("the shares of the record do not fall to nothing")
    for level, _ in record:
        card.factor("court_record").level(level)
    if list(bands.values()) != sorted(set(bands.values())) or bands["B"] <= 0:
        raise ValueError("the bands do not rise")
    for factor in factors:
        for fact, values in factor.only.items():
            known = {"yes", "no"} if fact == DWELLING else {level.code for level in card.factor(fact).levels}
            if not set(values) <= known:
                raise ValueError(f"{factor.code}: its condition asks for what is not there")
    return card


def _factor(entry: Mapping[str, Any]) -> Factor:
    code = entry["code"]
    if not entry.keys() <= _FACTOR_KEYS:
        raise ValueError(f"{code}: unknown keys {sorted(entry.keys() - _FACTOR_KEYS)}")
    counts = entry.get("counts", False)
    levels = tuple(
        Level(level["code"], level["points"], _words(level), level["from"] if counts else None)
        for level in entry["levels"]
    )
    points = [level.points for level in levels]
    starts = [level.least for level in levels if level.least is not None]
    if len({level.code for level in levels}) != len(levels) or points != sorted(points):
        raise ValueError(f"{code}: levels stand twice, or their points fall")
    if counts and (starts != sorted(set(starts)) or starts[0] != 0):
        raise ValueError(f"{code}: what it counts does not rise from nothing")
    factor = Factor(
        code=code,
        basis=entry["basis"],
        title=_words(entry["title"]),
        lowers=_words(entry["lowers"]),
        unknown=entry["unknown"],
        levels=levels,
        only=MappingProxyType({fact: tuple(values) for fact, values in entry.get("only", {}).items()}),
        counts=counts,
    )
    factor.level(factor.unknown)
    return factor


def _words(entry: Mapping[str, Any]) -> Words:
    return MappingProxyType({"zh": str(entry["zh"]), "en": str(entry["en"])})
