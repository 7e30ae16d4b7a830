"""Registry files, line by line: every line becomes a row that can be stored, or a refusal that names line and field.

Whether a court or an agency is known is not read from a file, and not checked here. A row that repeats an earlier one
is given again; one that contradicts it is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import BinaryIO, Protocol, TypeVar

from auction.kernel.errors import DomainError
from auction.rules import identity
from auction.rules.calendar import day_of
from auction.rules.letters import TURNING, says_something

from ..rules.control import ROLES
from ..rules.interest import BODY_TYPES, NEAR_RELATIONS, PLATFORM
from ..rules.shares import WHOLE
from .lines import LONGEST, Refused, RefusedRow, rows_of
from .spooled import Claims

STAFF_COLUMNS = ("body_type", "body_code", "name", "id_number", "position", "from", "to")
RELATIVES_COLUMNS = ("id_number", "relative_name", "relative_id_number", "relation")
CONTROL_COLUMNS = ("company_uscc", "company_name", "holder_id", "role", "share", "from", "to")

_SHARE = re.compile(r"(?:0?\.[0-9]{1,30}|0|1(?:\.0{1,30})?|0\.)")


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


@dataclass(frozen=True, slots=True)
class ControlRow:
    """What a holder is in a company: normalised numbers, `share` in parts per million or None where it is not known."""

    line: int
    company_uscc: str
    company_name: str
    holder_type: str
    holder_id: str
    role: str
    share: int | None
    from_on: date
    to_on: date | None

    def claim(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the row is about, and what it says of it: two rows about the same must say the same."""
        about = (self.company_uscc, self.holder_id, self.role, self.from_on.isoformat())
        return about, (self.company_name, str(self.share), self.to_on.isoformat() if self.to_on else "")


class _Claiming(Protocol):
    @property
    def line(self) -> int: ...

    def claim(self) -> tuple[tuple[str, ...], tuple[str, ...]]: ...


R = TypeVar("R", bound=_Claiming)


def read_staff(stream: BinaryIO, today: date) -> Iterator[StaffRow | RefusedRow]:
    """The rows of a staff file, in order, good and refused; `today` bounds birth dates. The stream must be seekable."""
    return _read(stream, STAFF_COLUMNS, lambda line, cells: _staff(line, cells, today))


def read_relatives(stream: BinaryIO, today: date) -> Iterator[RelativeRow | RefusedRow]:
    """The rows of a relatives file, as `read_staff`."""
    return _read(stream, RELATIVES_COLUMNS, lambda line, cells: _relative(line, cells, today))


def read_control(stream: BinaryIO, today: date, own_most: Fraction) -> Iterator[ControlRow | RefusedRow]:
    """The rows of a file of companies and who is behind them, as `read_staff`.

    A company may hold shares of its own, as much of itself as `own_most`, and nothing else in itself.
    """
    return _read(stream, CONTROL_COLUMNS, lambda line, cells: _control(line, cells, today, own_most))


def _read(
    stream: BinaryIO, columns: tuple[str, ...], make: Callable[[int, Mapping[str, str]], R]
) -> Iterator[R | RefusedRow]:
    with Claims() as claims:
        for found in rows_of(stream, columns):
            if isinstance(found, RefusedRow):
                yield found
                continue
            line, cells = found
            try:
                row = make(line, cells)
                claims.take(line, *row.claim())
            except Refused as refused:
                yield refused.at(line)
            else:
                yield row


def _staff(line: int, cells: Mapping[str, str], today: date) -> StaffRow:
    body_type = _choice(cells, "body_type", BODY_TYPES)
    body_code = _filled(cells, "body_code")
    if body_type == "agency":
        body_code = identity.normalise(identity.USCC, body_code)
    elif body_type == "provider" and body_code != PLATFORM:
        raise Refused("unknown_provider", "body_code", expected=PLATFORM)
    name = _filled(cells, "name")
    id_number = _number(cells, "id_number", today, identity.RESIDENT_ID)
    position = _filled(cells, "position")
    return StaffRow(line, body_type, body_code, name, id_number, position, *_term(cells))


def _relative(line: int, cells: Mapping[str, str], today: date) -> RelativeRow:
    person = _number(cells, "id_number", today, identity.RESIDENT_ID)
    name = _filled(cells, "relative_name")
    relative = _number(cells, "relative_id_number", today, identity.RESIDENT_ID)
    if relative == person:
        raise Refused("own_relative", "relative_id_number")
    return RelativeRow(line, person, name, relative, _choice(cells, "relation", NEAR_RELATIONS))


def _control(line: int, cells: Mapping[str, str], today: date, own_most: Fraction) -> ControlRow:
    company = _number(cells, "company_uscc", today, identity.USCC)
    name = _filled(cells, "company_name")
    holder_type, holder = _holder(cells, today)
    role = _choice(cells, "role", ROLES)
    share = _share(cells)
    if holder == company and role != "shareholder":
        raise Refused("own_controller", "holder_id")
    if holder == company and (share is None or share > own_most * WHOLE):
        raise Refused("own_shares", "share", most=str(float(own_most)))
    return ControlRow(line, company, name, holder_type, holder, role, share, *_term(cells))


def _holder(cells: Mapping[str, str], today: date) -> tuple[str, str]:
    """A resident number if it can be one, else a credit code; no number in use is both."""
    for id_type in (identity.RESIDENT_ID, identity.USCC):
        try:
            return id_type, _number(cells, "holder_id", today, id_type)
        except Refused as refused:
            if refused.code != "identity_invalid":
                raise
    raise Refused("identity_invalid", "holder_id", reason="holder")


def _share(cells: Mapping[str, str]) -> int | None:
    """Parts per million, the nearest; None where the cell is empty."""
    value = cells["share"]
    if not value:
        return None
    if not _SHARE.fullmatch(value):
        raise Refused("share_unreadable", "share")
    return int((Decimal(value) * WHOLE).to_integral_value(ROUND_HALF_UP))


def _term(cells: Mapping[str, str]) -> tuple[date, date | None]:
    from_on = _day(cells, "from")
    to_on = _day(cells, "to") if cells["to"] else None
    if to_on is not None and to_on < from_on:
        raise Refused("ends_before_start", "to", start=from_on.isoformat())
    return from_on, to_on


def _filled(cells: Mapping[str, str], field: str) -> str:
    value = cells[field]
    if not says_something(value):
        raise Refused("required", field)
    if len(value) > LONGEST:
        raise Refused("too_long", field, limit=LONGEST)
    if "\n" in value:
        raise Refused("line_break", field)
    if not value.isprintable() and any(_is_control(mark) for mark in value):
        raise Refused("control_characters", field)
    return value


def _is_control(mark: str) -> bool:
    return unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp") or mark in TURNING


def _choice(cells: Mapping[str, str], field: str, allowed: tuple[str, ...]) -> str:
    value = _filled(cells, field)
    if value not in allowed:
        raise Refused("not_one_of", field, allowed=allowed)
    return value


def _number(cells: Mapping[str, str], field: str, today: date, id_type: str) -> str:
    try:
        return identity.check(id_type, _filled(cells, field), today, field)
    except DomainError:
        raise Refused("identity_invalid", field, reason=id_type) from None


def _day(cells: Mapping[str, str], field: str) -> date:
    day = day_of(_filled(cells, field))
    if day is None:
        raise Refused("date_invalid", field)
    return day
