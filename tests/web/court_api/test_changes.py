"""A material change at the doors: drafted, put to the panel, told to the public, acknowledged or left for."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.unit import House, Unit
from auction.models import Account, Approval, Auction
from tests.disclosure.court import called
from tests.factories import a_bidder, a_paid_deposit, a_registration
from tests.web.caller import Caller, SignIn, code_of, fields_of
from tests.web.court import CourtRoom, fine
from tests.web.test_pages import signed_in

LEAKS = {"state": "found", "statement": "屋面渗漏，已拍照。"}


def a_registrant(house: House, auction_id: str) -> tuple[Account, str]:
    def story(unit: Unit) -> tuple[Account, str]:
        account = a_bidder(unit)
        registered = a_registration(unit, unit.session.get_one(Auction, auction_id), account, status="qualified")
        a_paid_deposit(unit, registered)
        return account, registered.id

    return house.perform(story)


def defects_told(edition: dict[str, Any]) -> str:
    [notice] = [one for one in edition["special_notices"] if one["code"] == "defects"]
    return str(notice["zh"])


def test_a_change_goes_from_the_draft_over_the_panel_to_the_public(
    room: CourtRoom, house: House, sign_in: SignIn, anybody: Caller, foreign: Caller
) -> None:
    room.announced()
    account, registration = a_registrant(house, room.auction_id)
    change = f"/auctions/{room.auction_id}/disclosure-change"
    assert code_of(room.clerk.put(f"{change}/items/defects", {"state": "odd"})) == "invalid"
    drafted = fine(room.clerk.put(f"{change}/items/defects", room.item_facts("defects", **LEAKS)))
    assert drafted["version"] is None
    seen = fine(room.clerk.get(change))
    assert (seen["choices"], seen["needs_word"], seen["sheet_version"]) == (["withdrawal", "supplement"], False, 1)
    assert {(one["code"], one["material"]) for one in seen["items"]} == {("defects", True)}
    assert code_of(foreign.get(change)) == "not_found" and code_of(anybody.get(change)) == "unauthenticated"
    body = {"choice": "supplement", "reason": "复勘发现渗漏"}
    assert code_of(room.clerk.post(change, body)) == "forbidden"
    assert fields_of(room.judge.post(change, {**body, "choice": "nothing"})) == {"choice": "invalid"}
    waits = fine(room.judge.post(change, body), 202)
    assert waits["needs"] == {"role": "judge", "count": 1}
    [proposal] = fine(room.judges[1].get("/approvals"))["items"]
    assert (proposal["kind"], proposal["proposal"]["items"]) == ("sheet_change", ["defects"])
    fine(room.judges[1].post(f"/approvals/{proposal['id']}", {"approve": True, "reason": "同意"}))
    diff = fine(anybody.get(f"/lots/{room.lot_id}/disclosure/diff?from=1&to=2"))
    assert diff["material"] is True
    assert {(one["part"], one["code"]) for one in diff["texts"]} >= {("special_notices", "defects")}
    texts = f"/auctions/{room.auction_id}/announcements"
    first, second = fine(anybody.get(texts))["items"]
    assert (first["edition"], second["edition"], second["replaced_at"]) == (1, 2, None)
    assert first["replaced_at"] == second["written_at"] and first["changes"] == []
    assert second["changes"] == [{k: v for k, v in one.items() if k != "auction_id"} for one in diff["texts"]]
    assert "未发现" in defects_told(fine(anybody.get(f"{texts}/1")))
    assert "屋面渗漏" in defects_told(fine(anybody.get(f"{texts}/2")))
    assert code_of(anybody.get(f"{texts}/3")) == "not_found"
    bidder = sign_in(account)
    shown = fine(bidder.get(f"/registrations/{registration}"))
    assert shown["current"] is False
    seal = fine(anybody.get(f"/auctions/{room.auction_id}"))["seal"]
    fine(bidder.post(f"/registrations/{registration}/acknowledgements", {"seal": seal}), 201)
    assert fine(bidder.post(f"/registrations/{registration}/withdrawal"))["status"] == "released"


def test_a_change_that_worsens_possession_is_refused_as_a_supplement_in_both_languages(room: CourtRoom) -> None:
    room.announced()
    change = f"/auctions/{room.auction_id}/disclosure-change"
    facts = room.item_facts("possession", statement="示例乙占有。", data={"occupied": True, "occupant": "示例乙"})
    fine(room.clerk.put(f"{change}/items/possession", facts))
    assert fine(room.judge.get(change))["choices"] == ["withdrawal"]
    refused = room.judge.post(change, {"choice": "supplement", "reason": "r"}, headers={"Accept-Language": "en"})
    assert fields_of(refused) == {"choice": "only_withdrawal"}
    assert "announced anew" in refused.get_json()["errors"][0]["detail"]
    fine(room.clerk.call("DELETE", f"{change}/items/possession"))
    assert code_of(room.clerk.call("DELETE", f"{change}/items/possession")) == "not_found"
    assert code_of(room.judge.post(change, {"choice": "withdrawal", "reason": "r"})) == "wrong_state"


def test_a_judge_changes_a_running_sale_by_the_pages_and_a_bidder_reads_what_changed(
    room: CourtRoom, app: Flask, house: House
) -> None:
    auction = room.announced(opens_at=room.now + timedelta(days=40))
    account, registration = a_registrant(house, room.auction_id)
    room.wait(timedelta(days=40, hours=1))
    judges = house.read(lambda s: s.scalars(select(Account).where(Account.username.in_(room.names))).all())
    judge = signed_in(app, house, judges[0])
    judge.get(f"/desk/auctions/{room.auction_id}")
    judge.follow("变更公示内容")
    judge.get(f"/desk/auctions/{room.auction_id}/change/defects")
    judge.send("/change/defects", {"statement": LEAKS["statement"], "state": "found"})
    assert "屋面渗漏" in judge.page.text and "此前的出价全部失效" in judge.page.text
    judge.send("/change", {"choice": "supplement", "reason": "复勘发现渗漏"})
    assert "等待批准" in judge.page.text
    second = signed_in(app, house, judges[1])
    second.get("/desk/approvals")
    second.follow("查看变更前后对照")
    second.get("/desk/approvals")
    [proposal] = house.read(lambda s: s.scalars(select(Approval.id)).all())
    second.send(f"/approvals/{proposal}", {"reason": "同意"}, button=("approve", "true"))
    public = signed_in(app, house, account)
    page = public.get(f"/auctions/{room.auction_id}")
    assert "重要变更" in page.text and "屋面渗漏" in page.text
    assert "经核查未发现已知瑕疵" not in page.text
    former = public.follow("改写前的全文")
    assert "这是已被替换的版本" in former.text and "经核查未发现已知瑕疵" in former.text
    assert "屋面渗漏" in public.follow("查看现行版本").text
    mine = public.get(f"/registrations/{registration}")
    assert "须确认后才能出价" in mine.text and "屋面渗漏" in mine.text and "没有有效出价的，可以退出" in mine.text
    public.send("/acknowledgements", {"seal": house.read(lambda s: s.get_one(Auction, room.auction_id).seal)})
    public.send("/leave", {})
    assert "已退出报名" in public.page.html
    assert auction["opens_at"] < iso(house.now())


@pytest.mark.parametrize(
    ("code", "item"),
    [
        (
            "preferential_purchasers",
            {
                "state": "found",
                "statement": "承租人示例戊主张优先购买权。",
                "data": {"names": "示例戊", "nature": "lessee"},
            },
        ),
        (
            "household_registration",
            {"state": "found", "statement": "登记三人，不能迁出。", "data": {"persons": 3, "moving": "不能迁出"}},
        ),
    ],
)
def test_who_comes_first_and_what_burdens_are_the_panels_after_the_announcement(
    room: CourtRoom, code: str, item: dict[str, Any]
) -> None:
    room.announced()
    for by in (room.clerk, room.judge):
        refused = by.put(f"/lots/{room.lot_id}/disclosure/items/{code}", room.item_facts(code, **item))
        assert code_of(refused) == "wrong_state"
        assert "material_change" in fields_of(refused).values()
    change = f"/auctions/{room.auction_id}/disclosure-change"
    fine(room.clerk.put(f"{change}/items/{code}", room.item_facts(code, **item)))
    assert fine(room.judge.get(change))["choices"] == ["withdrawal", "supplement"]


def test_what_is_not_material_is_published_by_a_judge_alone_and_told_on_the_board(
    room: CourtRoom, app: Flask, house: House
) -> None:
    room.announced()
    room.wait(timedelta(hours=1))
    words = called("court_contact")
    refused = room.put("court_contact", **words)
    assert (refused.status_code, code_of(refused)) == (403, "forbidden") and "法官" in refused.get_json()["detail"]
    change = f"/auctions/{room.auction_id}/disclosure-change"
    fine(room.clerk.put(f"{change}/items/court_contact", room.item_facts("court_contact", **words)))
    assert code_of(room.clerk.post(f"{change}/publication")) == "forbidden"
    assert fine(room.judge.post(f"{change}/publication"))["items"] == []
    assert code_of(room.judge.post(f"{change}/publication")) == "wrong_state"
    told = fine(room.judge.get(f"/lots/{room.lot_id}/disclosure"))
    assert told["version"] == 2 and not told["material"]
    [published] = fine(room.clerk.get("/desk/board"))["published"]
    assert (published["version"], published["items"], published["by"]) == (2, ["法院联系和监督方式"], "法官甲")
    judge = house.read(lambda s: s.scalars(select(Account).where(Account.username == room.names[0])).one())
    assert "近七日公告后的改动" in signed_in(app, house, judge).get("/desk/").text
    room.wait(timedelta(days=8))
    assert fine(room.clerk.get("/desk/board"))["published"] == []


def test_the_page_of_who_comes_first_says_that_he_has_to_be_notified(room: CourtRoom, app: Flask, house: House) -> None:
    room.announced()
    judge = house.read(lambda s: s.scalars(select(Account).where(Account.username == room.names[0])).one())
    reader = signed_in(app, house, judge)
    owed = "应当通知其拍卖事项并登记送达情况"
    assert owed in reader.get(f"/desk/lots/{room.lot_id}/sheet/preferential_purchasers").text
    assert owed in reader.get(f"/desk/auctions/{room.auction_id}/change/preferential_purchasers").text
    assert owed not in reader.get(f"/desk/lots/{room.lot_id}/sheet/court_contact").text
