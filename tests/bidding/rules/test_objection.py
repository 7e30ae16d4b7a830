"""Periods of objections and of stopped sales at their edges, across the Spring Festival and the National Day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from bidding.rules.objection import (
    Bar,
    Suit,
    bars_sale,
    decision_due,
    outcome,
    remedy_due,
    remedy_of,
    review_due,
)
from bidding.rules.suspension import earliest_end, remaining_seconds, resume_after_supplement, resume_by

RULES = load("spc-2016")
CALENDAR = published_calendar(RULES)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        ("2026-03-02", "2026-03-17"),  # 15 days, a Tuesday
        ("2026-03-05", "2026-03-20"),  # ends on a Friday
        ("2026-03-06", "2026-03-23"),  # would end on a Saturday: Monday
        ("2026-01-30", "2026-02-14"),  # a Saturday that is worked in exchange
        ("2026-01-31", "2026-02-24"),  # would end on 15 February, the first day of the Spring Festival
        ("2026-02-08", "2026-02-24"),  # would end on its last day
        ("2026-09-15", "2026-09-30"),  # the last working day before the National Day
        ("2026-09-16", "2026-10-08"),  # would end on 1 October
    ],
)
def test_an_objection_is_decided_in_fifteen_days_that_end_on_a_working_day(filed: str, due: str) -> None:
    for kind in ("conduct", "ownership"):
        assert decision_due(kind, day(filed), RULES, CALENDAR).last_day == day(due)


def test_what_is_open_afterwards_and_until_when() -> None:
    assert (remedy_of("conduct"), remedy_of("ownership")) == ("review", "suit")
    assert remedy_due("conduct", day("2026-03-02"), RULES, CALENDAR).last_day == day("2026-03-12")
    assert remedy_due("ownership", day("2026-03-02"), RULES, CALENDAR).last_day == day("2026-03-17")
    assert review_due(day("2026-03-02"), RULES, CALENDAR, extended=False).last_day == day("2026-04-01")
    assert review_due(day("2026-03-02"), RULES, CALENDAR, extended=True).last_day == day("2026-05-06")


@pytest.mark.parametrize(
    ("kind", "status", "review", "bars"),
    [
        ("conduct", "filed", None, None),
        ("conduct", "accepted", None, "conduct_accepted"),
        ("conduct", "accepted", "reversed", None),
        ("conduct", "rejected", None, None),
        ("conduct", "rejected", "filed", None),
        ("conduct", "rejected", "upheld", None),
        ("conduct", "rejected", "reversed", "conduct_accepted"),
        ("ownership", "filed", None, "objection_open"),
        ("ownership", "accepted", None, "objection_accepted"),
        ("ownership", "rejected", None, None),
    ],
)
def test_a_claim_and_whatever_was_accepted_keep_a_sale_from_going_on(
    kind: str, status: str, review: str | None, bars: str | None
) -> None:
    assert bars_sale(kind, status, day("2026-03-17"), review) == (Bar(bars) if bars else None)


@pytest.mark.parametrize(
    ("today", "filed_on", "ended", "bar"),
    [
        ("2026-03-16", None, None, "suit_days 2026-03-17"),
        ("2026-03-17", None, None, "suit_days 2026-03-17"),  # the last day
        ("2026-03-18", None, None, None),
        ("2026-03-17", "2026-03-10", None, "suit_pending 2026-03-10"),
        ("2027-03-17", "2026-03-10", None, "suit_pending 2026-03-10"),  # however long it is tried
        ("2026-03-16", "2026-03-10", "dismissed", None),  # nobody need wait for the days any more
        ("2027-03-17", "2026-03-10", "dismissed", None),
        ("2027-03-17", "2026-03-10", "upheld", "objection_accepted"),
    ],
)
def test_a_rejected_claim_keeps_the_lot_for_the_days_to_sue_and_while_a_suit_is_tried(
    today: str, filed_on: str | None, ended: str | None, bar: str | None
) -> None:
    suit = Suit(day("2026-03-17"), day(filed_on) if filed_on else None, ended)
    found = bars_sale("ownership", "rejected", day(today), suit=suit)
    assert (f"{found.code} {found.day or ''}".strip() if found else None) == bar


def test_a_decision_reversed_on_review_is_turned_round() -> None:
    cases = [("accepted", None), ("accepted", "upheld"), ("accepted", "reversed"), ("rejected", "reversed")]
    assert [outcome(*case) for case in cases] == ["accepted", "accepted", "rejected", "accepted"]


@pytest.mark.parametrize(
    ("ended", "by"),
    [
        ("2026-03-02T23:59:59", "2026-03-09"),  # the fifth day is a Saturday
        ("2026-03-03T00:00:00", "2026-03-09"),
        ("2026-03-04T12:00:00", "2026-03-09"),
        ("2026-03-05T12:00:00", "2026-03-10"),
        ("2026-02-09T12:00:00", "2026-02-14"),
        ("2026-02-10T12:00:00", "2026-02-24"),
        ("2026-09-25T12:00:00", "2026-09-30"),
        ("2026-09-26T12:00:00", "2026-10-08"),
    ],
)
def test_a_sale_resumes_within_five_days_of_the_end_of_its_cause(ended: str, by: str) -> None:
    assert resume_by(beijing(ended), RULES, CALENDAR).last_day == day(by)


def test_the_days_to_resume_follow_the_last_full_day_of_a_supplement() -> None:
    assert resume_after_supplement(beijing("2026-03-09T00:00:00"), RULES, CALENDAR).last_day == day("2026-03-13")
    assert resume_after_supplement(beijing("2026-10-01T00:00:00"), RULES, CALENDAR).last_day == day("2026-10-08")


NOW = beijing("2026-03-02T15:00:00")


@pytest.mark.parametrize(
    ("opens", "remaining", "earliest"),
    [
        (-HOUR, 24 * 3600 - 1, 24 * HOUR),  # the notice is longer
        (-HOUR, 24 * 3600, 24 * HOUR),
        (-HOUR, 24 * 3600 + 1, 24 * HOUR + SECOND),  # the time that was left is
        (-HOUR, 0, 24 * HOUR),
        (24 * HOUR, 0, 24 * HOUR + 10 * MINUTE),  # at least ten minutes of bidding
        (24 * HOUR, 599, 24 * HOUR + 10 * MINUTE),
        (24 * HOUR, 601, 24 * HOUR + 601 * SECOND),
        (23 * HOUR + 50 * MINUTE, 0, 24 * HOUR),
        (23 * HOUR + 50 * MINUTE + SECOND, 0, 24 * HOUR + SECOND),
    ],
)
def test_the_earliest_end_leaves_the_notice_the_time_left_and_ten_minutes(
    opens: timedelta, remaining: int, earliest: timedelta
) -> None:
    assert earliest_end(NOW, NOW + opens, remaining, RULES) == NOW + earliest


def test_a_notice_of_hours_runs_on_over_holidays() -> None:
    eve = beijing("2026-09-30T20:00:00")
    assert earliest_end(eve, eve - HOUR, 60, RULES) == beijing("2026-10-01T20:00:00")


@pytest.mark.parametrize(
    ("before_end", "seconds"),
    [(0 * SECOND, 0), (SECOND / 1000, 1), (SECOND, 1), (HOUR, 3600), (HOUR + SECOND / 2, 3601), (-SECOND, 0)],
)
def test_what_was_left_counts_in_whole_seconds(before_end: timedelta, seconds: int) -> None:
    assert remaining_seconds(NOW - before_end, NOW - 24 * HOUR, NOW) == seconds
    assert remaining_seconds(NOW - 50 * HOUR, NOW - 24 * HOUR, NOW) == 24 * 3600
