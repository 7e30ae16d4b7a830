"""Objections that hold: an outsider owns the lot, or the sale was not held as it must be (OJA 36)."""

from tests.flows.stage import BIDDERS, HOUR, RESERVE, Stage
from tests.web.caller import code_of
from tests.web.court import DAY, fine


def _accepted(stage: Stage, name: str, kind: str, grounds: str) -> None:
    """Somebody objects; the court receives it, and judges who had no part in the sale find for him."""
    filed = fine(stage.at(name).post(f"{stage.path}/objections", {"kind": kind, "grounds": grounds}), 201)
    one = f"/objections/{filed['id']}"
    fine(stage.at("judge1").post(f"{one}/receipt"))
    stage.wait(HOUR)
    decision = {"accept": True, "reason": "异议成立", "panel": ["judge5", "judge6"]}
    assert code_of(stage.at("judge1").post(f"{one}/decision", decision)) == "own_act"
    stage.approve(fine(stage.at("judge4").post(f"{one}/decision", decision), 202), "judge5")
    assert fine(stage.at(name).get(one))["status"] == "accepted"
    stage.wait(HOUR)


def test_the_flat_is_an_outsiders_and_its_sale_is_withdrawn(stage: Stage) -> None:
    stage.open()
    stage.bid("张三", RESERVE)
    stage.enrol("案外人")
    _accepted(stage, "案外人", "ownership", "标的系本人所有，查封前已付清全款并居住")
    stopped = stage.auction
    assert (stopped["status"], stopped["suspension"]["kind"]) == ("suspended", "stay")
    again = {"closes_at": (stage.now + 3 * DAY).isoformat(), "reason": "继续拍卖"}
    assert code_of(stage.at("judge1").post(f"{stage.path}/resumption", again)) == "objection_accepted"
    ended = stage.order("withdrawal", {"ground": "outsider_objection", "reason": "案外人异议成立"})
    assert (ended["status"], ended["ended_reason"]) == ("withdrawn", "outsider_objection")
    told = {name: {"suspended", "withdrawn", "refund_done"} for name in BIDDERS}
    told["案外人"] = {"objection_received", "objection_decided"}
    stage.check_end(["withdrawn"], told, 张三="released", 赵六="released")


def test_the_sale_was_not_held_as_it_must_be_and_is_revoked_before_any_ruling(stage: Stage) -> None:
    stage.sold_to("张三")
    stage.pay("张三", f"{stage.path}/balance")
    _accepted(stage, "赵六", "conduct", "未依法通知优先购买权人")
    ruling = {"qualification": "not_required", "reason": "价款已付清"}
    assert code_of(stage.at("judge1").post(f"{stage.path}/ruling", ruling)) == "conduct_accepted"
    stage.decided("revocation", {"ground": "procedure", "reason": "未通知优先购买权人，严重违反程序"})
    ended = stage.auction
    assert (ended["status"], ended["ended_reason"], ended["settlement"]) == ("revoked", "procedure", None)
    back = {one["purpose"]: one["amount_fen"] for one in stage.registration("张三")["refunds"]}
    assert sum(back.values()) == RESERVE
    again = stage.order("relist", {"reason": "revoked"}, status=201)
    assert (again["round"], again["resale_of"]) == ("first", stage.auction_id)
    told = {"张三": {"result_won", "sale_revoked"}, "赵六": {"objection_received", "objection_decided"}}
    stage.check_end(["revoked"], told, 张三="released", 赵六="released")
