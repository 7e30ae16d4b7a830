"""The points card: every factor and level, what is unknown, and that a worse fact never lowers the score."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.ruleset import load as load_ruleset
from disclosure.rules.citations import cite
from risk.rules.clearance.assessment import Value, assess, weigh
from risk.rules.clearance.card import BANDS, PRESENT, Card, Factor, from_data, load

CARD = load()
PLAN_BANDS = load_ruleset("spc-2016").texts("clearance_plan_bands")
#: Nobody there, the court holds the keys, nothing else to say.
EMPTY: dict[str, Value] = {
    "dwelling": "yes",
    "occupation": "vacant_keys",
    "lease": "none",
    "residence_right": "none",
    "share": "whole",
    "household_registration": 0,
    "belongings": "none",
    "illegal_building": "none",
    "hazardous": "none",
}
#: The debtor alone at home, who has promised in writing to leave.
AGREED: dict[str, Value] = EMPTY | {
    "occupation": "occupied",
    "right": "owner",
    "attitude": "agreed",
    "sole_home": "no",
    "low_income": "no",
    "residents": 1,
    "elderly": 0,
    "children": 0,
    "illness": 0,
    "attention": "none",
    "court_record": "few",
}


def value_at(factor: Factor, number: int) -> Value:
    """The fact that stands at the level of that number."""
    level = factor.levels[number]
    return level.least if factor.counts else level.code


def facts() -> st.SearchStrategy[dict[str, Value]]:
    """Facts of any kind, each of them perhaps unknown."""
    shapes: dict[str, st.SearchStrategy[Value]] = {
        factor.code: st.none() | st.sampled_from([value_at(factor, number) for number in range(len(factor.levels))])
        for factor in CARD.factors
    }
    return st.fixed_dictionaries(shapes | {"dwelling": st.sampled_from([None, "yes", "no"])})


def score(given_facts: dict[str, Value]) -> int:
    return assess(CARD, given_facts, PLAN_BANDS).score


#: code | points of its levels, from the best to the worst | the level an unknown fact counts as
TABLE = """
occupation | vacant_keys -5, vacant 3, occupied 15 | occupied
right | lease 4, loan 6, none 8, owner 10, residence 12, other 12 | other
attitude | agreed -8, willing 0, undecided 6, refuses 12, threatens 18 | undecided
lease | none 0, not_in_possession 2, after_seizure 6, after_mortgage 9, before_both 12, survives 20 | survives
residence_right | none 0, ends 8, survives 25 | survives
sole_home | no 0, provided 5, yes 12 | yes
low_income | no 0, yes 8 | yes
residents | few 1, some 3, many 8 | some
elderly | none 0, one 4, several 6 | one
children | none 0, one 4, several 6 | one
illness | none 0, some 8 | some
share | whole 0, part 10 | part
household_registration | none 0, some 2, many 3 | some
belongings | none 0, few 2, bulky 6 | few
illegal_building | none 0, found 4 | found
hazardous | none 0, suspected 3, found 10 | suspected
attention | none 0, petitions 4, wide 10 | petitions
court_record | good -4, few 0, fair 0, poor 4, bad 8 | few
"""
ROWS = [[part.strip() for part in line.split("|")] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("code", "levels", "unknown"), ROWS)
def test_each_factor_has_the_points_written_down_a_second_time(code: str, levels: str, unknown: str) -> None:
    factor = CARD.factor(code)
    assert ", ".join(f"{level.code} {level.points}" for level in factor.levels) == levels
    assert factor.unknown == unknown


def test_the_table_names_every_factor() -> None:
    assert [row[0] for row in ROWS] == [factor.code for factor in CARD.factors]


@pytest.mark.parametrize("code", [row[0] for row in ROWS])
def test_each_level_of_each_factor_moves_the_score_by_its_points(code: str) -> None:
    factor = CARD.factor(code)
    for number, level in enumerate(factor.levels):
        changed = AGREED | {code: value_at(factor, number)}
        told = {each.code: each for each in weigh(CARD, changed)}
        if code == "occupation" and level.code != "occupied":
            assert "right" not in told  # nobody is there whose right could be asked
            continue
        assert (told[code].level, told[code].points, told[code].assumed) == (level.code, level.points, False)
        others = sum(each.points for name, each in told.items() if name != code)
        assert score(changed) == max(0, others + level.points)


@pytest.mark.parametrize("code", [row[0] for row in ROWS])
def test_an_unknown_fact_counts_as_the_card_says_and_says_so(code: str) -> None:
    factor = CARD.factor(code)
    told = {each.code: each for each in assess(CARD, AGREED | {code: None}, PLAN_BANDS).factors}
    assert told[code].assumed and told[code].level == factor.unknown
    assert told[code].points >= factor.levels[0].points
    assert code in assess(CARD, AGREED | {code: None}, PLAN_BANDS).assumed


@given(facts(), st.sampled_from(CARD.factors), st.integers(0, 9), st.integers(0, 9))
def test_a_worse_fact_never_lowers_the_score(given_facts: dict[str, Value], factor: Factor, one: int, two: int) -> None:
    better, worse = sorted((one % len(factor.levels), two % len(factor.levels)))
    low = score(given_facts | {factor.code: value_at(factor, better)})
    high = score(given_facts | {factor.code: value_at(factor, worse)})
    assert low <= high


@given(facts(), st.sampled_from([factor for factor in CARD.factors if factor.counts]), st.integers(0, 50))
def test_one_more_person_never_lowers_the_score(given_facts: dict[str, Value], factor: Factor, count: int) -> None:
    assert score(given_facts | {factor.code: count}) <= score(given_facts | {factor.code: count + 1})


@given(facts())
def test_the_band_follows_the_score_and_the_plan_the_band(given_facts: dict[str, Value]) -> None:
    found = assess(CARD, given_facts, PLAN_BANDS)
    assert found.score >= 0
    assert found.band == CARD.band(found.score)
    assert found.plan_required == (found.band in ("D", "E"))
    assert assess(CARD, found.facts, PLAN_BANDS) == found


@pytest.mark.parametrize(
    ("scored", "band"),
    [(0, "A"), (9, "A"), (10, "B"), (24, "B"), (25, "C"), (44, "C"), (45, "D"), (64, "D"), (65, "E"), (500, "E")],
)
def test_the_bands_begin_where_the_card_says(scored: int, band: str) -> None:
    assert CARD.band(scored) == band


@pytest.mark.parametrize(
    ("changes", "band"),
    [
        (EMPTY, "A"),
        (EMPTY | {"occupation": "vacant"}, "A"),
        (AGREED, "B"),
        (AGREED | {"attitude": "undecided"}, "C"),
        (AGREED | {"attitude": "undecided", "sole_home": "yes", "elderly": 1, "children": 1, "residents": 4}, "D"),
        (AGREED | {"attitude": "refuses", "sole_home": "yes", "elderly": 2, "illness": 1, "children": 1}, "E"),
        (AGREED | {"right": "lease", "lease": "after_seizure", "attitude": "willing"}, "C"),
        (AGREED | {"right": "lease", "lease": "survives", "attitude": "undecided"}, "D"),
        ({}, "E"),
        ({"occupation": "occupied", "right": "owner"}, "E"),
    ],
)
def test_what_everybody_would_call_easy_or_hard(changes: dict[str, Value], band: str) -> None:
    assert assess(CARD, changes, PLAN_BANDS).band == band


def test_what_is_not_a_home_is_not_asked_about_those_who_live_there() -> None:
    told = {each.code for each in weigh(CARD, AGREED | {"dwelling": "no"})}
    assert told.isdisjoint({"sole_home", "low_income", "elderly", "children", "illness", "household_registration"})
    assert {"elderly", "children"} <= {each.code for each in weigh(CARD, AGREED | {"dwelling": None})}


@pytest.mark.parametrize(
    ("outcomes", "in_time", "level"),
    [(0, 0, None), (9, 9, None), (10, 9, "good"), (10, 8, "fair"), (10, 7, "fair"), (10, 6, "poor"), (10, 4, "bad")],
)
def test_a_courts_record_counts_from_ten_outcomes_on(outcomes: int, in_time: int, level: str | None) -> None:
    assert CARD.record_level(outcomes, in_time) == level


def test_a_value_the_card_does_not_know_is_our_mistake() -> None:
    for wrong in ({"occupation": "haunted"}, {"elderly": -1}, {"elderly": "one"}, {"elderly": True}):
        with pytest.raises(ValueError, match=r"occupation|elderly"):
            assess(CARD, AGREED | wrong, PLAN_BANDS)  # type: ignore[operator]


def test_every_factor_speaks_both_languages_and_rests_on_something() -> None:
    for factor in CARD.factors:
        said = [factor.title, factor.lowers, *(level.says for level in factor.levels)]
        for words in said:
            assert re.search("[\u4e00-\u9fff]", words["zh"]) and not re.search("[\u4e00-\u9fff]", words["en"])
            assert words["en"].strip()
        assert cite(factor.basis).zh
    assert (CARD.name, BANDS) == (PRESENT, ("A", "B", "C", "D", "E"))
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", CARD.dated)


def good() -> dict[str, Any]:
    words = {"zh": "字", "en": "word"}
    levels = [{"code": "no", "points": 0, **words}, {"code": "few", "points": 1, **words}]
    factor = {"basis": "practice", "title": words, "lowers": words, "unknown": "few", "levels": levels}
    return {
        "name": "c",
        "dated": "2026-01-01",
        "title": words,
        "bands": {"B": 1, "C": 2, "D": 3, "E": 4},
        "record": {"enough": 1, "levels": [["no", "0.5"], ["few", "0"]]},
        "factors": [{"code": "court_record", **factor}, {"code": "other", **factor}],
    }


def spoiled(**changes: Any) -> dict[str, Any]:
    """The card with its second factor changed."""
    card = good()
    card["factors"][1] |= changes
    return card


def test_malformed_cards_are_found_when_they_are_loaded() -> None:
    assert isinstance(from_data(good()), Card)
    falling = [{"code": "no", "points": 1, "zh": "", "en": ""}, {"code": "few", "points": 0, "zh": "", "en": ""}]
    for wrong in (
        good() | {"bands": {"B": 1, "C": 1, "D": 3, "E": 4}},
        good() | {"bands": {"B": 1}},
        good() | {"record": {"enough": 1, "levels": [["no", "0.5"]]}},
        good() | {"record": {"enough": 1, "levels": [["never", "0"]]}},
        spoiled(code="court_record"),
        spoiled(unknown="nothing"),
        spoiled(surprise=1),
        spoiled(levels=falling),
        spoiled(only={"court_record": ["nothing"]}),
        spoiled(only={"dwelling": ["perhaps"]}),
        spoiled(counts=True),
    ):
        with pytest.raises(ValueError, match=r".+"):
            from_data(wrong)
    for name in ("nothing", "../cards/clearance-2026", ""):
        with pytest.raises(ValueError, match="no card"):
            load(name)
