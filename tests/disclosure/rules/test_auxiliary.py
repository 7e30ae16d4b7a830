"""Auxiliary work by the rules: late tasks, viewings that may be offered and booked, questions and their clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from auction.kernel.clock import iso
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from disclosure.rules.agencies import AgencyRecord, agency_record
from disclosure.rules.catalogue import load as load_catalogue
from disclosure.rules.questions import alike, answer_due, contact_in, is_late
from disclosure.rules.tasks import FILES, Outcome, TaskFacts
from disclosure.rules.viewings import Slot, booking_refusal, overlap_findings, slot_breaches

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TICK, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("outcome", "ended", "now", "status", "late"),
    [
        (None, None, NOW, "open", False),
        (None, None, NOW + TICK, "open", True),
        ("done", NOW, NOW + DAY, "done", False),
        ("done", NOW + TICK, NOW + DAY, "done", True),
        ("cancelled", NOW + DAY, NOW + DAY, "cancelled", False),
    ],
)
def test_a_task_is_late_from_the_moment_after_it_was_due(
    outcome: Outcome | None, ended: datetime | None, now: datetime, status: str, late: bool
) -> None:
    task = TaskFacts(NOW, outcome, ended)
    assert (task.status, task.is_late(now)) == (status, late)


@pytest.mark.parametrize(
    ("starts", "ends", "codes"),
    [
        (TICK, DAY, set()),
        (timedelta(0), DAY, {("starts_at", "too_early")}),
        (HOUR, HOUR, {("ends_at", "ends_before_it_begins")}),
        (HOUR, DAY + TICK, {("ends_at", "viewing_after_close")}),
        (-HOUR, -DAY, {("starts_at", "too_early"), ("ends_at", "ends_before_it_begins")}),
    ],
)
def test_a_viewing_lies_ahead_and_ends_before_the_bidding(
    starts: timedelta, ends: timedelta, codes: set[tuple[str, str]]
) -> None:
    found = slot_breaches(Slot(NOW + starts, NOW + ends, 1), NOW, NOW + DAY)
    assert {(breach.field, breach.code) for breach in found} == codes


@pytest.mark.parametrize(
    ("second", "now", "told"),
    [
        (Slot(NOW + 2 * HOUR, NOW + 3 * HOUR, 1), NOW, False),
        (Slot(NOW + 2 * HOUR - TICK, NOW + 3 * HOUR, 1), NOW, True),
        (Slot(NOW + 2 * HOUR - TICK, NOW + 3 * HOUR, 1, cancelled=True), NOW, False),
        (Slot(NOW + HOUR, NOW + HOUR + TICK, 1), NOW, True),
        (Slot(NOW + 2 * HOUR - TICK, NOW + 3 * HOUR, 1), NOW + 2 * HOUR - TICK, False),
    ],
    ids=["one after the other", "a moment at once", "called off", "within the other", "both have begun"],
)
def test_two_viewings_of_a_lot_at_once_are_a_warning(second: Slot, now: datetime, told: bool) -> None:
    found = [*overlap_findings([second, Slot(NOW + HOUR, NOW + 2 * HOUR, 1)], now)]
    assert [(one.code, one.severity, one.field) for one in found] == [
        ("viewings_overlap", "warning", "viewings")
    ] * told


def test_a_long_viewing_overlaps_every_one_within_it() -> None:
    day = Slot(NOW + HOUR, NOW + 8 * HOUR, 1)
    within = [Slot(NOW + after * HOUR, NOW + (after + 1) * HOUR, 1) for after in (2, 4)]
    assert [one.facts["earlier"] for one in overlap_findings([day, *within], NOW)] == [iso(day.starts_at)] * 2


@pytest.mark.parametrize(
    ("taken", "cancelled", "now", "another", "refusal"),
    [
        (1, False, NOW - TICK, False, None),
        (2, False, NOW - TICK, False, "viewing_full"),
        (3, False, NOW - TICK, False, "viewing_full"),
        (1, False, NOW - TICK, True, "viewing_booked"),
        (1, False, NOW, False, "viewing_over"),
        (1, True, NOW - TICK, False, "viewing_over"),
    ],
)
def test_a_place_is_booked_while_there_is_one_and_it_has_not_begun(
    taken: int, cancelled: bool, now: datetime, another: bool, refusal: str | None
) -> None:
    slot = Slot(NOW, NOW + HOUR, 2, taken, cancelled)
    assert booking_refusal(slot, now, has_another=another) == refusal


@pytest.mark.parametrize(
    "text",
    [
        "请打13812345678联系",
        "电话：138 1234 5678",
        "１３８１２３４５６７８",
        "+86 13812345678",
        "座机 025-83456789",
        "zhang.san@example.cn",
        "见 https://example.cn/x",
        "加微信 zhangsan88",
        "我的QQ是 1234567",
        "身份证 32010219850101001X",
    ],
)
def test_a_question_that_tells_how_to_reach_somebody_is_recognised(text: str) -> None:
    assert contact_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "起拍价 1400000000 元含税吗？",
        "电梯维修费 138,123,456.78 元由谁承担？",
        "案号（2026）苏01执1号是否还有 2 件标的？",
        "小区是否有微信群、电话报修？",
        "2026-03-02 至 2026-04-01 可否看样",
        "The flat is 89.5 m2, is it not?",
    ],
)
def test_numbers_of_a_lot_are_no_contact(text: str) -> None:
    assert contact_in(text) is None


@pytest.mark.parametrize(
    ("asked", "last_day"),
    [
        (date(2026, 3, 2), date(2026, 3, 5)),
        (date(2026, 2, 13), date(2026, 2, 25)),  # Spring Festival 15 to 23 February, 14 and 28 worked
        (date(2026, 9, 30), date(2026, 10, 10)),  # National Day 1 to 7 October, Saturday 10 worked
    ],
)
def test_the_clock_of_an_answer_counts_working_days(asked: date, last_day: date) -> None:
    rules = load("spc-2016")
    moment = datetime(asked.year, asked.month, asked.day, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    end = answer_due(moment, rules, published_calendar(rules))
    assert end.last_day == last_day
    assert not is_late(end.ends_at, None, end.ends_at - TICK)
    assert is_late(end.ends_at, None, end.ends_at)
    assert not is_late(end.ends_at, end.ends_at - TICK, end.ends_at + DAY)


def test_a_record_counts_what_was_done() -> None:
    tasks = [
        TaskFacts(NOW + DAY),
        TaskFacts(NOW - DAY),
        TaskFacts(NOW, "done", NOW - DAY),
        TaskFacts(NOW - DAY, "done", NOW),
        TaskFacts(NOW, "done", NOW - DAY, by_court=True),
        TaskFacts(NOW, "cancelled", NOW),
    ]
    slots = [
        Slot(NOW - DAY, NOW - HOUR, 1),
        Slot(NOW + HOUR, NOW + DAY, 1),
        Slot(NOW - DAY, NOW - HOUR, 1, cancelled=True),
    ]
    answers = [(NOW, NOW - TICK), (NOW, NOW)]
    found = agency_record(tasks, [True, True, False, None], answers, slots, [4, 5, 5], NOW)
    assert found == AgencyRecord(6, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 3, 4.7)
    assert found.in_time_share == 0.333
    nothing = agency_record([], [], [], [], [], NOW)
    assert (nothing.given, nothing.rating, nothing.in_time_share) == (0, None, None)


def test_no_item_of_a_sheet_has_the_code_of_a_reports_files() -> None:
    kinds = ("real_estate", "vehicle", "machinery", "equity", "goods", "vessel", "other")
    assert all(load_catalogue(kind).find(FILES) is None for kind in kinds)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("这套房带车位吗", ["parking"]),
        ("你好，请问带车位吗？谢谢", ["parking"]),
        ("Is there a parking space?", ["english"]),
        ("物业费欠多少", ["fees"]),
        ("学区是哪个", []),
        ("？！", []),
    ],
)
def test_questions_are_alike_by_what_they_ask_not_by_their_pleasantries(question: str, found: list[str]) -> None:
    known = [("parking", "请问带车位吗？"), ("fees", "物业费欠了多少？")]
    known.append(("english", "Could you tell me, is there a parking space"))
    assert alike(question, known) == found
