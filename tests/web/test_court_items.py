"""A court asks more of its lots than the law: at the doors, for its own lots alone, and up to the sealed sheet."""

from datetime import timedelta
from typing import Any

from flask import Flask

from auction.kernel.unit import House, Unit
from auction.models import Account
from tests.disclosure.court import called
from tests.factories import an_account
from tests.web.caller import Caller, SignIn, fields_of
from tests.web.court import CourtRoom, fine
from tests.web.test_pages import signed_in

ITEM = {
    "title": "学区",
    "title_en": "School district",
    "required": True,
    "hint": "写明学区及查询日期。",
    "hint_en": "District and day.",
    "example": "属示例小学学区。",
}
PATH = "/disclosure/court-items/real_estate"


def test_an_item_of_the_court_bars_the_announcement_until_it_is_told_and_is_sealed(
    house: House, sign_in: SignIn, anybody: Caller
) -> None:
    room = CourtRoom(house, sign_in)
    kept = fine(room.judge.put(f"{PATH}/court_school", ITEM))
    assert (kept["version"], kept["in_use"]) == (1, True)
    room.ready()
    assert "disclosure.court_school" in fields_of(room.announce())
    fine(room.clerk.put(f"/lots/{room.lot_id}/disclosure/items/court_school", answer(room)))
    room.vote()
    fine(room.announce())
    items = fine(anybody.get(f"/lots/{room.lot_id}/disclosure"))["items"]
    told = next(item for item in items if item["code"] == "court_school")
    assert (told["title"], told["statement"]) == ("学区", "属示例小学学区。")
    fine(room.judge.put(f"{PATH}/court_school", {**ITEM, "in_use": False}))
    items = fine(anybody.get(f"/lots/{room.lot_id}/disclosure"))["items"]
    assert "court_school" in [item["code"] for item in items]


def test_what_is_added_while_a_round_is_in_review_or_announced_is_asked_of_the_next_one(
    house: House, sign_in: SignIn, anybody: Caller
) -> None:
    room = CourtRoom(house, sign_in)
    room.ready()
    room.vote()
    room.wait(timedelta(seconds=1))
    fine(room.judge.put(f"{PATH}/court_school", ITEM))
    fine(room.announce())
    fine(room.judge.put(f"{PATH}/court_parking", ITEM))
    changed = room.item_facts("viewing", **called("viewing"))
    fine(room.judge.put(f"/lots/{room.lot_id}/disclosure/items/viewing", changed))
    assert fine(anybody.get(f"/lots/{room.lot_id}/disclosure"))["version"] == 2
    other = fine(room.clerk.post("/lots", room.lot_facts()), 201)["id"]
    asked = str(fine(room.clerk.get(f"/lots/{other}/disclosure/gaps")))
    assert "court_school" in asked and "court_parking" in asked


def answer(room: CourtRoom) -> dict[str, Any]:
    return {
        "state": "found",
        "statement": "属示例小学学区。",
        "data": {},
        "source": "教育局查询",
        "checked_on": "2026-03-01",
        "attachments": [],
    }


def test_the_catalogue_tells_what_a_court_asks_and_the_shipped_one_stays(
    house: House, sign_in: SignIn, anybody: Caller
) -> None:
    judge = house.perform(lambda unit: an_account(unit, "judge"))
    caller = sign_in(judge)
    fine(caller.put(f"{PATH}/court_school", ITEM))

    def codes(query: str = "") -> list[str]:
        return [
            item["code"] for item in fine(anybody.get(f"/disclosure/catalogue?asset_type=real_estate{query}"))["items"]
        ]

    assert set(codes("&court=3201")) - set(codes()) == {"court_school"}
    assert codes("&court=3202") == codes()
    assert fields_of(caller.put(f"{PATH}/possession", ITEM)) == {"code": "item_code"}
    assert fields_of(caller.put("/disclosure/court-items/house/court_a", ITEM)) == {"asset_type": "not_a_choice"}
    for role, wanted in (("clerk", 403), ("president", 200), ("regulator", 403)):
        account = house.perform(lambda unit, role=role: an_account(unit, role))
        assert sign_in(account).put(f"{PATH}/court_other", ITEM).status_code == wanted


def test_the_page_adds_rewords_and_puts_aside(app: Flask, house: House) -> None:
    def story(unit: Unit) -> Account:
        return an_account(unit, "judge")

    reader = signed_in(app, house, house.perform(story))
    reader.get("/desk/catalogue?asset_type=vehicle")
    typed = {name: value for name, value in ITEM.items() if name != "required"} | {"code": "court_plate"}
    reader.send("/desk/catalogue", typed | {"code": "plate"}, status=422)
    page = reader.send("/desk/catalogue", typed)
    assert "court_plate" in page.text and "第 1 版" in page.text
    page = reader.get("/desk/catalogue?asset_type=vehicle&code=court_plate")
    page = reader.send("/desk/catalogue", {"in_use": None})
    assert "已停用" in page.text
