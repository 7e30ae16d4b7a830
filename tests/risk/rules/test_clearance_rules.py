"""Plans, outcomes and bulk sales: the rules."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.ruleset import load
from risk.rules.clearance.bulk import Advice, advise, kind_of
from risk.rules.clearance.outcomes import brier, calibrate, chance, log_loss, wilson
from risk.rules.clearance.plan import Plan, Step, lacks, late_promise, misplaced

TODAY = date(2026, 3, 2)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLAN = Plan("执行法官甲", TODAY + 60 * DAY, (Step("张贴公告", TODAY + 10 * DAY),), "法警四名")
NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("plan", "told_on", "lacking"),
    [
        (None, None, ("plan",)),
        (PLAN, None, ()),
        (PLAN, TODAY + 60 * DAY, ()),
        (PLAN, TODAY + 61 * DAY, ("differs",)),
        (Plan(" ", TODAY, (), ""), None, ("owner", "steps", "resources")),
        (Plan("甲", TODAY, (Step(" ", TODAY),), "车"), None, ("steps",)),
        (Plan("甲", TODAY - DAY, PLAN.steps, "车"), TODAY, ("passed", "differs")),
    ],
)
def test_what_a_plan_lacks_is_said_at_once(plan: Plan | None, told_on: date | None, lacking: tuple[str, ...]) -> None:
    assert lacks(plan, today=TODAY, told_on=told_on) == lacking


@pytest.mark.parametrize(
    ("days", "wrong"),
    [([], ()), ([1, 2, 2], ()), ([2, 1], (1,)), ([11], (0,)), ([5, 11, 4], (1, 2))],
)
def test_steps_stand_in_order_and_not_after_the_promise(days: list[int], wrong: tuple[int, ...]) -> None:
    assert misplaced([Step("x", TODAY + day * DAY) for day in days], TODAY + 10 * DAY) == wrong


def test_a_promise_later_than_the_law_hands_over_is_a_warning() -> None:
    rules = load("spc-2016")
    latest = TODAY + (10 + 10 + 15) * DAY
    assert late_promise(latest, ends_on=TODAY, balance_days=10, ruleset=rules) == ()
    assert late_promise(None, ends_on=TODAY, balance_days=10, ruleset=rules) == ()
    [found] = late_promise(latest + DAY, ends_on=TODAY, balance_days=10, ruleset=rules)
    assert (found.code, found.severity, found.facts["latest"]) == (
        "clearance_promised_late",
        "warning",
        latest.isoformat(),
    )


@pytest.mark.parametrize(
    ("in_time", "outcomes", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(in_time: int, outcomes: int, low: float, high: float) -> None:
    found = wilson(in_time, outcomes)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_share_and_narrows_with_more_outcomes(outcomes: int, data: st.DataObject) -> None:
    in_time = data.draw(st.integers(0, outcomes))
    few, many = wilson(in_time, outcomes), wilson(in_time * 4, outcomes * 4)
    assert 0 <= few.low <= few.share + 1e-12 and few.share <= few.high + 1e-12 <= 1 + 1e-9
    assert many.high - many.low < few.high - few.low


def test_no_outcomes_no_share() -> None:
    for wrong in ((0, 0), (2, 1), (-1, 1)):
        with pytest.raises(ValueError, match="outcomes"):
            wilson(*wrong)


def test_the_record_by_band_says_when_there_are_too_few() -> None:
    told = [("B", True)] * 19 + [("C", True)] * 15 + [("C", False)] * 5 + [(None, True)]
    found = calibrate(told, 20)
    by_band = {record.band: record for record in found.bands}
    assert (found.outcomes, found.in_time, found.falls) == (40, 35, None)
    assert (by_band["A"].interval, by_band["A"].enough) == (None, False)
    assert not by_band["B"].enough and by_band["C"].enough
    assert by_band["C"].interval is not None and by_band["C"].interval.share == 0.75


@pytest.mark.parametrize(("worse", "falls"), [(10, True), (20, True), (25, False)])
def test_whether_the_share_falls_from_band_to_band_is_said(worse: int, falls: bool) -> None:
    told = [("B", n < 20) for n in range(25)] + [("D", n < worse) for n in range(25)]
    assert calibrate(told, 20).falls is falls


def test_predictions_are_scored_as_their_authors_say() -> None:
    assert brier([1.0, 0.0], [True, False]) == 0
    assert brier([0.5, 0.5], [True, False]) == 0.25
    assert round(log_loss([0.5, 0.5], [True, False]), 6) == 0.693147
    assert log_loss([0.0], [True]) < 20  # a chance of nothing costs much, not everything
    assert chance(0.0, {}, {"a": 5}) == 0.5
    assert chance(1.0, {"a": -1000.0}, {"a": 5}) < 1e-100


@pytest.mark.parametrize(
    ("address", "attributes", "place"),
    [
        ("南京市玄武区珠江路88号2幢301室", {}, "南京市玄武区珠江路88号"),
        ("南京市玄武区珠江路88号3幢1202室", {}, "南京市玄武区珠江路88号"),
        ("滨河东路66号1层商铺", {}, "滨河东路66号"),
        ("长江花园A座1201", {}, "长江花园"),
        ("珠江路88号2幢301室", {"community": "明珠 花园"}, "明珠花园"),
        ("珠江路88号2幢301室", {"community": ["x"]}, "珠江路88号"),
        ("12 Riverside Road, Unit 5", {}, "12riversideroad"),
        ("301室", {}, "301室"),
    ],
)
def test_lots_of_one_place_are_of_one_kind(address: str, attributes: dict[str, object], place: str) -> None:
    assert kind_of("real_estate", "320102", address, attributes).place == place


def advice(others: list[datetime], ended: int = 0, sold: int = 0) -> Advice:
    return advise(
        NOON,
        others,
        ended=ended,
        sold=sold,
        around=30 * DAY,
        period=180 * DAY,
        gap=30 * MINUTE,
        sales_min=10,
    )


def test_a_lot_alone_needs_no_advice() -> None:
    assert advice([]) == Advice(1, 0, 0, 0, None, None, NOON)
    assert advice([NOON + 31 * DAY]).together == 1


def test_ends_within_the_gap_are_crowded_and_the_next_free_end_is_told() -> None:
    found = advice([NOON, NOON + 29 * MINUTE, NOON + 30 * MINUTE, NOON + 5 * DAY])
    assert (found.together, found.crowded) == (5, 2)
    assert found.free_end == NOON + 60 * MINUTE


def test_absorption_is_said_only_where_enough_were_sold() -> None:
    assert advice([NOON], ended=9, sold=9).a_month is None
    slow = advice([NOON + n * 2 * HOUR for n in range(1, 12)], ended=24, sold=12)
    assert (slow.a_month, slow.months_tenths) == (2, 60)
    nothing = advice([NOON], ended=24, sold=0)
    assert (nothing.a_month, nothing.months_tenths) == (0, None)


def test_a_slow_market_spreads_the_ends_over_weeks() -> None:
    found = advice([NOON + n * HOUR for n in range(6)], ended=24, sold=24)  # four a month: one a week
    assert found.free_end >= NOON + 7 * DAY
    assert min(abs(found.free_end - (NOON + n * HOUR)) for n in range(6)) >= timedelta(days=3)


@given(st.lists(st.integers(-60 * 24, 60 * 24), max_size=60), st.integers(0, 40), st.integers(0, 40))
def test_a_free_end_always_keeps_the_gap(hours: list[int], ended: int, sold: int) -> None:
    others = [NOON + hour * HOUR for hour in hours]
    found = advice(others, ended=max(ended, sold), sold=sold)
    assert found.free_end >= NOON
    near = [other for other in others if abs(other - NOON) <= 30 * DAY]
    assert all(abs(other - found.free_end) >= 30 * MINUTE for other in near)
