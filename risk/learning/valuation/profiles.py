"""What of a record speaks for its price, by asset type: numbers, words, names, and which lots belong together.

The price is learned as a logarithm: of the price a square metre for homes, of the price for vehicles, which are tied
to their price when new. Lots of one community, or one series, belong together: they are never on both sides of a test.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auction.kernel.errors import DomainError

from .reading import Record

Array = NDArray[np.float64]

_MODEL_YEAR = re.compile(r"\s*((?:19|20)\d\d)\s*款?")
_STOREYS = re.compile(r"(?:共|/)\s*(\d{1,3})")
#: Heights of a storey as words: the first mark found counts.
_HEIGHTS = (("地下", -0.1), ("顶", 1.0), ("底", 0.0), ("低", 0.2), ("中", 0.5), ("高", 0.8))


@dataclass(frozen=True, slots=True)
class Table:
    """Records as arrays. `group` is the community or series; `alone` marks rows that name none."""

    numbers: Array
    words: tuple[NDArray[Any], ...]
    text: NDArray[Any]
    group: NDArray[Any]
    alone: NDArray[np.bool_]
    #: The logarithm of what the price is a multiple of: the area; nothing.
    unit: Array
    #: The logarithm of a first guess where there is one (the price when new), else NaN.
    guess: Array

    def __len__(self) -> int:
        return len(self.group)

    def at(self, rows: NDArray[Any]) -> "Table":
        """Some of the rows."""
        return Table(
            self.numbers[rows],
            tuple(column[rows] for column in self.words),
            self.text[rows],
            self.group[rows],
            self.alone[rows],
            self.unit[rows],
            self.guess[rows],
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """How records of an asset type become a table. `sources` names the column each number comes from."""

    asset_type: str
    numbers: tuple[str, ...]
    sources: tuple[str, ...]
    words: tuple[str, ...]
    text: str
    group: str
    #: Columns shown with a comparable, and the words that must be known from training where they are given.
    shown: tuple[str, ...]
    known: tuple[str, ...]
    #: Numbers (by position) whose neighbourhood is a place: latitude, longitude.
    place: tuple[int, int] | None
    #: The word (by position) within which names that begin alike lie near: the district. None where they do not.
    quarter: int | None
    row: Callable[[Record, float], tuple[list[float], list[str], str, str, float, float]]

    def table(self, records: Sequence[Record], today: float) -> Table:
        """The records as arrays; `today` is the year (with its fraction) of a sale whose day is not told."""
        rows = [self.row(record, today) for record in records]
        group = [row[3] or f"\0{number}" for number, row in enumerate(rows)]
        return Table(
            np.array([row[0] for row in rows], dtype=float).reshape(len(rows), len(self.numbers)),
            tuple(np.array([row[1][index] for row in rows], dtype=object) for index in range(len(self.words))),
            np.array([row[2] for row in rows], dtype=object),
            np.array(group, dtype=object),
            np.array([not row[3] for row in rows], dtype=bool),
            np.array([row[4] for row in rows], dtype=float),
            np.array([row[5] for row in rows], dtype=float),
        )


def _storey(record: Record) -> tuple[str, float, float]:
    """The word of the storey, its height from 0 to 1, and the storeys of the house."""
    text, floors = record.word("floor"), record.number("floors")
    told = _STOREYS.search(text)
    if math.isnan(floors) and told:
        floors = float(told[1])
    for mark, height in _HEIGHTS:
        if mark in text:
            return mark, height, floors
    number = re.match(r"-?\d{1,3}(?:\.0)?", text)
    if not number:
        return "", math.nan, floors
    level = float(number[0])
    if level < 0:
        return "地下", -0.1, floors
    if level <= 1:
        return "底", 0.0, floors
    if math.isnan(floors) or floors <= 1:
        return "", math.nan, floors
    height = min(1.0, (level - 1) / (floors - 1))
    return ("顶" if height == 1 else "低" if height < 1 / 3 else "中" if height < 2 / 3 else "高"), height, floors


def _home(record: Record, today: float) -> tuple[list[float], list[str], str, str, float, float]:
    area = record.number("area_m2")
    rooms = record.number("rooms")
    word, height, floors = _storey(record)
    sold = record.number("sold_on")
    numbers = [
        math.log(area) if area > 0 else math.nan,
        rooms,
        record.number("halls"),
        area / max(rooms, 0.5),
        height,
        math.log(floors) if floors > 0 else math.nan,
        record.number("built_year"),
        record.number("elevator"),
        today if math.isnan(sold) else sold,
        record.number("latitude"),
        record.number("longitude"),
    ]
    city, community = record.word("city"), record.word("community")
    words = [city, f"{city}|{record.word('district')}", word, record.word("direction"), record.word("decoration")]
    group = f"{city}|{community}" if community else ""
    return numbers, words, community, group, numbers[0], math.nan


def series_of(model: str, brand: str) -> str:
    """The series of a model's name: what stands before its year; the brand where nothing does."""
    found = _MODEL_YEAR.search(model)
    series = model[: found.start()].strip() if found else model
    return series or brand


def _vehicle(record: Record, today: float) -> tuple[list[float], list[str], str, str, float, float]:
    brand, model = record.word("brand"), record.word("model")
    sold = record.number("sold_on")
    at = today if math.isnan(sold) else sold
    new, registered, mileage = (record.number(column) for column in ("new_price_fen", "registered_on", "mileage_km"))
    year = _MODEL_YEAR.search(model)
    log_new = math.log(new) if new > 0 else math.nan
    age = max(0.0, at - registered)
    gearbox = record.word("transmission")
    numbers = [
        log_new,
        age,
        math.log1p(mileage),
        mileage / 1e4,
        record.number("displacement_l"),
        at - float(year[1]) if year else math.nan,
        mileage / 1e4 / (age + 0.5),
        math.nan if not gearbox else float("自" in gearbox or "auto" in gearbox.lower()),
        at,
    ]
    words = [brand, gearbox, record.word("city"), (brand or model).split(" ")[0][:2]]
    return numbers, words, f"{brand}|{model}", series_of(model, brand), 0.0, log_new


PROFILES: Mapping[str, Profile] = {
    "real_estate": Profile(
        "real_estate",
        numbers=("log_area", "rooms", "halls", "area_per_room", "height", "log_floors", "built_year", "elevator",
                 "sold", "latitude", "longitude"),
        sources=("area_m2", "rooms", "halls", "rooms", "floor", "floors", "built_year", "elevator",
                 "sold_on", "latitude", "longitude"),
        words=("city", "district", "floor", "direction", "decoration"),
        text="community",
        group="community",
        shown=("community", "district", "area_m2", "rooms", "halls", "floor", "floors", "built_year", "sold_on"),
        known=("city",),
        place=(9, 10),
        quarter=1,
        row=_home,
    ),
    "vehicle": Profile(
        "vehicle",
        numbers=("log_new", "age", "log_mileage", "mileage", "displacement", "model_age", "use", "automatic", "sold"),
        sources=("new_price_fen", "registered_on", "mileage_km", "mileage_km", "displacement_l", "model",
                 "mileage_km", "transmission", "sold_on"),
        words=("brand", "transmission", "city", "brand"),
        text="model",
        group="series",
        shown=("model", "registered_on", "mileage_km", "displacement_l", "transmission", "city", "sold_on"),
        known=(),
        place=None,
        quarter=None,
        row=_vehicle,
    ),
}  # fmt: skip


def profile_of(asset_type: str) -> Profile:
    """What is known of an asset type; DomainError `valuation_type_unknown`."""
    if asset_type not in PROFILES:
        raise DomainError("valuation_type_unknown", asset_type=asset_type[:40], known=", ".join(PROFILES))
    return PROFILES[asset_type]
