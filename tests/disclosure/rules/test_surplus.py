"""Nothing left of the price after prior claims and costs (SALE 6): told at the edge, and of nobody's own claim."""

from typing import Any

import pytest

from auction.rules.ruleset import load
from disclosure.rules.sheet import ItemFacts, Sheet
from disclosure.rules.surplus import surplus_findings

RULES = load("spc-2016")
RESERVE = 1_000_000_00


def item(code: str, state: Any = "found", **data: Any) -> ItemFacts:
    return ItemFacts(code, state, "x", data, "x", "x", None)


@pytest.mark.parametrize(
    ("items", "total"),
    [
        ([], None),
        ([item("burdens", "none")], None),
        ([item("burdens", mortgagees="某银行")], None),  # no amount is told
        ([item("burdens", mortgagees="某银行", mortgage_claims_fen=RESERVE - 1)], None),
        ([item("burdens", mortgagees="某银行", mortgage_claims_fen=RESERVE)], RESERVE),
        ([item("burdens", mortgagees="申请人", mortgage_claims_fen=RESERVE)], None),  # his own
        ([item("burdens", mortgagees="申请人、某银行", mortgage_claims_fen=RESERVE)], RESERVE),
        ([item("burdens", pledgees="某银行", pledge_claims_fen=RESERVE + 1)], RESERVE + 1),
        ([item("construction_price_priority", contractor="某公司", claim_fen=RESERVE)], RESERVE),
        (
            [
                item("burdens", mortgagees="某银行", mortgage_claims_fen=RESERVE - 3),
                item("construction_price_priority", contractor="某公司", claim_fen=1),
                item("arrears", storage_fee_fen=2),
            ],
            RESERVE,
        ),
        ([item("arrears", storage_fee_fen=RESERVE)], None),  # nothing prior
        ([item("arrears", wages_fen=RESERVE)], RESERVE),
    ],
)
def test_prior_claims_and_costs_that_come_to_the_reserve_are_warned_of(
    items: list[ItemFacts], total: int | None
) -> None:
    found = list(surplus_findings(Sheet(tuple(items)), RESERVE, {"申请人"}, RULES))
    assert [one.facts["total_fen"] for one in found] == ([total] if total else [])
    for one in found:
        assert (one.code, one.severity, one.field, one.basis.code) == (
            *("no_surplus", "warning", "reserve_price_fen"),
            "SALE 6(1)",
        )
        assert one.facts["days"] == 5
