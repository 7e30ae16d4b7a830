"""Statistics at any door: as JSON values, and as tables that no spreadsheet computes."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from bidding.queries.statistics import Reading, Refunds
from bidding.rules.statistics import OUTCOMES, Summary

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell

#: A cell that begins so is computed, or made a link, by the spreadsheet it is opened with.
_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_COLUMNS = (
    *("rounds", *OUTCOMES, "turnover_fen", "sale_rate", "renege_rate", "premium", "to_reference", "days_to_sale"),
    *("days_from_seizure", "bids_per_sale"),
)
#: Of refunds, for the whole and for each court.
_REFUNDS = ("due", "in_time", "in_time_rate")


def data(read: Reading) -> dict[str, Any]:
    """The figures of a period as JSON values; ratios are decimals of four places."""
    figures, period = read.figures, read.period
    return {
        "court": period.court,
        "from": period.first.isoformat() if period.first else None,
        "to": period.last.isoformat() if period.last else None,
        "total": _summary(figures.total),
        "by_round": _all(figures.by_round),
        "by_asset_type": _all(figures.by_asset_type),
        "by_month": _all(figures.by_month),
        "by_court": [
            {"court": code, "name": read.courts.get(code, code), **_summary(each)}
            for code, each in figures.by_court.items()
        ],
        "clearance": {
            "outcomes": read.cleared,
            "in_time": read.cleared_in_time,
            "in_time_rate": _decimal(Fraction(read.cleared_in_time, read.cleared) if read.cleared else None),
        },
        "refunds": {
            **_refunds(read.refunds.values()),
            "by_court": [
                {"court": code, "name": read.courts.get(code, code), **_refunds([each])}
                for code, each in read.refunds.items()
            ],
        },
    }


def _refunds(found: Iterable[Refunds]) -> dict[str, Any]:
    each = list(found)
    due, in_time = sum(one.due for one in each), sum(one.in_time for one in each)
    return {"due": due, "in_time": in_time, "in_time_rate": _decimal(Fraction(in_time, due) if due else None)}


def _all(groups: Mapping[str, Summary]) -> dict[str, Any]:
    return {name: _summary(each) for name, each in groups.items()}


def _summary(each: Summary) -> dict[str, Any]:
    return {
        "rounds": each.rounds,
        **{str(code): number for code, number in each.outcomes.items()},
        "turnover_fen": each.turnover_fen,
        "sale_rate": _decimal(each.sale_rate),
        "renege_rate": _decimal(each.renege_rate),
        "premium": _decimal(each.premium),
        "to_reference": _decimal(each.to_reference),
        "days_to_sale": each.days_to_sale,
        "days_from_seizure": each.days_from_seizure,
        "bids_per_sale": _decimal(each.bids_per_sale),
    }


def _decimal(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 4)


def table(read: Reading) -> str:
    """The same as CSV: one row for the whole period and one for each group; names as in the interface."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("group", "name", *_COLUMNS, *(f"refunds_{name}" for name in _REFUNDS)))
    told = data(read)
    _row(writer, "total", "", told["total"], told["refunds"])
    for group in ("by_round", "by_asset_type", "by_month"):
        for name, each in told[group].items():
            _row(writer, group, name, each)
    refunds = {each["court"]: each for each in told["refunds"]["by_court"]}
    for each in told["by_court"]:
        _row(writer, "by_court", each["name"], each, refunds.pop(each["court"], None))
    for each in refunds.values():
        _row(writer, "by_court", each["name"], {}, each)
    return "\ufeff" + out.getvalue()


def _row(
    writer: Any, group: str, name: str, figures: Mapping[str, Any], refunds: Mapping[str, Any] | None = None
) -> None:
    cells = [figures.get(column) for column in _COLUMNS] + [(refunds or {}).get(column) for column in _REFUNDS]
    writer.writerow((group, plain(name), *("" if cell is None else cell for cell in cells)))


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula: what begins like one is marked as text by an apostrophe."""
    return f"'{text}" if text.startswith(_COMPUTED) else text


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: How a spreadsheet shows what a column holds.
_FORMATS = {"count": "0", "rate": "0.0%", "fen": "#,##0.00"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures: whole numbers, rates (exact fractions) or sums (fen, shown in yuan)."""

    title: str
    kind: Literal["count", "rate", "fen"] = "count"


@dataclass(frozen=True, slots=True)
class Table:
    """A table under a title: each row begins with the name of what it tells of, `of` is what that is."""

    title: str
    of: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


def as_csv(tables: Iterable[Table]) -> str:
    """Tables one below the other, each under its title, in yuan and decimals; texts are marked as texts."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for table in tables:
        writer.writerow((plain(str(table.title)),))
        writer.writerow((str(table.of), *(str(column.title) for column in table.columns)))
        for name, *cells in table.rows:
            writer.writerow((plain(str(name)), *("" if cell is None else cell for cell in _cells(table, cells))))
        writer.writerow(())
    return "\ufeff" + out.getvalue()


def as_xlsx(tables: Iterable[Table]) -> bytes:
    """A workbook with a sheet for each table; texts are texts, whatever they begin with."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(str(table.title)[:31])
        sheet.append([_text(sheet, str(each)) for each in (table.of, *(column.title for column in table.columns))])
        for name, *cells in table.rows:
            row = [_text(sheet, str(name))]
            for column, value in zip(table.columns, _cells(table, cells), strict=True):
                cell = WriteOnlyCell(sheet, value)
                cell.number_format = _FORMATS[column.kind]
                row.append(cell)
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, text: str) -> "WriteOnlyCell":
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, plain(text))
    cell.data_type = "s"
    return cell


def _cells(table: Table, cells: Sequence[Any]) -> Iterable[float | int | None]:
    for column, value in zip(table.columns, cells, strict=True):
        if value is None or column.kind == "count":
            yield value
        else:
            yield _decimal(value) if column.kind == "rate" else value / 100
