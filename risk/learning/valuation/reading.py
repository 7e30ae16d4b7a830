"""Records of lots and their prices, line by line: each becomes a row that can be used, or a refusal with its reason.

As registries are read (`risk.imports.lines`): UTF-8 with or without BOM, or GBK; one line a row. A column may be
missing, and so may a cell; a cell that cannot be read is left out and named, unless the row is worth nothing without.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from ...imports.lines import LONGEST, Refused, RefusedRow, rows_of

#: A price above this, or an area, is a slip of the pen; the same bound as bids have (10^15 fen).
MOST_FEN = 10**15

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月?))?(?:年)?(?:[T ].*)?")
_YES = frozenset(("1", "1.0", "是", "有", "true", "yes", "y"))
_NO = frozenset(("0", "0.0", "否", "无", "false", "no", "n"))

#: What an official name adds to a place: 北京市 and 北京 are one.
_ENDINGS = {"city": "市", "district": "区县"}

Cell = float | str | None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of an asset type by how they are read. `essential`: without them a row is worth nothing."""

    numbers: Mapping[str, tuple[float, float]]
    days: tuple[str, ...]
    flags: tuple[str, ...]
    words: tuple[str, ...]
    essential: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return ("price_fen", *self.numbers, *self.days, *self.flags, *self.words)


COLUMNS: Mapping[str, Columns] = {
    "real_estate": Columns(
        numbers={
            "area_m2": (1, 1e6),
            "rooms": (0, 100),
            "halls": (0, 100),
            "floors": (1, 200),
            "built_year": (1800, 2200),
            "latitude": (-90, 90),
            "longitude": (-180, 180),
        },
        days=("sold_on",),
        flags=("elevator",),
        words=("city", "district", "community", "floor", "direction", "decoration"),
        essential=("area_m2",),
    ),
    "vehicle": Columns(
        numbers={"mileage_km": (0, 5e6), "displacement_l": (0, 30), "new_price_fen": (1, 1e13)},
        days=("registered_on", "sold_on"),
        flags=(),
        words=("brand", "model", "transmission", "city"),
        essential=("registered_on",),
    ),
}


@dataclass(frozen=True, slots=True)
class Record:
    """A lot as recorded: its line (1 is the header), its price where known, its cells; `unread` names bad cells.

    `days`: the days among the cells as they were told, ISO: 2016, 2016-07 or 2016-07-01.
    """

    line: int
    price_fen: int | None
    cells: Mapping[str, Cell]
    unread: tuple[str, ...] = ()
    days: Mapping[str, str] = field(default_factory=dict)

    def number(self, column: str) -> float:
        """A number, or NaN where there is none."""
        value = self.cells.get(column)
        return value if isinstance(value, float) else math.nan

    def word(self, column: str) -> str:
        """A word, or the empty text."""
        value = self.cells.get(column)
        return value if isinstance(value, str) else ""


def read_records(stream: BinaryIO, columns: Columns, *, priced: bool) -> Iterator[Record | RefusedRow]:
    """The rows of a file in order, good and refused. Where `priced`, a row without a price is refused.

    The header needs the essential columns (and `price_fen` where `priced`); columns nobody asked for are passed over.
    """
    needed = (("price_fen",) if priced else ()) + columns.essential
    for row in rows_of(stream, needed, optional=columns.all, others=True):
        if isinstance(row, RefusedRow):
            yield row
            continue
        line, cells = row
        try:
            yield record(line, cells, columns, priced=priced)
        except Refused as refused:
            yield refused.at(line)


def record(line: int, cells: Mapping[str, object], columns: Columns, *, priced: bool) -> Record:
    """One row read from texts or plain values; raises Refused for a price or an essential cell that cannot be used."""
    price = _price(cells.get("price_fen")) if priced else None
    read: dict[str, Cell] = {}
    days: dict[str, str] = {}
    unread = []
    for column in columns.all[1:]:
        text = _text(cells.get(column))
        if not text:
            continue
        value = _value(column, text, columns)
        if value is None:
            unread.append(column)
        else:
            read[column] = value
            if column in columns.days:
                days[column] = "-".join(f"{part:02}" for part in _day(text))
    if priced:
        for column in columns.essential:
            if column not in read:
                raise Refused("number_invalid" if column in unread else "required", column)
    return Record(line, price, read, tuple(unread), days)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return unicodedata.normalize("NFKC", str(value)).strip()


def _price(value: object) -> int:
    text = _text(value)
    if not text:
        raise Refused("required", "price_fen")
    price = _number(text)
    if price is None or not 1 <= price <= MOST_FEN:
        raise Refused("price_invalid", "price_fen", most=MOST_FEN)
    return round(price)


def _value(column: str, text: str, columns: Columns) -> Cell:
    if column in columns.numbers:
        least, most = columns.numbers[column]
        number = _number(text)
        return number if number is not None and least <= number <= most else None
    if column in columns.days:
        return _year(_day(text))
    if column in columns.flags:
        lowered = text.lower()
        return 1.0 if lowered in _YES else 0.0 if lowered in _NO else None
    if len(text) > LONGEST or any(unicodedata.category(mark).startswith("C") for mark in text):
        return None
    word = " ".join(text.split())
    ending = _ENDINGS.get(column)
    return word[:-1] if ending and len(word) > 2 and word[-1] in ending else word


def _number(text: str) -> float | None:
    plain = text.replace(",", "")
    if len(plain) > 40 or not _NUMBER.fullmatch(plain):
        return None
    number = float(plain)
    return number if math.isfinite(number) else None


def _day(text: str) -> tuple[int, ...]:
    """A day as it was told: year, year and month, or all three; empty where it cannot be read."""
    found = _DAY.fullmatch(text.removesuffix(".0"))
    return tuple(int(part) for part in found.groups() if part) if found else ()


def _year(told: tuple[int, ...]) -> float | None:
    """A day as a year with its fraction: 2016-07-01 is 2016.5."""
    if not told:
        return None
    year, month, day = (*told, 1, 1)[:3]
    if not (1900 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return year + (month - 1) / 12 + (day - 1) / 372


def year_of(day: date) -> float:
    """A day as a year with its fraction, as cells are read."""
    return day.year + (day.month - 1) / 12 + (day.day - 1) / 372


def shown(record: Record, columns: Sequence[str]) -> dict[str, str | float]:
    """The cells of a record as plain values, one type a column: numbers, words, days as they were told."""
    told = {column: record.days.get(column, record.cells.get(column)) for column in columns}
    return {
        column: round(value, 2) if isinstance(value, float) else value
        for column, value in told.items()
        if value is not None
    }
