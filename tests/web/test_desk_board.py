"""The board of a court: what is due on its lots by urgency, with article and day, as JSON and as a page."""

import re
from datetime import timedelta
from pathlib import Path

from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account, Notice
from auction.queries.sessions import account_named
from auction.rules.calendar import shanghai_day
from bidding.models import AfterSaleStep
from bidding.rules.clocks import STATES
from bidding.rules.stages import Stage
from tests.factories import a_case, a_court, a_lot, a_party, a_payment, a_registration, an_account, an_auction
from tests.web.caller import SignIn, code_of, fields_of
from tests.web.court import CourtRoom, fine
from tests.web.test_pages import signed_in
from web import board_words

DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


def a_busy_court(unit: Unit) -> Account:
    """A late ruling, a balance due today, a late refund, a lot just entered; and a lot of another court."""
    judge = an_account(unit, "judge")
    paid = an_auction(unit, lot=a_lot(unit, title="待裁定的房产"), status="sold", settlement="paid")
    paid.closed_at = unit.now - 40 * DAY
    owed = an_auction(unit, lot=a_lot(unit, title="待付尾款的房产"), status="sold", settlement="balance_due")
    owed.balance_due_at = unit.now + timedelta(hours=1)
    unsold = an_auction(unit, lot=a_lot(unit, title="流拍的房产"), status="unsold", closed_at=unit.now - 2 * DAY)
    registration = a_registration(unit, unsold, status="released")
    a_payment(
        unit, registration, status="refunding", refund_fen=1, refund_due_at=unit.now - timedelta(seconds=1), paid_fen=1
    )
    a_lot(unit, title="刚录入的房产")
    ruled = an_auction(unit, lot=a_lot(unit, title="待交付的房产"), status="sold", settlement="ruled")
    step = {"id": unit.new_id(), "code": "ruling", "on": shanghai_day(unit.now), "detail": {}, "by": judge.id}
    unit.session.add(AfterSaleStep(auction_id=ruled.id, at=unit.now, **step))
    other = a_court(unit, "3202", "无锡市中级人民法院")
    a_lot(unit, case=a_case(unit, court=other), title="别家法院的房产")
    unit.session.flush()
    return judge


def test_the_board_tells_what_is_late_first(house: House, sign_in: SignIn) -> None:
    judge = house.perform(a_busy_court)
    board = sign_in(judge).get("/desk/board").get_json()
    assert [item["title"] for item in board["items"]] == [
        "待裁定的房产",
        "流拍的房产",
        "待付尾款的房产",
        "待交付的房产",
        "刚录入的房产",
    ]
    late = board["items"][0]["clocks"][0]
    assert (late["code"], late["state"], late["basis_code"]) == ("ruling", "late", "SALE 20")
    assert late["days"] < -25 and "第二十条" in late["basis"] and "成交裁定" in late["detail"]
    assert [clock["code"] for clock in board["items"][1]["clocks"]] == ["refund", "relist"]
    assert board["stages"] == {stage.value: 0 for stage in Stage} | {
        "ruling": 1, "unsold": 1, "balance": 1, "handover": 1, "entered": 1
    }  # fmt: skip
    assert board["states"]["late"] == 2
    assert board["states"]["today"] == 1


def test_the_board_is_narrowed_by_stage_urgency_clock_and_text(house: House, sign_in: SignIn) -> None:
    caller = sign_in(house.perform(a_busy_court))

    def titles(query: str) -> list[str]:
        return [item["title"] for item in caller.get(f"/desk/board?{query}").get_json()["items"]]

    assert titles("stage=balance") == ["待付尾款的房产"]
    assert titles("state=late") == ["待裁定的房产", "流拍的房产"]
    assert titles("state=late&clock=refund") == ["流拍的房产"]
    assert titles("q=录入") == ["刚录入的房产"]
    assert titles("page=2&page_size=4") == ["刚录入的房产"]
    assert code_of(caller.get("/desk/board?stage=none")) == "invalid"
    assert code_of(caller.get("/desk/board?foo=1")) == "invalid"


def test_a_lot_entered_with_its_seizure_is_to_be_priced_within_thirty_days(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    room = CourtRoom(house, sign_in)
    room.enter()
    assert fields_of(room.clerk.post("/lots", room.lot_facts(seized_on="2026-03-03"))) == {"seized_on": "in_future"}
    lot = fine(room.clerk.post("/lots", room.lot_facts(seized_on="2026-01-16")), 201)
    assert lot["seized_on"] == "2026-01-16"
    board = room.clerk.get("/desk/board").get_json()
    clocks = {item["lot_id"]: [clock["code"] for clock in item["clocks"]] for item in board["items"]}
    assert "pricing_start" in clocks[lot["id"]] and "pricing_start" not in clocks[room.lot_id]
    judge = house.read(account_named, room.names[0])
    assert judge is not None
    assert "查封后启动确定参考价程序" in signed_in(app, house, judge).get("/desk/").text


def test_only_the_court_itself_has_a_board(house: House, sign_in: SignIn) -> None:
    house.perform(a_busy_court)
    for role, wanted in (("clerk", 200), ("president", 200), ("regulator", 403), ("bidder", 403)):
        account = house.perform(lambda unit, role=role: an_account(unit, role))
        assert sign_in(account).get("/desk/board").status_code == wanted
    assert sign_in(None).get("/desk/board").status_code == 401


def test_a_notice_that_waits_and_a_party_who_was_not_told_are_on_the_board(house: House, sign_in: SignIn) -> None:
    def story(unit: Unit) -> Account:
        judge, case = an_account(unit, "judge"), a_case(unit)
        a_party(unit, case)
        a_party(unit, case, "debtor", name="示例甲")
        lot = a_lot(unit, case=case)
        told = {"name": "某银行", "role": "applicant", "status": "received", "at": unit.now - DAY}
        unit.session.add(Notice(lot_id=lot.id, position=0, **told))
        return judge

    clocks = sign_in(house.perform(story)).get("/desk/board").get_json()["items"][0]["clocks"]
    assert {clock["code"]: clock["state"] for clock in clocks} == {"notices_to_give": "open", "notice_wait": "waiting"}


def test_the_page_lists_what_presses_with_article_and_day(app: Flask, house: House) -> None:
    reader = signed_in(app, house, house.perform(a_busy_court))
    page = reader.get("/desk/")
    assert re.search(r"价款付清后作出并送达成交裁定·待裁定的房产 ?逾期 \d+ 天", page.text)
    assert "第二十条" in page.text and "别家法院的房产" not in page.text
    assert page.text.index("待裁定的房产") < page.text.index("待付尾款的房产")
    narrowed = reader.get("/desk/?stage=balance&state=today&q=房产")
    assert "待付尾款的房产" in narrowed.text and "待裁定的房产" not in narrowed.text
    assert "刚录入的房产" in reader.get("/desk/?stage=nonsense").text


def test_every_stage_urgency_and_clock_has_its_words() -> None:
    words = board_words.table()
    assert set(words["stages"]) == {stage.value for stage in Stage}
    assert set(words["states"]) == set(STATES)
    source = (ROOT / "bidding" / "rules" / "clocks.py").read_text("utf-8")
    codes = set(re.findall(r'(?:Clock|_within|_last|_deadline)\(\s*"([a-z_]+)"', source))
    codes |= {"network_reports", "appraisal_report", "notice_wait", "shareholders_wait"}
    codes |= {"relist", "sell_off_announcement", "sale_objection", "sale_objection_receipt", "sale_objection_review"}
    assert codes <= set(words["clocks"])
    assert len(codes) > 20
    for rows in words.values():
        for row in rows.values():
            assert set(row) == {"zh", "en"} and not re.search("[\u4e00-\u9fff]", row["en"])
