"""The reference price: the mean of a network inquiry, how long a price holds, what the panel is warned of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.calendar import HolidayCalendar
from auction.rules.findings import Finding
from auction.rules.reference_price import (
    PriceMethod,
    PriceResult,
    PriceStep,
    ReferencePrice,
    SaleDays,
    entry_findings,
    mean_fen,
    price_findings,
    usable_until,
)
from auction.rules.ruleset import Ruleset

TODAY = date(2026, 3, 2)
Check = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def check(ruleset: Ruleset, calendar: HolidayCalendar) -> Check:
    """Findings on a price announced `today` (unless `announced` says otherwise) and opening on `opens`."""

    def findings(
        price: ReferencePrice | None, today: date = TODAY, announced: date | None = None, opens: date | None = None
    ) -> tuple[Finding, ...]:
        days = SaleDays(today, announced or today, opens or today + timedelta(days=31))
        return price_findings(price, days, ruleset, calendar)

    return findings


def reasons(found: tuple[Finding, ...]) -> list[object]:
    assert all(finding.code == "reference_price_expired" for finding in found if finding.is_error)
    return [finding.facts["reason"] for finding in found if finding.is_error]


def warnings(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found if not finding.is_error]


def an_agreed(price: ReferencePrice) -> ReferencePrice:
    """The same price, agreed on by the parties today."""
    result = PriceResult("双方当事人", price.amount_fen, TODAY)
    steps = (PriceStep("agreement_asked", TODAY),)
    return replace(price, method=PriceMethod.AGREEMENT, results=(result,), steps=steps)


def test_a_price_without_a_blemish_raises_nothing(check: Check, price: ReferencePrice) -> None:
    assert check(price) == ()


def test_no_price_is_an_error(check: Check) -> None:
    assert reasons(check(None)) == ["missing"]


# REF 13


@pytest.mark.parametrize(
    ("amounts", "mean"),
    [
        ([100], 100),
        ([100, 101], 101),
        ([100, 102], 101),
        ([100, 100, 101], 100),
        ([100, 101, 101], 101),
        ([1, 2, 2, 1], 2),
        ([10**15, 10**15 - 1], 10**15),
    ],
    ids=lambda value: f"REF 13(1) {value}",
)
def test_the_mean_is_rounded_half_up_to_the_fen(amounts: list[int], mean: int) -> None:
    assert mean_fen(amounts) == mean


@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=12))
def test_the_mean_is_that_of_decimal_arithmetic(amounts: list[int]) -> None:
    exact = Decimal(sum(amounts)) / len(amounts)
    assert mean_fen(amounts) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_the_mean_of_nothing_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="no results"):
        mean_fen([])


@pytest.mark.parametrize(("off", "codes"), [(-1, ["not_the_mean"]), (0, []), (1, ["not_the_mean"])])
def test_a_network_inquiry_is_the_mean_of_its_results(
    ruleset: Ruleset, calendar: HolidayCalendar, price: ReferencePrice, off: int, codes: list[str]
) -> None:
    found = entry_findings(replace(price, amount_fen=price.amount_fen + off), ruleset, calendar)
    assert [finding.code for finding in found] == codes
    assert all(finding.facts == {"mean_fen": 100_000_000} for finding in found)
    assert all(finding.basis.code == "REF 13(1)" for finding in found)


@pytest.mark.parametrize("method", [method for method in PriceMethod if method != "network_inquiry"])
def test_other_methods_need_not_be_a_mean(
    ruleset: Ruleset, calendar: HolidayCalendar, price: ReferencePrice, method: PriceMethod
) -> None:
    assert entry_findings(replace(price, method=method, amount_fen=1), ruleset, calendar) == ()


def test_a_network_inquiry_without_results_is_only_warned_of(check: Check, price: ReferencePrice) -> None:
    assert warnings(check(replace(price, results=(), amount_fen=5))) == ["reference_price_results_missing"]


def test_amounts_and_validity_must_make_sense(
    ruleset: Ruleset, calendar: HolidayCalendar, price: ReferencePrice
) -> None:
    broken = replace(
        price,
        method=PriceMethod.AGREEMENT,
        amount_fen=0,
        valid_until=price.effective_on - timedelta(days=1),
        results=(PriceResult("甲", 0, TODAY), PriceResult("乙", 1, TODAY)),
    )
    assert [(finding.code, finding.field) for finding in entry_findings(broken, ruleset, calendar)] == [
        ("amount_out_of_range", "reference_price.amount_fen"),
        ("validity_reversed", "reference_price.valid_until"),
        ("result_out_of_range", "reference_price.results.0.amount_fen"),
    ]
    one_day = replace(price, amount_fen=1, results=(), valid_until=price.effective_on)
    assert entry_findings(one_day, ruleset, calendar) == ()


# REF 27


@pytest.mark.parametrize(
    ("announced", "expected"),
    [("2027-01-04", []), ("2027-01-05", []), ("2027-01-06", ["announced_after_validity"])],
    ids=lambda value: f"REF 27(3) {value}" if isinstance(value, str) else None,
)
def test_the_first_announcement_falls_within_the_validity(
    check: Check, price: ReferencePrice, announced: str, expected: list[str]
) -> None:
    day = date.fromisoformat(announced)
    assert reasons(check(price, today=day)) == expected
    assert reasons(check(price, today=date(2027, 3, 1), announced=day)) == expected


@pytest.mark.parametrize(
    ("opens", "expected"),
    [("2027-07-04", []), ("2027-07-05", []), ("2027-07-06", ["opens_too_late"])],
    ids=lambda value: f"REF 27(3) {value}" if isinstance(value, str) else None,
)
def test_the_opening_is_at_most_six_months_after_the_validity(
    check: Check, price: ReferencePrice, opens: str, expected: list[str]
) -> None:
    assert reasons(check(price, opens=date.fromisoformat(opens))) == expected


@pytest.mark.parametrize(
    ("valid_until", "expected"),
    [("2027-01-04", []), ("2027-01-05", []), ("2027-01-06", ["validity_too_long"])],
    ids=lambda value: f"REF 27(1) {value}" if isinstance(value, str) else None,
)
def test_a_price_holds_a_year_at_most(
    check: Check, price: ReferencePrice, valid_until: str, expected: list[str]
) -> None:
    assert reasons(check(replace(price, valid_until=date.fromisoformat(valid_until)))) == expected


def test_six_months_after_the_last_of_august_is_the_last_of_february(ruleset: Ruleset, price: ReferencePrice) -> None:
    assert usable_until(replace(price, valid_until=date(2026, 8, 31)), ruleset) == date(2027, 2, 28)


# Steps, results, methods passed over


@pytest.mark.parametrize(
    ("dropped", "steps"),
    [
        ("network_inquiry_asked", "network_inquiry_asked"),
        ("report_received", "report_received"),
        ("report_served", "report_published report_served"),
    ],
)
def test_a_missing_step_is_a_warning(check: Check, price: ReferencePrice, dropped: str, steps: str) -> None:
    short = replace(price, steps=tuple(step for step in price.steps if step.code != dropped))
    (finding,) = check(short)
    assert (finding.code, finding.severity) == ("reference_price_steps_missing", "warning")
    assert finding.facts == {"steps": steps}


def test_an_agreement_needs_no_report(check: Check, price: ReferencePrice) -> None:
    assert check(an_agreed(price)) == ()


@pytest.mark.parametrize("dropped", ["agreement_failed", "directed_inquiry_skipped"])
def test_a_method_passed_over_without_a_reason_is_a_warning(check: Check, price: ReferencePrice, dropped: str) -> None:
    for steps in (
        tuple(step for step in price.steps if step.code != dropped),
        tuple(replace(step, detail="  ") if step.code == dropped else step for step in price.steps),
    ):
        (finding,) = check(replace(price, steps=steps))
        assert (finding.code, finding.severity) == ("reference_price_method_skipped", "warning")
        assert finding.facts == {"method": dropped.rsplit("_", 1)[0]}


@pytest.mark.parametrize("code", ["parties_chose", "law_requires"])
def test_parties_or_the_law_may_go_straight_to_a_method(check: Check, price: ReferencePrice, code: str) -> None:
    straight = tuple(step for step in price.steps if "agreement" not in step.code and "directed" not in step.code)
    assert len(check(replace(price, steps=straight))) == 2
    assert check(replace(price, steps=(*straight, PriceStep(code, TODAY, "双方书面同意")))) == ()
    assert len(check(replace(price, steps=(*straight, PriceStep(code, TODAY))))) == 2


def test_an_appraisal_comes_after_all_the_others(check: Check, price: ReferencePrice) -> None:
    appraised = replace(
        price,
        method=PriceMethod.APPRAISAL,
        results=(PriceResult("估价机构", price.amount_fen, date(2026, 1, 20)),),
        steps=(
            PriceStep("appraisal_asked", date(2026, 1, 2)),
            PriceStep("report_received", date(2026, 1, 20)),
            PriceStep("report_served", date(2026, 1, 21)),
        ),
    )
    skipped = [finding.facts["method"] for finding in check(appraised)]
    assert skipped == ["agreement", "directed_inquiry", "network_inquiry"]


@pytest.mark.parametrize(
    "broken", [PriceResult(" ", 99_000_000, date(2026, 1, 4)), PriceResult("平台甲", 99_000_000, None)]
)
def test_an_incomplete_result_is_a_warning(check: Check, price: ReferencePrice, broken: PriceResult) -> None:
    (finding,) = check(replace(price, results=(broken, price.results[1])))
    assert (finding.code, finding.field) == ("reference_price_results_missing", "reference_price.results.0")
    assert finding.facts == {"method": "network_inquiry", "number": 1}


@pytest.mark.parametrize("method", [method for method in PriceMethod if method != "network_inquiry"])
@pytest.mark.parametrize(("off", "told"), [(-1, True), (0, False), (1, True)])
def test_a_result_that_is_not_the_price_is_a_warning(
    check: Check, price: ReferencePrice, method: PriceMethod, off: int, told: bool
) -> None:
    results = tuple(PriceResult("甲", price.amount_fen + fen, TODAY) for fen in (0, off))
    found = [one for one in check(replace(price, method=method, results=results)) if "differs" in one.code]
    facts = {"number": 2, "result_fen": price.amount_fen + off, "amount_fen": price.amount_fen}
    expected = [("reference_price_result_differs", "warning", "reference_price.results.1.amount_fen", facts)]
    assert [(one.code, one.severity, one.field, one.facts) for one in found] == (expected if told else [])


def test_one_platform_counted_twice_is_a_warning(check: Check, price: ReferencePrice) -> None:
    first, second = (
        replace(result, source=name) for result, name in zip(price.results, ("平台A", " 平台a "), strict=True)
    )
    (finding,) = check(replace(price, results=(first, second)))
    assert (finding.code, finding.field) == (
        "reference_price_source_repeated",
        "reference_price.results.1.source",
    )
    assert finding.facts == {"source": "平台a", "earlier": 1, "later": 2}
    nameless = tuple(replace(result, source=" ") for result in price.results)
    assert set(warnings(check(replace(price, results=nameless)))) == {"reference_price_results_missing"}
    agreed = an_agreed(price)
    assert check(replace(agreed, results=agreed.results * 2)) == ()


def test_what_was_recorded_and_what_was_saved_have_to_agree(check: Check, price: ReferencePrice) -> None:
    late = PriceResult("平台丙", 130_000_000, TODAY)
    undated = tuple(replace(each, source=f" {each.source} ", reported_on=TODAY) for each in reversed(price.results))
    assert check(replace(price, recorded=undated)) == (), "by name and amount, in any order"
    (finding,) = check(replace(price, recorded=(*price.results, late)))
    assert (finding.code, finding.severity, finding.basis.code) == (
        *("reference_price_record_differs", "error"),
        "REF 13(1)",
    )
    assert finding.facts == {"sources": "平台丙", "recorded": 3, "mean_fen": 110_000_000}
    (finding,) = check(replace(price, recorded=price.results[:1]))
    assert finding.facts == {"sources": "平台乙", "recorded": 1, "mean_fen": 99_000_000}
    agreed = an_agreed(price)
    (finding,) = check(replace(agreed, recorded=(replace(agreed.results[0], amount_fen=1),)))
    assert (finding.code, finding.severity) == ("reference_price_record_differs", "warning")


@pytest.mark.parametrize(("days", "codes"), [(-1, []), (0, []), (1, ["reference_price_step_in_future"])])
def test_a_step_of_tomorrow_is_a_warning(check: Check, price: ReferencePrice, days: int, codes: list[str]) -> None:
    step = PriceStep("agreement_asked", TODAY + timedelta(days=days))
    found = check(replace(an_agreed(price), steps=(step,)))
    assert warnings(found) == codes
    assert [(one.field, one.facts["step"]) for one in found] == [
        ("reference_price.steps.0.on", "agreement_asked") for _ in codes
    ]


#: Steps of a network inquiry, and which of them runs before which: asked on the 2nd, received on the 5th.
REVERSED = [
    ({"report_received": 1}, [("report_received", "network_inquiry_asked")]),
    ({"report_received": 2}, []),
    ({"report_served": 4}, [("report_served", "report_received")]),
    ({"report_served": 5}, []),
    ({"report_published": 4}, [("report_published", "report_received")]),
    ({"report_published": 6}, []),
    ({"objection_filed": 6, "objection_decided": 9}, [("objection_filed", "report_served")]),
    ({"objection_filed": 7, "objection_decided": 7}, []),
    ({"objection_filed": 9, "objection_decided": 8}, [("objection_decided", "objection_filed")]),
    ({"objection_decided": 6}, [("objection_decided", "report_served")]),
    ({"report_received": 9}, [("report_served", "report_received")]),
]


@pytest.mark.parametrize(("days", "expected"), REVERSED, ids=lambda value: str(value))
def test_steps_whose_days_run_backwards_are_a_warning(
    check: Check, price: ReferencePrice, days: dict[str, int], expected: list[tuple[str, str]]
) -> None:
    kept = tuple(step for step in price.steps if step.code not in days)
    steps = (*kept, *(PriceStep(code, date(2026, 1, day)) for code, day in days.items()))
    found = [one for one in check(replace(price, steps=steps)) if not one.is_error]
    assert [one.code for one in found] == ["reference_price_steps_reversed"] * len(expected)
    assert [(one.facts["step"], one.facts["earlier"]) for one in found] == expected


def test_a_second_report_after_an_objection_runs_no_step_backwards(check: Check, price: ReferencePrice) -> None:
    again = ("objection_filed", 8), ("objection_decided", 12), ("report_received", 12), ("report_served", 13)
    steps = (*price.steps, *(PriceStep(code, date(2026, 1, day)) for code, day in again))
    assert check(replace(price, steps=steps)) == ()


# REF 21-23


@pytest.mark.parametrize(
    ("served", "today", "open_still"),
    [
        ("2026-02-25", "2026-03-02", True),
        ("2026-02-25", "2026-03-03", False),
        ("2026-02-24", "2026-03-02", True),
        ("2026-02-24", "2026-03-03", False),
    ],
    ids=["REF 22(1) fifth day", "REF 22(1) sixth day", "CPL 85(3) fifth day a Sunday", "CPL 85(3) after its Monday"],
)
def test_an_open_objection_period_is_a_warning(
    check: Check, price: ReferencePrice, served: str, today: str, open_still: bool
) -> None:
    steps = tuple(
        replace(step, on=date.fromisoformat(served)) if step.code == "report_served" else step for step in price.steps
    )
    found = warnings(check(replace(price, steps=steps), today=date.fromisoformat(today)))
    assert found == (["reference_price_objection_period"] if open_still else [])


@pytest.mark.parametrize(("today", "open_still"), [("2026-02-02", True), ("2026-02-03", False)])
def test_a_published_report_counts_as_received_after_fifteen_days(
    check: Check, price: ReferencePrice, today: str, open_still: bool
) -> None:
    """Published on 13 January: received on the 28th; the five days end on Monday 2 February."""
    steps = (*price.steps[:-1], PriceStep("report_published", date(2026, 1, 13)))
    found = warnings(check(replace(price, steps=steps), today=date.fromisoformat(today)))
    assert found == (["reference_price_objection_period"] if open_still else [])


def test_no_objection_lies_against_an_agreed_price(check: Check, price: ReferencePrice) -> None:
    steps = (PriceStep("agreement_asked", TODAY), PriceStep("report_served", TODAY))
    assert check(replace(an_agreed(price), steps=steps)) == ()


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["objection_filed"], ["objection_open"]),
        (["objection_filed", "objection_decided"], []),
        (["objection_filed", "objection_filed", "objection_decided"], ["objection_open"]),
        (["objection_decided"], []),
    ],
)
def test_an_open_objection_bars_the_announcement(
    check: Check, price: ReferencePrice, codes: list[str], expected: list[str]
) -> None:
    steps = (*price.steps, *(PriceStep(code, date(2026, 1, 12)) for code in codes))
    assert reasons(check(replace(price, steps=steps))) == expected


@pytest.mark.parametrize(
    ("days", "told"),
    [(0, []), (1, ["reference_price_effective_after_result"]), (800, ["reference_price_effective_after_result"])],
)
def test_a_price_that_holds_only_from_after_its_latest_result_is_warned_of(
    check: Check, price: ReferencePrice, days: int, told: list[str]
) -> None:
    effective_on = date(2026, 1, 5) + timedelta(days=days)
    later = replace(price, effective_on=effective_on, valid_until=effective_on + timedelta(days=300))
    assert [one for one in warnings(check(later)) if "effective" in one] == told
    assert warnings(check(replace(later, results=()))) == ["reference_price_results_missing"]


@pytest.mark.parametrize(
    ("third", "recorded", "mean_yuan"),
    [
        (date(2026, 1, 5), False, 3_000_000),
        (date(2026, 1, 6), False, 2_000_000),
        (date(2026, 1, 6), True, 3_000_000),
        (None, False, 3_000_000),
    ],
)
def test_what_a_platform_reports_late_does_not_count_in_the_mean(
    ruleset: Ruleset,
    calendar: HolidayCalendar,
    price: ReferencePrice,
    third: date | None,
    recorded: bool,
    mean_yuan: int,
) -> None:
    """Unless the record has it in time, as the correction of a report that was."""
    days = (date(2026, 1, 4), date(2026, 1, 4), third)
    told = zip("甲乙丙", (190_000_000, 210_000_000, 500_000_000), days, strict=True)
    results = tuple(PriceResult(*one) for one in told)
    entered = replace(price, results=results, recorded=results[2:] if recorded else ())
    for amount in (2_000_000, 3_000_000):
        found = entry_findings(replace(entered, amount_fen=amount * 100), ruleset, calendar)
        assert [one.facts["mean_fen"] for one in found] == ([] if amount == mean_yuan else [mean_yuan * 100])


def test_a_price_on_late_results_alone_bars_the_announcement(check: Check, price: ReferencePrice) -> None:
    results = tuple(replace(each, reported_on=date(2026, 1, 6)) for each in price.results)
    found = check(replace(price, results=results, amount_fen=1, effective_on=date(2026, 1, 6)))
    assert [one.severity for one in found if one.code == "reference_price_result_late"] == ["error", "error"]


@pytest.mark.parametrize(("on", "told"), [(5, False), (6, True)])
def test_a_platforms_late_result_in_the_mean_is_warned_of(
    check: Check, price: ReferencePrice, on: int, told: bool
) -> None:
    results = (price.results[0], replace(price.results[1], reported_on=date(2026, 1, on)))
    found = check(replace(price, results=results, effective_on=date(2026, 1, on)))
    late = [one.facts for one in found if one.code == "reference_price_result_late"]
    facts = {"source": "平台乙", "reported_on": f"2026-01-0{on}", "last_day": "2026-01-05"}
    assert late == ([facts] if told else [])
