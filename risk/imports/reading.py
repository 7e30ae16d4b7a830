"""Registry files, line by line: every line becomes a row that can be stored, or a refusal that names line and field.

A file is CSV with a header: UTF-8 with or without BOM, or GBK; lines end as they like. No column can hold a line
break, so a row is one line, and a stray quotation mark spoils its own line only.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any, BinaryIO, Protocol, TypeVar

from auction.kernel.errors import DomainError
from auction.rules import identity

from ..rules.interest import BODY_TYPES, NEAR_RELATIONS, PLATFORM

STAFF_COLUMNS = ("body_type", "body_code", "name", "id_number", "position", "from", "to")
RELATIVES_COLUMNS = ("id_number", "relative_name", "relative_id_number", "relation")

#: A court's practice: longer is a slipped column, not a name.
LONGEST = 200

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that cannot be taken: its number (1 is the header), the field at fault if it is one, a code, its facts."""

    line: int
    field: str | None
    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A term of office; `id_number` normalised, `to_on` None while in office."""

    line: int
    body_type: str
    body_code: str
    name: str
    id_number: str
    position: str
    from_on: date
    to_on: date | None

    def claim(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the row is about, and what it says of it: two rows about the same must say the same."""
        about = (self.body_type, self.body_code, self.id_number, self.position, self.from_on.isoformat())
        return about, (self.name, self.to_on.isoformat() if self.to_on else "")


@dataclass(frozen=True, slots=True)
class RelativeRow:
    """A near relation: what `relative_id_number` is to `id_number`; both normalised."""

    line: int
    id_number: str
    relative_name: str
    relative_id_number: str
    relation: str

    def claim(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the row is about, and what it says of it: two rows about the same must say the same."""
        return (self.id_number, self.relative_id_number), (self.relative_name, self.relation)


class _Claiming(Protocol):
    @property
    def line(self) -> int: ...

    def claim(self) -> tuple[tuple[str, ...], tuple[str, ...]]: ...


R = TypeVar("R", bound=_Claiming)


class _Refused(Exception):
    """Why a line cannot be taken; where it is the header, neither can the file."""

    def __init__(self, code: str, field: str | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.field, self.facts = code, field, facts


def read_staff(stream: BinaryIO, today: date) -> Iterator[StaffRow | RefusedRow]:
    """The rows of a staff file, in order, good and refused; `today` bounds birth dates.

    Whether a court or an agency is known is not read from the file, and not checked here. A row that repeats an
    earlier one is given again; one that contradicts it is refused.
    """
    return _read(stream, STAFF_COLUMNS, lambda line, cells: _staff(line, cells, today))


def read_relatives(stream: BinaryIO, today: date) -> Iterator[RelativeRow | RefusedRow]:
    """The rows of a relatives file, as `read_staff`."""
    return _read(stream, RELATIVES_COLUMNS, lambda line, cells: _relative(line, cells, today))


def _staff(line: int, cells: Mapping[str, str], today: date) -> StaffRow:
    body_type = _choice(cells, "body_type", BODY_TYPES)
    body_code = _filled(cells, "body_code")
    if body_type == "agency":
        body_code = identity.normalise(identity.USCC, body_code)
    elif body_type == "provider" and body_code != PLATFORM:
        raise _Refused("unknown_provider", "body_code", expected=PLATFORM)
    name = _filled(cells, "name")
    id_number = _identity(cells, "id_number", today)
    position = _filled(cells, "position")
    from_on = _day(cells, "from")
    to_on = _day(cells, "to") if cells["to"] else None
    if to_on is not None and to_on < from_on:
        raise _Refused("ends_before_start", "to", start=from_on.isoformat())
    return StaffRow(line, body_type, body_code, name, id_number, position, from_on, to_on)


def _relative(line: int, cells: Mapping[str, str], today: date) -> RelativeRow:
    person = _identity(cells, "id_number", today)
    name = _filled(cells, "relative_name")
    relative = _identity(cells, "relative_id_number", today)
    if relative == person:
        raise _Refused("own_relative", "relative_id_number")
    return RelativeRow(line, person, name, relative, _choice(cells, "relation", NEAR_RELATIONS))


def _filled(cells: Mapping[str, str], field: str) -> str:
    value = cells[field]
    if not value:
        raise _Refused("required", field)
    if len(value) > LONGEST:
        raise _Refused("too_long", field, limit=LONGEST)
    if not value.isprintable() and any(unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp") for mark in value):
        raise _Refused("control_characters", field)
    return value


def _choice(cells: Mapping[str, str], field: str, allowed: tuple[str, ...]) -> str:
    value = _filled(cells, field)
    if value not in allowed:
        raise _Refused("not_one_of", field, allowed=allowed)
    return value


def _identity(cells: Mapping[str, str], field: str, today: date) -> str:
    try:
        return identity.check(identity.RESIDENT_ID, _filled(cells, field), today, field)
    except DomainError:
        raise _Refused("identity_invalid", field) from None


def _day(cells: Mapping[str, str], field: str) -> date:
    value = _filled(cells, field)
    try:
        if _ISO_DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _Refused("date_invalid", field)


def _read(
    stream: BinaryIO, columns: tuple[str, ...], make: Callable[[int, Mapping[str, str]], R]
) -> Iterator[R | RefusedRow]:
    data = stream.read()
    encoding = _encoding(data)
    seen: dict[bytes, tuple[int, bytes]] = {}
    header: list[str] = []
    for number, line in enumerate(_lines(data or b"\n"), start=1):
        try:
            if number == 1:
                header = _header(line, encoding, columns)
                continue
            if not line.strip():
                continue
            cells = _cells(line, encoding)
            if len(cells) != len(header):
                raise _Refused("column_count", expected=len(header), found=len(cells))
            row = make(number, dict(zip(header, cells, strict=True)))
            _uncontradicted(row, seen)
        except _Refused as refused:
            yield RefusedRow(number, refused.field, refused.code, refused.facts)
            if number == 1:
                return
        else:
            yield row


def _uncontradicted(row: _Claiming, seen: dict[bytes, tuple[int, bytes]]) -> None:
    """Raise if an earlier line says something else of the same; digests keep a million lines small."""
    about, said = (blake2b("\0".join(part).encode(), digest_size=16).digest() for part in row.claim())
    line, earlier = seen.setdefault(about, (row.line, said))
    if earlier != said:
        raise _Refused("contradicts_line", line=line)


def _lines(data: bytes) -> Iterator[bytes]:
    """The lines of a file. No byte inside a character of UTF-8 or GBK looks like the end of a line."""
    return (line for block in io.BytesIO(data) for line in block.splitlines())


def _encoding(data: bytes) -> str:
    """UTF-8 if it says so or most of its Chinese lines read so, else GBK in its full form, GB 18030.

    A short line in GBK may by chance be UTF-8, and most of UTF-8 can be misread as GBK: the many decide for the few.
    """
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    votes = [_reads(line, "utf-8") for line in _lines(data) if not line.isascii()]
    return "utf-8" if 2 * sum(votes) > len(votes) or not votes else "gb18030"


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _cells(line: bytes, encoding: str) -> list[str]:
    try:
        cells = next(csv.reader([line.decode(encoding)], strict=True))
    except UnicodeDecodeError:
        raise _Refused("encoding_unknown") from None
    except csv.Error:
        raise _Refused("quotes_unbalanced") from None
    return [cell.strip() for cell in cells]


def _header(line: bytes, encoding: str, columns: tuple[str, ...]) -> list[str]:
    """The columns in the file's order. Raises _Refused unless they are exactly the expected ones, each once."""
    line = line.removeprefix(codecs.BOM_UTF8)
    if not line.strip():
        raise _Refused("header_missing", expected=columns)
    header = _cells(line, encoding)
    for column in header:
        if column not in columns:
            raise _Refused("column_unknown", column[:LONGEST], expected=columns)
        if header.count(column) > 1:
            raise _Refused("column_repeated", column)
    for column in columns:
        if column not in header:
            raise _Refused("column_missing", column)
    return header
