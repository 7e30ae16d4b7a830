"""A CSV file as numbered lines of cells, read in blocks: memory does not grow with the file.

UTF-8 with or without BOM, or GBK; lines end as they like. A quoted cell may hold line breaks (RFC 4180): its row has
the number of its first line. A stray quotation mark spoils its own line only.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, BinaryIO

_BLOCK = 1 << 16
#: In bytes. Longer is no row of a registry; what is beyond is passed over unread.
LONGEST_LINE = 1 << 14
#: A court's practice: longer is a slipped column, not a name.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that cannot be taken: its number (1 is the header), the field at fault if it is one, a code, its facts."""

    line: int
    field: str | None
    code: str
    facts: Mapping[str, Any]


class Refused(Exception):
    """Why a line cannot be taken; where it is the header, neither can the file."""

    def __init__(self, code: str, field: str | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.field, self.facts = code, field, facts

    def at(self, line: int) -> RefusedRow:
        """The refusal of a line."""
        return RefusedRow(line, self.field, self.code, self.facts)


def rows_of(
    stream: BinaryIO, columns: tuple[str, ...], *, optional: tuple[str, ...] = (), others: bool = False
) -> Iterator[tuple[int, Mapping[str, str]] | RefusedRow]:
    """The rows under the header, each with its line number and cells by column; refusals between them.

    The header has all `columns`, any of `optional`, and nothing else unless `others` are to be passed over. Blank lines
    are passed over. A refused header ends the file. The stream is read twice, so it must be seekable.
    """
    encoding = _encoding(stream)
    stream.seek(0)
    header: list[str] | None = None
    number = 0
    for number, line in _records(lines_of(stream)):
        try:
            if header is None:
                header = _header(line, encoding, columns, (*columns, *optional), others)
            elif line.strip():
                cells = _cells(line, encoding)
                if len(cells) != len(header):
                    raise Refused("column_count", expected=len(header), found=len(cells))
                yield number, dict(zip(header, cells, strict=True))
        except Refused as refused:
            yield refused.at(number)
            if header is None:
                return
    if not number:
        yield Refused("header_missing", expected=columns).at(1)


def columns_beside(stream: BinaryIO, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a file that are none of `columns`, in its order; none where its header cannot be read."""
    encoding = _encoding(stream)
    stream.seek(0)
    line = next(lines_of(stream), b"").removeprefix(codecs.BOM_UTF8)
    try:
        header = _cells(line, encoding) if line.strip() else []
    except Refused:
        return ()
    return tuple(column for column in header if column and column not in columns)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream without their ends, each cut just past LONGEST_LINE.

    No byte inside a character of UTF-8 or GBK looks like the end of a line.
    """
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = _split(rest + block)
        yield from (line[: LONGEST_LINE + 1] for line in whole)
        if len(rest) > LONGEST_LINE + 1:
            rest = rest[: LONGEST_LINE + 1] + (b"\r" if rest.endswith(b"\r") else b"")
    if rest:
        yield from (line[: LONGEST_LINE + 1] for line in rest.splitlines())


def _records(lines: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines numbered from 1, those of one quoted cell put together under the number of the first.

    Where the quotes of a line do not pair, the next line that has an odd number of them too ends the row. If that makes
    no row of CSV, or lies too far down, the quotation mark was a stray one and each line stands for itself. The first
    line is the header, which has no such cell.
    """
    number = 0
    ahead: deque[bytes] = deque()
    while ahead or (ahead := deque(islice(lines, 1))):
        line = ahead.popleft()
        number += 1
        further = _further(line, ahead, lines) if number > 1 and _opens(line) else 0
        yield number, b"\n".join([line, *(ahead.popleft() for _ in range(further))])
        number += further


def _further(line: bytes, ahead: deque[bytes], lines: Iterator[bytes]) -> int:
    """How many of the lines that follow belong to the row of a line that opens a quoted cell; 0 for a stray mark."""
    whole = line
    for read in count():
        if len(ahead) == read:
            ahead.extend(islice(lines, 1))
        if len(ahead) == read or len(whole) + len(ahead[read]) >= LONGEST_LINE:
            return 0
        whole += b"\n" + ahead[read]
        if _opens(ahead[read]):
            return read + 1 if _is_row(whole) else 0
    return 0


def _opens(line: bytes) -> bool:
    """Whether the quotation marks of a line do not pair; no character of UTF-8 or GBK has a byte like one."""
    return line.count(b'"') % 2 == 1


def _is_row(text: bytes) -> bool:
    """Whether some lines are one row of CSV."""
    try:
        return len(list(csv.reader([text.decode("latin-1")], strict=True))) == 1
    except csv.Error:
        return False


def _split(data: bytes) -> list[bytes]:
    """Lines, and last what may go on in the next block: a carriage return at the end may be half of an end of line."""
    lines = data.splitlines(keepends=True)
    unended = [] if lines and lines[-1].endswith(b"\n") else lines[-1:]
    ended = lines[: len(lines) - len(unended)]
    return [*(line.rstrip(b"\r\n") for line in ended), *(unended or [b""])]


def _encoding(stream: BinaryIO) -> str:
    """UTF-8 if it says so or most of its Chinese lines read so, else GBK in its full form, GB 18030.

    A short line in GBK may by chance be UTF-8, and most of UTF-8 can be misread as GBK: the many decide for the few.
    """
    if stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
        return "utf-8"
    stream.seek(0)
    total = good = 0
    for line in lines_of(stream):
        if not line.isascii():
            total += 1
            good += _reads(line, "utf-8")
    return "utf-8" if 2 * good > total or not total else "gb18030"


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _cells(line: bytes, encoding: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise Refused("line_too_long", limit=LONGEST_LINE)
    try:
        cells = next(csv.reader([line.decode(encoding)], strict=True))
    except UnicodeDecodeError:
        raise Refused("encoding_unknown") from None
    except csv.Error:
        raise Refused("quotes_unbalanced") from None
    return [cell.strip() for cell in cells]


def _header(line: bytes, encoding: str, columns: tuple[str, ...], known: tuple[str, ...], others: bool) -> list[str]:
    """The columns in the file's order. Raises Refused unless they are the expected ones, each once."""
    line = line.removeprefix(codecs.BOM_UTF8)
    if not line.strip():
        raise Refused("header_missing", expected=columns)
    header = _cells(line, encoding)
    for column in header:
        if column not in known:
            if others:
                continue
            raise Refused("column_unknown", column[:LONGEST], expected=known)
        if header.count(column) > 1:
            raise Refused("column_repeated", column)
    for column in columns:
        if column not in header:
            raise Refused("column_missing", column)
    return header
