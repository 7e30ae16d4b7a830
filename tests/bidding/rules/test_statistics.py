"""Figures of closed sales: what counts as sold, what each rate is of, and that nothing depends on order."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.rules.statistics import OUTCOMES, ClosedRound, outcome_of, statistics, summary

DAY = date(2026, 3, 31)


def closed(outcome: Any = "sold", price: int | None = 150, **changes: Any) -> ClosedRound:
    entered = DAY - timedelta(days=60)
    whole = ClosedRound("3201", "first", "real_estate", outcome, 100, 200, price, entered, DAY, 4)
    return replace(whole, **changes)


def test_a_sale_is_measured_against_reserve_and_reference() -> None:
    found = summary([closed(), closed(price=250, reserve_fen=100), closed("unsold", None)])
    assert (found.rounds, found.turnover_fen, found.outcomes["sold"]) == (3, 400, 2)
    assert (found.sale_rate, found.premium, found.to_reference) == (Fraction(2, 3), Fraction(1), Fraction(1))
    assert (found.days_to_sale, found.bids_per_sale) == (60, Fraction(4))


def test_a_reneged_sale_brings_nothing_and_a_revoked_one_is_no_sale() -> None:
    found = summary([closed(), closed("reneged", 900), closed("revoked", 900), closed("withdrawn", None)])
    assert (found.turnover_fen, found.renege_rate, found.sale_rate) == (150, Fraction(1, 2), Fraction(1))
    assert found.outcomes == {"sold": 1, "unsold": 0, "reneged": 1, "withdrawn": 1, "revoked": 1}


def test_where_there_is_nothing_no_rate_is_made_up() -> None:
    found = summary([closed("withdrawn", None)])
    assert (found.sale_rate, found.renege_rate, found.premium, found.to_reference) == (None,) * 4
    assert (found.days_to_sale, found.bids_per_sale) == (None, None)
    assert summary([closed(reference_fen=None)]).to_reference is None


@pytest.mark.parametrize(
    ("status", "settlement", "outcome"),
    [
        ("sold", "handed_over", "sold"),
        ("sold", None, "sold"),
        ("sold", "reneged", "reneged"),
        ("unsold", None, "unsold"),
        ("withdrawn", None, "withdrawn"),
        ("revoked", "reneged", "revoked"),
    ],
)
def test_what_became_of_a_round(status: str, settlement: str | None, outcome: str) -> None:
    assert outcome_of(status, settlement) == outcome


def test_what_runs_has_no_outcome() -> None:
    with pytest.raises(KeyError):
        outcome_of("open", None)


ROUNDS = st.builds(
    closed,
    st.sampled_from(OUTCOMES),
    st.integers(1, 10**12),
    round=st.sampled_from(["first", "second", "sell_off"]),
    asset_type=st.sampled_from(["real_estate", "vehicle"]),
    court_code=st.sampled_from(["3201", "3202"]),
    closed_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)


@given(st.lists(ROUNDS, max_size=20), st.randoms())
def test_groups_add_up_to_the_whole_in_any_order(rounds: list[ClosedRound], dice: Any) -> None:
    found = statistics(rounds)
    for groups in (found.by_round, found.by_asset_type, found.by_month, found.by_court):
        assert sum(each.turnover_fen for each in groups.values()) == found.total.turnover_fen
        assert sum(each.rounds for each in groups.values()) == len(rounds)
    shuffled = list(rounds)
    dice.shuffle(shuffled)
    assert statistics(shuffled) == found
