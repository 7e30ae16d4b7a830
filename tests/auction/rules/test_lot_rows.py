"""Rows of a table as lots: every wrong cell by line, column and rule."""

from datetime import date
from typing import Any

import pytest

from auction.imports.tables import Cell
from auction.rules.lot import AssetType
from auction.rules.lot_rows import COLUMNS, KINDS, Entered, Refusal, check_rows, columns_of

CASE = "（2026）苏01执1号"
ENTERED = Entered(frozenset({CASE}), frozenset({(CASE, "已有的房产", "某路1号")}), date(2026, 3, 2))
HEADER = (*COLUMNS, "attributes.area_m2")
GOOD = {
    "case_number": CASE,
    "title": "珠江路88号房产",
    "asset_type": "房产",
    "region": "320102",
    "address": "珠江路88号",
    "seized_on": "",
    "attributes.area_m2": "89.5",
}


def cells(**changes: str) -> list[Cell]:
    values: dict[str, Any] = GOOD | {name.replace("__", "."): value for name, value in changes.items()}
    return [Cell(values[column], values[column].startswith("=")) for column in HEADER]


def checked(*rows: list[Cell], most: int = 10) -> tuple[Any, tuple[Refusal, ...]]:
    return check_rows(HEADER, list(enumerate(rows, start=2)), ENTERED, most)


def test_a_right_row_is_a_lot_with_its_attributes() -> None:
    (row,), refused = checked(cells())
    assert refused == ()
    assert (row.line, row.asset_type, dict(row.attributes)) == (2, "real_estate", {"area_m2": 89.5})
    (short,), refused = checked(cells()[:-1])
    assert (dict(short.attributes), refused) == ({}, ())


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", None),
        ("2026-03-02", date(2026, 3, 2)),
        ("2026-03-03", "in_future"),
        ("1900-01-01", date(1900, 1, 1)),
        ("1899-12-31", "not_a_date"),
        ("20260302", "not_a_date"),
        ("2026-W10-1", "not_a_date"),
        ("2026年3月", "not_a_date"),
        ("2026-02-30", "not_a_date"),
    ],
)
def test_the_day_of_the_seizure_may_be_given_and_is_none_to_come(typed: str, expected: date | str | None) -> None:
    rows, refused = checked(cells(seized_on=typed))
    if isinstance(expected, str):
        assert [(one.column, one.code) for one in refused] == [("seized_on", expected)]
    else:
        assert (rows[0].seized_on, dict(rows[0].attributes)) == (expected, {"area_m2": 89.5})


def test_a_table_need_not_have_the_day_of_the_seizure() -> None:
    columns, wrong = columns_of([column.zh for column in COLUMNS.values() if column.required])
    (row,), refused = check_rows(columns, [(2, cells()[:5])], ENTERED, 10)
    assert (row.seized_on, refused, wrong) == (None, (), ())


def test_a_place_that_is_none_is_refused_by_its_column() -> None:
    header = (*HEADER, "attributes.latitude", "attributes.longitude")

    def placed(latitude: str, longitude: str) -> Any:
        row = [*cells(), Cell(latitude, False), Cell(longitude, False)]
        return check_rows(header, [(2, row)], ENTERED, 10)

    assert placed("32.06", "118.79")[0][0].attributes["longitude"] == 118.79
    assert [(one.column, one.code) for one in placed("132", "")[1]] == [
        ("attributes.latitude", "degrees_invalid"),
        ("attributes.longitude", "degrees_invalid"),
    ]


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": "长" * 201}, "title", "too_long"),
        ({"title": "房\u202e产"}, "title", "control_characters"),
        ({"title": "房\x07产"}, "title", "control_characters"),
        ({"title": "=1+1"}, "title", "cell_formula"),
        ({"asset_type": "别墅"}, "asset_type", "not_a_choice"),
        ({"case_number": "（2026）苏01执2号"}, "case_number", "unknown_case"),
        ({"region": ""}, "region", "required"),
        ({"address": "长" * 301}, "address", "too_long"),
        ({"attributes__area_m2": "长" * 1001}, "attributes.area_m2", "too_long"),
        ({"attributes__area_m2": "=A1"}, "attributes.area_m2", "cell_formula"),
        ({"title": "已有的房产", "address": "某路1号"}, None, "lot_repeated"),
    ],
)
def test_a_wrong_cell_is_named(changes: dict[str, str], column: str | None, code: str) -> None:
    rows, refused = checked(cells(title="另一处房产"), cells(**changes))
    assert [(each.line, each.column, each.code) for each in refused] == [(3, column, code)]
    assert [row.line for row in rows] == [2]


def test_every_wrong_cell_is_named_at_once_and_the_other_rows_stand() -> None:
    rows, refused = checked(cells(title="", region=""), cells(), cells())
    assert [(each.line, each.column) for each in refused] == [(2, "title"), (2, "region"), (4, None)]
    assert refused[-1].facts == {"first": 3}
    assert [row.line for row in rows] == [3]


def test_a_row_with_too_many_cells_and_one_row_too_many_are_refused() -> None:
    _, refused = checked([*cells(), Cell("x")])
    assert [(each.code, each.facts) for each in refused] == [("column_count", {"expected": 7, "found": 8})]
    rows, refused = checked(cells(title="一"), cells(title="二"), cells(title="三"), most=2)
    assert (len(rows), [(each.line, each.code) for each in refused]) == (2, [(4, "too_many_rows")])


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        (HEADER, []),
        (tuple(column.zh for column in COLUMNS.values()), []),
        ((*COLUMNS, "attributes.建成年份"), []),
        ((*COLUMNS, "price"), [("price", "column_unknown")]),
        ((*COLUMNS, "attributes."), [("attributes.", "column_unknown")]),
        ((*COLUMNS, "attributes.a b"), [("attributes.a b", "column_unknown")]),
        ((*COLUMNS, "案号"), [("case_number", "column_repeated")]),
        (("case_number", "title", "asset_type", "region"), [("address", "column_missing")]),
    ],
)
def test_a_header_is_read_in_either_language_and_must_be_whole(
    header: tuple[str, ...], codes: list[tuple[str, str]]
) -> None:
    columns, refused = columns_of(header)
    assert [(each.column, each.code) for each in refused] == codes
    assert set(COLUMNS) - {"seized_on"} <= set(columns) or codes


def test_courts_have_a_word_for_every_kind() -> None:
    assert set(KINDS.values()) == set(AssetType)


@pytest.mark.parametrize("name", ["标的类型", "财产类型", "资产类型", "asset_type"])
def test_the_kind_may_be_headed_as_courts_call_it(name: str) -> None:
    found, wrong = columns_of(("案号", "标的名称", name, "地区", "地址"))
    assert (found[2], wrong) == ("asset_type", ())


def test_a_header_not_known_is_told_both_names_of_every_column() -> None:
    _, wrong = columns_of((*COLUMNS, "种类"))
    (refused,) = wrong
    assert {"案号（case_number）", "标的类型（asset_type）"} <= set(refused.facts["expected"])
