"""Who is barred by OJA 34 in its direct form: every relation, every edge of an office, and a model beside it."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.rules.control import Stake, Trace
from risk.rules.interest import (
    INVERSE,
    NEAR_RELATIONS,
    PLATFORM,
    Body,
    Clearance,
    Facts,
    Hit,
    Office,
    Relation,
    hits,
    in_office,
    is_current,
    near_relatives,
    told,
)

ENTRY, SALE = date(2025, 6, 1), date(2026, 3, 2)
COURT = Body("court", "C1")
BODIES = (COURT, Body("provider", PLATFORM), Body("agency", "A1", "match-of-A1"))


def judge(match: str, body: Body = COURT, first: date = date(2020, 1, 1), last: date | None = None) -> Office:
    return Office(body.type, body.code, match, first, last)


def barred(match: str, offices: list[Office], relations: list[Relation]) -> tuple[Hit, ...]:
    return hits({match}, BODIES, ENTRY, SALE, Facts(tuple(offices), tuple(relations)))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.type)
def test_staff_of_every_kind_of_body_are_barred(body: Body) -> None:
    assert barred("judge", [judge("judge", body)], []) == (Hit("judge", "staff", body.type, body.code),)


@pytest.mark.parametrize(
    "body", [Body("court", "C2"), Body("agency", "A2"), Body("agency", "C1"), Body("court", PLATFORM)]
)
def test_staff_of_a_body_that_has_nothing_to_do_with_the_lot_are_not_barred(body: Body) -> None:
    assert barred("judge", [judge("judge", body)], []) == ()


def test_an_agency_is_barred_itself_and_a_body_without_a_number_matches_nobody() -> None:
    assert barred("match-of-A1", [], []) == (Hit("match-of-A1", "body", "agency", "A1"),)
    assert barred("C1", [], []) == ()


@pytest.mark.parametrize("relation", NEAR_RELATIONS)
def test_each_near_relation_of_a_member_of_staff_is_barred(relation: str) -> None:
    recorded = [Relation("judge", "kin", relation)]
    assert barred("kin", [judge("judge")], recorded) == (
        Hit("kin", "near_relative", "court", "C1", via="judge", relation=relation),
    )


@pytest.mark.parametrize(("relation", "inverse"), INVERSE.items())
def test_a_relation_recorded_from_the_other_side_bars_as_well(relation: str, inverse: str) -> None:
    recorded = [Relation("kin", "judge", relation)]
    assert barred("kin", [judge("judge")], recorded) == (
        Hit("kin", "near_relative", "court", "C1", via="judge", relation=inverse),
    )


def test_the_near_relations_are_those_of_the_code_and_each_is_the_inverse_of_its_inverse() -> None:
    assert set(NEAR_RELATIONS) == {"spouse", "parent", "child", "sibling", "grandparent", "grandchild"}
    assert all(INVERSE[INVERSE[relation]] == relation for relation in NEAR_RELATIONS)


@pytest.mark.parametrize("relation", ["cousin", "uncle", "in_law", "parent_in_law", "friend", "", "SPOUSE"])
def test_in_laws_and_cousins_are_not_barred(relation: str) -> None:
    assert barred("kin", [judge("judge")], [Relation("judge", "kin", relation)]) == ()
    assert barred("kin", [judge("judge")], [Relation("kin", "judge", relation)]) == ()


def is_to(one: str, what: str, other: str, flipped: bool) -> Relation:
    """`one` is the `what` of `other`, recorded with either of them."""
    return Relation(one, other, INVERSE[what]) if flipped else Relation(other, one, what)


#: What follows from two records for "kin", who stands by "mid" to the judge; None: no near relative by CIV 1045.
FOLLOWS = [
    ("mother of the mother", ("kin", "parent", "mid"), ("mid", "parent", "judge"), "grandparent"),
    ("child of the child", ("kin", "child", "mid"), ("mid", "child", "judge"), "grandchild"),
    ("other child of the mother", ("kin", "child", "mid"), ("mid", "parent", "judge"), "sibling"),
    ("mother-in-law", ("kin", "parent", "mid"), ("mid", "spouse", "judge"), None),
    ("daughter-in-law", ("kin", "spouse", "mid"), ("mid", "child", "judge"), None),
    ("brother-in-law", ("kin", "sibling", "mid"), ("mid", "spouse", "judge"), None),
    ("sister's husband", ("kin", "spouse", "mid"), ("mid", "sibling", "judge"), None),
    ("stepfather", ("kin", "spouse", "mid"), ("mid", "parent", "judge"), None),
    ("other parent of the child", ("kin", "parent", "mid"), ("mid", "child", "judge"), None),
    ("aunt", ("kin", "sibling", "mid"), ("mid", "parent", "judge"), None),
    ("nephew", ("kin", "child", "mid"), ("mid", "sibling", "judge"), None),
    ("great-grandmother", ("kin", "parent", "mid"), ("mid", "grandparent", "judge"), None),
    ("great-grandchild", ("kin", "child", "mid"), ("mid", "grandchild", "judge"), None),
    ("child of a grandparent", ("kin", "child", "mid"), ("mid", "grandparent", "judge"), None),
]


@pytest.mark.parametrize(("first", "second", "expected"), [row[1:] for row in FOLLOWS], ids=[row[0] for row in FOLLOWS])
def test_what_follows_from_two_records(
    first: tuple[str, str, str], second: tuple[str, str, str], expected: str | None
) -> None:
    for flips in product((False, True), repeat=2):
        recorded = [is_to(*pair, flipped) for pair, flipped in zip((first, second), flips, strict=True)]
        found = barred("kin", [judge("judge")], recorded)
        hit = Hit("kin", "near_relative", "court", "C1", via="judge", relation=expected or "", through=("mid",))
        assert found == ((hit,) if expected else ())


def test_a_cousin_is_two_derived_steps_away_and_not_barred() -> None:
    family = [
        Relation("judge", "father", "parent"),
        Relation("father", "grandfather", "parent"),
        Relation("uncle", "grandfather", "parent"),
        Relation("cousin", "uncle", "parent"),
    ]
    assert not barred("cousin", [judge("judge")], family)
    assert not barred("uncle", [judge("judge")], family)
    assert [hit.relation for hit in barred("grandfather", [judge("judge")], family)] == ["grandparent"]
    assert [hit.relation for hit in barred("uncle", [judge("father")], family)] == ["sibling"]


COMPANY = [Stake("firm", "kin", "shareholder", 400_000, 1), Stake("firm", "judge", "shareholder", 200_000, 2)]


def checked(*matches: str, stakes: list[Stake], lifted: tuple[str, ...] = ()) -> tuple[Hit, ...]:
    facts = Facts((judge("judge"),), (Relation("judge", "kin", "child"),), tuple(stakes))
    return hits(matches, BODIES, ENTRY, SALE, facts, lifted=lifted)


def test_a_company_that_barred_people_control_together_is_barred() -> None:
    (hit,) = checked("firm", stakes=COMPANY)
    assert hit == Hit("firm", "controlled_company", "court", "C1", "judge", "holdings", ("kin",))
    assert checked("firm", stakes=COMPANY[:1]) == ()
    assert [hit.match for hit in checked("firm", "kin", "stranger", stakes=COMPANY)] == ["firm", "kin"]


def test_a_company_of_a_barred_agency_is_barred_and_the_agency_by_itself() -> None:
    stakes = [
        Stake("firm", "match-of-A1", "shareholder", 600_000),
        Stake("match-of-A1", "judge", "shareholder", 999_999),
    ]
    firm, agency = checked("firm", "match-of-A1", stakes=stakes)
    assert (firm.ground, firm.body_type, firm.via) == ("controlled_company", "agency", "match-of-A1")
    assert agency.ground == "body"


def test_only_the_lifted_hit_is_lifted() -> None:
    (company,) = checked("firm", stakes=COMPANY)
    assert checked("firm", stakes=COMPANY, lifted=(company.key,)) == ()
    assert len(checked("firm", "kin", stakes=COMPANY, lifted=(company.key,))) == 1
    kin = next(hit for hit in checked("kin", stakes=COMPANY))
    assert checked("kin", "firm", stakes=COMPANY, lifted=(kin.key,)) == ()  # who is not barred controls nothing
    other = [*COMPANY, Stake("firm", "judge", "actual_controller")]
    assert checked("firm", stakes=other, lifted=(company.key,)) != ()  # a new way is another hit
    assert len({hit.key for hit in (company, kin)}) == 2


def test_minor_parts_are_told_and_bar_nobody() -> None:
    facts = Facts((judge("judge"),), (), (Stake("firm", "judge", "shareholder", 100_000),))
    assert hits({"firm"}, BODIES, ENTRY, SALE, facts) == ()
    assert told({"firm"}, BODIES, ENTRY, SALE, facts) == (Trace("firm", "judge", "minor_holding"),)
    assert told({"firm"}, [COURT], ENTRY, SALE, Facts(stakes=facts.stakes)) == ()


def test_a_check_says_whether_only_the_courts_practice_bars() -> None:
    firm, kin = checked("firm", "kin", stakes=COMPANY)
    assert Clearance(1, SALE, (firm,)).through_company
    assert not Clearance(1, SALE, (firm, kin)).through_company
    assert not Clearance(1, SALE, ()).through_company


def test_a_stranger_is_clear() -> None:
    recorded = [Relation("judge", "kin", "child")]
    assert barred("stranger", [judge("judge")], recorded) == ()


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        (date(2000, 1, 1), ENTRY - timedelta(1), False),
        (date(2000, 1, 1), ENTRY, True),
        (date(2000, 1, 1), ENTRY + timedelta(1), True),
        (ENTRY, ENTRY, True),
        (ENTRY + timedelta(30), ENTRY + timedelta(31), True),  # came and went while the case ran
        (SALE - timedelta(1), None, True),
        (SALE, None, True),
        (SALE, SALE, True),
        (SALE + timedelta(1), None, False),
        (date(2000, 1, 1), None, True),
        (date(2000, 1, 1), SALE + timedelta(900), True),
    ],
)
def test_an_office_counts_from_the_entry_of_the_case_to_the_day_of_the_check(
    first: date, last: date | None, counts: bool
) -> None:
    office = judge("judge", first=first, last=last)
    assert in_office(office, ENTRY, SALE) is counts
    assert bool(barred("judge", [office], [])) is counts
    assert bool(barred("kin", [office], [Relation("judge", "kin", "child")])) is counts


def test_every_way_is_told_once_and_in_a_fixed_order() -> None:
    offices = [judge("judge"), judge("judge", first=date(2025, 1, 1)), judge("kin", BODIES[2]), judge("aunt")]
    recorded = [Relation("judge", "kin", "child"), Relation("kin", "judge", "parent"), Relation("kin", "kin", "child")]
    expected = (
        Hit("judge", "near_relative", "agency", "A1", via="kin", relation="parent"),
        Hit("judge", "staff", "court", "C1"),
        Hit("kin", "near_relative", "court", "C1", via="judge", relation="child"),
        Hit("kin", "staff", "agency", "A1"),
    )
    for shown in (offices, offices[::-1]):
        assert hits(["kin", "judge", "kin"], BODIES, ENTRY, SALE, Facts(tuple(shown), tuple(recorded))) == expected


def test_nobody_is_asked_for_and_nobody_is_found() -> None:
    assert hits((), BODIES, ENTRY, SALE, Facts((judge("judge"),))) == ()
    assert near_relatives((), [Relation("a", "b", "child")]) == frozenset()


@pytest.mark.parametrize(
    ("version", "today", "current"),
    [(7, SALE, True), (8, SALE, False), (6, SALE, False), (7, SALE + timedelta(1), False), (7, ENTRY, False)],
)
def test_a_clearance_holds_for_its_version_and_its_day_only(version: int, today: date, current: bool) -> None:
    assert is_current(7, SALE, version, today) is current


PEOPLE = [f"p{number}" for number in range(5)]
days = st.integers(-4, 4).map(lambda shift: ENTRY + timedelta(shift))
bodies = st.sampled_from([*BODIES, Body("court", "C2"), Body("agency", "A2", "p0")])
offices = st.builds(
    lambda match, body, first, length: judge(match, body, first, None if length is None else first + timedelta(length)),
    st.sampled_from(PEOPLE),
    bodies,
    days,
    st.none() | st.integers(0, 3),
)
relations = st.builds(
    Relation, st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from([*NEAR_RELATIONS, "cousin"])
)


@given(
    st.sets(st.sampled_from([*PEOPLE, "match-of-A1"])),
    st.sets(bodies),
    days,
    st.integers(0, 4),
    st.lists(offices, max_size=8),
    st.lists(relations, max_size=8),
)
def test_whoever_a_day_by_day_reading_of_the_registry_bars_is_barred_and_nobody_else(
    matches: set[str],
    lot: set[Body],
    since: date,
    length: int,
    offices: list[Office],
    relations: list[Relation],
) -> None:
    """The model walks every day and every pair of people; it knows no inverse and no overlap."""
    until = since + timedelta(length)
    window = [since + timedelta(shift) for shift in range(length + 1)]

    def serves(person: str) -> bool:
        return any(
            office.id_match == person
            and any(body.type == office.body_type and body.code == office.body_code for body in lot)
            and any(office.from_on <= day and not (office.to_on and office.to_on < day) for day in window)
            for office in offices
        )

    def is_parent(one: str, other: str) -> bool:
        """Whether `one` is a parent of `other`, as recorded by either."""
        return one != other and any(
            (record.id_match, record.relative_match, record.relation) in ((other, one, "parent"), (one, other, "child"))
            for record in relations
        )

    def kin(one: str, other: str) -> bool:
        recorded = any(
            {record.id_match, record.relative_match} == {one, other} and record.relation != "cousin"
            for record in relations
        )
        follows = any(
            (is_parent(one, between) and is_parent(between, other))
            or (is_parent(other, between) and is_parent(between, one))
            or (is_parent(between, one) and is_parent(between, other))
            for between in PEOPLE
        )
        return one != other and (recorded or follows)

    expected = {
        person
        for person in matches
        if serves(person)
        or any(kin(person, other) and serves(other) for other in PEOPLE)
        or any(body.match == person for body in lot)
    }
    found = hits(matches, lot, since, until, Facts(tuple(offices), tuple(relations)))
    assert {hit.match for hit in found} == expected
    assert list(found) == sorted(set(found))
    for hit in found:
        if hit.ground == "near_relative":
            assert serves(hit.via) and kin(hit.match, hit.via)
