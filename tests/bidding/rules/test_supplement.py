"""When bidding may open or go on after a material change: whole days, holidays or not, one second on each side."""

from datetime import UTC, datetime, timedelta

import pytest

from auction.kernel.errors import DomainError
from auction.rules.ruleset import load
from bidding.rules.registration import may_leave
from bidding.rules.supplement import Window, earliest_bidding, put_off

RULES = load("spc-2016")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("changed", "earliest"),
    [
        ("2026-03-02T00:00:00", "2026-03-08T00:00:00"),
        ("2026-03-02T23:59:59", "2026-03-08T00:00:00"),
        ("2026-03-03T00:00:00", "2026-03-09T00:00:00"),
        ("2026-02-13T10:00:00", "2026-02-19T00:00:00"),  # across the Spring Festival: days are days
        ("2026-09-28T10:00:00", "2026-10-04T00:00:00"),  # across the National Day
        ("2026-12-29T10:00:00", "2027-01-04T00:00:00"),
    ],
)
def test_five_full_days_lie_between_a_change_and_bidding(changed: str, earliest: str) -> None:
    assert earliest_bidding(beijing(changed), RULES) == beijing(earliest)


def refused(window: Window, now: datetime, **asked: datetime | None) -> tuple[str | None, str]:
    with pytest.raises(DomainError) as caught:
        put_off(window, now, RULES, **{"opens_at": None, "closes_at": None, **asked})
    [breach] = caught.value.errors
    return breach.field, breach.code


def test_an_opening_that_leaves_the_days_stays_and_one_that_does_not_must_be_put_off() -> None:
    now, first = beijing("2026-03-02T15:00:00"), beijing("2026-03-08T00:00:00")
    fits, soon = Window(first, first + DAY), Window(first - SECOND, first + DAY)
    assert put_off(fits, now, RULES, opens_at=None, closes_at=None) == fits
    assert refused(soon, now) == ("opens_at", "supplement_too_short")
    assert refused(soon, now, opens_at=first - SECOND) == ("opens_at", "supplement_too_short")
    assert put_off(soon, now, RULES, opens_at=first, closes_at=None) == Window(first, first + DAY + SECOND)


def test_an_opening_never_comes_nearer_and_the_window_keeps_its_least_length() -> None:
    now, opens = beijing("2026-03-02T15:00:00"), beijing("2026-03-20T10:00:00")
    window = Window(opens, opens + 2 * DAY)
    assert refused(window, now, opens_at=opens - SECOND) == ("opens_at", "too_early")
    later = opens + 5 * DAY
    assert put_off(window, now, RULES, opens_at=later, closes_at=None) == Window(later, later + 2 * DAY)
    assert put_off(window, now, RULES, opens_at=later, closes_at=later + DAY) == Window(later, later + DAY)
    assert refused(window, now, opens_at=later, closes_at=later + DAY - SECOND) == ("closes_at", "too_early")


NOW = beijing("2026-03-02T15:00:00")


@pytest.mark.parametrize(
    ("registered", "material", "stands", "has_bid", "opens", "may"),
    [
        (-DAY, None, False, False, SECOND, True),
        (-DAY, None, False, False, 0 * DAY, False),  # bidding has opened
        (-DAY, None, True, True, SECOND, False),
        (-2 * DAY, -DAY, False, True, -3 * DAY, True),  # his bids fell with the change
        (-2 * DAY, -DAY, True, True, -3 * DAY, False),  # he has bid again: nobody withdraws a bid
        (-2 * DAY, -DAY, False, False, -3 * DAY, True),
        (-DAY, -DAY, False, False, -3 * DAY, False),  # he registered on the changed sheet
        (-DAY - SECOND, -DAY, False, False, -3 * DAY, True),
    ],
)
def test_who_may_leave(
    registered: timedelta, material: timedelta | None, stands: bool, has_bid: bool, opens: timedelta, may: bool
) -> None:
    assert may is may_leave(
        registered_at=NOW + registered,
        stands=stands,
        has_bid=has_bid,
        opens_at=NOW + opens,
        material_at=None if material is None else NOW + material,
        now=NOW,
    )
