"""The whole way from a case to an announcement, through the doors."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from auction.kernel.unit import House
from auction.models import Auction
from tests.factories import a_resident_id, an_account
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import CASE, CourtRoom, fine


@pytest.mark.parametrize("asset_type", ["real_estate", "vehicle"])
def test_the_whole_way_from_a_case_to_an_announcement(
    app: Flask, house: House, sign_in: SignIn, anybody: Caller, asset_type: str
) -> None:
    room = CourtRoom(house, sign_in, asset_type)
    room.enter()
    draft = room.draft()
    assert (draft["status"], draft["seal"], draft["round"]) == ("draft", None, "first")
    assert [seat["username"] for seat in draft["panel"]] == room.names
    refused = room.announce()
    assert refused.status_code == 422
    told = {error["code"] for error in refused.get_json()["errors"]}
    assert told == {"reference_price_expired", "notice_outstanding", "panel_incomplete", "disclosure_incomplete"}
    assert all(error["basis"] and error["detail"] for error in refused.get_json()["errors"])
    assert code_of(anybody.get(f"/auctions/{room.auction_id}")) == "not_found"
    room.price()
    room.fill()
    gaps = fine(room.judge.get(f"/lots/{room.lot_id}/disclosure/gaps"))
    assert (gaps["items"], gaps["total"]) == ([], 0)
    room.notify()
    assert room.vote() == "approved"
    announced = fine(room.announce())
    assert (announced["status"], announced["ruleset"], announced["version"]) == ("announced", "spc-2016", 1)
    assert announced["reference_price_fen"] == 200_000_000
    public = fine(anybody.get(f"/auctions/{room.auction_id}"))
    assert public["seal"] == announced["seal"]
    assert len(public["seal"]) == 64
    sheet = fine(anybody.get(f"/lots/{room.lot_id}/disclosure"))
    assert (sheet["version"], sheet["seal"]) == (1, public["seal"])
    assert {item["code"] for item in sheet["items"]} == {item["code"] for item in room.catalogue()}
    events = fine(anybody.get(f"/auctions/{room.auction_id}/events"))["items"]
    assert [(event["type"], event["status"]) for event in events] == [("status", "announced")]


def test_the_check_tells_errors_and_warnings_before_anybody_votes(room: CourtRoom) -> None:
    room.enter()
    room.draft(increment_fen=1)
    found = fine(room.judge.get(f"/auctions/{room.auction_id}/check"))["items"]
    assert {"code", "severity", "field", "item", "detail", "basis"} == set(found[0])
    assert {"error", "warning"} == {finding["severity"] for finding in found}
    english = fine(room.judge.get(f"/auctions/{room.auction_id}/check", headers={"Accept-Language": "en"}))["items"]
    assert [finding["code"] for finding in english] == [finding["code"] for finding in found]
    assert english[0]["detail"] != found[0]["detail"]


def test_once_announced_there_is_nothing_to_check_change_vote_or_announce(room: CourtRoom) -> None:
    room.announced()
    address = f"/auctions/{room.auction_id}"
    assert code_of(room.judge.get(f"{address}/check")) == "wrong_state"
    price = room.judge.put(f"/lots/{room.lot_id}/reference-price", room.price_facts())
    assert code_of(price) == "wrong_state"
    assert code_of(room.judge.call("PATCH", address, {"balance_days": 3})) == "wrong_state"
    assert code_of(room.judge.post(f"{address}/votes", {"approve": False, "reason": "迟了"})) == "wrong_state"
    assert code_of(room.announce()) == "wrong_state"


def test_a_change_of_terms_or_sheet_voids_the_votes(room: CourtRoom) -> None:
    room.ready()
    changed = fine(room.judge.call("PATCH", f"/auctions/{room.auction_id}", {"balance_days": 15}))
    assert (changed["status"], changed["balance_days"]) == ("draft", 15)
    assert [seat["approve"] for seat in changed["panel"]] == [None, None, None]
    assert room.vote() == "approved"
    fine(room.put("viewing", statement="预约看样。"))
    assert [error["code"] for error in room.announce().get_json()["errors"]] == ["panel_incomplete"]
    assert room.vote() == "approved"
    fine(room.announce())


def test_a_panel_may_be_changed_and_only_its_members_vote(room: CourtRoom, house: House, sign_in: SignIn) -> None:
    room.enter()
    room.draft()
    other = house.perform(lambda unit: an_account(unit, "judge"))
    vote = {"approve": True, "reason": "同意"}
    assert code_of(sign_in(other).post(f"/auctions/{room.auction_id}/votes", vote)) == "forbidden"
    panel = [*room.names[:2], other.username]
    changed = fine(room.judge.call("PATCH", f"/auctions/{room.auction_id}", {"panel": panel}))
    assert [seat["username"] for seat in changed["panel"]] == panel
    assert fine(sign_in(other).post(f"/auctions/{room.auction_id}/votes", vote), 201)["status"] == "in_review"
    assert code_of(room.clerk.post(f"/auctions/{room.auction_id}/votes", vote)) == "forbidden"


def test_a_majority_against_sends_the_round_back_to_draft(room: CourtRoom) -> None:
    room.enter()
    room.draft()
    assert room.vote(approve=False) == "draft"


def test_the_catalogue_is_public_and_has_an_example_of_every_item(anybody: Caller) -> None:
    catalogue = fine(anybody.get("/disclosure/catalogue?asset_type=vehicle"))
    assert catalogue["total"] == len(catalogue["items"]) > 5
    for item in catalogue["items"]:
        assert {"code", "title", "required", "evidence", "basis", "fields", "example"} <= set(item)
        assert set(item["example"]) == {"state", "statement", "data"}
        for spec in item["fields"]:
            assert {"name", "type", "required", "choices"} <= set(spec)
    assert fields_of(anybody.get("/disclosure/catalogue?asset_type=castle")) == {"asset_type": "invalid"}
    assert fields_of(anybody.get("/disclosure/catalogue")) == {"asset_type": "required"}


def test_a_case_gives_back_no_identity_and_its_number_is_taken_once(room: CourtRoom) -> None:
    number = a_resident_id()
    case = {
        "number": CASE,
        "entered_on": "2025-06-01",
        "parties": [{"name": "张三", "role": "applicant", "id_type": "resident_id", "id_number": number}],
    }
    answer = room.clerk.post("/cases", case)
    assert fine(answer, 201)["entered_at"] == "2025-05-31T16:00:00.000000+00:00"
    assert number not in answer.get_data(as_text=True)
    assert fields_of(room.clerk.post("/cases", case)) == {"number": "taken"}
    assert fields_of(room.clerk.post("/cases", case | {"number": "2", "entered_on": "2026-03-04"})) == {
        "entered_on": "in_future"
    }


def test_the_day_of_entry_is_corrected_until_a_round_is_under_way(room: CourtRoom) -> None:
    room.ready()
    path = f"/lots/{room.lot_id}/case-entry"
    told = fine(room.clerk.put(path, {"entered_on": "2025-06-01"}))
    assert told["entered_at"] == "2025-05-31T16:00:00.000000+00:00"
    assert fields_of(room.clerk.put(path, {"entered_on": "2099-01-01"})) == {"entered_on": "in_future"}
    room.vote()
    fine(room.announce())
    assert code_of(room.clerk.put(path, {"entered_on": "2025-05-01"})) == "wrong_state"


def test_a_keyed_post_is_answered_twice_and_done_once(room: CourtRoom, house: House) -> None:
    room.enter()
    key = {"headers": {"Idempotency-Key": "k-1"}}
    first = room.judge.post(f"/lots/{room.lot_id}/auctions", room.terms(), **key)
    again = room.judge.post(f"/lots/{room.lot_id}/auctions", room.terms(), **key)
    assert first.get_data() == again.get_data()
    assert house.read(lambda session: session.scalar(select(func.count()).select_from(Auction))) == 1
    other = room.judge.post(f"/lots/{room.lot_id}/auctions", room.terms(balance_days=3), **key)
    assert code_of(other) == "idempotency_conflict"
