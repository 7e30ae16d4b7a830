"""The use of a forfeited deposit, and that several renegers together never make the same loss good twice."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.ruleset import load
from bidding.rules.allocation import (
    Claim,
    Made,
    allocate,
    open_shortfall,
    shortfall,
    split,
    still_claimed,
    top_up,
)

ORDER = load("spc-2016").texts("forfeit_order")
CLAIMS = (
    Claim("related_debt", "抵押权人", 30),
    Claim("case_debt", "", 40),
    Claim("shortfall", "", 50),
    Claim("costs", "评估费", 6),
    Claim("costs", "公告费", 4),
)


@pytest.mark.parametrize(
    ("deposit", "expected"),
    [
        (0, [("costs", 0, 0), ("costs", 0, 0), ("shortfall", 0, 0), ("case_debt", 0, 0), ("related_debt", 0, 0)]),
        (8, [("costs", 6, 2), ("costs", 2, 0), ("shortfall", 0, 0), ("case_debt", 0, 0), ("related_debt", 0, 0)]),
        (60, [("costs", 6, 54), ("costs", 4, 50), ("shortfall", 50, 0), ("case_debt", 0, 0), ("related_debt", 0, 0)]),
        (
            150,
            [
                ("costs", 6, 144),
                ("costs", 4, 140),
                ("shortfall", 50, 90),
                ("case_debt", 40, 50),
                ("related_debt", 30, 20),
                ("kept", 20, 0),
            ],
        ),
    ],
)
def test_the_deposit_serves_in_the_order_of_the_article(deposit: int, expected: list[tuple[str, int, int]]) -> None:
    lines = allocate(deposit, CLAIMS, ORDER)
    assert [(line.code, line.amount_fen, line.left_fen) for line in lines] == expected
    assert sum(line.amount_fen for line in lines) == deposit


def test_nothing_negative_and_nothing_unknown_is_allocated() -> None:
    for deposit, claim in ((-1, CLAIMS[0]), (1, Claim("costs", "", -1)), (1, Claim("kept", "", 1))):
        with pytest.raises(ValueError, match=r"negative|does not know"):
            allocate(deposit, [claim], ORDER)


def test_a_top_up_asks_for_costs_and_shortfall_alone() -> None:
    lines = top_up(allocate(8, CLAIMS, ORDER), 50)
    assert [(line.code, line.amount_fen, line.left_fen) for line in lines] == [("costs", 2, 50), ("shortfall", 50, 0)]
    assert top_up(allocate(150, CLAIMS, ORDER), 50) == ()
    limited = top_up(allocate(8, CLAIMS, ORDER), 20)
    assert [(line.code, line.amount_fen, line.left_fen) for line in limited] == [("costs", 2, 20), ("shortfall", 20, 0)]
    assert [line.code for line in top_up(allocate(8, CLAIMS, ORDER), 0)] == ["costs"]
    assert split(lines, 0, 10) == {"costs": 2, "shortfall": 8}
    assert split(lines, 10, 42) == {"shortfall": 42}
    with pytest.raises(ValueError, match="more is paid"):
        split(lines, 10, 43)


@pytest.mark.parametrize(
    ("liable", "others", "left"),
    [
        (40, [], 40),
        (40, [Made(20, 20)], 20),  # A 100, B 80, C paid 60: B made his 20 good, A answers for the 20 above
        (40, [Made(20, 5)], 35),  # what B cannot pay, A stands in for
        (10, [Made(30, 25)], 5),  # B bought higher: A answers for 10, and 5 of all the loss are left
        (10, [Made(30, 5)], 10),
        (0, [Made(30, 0)], 0),
        (20, [Made(20, 12), Made(40, 10)], 8),
    ],
)
def test_the_same_loss_is_made_good_once(liable: int, others: list[Made], left: int) -> None:
    assert open_shortfall(liable, others) == left


AMOUNTS = st.integers(0, 200)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), min_size=1, max_size=5), AMOUNTS, AMOUNTS)
def test_a_chain_of_renegers_loses_its_deposits_once_and_no_more_than_the_loss(
    buyers: list[tuple[int, int, int]], final: int, debt: int
) -> None:
    """The buyers (price, deposit, costs) renege in turn; the lot brings `final`. Told from the latest to the first."""
    made: list[Made] = []
    debts_paid = 0
    for price, deposit, costs in reversed(buyers):
        liable = shortfall(price, final)
        asked = open_shortfall(liable, made)
        claims = [
            Claim("costs", "", costs),
            Claim("shortfall", "", asked),
            Claim("case_debt", "", still_claimed(debt, debts_paid)),
        ]
        lines = allocate(deposit, claims, ORDER)
        assert sum(line.amount_fen for line in lines) == deposit
        paid = {line.code: line.amount_fen for line in lines}
        debts_paid += paid["case_debt"]
        assert paid["shortfall"] <= asked <= liable
        made.append(Made(liable, paid["shortfall"]))
    assert debts_paid <= debt
    # No group of renegers makes good more than the greatest shortfall among them: checked over every group there is.
    for size in range(1, len(made) + 1):
        for group in combinations(made, size):
            assert sum(one.made_fen for one in group) <= max(one.liable_fen for one in group)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=5), AMOUNTS)
def test_nothing_that_could_be_made_good_is_left(buyers: list[tuple[int, int]], final: int) -> None:
    """Against the best there is, found by filling the loss fen by fen, whoever answers for it."""
    made: list[Made] = []
    for price, means in reversed(buyers):
        liable = shortfall(price, final)
        made.append(Made(liable, min(means, open_shortfall(liable, made))))
    purses = sorted(((shortfall(price, final), means) for price, means in buyers), key=lambda purse: purse[0])
    best = reached = 0
    for liable, means in purses:  # the one who answers for least fills first, up to the level he answers for
        reached = min(liable, reached + means)
        best = reached
    assert sum(one.made_fen for one in made) == best
