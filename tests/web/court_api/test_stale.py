"""Two of a court at the same form: the one who saves later neither undoes the other's work nor loses his own."""

import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.unit import House
from auction.models import Account
from tests.web.caller import code_of
from tests.web.court import DAY, PDF, CourtRoom, fine
from tests.web.reader import Reader
from tests.web.test_pages import signed_in

#: Page, the form's address, what the first types, what the second types, and where the stored text is found.
FORMS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "item": (
        "/desk/lots/{lot}/sheet/lease",
        "/sheet/lease",
        {"state": "found", "statement": "租给示例乙至 2031 年，租金已付清。"},
        {"state": "none", "statement": "经核查无租赁。"},
    ),
    "notices": (
        "/desk/lots/{lot}",
        "/notices",
        {"recipients.0.status": "received", "recipients.0.at": "{before}", "recipients.0.proof": "当庭签收"},
        {"recipients.1.status": "sent", "recipients.1.at": "{before}", "recipients.1.proof": "邮政签收单"},
    ),
    "price": ("/desk/lots/{lot}", "/price", {"amount_fen": "1,950,000"}, {"valid_until": "2026-12-31"}),
    "plan": (
        "/desk/lots/{lot}",
        "/clearance-plan",
        {
            "owner": "执行局某法官",
            "promised_on": "2026-12-31",
            "resources": "两辆车。",
            "steps.0.what": "张贴公告",
            "steps.0.on": "2026-12-01",
        },
        {
            "owner": "法警队",
            "promised_on": "2027-01-31",
            "resources": "仓库一间。",
            "steps.0.what": "清点物品",
            "steps.0.on": "2027-01-05",
        },
    ),
    "letter": (
        "/desk/letters/auction_notice",
        "/letters/auction_notice",
        {"text": "致{{ recipient }}：甲。"},
        {"text": "乙。"},
    ),
    "words": (
        "/desk/court-words/bidder_notice",
        "/court-words/bidder_notice",
        {"text": "看样请预约。", "text_en": "Book the viewing."},
        {"text": "看样不用预约。", "text_en": "No booking."},
    ),
    "terms": (
        "/desk/auctions/{auction}/terms",
        "/terms",
        {"reserve_price_fen": "1,500,000"},
        {"balance_days": "20"},
    ),
}


@pytest.fixture
def two(app: Flask, house: House, room: CourtRoom) -> list[Reader]:
    """Two judges of the court at their browsers; a lot with price and draft, its parties not yet notified."""
    room.enter()
    room.price()
    room.fill()
    waiting = [
        {"name": name, "role": role, "status": "to_notify"}
        for name, role in (("某银行", "applicant"), ("示例甲", "debtor"))
    ]
    fine(room.clerk.put(f"/lots/{room.lot_id}/notices", {"recipients": waiting}))
    room.draft()
    judges = house.read(lambda s: s.scalars(select(Account).where(Account.username.in_(room.names))).all())
    return [signed_in(app, house, judge) for judge in sorted(judges, key=lambda one: room.names.index(one.username))]


def typed(facts: dict[str, str], room: CourtRoom) -> dict[str, str]:
    before = (room.now - DAY).strftime("%Y-%m-%dT%H:%M")
    return {name: value.replace("{before}", before) for name, value in facts.items()}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_older_than_what_is_stored_is_refused_and_saved_on_purpose_only(
    form: str, two: list[Reader], room: CourtRoom
) -> None:
    page, ending, first_types, second_types = FORMS[form]
    address = page.format(lot=room.lot_id, auction=room.auction_id)
    first, second = two[:2]
    mine, theirs = typed(first_types, room), typed(second_types, room)
    first.get(address)
    second.get(address)
    first.send(ending, mine)
    told = second.send(ending, theirs, status=412)
    assert "法官甲" in told.text and "已被改动" in told.text
    for said in (*mine.values(), *theirs.values()):
        if said not in ("found", "none", "received", "sent"):
            assert said.replace("T", " ") in told.text.replace("T", " "), said
    stored = first.get(address).form(ending).fields
    assert all((name, value) in stored or value in dict(stored)[name] for name, value in mine.items()), stored
    second.send(ending, status=200)
    kept = dict(second.get(address).form(ending).fields)
    assert all(kept[name] == value for name, value in theirs.items())


def test_who_saves_the_same_twice_is_not_told_of_himself(two: list[Reader], room: CourtRoom) -> None:
    address = f"/desk/lots/{room.lot_id}/sheet/lease"
    change = {"state": "found", "statement": "租给示例乙。"}
    for _ in range(2):
        two[0].get(address)
    before = two[0].page
    two[0].send("/sheet/lease", change)
    two[0].page = before
    assert "已保存" in two[0].send("/sheet/lease", change).text


def test_a_third_change_meanwhile_refuses_the_purpose_too(two: list[Reader], room: CourtRoom) -> None:
    address = f"/desk/lots/{room.lot_id}/sheet/lease"
    for reader in two:
        reader.get(address)
    two[0].send("/sheet/lease", {"statement": "第一次改。"})
    two[1].send("/sheet/lease", {"statement": "第二次改。"}, status=412)
    two[2].get(address)
    two[2].send("/sheet/lease", {"statement": "第三次改。"})
    assert "法官丙" in two[1].send("/sheet/lease", status=412).text


def test_a_drafted_change_has_the_same_guard(app: Flask, house: House, room: CourtRoom) -> None:
    room.announced()
    judges = house.read(lambda s: s.scalars(select(Account).where(Account.username.in_(room.names))).all())
    first, second = (signed_in(app, house, judge) for judge in judges[:2])
    address = f"/desk/auctions/{room.auction_id}/change/defects"
    first.get(address)
    second.get(address)
    first.send("/change/defects", {"state": "found", "statement": "屋面渗漏。"})
    assert "屋面渗漏" in second.send("/change/defects", {"statement": "外墙空鼓。"}, status=412).text
    second.send("/change/defects")
    assert "外墙空鼓" in second.get(address).text + second.page.html


def test_a_file_sent_with_an_item_is_kept_among_its_own(two: list[Reader], room: CourtRoom) -> None:
    address = f"/desk/lots/{room.lot_id}/sheet/lease"
    two[0].get(address)
    file = (io.BytesIO(PDF), "租赁合同.pdf")
    two[0].send("/sheet/lease", {"statement": "见合同。"}, file=file)
    assert "租赁合同.pdf" in two[0].get(address).text
    assert "attachments" in dict(two[0].page.form("/sheet/lease").fields)
    wrong = two[0].send("/sheet/lease", {"statement": "再改。"}, file=(io.BytesIO(b"x"), "x.exe"), status=422)
    assert "再改。" in wrong.html and "再改。" not in two[1].get(address).html


PLAN = {
    "owner": "执行局某法官",
    "promised_on": "2026-12-31",
    "steps": [{"what": "张贴公告", "on": "2026-12-01"}],
    "resources": "两辆车。",
}


def calls(room: CourtRoom) -> dict[str, tuple[str, str, str, Any]]:
    lot = f"/lots/{room.lot_id}"
    lease = {"state": "found", "statement": "租给示例乙。", "data": {}}
    received = {"name": "某银行", "role": "applicant", "status": "received", "at": iso(room.now - DAY)}
    return {
        "item": ("PUT", f"{lot}/disclosure/items/lease", "", room.item_facts("lease", **lease)),
        "notices": ("PUT", f"{lot}/notices", "", {"recipients": [received]}),
        "price": ("PUT", f"{lot}/reference-price", "", room.price_facts(valid_until="2026-12-31")),
        "terms": ("PATCH", f"/auctions/{room.auction_id}", "", {"balance_days": 20}),
        "plan": ("PUT", f"{lot}/clearance-plan", "", PLAN),
    }


@pytest.mark.parametrize("part", ["item", "notices", "price", "terms", "plan"])
def test_the_interface_takes_the_tag_it_gave_once(part: str, two: list[Reader], room: CourtRoom) -> None:
    method, path, _, body = calls(room)[part]
    tag = room.judge.get(path).headers["ETag"]
    changed = room.clerk.call(method, path, body, headers={"If-Match": tag}) if part != "terms" else None
    changed = changed or room.judge.call(method, path, body, headers={"If-Match": tag})
    fine(changed)
    assert changed.headers["ETag"] == room.judge.get(path).headers["ETag"] != tag
    for stale in (tag, '"nonsense"', ""):
        refused = room.judges[1].call(method, path, body, headers={"If-Match": stale})
        assert (refused.status_code, code_of(refused)) == (412, "changed_meanwhile")
        assert ("法官甲" if part == "terms" else "书记员") in refused.get_json()["detail"]
    fine(room.judges[1].call(method, path, body, headers={"If-Match": "*"}))
    fine(room.judges[1].call(method, path, body))


def test_who_may_not_read_a_lot_is_told_nothing_of_its_changes(
    two: list[Reader], room: CourtRoom, foreign: Any
) -> None:
    for method, path, _, body in calls(room).values():
        answer = foreign.call(method, path, body, headers={"If-Match": '"old"'})
        assert code_of(answer) == "not_found"
        if method == "PUT":
            assert code_of(foreign.get(path)) == "not_found"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/letter-wordings/auction_notice", {"text": "致{{ recipient }}。"}),
        ("/court-words/bidder_notice", {"text": "看样请预约。", "text_en": "Book the viewing."}),
    ],
)
def test_a_courts_words_have_the_same_guard(path: str, body: dict[str, str], room: CourtRoom) -> None:
    listing, kind = path.rsplit("/", 1)

    def tag() -> str:
        items = fine(room.judge.get(listing))["items"]
        return str(next(one["tag"] for one in items if one["kind"] == kind))

    before = tag()
    kept = room.clerk.call("PUT", path, body, headers={"If-Match": f'"{before}"'})
    assert fine(kept)["tag"] == kept.headers["ETag"].strip('"') == tag() != before
    refused = room.judge.call("PUT", path, body, headers={"If-Match": f'"{before}"'})
    assert code_of(refused) == "changed_meanwhile" and "书记员" in refused.get_json()["detail"]
    fine(room.judge.call("PUT", path, body, headers={"If-Match": kept.headers["ETag"]}))


def test_what_nobody_has_written_is_refused_without_a_name(room: CourtRoom) -> None:
    room.enter()
    refused = room.judge.call("PUT", f"/lots/{room.lot_id}/clearance-plan", PLAN, headers={"If-Match": '"7"'})
    assert code_of(refused) == "changed_meanwhile" and "None" not in refused.get_json()["detail"]
