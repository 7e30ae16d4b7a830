"""No exporter writes a cell that a spreadsheet computes: each is tried with every beginning of a formula."""

import ast
import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from flask import Flask

from bidding.queries.statistics import Period, Reading, Refunds
from bidding.rules.statistics import statistics as figures_of
from web import bulk, statistics
from web.pages.desk import imports

ROOT = Path(__file__).resolve().parents[2]
SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def read(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row]


def figures(text: str) -> list[str]:
    told = replace(figures_of([]), by_court={"3201": figures_of([]).total})
    reading = Reading(Period(), told, {"3201": text}, 0, 0, {"3201": Refunds(1, 1)})
    return read(statistics.table(reading))


def tables(text: str) -> list[statistics.Table]:
    return [statistics.Table(text, "法院", [statistics.Column("轮次")], [(text, 1), (f"{text}2", None)])]


def overview_csv(text: str) -> list[str]:
    return read(statistics.as_csv(tables(text)))


def overview_xlsx(text: str) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(statistics.as_xlsx([statistics.Table("表", "法院", [], [(text,)])])))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type == "s" for cell in cells)
    return [str(cell.value) for cell in cells]


def nightly(text: str) -> list[str]:
    lot = dict.fromkeys((*bulk._LOT, *bulk._MARKS, "changed_at"), text) | {"flags": [text]}
    lot |= {"court": {"code": text, "name": text}, "auctions": [dict.fromkeys(bulk._ROUND, text)]}
    return [cell for row in bulk.csv_rows(lot) for cell in row]


def left_out(text: str) -> list[str]:
    made = imports.left_out_table([text, "标的名称"], [([text, "-12.5"], 2, text)], ("原行号", "错在哪里"))
    assert "-12.5" in read(made), "a number stays one"
    return [cell for cell in read(made) if cell != "-12.5"]


EXPORTERS: dict[str, Callable[[str], list[str]]] = {
    "web/statistics.py table": figures,
    "web/statistics.py as_csv": overview_csv,
    "web/statistics.py as_xlsx": overview_xlsx,
    "web/bulk.py": nightly,
    "web/pages/desk/imports.py": left_out,
}


@pytest.mark.parametrize("sign", SIGNS, ids=[f"U+{ord(sign):04X}" for sign in SIGNS])
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_cell_that_begins_like_a_formula_is_marked_as_text(app: Flask, exporter: str, sign: str) -> None:
    with app.test_request_context():
        cells = EXPORTERS[exporter](f"{sign}cmd|' /C calc'!A0")
    assert any("calc" in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(SIGNS)] == []


def test_no_other_module_writes_tables() -> None:
    writing = {
        str(path.relative_to(ROOT))
        for package in ("auction", "bidding", "disclosure", "risk", "web", "tools")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("csv.writer", "csv.DictWriter", "Workbook")
    }
    made_up = {"web/demo/samples.py"}  # figures of the demo, read by nobody but the training of its model
    assert writing - made_up == {name.split(" ")[0] for name in EXPORTERS}
