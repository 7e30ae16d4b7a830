"""The table of total cost, as data: lines with who owes them by law, rates, and the article beside every number.

A table is shipped as `disclosure/rates/NAME.toml`, where its form is explained.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from auction.rules.lot import AssetType

#: The table present reckonings are made by.
PRESENT = "total-cost-2026"
PAYERS = ("buyer", "unclear", "court", "debtor")
#: What a sheet tells that a rate may hang on, and the values it may have; `unknown` where it does not tell.
CIRCUMSTANCES: Mapping[str, frozenset[str]] = {
    "use": frozenset({"residential", "other", "unknown"}),
    "size": frozenset({"up_to_140", "over_140", "unknown"}),
    "held": frozenset({"under_two", "two_to_five", "over_five", "unknown"}),
    "premium": frozenset({"not_due", "due_told", "due_untold", "unknown"}),
    "occupied": frozenset({"yes", "no", "unknown"}),
    "belongings": frozenset({"none", "few", "bulky", "unknown"}),
    "allocation": frozenset({"statutory", "court_decided", "unknown"}),
    "energy": frozenset({"electric", "fuel", "unknown"}),
}

Words = Mapping[str, str]
Conditions = Mapping[str, tuple[str, ...]]
#: Low, likely, high; None is unknown.
Parts = tuple[Fraction | None, Fraction | None, Fraction | None]


@dataclass(frozen=True, slots=True)
class Rate:
    """`of`: `price`, `fen`, or an amount of the sheet as `item.field`. Parts are shares of it, or fen."""

    of: str
    parts: Parts
    basis: Words
    depends: Words | None
    when: Conditions


@dataclass(frozen=True, slots=True)
class CostLine:
    """One thing somebody pays. `asset_types` None: every kind of lot has it."""

    code: str
    payer: str
    title: Words
    asset_types: frozenset[str] | None
    only: Conditions
    rates: tuple[Rate, ...]

    def is_of(self, asset_type: str, circumstances: Mapping[str, str]) -> bool:
        """Whether a lot of this kind has the line."""
        return (self.asset_types is None or asset_type in self.asset_types) and _holds(self.only, circumstances)

    def rate(self, circumstances: Mapping[str, str]) -> Rate:
        """The first rate that applies; the last always does."""
        return next(rate for rate in self.rates if _holds(rate.when, circumstances))


@dataclass(frozen=True, slots=True)
class CostTable:
    """A named, dated table."""

    name: str
    valid_from: date
    title: Words
    lines: tuple[CostLine, ...]


def _holds(conditions: Conditions, circumstances: Mapping[str, str]) -> bool:
    return all(circumstances[name] in values for name, values in conditions.items())


@lru_cache(maxsize=4)
def load(name: str = PRESENT) -> CostTable:
    """The shipped table of that name; ValueError where there is none, or where it is not a table."""
    source = files("disclosure").joinpath("rates", f"{name}.toml")
    if not name.replace("-", "").isalnum() or not source.is_file():
        raise ValueError(f"no table {name!r}")
    table = from_data(tomllib.loads(source.read_text(encoding="utf-8")))
    if table.name != name:
        raise ValueError(f"the file of table {name} names itself {table.name}")
    return table


def from_data(data: Mapping[str, Any]) -> CostTable:
    """A table from the data of its file. ValueError says what is wrong with it."""
    try:
        lines = tuple(_line(entry) for entry in data["lines"])
        table = CostTable(data["name"], date.fromisoformat(data["valid_from"]), _words(data["title"]), lines)
    except (KeyError, TypeError) as fault:
        raise ValueError(f"not a table of total cost: {fault}") from fault
    for kind in AssetType:
        codes = [line.code for line in lines if line.asset_types is None or kind in line.asset_types]
        if len(set(codes)) != len(codes):
            raise ValueError(f"a line stands twice for {kind.value}")
    return table


def _line(entry: Mapping[str, Any]) -> CostLine:
    code, payer = entry["code"], entry["payer"]
    rates = tuple(_rate(code, rate) for rate in entry["rates"])
    kinds = frozenset(AssetType(kind).value for kind in entry["asset_types"]) if "asset_types" in entry else None
    if payer not in PAYERS:
        raise ValueError(f"{code}: nobody is called {payer!r}")
    if not rates or rates[-1].when or not all(rate.when for rate in rates[:-1]):
        raise ValueError(f"{code}: its last rate, and no other, must have no condition")
    return CostLine(code, payer, _words(entry["title"]), kinds, _conditions(code, entry.get("only", {})), rates)


def _rate(code: str, entry: Mapping[str, Any]) -> Rate:
    parts = tuple(None if part == "?" else Fraction(part) for part in entry["parts"])
    known = [part for part in parts if part is not None]
    if len(parts) != 3 or known != sorted(known) or any(part < 0 for part in known):
        raise ValueError(f"{code}: low, likely and high do not rise")
    depends = _words(entry["depends"]) if "depends" in entry else None
    if len(known) < 3 and depends is None:
        raise ValueError(f"{code}: does not say what the unknown hangs on")
    low, likely, high = parts
    when = _conditions(code, entry.get("when", {}))
    return Rate(entry["of"], (low, likely, high), _words(entry["basis"]), depends, when)


def _conditions(code: str, entry: Mapping[str, Any]) -> Conditions:
    for name, values in entry.items():
        if not values or not set(values) <= CIRCUMSTANCES.get(name, frozenset()):
            raise ValueError(f"{code}: no sheet tells that {name} is {values}")
    return MappingProxyType({name: tuple(values) for name, values in entry.items()})


def _words(entry: Mapping[str, Any]) -> Words:
    return MappingProxyType({"zh": str(entry["zh"]), "en": str(entry["en"])})
