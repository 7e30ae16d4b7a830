"""Entering many lots from one file: first what would happen, then, if all of it is right, the lots."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, flash, redirect, render_template, request, url_for

from auction.imports.tables import read_table
from auction.kernel.errors import Breach, DomainError
from auction.rules.lot_rows import COLUMNS, KINDS
from auction.services.lot_import import Imported

from ... import errors
from ...auth import house, me, policy
from ...lot_import import report, take_file
from ...statistics import plain
from .. import forms
from ..forms import Entry
from ..language import _, language
from .court import blueprint


@blueprint.get("/lots/import")
@policy("lot.create")
def import_form() -> str:
    """The form, with the columns a file must have."""
    return _page(Entry(), None)


def _left_out(data: bytes, imported: Imported) -> str:
    """The address of a table of the rows that were not entered, each with its line and what is wrong with it."""
    table = current_app.extensions["beside"](read_table, data)
    wrong: dict[int, list[str]] = {}
    for cell in report(imported, language())["refused"]:
        wrong.setdefault(cell["line"], []).append(cell["detail"])
    rows = [
        ([cell.text for cell in line.cells], line.number, " ".join(wrong[line.number]))
        for line in table.lines
        if line.number in wrong
    ]
    made = left_out_table(table.header, rows, (_("原行号"), _("错在哪里，应当怎样")))
    return f"data:text/csv;charset=utf-8,{quote(made)}"


def left_out_table(header: Sequence[str], rows: Iterable[tuple[Sequence[str], int, str]], more: tuple[str, str]) -> str:
    """Cells, line number and fault of each row as CSV with a BOM. What came in as a formula goes out as a text: the
    clerk's spreadsheet computes nothing that somebody else has written.
    """
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow([*map(_marked, header), *more])
    for cells, number, fault in rows:
        writer.writerow([*map(_marked, cells), number, plain(fault)])
    return chr(0xFEFF) + made.getvalue()


def _marked(text: str) -> str:
    """A number stays one: it may begin with a sign."""
    try:
        float(text)
    except ValueError:
        return plain(text)
    return text


def _page(form: Entry, imported: Imported | None, left_out: str | None = None) -> str:
    return render_template(
        "desk/import.html",
        form=form,
        columns=COLUMNS,
        kinds="、".join(KINDS),
        left_out=left_out,
        found=report(imported, language()) if imported else None,
    )


@blueprint.get("/lots/import/example.csv")
@policy("lot.create")
def import_example() -> Response:
    """An empty table to fill in, with one made-up row; with a BOM, so that spreadsheets read it as UTF-8."""
    header = ",".join([*(column.zh for column in COLUMNS.values()), "attributes.area_m2"])
    row = "（2026）示0101执218号,望江路18号3幢1202室住宅,房产,示例市云溪区,望江路18号3幢1202室,2026-02-10,89.5"
    text = f"\ufeff{header}\r\n{row}\r\n"
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="lots.csv"'
    return answer


@blueprint.post("/lots/import")
@policy("lot.create")
def import_file() -> Any:
    """Look at a file, or enter its lots; a refusal shows every wrong cell."""
    choice = request.form.get("choice", "look")
    try:
        data = _sent()
        if choice not in ("all", "partial"):
            return _page(Entry(), _taken(data, dry_run=True))
        imported = _taken(data, partial=choice == "partial")
    except DomainError as error:
        found = _taken(data, dry_run=True) if error.code == "rows_refused" else None
        plain = DomainError(error.code, **error.facts) if found else error
        return _page(forms.refused(plain, ("file",)), found), errors.status_of(error.code)
    flash(_("已录入 %(n)s 件标的。", n=len(imported.lots)), "lead")
    if imported.refused:
        return _page(Entry(), imported, _left_out(data, imported))
    return redirect(url_for("desk.board", stage="entered"), 303)


def _sent() -> bytes:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise DomainError("invalid", [Breach("required", "file")])
    data: bytes = sent.read()
    return data


def _taken(data: bytes, **how: bool) -> Imported:
    beside = current_app.extensions["beside"]
    return take_file(house().perform, me(), data, beside=beside, **{"dry_run": False, "partial": False, **how})
