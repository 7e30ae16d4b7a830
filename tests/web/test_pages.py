"""Habits of every page: no inline code, forms that prove where they come from, nobody's business but one's own."""

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy.exc import OperationalError

from auction.kernel.tree import leaf_hash
from auction.kernel.unit import House, Unit
from auction.models import Account, Court
from auction.queries.log import inclusion, latest_checkpoint
from auction.services import accounts
from auction.services.log import seal
from tests.disclosure.court import example_of
from tests.factories import a_bidder, a_lot, an_account, an_auction
from tests.web.caller import SignIn
from tests.web.court import CourtRoom, fine
from tests.web.reader import Reader
from tests.web.sale import a_sale
from web.pages.language import zh

TEMPLATES = Path(__file__).parents[2] / "web" / "templates"


def signed_in(app: Flask, house: House, account: Account) -> Reader:
    """A reader with the session cookie of an account."""
    opened = house.perform(accounts.open_session, account.id, matches=True, code_holds=lambda _: None)
    assert isinstance(opened, accounts.Opened)
    client = app.test_client()
    client.set_cookie("fapai_session", opened.token)
    return Reader(client)


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_inline_styles_or_scripts(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"<[a-z][^<>]*\s(style|on[a-z]+)=|<style|javascript:", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or re.search(r'type="application/(ld\+)?json"', script), script


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_its_proof(template: Path) -> None:
    text = template.read_text("utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.S):
        assert "csrf" in form, form[:200]


def test_a_form_from_elsewhere_is_refused(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = signed_in(app, house, sale.judge)
    answer = reader.client.post(f"/desk/auctions/{sale.auction_id}/suspension", data={"kind": "stay", "reason": "x"})
    assert answer.status_code == 403
    assert house.read(lambda session: session.get(type(sale.judge), sale.judge.id)) is not None
    assert Reader(app.test_client()).get(f"/auctions/{sale.auction_id}").status == 200


def test_a_missing_page_is_a_page_in_the_readers_language(app: Flask) -> None:
    assert "没有这一页" in Reader(app.test_client()).get("/nothing/here", 404).text
    assert "There is no such page" in Reader(app.test_client(), "en").get("/nothing/here", 404).text


def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(app: Flask, house: House) -> None:
    reader = Reader(app.test_client())
    page = reader.get("/me")
    assert page.address == "/login?next=/me"
    assert ("next", "/me") in page.form("/login").fields


def test_the_page_of_a_lot_shows_what_a_supplement_changed(app: Flask, house: House, sign_in: SignIn) -> None:
    room = CourtRoom(house, sign_in)
    room.announced()
    said = f"{example_of('viewing')['statement']}（9时至17时）"
    fine(room.put("viewing", by=room.judge, statement=said))
    for address in (f"/lots/{room.lot_id}", f"/auctions/{room.auction_id}"):
        text = Reader(app.test_client()).get(address).text
        assert "第 1 版 → 第 2 版改了什么" in text and said in text


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "x"])
def test_nobody_is_sent_to_another_site(app: Flask, address: str) -> None:
    answer = app.test_client().get("/language/en", query_string={"next": address})
    assert answer.headers["Location"] == "/"


def test_theme_and_size_are_remembered_without_scripts(app: Flask) -> None:
    reader = Reader(app.test_client())
    reader.get("/log")
    assert 'data-theme="dark"' in reader.follow("深色").html
    assert reader.page.address.startswith("/log")
    assert 'data-size="large"' in reader.follow("大字").html
    assert 'data-theme="dark"' in reader.page.html
    assert "data-theme" not in reader.follow("跟随系统").html


def test_another_courts_lot_does_not_exist_on_the_desk(app: Flask, house: House) -> None:
    def elsewhere(unit: Unit) -> tuple[Account, str]:
        unit.session.add(Court(code="3202", name="别处法院"))
        unit.session.flush()
        return an_account(unit, "judge", court_code="3202"), a_lot(unit).id

    judge, lot_id = house.perform(elsewhere)
    reader = signed_in(app, house, judge)
    for path in ("", "/sheet/possession", "/auction"):
        assert "没有这一页" in reader.get(f"/desk/lots/{lot_id}{path}", 404).text


def test_nobody_sees_a_registration_of_somebody_else(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = signed_in(app, house, sale.bidders[0])
    reader.get(f"/registrations/{sale.registrations[0]}")
    assert sale.codes[0] in reader.page.text
    reader.get(f"/registrations/{sale.registrations[1]}", 404)


def test_no_public_page_tells_who_bids_before_the_end(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    for reader in (Reader(app.test_client()), signed_in(app, house, sale.judge)):
        for path in (f"/auctions/{sale.auction_id}", f"/auctions/{sale.auction_id}/room", "/", "/log"):
            html = reader.get(path).html
            assert not [secret for secret in sale.secrets if secret in html]


def test_a_bidder_has_no_desk_and_a_judge_does_not_bid(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    signed_in(app, house, sale.bidders[0]).get("/desk/", 403)
    judge = signed_in(app, house, sale.judge)
    judge.get(f"/auctions/{sale.auction_id}/register", 403)
    room = judge.get(f"/auctions/{sale.auction_id}/room")
    assert not any(form.action.endswith("/bid") for form in room.forms)


@pytest.mark.parametrize("status", ["sold", "unsold", "withdrawn"])
def test_after_the_end_the_form_of_registration_gives_way_to_the_reason(app: Flask, house: House, status: str) -> None:
    def ended(unit: Unit) -> tuple[str, Account]:
        return an_auction(unit, status=status, closed_at=unit.now).id, a_bidder(unit)

    auction_id, account = house.perform(ended)
    page = signed_in(app, house, account).get(f"/auctions/{auction_id}/register")
    assert "不能报名" in page.text and "报名已截止" in page.text
    assert not [form for form in page.forms if form.action.endswith("/register")]


def test_the_home_page_finds_by_word_kind_and_state(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = Reader(app.test_client())
    title = "珠江路88号2幢301室"
    for query in ("", "?q=珠江路", "?asset_type=real_estate", "?status=open", f"?q={title}&status=open"):
        assert title in reader.get(f"/{query}").text, query
    for query in ("?q=没有这样的路", "?asset_type=vessel", "?status=sold", "?q=%25"):
        assert title not in reader.get(f"/{query}").text, query
    assert sale.lot_id


def test_pages_answer_strange_queries_without_breaking(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = Reader(app.test_client())
    for path in (
        "/?page=99999999&status=open",
        "/?page=-3",
        "/?page=x&status=y&court=%00&q=%27%22%3Cb%3E",
        "/log?end=-5",
        "/log?end=99999999999999999999",
        f"/auctions/{sale.auction_id}/bids?before=abc",
        f"/auctions/{sale.auction_id}/bids?before=-1",
        f"/auctions/{sale.auction_id}/room?amount=%F0%9F%98%80&wrong=1",
    ):
        assert reader.get(path).status == 200, path


def test_who_may_only_look_at_the_desk_is_offered_nothing_to_do(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    president = house.perform(lambda unit: an_account(unit, "president"))
    reader = signed_in(app, house, president)
    assert "录入标的" not in reader.get("/desk/").text
    assert "停止竞价" not in reader.get(f"/desk/auctions/{sale.auction_id}").text
    assert "停止竞价" in signed_in(app, house, sale.judge).get(f"/desk/auctions/{sale.auction_id}").text
    page = reader.get(f"/desk/lots/{sale.lot_id}")
    assert "保存参考价" not in page.text and page.html.count("disabled>") == 3


def test_a_draft_is_given_up_on_its_page(app: Flask, house: House) -> None:
    clerk, draft = house.perform(lambda unit: (an_account(unit, "clerk"), an_auction(unit, status="draft")))
    reader = signed_in(app, house, clerk)
    reader.get(f"/desk/auctions/{draft.id}")
    page = reader.send("/discard", {"reason": "重新评估"})
    assert "草案已放弃" in page.text and "/discard" not in page.html and "生成草稿" not in page.text


def test_a_page_that_cannot_ask_for_its_frame_still_says_what_is_wrong(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("web.pages.site.latest_checkpoint", broken)
    assert "没有这一页" in Reader(app.test_client()).get("/nothing", 404).text


def test_a_page_in_english_says_what_on_it_is_chinese(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    english = Reader(app.test_client(), "en")
    title = '<span lang="zh-CN">南京市玄武区珠江路88号2幢301室房产</span>'
    for path in ("/", f"/auctions/{sale.auction_id}", f"/auctions/{sale.auction_id}/room"):
        assert title in english.get(path).html, path
        assert 'span lang="zh-CN"' not in Reader(app.test_client()).get(path).html, path
    with app.test_request_context("/?lang=en", headers={"Accept-Language": "en"}):
        assert zh("Q: 有无<租约>？ yes") == 'Q: <span lang="zh-CN">有无&lt;租约&gt;？</span> yes'
        assert zh("A4") == "A4" and zh(None) is None and zh(Markup("号")) == "号"


def test_an_entry_of_the_log_has_a_page_from_which_its_proof_can_be_followed(app: Flask, house: House) -> None:
    house.perform(lambda unit: unit.record("CourtAdded", stream="system", body={"code": "3202", "name": "某法院"}))
    house.perform(lambda unit: unit.record("StaffAdded", stream="system", private=True, body={"account_id": "x"}))
    while house.perform(seal):
        pass
    reader = Reader(app.test_client())
    reader.get("/log")
    newest = house.read(latest_checkpoint)
    assert newest is not None
    page = reader.get(f"/log/{newest.size - 2}")
    proof = house.read(inclusion, newest.size - 2)
    assert (
        "登记法院" in page.text and proof["root"] in page.text and all(value in page.text for value in proof["hashes"])
    )
    data = re.search(r"<pre[^>]*>(.*?)</pre>", page.html, re.S)
    assert data is not None and leaf_hash(html.unescape(data[1]).encode()).hex() in page.text
    assert "只收其承诺值" in reader.follow("后一条 ›").text and "account_id" not in reader.page.html
    assert app.test_client().get(f"/log/{newest.size}").status_code == 404
