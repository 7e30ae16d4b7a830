"""A sale revoked on each ground of OJA 31, at every stage of its money; the round is held again each time."""

from typing import Any

from tests.flows.stage import DEPOSIT, RESERVE, Stage
from tests.web.caller import code_of, fields_of
from tests.web.court import DAY

_RULING = {"qualification": "not_required", "reason": "价款已付清"}


def _revoked(stage: Stage, ground: str, reason: str, returned: dict[str, int], **more: Any) -> None:
    """The panel revokes the sale; the buyer reads why, and got back what is stated. The round is held again."""
    body = {"ground": ground, "reason": reason, **more}
    proposal = stage.order("revocation", body, status=202)
    assert stage.auction["status"] == "sold"
    assert code_of(stage.at("judge4").post(f"{stage.path}/revocation", body)) == "forbidden"  # not of the panel
    stage.approve(proposal, "judge2")
    ended = stage.auction
    assert (ended["status"], ended["ended_reason"], ended["settlement"]) == ("revoked", ground, None)
    mine = stage.registration("张三")
    assert (mine["refusal"], mine["decision_reason"]) == ("sale_revoked", reason)
    assert {one["purpose"]: one["amount_fen"] for one in mine["refunds"]} == returned
    stage.check_books()
    assert stage.booked("court_price") == 0
    draft = stage.relist("revoked")
    assert (draft["round"], draft["reserve_price_fen"]) == ("first", RESERVE)
    stage.register("张三")


def test_a_flat_is_sold_until_nothing_is_wrong_with_its_sale(stage: Stage) -> None:
    deposit, whole = {"deposit": DEPOSIT}, {"deposit": DEPOSIT, "balance": RESERVE - DEPOSIT}
    # Only the deposit is there, then part of the balance, in time and late; the price; the ruling; the handover.
    stage.sold_to("张三")
    _revoked(stage, "misdescribed", "面积严重失实", deposit)
    stage.sold_to("张三")
    stage.pay("张三", f"{stage.path}/balance", {"amount_fen": 1_000_000})
    _revoked(stage, "system_failure", "平台系统故障，竞价结果错误", deposit | {"balance": 1_000_000})
    stage.sold_to("张三")
    stage.wait(14 * DAY)
    assert stage.auction["settlement"]["status"] == "overdue"
    _revoked(stage, "collusion", "竞买人之间恶意串通", deposit)
    stage.sold_to("张三")
    stage.pay("张三", f"{stage.path}/balance")
    _revoked(stage, "unequal_terms", "限制其他竞买人参加", whole)
    stage.sold_to("张三")
    stage.pay("张三", f"{stage.path}/balance")
    stage.order("ruling", _RULING)
    _revoked(stage, "procedure", "公告期不足，严重违反程序", whole)
    stage.sold_to("张三")
    stage.pay("张三", f"{stage.path}/balance")
    stage.order("ruling", _RULING)
    stage.order("handover-steps", {"code": "ruling_served", "on": stage.now.date().isoformat(), "detail": "送达回证"})
    step = {"code": "handed_over", "on": stage.now.date().isoformat(), "detail": "移交清单"}
    assert stage.order("handover-steps", step)["settlement"] == "handed_over"
    # He feigned that he may buy: of the deposit stays what the court states, and every part is stated.
    lines = [{"code": "deposit", "keep_fen": 4_000_000, "basis": "HOUSE 4", "reason": "虚构购房资格"}]
    body = {"ground": "unqualified", "reason": "不具备购房资格", "lines": lines}
    assert fields_of(stage.at("judge1").post(f"{stage.path}/revocation", body)) == {"lines": "line_missing"}
    lines.append({"code": "balance", "keep_fen": 0, "reason": "全额退还"})
    back = {"rest": DEPOSIT - 4_000_000, "balance": RESERVE - DEPOSIT}
    _revoked(stage, "unqualified", "不具备购房资格", back, lines=lines)
    assert stage.booked("court_forfeit") == 4_000_000
    stage.open()  # only who fails to get an equity transfer approved is barred (EQ 15)
    assert stage.close()["status"] == "unsold"
    told = {"张三": {"result_won", "sale_revoked", "refund_done", "result_unsold"}, "赵六": {"result_lost"}}
    stage.check_end(["revoked"] * 6 + ["unsold"], told,
                    张三="+".join([*["released"] * 5, "forfeited", "released"]), 赵六="released")  # fmt: skip
