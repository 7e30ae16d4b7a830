"""Nobody bid: the debtor sells it himself, a sell-off brings a contest, or the flat goes back."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.flows.stage import HOUR, RESERVE, STEP, Stage
from tests.web.caller import code_of, fields_of
from tests.web.court import DAY, fine

_SECOND = 112_000_000
_LOST = {"张三": {"result_unsold", "refund_done"}, "李四": {"creditor_asked"}}


def _unsold(stage: Stage) -> None:
    """The round goes by without a bid."""
    stage.open()
    assert stage.close()["status"] == "unsold"


def _unsold_twice(stage: Stage) -> None:
    _unsold(stage)
    assert stage.relist("unsold")["reserve_price_fen"] == _SECOND
    _unsold(stage)


def _own_sale(stage: Stage, offer_fen: int, days: int) -> dict[str, Any]:
    until = (stage.now + timedelta(days=days)).date().isoformat()
    return {"offer_fen": offer_fen, "until_on": until, "reason": "被执行人申请自行变卖"}


def test_the_debtors_own_buyer_does_not_come_and_the_next_one_does(stage: Stage) -> None:
    _unsold(stage)
    assert fields_of(stage.at("judge1").post(f"{stage.path}/own-sale", _own_sale(stage, RESERVE, 20))) == {
        "offer_fen": "not_above_failed"
    }
    stage.order("own-sale", _own_sale(stage, RESERVE + STEP, 20))
    drafted = stage.order("relist", {"reason": "unsold"}, status=201)
    failed, stage.auction_id = stage.auction_id, drafted["id"]
    stage.publish()
    assert stage.vote() == "approved"
    assert code_of(stage.announce()) == "own_sale_open"  # he has until his day
    stage.wait(25 * DAY)
    events = fine(stage.at().get(f"/auctions/{failed}/events"))["items"]
    assert [one["notice"] for one in events if one["type"] == "notice"] == ["own_sale_allowed", "own_sale_lapsed"]
    opens_at = stage.now + 17 * DAY
    changed = {"opens_at": opens_at.isoformat(), "closes_at": (opens_at + DAY).isoformat(), "late_reason": "parties"}
    fine(stage.judge.call("PATCH", stage.path, changed))
    stage.publish()
    assert stage.vote() == "approved"
    assert fine(stage.announce())["late_reason"] == "parties"
    _unsold(stage)
    price = _SECOND + STEP
    stage.order("own-sale", _own_sale(stage, price, 20))
    assert stage.order("own-sale/sale", {"price_fen": price, "reason": "价款已汇入法院账户"})["status"] == "sold"
    lot = fine(stage.at().get(f"/lots/{stage.lot_id}"))
    assert (lot["status"], lot["disposal"]["price_fen"]) == ("own_sale", price)
    assert stage.booked("court_price") == price
    on = stage.now.date().isoformat()
    early = stage.at("judge1").post(f"{stage.path}/handover-steps", {"code": "notice_served", "on": on})
    assert fields_of(early) == {"code": "step_out_of_order"}
    for code in ("unsealed", "notice_served", "registered", "handed_over"):
        stage.order("handover-steps", {"code": code, "on": on, "detail": "见笔录"}, status=201)
    (item,) = [one for one in fine(stage.at("judge1").get("/desk/board"))["items"] if one["lot_id"] == stage.lot_id]
    assert (item["stage"], item["clocks"]) == ("done", [])
    stage.check_end(["unsold", "unsold"], _LOST, 张三="released", 赵六="released")


def test_a_sell_off_begins_a_contest_with_its_first_bid_and_whoever_comes_late_may_still_win(stage: Stage) -> None:
    _unsold_twice(stage)
    drafted = stage.relist("unsold")
    assert (drafted["round"], drafted["reserve_price_fen"], drafted["deposit_fen"]) == ("sell_off", _SECOND, _SECOND)
    stage.register("张三")
    stage.until("opens_at", 20 * DAY)
    stage.bid("张三", _SECOND)
    contest = stage.auction
    assert datetime.fromisoformat(contest["closes_at"]) == stage.now + 24 * HOUR
    assert contest["extensions"] == 0
    stage.wait(23 * HOUR)
    stage.register("赵六")  # who has heard of it prepays too
    stage.bid("赵六", _SECOND + STEP)
    closed = stage.close()
    assert (closed["status"], closed["price_fen"]) == ("sold", _SECOND + STEP)
    assert stage.pay("赵六", f"{stage.path}/balance") == STEP
    stage.order("ruling", {"qualification": "not_required", "reason": "价款已付清"})
    for code in ("ruling_served", "handed_over"):
        step = {"code": code, "on": stage.now.date().isoformat(), "detail": "移交清单"}
        stage.order("handover-steps", step)
    assert stage.booked("court_price") == _SECOND + STEP
    told = {"张三": {"outbid", "result_lost", "refund_done"}, "赵六": {"result_won", "ruling", "handover_step"}}
    stage.check_end(["unsold", "unsold", "sold"], told, 张三="released+released", 赵六="released+applied")


def test_nobody_wants_the_flat_even_in_the_sell_off_and_it_goes_back_to_the_debtor(stage: Stage) -> None:
    _unsold_twice(stage)
    body = {"kind": "returned", "reason": "变卖未成交，申请执行人不接受抵债，解除查封退还"}
    assert code_of(stage.at("judge1").post(f"{stage.path}/return", body)) == "return_too_early"
    stage.relist("unsold")
    _unsold(stage)
    assert code_of(stage.at("judge1").post(f"{stage.path}/relist", {"reason": "unsold"})) == "wrong_state"
    assert code_of(stage.at("judge1").post(f"{stage.path}/return", body)) == "taking_open"
    asked = fine(stage.at("judge1").get(f"{stage.path}/takings"))
    assert asked["waits"]
    last = date.fromisoformat(asked["until_on"])
    stage.wait(DAY * ((last - stage.now.date()).days + 1))
    returned = stage.order("return", body)
    assert returned["kind"] == "returned"
    lot = fine(stage.at().get(f"/lots/{stage.lot_id}"))
    assert (lot["status"], lot["disposal"]["reason"]) == ("returned", body["reason"])
    assert stage.booked("court_price") == 0
    stage.check_end(["unsold"] * 3, _LOST, 张三="released", 赵六="released")
