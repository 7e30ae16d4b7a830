"""The published schedules of holidays and make-up working days, taken from the library `chinesecalendar`.

The only module that knows that library, and `holidays`, which computes the lunar calendar. The years of the first end
where the State Council's last schedule, known to it, ends. In later years weekends and the days that the measures on
public holidays fix count, by the solar or the lunar calendar (HOL 2), and what is computed is provisional: days off in
exchange and make-up working days are known only with the schedule.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

import chinese_calendar.constants as schedules
import holidays

from .calendar import HolidayCalendar, PeriodEnd, fixed_days, shanghai_day, standing_end
from .ruleset import Ruleset

#: The ruleset's names of the holidays that move with the moon, or the sun, and what `holidays` calls their days.
_MOVING = MappingProxyType(
    {
        "spring_festival": ("Chinese New Year's Eve", "Chinese New Year (Spring Festival)"),
        "qingming": ("Tomb-Sweeping Day",),
        "dragon_boat": ("Dragon Boat Festival",),
        "mid_autumn": ("Mid-Autumn Festival",),
    }
)
#: Years after the last schedule for which they are computed; no period runs so long.
_AHEAD = 30


def published_calendar(ruleset: Ruleset) -> HolidayCalendar:
    """Every schedule the library holds, with the holidays this ruleset knows for the years after.

    A ruleset copied before it named the moving holidays knows the fixed ones alone.
    """
    moving = ruleset.texts("moving_holidays") if "moving_holidays" in ruleset.parameters else ()
    return _calendar(ruleset.texts("fixed_holidays"), moving)


def as_published(told: date) -> PeriodEnd:
    """The last day people were told, as it stands by what is published now: later where it turned out to be off.

    `provisional` while the schedule that may still move it is not published. Needs no ruleset: in a year without a
    schedule the day was counted by one, and stays.
    """
    return standing_end(told, _calendar((), ()))


def due_as_published(told: datetime) -> datetime:
    """The same of the last second of such a day."""
    day = shanghai_day(told)
    end = as_published(day)
    return told if end.last_day == day else end.ends_at - timedelta(seconds=1)


@lru_cache(maxsize=16)
def _calendar(fixed: tuple[str, ...], moving: tuple[str, ...]) -> HolidayCalendar:
    years = frozenset(day.year for day in schedules.holidays)
    return HolidayCalendar(
        years=years,
        days_off=frozenset(schedules.holidays) | _moving_days(moving, range(max(years) + 1, max(years) + 1 + _AHEAD)),
        make_up=frozenset(schedules.workdays),
        fixed=fixed_days(fixed),
    )


def _moving_days(moving: Iterable[str], years: Iterable[int]) -> frozenset[date]:
    """The days of such holidays themselves, without those off in exchange for a weekend."""
    wanted = {name for code in moving for name in _MOVING[code]}
    computed = holidays.country_holidays("CN", years=years, observed=False, language="en_US")
    return frozenset(day for day in computed if wanted & set(computed.get_list(day)))
