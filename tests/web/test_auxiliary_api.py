"""Auxiliary work at the doors: tasks and reports, viewings, questions, records, and who is let in."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock, iso
from auction.kernel.unit import House, Unit
from auction.models import Account, Agency, Auction
from tests.factories import a_bidder, a_paid_deposit, a_registration, a_uscc, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import DAY, PDF, CourtRoom, fine, send
from tests.web.sale import RESERVE, a_sale, offer

#: That an answer tells nothing the sheet lacks.
PLAIN = {"tells": "nothing_new", "reason": "情况表已载明"}


@pytest.fixture
def room(app: Flask, house: House, sign_in: SignIn) -> CourtRoom:
    return CourtRoom(house, sign_in)


@pytest.fixture
def uscc(house: House) -> str:
    def enter(unit: Unit) -> str:
        agency = Agency(uscc=a_uscc(), name="示例拍辅")
        unit.session.add(agency)
        return agency.uscc

    return house.perform(enter)


@pytest.fixture
def agent(house: House, sign_in: SignIn, uscc: str) -> Caller:
    return sign_in(house.perform(an_account, "agency", agency_uscc=uscc, display_name="经办人"))


def give(room: CourtRoom, uscc: str) -> str:
    task = {"agency": uscc, "kind": "survey", "due_at": iso(room.now + 5 * DAY)}
    return str(fine(room.clerk.post(f"/lots/{room.lot_id}/tasks", task), 201)["id"])


def a_visitor(house: House, sign_in: SignIn, name: str = "欧阳慎言") -> tuple[Account, Caller]:
    account = house.perform(a_bidder, name=name)
    return account, sign_in(account)


def test_an_agency_uploads_reports_and_finishes_and_the_court_takes_over(
    room: CourtRoom, agent: Caller, uscc: str, anybody: Caller
) -> None:
    room.enter()
    assert code_of(send(agent, room.lot_id, PDF)) == "not_found"
    past = {"agency": uscc, "kind": "survey", "due_at": iso(room.now)}
    tasks = f"/lots/{room.lot_id}/tasks"
    assert fields_of(room.clerk.post(tasks, past)) == {"due_at": "too_early"}
    asked = {"agency": uscc, "due_at": iso(room.now + DAY)}
    own = room.judge.post(tasks, {**asked, "kind": "起拍价决定"})
    assert fields_of(own) == {"kind": "not_delegable"}
    [said] = own.get_json()["errors"]
    assert "评估" in said["detail"] and "第六条" in said["basis"]
    other = {**asked, "kind": "other", "description": "开锁"}
    assert fields_of(room.clerk.post(tasks, other)) == {"kind": "judge_signs"}
    assert fine(room.judge.post(tasks, other), 201)["description"] == "开锁"
    task_id = give(room, uscc)
    photo = fine(send(agent, room.lot_id, PDF, "现场.pdf"), 201)["id"]
    body = {"items": [{"code": "defects", **room.item_facts("defects")}], "files": [photo], "note": "已到现场"}
    told = fine(agent.post(f"/tasks/{task_id}/reports", body), 201)
    assert (told["waiting"], [part["code"] for part in told["reports"][0]["parts"]]) == (2, ["defects", "files"])
    assert (told["id"], told["task_id"]) == (told["report_id"], task_id) and told["id"] == told["reports"][0]["id"]
    answer = f"/reports/{told['report_id']}/items"
    for act, said in (("acceptance", None), ("refusal", {"reason": "r"})):
        assert code_of(room.clerk.post(f"{answer}/defects/{act}", said)) == "forbidden"
    accepted = fine(room.judge.post(f"{answer}/defects/acceptance"), 201)
    assert accepted["item"]["checker"] == "示例拍辅"
    assert code_of(room.judge.post(f"{answer}/defects/refusal", {"reason": "r"})) == "wrong_state"
    assert fine(room.judge.post(f"{answer}/files/refusal", {"reason": "模糊"}), 201)["item"] is None
    assert code_of(room.judge.post(f"{answer}/nosuch/acceptance")) == "not_found"
    assert fields_of(agent.post(f"/tasks/{task_id}/reports", {"items": [], "files": []})) == {"items": "required"}
    fine(agent.post(f"/tasks/{task_id}/completion", {"note": "完成"}), 201)
    rated = fine(room.judge.post(f"/tasks/{task_id}/rating", {"rating": 5, "reason": "细致"}), 201)
    assert (rated["status"], rated["late"], rated["rating"]) == ("done", False, {"rating": 5, "reason": "细致"})
    assert [task["id"] for task in fine(agent.get("/tasks?status=done"))["items"]] == [task_id]
    record = fine(agent.get(f"/agencies/{uscc}/record"))
    assert (record["done_in_time"], record["items_accepted"], record["items_refused"]) == (1, 1, 1)
    assert (record["rating"], record["in_time_share"]) == (5.0, 1.0)
    kept = [fine(answered) for answered in (room.judge.get(f"/tasks/{task_id}"), agent.get(f"/tasks/{task_id}"))]
    assert kept[0] == kept[1]
    assert code_of(anybody.get("/tasks")) == "unauthenticated"


def test_a_record_is_read_by_courts_regulators_and_the_agency_itself(
    house: House, sign_in: SignIn, agent: Caller, uscc: str, room: CourtRoom
) -> None:
    path = f"/agencies/{uscc}/record"
    regulator = sign_in(house.perform(an_account, "regulator"))
    assert fine(regulator.get(path)) == fine(room.judge.get(path)) == fine(agent.get(path))
    other = sign_in(house.perform(an_account, "agency", agency_uscc=None))
    missing = regulator.get("/agencies/nowhere/record")
    assert code_of(missing) == "not_found" and other.get(path).get_data() == missing.get_data()
    assert code_of(a_visitor(house, sign_in)[1].get(path)) == "forbidden"


def test_work_given_through_the_door_bars_whoever_had_been_cleared_that_day(
    house: House, sign_in: SignIn, uscc: str
) -> None:
    sale = house.perform(a_sale, bidders=0)

    def company(unit: Unit) -> Account:
        bidder = a_bidder(unit, id_type="uscc", id_number=uscc, name="示例拍辅")
        auction = unit.session.get_one(Auction, sale.auction_id)
        a_paid_deposit(unit, a_registration(unit, auction, bidder, status="qualified"))
        return bidder

    bidder, judge = sign_in(house.perform(company)), sign_in(sale.judge)
    assert fine(offer(bidder, sale, RESERVE), 201)["outcome"] == "accepted"
    due_at = iso(house.now() + DAY)
    fine(judge.post(f"/lots/{sale.lot_id}/tasks", {"agency": uscc, "kind": "photos", "due_at": due_at}), 201)
    assert offer(bidder, sale, 2 * RESERVE, "k2", raise_own=True).get_json()["code"] == "barred_interest"


def test_a_viewing_is_public_booked_by_code_and_given_back(
    room: CourtRoom, house: House, sign_in: SignIn, agent: Caller, uscc: str, anybody: Caller
) -> None:
    room.announced()
    task_id = give(room, uscc)
    starts = room.now + DAY
    times = {"starts_at": iso(starts), "ends_at": iso(starts + timedelta(hours=2)), "places": 1}
    slot = fine(agent.post(f"/tasks/{task_id}/viewings", times), 201)["id"]
    late = {**times, "ends_at": iso(room.now + 60 * DAY)}
    assert fields_of(agent.post(f"/tasks/{task_id}/viewings", late)) == {"ends_at": "viewing_after_close"}
    account, visitor = a_visitor(house, sign_in)
    other = a_visitor(house, sign_in, "司马光")[1]
    path = f"/lots/{room.lot_id}/viewings/{slot}/bookings"
    booked = fine(visitor.post(path), 201)
    assert (booked["status"], booked["lot_title"]) == ("booked", "珠江路88号2幢301室房产")
    full = other.post(path, headers={"Accept-Language": "en"})
    assert (full.status_code, code_of(full)) == (409, "viewing_full")
    lot = fine(anybody.get(f"/lots/{room.lot_id}"))
    assert [(one["id"], one["places"], one["free"], one["status"]) for one in lot["viewings"]] == [(slot, 1, 0, "full")]
    seen = agent.get(f"/viewings/{slot}/bookings")
    assert fine(seen)["items"] == [{"code": booked["code"]}]
    for text in (seen.get_data(as_text=True), str(lot)):
        assert "欧阳" not in text and account.id not in text and str(account.person_id) not in text
    fine(visitor.post(f"/me/bookings/{booked['id']}/cancellation"), 201)
    assert [one["status"] for one in fine(visitor.get("/me/bookings"))["items"]] == ["cancelled"]
    fine(other.post(path), 201)
    called_off = fine(room.judge.post(f"/viewings/{slot}/cancellation", {"reason": "停电"}), 201)
    assert (called_off["status"], called_off["cancelled_reason"]) == ("cancelled", "停电")
    assert [one["status"] for one in fine(other.get("/me/bookings"))["items"]] == ["called_off"]


def test_with_the_sale_its_viewings_are_called_off_and_who_booked_is_told(
    room: CourtRoom, house: House, sign_in: SignIn, agent: Caller, uscc: str
) -> None:
    room.announced()
    starts = room.now + DAY
    times = {"starts_at": iso(starts), "ends_at": iso(starts + timedelta(hours=2)), "places": 1}
    slot = fine(agent.post(f"/tasks/{give(room, uscc)}/viewings", times), 201)["id"]
    visitor = a_visitor(house, sign_in)[1]
    fine(visitor.post(f"/lots/{room.lot_id}/viewings/{slot}/bookings"), 201)
    ended = {"ground": "settled", "reason": "当事人和解"}
    fine(room.judge.post(f"/auctions/{room.auction_id}/withdrawal", ended))
    room.wait(timedelta(minutes=1))
    assert [one["status"] for one in fine(visitor.get("/me/bookings"))["items"]] == ["called_off"]
    told = fine(visitor.get("/me/messages"))["items"]
    assert any(one["kind"] == "viewing_cancelled" and "当事人和解" in str(one) for one in told), told


def test_what_the_court_says_was_done_in_time_is_no_merit_of_the_agency(
    room: CourtRoom, house: House, sign_in: SignIn, agent: Caller, uscc: str
) -> None:
    room.enter()
    fine(room.judge.post(f"/tasks/{give(room, uscc)}/completion", {"note": "法院自行完成"}), 201)
    record = fine(agent.get(f"/agencies/{uscc}/record"))
    assert (record["done_in_time"], record["done_by_court"], record["in_time_share"]) == (0, 1, None)


def test_a_question_is_asked_counted_answered_and_logged_without_its_asker(
    room: CourtRoom, house: House, sign_in: SignIn, agent: Caller, uscc: str, anybody: Caller
) -> None:
    room.announced()
    give(room, uscc)
    account, visitor = a_visitor(house, sign_in)
    path = f"/lots/{room.lot_id}/questions"
    refused = visitor.post(path, {"question": "请打 13812345678"})
    assert fields_of(refused) == {"question": "contact_in_text"}
    asked = fine(visitor.post(path, {"question": "是否带车位？"}), 201)
    assert (asked["mine"], asked["status"], asked["answers"]) == (True, "waiting", [])
    listed = fine(anybody.get(path))
    assert (listed["items"], listed["unanswered"]) == ([], 1)
    assert fine(anybody.get(f"/lots/{room.lot_id}"))["unanswered_questions"] == 1
    [waiting] = fine(agent.get(path))["items"]
    assert waiting["mine"] is False
    stranger = sign_in(house.perform(an_account, "agency", agency_uscc=None))
    answer = {"answer": "不带车位。", "item": "structure", **PLAIN}
    assert code_of(stranger.put(f"/questions/{asked['id']}/answer", answer)) == "not_found"
    assert fields_of(agent.put(f"/questions/{asked['id']}/answer", answer)) == {"item": "unknown_item"}
    fine(agent.put(f"/questions/{asked['id']}/answer", answer | {"item": "defects"}))
    listed = fine(anybody.get(path))
    assert (listed["total"], listed["unanswered"]) == (1, 0)
    [told] = listed["items"]
    assert (told["question"], told["mine"], told["answers"][0]["agency_name"]) == ("是否带车位？", False, "示例拍辅")
    assert code_of(anybody.get("/lots/nowhere/questions")) == "not_found"
    for secret in (account.id, str(account.person_id), "欧阳"):
        assert secret not in str(listed)


def test_a_new_fact_is_held_for_the_sheet_and_read_by_court_and_agency_alone(
    room: CourtRoom, house: House, sign_in: SignIn, agent: Caller, uscc: str, anybody: Caller
) -> None:
    room.announced()
    give(room, uscc)
    visitor = a_visitor(house, sign_in)[1]
    path = f"/lots/{room.lot_id}/questions"
    answer = f"/questions/{fine(visitor.post(path, {'question': '漏水吗？'}), 201)['id']}/answer"
    assert fields_of(agent.put(answer, {"answer": "漏水。"})) == {"tells": "required"}
    assert fields_of(agent.put(answer, {"answer": "漏水。", "tells": "maybe"})) == {"tells": "invalid"}
    assert fields_of(agent.put(answer, {"answer": "漏水。", "tells": "new_fact"})) == {"item": "required"}
    assert fields_of(agent.put(answer, {"answer": "漏水。", "tells": "nothing_new"})) == {"reason": "required"}
    fact = {"answer": "屋面漏水。", "tells": "new_fact", "item": "defects"}
    held = fine(agent.put(answer, fact))
    assert (held["status"], held["answers"], held["held"]["answer"]) == ("waiting", [], "屋面漏水。")
    assert fine(anybody.get(path))["items"] == []
    [mine] = fine(visitor.get(path))["items"]
    assert mine["sheet_change"]["item"] == "defects" and mine["held"] is None and "漏水。" not in str(mine)


def test_before_the_announcement_nobody_outside_asks_or_reads(room: CourtRoom, house: House, sign_in: SignIn) -> None:
    room.enter()
    _, visitor = a_visitor(house, sign_in)
    path: Any = f"/lots/{room.lot_id}/questions"
    assert code_of(visitor.post(path, {"question": "何时公告？"})) == "not_found"
    assert code_of(visitor.get(path)) == "not_found"
    assert fine(room.judge.get(path))["items"] == []


def test_a_question_is_merged_once_into_one_of_its_lot_asked_before(
    room: CourtRoom, uscc: str, house: House, sign_in: SignIn, clock: FixedClock, anybody: Caller
) -> None:
    room.announced()
    give(room, uscc)
    asked = []
    for wording in ("带车位吗？", "有车位吗？", "何时看样？"):
        visitor = a_visitor(house, sign_in, wording)[1]
        asked.append(fine(visitor.post(f"/lots/{room.lot_id}/questions", {"question": wording}), 201)["id"])
        clock.advance(days=1)
    first, second, third = asked
    agent = sign_in(house.perform(an_account, "agency", agency_uscc=uscc))
    clerk = sign_in(house.perform(an_account, "clerk", court_code="3201"))
    assert fields_of(agent.post(f"/questions/{first}/merge", {"into": second})) == {"into": "asked_later"}
    assert fields_of(agent.post(f"/questions/{first}/merge", {"into": first})) == {"into": "unknown_question"}
    assert code_of(anybody.post(f"/questions/{second}/merge", {"into": first})) == "unauthenticated"
    assert fine(agent.post(f"/questions/{second}/merge", {"into": first}))["merged_into"] == first
    assert code_of(agent.post(f"/questions/{second}/merge", {"into": first})) == "wrong_state"
    assert fields_of(agent.post(f"/questions/{third}/merge", {"into": second})) == {"into": "question_merged"}
    assert code_of(clerk.put(f"/questions/{second}/answer", {"answer": "有。", **PLAIN})) == "wrong_state"
    fine(clerk.put(f"/questions/{first}/answer", {"answer": "带一个。", **PLAIN}))
    public = fine(anybody.get(f"/lots/{room.lot_id}/questions"))
    assert ([one["id"] for one in public["items"]], public["unanswered"]) == ([first], 1)
    both = {one["id"]: one for one in fine(clerk.get(f"/lots/{room.lot_id}/questions"))["items"]}
    assert both[second]["status"] == "answered" and both[second]["answers"] == both[first]["answers"]
    found = fine(anybody.get(f"/lots/{room.lot_id}/questions/similar", query_string={"question": "请问带车位吗"}))
    assert [one["id"] for one in found["items"]] == [first]
