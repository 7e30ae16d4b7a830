"""Tables from files that nobody has to trust: encodings, shapes, and what a spreadsheet can hide."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.imports.tables import LARGEST, MOST_LINES, read_table
from auction.kernel.errors import DomainError

HEADER = ["案号", "标的名称"]
#: A spreadsheet knows no time zones.
DAY = datetime(2026, 3, 1)  # noqa: DTZ001


def workbook(*rows: list[object], sheets: int = 1) -> bytes:
    book = openpyxl.Workbook()
    for _ in range(sheets - 1):
        book.create_sheet()
    for row in (HEADER, *rows):
        book.worksheets[0].append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def changed(data: bytes, name: str, content: Callable[[bytes], bytes]) -> bytes:
    """The same archive with one part made anew, or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content(old.read(part)) if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, content(b""))
    return made.getvalue()


def texts(data: bytes) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in read_table(data).lines]


def refused(data: bytes) -> str:
    with pytest.raises(DomainError) as caught:
        read_table(data)
    return caught.value.errors[0].code if caught.value.errors else caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_csv_is_read_in_each_encoding_and_with_any_end_of_line(encoding: str, end: str) -> None:
    data = end.join(["案号,标的名称", "（2026）苏01执1号,珠江路88号房产", "", "二,三"]).encode(encoding)
    table = read_table(data)
    assert table.header == ("案号", "标的名称")
    assert [(line.number, line.cells[1].text) for line in table.lines] == [(2, "珠江路88号房产"), (4, "三")]


def test_tabs_and_quoted_line_breaks_are_read() -> None:
    assert texts("案号\t标的名称\n一\t二,三\n".encode()) == [["一", "二,三"]]
    table = read_table('案号,标的名称\n一,"二\n三"\n四,五\n'.encode())
    assert [line.number for line in table.lines] == [2, 4]


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "＝1", "+SUM(1)", " =1", "－1+2"])
def test_what_a_spreadsheet_would_compute_is_told(text: str) -> None:
    for data in (f"案号,标的名称\n一,{text}\n".encode(), workbook(["一", text])):
        assert [cell.formula for cell in read_table(data).lines[0].cells] == [False, True]


@pytest.mark.parametrize("text", ["-5", "+86", "-0.5", "1e5", "3-1", "A=B", "某@某"])
def test_a_number_with_a_sign_is_no_formula(text: str) -> None:
    assert not read_table(f"案号,标的名称\n一,{text}\n".encode()).lines[0].cells[1].formula


def test_the_values_of_a_spreadsheet_become_text() -> None:
    row = ["一", 12, 89.5, 90.0, True, DAY, date(2026, 3, 2), DAY.replace(hour=9), None, "x"]
    assert texts(workbook(row)) == [
        ["一", "12", "89.5", "90", "true", "2026-03-01", "2026-03-02", "2026-03-01T09:00:00", "", "x"]
    ]


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "header_missing"),
    "only blanks": (b"\n\n,,\n", "header_missing"),
    "the first line blank": ("\n案号\n".encode(), "header_missing"),
    "no text": (b"\x00\x01\x02", "table_unreadable"),
    "UTF-16": ("案号".encode("utf-16"), "encoding_unknown"),
    "no encoding": (b"\xff\xff\xff\xff", "encoding_unknown"),
    "a quotation mark too many": ('案号\n"一\n'.encode(), "quotes_unbalanced"),
    "too many lines": (b"a\n" * (MOST_LINES + 2), "table_too_long"),
    "too many columns": (b"a," * 70 + b"\n", "table_too_wide"),
    "too large": (b"a" * (LARGEST + 1), "too_large"),
    "an old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "table_unreadable"),
    "a broken archive": (workbook()[:400], "table_unreadable"),
    "an archive of something else": (changed(b"PK\x05\x06" + b"\0" * 18, "x.txt", lambda _: b"x"), "table_unreadable"),
    "two sheets": (workbook(sheets=2), "table_sheets"),
    "macros": (changed(workbook(), "xl/vbaProject.bin", lambda _: b"x"), "table_active"),
    "links": (changed(workbook(), "xl/externalLinks/externalLink1.xml", lambda _: b"<a/>"), "table_active"),
    "a zip bomb": (changed(workbook(), "xl/media/image1.png", lambda _: b"\0" * (41 * 2**20)), "table_bomb"),
    "entities": (
        changed(
            workbook(["一", "二"]),
            "xl/worksheets/sheet1.xml",
            lambda old: old.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet', 1),
        ),
        "table_active",
    ),
    "another encoding inside": (
        changed(workbook(), "xl/workbook.xml", lambda old: old.decode().encode("utf-16")),
        "table_unreadable",
    ),
    "a broken sheet": (changed(workbook(), "xl/worksheets/sheet1.xml", lambda old: old[:90]), "table_unreadable"),
    "a row far below": (
        changed(workbook(["一", "二"]), "xl/worksheets/sheet1.xml", lambda old: old.replace(b'r="2"', b'r="1048576"')),
        "table_too_long",
    ),
    "a column far to the right": (
        changed(workbook(["一", "二"]), "xl/worksheets/sheet1.xml", lambda old: old.replace(b'"B2"', b'"XFD2"')),
        "table_too_wide",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_plain_table_is_refused_by_name(name: str) -> None:
    data, code = HOSTILE[name]
    assert refused(data) == code


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_refusal(data: bytes) -> None:
    for whole in (data, b"PK\x03\x04" + data):
        try:
            read_table(whole)
        except DomainError as error:
            assert error.code in ("invalid", "too_large")
