"""Clearance at the doors: the risk of a lot for everybody, its plan for its court, the report."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.unit import House
from auction.models import Account, Auction
from tests.factories import a_bidder, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import DAY, CourtRoom, fine, plan_facts
from tests.web.reader import Reader
from web.auth import COOKIE

FAMILY = {"occupied": True, "occupant": "示例甲及家人", "since": "2016-03-01", "right": "owner", "residents": 4}


def occupy(room: CourtRoom) -> None:
    """A family whom nobody asked anything: band E."""
    fine(room.put("possession", statement="示例甲及家人自2016年3月起自住，声称享有所有权。", data=FAMILY))
    promise = {"responsible": "甲", "due_on": plan_facts(room)["promised_on"], "plan": "限期迁出，逾期强制腾空"}
    fine(room.put("clearance", state="found", statement="由本院腾空。", data=promise))


def risk(caller: Caller, lot_id: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = fine(caller.get(f"/lots/{lot_id}/risk", **more))
    assert set(found) == {"valuation", "clearance"}
    clearance: dict[str, Any] = found["clearance"]
    return clearance


def test_everybody_reads_band_score_and_every_reason(room: CourtRoom, anybody: Caller) -> None:
    room.announced()
    told = risk(anybody, room.lot_id)
    assert (told["applicable"], told["band"], told["score"], told["plan_required"]) == (True, "A", 0, False)
    assert (told["card"], told["sheet_version"]) == ("clearance-2026", 1)
    by_code = {factor["code"]: factor for factor in told["factors"]}
    assert by_code["occupation"]["points"] == -5 and not by_code["occupation"]["assumed"]
    assert all(set(factor) >= {"code", "points", "detail", "lowers", "basis"} for factor in told["factors"])
    english = risk(anybody, room.lot_id, headers={"Accept-Language": "en"})
    assert english["factors"][0]["detail"] == "Vacated and held by the court"
    lot = fine(anybody.get(f"/lots/{room.lot_id}"))
    assert lot["risk"]["clearance"] == {"band": "A", "score": 0, "plan_required": False}


def test_before_the_announcement_only_the_court_reads_it(room: CourtRoom, anybody: Caller, foreign: Caller) -> None:
    room.enter()
    told = risk(room.clerk, room.lot_id)
    assert (told["band"], told["sheet_version"]) == ("E", None)
    assert {factor["code"] for factor in told["factors"] if factor["assumed"]} >= {"occupation", "lease", "share"}
    assert "未核查" in told["factors"][0]["detail"]
    for stranger in (anybody, foreign):
        missing = stranger.get("/lots/nowhere/risk")
        answer = stranger.get(f"/lots/{room.lot_id}/risk")
        assert code_of(answer) == "not_found" and answer.get_data() == missing.get_data()


def test_a_vehicle_is_not_cleared_and_says_so(house: House, sign_in: SignIn, anybody: Caller) -> None:
    room = CourtRoom(house, sign_in, "vehicle")
    room.enter()
    told = risk(room.judge, room.lot_id)
    assert (told["applicable"], told["band"], told["score"], told["factors"]) == (False, None, None, [])
    assert "不存在腾空问题" in told["detail"]
    assert (
        code_of(room.clerk.put(f"/lots/{room.lot_id}/clearance-plan", plan_facts(room))) == "clearance_not_applicable"
    )


def test_a_hard_lot_is_refused_by_name_and_announced_with_a_plan(room: CourtRoom, anybody: Caller) -> None:
    room.ready()
    occupy(room)
    assert room.vote() == "approved"
    refused = room.announce()
    assert code_of(refused) == "clearance_plan_missing"
    [error] = refused.get_json()["errors"]
    assert error["field"] == "clearance_plan" and "腾空预案" in error["detail"]
    path = f"/auctions/{room.auction_id}/announcement"
    english = room.judge.post(path, headers={"Accept-Language": "en"}).get_json()
    assert english["basis"] == english["errors"][0]["basis"] and english["basis"].isascii(), english
    checked = fine(room.judge.get(f"/auctions/{room.auction_id}/check"))["items"]
    assert [one["severity"] for one in checked if one["code"] == "clearance_plan_missing"] == ["error"]
    made = fine(room.clerk.put(f"/lots/{room.lot_id}/clearance-plan", plan_facts(room)))
    assert made == fine(room.judge.get(f"/lots/{room.lot_id}/clearance-plan"))
    assert (made["version"], made["owner"]) == (1, "执行法官甲")
    assert room.vote() == "approved"
    assert fine(room.announce())["status"] == "announced"
    told = risk(anybody, room.lot_id)
    assert (told["band"], told["plan_required"]) == ("E", True)
    assert told["promise"]["promised_on"] == made["promised_on"]
    assert [step["what"] for step in told["promise"]["steps"]] == ["张贴限期迁出公告"]
    public = anybody.get(f"/lots/{room.lot_id}/risk").get_data(as_text=True)
    assert "法警" not in public and "执行法官甲" not in public


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"owner": " "}, "owner", "required"),
        ({"owner": ""}, "owner", "required"),
        ({"promised_on": "soon"}, "promised_on", "not_a_date"),
        ({"promised_on": "2026-01-01"}, "promised_on", "date_passed"),
        ({"steps": []}, "steps", "invalid"),
        ({"steps": [{"what": "x", "on": "2030-01-01"}]}, "steps.0.on", "step_misplaced"),
        ({"resources": "腾退由买受人自行解决"}, "resources", "phrase_forbidden"),
        ({"surprise": 1}, "surprise", "unknown_field"),
    ],
)
def test_a_plan_that_is_wrong_is_told_by_its_field(
    room: CourtRoom, changes: dict[str, Any], field: str, code: str
) -> None:
    room.enter()
    answer = room.clerk.put(f"/lots/{room.lot_id}/clearance-plan", plan_facts(room, **changes))
    assert answer.status_code == 422
    assert fields_of(answer)[field] == code
    assert len(answer.get_json()["errors"]) == len(fields_of(answer)), "one word for one field"
    assert fine(room.clerk.get(f"/lots/{room.lot_id}/clearance-plan"))["version"] == 0


def test_who_may_plan(room: CourtRoom, house: House, sign_in: SignIn, anybody: Caller, foreign: Caller) -> None:
    room.enter()
    path = f"/lots/{room.lot_id}/clearance-plan"
    assert code_of(anybody.put(path, plan_facts(room))) == "unauthenticated"
    assert code_of(foreign.put(path, plan_facts(room))) == "not_found"
    for role in ("bidder", "regulator", "president"):
        account = house.perform(lambda unit, role=role: a_bidder(unit) if role == "bidder" else an_account(unit, role))
        assert code_of(sign_in(account).put(path, plan_facts(room))) == "forbidden"
    assert code_of(sign_in(house.perform(lambda unit: an_account(unit, "regulator"))).get(path)) == "forbidden"


def test_the_report_is_public_and_honest_about_nothing(anybody: Caller) -> None:
    told = fine(anybody.get("/clearance/report", headers={"Accept-Language": "en"}))
    assert (told["outcomes"], told["courts"], told["falls"]) == (0, [], None)
    assert [(band["band"], band["share"], band["enough"]) for band in told["bands"]] == [
        (band, None, False) for band in "ABCDE"
    ]
    assert told["model"]["trained"] is None and told["model"]["missing"] == 200
    assert "no public labels" in told["labels"]


def test_a_sale_is_followed_from_the_promise_to_the_outcome(room: CourtRoom, anybody: Caller, app: Flask) -> None:
    """Through the doors: announced with a plan, sold by hand, cleared by force a day late, told to everybody."""
    room.ready()
    occupy(room)
    fine(room.clerk.put(f"/lots/{room.lot_id}/clearance-plan", plan_facts(room)))
    room.vote()
    fine(room.announce())
    due = plan_facts(room)["promised_on"]
    sell(room)
    room.wait(71 * DAY)
    room.judges = [room.sign_in(account) for account in accounts_of(room)]
    steps = f"/auctions/{room.auction_id}/handover-steps"
    day = room.now.date()
    given = {"code": "handed_over", "on": day.isoformat(), "detail": "见笔录"}
    before = (day - DAY).isoformat()
    for code in ("ruling_served", "clearing_notice"):
        fine(room.judge.post(steps, {"code": code, "on": before, "detail": "见笔录"}), 201)
    assert fields_of(room.judge.post(steps, given)) == {"code": "step_out_of_order"}
    for code in ("cleared_by_force", "keys", "handed_over"):
        fine(room.judge.post(steps, {"code": code, "on": day.isoformat(), "detail": "见笔录"}), 201)
    told = fine(anybody.get("/clearance/report"))
    assert (told["outcomes"], told["in_time"]) == (1, 0)
    assert told["courts"] == [{"court": "3201", "outcomes": 1, "in_time": 0, "forced": 1, "days_late": 1}]
    page = Reader(app.test_client()).get(f"/auctions/{room.auction_id}").text
    assert "逾期 1 天腾空" in page and f"法院承诺不迟于 {due} 腾空" in page and "已强制腾空" in page
    record = Reader(app.test_client()).get("/clearance").text
    assert "南京市中级人民法院" in record and "结果太少，不能下结论" in record


def accounts_of(room: CourtRoom) -> list[Any]:
    """The judges' accounts, to sign in anew after a long time."""
    names = select(Account).where(Account.username.in_(room.names)).order_by(Account.id)
    return room.house.read(lambda session: list(session.scalars(names)))


def sell(room: CourtRoom) -> None:
    """Sold and ruled on, past every rule: bidding and paying have tests of their own."""

    def act(unit: Any) -> None:
        auction = unit.session.get_one(Auction, room.auction_id)
        auction.status, auction.settlement, auction.price_fen = "sold", "ruled", 150_000_000

    room.house.perform(act)


def test_the_judges_page_shows_band_form_and_what_was_wrong(room: CourtRoom, app: Flask) -> None:
    room.enter()
    reader = Reader(app.test_client())
    token = room.clerk.headers["Authorization"].removeprefix("Bearer ")
    reader.client.set_cookie(COOKIE, token)
    page = reader.get(f"/desk/lots/{room.lot_id}")
    assert "腾空风险：E 级" in page.text and "公告前须有" in page.text
    facts = plan_facts(room)
    typed = {"owner": facts["owner"], "promised_on": facts["promised_on"], "resources": "由买受人自行腾退"}
    typed |= {"steps.0.what": "张贴公告", "steps.0.on": facts["promised_on"]}
    wrong = reader.send("/clearance-plan", typed, status=422)
    assert "法院不负责腾退" in wrong.text or "腾退" in wrong.text
    assert 'value="张贴公告"' in wrong.html
    saved = reader.send("/clearance-plan", {"resources": "法警四名"})
    assert "腾空预案已保存" in saved.text and "第 1 版" in saved.text


def test_beside_the_sealed_band_the_court_reads_that_of_its_draft(
    room: CourtRoom, house: House, anybody: Caller, foreign: Caller, app: Flask
) -> None:
    room.announced()
    told = risk(room.clerk, room.lot_id)
    assert (told["band"], told["sheet_version"], told["draft"]["band"]) == ("A", 1, "A")
    house.perform(lambda unit: setattr(unit.session.get_one(Auction, room.auction_id), "status", "unsold"))
    occupy(room)
    told = risk(room.clerk, room.lot_id)
    assert (told["band"], told["sheet_version"]) == ("A", 1)
    draft = told["draft"]
    assert (draft["band"], draft["sheet_version"], draft["plan_required"]) == ("E", None, True)
    for stranger in (anybody, foreign):
        read = risk(stranger, room.lot_id)
        assert (read["band"], read["draft"]) == ("A", None)
    reader = Reader(app.test_client())
    reader.client.set_cookie(COOKIE, room.clerk.headers["Authorization"].removeprefix("Bearer "))
    page = reader.get(f"/desk/lots/{room.lot_id}").text
    assert "腾空风险：E 级" in page and "已公示（第 1 版情况表）：A 级，0 分" in page and "与正在填写的不同" in page


def test_a_regulator_reads_the_record_among_the_own_pages(app: Flask, house: House, sign_in: SignIn) -> None:
    regulator = sign_in(house.perform(lambda unit: an_account(unit, "regulator")))
    reader = Reader(app.test_client())
    reader.client.set_cookie(COOKIE, regulator.headers["Authorization"].removeprefix("Bearer "))
    assert "各等级按期腾空的比例" in reader.get("/regulator/clearance").text
