"""What a forfeited deposit is put to, over one and several resales, and the order to make up the rest."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.rules.calendar import shanghai_day
from bidding.models import Renege
from bidding.queries.allocation import plan_of
from bidding.queries.renege_view import debt_of
from bidding.queries.reneges import standing_order
from bidding.services.allocation import (
    cancel_top_up,
    decide_allocation,
    enforce_top_up,
    enter_allocation,
    give_up_top_up,
    order_top_up,
)
from bidding.services.renege_objections import reject_objection
from tests.bidding.services.debtor import DEPOSIT, PRICE, Debtor, Desk
from tests.bidding.services.till import refuses

COSTS = [{"label": "评估费", "amount_fen": 200_000}, {"label": "公告费", "amount_fen": 100_000}]


@pytest.fixture
def desk(house: House, clock: FixedClock) -> Desk:
    return Desk(house, clock)


def enter(desk: Desk, buyer: Debtor, **changes: Any) -> Any:
    facts: dict[str, Any] = {"costs": COSTS, "case_debt_fen": 0, "related_debts": [], "reason": "据案卷"}
    return desk.perform(enter_allocation, desk.judges[0], buyer.auction_id, **(facts | changes))


def decide(desk: Desk, buyer: Debtor) -> list[tuple[str, int, int]]:
    allocation = desk.perform(decide_allocation, desk.judges[0], buyer.auction_id, reason="依次支付")
    lines = [(line["code"], line["amount_fen"], line["left_fen"]) for line in allocation.lines]
    forfeited = desk.house.read(lambda session: session.get_one(Renege, allocation.renege_id)).forfeited_fen
    assert sum(fen for _, fen, _ in lines) == forfeited
    return lines


def order(desk: Desk, buyer: Debtor) -> Any:
    due_on = shanghai_day(desk.clock.moment) + timedelta(days=10)
    return desk.perform(order_top_up, desk.judges[0], buyer.auction_id, reason="差价未补足", due_on=due_on)


def missing(desk: Desk, buyer: Debtor) -> int:
    """What the debt's page says that is missing."""
    debt = desk.house.read(debt_of, desk.judges[0], buyer.auction_id, desk.clock.moment)
    return int(debt["allocation"]["missing_fen"])


def test_the_deposit_is_used_once_the_resale_is_paid(desk: Desk) -> None:
    buyer = desk.sell()
    refuses("wrong_state", enter, desk, buyer)
    desk.declared(buyer)
    refuses("allocation_waits", decide, desk, buyer)
    plan = enter(desk, buyer)
    assert [(line.code, line.amount_fen) for line in plan.lines] == [("costs", 200_000), ("costs", 100_000)]
    assert plan.waits == ("resale_open",)
    second = desk.sell(price_fen=PRICE - 4_000_000)
    assert refuses("allocation_waits", decide, desk, buyer).facts["waits"] == "resale_open"
    desk.pay(second)
    plan = enter(desk, buyer, case_debt_fen=5_000_000, related_debts=[{"label": "抵押权人", "amount_fen": 100_000}])
    assert plan.waits == ()
    assert decide(desk, buyer) == [
        ("costs", 200_000, 9_800_000),
        ("costs", 100_000, 9_700_000),
        ("shortfall", 4_000_000, 5_700_000),
        ("case_debt", 5_000_000, 700_000),
        ("related_debt", 100_000, 600_000),
        ("kept", 600_000, 0),
    ]
    assert desk.balances(buyer, second) == {
        "bank_clearing": -DEPOSIT - PRICE + 4_000_000,
        "court_price:A1": PRICE - 4_000_000,
        "court_costs:A0": 300_000,
        "court_shortfall:A0": 4_000_000,
        "case_debt:A0": 5_000_000,
        "related_debt:A0": 100_000,
        "court_forfeit:A0": 600_000,  # nothing goes back to who reneged
    }
    refuses("wrong_state", decide, desk, buyer)
    refuses("wrong_state", enter, desk, buyer)
    refuses("wrong_state", order, desk, buyer)  # the deposit reached for all of it


def test_an_open_objection_holds_the_use_up(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    enter(desk, buyer)
    desk.pay(desk.sell(price_fen=PRICE))
    objection = desk.objected(buyer)
    assert refuses("allocation_waits", decide, desk, buyer).facts["waits"] == "objection_open"
    desk.perform(reject_objection, desk.judges[1], buyer.auction_id, objection, reason="无证据")
    assert decide(desk, buyer)[-1] == ("kept", DEPOSIT - 300_000, 0)


@pytest.mark.parametrize("stated", [0, 70_000_000, PRICE])
def test_a_lot_that_is_not_sold_again_leaves_what_the_court_states(desk: Desk, stated: int) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    enter(desk, buyer, final_fen=stated)
    used = min(PRICE - stated, DEPOSIT - 300_000)
    assert decide(desk, buyer)[2] == ("shortfall", used, DEPOSIT - 300_000 - used)


def test_the_court_states_no_price_where_the_lot_was_sold_again(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    desk.pay(desk.sell(price_fen=PRICE))

    def wrong(**facts: Any) -> list[tuple[str, str | None]]:
        return [(one.code, one.field) for one in refuses("invalid", lambda: enter(desk, buyer, **facts)).errors]

    assert wrong(final_fen=1) == [("sold_again", "final_fen")]
    assert wrong(costs=[COSTS[0], COSTS[0]]) == [("duplicate", "costs.1.label")]


def test_several_renegers_make_the_same_loss_good_once(desk: Desk) -> None:
    """A 100.5 million, B 96 million, C pays 90: the loss is 10.5, of which both answer for 6."""
    first = desk.sell()
    desk.declared(first)
    second = desk.sell(price_fen=PRICE - 4_500_000)
    desk.declared(second)
    third = desk.sell(price_fen=PRICE - 10_500_000)
    desk.pay(third)
    for buyer in (first, second):
        enter(desk, buyer, costs=[], case_debt_fen=7_000_000)
    assert refuses("allocation_waits", decide, desk, first).facts["waits"] == "later_first"
    assert decide(desk, second) == [("shortfall", 6_000_000, 4_000_000), ("case_debt", 4_000_000, 0)]
    # B made the common 6 good: A answers for the 4.5 above B's price, and of the debt 3 are left.
    assert decide(desk, first) == [
        ("shortfall", 4_500_000, 5_500_000),
        ("case_debt", 3_000_000, 2_500_000),
        ("kept", 2_500_000, 0),
    ]


def test_the_earlier_reneger_stands_in_for_what_the_later_cannot_pay(desk: Desk) -> None:
    first = desk.sell(deposit_fen=20_000_000)
    desk.declared(first)
    second = desk.sell(price_fen=PRICE - 4_500_000, deposit_fen=5_000_000)
    desk.declared(second)
    desk.pay(desk.sell(price_fen=PRICE - 20_500_000))
    for buyer in (first, second):
        enter(desk, buyer, costs=[])
    assert decide(desk, second) == [("shortfall", 5_000_000, 0)]
    plan = desk.house.read(plan_of, desk.auction(first.auction_id))
    assert plan is not None
    assert decide(desk, first) == [("shortfall", 15_500_000, 4_500_000), ("kept", 4_500_000, 0)]
    refuses("wrong_state", order, desk, second)  # all of the loss is made good: nothing is asked twice
    assert missing(desk, second) == 0


# Making up the rest


def test_an_order_asks_for_what_the_deposit_did_not_reach(desk: Desk) -> None:
    buyer = desk.sell()
    desk.declared(buyer)
    refuses("wrong_state", order, desk, buyer)
    second = desk.sell(price_fen=PRICE - 30_000_000)
    desk.pay(second)
    enter(desk, buyer, case_debt_fen=90_000_000)
    decide(desk, buyer)
    made = order(desk, buyer)
    assert (made.amount_fen, [line["code"] for line in made.lines]) == (20_300_000, ["shortfall"])
    refuses("wrong_state", order, desk, buyer)
    assert desk.pay(buyer, 300_000, "top_up").status == "paid"
    refuses("wrong_state", lambda: desk.perform(cancel_top_up, desk.judges[0], buyer.auction_id, reason="r"))
    refuses("wrong_state", lambda: desk.perform(enforce_top_up, desk.judges[0], buyer.auction_id, reason="r"))
    desk.clock.advance(hours=24 * 20)
    enforced = desk.perform(enforce_top_up, desk.judges[0], buyer.auction_id, reason="逾期未补交")
    assert enforced.status == "enforced"
    rest = desk.ask(buyer, purpose="top_up")
    assert rest.amount_fen == 20_000_000
    desk.arrive(buyer, rest)
    assert desk.ask(buyer, purpose="top_up").status == "paid"  # nothing more is asked
    assert desk.balances(buyer, second) == {
        "bank_clearing": -DEPOSIT - PRICE + 30_000_000 - 20_300_000,
        "court_price:A1": PRICE - 30_000_000,
        "court_costs:A0": 300_000,
        "court_shortfall:A0": 30_000_000,
    }


def test_a_creditor_without_deposit_owes_costs_and_shortfall(desk: Desk) -> None:
    buyer = desk.sell(due_fen=0)
    desk.declared(buyer)
    desk.pay(desk.sell(price_fen=PRICE - 1_000_000))
    enter(desk, buyer, case_debt_fen=5_000_000)
    assert decide(desk, buyer) == [
        ("costs", 0, 0),
        ("costs", 0, 0),
        ("shortfall", 0, 0),
        ("case_debt", 0, 0),
    ]
    made = order(desk, buyer)
    assert made.amount_fen == 1_300_000
    desk.perform(cancel_top_up, desk.judges[0], buyer.auction_id, reason="当事人和解")
    again = order(desk, buyer)
    assert again.id != made.id
    desk.pay(buyer, 250_000, "top_up")
    desk.pay(buyer, purpose="top_up")
    totals = desk.balances(buyer)
    assert (totals["court_costs:A0"], totals["court_shortfall:A0"]) == (300_000, 1_000_000)


def a_shortfall_of_two(desk: Desk) -> tuple[Debtor, Debtor]:
    """Two renegers: the second, whose deposit is 5 million, answers for 16 of the 20.5 the first answers for."""
    first = desk.sell()
    desk.declared(first)
    second = desk.sell(price_fen=PRICE - 4_500_000, deposit_fen=5_000_000)
    desk.declared(second)
    desk.pay(desk.sell(price_fen=PRICE - 20_500_000))
    for buyer in (first, second):
        enter(desk, buyer, costs=[])
    return first, second


def end(desk: Desk, buyer: Debtor, service: Any) -> Any:
    return desk.perform(service, desk.judges[0], buyer.auction_id, reason="依法处理")


def test_an_earlier_reneger_waits_for_the_end_of_an_order_against_a_later_one(desk: Desk) -> None:
    first, second = a_shortfall_of_two(desk)
    assert decide(desk, second) == [("shortfall", 5_000_000, 0)]
    assert order(desk, second).amount_fen == 11_000_000
    assert refuses("allocation_waits", decide, desk, first).facts["waits"] == "top_up_open"
    desk.pay(second, 3_000_000, "top_up")
    desk.clock.advance(hours=24 * 20)
    assert refuses("wrong_state", end, desk, second, give_up_top_up).facts["status"] == "ordered"
    end(desk, second, enforce_top_up)
    assert refuses("allocation_waits", decide, desk, first).facts["waits"] == "top_up_open"
    late = desk.ask(second, purpose="top_up")
    given_up = end(desk, second, give_up_top_up)
    assert (given_up.status, given_up.ended_by) == ("in_vain", desk.judges[0].id)
    # 8 of the loss came; of the 12.5 left the first one's deposit covers what it can, and keeps nothing.
    assert decide(desk, first) == [("shortfall", DEPOSIT, 0)]
    assert missing(desk, first) == 2_500_000
    assert order(desk, first).amount_fen == 2_500_000
    assert desk.arrive(second, late).status == "refunding"  # it is asked no more
    for done in (enforce_top_up, give_up_top_up, cancel_top_up):
        assert refuses("wrong_state", end, desk, second, done).facts["status"] == "not_ordered"
    desk.pay(first, purpose="top_up")
    totals = desk.balances(first, second)
    assert (totals["court_shortfall:A0"], totals["court_shortfall:A1"]) == (12_500_000, 8_000_000)


def test_an_order_that_is_paid_leaves_the_earlier_reneger_what_is_above(desk: Desk) -> None:
    first, second = a_shortfall_of_two(desk)
    decide(desk, second)
    order(desk, second)
    desk.pay(second, purpose="top_up")
    assert decide(desk, first) == [("shortfall", 4_500_000, 5_500_000), ("kept", 5_500_000, 0)]


def test_an_order_taken_back_lets_the_earlier_reneger_stand_in(desk: Desk) -> None:
    first, second = a_shortfall_of_two(desk)
    decide(desk, second)
    order(desk, second)
    refuses("allocation_waits", decide, desk, first)
    end(desk, second, cancel_top_up)
    assert decide(desk, first) == [("shortfall", DEPOSIT, 0)]


def test_the_later_reneger_is_asked_before_the_earlier_is_ordered_to_stand_in(desk: Desk) -> None:
    first, second = a_shortfall_of_two(desk)
    decide(desk, second)
    decide(desk, first)
    assert order(desk, second).amount_fen == 5_500_000  # the first one's deposit went before
    refuses("top_up_waits", order, desk, first)
    desk.pay(second, 2_000_000, "top_up")
    refuses("top_up_waits", order, desk, first)
    desk.clock.advance(hours=24 * 20)
    end(desk, second, enforce_top_up)
    end(desk, second, give_up_top_up)
    assert order(desk, first).amount_fen == 3_500_000
    desk.pay(first, purpose="top_up")
    totals = desk.balances(first, second)
    assert totals["court_shortfall:A0"] + totals["court_shortfall:A1"] == 20_500_000


def test_an_order_needs_a_day_to_come_and_not_too_far(desk: Desk) -> None:
    buyer = desk.sell(due_fen=0)
    desk.declared(buyer)
    desk.pay(desk.sell(price_fen=PRICE - 1_000_000))
    enter(desk, buyer)
    decide(desk, buyer)
    today = shanghai_day(desk.clock.moment)

    def wrong(days: int) -> list[tuple[str, str | None]]:
        ask = partial(order_top_up, reason="r", due_on=today + timedelta(days=days))
        error = refuses("invalid", desk.perform, ask, desk.judges[0], buyer.auction_id)
        return [(one.code, one.field) for one in error.errors]

    assert wrong(0) == [("must_be_later", "due_on")]
    assert wrong(61) == [("too_far", "due_on")]
    assert desk.house.read(standing_order, buyer.auction_id) is None
