"""A table from a CSV or XLSX file: rows of text by column, with the line each stands on.

A file is told by its bytes. CSV is UTF-8 with or without BOM, or GBK; XLSX is read without macros, links, formulas or
entities, and within fixed sizes, whatever its headers claim. A cell that a spreadsheet would compute is no text.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..kernel.errors import DomainError, invalid
from ..rules.lot_rows import HEADS

#: Technical limits: bytes of a file, of everything packed into it, parts; columns; lines, blank ones counted.
LARGEST = 5 * 2**20
MOST_UNPACKED = 40 * 2**20
MOST_PARTS = 200
MOST_COLUMNS = 60
MOST_LINES = 5000
#: Characters of a cell beyond which it is no entry of ours.
LONGEST_CELL = 2000
_ZIP = b"PK\x03\x04"
#: Of an XLSX: programs, other files, what is embedded.
_ACTIVE = ("vbaproject", "externallinks/", "embeddings/", "activex/", "macrosheets/", "connections.xml", "customui/")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    OverflowError,
    SyntaxError,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text; `formula` where a spreadsheet would compute it."""

    text: str
    formula: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row below the header, with the line number a person sees (1 is the header)."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header and lines; blank lines are left out."""

    header: tuple[str, ...]
    lines: tuple[Line, ...]


def read_table(data: bytes) -> Table:
    """The table in a file.

    DomainError `too_large` (fact `most`), or `invalid` on `file`: `header_missing`, `encoding_unknown`,
    `quotes_unbalanced`, `table_unreadable`, `table_active` (macros, links, entities), `table_bomb`,
    `table_sheets` (more than one), `table_too_long`, `table_too_wide`.
    """
    if len(data) > LARGEST:
        raise DomainError("too_large", most=LARGEST)
    lines = _spreadsheet(data) if data.startswith(_ZIP) else _text(data)
    filled = [line for line in lines if any(cell.text for cell in line.cells)]
    if not filled or filled[0].number != 1:
        raise invalid("file", "header_missing", expected=HEADS)
    header = tuple(cell.text for cell in filled[0].cells)
    while header and not header[-1]:
        header = header[:-1]
    return Table(header, tuple(filled[1:]))


def _text(data: bytes) -> Iterator[Line]:
    if b"\0" in data:
        raise invalid("file", "table_unreadable")
    text = _decoded(data)
    first = text.split("\n", 1)[0]
    comma = "\t" if "\t" in first and "," not in first else ","
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
        number = 1
        for row in rows:
            yield _line(number, (_cell(value) for value in row), len(row))
            number = rows.line_num + 1
    except csv.Error:
        raise invalid("file", "quotes_unbalanced") from None


def _decoded(data: bytes) -> str:
    """UTF-8 where all of it reads so, else GBK in its full form, GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise invalid("file", "encoding_unknown")


def _cell(text: str) -> Cell:
    """A text cell: what begins as a formula does is one to the spreadsheet it will be opened with."""
    plain = text.strip()
    sign = plain[:1]
    computed = sign in ("=", "@", "＝", "＠") or (sign in ("+", "-", "＋", "－") and not _is_number(plain))
    return Cell(plain, computed)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _spreadsheet(data: bytes) -> list[Line]:
    import openpyxl  # with NumPy behind it, a tenth of the start of every command: only where there is a sheet to read

    try:
        _look_inside(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False, keep_vba=False)
        if len(book.worksheets) != 1:
            raise invalid("file", "table_sheets")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        lines = [_line(number, map(_value, row), len(row)) for number, row in enumerate(sheet.iter_rows(), start=1)]
        book.close()
    except _BROKEN as fault:
        raise invalid("file", "table_unreadable") from fault
    return lines


def _look_inside(data: bytes) -> None:
    """Refuse an archive that would unpack to more than we read, or holds what is no plain sheet."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise invalid("file", "table_bomb")
        names = [part.filename.lower() for part in parts]
        if any(mark in name for name in names for mark in _ACTIVE):
            raise invalid("file", "table_active")
        if "xl/workbook.xml" not in names or any(part.flag_bits & 1 for part in parts):
            raise invalid("file", "table_unreadable")
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")):
                _look_at(archive, part)


def _look_at(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A declaration of a document type is where entities hide; no spreadsheet needs one.

    A part in another encoding than UTF-8 could hide one from us, and no spreadsheet is written in one.
    """
    content = archive.read(part)
    head = content[:4]
    if b"\0" in head or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise invalid("file", "table_unreadable")
    if b"<!doctype" in content.lower() or b"<!entity" in content.lower():
        raise invalid("file", "table_active")


def _value(cell: Any) -> Cell:
    """A spreadsheet's cell as text; days in ISO, whole numbers without a fraction."""
    value = cell.value
    if value is None:
        return Cell("")
    if cell.data_type in ("f", "e"):
        return Cell(str(value)[:LONGEST_CELL], formula=True)
    if isinstance(value, bool):
        return Cell("true" if value else "false")
    if isinstance(value, datetime):
        return Cell((value.date() if value.time() == value.min.time() else value).isoformat())
    if isinstance(value, date):
        return Cell(value.isoformat())
    if isinstance(value, float):
        return Cell(str(int(value)) if value.is_integer() else repr(value))
    return _cell(str(value)) if isinstance(value, str) else Cell(str(value))


def _line(number: int, cells: Iterable[Cell], width: int) -> Line:
    if number > MOST_LINES:
        raise invalid("file", "table_too_long", limit=MOST_LINES)
    if width > MOST_COLUMNS:
        raise invalid("file", "table_too_wide", limit=MOST_COLUMNS)
    return Line(number, tuple(cells))
