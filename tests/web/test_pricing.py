"""The way to a reference price at the doors: steps in the order of the law, and the price they come to."""

from typing import Any

from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account, Lot
from tests.factories import a_case, a_court, a_lot, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import CourtRoom, fine
from tests.web.test_pages import signed_in

TODAY = "2026-03-02"


def a_judge_and_a_lot(unit: Unit) -> tuple[Account, Lot]:
    return an_account(unit, "judge"), a_lot(unit)


def step(caller: Caller, lot: Lot, code: str, **more: Any) -> Any:
    return caller.post(f"/lots/{lot.id}/price-steps", {"code": code, "on": TODAY, **more})


def test_the_steps_lead_to_a_price_and_out_of_order_none_is_taken(house: House, sign_in: SignIn) -> None:
    judge, lot = house.perform(a_judge_and_a_lot)
    caller = sign_in(judge)
    refused = step(caller, lot, "network_inquiry_asked")
    assert fields_of(refused) == {"code": "price_method_waits"}
    assert "当事人议价" in refused.get_json()["errors"][0]["detail"]
    assert fields_of(step(caller, lot, "agreement_failed")) == {"detail": "required"}
    fine(step(caller, lot, "agreement_failed", detail="双方协商不成"), 201)
    fine(step(caller, lot, "directed_inquiry_skipped", detail="没有计税基准价"), 201)
    asked = fine(step(caller, lot, "network_inquiry_asked"), 201)
    assert [(each["state"], each["due_on"]) for each in asked["methods"]][2] == ("running", "2026-03-05")
    clock = caller.get("/desk/board").get_json()["items"][0]["clocks"][0]
    assert (clock["code"], clock["day"], clock["basis_code"]) == ("network_reports", "2026-03-05", "REF 11(1)")
    for source, amount in (("甲平台", 100_000_000), ("乙平台", 300_000_000)):
        led = fine(step(caller, lot, "network_inquiry_result", source=source, amount_fen=amount), 201)
    assert (led["method"], led["amount_fen"]) == ("network_inquiry", 200_000_000)
    undone = fine(step(caller, lot, "undone", detail=led["steps"][-1]["id"]), 201)
    assert undone["amount_fen"] == 100_000_000
    assert fine(caller.get(f"/lots/{lot.id}/price-steps")) == undone


def test_the_steps_are_the_courts_own(house: House, sign_in: SignIn, anybody: Caller) -> None:
    _, lot = house.perform(a_judge_and_a_lot)

    def other(unit: Unit) -> Account:
        a_case(unit)
        return an_account(unit, "judge", court_code=a_court(unit, "3202", "无锡市中级人民法院").code)

    stranger = sign_in(house.perform(other))
    assert code_of(step(stranger, lot, "agreement_asked")) == "not_found"
    assert code_of(stranger.get(f"/lots/{lot.id}/price-steps")) == "not_found"
    assert anybody.get(f"/lots/{lot.id}/price-steps").status_code == 401


def test_the_page_leads_and_fills_the_price_in(app: Flask, house: House) -> None:
    judge, lot = house.perform(a_judge_and_a_lot)
    reader = signed_in(app, house, judge)
    page = reader.get(f"/desk/lots/{lot.id}")
    assert "当事人议价现在可以采用" in page.text and "委托评估前一方式未有结论前不能采用" in page.text
    page = reader.send("/price-steps", {"code": "appraisal_asked", "on": TODAY}, status=422)
    assert "须先对当事人议价作出结论" in page.text
    reader.send("/price-steps", {"code": "law_requires", "on": TODAY, "detail": "国有资产"})
    reader.send("/price-steps", {"code": "appraisal_asked", "on": TODAY})
    result = {"code": "appraisal_result", "on": TODAY, "source": "示例评估公司", "amount_fen": "2,000,000"}
    page = reader.send("/price-steps", result)
    assert "已有结果合计的参考价：¥2,000,000" in page.text
    form = dict(page.form("/price").fields)
    assert (form["method"], form["amount_fen"], form["results.0.source"]) == ("appraisal", "2,000,000", "示例评估公司")
    assert form["steps.0.code"] == "law_requires"
    page = reader.send(f"/lots/{lot.id}/price", {"valid_until": "2027-03-01"})
    assert "参考价已保存" in page.html


def test_a_platforms_late_result_is_left_out_with_its_reason_and_the_price_holds_from_the_latest_that_counts(
    app: Flask, house: House
) -> None:
    judge, lot = house.perform(a_judge_and_a_lot)
    reader = signed_in(app, house, judge)
    reader.get(f"/desk/lots/{lot.id}")
    reader.send("/price-steps", {"code": "parties_chose", "on": "2026-02-02", "detail": "双方一致要求"})
    reader.send("/price-steps", {"code": "network_inquiry_asked", "on": "2026-02-02"})
    for source, on, amount in (("甲平台", "2026-02-05", "1,000,000"), ("乙平台", "2026-02-06", "3,000,000")):
        row = {"code": "network_inquiry_result", "on": on, "source": source, "amount_fen": amount}
        page = reader.send("/price-steps", row)
    assert "已有结果合计的参考价：¥1,000,000" in page.text
    assert "乙平台 2026-02-06 的结果在期限 2026-02-05 届满后出具" in page.text
    form = dict(page.form("/price").fields)
    assert (form["effective_on"], form["results.0.source"]) == ("2026-02-05", "甲平台")
    assert "乙平台" not in form.values()


def test_an_objection_recorded_after_the_price_was_saved_bars_the_announcement(house: House, sign_in: SignIn) -> None:
    room = CourtRoom(house, sign_in)
    room.enter()
    room.price(steps=[])
    room.draft()
    steps = f"/lots/{room.lot_id}/price-steps"

    def told() -> dict[str, str]:
        found = fine(room.judge.get(f"/auctions/{room.auction_id}/check"))["items"]
        return {one["code"]: one["severity"] for one in found if one["code"].startswith("reference_price")}

    assert "reference_price_method_skipped" in told() and "reference_price_expired" not in told()
    for code, detail in (
        ("law_requires", "国有资产"),
        *((code, "") for code in ("appraisal_asked", "report_received", "report_served", "objection_filed")),
    ):
        led = fine(room.judge.post(steps, {"code": code, "on": TODAY, "detail": detail}), 201)
    assert told() == {"reference_price_expired": "error", "reference_price_objection_period": "warning"}
    fine(room.judge.post(steps, {"code": "undone", "on": TODAY, "detail": led["steps"][-1]["id"]}), 201)
    assert told() == {"reference_price_objection_period": "warning"}
