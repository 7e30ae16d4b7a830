"""The calendar of sales: how many lots open and end on each day, Beijing time."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from auction.kernel.db import is_postgresql
from auction.models import LotListing
from auction.rules.calendar import midnight

#: What stands in the calendar: a sale that was withdrawn or revoked opens and ends on no day.
_ENDING = ("announced", "open", "sold", "unsold")
#: A suspended one has opened, and has no end until it is announced anew.
_OPENING = (*_ENDING, "suspended")
_DAY, _AHEAD = 86_400_000_000, 8 * 3_600_000_000
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class SaleDay:
    """What happens on a day."""

    day: date
    opening: int
    closing: int


def sale_days(session: Session, first: date, last: date, court: str | None) -> list[SaleDay]:
    """Every day from `first` to `last` with its counts, of one court or of all."""
    opening = _counts(session, LotListing.opens_at, _OPENING, first, last, court)
    closing = _counts(session, LotListing.closes_at, _ENDING, first, last, court)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [SaleDay(day, opening.get(day, 0), closing.get(day, 0)) for day in days]


def _counts(
    session: Session, column: Any, statuses: tuple[str, ...], first: date, last: date, court: str | None
) -> dict[date, int]:
    day: Any
    if is_postgresql(session):
        day = cast(func.timezone("Asia/Shanghai", column), Date)
    else:
        day = (type_coerce(column, BigInteger) + _AHEAD) // _DAY
    rows = select(day.label("day"), func.count()).where(
        column >= midnight(first), column < midnight(last + timedelta(days=1)), LotListing.status.in_(statuses)
    )
    if court:
        rows = rows.where(LotListing.court_code == court)
    found = session.execute(rows.group_by("day")).all()
    return {_day(row[0]): row[1] for row in found}


def _day(found: date | int) -> date:
    return found if isinstance(found, date) else _EPOCH + timedelta(days=found)
