"""Which look-ups of personal data are unusual: at each limit nothing, one beyond it an alert, told once."""

from datetime import UTC, datetime, timedelta

import pytest

from auction.rules.ruleset import load
from risk.rules.look_ups import LookUp, Unusual, unusual_look_ups

RULES = load("spc-2016")
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def looked(times: list[datetime], *, same: bool = False, own: bool = True) -> list[LookUp]:
    return [LookUp(n, at, "p" if same else f"p{n}", own) for n, at in enumerate(times, 1)]


def told(look_ups: list[LookUp], now: datetime) -> list[Unusual]:
    return unusual_look_ups(look_ups, now, RULES)


@pytest.mark.parametrize(
    ("code", "most", "how"),
    [
        ("look_ups_many", 30, {}),
        ("look_ups_outside_cases", 2, {"own": False}),
        ("look_ups_same_person", 3, {"same": True}),
    ],
)
def test_at_the_limit_nothing_is_told_and_one_beyond_it_is(code: str, most: int, how: dict[str, bool]) -> None:
    times = [NOON - (most - n) * MINUTE for n in range(most + 1)]
    assert told(looked(times[:-1], **how), NOON) == []
    [found] = told(looked(times, **how), NOON)
    assert (found.code, found.facts["count"], found.facts["most"]) == (code, most + 1, most)
    assert found.look_ups == tuple(range(1, most + 2))


def test_what_lies_further_back_than_the_span_does_not_count() -> None:
    times = [NOON - DAY - MINUTE, *(NOON - n * MINUTE for n in range(2))]
    assert told(looked(times, own=False), NOON) == []
    months = [NOON - 31 * DAY, *(NOON - n * DAY for n in (20, 10, 0))]
    assert told(looked(months, same=True), NOON) == []
    assert [one.facts["days"] for one in told(looked([*months, NOON], same=True), NOON)] == [30]


def test_nobody_in_particular_is_no_person_looked_up_again() -> None:
    entries = [LookUp(n, NOON, None, own_case=True) for n in range(9)]
    assert told(entries, NOON) == []


def test_a_night_runs_from_ten_to_six_in_shanghai_and_over_midnight() -> None:
    ten = datetime(2026, 3, 2, 14, tzinfo=UTC)
    night = [ten, ten + 2 * HOUR, ten + 8 * HOUR - timedelta(seconds=1)]
    [found] = told(looked(night), night[-1])
    assert (found.code, found.facts) == (
        "look_ups_at_night",
        {"count": 3, "most": 2, "from_hour": 22, "to_hour": 6},
    )
    assert told(looked([ten - MINUTE, *night[:2]]), night[1]) == []
    assert told(looked([*night[:2], ten + 8 * HOUR]), ten + 8 * HOUR) == []
    assert told(looked([ten, ten + HOUR, ten + DAY - MINUTE]), ten + DAY - MINUTE) == []  # two nights


def test_an_occasion_is_named_by_its_last_look_up_so_that_it_is_told_once() -> None:
    times = [NOON - n * MINUTE for n in range(3)]
    [first] = told(looked(times, own=False), NOON)
    own = LookUp(9, NOON + 12 * HOUR + MINUTE, "p9", own_case=True)
    [again] = told([*looked(times, own=False), own], own.at)  # the next day in Shanghai, nothing new outside cases
    assert again.occasion == first.occasion
