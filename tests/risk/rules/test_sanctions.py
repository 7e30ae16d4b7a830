"""The bounds of each measure, by who is liable; and that nobody is barred for a term without a written rule."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from auction.rules.calendar import HolidayCalendar
from auction.rules.ruleset import Ruleset, available, from_data, load
from risk.rules import sanctions
from risk.rules.sanctions import Measure, breaches, liable, needs, review_due, review_until, waits_for_review

RULES = load("spc-2016")
TODAY = date(2026, 3, 2)
YUAN = 100
PLAIN = HolidayCalendar(frozenset({2026}), frozenset(), frozenset(), frozenset())


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def codes(measure: Measure, who: Any = "person", rules: Ruleset = RULES, **more: Any) -> list[tuple[str, str | None]]:
    return [(breach.code, breach.field) for breach in breaches(rules, measure, who, TODAY, **more)]


@pytest.mark.parametrize(
    ("who", "yuan", "refused"),
    [
        ("person", 1, False),
        ("person", 100_000, False),
        ("person", 100_001, True),
        ("unit", 49_999, True),
        ("unit", 50_000, False),
        ("unit", 1_000_000, False),
        ("unit", 1_000_001, True),
    ],
)
def test_a_fine_lies_within_the_bounds_of_who_is_liable(who: str, yuan: int, refused: bool) -> None:
    found = codes(Measure("fine", amount_fen=yuan * YUAN), who)
    assert found == ([("fine_out_of_range", "amount_fen")] if refused else [])


@pytest.mark.parametrize(
    ("days", "code"), [(0, "date_passed"), (-1, "date_passed"), (1, None), (15, None), (16, "detention_too_long")]
)
def test_detention_lasts_at_most_fifteen_days_and_is_for_persons(days: int, code: str | None) -> None:
    assert codes(Measure("detention", until=day(days))) == ([(code, "until")] if code else [])
    assert codes(Measure("detention", until=day(days)), "unit") == [("detention_of_unit", "kind")]


@pytest.mark.parametrize(
    ("until", "code"),
    [(date(2028, 3, 2), None), (date(2028, 3, 3), "term_too_long"), (TODAY, "date_passed"), (None, "required")],
)
def test_a_publication_has_a_last_day(until: date | None, code: str | None) -> None:
    assert codes(Measure("publication", until=until)) == ([(code, "until")] if code else [])


@pytest.mark.parametrize(
    ("measure", "field"),
    [
        (Measure("fine", amount_fen=YUAN, until=day(3)), "until"),
        (Measure("fine", amount_fen=YUAN, scope="all"), "scope"),
        (Measure("detention", amount_fen=YUAN, until=day(3)), "amount_fen"),
        (Measure("publication", until=day(3), scope="court"), "scope"),
    ],
)
def test_what_does_not_belong_to_a_measure_is_refused(measure: Measure, field: str) -> None:
    assert codes(measure) == [("not_allowed", field)]


def test_a_fine_needs_its_amount() -> None:
    assert codes(Measure("fine")) == [("required", "amount_fen")]


@pytest.mark.parametrize("name", available())
def test_no_shipped_ruleset_bars_for_a_term(name: str) -> None:
    rules = load(name)
    assert sanctions.written_rule(rules) is None
    measure = Measure("term_bar", until=day(30), scope="court")
    assert codes(measure, rules=rules, rule_kept=True) == [("measure_off", "kind")]


def barring(**changes: Any) -> Ruleset:
    data = RULES.as_data()
    data["documents"]["LOCAL"] = {
        "zh": "规定", "en": "rule", "version": "2025", "edition_zh": "", "edition_en": "",
        "dated": "2025-03-01", "file": "f" * 64,
    } | changes.pop("document", {})  # fmt: skip
    basis = changes.pop("basis", {"document": "LOCAL", "version": "2025", "article": "7"})
    renege = data["parameters"]["renege"]
    renege["measure_term_bar"] = {"value": True, "unit": "flag", "basis": basis}
    if changes.pop("longest", True):
        renege["term_bar_max"] = {"value": 12, "unit": "months", "basis": basis}
    return from_data(data)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"basis": "court's practice"}, True),
        ({"document": {"dated": ""}}, True),
        ({"document": {"file": ""}}, True),
        ({"longest": False}, True),
        ({}, False),
    ],
    ids=["no document", "no date", "no file named", "no longest term", "file not kept"],
)
def test_a_bar_for_a_term_needs_document_article_date_and_a_kept_file(changes: dict[str, Any], kept: bool) -> None:
    measure = Measure("term_bar", until=day(30), scope="court")
    assert codes(measure, rules=barring(**changes), rule_kept=kept) == [("written_rule_missing", "kind")]


@pytest.mark.parametrize(
    ("until", "code"), [(date(2027, 3, 2), None), (date(2027, 3, 3), "term_too_long"), (TODAY, "date_passed")]
)
def test_a_bar_for_a_term_keeps_to_the_written_rule(until: date, code: str | None) -> None:
    measure = Measure("term_bar", until=until, scope="all")
    assert codes(measure, rules=barring(), rule_kept=True) == ([(code, "until")] if code else [])


def test_the_written_rule_survives_the_copy_on_an_auction() -> None:
    rule = sanctions.written_rule(from_data(barring().as_data()))
    assert rule is not None
    assert (rule.citation.zh, rule.dated, rule.file, rule.months) == ("《规定》第七条", "2025-03-01", "f" * 64, 12)


def test_who_must_approve_what() -> None:
    roles = {kind: [(need.role, need.count) for need in needs(kind)] for kind in sanctions.KINDS}
    assert roles == {
        "fine": [("judge", 1), ("president", 1)],
        "detention": [("judge", 1), ("president", 1)],
        "publication": [("judge", 1)],
        "term_bar": [("judge", 1)],
    }


def test_who_is_liable_as_what() -> None:
    assert [liable(kind) for kind in ("resident_id", "passport", "uscc")] == ["person", "person", "unit"]


def test_coercion_does_not_wait_for_its_review_and_publication_does() -> None:
    assert [kind for kind in sanctions.KINDS if waits_for_review(RULES, kind)] == ["publication", "term_bar"]


def test_days_of_a_review_count_as_the_code_says() -> None:
    """Served on Monday 2 March in Shanghai: until the end of Thursday 5; filed on Thursday: decided by Tuesday 10."""
    served = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)
    assert review_until(RULES, served, PLAIN) == datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
    assert review_until(RULES, served + timedelta(minutes=1), PLAIN) == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    assert review_due(RULES, datetime(2026, 3, 5, 2, 0, tzinfo=UTC), PLAIN) == datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
