"""The journal before the regulator: nothing private before its auction has ended, and then for a purpose."""

import ast
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock, iso
from auction.kernel.unit import House, Unit
from auction.models import Account, Auction
from auction.services.log import seal
from bidding.queries import journal_entries
from bidding.queries.journal_entries import JournalFilter, journal_page
from tests.factories import an_account
from tests.web.caller import SignIn, code_of
from tests.web.sale import Sale, a_sale
from tests.web.test_pages import signed_in
from web.journal_words import kinds, said_kind, table
from web.pages.labels import EVENT

ROOT = Path(__file__).parents[2]
PURPOSE = "核查报名次序"


@pytest.fixture
def regulator(house: House) -> Account:
    return house.perform(lambda unit: an_account(unit, "regulator"))


@pytest.fixture
def sale(house: House) -> Sale:
    made = house.perform(a_sale)

    def tell(unit: Unit) -> None:
        stream = f"auction:{made.auction_id}"
        person = made.bidders[0].person_id
        unit.record("AuctionOpened", stream=stream, body={"status": "open"})
        unit.record("RegistrationDecided", stream=stream, private=True, body={"secret": "paper"})
        unit.record("FileKept", stream=f"person:{person}", private=True, body={"secret": "file"})
        unit.record("SessionOpened", stream="system", private=True, body={"account_id": made.bidders[0].id})
        unit.record("StaffAdded", stream="system", private=True, body={"account_id": made.judge.id, "role": "judge"})

    house.perform(tell)
    while house.perform(seal):
        pass
    return made


def end(house: House, sale: Sale) -> None:
    def close(unit: Unit) -> None:
        unit.session.get_one(Auction, sale.auction_id).status = "unsold"

    house.perform(close)


def test_nothing_private_is_told_before_the_end_to_the_regulator_either(
    house: House, sale: Sale, regulator: Account, sign_in: SignIn
) -> None:
    caller = sign_in(regulator)
    items = caller.get("/audit/entries?private=true").get_json()["items"]
    told = [(item["closed"], item["kind"], item["stream"], item["body"]) for item in items]
    assert (True, None, None, None) in told and "secret" not in str(items)
    assert sum(closed for closed, *_ in told) == 3
    shown = sorted(kind for closed, kind, *_ in told if not closed)
    assert shown == ["SessionOpened", "StaffAdded"], "the judge's account and the regulator's own session"
    stream = f"auction:{sale.auction_id}"
    opened = caller.get(f"/audit/entries?stream={stream}&kind=RegistrationDecided").get_json()["items"]
    assert [item["closed"] for item in opened] == [True]
    for place in (f"{stream}/2", f"person:{sale.bidders[0].person_id}/1"):
        answer = caller.get(f"/audit/entries/{place}?purpose={PURPOSE}")
        assert code_of(answer) == "wrong_state" and "secret" not in answer.text


def test_after_the_end_an_entry_is_shown_for_a_purpose_which_is_an_entry_itself(
    house: House, sale: Sale, regulator: Account, sign_in: SignIn
) -> None:
    end(house, sale)
    caller = sign_in(regulator)
    place = f"person:{sale.bidders[0].person_id}"
    listed = caller.get(f"/audit/entries?stream={place}").get_json()["items"]
    assert [(item["kind"], item["body"], item["title"]) for item in listed] == [("FileKept", None, "保存附件")]
    assert code_of(caller.get(f"/audit/entries/{place}/1")) == "invalid"
    found = caller.get(f"/audit/entries/{place}/1?purpose={PURPOSE}").get_json()
    assert found["entry"]["body"] == {"secret": "file"}
    assert sha256(bytes.fromhex(found["salt"]) + found["bytes"].encode()).hexdigest() == found["commitment"]
    again = caller.get(f"/audit/entries/{place}/2?purpose={PURPOSE}").get_json()["entry"]
    assert (again["kind"], again["body"]["purpose"], again["body"]["by"]) == ("EntryLookedUp", PURPOSE, regulator.id)
    assert code_of(caller.get(f"/audit/entries/{place}/99?purpose={PURPOSE}")) == "not_found"


def test_entries_are_sifted_and_paged_without_a_gap(
    house: House, sale: Sale, regulator: Account, sign_in: SignIn, clock: FixedClock
) -> None:
    before = clock.moment
    clock.advance(hours=1)
    for number in range(5):
        house.perform(lambda unit, n=number: unit.record("CourtAdded", stream="system", body={"code": str(n)}))  # type: ignore[misc]
    caller = sign_in(regulator)
    codes: list[str] = []
    address: str | None = "/audit/entries?kind=CourtAdded&page_size=2"
    while address:
        page = caller.get(address).get_json()
        codes += [item["body"]["code"] for item in page["items"]]
        address = f"/audit/entries?kind=CourtAdded&page_size=2&before={page['before']}" if page["before"] else None
    assert codes == ["4", "3", "2", "1", "0"]
    late = {"from": iso(before + timedelta(microseconds=1)), "private": "false"}
    assert len(caller.get("/audit/entries", query_string=late).get_json()["items"]) == 5
    early = {"to": iso(clock.moment), "stream": "auction", "private": "false"}
    assert {item["stream"] for item in caller.get("/audit/entries", query_string=early).get_json()["items"]} == {
        f"auction:{sale.auction_id}"
    }
    for wrong in ("page_size=201", "before=0", "from=2026-01-01", "private=x", "sort=at"):
        assert code_of(caller.get(f"/audit/entries?{wrong}")) == "invalid", wrong


def test_what_is_rare_is_looked_for_a_stretch_at_a_time(
    house: House, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_entries, "LOOKED_THROUGH", 2)
    found, before, pages = [], None, 0
    while True:
        page = house.read(journal_page, JournalFilter(kind="AuctionOpened"), before, 50)
        found, before, pages = found + list(page.items), page.before, pages + 1
        if before is None:
            break
    assert len(found) == 1 and pages > 2


def test_the_pages_sift_ask_for_a_purpose_and_show(app: Flask, house: House, sale: Sale, regulator: Account) -> None:
    reader = signed_in(app, house, regulator)
    page = reader.get("/regulator/journal")
    assert "密封 所涉拍卖尚未结束" in " ".join(page.text.split()) and "开始竞价" in page.text
    assert "没有符合条件的条目" in reader.get("/regulator/journal?from=2030-01-01").text
    end(house, sale)
    reader.get(f"/regulator/journal?stream=person:{sale.bidders[0].person_id}")
    assert "查询目的" in reader.follow("写明目的查看").text
    shown = reader.get(f"{reader.page.address.rstrip('?')}?purpose={PURPOSE}")
    assert "file" in shown.text and "承诺值" in shown.text and PURPOSE in shown.text


def test_an_address_that_is_wrong_hears_what_would_be_right(
    app: Flask, house: House, regulator: Account, sign_in: SignIn
) -> None:
    caller, reader = sign_in(regulator), signed_in(app, house, regulator)
    for query, field, code, right in (
        ("private=x", "private", "not_true_or_false", "应写作 true（是）或 false（否）。"),
        ("before=0", "before", "not_a_position", "应为 1 起的整数"),
        ("before=x", "before", "not_a_position", "应为 1 起的整数"),
        (f"before={2**53 + 1}", "before", "not_a_position", "应为 1 起的整数"),
    ):
        (told,) = caller.get(f"/audit/entries?{query}", headers={"Accept-Language": "zh"}).get_json()["errors"]
        assert (told["field"], told["code"]) == (field, code) and right in told["detail"], query
        page = reader.get(f"/regulator/journal?{query}", 422)
        assert right in page.text, query


def test_every_kind_that_is_recorded_has_a_word_in_both_languages() -> None:
    recorded = {
        name.value
        for path in ROOT.glob("*/**/*.py")
        if path.parts[len(ROOT.parts)] in ("auction", "bidding", "disclosure", "risk")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "record" and call.args
        for name in ast.walk(call.args[0])
        if isinstance(name, ast.Constant) and isinstance(name.value, str)
    }
    assert len(recorded) > 100
    assert recorded - table().keys() - EVENT.keys() == set()
    assert not table().keys() & EVENT.keys(), "a kind is public or private"
    assert all(set(row) == {"zh", "en"} for row in table().values())
    assert said_kind("FileKept", "en") == "File kept" and kinds("zh")["FileKept"] == "保存附件"
