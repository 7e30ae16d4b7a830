"""A sale taken back by the court (OJA 28, 29): before anybody could bid, and while they were bidding."""

from datetime import datetime, timedelta

from tests.flows.stage import BIDDERS, RESERVE, STEP, Stage
from tests.web.court import DAY, fine

_WITHDRAWN = {"deposit_received", "qualified", "withdrawn", "refund_ordered", "refund_done"}


def _is_back(stage: Stage, name: str, auction_id: str) -> None:
    """The whole deposit went back, and was due within 24 hours of the withdrawal."""
    registration = stage.registration(name, auction_id)
    (refund,) = registration["refunds"]
    assert (refund["purpose"], refund["amount_fen"]) == ("deposit", registration["deposit_due_fen"])
    assert datetime.fromisoformat(refund["due_at"]) <= stage.now + timedelta(hours=24)


def test_the_debt_is_paid_before_the_opening_and_the_same_round_is_held_when_it_bounces(stage: Stage) -> None:
    first = stage.auction_id
    ended = stage.order("withdrawal", {"ground": "debt_paid", "reason": "被执行人已清偿债务"})
    assert (ended["status"], ended["ended_reason"]) == ("withdrawn", "debt_paid")
    event = fine(stage.at().get(f"{stage.path}/events"))["items"][-1]
    assert (event["status"], event["ground"], event["reason"]) == ("withdrawn", "debt_paid", "被执行人已清偿债务")
    page = stage.app.test_client().get(stage.path).get_data(as_text=True)
    assert "被执行人已清偿债务" in page
    for name in BIDDERS:
        _is_back(stage, name, first)
    stage.wait(DAY)
    draft = stage.relist("withdrawn")
    assert (draft["round"], draft["resale_of"], draft["reserve_price_fen"]) == ("first", first, RESERVE)
    stage.register("张三")
    stage.sold_to("张三")
    stage.pay("张三", f"{stage.path}/balance")
    ruled = stage.order("ruling", {"qualification": "not_required", "reason": "价款已付清"})
    assert ruled["settlement"]["status"] == "ruled"
    assert stage.booked("court_price") == RESERVE
    told = {"张三": _WITHDRAWN | {"result_won", "ruling"}, "赵六": _WITHDRAWN}
    stage.check_end(["withdrawn", "sold"], told, 张三="released+applied", 赵六="released")


def test_a_sale_is_withdrawn_while_two_are_bidding_and_neither_loses_anything(stage: Stage) -> None:
    first = stage.auction_id
    stage.open()
    stage.bid("张三", RESERVE)
    stage.bid("赵六", RESERVE + STEP)
    stage.order("withdrawal", {"ground": "settled", "reason": "当事人达成执行和解"})
    for name in BIDDERS:
        _is_back(stage, name, first)
    stage.bid("张三", RESERVE + 2 * STEP, "not_open")
    assert [one["seq"] for one in fine(stage.at().get(f"{stage.path}/bids"))["items"]] == [1, 2]
    draft = stage.order("relist", {"reason": "withdrawn"}, status=201)
    assert (draft["round"], draft["reserve_price_fen"]) == ("first", RESERVE)
    told = dict.fromkeys(BIDDERS, _WITHDRAWN)
    stage.check_end(["withdrawn"], told, 张三="released", 赵六="released")
