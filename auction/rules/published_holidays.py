"""The published schedules of holidays and make-up working days, taken from the library `chinesecalendar`.

The only module that knows that library. Its years end where the State Council's last schedule, known to it, ends;
later years are counted by the ruleset's fixed holidays and called provisional.
"""

from functools import lru_cache

import chinese_calendar.constants as schedules

from .calendar import HolidayCalendar, fixed_days
from .ruleset import Ruleset


def published_calendar(ruleset: Ruleset) -> HolidayCalendar:
    """Every schedule the library holds, with this ruleset's fixed holidays for the years after."""
    return _calendar(ruleset.texts("fixed_holidays"))


@lru_cache(maxsize=16)
def _calendar(fixed: tuple[str, ...]) -> HolidayCalendar:
    return HolidayCalendar(
        years=frozenset(day.year for day in schedules.holidays),
        days_off=frozenset(schedules.holidays),
        make_up=frozenset(schedules.workdays),
        fixed=fixed_days(fixed),
    )
