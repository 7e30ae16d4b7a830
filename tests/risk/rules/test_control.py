"""Who controls a company: every rule by example, and a slow model of the whole beside it, circles included."""

from collections.abc import Collection
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.rules.control import Chain, Stake, Trace, controlled, traces, ways
from risk.rules.shares import WHOLE, indirect_shares

HALF = Fraction(1, 2)
TENTH = Fraction(1, 10)


def holds(holder: str, company: str, share: float | None) -> Stake:
    return Stake(company, holder, "shareholder", None if share is None else round(share * WHOLE))


def is_(holder: str, role: str, company: str) -> Stake:
    return Stake(company, holder, role)


def rules_of(seeds: Collection[str], stakes: list[Stake]) -> dict[str, str]:
    return {company: chain.rule for company, chain in controlled(seeds, stakes, HALF).items()}


#: Stakes, and which companies the judge "j" and her brother "b" control, by which rule.
TABLE: list[tuple[str, list[Stake], dict[str, str]]] = [
    ("nobody", [], {}),
    ("more than half", [holds("j", "A", 0.500001)], {"A": "holdings"}),
    ("half is not more than half", [holds("j", "A", 0.5)], {}),
    ("together", [holds("j", "A", 0.3), holds("b", "A", 0.21)], {"A": "holdings"}),
    ("together half", [holds("j", "A", 0.3), holds("b", "A", 0.2)], {}),
    ("a stranger's part does not count", [holds("j", "A", 0.3), holds("x", "A", 0.7)], {}),
    ("the rest may be unknown", [holds("j", "A", 0.3), holds("b", "A", None)], {}),
    ("actual controller", [is_("j", "actual_controller", "A")], {"A": "actual_controller"}),
    ("director", [is_("j", "director", "A")], {}),
    ("legal representative", [is_("j", "legal_representative", "A")], {"A": "legal_representative"}),
    (
        "what a represented company holds does not count",
        [is_("j", "legal_representative", "A"), holds("A", "B", 1.0)],
        {"A": "legal_representative"},
    ),
    (
        "what an actually controlled company holds counts whole",
        [is_("j", "actual_controller", "A"), holds("A", "B", 0.6)],
        {"A": "actual_controller", "B": "holdings"},
    ),
    (
        "control passes on where the product has long gone under",
        [holds("j", "A", 0.6), holds("A", "B", 0.6), holds("B", "C", 0.6)],
        {"A": "holdings", "B": "holdings", "C": "holdings"},
    ),
    (
        "the product sees what control does not",
        [holds("j", "A", 0.5), holds("A", "X", 0.6), holds("j", "X", 0.3)],
        {"X": "indirect_holdings"},
    ),
    (
        "what is controlled by the product alone holds nobody",
        [holds("j", "A", 0.5), holds("A", "X", 0.6), holds("j", "X", 0.3), holds("X", "Y", 0.51)],
        {"X": "indirect_holdings"},
    ),
    (
        "what is controlled by the product alone is no actual controller",
        [holds("j", "A", 0.5), holds("A", "X", 0.6), holds("j", "X", 0.3), is_("X", "actual_controller", "Y")],
        {"X": "indirect_holdings"},
    ),
    (
        "what is controlled by both holds others",
        [holds("j", "X", 0.51), holds("X", "Y", 0.51), holds("j", "A", 0.5), holds("A", "Y", 0.49)],
        {"X": "holdings", "Y": "holdings"},
    ),
    (
        "a circle ends by itself",
        [holds("j", "A", 0.6), holds("A", "B", 0.6), holds("B", "A", 0.4)],
        {"A": "holdings", "B": "holdings"},
    ),
    (
        "a chain of products passes a company once",
        [holds("j", "A", 0.4), holds("A", "B", 0.5), holds("B", "A", 0.5), holds("j", "C", 0.31), holds("A", "C", 0.5)],
        {"C": "indirect_holdings"},
    ),
    ("a circle of strangers is nobody's", [holds("A", "B", 1.0), holds("B", "A", 1.0)], {}),
    ("a circle does not lift a share", [holds("j", "A", 0.45), holds("A", "B", 0.5), holds("B", "A", 0.3)], {}),
    ("a company holding itself does not either", [holds("j", "A", 0.4), holds("A", "A", 0.6)], {}),
    ("several holdings of one add up", [holds("j", "A", 0.3), holds("j", "A", 0.3)], {"A": "holdings"}),
    (
        "the share beside an office is the same share",
        [holds("j", "A", 0.3), Stake("A", "j", "director", 300_000)],
        {},
    ),
]


@pytest.mark.parametrize(("stakes", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_rule_of_control(stakes: list[Stake], expected: dict[str, str]) -> None:
    assert rules_of({"j", "b"}, stakes) == expected
    assert rules_of({"b", "j"}, stakes[::-1]) == expected  # the order of the registry is no matter


def test_a_barred_company_is_a_holder_like_a_person_and_no_find_of_its_own() -> None:
    assert rules_of({"agency"}, [holds("agency", "A", 0.9), holds("j", "agency", 0.9)]) == {"A": "holdings"}


def test_a_chain_tells_every_stake_that_counts_those_of_people_first() -> None:
    stakes = [
        Stake("A", "j", "shareholder", 600_000, 1),
        Stake("A", "x", "shareholder", 400_000, 2),
        Stake("B", "A", "shareholder", 400_000, 3),
        Stake("B", "b", "shareholder", 200_000, 4),
        Stake("B", "y", "shareholder", 400_000, 5),
    ]
    chain = controlled({"j", "b"}, stakes, HALF)["B"]
    assert chain == Chain("B", "holdings", ("b", "j"), (stakes[0], stakes[3], stakes[2]))
    assert chain.companies == ("A", "B")
    product = controlled({"j"}, [holds("j", "A", 0.5), holds("A", "X", 0.6), holds("j", "X", 0.3)], HALF)["X"]
    assert {(s.holder, s.company) for s in product.stakes} == {("j", "A"), ("A", "X"), ("j", "X")}


def test_a_chain_is_told_from_the_people_down_whatever_the_order_of_the_registry() -> None:
    chain = [holds("j", "C", 0.9), holds("C", "B", 0.6)]
    chain += [holds("j", "A", 0.1), holds("B", "A", 0.3), holds("C", "A", 0.3)]
    assert list(controlled({"j"}, chain[::-1], HALF)["A"].stakes) == chain
    circle = [holds("j", "B", 0.5), holds("C", "B", 0.2), holds("B", "C", 0.9)]
    circle += [holds("j", "A", 0.4), holds("C", "A", 0.6)]
    assert [stake.company for stake in controlled({"j"}, circle, HALF)["A"].stakes][-2:] == ["A", "A"]


def test_every_way_of_control_is_told_and_none_that_leads_in_a_circle() -> None:
    by_shares = holds("j", "A", 0.6)
    stakes = [by_shares, is_("b", "actual_controller", "A"), is_("j", "legal_representative", "A")]
    found = ways({"j", "b"}, stakes, HALF)["A"]
    assert [(chain.rule, chain.seeds) for chain in found] == [
        ("actual_controller", ("b",)),
        ("holdings", ("j",)),
        ("legal_representative", ("j",)),
    ]
    circle = [by_shares, is_("A", "actual_controller", "B"), is_("B", "actual_controller", "A")]
    assert [chain.rule for chain in ways({"j"}, circle, HALF)["A"]] == ["holdings"]
    both = [is_("j", "actual_controller", "C"), is_("j", "actual_controller", "A"), holds("C", "A", 0.6)]
    assert [chain.rule for chain in ways({"j"}, both, HALF)["A"]] == ["actual_controller", "holdings"]
    product = [is_("b", "actual_controller", "X"), holds("j", "A", 0.5), holds("A", "X", 0.6), holds("j", "X", 0.3)]
    assert [chain.rule for chain in ways({"j", "b"}, product, HALF)["X"]] == ["actual_controller", "indirect_holdings"]


def test_the_limit_is_the_callers() -> None:
    assert not controlled({"j"}, [holds("j", "A", 0.6)], Fraction(2, 3))


TOLD: list[tuple[str, list[Stake], set[Trace]]] = [
    ("a tenth", [holds("j", "A", 0.1)], {Trace("A", "j", "minor_holding")}),
    ("under a tenth", [holds("j", "A", 0.099999)], set()),
    ("half", [holds("j", "A", 0.5)], {Trace("A", "j", "minor_holding")}),
    ("control is no trace but a bar", [holds("j", "A", 0.6)], set()),
    (
        "together a tenth",
        [holds("j", "A", 0.05), holds("b", "A", 0.05), holds("x", "A", 0.9)],
        {Trace("A", "j", "minor_holding"), Trace("A", "b", "minor_holding")},
    ),
    (
        "through a company nobody controls",
        [holds("j", "B", 0.5), holds("B", "A", 0.2)],
        {Trace("A", "B", "minor_holding")},
    ),
    ("a director", [is_("j", "director", "A")], {Trace("A", "j", "director")}),
    ("a stranger as director", [is_("x", "director", "A")], set()),
    ("an unknown share", [holds("j", "A", None)], {Trace("A", "j", "unknown_share")}),
    (
        "an unknown share further up",
        [holds("j", "B", None), holds("B", "A", 0.9)],
        {Trace("A", "j", "unknown_share")},
    ),
    ("a stranger's unknown share", [holds("x", "A", None)], set()),
]


@pytest.mark.parametrize(("stakes", "expected"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_what_is_told_of_companies_that_are_not_barred(stakes: list[Stake], expected: set[Trace]) -> None:
    assert set(traces({"j", "b"}, stakes, ["A"], least=TENTH, more_than=HALF)) == expected


# The slow model: every path walked, every set tried again until nothing changes.


def model_indirect(owners: Collection[str], stakes: list[Stake]) -> dict[str, Fraction]:
    def reaching(company: str, passed: frozenset[str]) -> Fraction:
        total = Fraction(0)
        for stake in stakes:
            if stake.company != company or not stake.share:
                continue
            part = Fraction(stake.share, WHOLE)
            if stake.holder in owners:
                total += part
            elif stake.holder not in passed:
                total += part * reaching(stake.holder, passed | {stake.holder})
        return total

    companies = {stake.company for stake in stakes} - set(owners)
    return {company: min(reaching(company, frozenset((company,))), Fraction(1)) for company in companies}


def model_controlled(seeds: Collection[str], stakes: list[Stake]) -> set[str]:
    companies = {stake.company for stake in stakes} - set(seeds)
    inside = set(seeds)
    for _ in companies:
        for company in companies:
            mine = [stake for stake in stakes if stake.company == company and stake.holder in inside]
            if sum(s.share or 0 for s in mine) > WHOLE // 2 or any(s.role == "actual_controller" for s in mine):
                inside.add(company)
    led = {s.company for s in stakes if s.role == "legal_representative" and s.holder in seeds}
    by_product = {company for company, part in model_indirect(seeds, stakes).items() if part > HALF}
    return (inside | by_product | led) & companies


COMPANIES = "ABCDEF"


@st.composite
def registries(draw: st.DrawFn) -> list[Stake]:
    """Companies that hold each other as they like, nobody more than all of one, circles and all."""
    stakes = []
    for company in COMPANIES[: draw(st.integers(1, 6))]:
        left = WHOLE
        holders = draw(st.lists(st.sampled_from("jbxy" + COMPANIES), unique=True, max_size=4))
        for holder in holders:
            share = draw(st.one_of(st.none(), st.sampled_from((1, 2, 3, 4, 5, 6, 9)).map(lambda n: n * WHOLE // 10)))
            share = None if share is None else min(share, left)
            left -= share or 0
            stakes.append(Stake(company, holder, "shareholder", share))
        for role in ("actual_controller", "legal_representative"):
            if draw(st.integers(0, 9)) == 0:
                stakes.append(Stake(company, draw(st.sampled_from("jbx" + COMPANIES)), role))
    return stakes


@given(registries(), st.sets(st.sampled_from("jbA"), max_size=3))
def test_control_is_what_the_slow_model_says(stakes: list[Stake], seeds: set[str]) -> None:
    chains = controlled(seeds, stakes, HALF)
    assert set(chains) == model_controlled(seeds, stakes)
    for company, chain in chains.items():
        assert set(chain.seeds) <= seeds and chain.seeds
        assert set(chain.stakes) <= set(stakes)
        assert company in chain.companies
        # The chain alone proves the control: nothing that matters was left out of it.
        assert company in controlled(seeds, chain.stakes, HALF)


@given(registries(), st.sets(st.sampled_from("jbA"), max_size=3))
def test_indirect_shares_are_the_sum_over_all_paths(stakes: list[Stake], owners: set[str]) -> None:
    held: dict[str, dict[str, int]] = {}
    for stake in stakes:
        if stake.share:
            held.setdefault(stake.company, {})[stake.holder] = stake.share
    expected = {company: part for company, part in model_indirect(owners, stakes).items() if part}
    assert indirect_shares(owners, held) == expected


def test_long_chains_and_dense_layers_are_no_burden() -> None:
    chain = [holds("j", "0", 0.9), *(holds(str(n), str(n + 1), 0.9) for n in range(1_000))]
    assert len(controlled({"j"}, chain, HALF, among=["1000"])) == 1
    layers = [holds("j", f"0/{k}", 0.6) for k in range(10)]
    layers += [holds(f"{n}/{k}", f"{n + 1}/{m}", 0.1) for n in range(20) for k in range(10) for m in range(10)]
    owned = indirect_shares({"j"}, {s.company: {} for s in layers} | _held(layers))
    assert owned["20/3"] == Fraction(6, 10)


def test_a_knot_too_dense_to_follow_counts_as_the_most_it_could_be() -> None:
    """Twenty companies, each holding a part of every other: more ways than anybody can walk."""
    names = [f"k{n}" for n in range(20)]
    stakes = [holds(a, b, 0.05) for a in names for b in names if a != b] + [holds("j", "k0", 0.05)]
    part = indirect_shares({"j"}, _held(stakes))["k0"]
    assert Fraction(5, 100) <= part <= 1


def _held(stakes: list[Stake]) -> dict[str, dict[str, int]]:
    held: dict[str, dict[str, int]] = {}
    for stake in stakes:
        held.setdefault(stake.company, {})[stake.holder] = stake.share or 0
    return held
