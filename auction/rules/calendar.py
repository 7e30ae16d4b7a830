"""Counting days, in Asia/Shanghai.

Two kinds of time are counted in days. A *minimum wait* (notice, publicity) is whole calendar days between an act and
an opening: neither end counts, holidays never move it. A *period* within which somebody must act begins the day after
its start, and its last day moves off weekends and holidays (Civil Procedure Law, article 85). Hours and minutes simply
run on and need no function.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol

from ..kernel.clock import SHANGHAI

_DAY = timedelta(days=1)


class WorkingDays(Protocol):
    """Which days are worked, and for which days that is settled by a published schedule."""

    def is_working(self, day: date) -> bool: ...

    def is_settled(self, day: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """The State Council's yearly schedules as data.

    `years`: the years whose schedule is published; `days_off` and `make_up`: its holidays and the weekend days worked
    in exchange. In a year not in `years` the holidays with a fixed date count, (month, day) in `fixed`, and the days in
    `days_off` that move with the lunar calendar.
    """

    years: frozenset[int]
    days_off: frozenset[date]
    make_up: frozenset[date]
    fixed: frozenset[tuple[int, int]]

    def is_working(self, day: date) -> bool:
        if day in self.make_up:
            return True
        if day in self.days_off or day.weekday() >= 5:
            return False
        return day.year in self.years or (day.month, day.day) not in self.fixed

    def is_settled(self, day: date) -> bool:
        """False where a schedule still to come may change the day; the last days of December belong to two of them."""
        return day.year in self.years and ((day.month, day.day) < (12, 29) or day.year + 1 in self.years)


class PeriodEnd(NamedTuple):
    """The last day on which one may act, and whether a schedule still to be published may move it (`provisional`)."""

    last_day: date
    provisional: bool

    @property
    def ends_at(self) -> datetime:
        """The first instant (UTC) at which it is too late."""
        return midnight(self.last_day + _DAY)


def shanghai_day(moment: datetime) -> date:
    """The calendar day in Asia/Shanghai of an aware moment; ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return moment.astimezone(SHANGHAI).date()


def day_of(text: str) -> date | None:
    """The day that `YYYY-MM-DD` names; None for any other text, also for the other forms of ISO 8601."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def midnight(day: date) -> datetime:
    """00:00 of that day in Asia/Shanghai, as an aware UTC moment."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def whole_days_between(act_at: datetime, opening_at: datetime) -> int:
    """The whole Shanghai days strictly between the day of an act and that of an opening; 0 where there are none."""
    return max(0, (shanghai_day(opening_at) - shanghai_day(act_at)).days - 1)


def earliest_opening(act_at: datetime, whole_days: int) -> datetime:
    """The first moment (UTC) at which `whole_days` whole days lie behind an act: 00:00 in Shanghai.

    Announced on 1 March at any hour with 30 days' notice: 1 April 00:00. With 0 days there is no wait: `act_at`.
    """
    if whole_days < 0:
        raise ValueError("a wait is not negative")
    if whole_days == 0:
        return act_at
    return midnight(shanghai_day(act_at) + timedelta(days=whole_days + 1))


def period_end(start: date, days: int, holidays: WorkingDays) -> PeriodEnd:
    """The end of a period of `days` that began with an act on `start` (which does not count).

    The last day moves to the next working day. `provisional` when a day that was looked at is not settled yet.
    """
    if days < 0:
        raise ValueError("a period is not negative")
    return _next_working(start + timedelta(days=days), holidays)


def working_days_end(start: date, days: int, holidays: WorkingDays) -> PeriodEnd:
    """The end of a period of so many *working* days; the day of the start does not count."""
    last, provisional = start, False
    for _ in range(days):
        last, unsettled = _next_working(last + _DAY, holidays)
        provisional |= unsettled
    return PeriodEnd(last, provisional)


def standing_end(told: date, holidays: WorkingDays) -> PeriodEnd:
    """The end people were told, as it stands by the schedules published now.

    A day that turned out to be off moves on to the next working one; it never becomes earlier, to nobody's harm. A day
    on a weekend was chosen, not counted, and stays.
    """
    if told.weekday() >= 5:
        return PeriodEnd(told, provisional=not holidays.is_settled(told))
    return _next_working(told, holidays)


def add_months(day: date, months: int) -> date:
    """The corresponding day so many months on, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - _DAY).day))


def fixed_days(texts: Iterable[str]) -> frozenset[tuple[int, int]]:
    """(month, day) pairs of the ruleset's "MM-DD" list `fixed_holidays`."""
    return frozenset((int(text[:2]), int(text[3:])) for text in texts)


def _next_working(day: date, holidays: WorkingDays) -> PeriodEnd:
    provisional = not holidays.is_settled(day)
    while not holidays.is_working(day):
        day += _DAY
        provisional |= not holidays.is_settled(day)
    return PeriodEnd(day, provisional)
