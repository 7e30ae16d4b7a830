"""The linter while a form of the desk is typed: what the fragment says, that nothing is stored, who may ask."""

from typing import Any

import pytest
from flask import Flask

from auction.kernel.clock import SHANGHAI, parse
from auction.kernel.unit import House
from tests.factories import a_court, an_account
from tests.web.caller import SignIn
from tests.web.court import CourtRoom, fine, rows
from tests.web.reader import Page, Reader
from tests.web.test_pages import signed_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CLEAN = "没有发现缺漏或者问题。"
CONTRADICTS = "占有使用现状为无人占有，租赁情况却记载存在租赁"
LEASE: dict[str, Any] = {
    "state": "found",
    "statement": "王某自2024年1月起承租，租期三年。",
    "source": "租赁合同",
    "checked_on": "2026-03-01",
}
VACANT = {"state": "none", "statement": "现场勘查时无人占有、使用。", "source": "勘查笔录", "checked_on": "2026-03-01"}
#: What bad input looks like in a field of a form.
WRONG = ("x" * 20_000, "a\0b", "\u202e", "-1", "1e309", "9" * 40, "2026-13-45", "９９", "true", "<script>")


@pytest.fixture
def room(app: Flask, house: House, sign_in: SignIn) -> CourtRoom:
    return CourtRoom(house, sign_in)


@pytest.fixture
def judge(app: Flask, house: House, room: CourtRoom) -> Reader:
    return signed_in(app, house, house.perform(an_account, "judge", court_code="3201", display_name="法官乙"))


def typed(reader: Reader, address: str, fields: dict[str, Any], status: int = 200) -> Page:
    """Post the form of a page as it stands, with `fields` typed, to where its linter listens."""
    reader.get(address)
    form = next(one for one in reader.page.forms if "csrf_token" in one.names() and one.action.startswith("/desk/"))
    kept = [(name, value) for name, value in form.fields if name not in fields]
    data: dict[str, Any] = {}
    for name, value in [*kept, *fields.items()]:
        data.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    answer = reader.client.post(f"{form.action}/findings", data=data, headers={"Accept-Language": reader.language})
    assert answer.status_code == status, answer.get_data(as_text=True)
    page = answer.get_data(as_text=True)
    return Page(form.action, status, page, " ".join(page.split()), [], [])


def item_fields(room: CourtRoom, code: str, **changes: Any) -> dict[str, Any]:
    """The example of an item as a form holds it."""
    facts = room.item_facts(code)
    data = {
        f"data.{name}": str(value).lower() if value in (True, False) else value for name, value in facts["data"].items()
    }
    return {name: facts[name] for name in ("state", "statement", "source", "checked_on")} | data | changes


def test_a_contradiction_with_the_rest_of_the_sheet_appears_while_an_item_is_typed(
    room: CourtRoom, judge: Reader, house: House
) -> None:
    room.enter()
    fine(room.put("possession", **VACANT, data={}))
    lease = LEASE | {"data.in_possession": "true"}
    before = rows(house)
    said = typed(judge, f"/desk/lots/{room.lot_id}/sheet/lease", lease)
    assert "须改" in said.html and 'href="#data.in_possession"' in said.html and CONTRADICTS in said.html
    assert "<html" not in said.html and "第十三条" in said.html
    quiet = typed(judge, f"/desk/lots/{room.lot_id}/sheet/lease", lease | {"data.in_possession": "false"})
    contradiction = next(one for one in quiet.html.split("<li ") if CONTRADICTS in one)
    assert "提醒" in contradiction
    assert rows(house) == before


def test_what_another_item_newly_gets_stands_under_its_title(room: CourtRoom, judge: Reader) -> None:
    room.enter()
    fine(room.put("lease", **LEASE, data={"in_possession": True}))
    said = typed(judge, f"/desk/lots/{room.lot_id}/sheet/possession", VACANT)
    assert "租赁情况" in said.html and CONTRADICTS in said.html
    assert 'href="#data.in_possession"' not in said.html


def test_a_forbidden_phrase_appears_with_what_to_write_even_before_the_item_is_whole(
    room: CourtRoom, judge: Reader
) -> None:
    room.enter()
    address = f"/desk/lots/{room.lot_id}/sheet/defects"
    phrase = {"statement": "法院不负责腾退。"}
    for fields in (phrase, item_fields(room, "defects") | phrase):
        said = typed(judge, address, fields).html
        assert "须改" in said and "不负责腾退" in said and 'href="#statement"' in said
    assert "状态" in typed(judge, address, phrase).html
    judge.language = "en"
    assert "court" in typed(judge, address, phrase).html


def test_a_clean_item_says_that_nothing_is_missing(room: CourtRoom, judge: Reader) -> None:
    room.enter()
    address = f"/desk/lots/{room.lot_id}/sheet/court_contact"
    clean = item_fields(room, "court_contact")
    assert CLEAN in typed(judge, address, clean).html
    assert "来源" in typed(judge, address, clean | {"source": ""}).html
    late = typed(judge, address, clean | {"checked_on": "2027-03-01"}).html
    assert 'href="#checked_on"' in late and CLEAN not in late


def test_a_drafted_change_is_held_against_the_sheet_as_drafted(room: CourtRoom, judge: Reader, house: House) -> None:
    made = room.announced()
    address = f"/desk/auctions/{made['id']}/change/lease"
    lease = LEASE | {"data.in_possession": "true"}
    first = typed(judge, address, lease).html
    lived_in = {"occupied": True, "occupant": "王某", "since": "2024-01-01", "right": "lease", "residents": 2}
    drafted = LEASE | {"statement": "王某现居住使用。", "data": lived_in, "attachments": []}
    fine(room.judge.put(f"/auctions/{made['id']}/disclosure-change/items/possession", drafted))
    before = rows(house)
    second = typed(judge, address, lease).html
    assert CONTRADICTS in first and CONTRADICTS not in second
    assert rows(house) == before


def terms_fields(room: CourtRoom, **changes: Any) -> dict[str, Any]:
    """The terms of a lawful round as a form holds them."""
    terms = room.terms()
    money = {name: f"{terms[name] / 100:.2f}" for name in ("reserve_price_fen", "deposit_fen", "increment_fen")}
    times = {
        name: parse(terms[name]).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") for name in ("opens_at", "closes_at")
    }
    rest = {"round": terms["round"], "balance_days": str(terms["balance_days"]), "panel": terms["panel"]}
    return rest | money | times | changes


def test_a_deposit_out_of_range_appears_while_the_terms_are_typed(room: CourtRoom, judge: Reader, house: House) -> None:
    room.ready()
    address = f"/desk/auctions/{room.auction_id}/terms"
    before = rows(house)
    assert CLEAN in typed(judge, address, {}).html
    said = typed(judge, address, {"deposit_fen": "1"}).html
    assert 'href="#deposit_fen"' in said and "保证金应在" in said and CLEAN not in said
    judge.language = "en"
    assert "The deposit must lie between" in typed(judge, address, {"deposit_fen": "1"}).html
    assert rows(house) == before


def test_a_new_rounds_terms_are_checked_once_they_are_whole(room: CourtRoom, judge: Reader, house: House) -> None:
    room.enter()
    room.price()
    room.fill()
    room.notify()
    address, before = f"/desk/lots/{room.lot_id}/auction", rows(house)
    whole = terms_fields(room)
    assert CLEAN in typed(judge, address, whole).html
    lacking = typed(judge, address, whole | {"deposit_fen": ""}).html
    assert "填好以下各项后检查全部条件：保证金（元）。" in lacking and CLEAN not in lacking
    unread = typed(judge, address, whole | {"deposit_fen": "若干"}).html
    assert 'href="#deposit_fen"' in unread and "看不懂这个值" in unread
    assert "合议庭" in typed(judge, address, whole | {"panel": whole["panel"][:2]}).html
    assert "须改" in typed(judge, address, whole | {"opens_at": "2026-03-03T10:00"}).html
    assert rows(house) == before


def test_whatever_is_typed_is_answered_and_stores_nothing(room: CourtRoom, judge: Reader, house: House) -> None:
    room.ready()
    before = rows(house)
    item, terms = item_fields(room, "lease"), terms_fields(room)
    for wrong in WRONG:
        for address, fields in (
            (f"/desk/lots/{room.lot_id}/sheet/lease", dict.fromkeys([*item, "attachments"], wrong)),
            (f"/desk/auctions/{room.auction_id}/terms", dict.fromkeys(terms, wrong)),
        ):
            said = typed(judge, address, fields).html
            assert "<script>" not in said and ("须改" in said or "填好" in said), (address, wrong)
    assert rows(house) == before


def test_only_who_may_write_the_form_may_ask(app: Flask, house: House, room: CourtRoom, judge: Reader) -> None:
    room.enter()
    path = f"/desk/lots/{room.lot_id}/sheet/lease"
    assert judge.client.post(f"{path}/findings", data={}).status_code == 403
    judge.get(path)
    token = {"csrf_token": dict(judge.page.form("/lease").fields)["csrf_token"]}
    assert judge.client.post(f"/desk/lots/{room.lot_id}/sheet/nosuch/findings", data=token).status_code == 422
    house.perform(lambda unit: a_court(unit, "3202").code)
    for role, court, status in (("judge", "3202", 404), ("president", "3201", 403), ("regulator", None, 403)):
        other = signed_in(app, house, house.perform(an_account, role, court_code=court))
        other.get("/")
        form = next(one for one in other.page.forms if "csrf_token" in one.names())
        token = {"csrf_token": dict(form.fields)["csrf_token"]}
        for asked in (f"{path}/findings", f"/desk/lots/{room.lot_id}/auction/findings"):
            assert other.client.post(asked, data=token).status_code == status, (role, asked)
