"""Two flats of one case, of which one brings enough (SALE 14): the other stops while people bid for it."""

from datetime import datetime

from tests.flows.stage import DEPOSIT, HOUR, RESERVE, STEP, Stage
from tests.web.caller import code_of, fields_of
from tests.web.court import CASE, DAY, fine


def _another(stage: Stage) -> tuple[str, str]:
    """One more flat of the case, open to bids for two days longer."""
    opens_at = stage.auction["opens_at"]
    stage.enter()
    stage.price()
    stage.fill()
    stage.notify()
    closes_at = datetime.fromisoformat(opens_at) + 3 * DAY
    stage.draft(opens_at=datetime.fromisoformat(opens_at), closes_at=closes_at.isoformat())
    assert stage.vote() == "approved"
    fine(stage.announce())
    return stage.lot_id, stage.auction_id


def test_one_flat_pays_the_debt_and_the_other_is_sold_no_more(stage: Stage) -> None:
    first, second = (stage.lot_id, stage.auction_id), _another(stage)
    group = {"case_number": CASE, "lots": [first[0], second[0]], "claim_fen": RESERVE - 500_000, "costs_fen": 500_000}
    at = f"/lot-groups/{fine(stage.at('judge1').post('/lot-groups', group), 201)['id']}"
    stage.register("钱七")
    stage.lot_id, stage.auction_id = first
    stage.open()
    stage.bid("张三", RESERVE)
    stage.lot_id, stage.auction_id = second
    stage.bid("钱七", RESERVE)
    assert fine(stage.at("judge1").get(at))["satisfied"] is False
    stage.wait(DAY)
    counted = fine(stage.at("judge1").get(at))
    assert (counted["satisfied"], counted["proceeds_fen"]) == (True, RESERVE)
    stopped = stage.auction
    assert (stopped["status"], stopped["suspension"]["cause"]) == ("suspended", "satisfied")
    resumption = {"closes_at": (stage.now + 3 * DAY).isoformat(), "reason": "恢复"}
    assert code_of(stage.at("judge1").post(f"{stage.path}/resumption", resumption)) == "group_satisfied"
    assert stage.registration("钱七")["status"] == "qualified"
    stage.auction_id = first[1]
    stage.pay("张三", f"{stage.path}/balance")
    stage.auction_id = second[1]
    stage.wait(HOUR)
    assert fine(stage.at("judge1").get(at))["paid_fen"] == RESERVE
    stopped = stage.auction
    assert (stopped["status"], stopped["ended_reason"]) == ("withdrawn", "satisfied")
    (refund,) = stage.registration("钱七")["refunds"]
    assert refund["amount_fen"] == DEPOSIT and refund["refunded_at"]
    stage.auction_id = stage.order("relist", {"reason": "withdrawn"}, status=201)["id"]
    stage.publish()
    assert stage.vote() == "approved"
    refused = stage.announce()
    assert fields_of(refused) == {"round": "group_satisfied"}
    page = stage.app.test_client().get(f"/lots/{second[0]}").get_data(as_text=True)
    assert "足以清偿债务" in page
    stage.lot_id, stage.auction_id = first
    stage.order("ruling", {"qualification": "not_required", "reason": "价款已付清"})
    told = {"张三": {"result_won", "ruling"}, "钱七": {"suspended", "withdrawn", "refund_done"}}
    stage.check_end(["sold"], told, 张三="applied", 赵六="released", 钱七="released")
    assert stage.booked("court_price") == RESERVE


def test_the_buyer_does_not_pay_and_the_other_flat_is_sold_after_all(stage: Stage) -> None:
    first, second = (stage.lot_id, stage.auction_id), _another(stage)
    group = {"case_number": CASE, "lots": [first[0], second[0]], "claim_fen": RESERVE, "costs_fen": 0}
    fine(stage.at("judge1").post("/lot-groups", group), 201)
    stage.register("钱七")
    stage.lot_id, stage.auction_id = first
    stage.open()
    stage.bid("张三", RESERVE)
    stage.lot_id, stage.auction_id = second
    stage.bid("钱七", RESERVE)
    stage.wait(DAY)
    stage.bid("钱七", RESERVE + STEP, "suspended", raise_own=True)
    stage.auction_id = first[1]
    stage.wait(30 * DAY)
    stage.order("renege", {"reason": "逾期未付"}, status=201)
    stage.auction_id = second[1]
    stage.wait(HOUR)
    assert stage.auction["suspension"]["resume_by"]
    resumption = {"closes_at": (stage.now + 3 * DAY).isoformat(), "reason": "同组标的悔拍"}
    assert stage.order("resumption", resumption)["price_fen"] == RESERVE
    stage.bid("钱七", RESERVE + STEP, raise_own=True)
    assert stage.close()["status"] == "sold"
    stage.pay("钱七", f"{stage.path}/balance")
    told = {"钱七": {"suspended", "suspension_ended", "resumed", "result_won"}}
    stage.check_end(["sold"], told, 张三="forfeited", 赵六="released", 钱七="applied")
