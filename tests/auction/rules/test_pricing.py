"""The four ways to a reference price in their order: what may be tried, what is due and late, what comes out."""

from dataclasses import replace
from datetime import date

import pytest

from auction.kernel.errors import DomainError
from auction.rules.pricing import CODES, Step, check_step, lead, standing, with_record
from auction.rules.published_holidays import published_calendar
from auction.rules.reference_price import PriceMethod, PriceResult, PriceStep, ReferencePrice
from auction.rules.ruleset import load

RULES = load("spc-2016")
CALENDAR = published_calendar(RULES)
DAY = date(2026, 3, 2)
SKIPPED = [("agreement_skipped", "被执行人下落不明"), ("directed_inquiry_skipped", "没有计税基准价")]


def steps(*rows: tuple[object, ...]) -> list[Step]:
    """Each row: code, detail, day, source, amount; all but the code may be left out."""
    made = []
    for number, row in enumerate(rows):
        code, detail, on, source, amount = (*row, *("", DAY, None, None)[len(row) - 1 :])
        made.append(Step(str(number), code, on, detail, source, amount))  # type: ignore[arg-type]
    return made


def result(code: str, source: str, amount: int, on: date = DAY) -> tuple[object, ...]:
    return (code, "", on, source, amount)


def states(*rows: tuple[object, ...]) -> str:
    return " ".join(each.state for each in lead(steps(*rows), RULES, CALENDAR).methods)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([], "open waits waits waits"),
        ([("agreement_asked",)], "running waits waits waits"),
        ([("agreement_failed", "协商不成")], "failed open waits waits"),
        (SKIPPED, "skipped skipped open waits"),
        ([*SKIPPED, ("network_inquiry_skipped", "须现场勘验")], "skipped skipped skipped open"),
        ([("parties_chose", "双方一致要求网络询价")], "open open open open"),
        ([("law_requires", "国有资产评估")], "open open open open"),
        ([*SKIPPED, ("network_inquiry_asked",)], "skipped skipped running waits"),
        (
            [*SKIPPED, ("network_inquiry_asked",), result("network_inquiry_result", "甲平台", 100)],
            "skipped skipped delivered waits",
        ),
        ([("agreement_failed", "x"), ("undone", "0")], "open waits waits waits"),
    ],
)
def test_a_method_opens_when_the_ones_before_it_are_dealt_with(rows: list[tuple[object, ...]], wanted: str) -> None:
    assert states(*rows) == wanted


@pytest.mark.parametrize(
    ("rows", "asked", "last_day"),
    [
        ([], date(2026, 3, 2), "2026-03-05"),
        ([("network_inquiry_extended",)], date(2026, 3, 2), "2026-03-09"),
        ([], date(2026, 2, 12), "2026-02-24"),
        ([], date(2026, 9, 29), "2026-10-08"),
    ],
)
def test_platforms_have_three_days_and_three_more_over_the_holidays(
    rows: list[tuple[object, ...]], asked: date, last_day: str
) -> None:
    found = lead(steps(("network_inquiry_asked", "", asked), *rows), RULES, CALENDAR).methods[2]
    assert (found.due and found.due.last_day.isoformat(), found.basis.code) == (last_day, "REF 11(1)")


@pytest.mark.parametrize(
    ("extended", "last_day"), [(0, "2026-04-01"), (1, "2026-04-16"), (2, "2026-05-06")], ids=["30", "45", "60"]
)
def test_valuers_have_thirty_days_and_twice_fifteen(extended: int, last_day: str) -> None:
    rows = [("appraisal_asked",), *[("appraisal_extended",)] * extended]
    found = lead(steps(*rows), RULES, CALENDAR).methods[3]
    assert (found.due and found.due.last_day.isoformat(), found.basis.code) == (last_day, "REF 19(1)")


def test_the_results_come_to_a_price() -> None:
    inquiry = [("network_inquiry_asked",), *(result("network_inquiry_result", f"{n}", n) for n in (100, 101, 101))]
    found = lead(steps(*SKIPPED, *inquiry), RULES, CALENDAR)
    assert (found.method, found.amount_fen) == (PriceMethod.NETWORK_INQUIRY, 101)
    asked = ("agreement_asked",)
    one, other = result("agreement_result", "申请执行人", 100), result("agreement_result", "被执行人", 120)
    assert lead(steps(asked, one), RULES, CALENDAR).amount_fen is None
    assert lead(steps(asked, one, other), RULES, CALENDAR).amount_fen is None
    alike = result("agreement_result", "被执行人", 100)
    assert lead(steps(asked, one, alike), RULES, CALENDAR).amount_fen == 100


def test_a_report_is_sent_within_three_days_of_its_coming() -> None:
    received = ("report_received", "", date(2026, 2, 12))
    found = lead(steps(received), RULES, CALENDAR).serve_by
    assert found is not None and found.last_day == date(2026, 2, 24)
    assert lead(steps(received, ("report_served",)), RULES, CALENDAR).serve_by is None


def test_what_was_undone_counts_for_nothing() -> None:
    rows = steps(("agreement_failed", "x"), ("undone", "0"), ("agreement_asked",))
    assert [step.code for step in standing(rows)] == ["agreement_asked"]


ASKED = [*SKIPPED, ("network_inquiry_asked",)]
EARLIER = date(2026, 3, 1)
REFUSED: list[tuple[list[tuple[object, ...]], tuple[object, ...], str, str]] = [
    ([], ("nothing",), "code", "not_a_choice"),
    ([], ("agreement_asked", "", date(2026, 3, 3)), "on", "in_future"),
    ([], ("agreement_failed", " "), "detail", "required"),
    ([], ("agreement_skipped",), "detail", "required"),
    ([], ("parties_chose",), "detail", "required"),
    ([], ("undone", "7"), "detail", "unknown"),
    ([], ("directed_inquiry_asked",), "code", "price_method_waits"),
    (SKIPPED, ("appraisal_asked",), "code", "price_method_waits"),
    ([], ("agreement_result", "", DAY, "甲", 100), "code", "price_not_asked"),
    ([("agreement_asked",)], ("agreement_result", "", DAY, None, 100), "source", "required"),
    ([("agreement_asked",)], ("agreement_result", "", DAY, "甲", None), "amount_fen", "required"),
    ([], ("agreement_asked", "", DAY, "甲", 100), "source", "not_allowed"),
    (
        [*SKIPPED, ("network_inquiry_asked",), ("network_inquiry_extended",)],
        ("network_inquiry_extended",),
        "code",
        "price_extension",
    ),
    (
        [*SKIPPED, ("network_inquiry_asked",), result("network_inquiry_result", "甲", 1)],
        ("network_inquiry_extended",),
        "code",
        "price_extension",
    ),
    (
        [("law_requires", "x"), ("appraisal_asked",), ("appraisal_extended",), ("appraisal_extended",)],
        ("appraisal_extended",),
        "code",
        "price_extension",
    ),
    (
        [*ASKED, result("network_inquiry_result", "甲平台A", 1)],
        result("network_inquiry_result", " 甲平台a ", 2),
        "source",
        "price_result_repeated",
    ),
    ([("agreement_asked",)], ("agreement_failed", "协商不成", EARLIER), "on", "price_step_reversed"),
    (ASKED, result("network_inquiry_result", "甲", 1, EARLIER), "on", "price_step_reversed"),
    (ASKED, ("network_inquiry_extended", "", EARLIER), "on", "price_step_reversed"),
    (ASKED, ("report_received", "", EARLIER), "on", "price_step_reversed"),
    ([("report_received",)], ("report_served", "", EARLIER), "on", "price_step_reversed"),
    ([("report_received",)], ("report_published", "", EARLIER), "on", "price_step_reversed"),
    ([("report_published",)], ("objection_filed", "", EARLIER), "on", "price_step_reversed"),
    ([("objection_filed",)], ("objection_decided", "", EARLIER), "on", "price_step_reversed"),
    ([("agreement_asked",)], ("undone", "0", EARLIER), "on", "price_step_reversed"),
]


@pytest.mark.parametrize(("before", "step", "field", "code"), REFUSED, ids=range(len(REFUSED)))
def test_a_step_out_of_order_is_refused(
    before: list[tuple[object, ...]], step: tuple[object, ...], field: str, code: str
) -> None:
    *earlier, taken = steps(*before, step)
    with pytest.raises(DomainError) as caught:
        check_step(taken, earlier, DAY, RULES, CALENDAR)
    assert [(each.field, each.code) for each in caught.value.errors] == [(field, code)]


def test_a_corrected_result_replaces_the_one_undone_and_another_source_counts_too() -> None:
    first = result("network_inquiry_result", "甲平台", 100)
    again = result("network_inquiry_result", "甲平台", 300)
    for rows in ([*ASKED, first, ("undone", "3"), again], [*ASKED, first, (*again[:3], "乙平台", 300)]):
        *earlier, taken = steps(*rows)
        check_step(taken, earlier, DAY, RULES, CALENDAR)


def test_a_price_is_read_with_what_was_recorded_of_it() -> None:
    price = ReferencePrice(
        PriceMethod.NETWORK_INQUIRY,
        100,
        DAY,
        DAY,
        steps=(PriceStep("objection_filed", EARLIER), PriceStep("report_served", EARLIER)),
    )
    assert with_record(price, [], RULES, CALENDAR) == price
    one = result("network_inquiry_result", "甲平台", 100)
    found = with_record(
        price, steps(*ASKED, one, ("report_served",), ("objection_filed",), ("undone", "5")), RULES, CALENDAR
    )
    assert {step.code: (step.on, step.detail) for step in found.steps} == {
        "agreement_skipped": (DAY, "被执行人下落不明"),
        "directed_inquiry_skipped": (DAY, "没有计税基准价"),
        "network_inquiry_asked": (DAY, ""),
        "report_served": (DAY, ""),
    }
    assert found.results == found.recorded == (PriceResult("甲平台", 100, DAY),)
    saved = replace(price, results=(PriceResult("乙平台", 7, DAY),))
    assert with_record(saved, steps(*ASKED, one), RULES, CALENDAR).results == saved.results


def test_a_method_that_is_over_is_not_taken_up_again() -> None:
    *earlier, taken = steps(*SKIPPED, ("agreement_asked",))
    with pytest.raises(DomainError, match="wrong_state"):
        check_step(taken, earlier, DAY, RULES, CALENDAR)


def test_the_ordinary_way_is_taken_step_by_step() -> None:
    way = steps(
        ("agreement_asked",),
        ("agreement_failed", "协商不成"),
        ("directed_inquiry_skipped", "没有政府指导价"),
        ("network_inquiry_asked",),
        ("network_inquiry_extended",),
        result("network_inquiry_result", "甲平台", 100),
        result("network_inquiry_result", "乙平台", 200),
        ("report_received",),
        ("report_served",),
        ("objection_filed",),
        ("objection_decided",),
    )
    for number, step in enumerate(way):
        check_step(step, way[:number], DAY, RULES, CALENDAR)
    assert {step.code for step in way} <= set(CODES)
    assert lead(way, RULES, CALENDAR).amount_fen == 150


FIRST = result("network_inquiry_result", "甲平台", 100, date(2026, 3, 5))
LATE = result("network_inquiry_result", "乙平台", 300, date(2026, 3, 6))


@pytest.mark.parametrize(
    ("rows", "amount", "left_out"),
    [
        ([FIRST, (*LATE[:2], date(2026, 3, 5), *LATE[3:])], 200, []),  # both on the last day
        ([FIRST, LATE], 100, ["乙平台"]),
        ([LATE], None, ["乙平台"]),
        ([("network_inquiry_extended", "", DAY), LATE], 300, []),  # to Monday 9 March
        ([FIRST, ("undone", "3"), (*FIRST[:2], date(2026, 3, 9), "甲平台", 120)], 120, []),  # corrected (REF 12)
        ([FIRST, LATE, ("undone", "4"), (*LATE[:2], date(2026, 3, 9), "乙平台", 310)], 100, ["乙平台"]),
    ],
)
def test_what_a_platform_reports_after_its_last_day_does_not_enter_the_mean(
    rows: list[tuple[object, ...]], amount: int | None, left_out: list[str]
) -> None:
    taken = steps(*ASKED, *rows)
    found = lead(taken, RULES, CALENDAR)
    assert (found.amount_fen, [one.source for one in found.methods[2].late]) == (amount, left_out)
    price = ReferencePrice(PriceMethod.NETWORK_INQUIRY, 100, DAY, DAY)
    assert [one.source for one in with_record(price, taken, RULES, CALENDAR).recorded if one.source in left_out] == []
