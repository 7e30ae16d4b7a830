"""Counting days: minimum waits (never moved) and periods within which somebody must act (CPL 85)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.calendar import (
    HolidayCalendar,
    add_months,
    earliest_opening,
    fixed_days,
    midnight,
    period_end,
    shanghai_day,
    standing_end,
    whole_days_between,
    working_days_end,
)
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import Ruleset, load

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
#: The last year whose schedule the locked libraries hold. A newer lock that knows more fails the test below: raise it.
LAST_PUBLISHED = 2026

#: Moments of fifteen years, to the microsecond.
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=5478)).map(lambda after: datetime(2020, 1, 1, tzinfo=UTC) + after)
DATES = st.dates(date(2020, 1, 1), date(2035, 1, 1))


def at(text: str) -> datetime:
    """A Shanghai wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# Minimum waits


@pytest.mark.parametrize("hour", ["00:00:00", "10:00:00", "23:59:59.999999"])
def test_announced_on_1_march_with_30_days_it_may_open_from_1_april(hour: str) -> None:
    assert earliest_opening(at(f"2026-03-01T{hour}"), 30) == at("2026-04-01T00:00")


@pytest.mark.parametrize(
    ("act", "days", "opening"),
    [
        ("2026-03-01T10:00", 1, "2026-03-03T00:00"),
        ("2026-03-01T10:00", 3, "2026-03-05T00:00"),
        ("2026-03-01T10:00", 5, "2026-03-07T00:00"),
        ("2026-03-01T10:00", 7, "2026-03-09T00:00"),
        ("2026-03-01T10:00", 15, "2026-03-17T00:00"),
        ("2026-02-10T10:00", 7, "2026-02-18T00:00"),
        ("2026-09-28T10:00", 3, "2026-10-02T00:00"),
        ("2028-02-20T10:00", 15, "2028-03-07T00:00"),
        ("2026-12-31T23:59", 1, "2027-01-02T00:00"),
    ],
    ids=[
        "a day",
        "OJA 16(1)",
        "OJA 16(1) publicity",
        "OJA 26(1) movable",
        "OJA 12(1) movable",
        "over the Spring Festival",
        "into the National Day",
        "over a leap day",
        "over the new year",
    ],
)
def test_neither_the_day_of_the_act_nor_that_of_the_opening_counts(act: str, days: int, opening: str) -> None:
    assert earliest_opening(at(act), days) == at(opening)


def test_the_day_is_that_of_shanghai() -> None:
    just_before_midnight = datetime(2026, 3, 1, 15, 59, tzinfo=UTC)
    assert shanghai_day(just_before_midnight) == date(2026, 3, 1)
    assert shanghai_day(just_before_midnight + timedelta(minutes=1)) == date(2026, 3, 2)
    assert earliest_opening(just_before_midnight, 3) + DAY == earliest_opening(
        just_before_midnight + timedelta(minutes=1), 3
    )


@given(MOMENTS, st.integers(1, 120))
def test_the_earliest_opening_is_the_first_instant_with_so_many_whole_days(act: datetime, days: int) -> None:
    opening = earliest_opening(act, days)
    assert whole_days_between(act, opening) == days
    assert whole_days_between(act, opening - TICK) == days - 1
    assert opening.tzinfo is UTC


@given(MOMENTS, st.integers(1, 120))
def test_holidays_never_move_a_minimum_wait(act: datetime, days: int) -> None:
    opening = earliest_opening(act, days)
    assert opening.astimezone(SHANGHAI).time().isoformat() == "00:00:00"
    assert (shanghai_day(opening) - shanghai_day(act)).days == days + 1


@given(MOMENTS, MOMENTS, st.integers(1, 60))
def test_acting_earlier_never_means_opening_later(one: datetime, other: datetime, days: int) -> None:
    first, second = sorted((one, other))
    assert earliest_opening(first, days) <= earliest_opening(second, days)


def test_no_days_is_no_wait_and_fewer_is_our_mistake() -> None:
    act = at("2026-03-01T10:00")
    assert earliest_opening(act, 0) == act
    with pytest.raises(ValueError, match="negative"):
        earliest_opening(act, -1)


def test_an_opening_before_or_on_the_day_of_the_act_leaves_no_whole_day() -> None:
    act = at("2026-03-10T10:00")
    for opening in ("2026-03-01T00:00", "2026-03-10T23:59", "2026-03-11T23:59"):
        assert whole_days_between(act, at(opening)) == 0
    assert whole_days_between(act, at("2026-03-12T00:00")) == 1


def test_a_naive_moment_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="offset"):
        shanghai_day(datetime(2026, 3, 1))  # noqa: DTZ001


# Periods within which somebody must act


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2026-03-02", 4, "2026-03-06"),
        ("2026-03-02", 5, "2026-03-09"),
        ("2026-03-02", 6, "2026-03-09"),
        ("2026-03-02", 7, "2026-03-09"),
        ("2026-03-02", 30, "2026-04-01"),
        ("2026-09-01", 30, "2026-10-08"),
        ("2026-01-16", 30, "2026-02-24"),
        ("2026-01-10", 4, "2026-01-14"),
        ("2025-12-31", 4, "2026-01-04"),
        ("2026-02-04", 10, "2026-02-14"),
        ("2026-03-02", 0, "2026-03-02"),
    ],
    ids=[
        "CPL 85(3) a Friday stays",
        "CPL 85(3) a Saturday moves to Monday",
        "CPL 85(3) a Sunday moves to Monday",
        "CPL 85(3) a Monday stays",
        "OJA 26(1) on a Wednesday",
        "OJA 26(1) 1 October moves behind the holiday",
        "REF 1 the Spring Festival moves to its first working day",
        "CPL 85(3) a plain Wednesday",
        "CPL 85(3) a Sunday worked in exchange stays",
        "CPL 85(3) a Saturday worked in exchange stays",
        "no days",
    ],
)
def test_the_last_day_of_a_period_is_worked(calendar: HolidayCalendar, start: str, days: int, last: str) -> None:
    assert period_end(date.fromisoformat(start), days, calendar) == (date.fromisoformat(last), False)


def test_a_period_ends_when_its_last_day_is_over(calendar: HolidayCalendar) -> None:
    end = period_end(date(2026, 3, 2), 5, calendar)
    assert end.ends_at == at("2026-03-10T00:00")
    assert end.ends_at.tzinfo is UTC


@given(DATES, st.integers(0, 90))
def test_only_days_off_lie_between_the_plain_end_and_the_last_day(start: date, days: int) -> None:
    calendar = published_calendar(load("spc-2016"))
    end, provisional = period_end(start, days, calendar)
    plain = start + timedelta(days=days)
    skipped = [plain + DAY * number for number in range((end - plain).days)]
    assert calendar.is_working(end)
    assert not any(calendar.is_working(day) for day in skipped)
    assert provisional == (not all(calendar.is_settled(day) for day in [*skipped, end]))


@given(DATES, DATES, st.integers(0, 60))
def test_starting_later_never_ends_earlier(one: date, other: date, days: int) -> None:
    calendar = published_calendar(load("spc-2016"))
    first, second = sorted((one, other))
    assert period_end(first, days, calendar).last_day <= period_end(second, days, calendar).last_day


def test_a_year_without_a_schedule_counts_weekends_and_what_the_measures_fix_and_is_provisional(
    calendar: HolidayCalendar,
) -> None:
    for start, days, last in (
        ("2027-02-01", 3, "2027-02-04"),  # the day before New Year's eve, a Thursday
        ("2027-02-01", 4, "2027-02-09"),  # the eve is a Friday; the third day of the year a Monday
        ("2027-02-01", 7, "2027-02-09"),
        ("2028-01-20", 4, "2028-01-24"),
        ("2028-01-20", 5, "2028-01-31"),  # a Tuesday's eve, three days, a weekend
        ("2027-03-31", 5, "2027-04-06"),  # Qingming is a Monday
        ("2027-06-01", 8, "2027-06-10"),  # the Dragon Boat Festival
        ("2027-09-01", 14, "2027-09-16"),  # the Mid-Autumn Festival
        ("2027-04-01", 30, "2027-05-03"),
        ("2027-09-01", 29, "2027-09-30"),
        ("2027-09-01", 30, "2027-10-04"),
        ("2028-09-01", 30, "2028-10-04"),  # Mid-Autumn on 3 October
        ("2027-12-02", 30, "2028-01-03"),
    ):
        assert period_end(date.fromisoformat(start), days, calendar) == (date.fromisoformat(last), True)


@pytest.mark.parametrize(
    ("start", "last", "provisional"),
    [
        ("2026-12-14", "2026-12-28", False),
        ("2026-12-15", "2026-12-29", True),
        ("2026-12-17", "2026-12-31", True),
        ("2026-12-18", "2027-01-04", True),
        ("2025-12-16", "2025-12-30", False),
    ],
)
def test_the_end_of_december_waits_for_the_next_schedule(
    calendar: HolidayCalendar, start: str, last: str, provisional: bool
) -> None:
    end = period_end(date.fromisoformat(start), 14, calendar)
    assert end == (date.fromisoformat(last), provisional)


def scheduled(*off: str, work: str = "") -> HolidayCalendar:
    """A calendar that knows the schedule of 2027, with these days off and one made up for."""
    made_up = frozenset({date.fromisoformat(work)} if work else ())
    years, days = frozenset({2026, 2027, 2028}), frozenset(map(date.fromisoformat, off))
    return HolidayCalendar(years, days, made_up, frozenset())


@pytest.mark.parametrize(
    ("told", "schedule", "stands"),
    [
        ("2027-02-09", scheduled("2027-02-09", "2027-02-10", "2027-02-11", "2027-02-12"), "2027-02-15"),
        ("2027-02-09", scheduled("2027-02-08"), "2027-02-09"),
        ("2027-02-09", scheduled(), "2027-02-09"),
        ("2027-10-08", scheduled("2027-10-07", work="2027-10-09"), "2027-10-08"),
        ("2027-10-08", scheduled("2027-10-08", work="2027-10-09"), "2027-10-09"),
    ],
    ids=["off now", "worked", "nothing known is off", "before a made-up Saturday", "off, a made-up Saturday follows"],
)
def test_a_published_schedule_moves_an_end_only_later(told: str, schedule: HolidayCalendar, stands: str) -> None:
    assert standing_end(date.fromisoformat(told), schedule) == (date.fromisoformat(stands), False)


@given(DATES, st.integers(0, 60))
def test_an_end_under_a_calendar_stands_under_the_same(start: date, days: int) -> None:
    calendar = published_calendar(load("spc-2016"))
    last = period_end(start, days, calendar).last_day
    assert standing_end(last, calendar).last_day == last


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-02", 5, "2026-03-09"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-03-07", 0, "2026-03-07"),
    ],
)
def test_working_days_are_counted_one_by_one(calendar: HolidayCalendar, start: str, days: int, last: str) -> None:
    assert working_days_end(date.fromisoformat(start), days, calendar) == (date.fromisoformat(last), False)


def test_working_days_into_a_year_without_a_schedule_are_provisional(calendar: HolidayCalendar) -> None:
    assert working_days_end(date(2026, 12, 24), 5, calendar) == (date(2026, 12, 31), True)
    assert working_days_end(date(2026, 12, 30), 2, calendar) == (date(2027, 1, 4), True)


def test_one_unsettled_day_on_the_way_is_enough_to_be_provisional() -> None:
    """2030 is published, 2031 is not, 2032 is: the way from one to the other goes through the unknown."""
    everything_off = frozenset(date(2031, 1, 1) + DAY * number for number in range(365))
    calendar = HolidayCalendar(frozenset({2030, 2032}), everything_off, frozenset(), frozenset())
    assert period_end(date(2030, 12, 30), 3, calendar) == (date(2032, 1, 1), True)
    assert working_days_end(date(2030, 12, 30), 3, calendar) == (date(2032, 1, 2), True)


def test_a_day_off_is_off_whatever_the_weekday_and_a_make_up_day_worked() -> None:
    monday, saturday = date(2030, 1, 7), date(2030, 1, 12)
    calendar = HolidayCalendar(frozenset({2030}), frozenset({monday}), frozenset({saturday}), frozenset({(1, 8)}))
    assert not calendar.is_working(monday)
    assert calendar.is_working(saturday)
    assert calendar.is_working(date(2030, 1, 8)), "in a published year only the schedule counts"
    assert not calendar.is_working(date(2031, 1, 8))


def test_a_negative_period_is_our_mistake(calendar: HolidayCalendar) -> None:
    with pytest.raises(ValueError, match="negative"):
        period_end(date(2026, 3, 2), -1, calendar)


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        ("2026-03-15", 6, "2026-09-15"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-06-30", 6, "2026-12-30"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-01-31", 11, "2026-12-31"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2026-01-05", 12, "2027-01-05"),
        ("2026-01-05", 0, "2026-01-05"),
    ],
)
def test_months_end_on_the_corresponding_day(day: str, months: int, result: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(result)


def test_midnight_is_that_of_shanghai() -> None:
    assert midnight(date(2026, 3, 2)) == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_fixed_holidays_are_months_and_days() -> None:
    assert fixed_days(("01-01", "10-13")) == {(1, 1), (10, 13)}


# What is published


@pytest.mark.parametrize("year", range(2025, LAST_PUBLISHED + 1))
def test_two_libraries_agree_on_every_day_of_a_published_year(calendar: HolidayCalendar, year: int) -> None:
    other = holidays.country_holidays("CN", years=year)
    day = date(year, 1, 1)
    while day.year == year:
        assert calendar.is_working(day) == chinese_calendar.is_workday(day) == other.is_working_day(day), day
        day += DAY


def test_the_schedule_of_2027_is_published_by_neither_library(calendar: HolidayCalendar) -> None:
    assert max(calendar.years) == LAST_PUBLISHED
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_workday(date(LAST_PUBLISHED + 1, 1, 4))
    guessed = holidays.country_holidays("CN", years=LAST_PUBLISHED + 1, language="en_US")
    assert not any("substituted" in name for name in guessed.values()), "no make-up days: not the schedule, a guess"
    assert not calendar.is_settled(date(LAST_PUBLISHED + 1, 6, 1))


def test_every_fixed_holiday_is_a_day_off_in_every_schedule_since_the_measures_of_2024(
    calendar: HolidayCalendar, ruleset: Ruleset
) -> None:
    for year in range(2025, LAST_PUBLISHED + 1):
        for month, day in fixed_days(ruleset.texts("fixed_holidays")):
            assert not calendar.is_working(date(year, month, day))
