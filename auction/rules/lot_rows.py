"""Rows of a table as lots: every wrong cell by line and column, with the rule and what would be right.

Columns may be named as in the interface or in Chinese; `attributes.NAME` are free. Nothing here looks at a database:
which cases the court has, and which lots are entered already, is passed in.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol

from .calendar import day_of
from .letters import TURNING
from .lot import AssetType
from .place import wrong_degrees


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its Chinese name, the most characters of a cell, whether it may be left out or empty, and what courts
    call it too."""

    zh: str
    longest: int
    required: bool = True
    also: tuple[str, ...] = ()


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "case_number": Column("案号", 100),
        "title": Column("标的名称", 200),
        "asset_type": Column("标的类型", 40, also=("财产类型", "资产类型")),
        "region": Column("地区", 100),
        "address": Column("地址", 300),
        "seized_on": Column("查封日期", 40, required=False),  # REF 1: the pricing starts within 30 days of it
    }
)
#: Both names of every column, as a refusal tells them.
HEADS = tuple(f"{column.zh}（{code}）" for code, column in COLUMNS.items())
_REQUIRED = tuple(code for code, column in COLUMNS.items() if column.required)
_EARLIEST = date(1900, 1, 1)
ATTRIBUTE = "attributes."
_ATTRIBUTE_NAME = re.compile(r"[\w\u4e00-\u9fff]{1,60}\Z")
_LONGEST_ATTRIBUTE = 1000
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?\Z")
#: What courts call the ten kinds.
KINDS: Mapping[str, AssetType] = MappingProxyType(
    {
        "房产": AssetType.REAL_ESTATE,
        "不动产": AssetType.REAL_ESTATE,
        "土地使用权": AssetType.LAND_USE_RIGHT,
        "车辆": AssetType.VEHICLE,
        "机动车": AssetType.VEHICLE,
        "船舶": AssetType.VESSEL,
        "机器设备": AssetType.MACHINERY,
        "货物物品": AssetType.GOODS,
        "货物": AssetType.GOODS,
        "股权": AssetType.EQUITY,
        "债权": AssetType.RECEIVABLE,
        "知识产权": AssetType.INTELLECTUAL_PROPERTY,
        "其他": AssetType.OTHER,
    }
)


class TextCell(Protocol):
    """What is read of a cell."""

    @property
    def text(self) -> str: ...

    @property
    def formula(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """A cell that cannot be taken: line, column (None: the row as a whole), code and the facts of its sentence."""

    line: int
    column: str | None
    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot as a row describes it."""

    line: int
    case_number: str
    title: str
    asset_type: str
    region: str
    address: str
    attributes: Mapping[str, str | int | float]
    seized_on: date | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two rows the same lot: case, title, address."""
        return self.case_number, self.title, self.address


@dataclass(frozen=True, slots=True)
class Entered:
    """What the court has already: its case numbers, its lots by case, title and address; and the day it is."""

    cases: frozenset[str]
    lots: frozenset[tuple[str, str, str]]
    today: date


def columns_of(header: Sequence[str]) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """The columns a header names, in its order; what is wrong with it, all on line 1.

    Codes: `column_unknown`, `column_repeated`, `column_missing`.
    """
    named = {name: code for code, column in COLUMNS.items() for name in (column.zh, *column.also)}
    expected = (*HEADS, ATTRIBUTE + "…")
    found = tuple(named.get(each, each) for each in header)
    wrong = []
    for number, column in enumerate(found):
        if column not in COLUMNS and not _is_attribute(column):
            wrong.append(Refusal(1, column[:60], "column_unknown", {"expected": expected}))
        elif column in found[:number]:
            wrong.append(Refusal(1, column, "column_repeated", {}))
    wrong += [Refusal(1, column, "column_missing", {}) for column in _REQUIRED if column not in found]
    return found, tuple(wrong)


def _is_attribute(column: str) -> bool:
    return column.startswith(ATTRIBUTE) and bool(_ATTRIBUTE_NAME.match(column.removeprefix(ATTRIBUTE)))


def check_rows(
    columns: Sequence[str], lines: Iterable[tuple[int, Sequence[TextCell]]], entered: Entered, most: int
) -> tuple[tuple[LotRow, ...], tuple[Refusal, ...]]:
    """The rows that can be entered, and every refusal of the others, in order of lines.

    Codes: `column_count`, `required`, `too_long`, `control_characters`, `cell_formula`, `not_a_choice`,
    `unknown_case`, `not_a_date`, `in_future`, `degrees_invalid`, `lot_repeated` (with the line, or that it is entered
    already), `too_many_rows`.
    """
    rows: list[LotRow] = []
    refused: list[Refusal] = []
    seen: dict[tuple[str, str, str], int] = {}
    number = 0
    for number, (line, cells) in enumerate(lines, start=1):
        if number > most:
            refused.append(Refusal(line, None, "too_many_rows", {"limit": most}))
            break
        if len(cells) > len(columns):
            refused.append(Refusal(line, None, "column_count", {"expected": len(columns), "found": len(cells)}))
            continue
        given = dict(zip(columns, cells, strict=False))
        wrong = [refusal for column in columns for refusal in _cell(line, column, given.get(column), entered)]
        row = None if wrong else _row(line, given)
        if row is not None:
            wrong += [
                Refusal(line, f"{ATTRIBUTE}{name}", "degrees_invalid", {"most": most})
                for name, most in wrong_degrees(row.attributes)
            ]
            wrong += _repeated(row, seen, entered.lots)
            seen.setdefault(row.identity, line)
        refused += wrong
        if row is not None and not wrong:
            rows.append(row)
    return tuple(rows), tuple(refused)


def _cell(line: int, column: str, cell: TextCell | None, entered: Entered) -> Iterable[Refusal]:
    text = cell.text if cell else ""
    if cell is not None and cell.formula:
        yield Refusal(line, column, "cell_formula", {})
        return
    limit = COLUMNS[column].longest if column in COLUMNS else _LONGEST_ATTRIBUTE
    if not text:
        if column in _REQUIRED:
            yield Refusal(line, column, "required", {})
    elif len(text) > limit:
        yield Refusal(line, column, "too_long", {"limit": limit})
    elif not TURNING.isdisjoint(text) or any(unicodedata.category(mark) in ("Cc", "Cs") for mark in text):
        yield Refusal(line, column, "control_characters", {})
    elif column == "asset_type" and _kind(text) is None:
        yield Refusal(line, column, "not_a_choice", {"allowed": (*KINDS, *AssetType)})
    elif column == "case_number" and text not in entered.cases:
        yield Refusal(line, column, "unknown_case", {"value": text})
    elif column == "seized_on":
        day = day_of(text)
        if day is None or day < _EARLIEST:
            yield Refusal(line, column, "not_a_date", {})
        elif day > entered.today:
            yield Refusal(line, column, "in_future", {"value": text})


def _row(line: int, given: Mapping[str, TextCell]) -> LotRow:
    text = {column: given[column].text for column in _REQUIRED}
    kind = _kind(text["asset_type"])
    assert kind is not None  # noqa: S101 - checked before
    attributes = {
        column.removeprefix(ATTRIBUTE): _plain(cell.text)
        for column, cell in given.items()
        if column not in COLUMNS and cell.text
    }
    seized_on = day_of(given["seized_on"].text) if "seized_on" in given else None
    return LotRow(line=line, **{**text, "asset_type": kind.value}, attributes=attributes, seized_on=seized_on)


def _kind(text: str) -> AssetType | None:
    return AssetType(text) if text in set(AssetType) else KINDS.get(text)


def _plain(text: str) -> str | int | float:
    """A number where the cell is one as it is written, else the text."""
    if not _NUMBER.match(text):
        return text
    return float(text) if "." in text else int(text)


def _repeated(
    row: LotRow, seen: Mapping[tuple[str, str, str], int], known: Collection[tuple[str, str, str]]
) -> Iterable[Refusal]:
    if row.identity in seen:
        yield Refusal(row.line, None, "lot_repeated", {"first": seen[row.identity]})
    elif row.identity in known:
        yield Refusal(row.line, None, "lot_repeated", {})
