"""Two buyers in a row do not pay (OJA 24): both deposits are used, the first makes up the rest (SALE 22(2))."""

from datetime import datetime
from typing import Any

from tests.flows.stage import HOUR, RESERVE, Stage
from tests.web.caller import code_of
from tests.web.court import DAY, fine

_FIRST, _SECOND = 170_000_000, 150_000_000


def _reneges(stage: Stage, name: str, price_fen: int) -> str:
    """Somebody buys, does not pay, and is declared to have reneged as soon as a judge may; answers the round."""
    stage.open()
    stage.bid(name, price_fen, confirm_implausible=True)
    assert stage.close()["price_fen"] == price_fen
    debt = fine(stage.at("judge1").get(f"{stage.path}/renege"))
    early = stage.at("judge1").post(f"{stage.path}/renege", {"reason": "逾期未付"})
    assert code_of(early) == "renege_too_early"
    stage.wait(datetime.fromisoformat(debt["declarable_at"]) + HOUR - stage.now)
    answer = stage.order("renege", {"reason": "逾期未付清尾款"})
    assert answer["settlement"]["status"] == "reneged"
    return stage.auction_id


def _is_barred(stage: Stage, name: str) -> None:
    refused = stage.at(name).post(f"{stage.path}/registrations", stage.application())
    assert (refused.status_code, code_of(refused)) == (422, "barred_reneger")


def _enter(stage: Stage, auction_id: str, costs_fen: int) -> None:
    entered = {"costs": [{"label": "评估费", "amount_fen": costs_fen}], "case_debt_fen": 0, "reason": "据案卷"}
    fine(stage.at("judge1").put(f"/auctions/{auction_id}/allocation", entered))


def _decide(stage: Stage, auction_id: str) -> dict[str, Any]:
    decided = fine(stage.at("judge1").post(f"/auctions/{auction_id}/allocation/decision", {"reason": "依次支付"}))
    return {line["code"]: (line["amount_fen"], line["uncovered_fen"]) for line in decided["allocation"]["lines"]}


def test_a_flat_is_sold_three_times_and_its_price_is_made_whole(stage: Stage) -> None:
    first = _reneges(stage, "张三", _FIRST)
    assert stage.relist("renege")["round"] == "first"
    _is_barred(stage, "张三")
    stage.register("赵六")
    second = _reneges(stage, "赵六", _SECOND)
    stage.relist("renege")
    for name in ("张三", "赵六"):
        _is_barred(stage, name)
    stage.register("钱七")
    stage.sold_to("钱七")
    for auction_id, costs in ((first, 500_000), (second, 300_000)):
        _enter(stage, auction_id, costs)
    waits = stage.at("judge1").post(f"/auctions/{second}/allocation/decision", {"reason": "r"})
    assert code_of(waits) == "allocation_waits"  # the price of the last sale is not there yet
    stage.pay("钱七", f"{stage.path}/balance")
    stage.order("ruling", {"qualification": "not_required", "reason": "价款已付清"})
    waits = stage.at("judge1").post(f"/auctions/{first}/allocation/decision", {"reason": "r"})
    assert code_of(waits) == "allocation_waits"  # the latest is asked first
    # The second answers for what is below his price, the first for the rest, which his deposit does not reach.
    assert _decide(stage, second) == {
        "costs": (300_000, 0),
        "shortfall": (_SECOND - RESERVE, 0),
        "kept": (14_000_000 - 300_000 - (_SECOND - RESERVE), 0),
    }
    assert _decide(stage, first) == {
        "costs": (500_000, 0),
        "shortfall": (13_500_000, _FIRST - _SECOND - 13_500_000),
    }
    rest = _FIRST - _SECOND - 13_500_000
    due_on = (stage.now + 10 * DAY).date().isoformat()
    nothing = stage.at("judge1").post(f"/auctions/{second}/top-up", {"reason": "差价", "due_on": due_on})
    assert code_of(nothing) == "wrong_state"
    ordered = fine(stage.at("judge1").post(f"/auctions/{first}/top-up", {"reason": "差价", "due_on": due_on}), 201)
    assert ordered["top_up"]["owed_fen"] == rest
    assert stage.pay("张三", f"/auctions/{first}/top-up/payment", {}) == rest
    assert fine(stage.at("张三").get(f"/auctions/{first}/renege"))["top_up"]["status"] == "paid"
    # What the creditors have is the first price, and the costs are paid.
    assert stage.booked("court_price") + stage.booked("court_shortfall") == _FIRST
    assert (stage.booked("court_costs"), stage.booked("court_top_up")) == (800_000, 0)
    assert stage.booked("court_forfeit") == 3_700_000
    told = {
        "张三": {"balance_due", "balance_overdue", "renege_declared", "top_up_ordered"},
        "赵六": {"result_lost", "balance_overdue", "renege_declared"},
        "钱七": {"result_won", "ruling"},
    }
    stage.check_end(["sold"] * 3, told, 张三="forfeited", 赵六="released+forfeited", 钱七="applied")
