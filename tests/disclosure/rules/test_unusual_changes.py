"""Which changes of an announced lot are unusual: many, shortly before the opening, taken back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from auction.rules.ruleset import load
from disclosure.rules.catalogue import load as load_catalogue
from disclosure.rules.sheet import ItemFacts, Sheet
from disclosure.rules.unusual_changes import Announced, Unusual, Version, unusual_changes

RULES, CATALOGUE = load("spc-2016"), load_catalogue("real_estate")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
FIRST = datetime(2026, 3, 1, 2, tzinfo=UTC)
OPENS = FIRST + 31 * DAY
TERMS = {"reserve_price_fen": 100, "deposit_fen": 10}


def sheet(words: str, source: str = "现场") -> Sheet:
    return Sheet((ItemFacts("defects", "found", words, {}, source, "甲", None),))


def versions(*words: str, every: timedelta = DAY) -> list[Version]:
    return [Version(n, FIRST + (n - 1) * every, sheet(text)) for n, text in enumerate(words, 1)]


def told(these: Sequence[Version], announced: Sequence[Announced] = (), now: datetime | None = None) -> list[Unusual]:
    rounds = announced or [Announced(FIRST, "first", TERMS)]
    return unusual_changes(these, rounds, OPENS, now or these[-1].at, CATALOGUE, RULES)


def test_more_than_three_changes_are_told_again_with_each_fourth() -> None:
    words = [f"漏水{n}处" for n in range(9)]
    assert told(versions(*words[:4])) == []
    found = [told(versions(*words[: n + 1])) for n in range(4, 9)]
    assert {one.code for group in found for one in group} == {"changed_often"}
    assert [group[0].occasion for group in found] == ["often:1"] * 4 + ["often:2"]
    assert found[0][0].facts == {"count": 4, "most": 3}


def test_a_change_within_three_days_of_the_opening_is_told_and_one_before_or_after_is_not() -> None:
    for late, codes in ((OPENS - 3 * DAY - SECOND, []), (OPENS - 3 * DAY, ["changed_near_opening"]), (OPENS, [])):
        these = [*versions("漏水"), Version(2, late, sheet("不漏"))]
        assert [one.code for one in told(these)] == codes, late
    assert told(versions("漏水", "不漏"), now=OPENS - DAY) == []  # nothing changed now


def test_what_is_taken_back_is_told_and_a_new_source_is_not() -> None:
    [found] = told(versions("漏水", "不漏", "漏水"))
    assert (found.code, found.facts) == ("change_taken_back", {"fields": 1, "version": 1, "last": 3})
    assert told(versions("漏水", "不漏", "渗水")) == []
    sources = [Version(n, FIRST, sheet("漏水", source)) for n, source in enumerate(("现场", "电话", "现场"), 1)]
    assert told(sources, now=FIRST) == []


def test_other_terms_of_the_same_round_are_a_change_and_those_of_the_next_round_are_none() -> None:
    def rounds(name: str) -> list[Announced]:
        return [Announced(FIRST + n * DAY, name if n else "first", TERMS | {"deposit_fen": 10 + n}) for n in range(5)]

    [found] = told(versions("漏水"), rounds("first"), now=FIRST + 4 * DAY)
    assert (found.code, found.facts["count"]) == ("changed_often", 4)
    assert told(versions("漏水"), rounds("second")[:2], now=FIRST + DAY) == []
    fresh = [*versions("漏水", "不漏"), *(Version(n, FIRST + DAY * (n - 1), sheet(str(n))) for n in (3, 4, 5))]
    assert told(fresh, rounds("second")[:2]) == []  # one of the four came with the second round
