"""What pages say once things have changed: after the end, while suspended, in English, with long words."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, sync_playwright

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.queries.sessions import account_named
from bidding.models import Registration
from bidding.services.life import end_suspension, suspend
from disclosure.rules.sheet import Sheet
from tests.bidding.sale import closed
from tests.factories import an_actor
from tests.web import sale as sales
from tests.web.caller import SignIn
from tests.web.court import CourtRoom
from tests.web.reader import Page, Reader
from tests.web.sale import RESERVE, Sale, a_sale
from tests.web.test_pages import signed_in
from web import bulk
from web.pages.language import local

TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


def room(sale: Sale, reader: Reader) -> Page:
    return reader.get(f"/auctions/{sale.auction_id}/room")


def bid(reader: Reader, sale: Sale, amount: str = "") -> Page:
    """Bid through the form and its confirmation page."""
    room(sale, reader)
    reader.send("/bid", {"amount": amount} if amount else {}, button=("do", "confirm"))
    return reader.send("/bid")


def part(page: Page, name: str) -> str:
    """The text of the element with that id, up to its end tag."""
    found = re.search(rf'id="{name}"[^>]*>([^<]*)', page.html)
    assert found, name
    return found[1]


def a_sold_one(app: Flask, house: House, clock: FixedClock) -> Sale:
    """Both have bid, the second has bought."""
    sale = house.perform(a_sale)
    for account in sale.bidders:
        bid(signed_in(app, house, account), sale)
    clock.advance(days=2)
    assert closed(house, sale.auction_id, settled=True) == "sold"
    return sale


def test_after_a_sale_the_room_names_the_buyer_and_counts_nothing_down(
    app: Flask, house: House, clock: FixedClock
) -> None:
    sale = a_sold_one(app, house, clock)
    page = room(sale, Reader(app.test_client()))
    assert part(page, "price-label") == f"成交价·买受人代码 {sale.codes[1]}"
    assert part(page, "timer-label") == "结束时间" and "距开拍" not in page.text
    assert "data-until" not in page.html
    english = room(sale, Reader(app.test_client(), "en"))
    assert "leads" not in english.text and "Opens in" not in english.text


def test_a_loser_is_not_asked_for_a_deposit_that_has_gone_back(app: Flask, house: House, clock: FixedClock) -> None:
    sale = a_sold_one(app, house, clock)
    loser = house.read(lambda session: session.get_one(Registration, sale.registrations[0]).status)
    assert loser == "released"
    text = room(sale, signed_in(app, house, sale.bidders[0])).text
    assert "您未竞得" in text and "已退还或正在退还" in text
    assert "交纳" not in text and "距开拍" not in text


def test_a_suspended_room_says_so_with_the_reason_and_promises_no_end(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    house.perform(suspend, an_actor(sale.judge), sale.auction_id, kind="halt", reason="案外人提出异议。")
    page = room(sale, Reader(app.test_client()))
    assert part(page, "timer") == "已中止" and page.text.count("案外人提出异议。") == 1
    assert 'data-reason="案外人提出异议。"' in page.html
    assert "距结束" not in page.text and re.search(r'id="end" hidden', page.html)


def test_a_suspended_lot_names_no_end_and_no_reminder(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    day = local(house.read(lambda session: session.get_one(Auction, sale.auction_id).closes_at), "date")
    reader = Reader(app.test_client())
    assert day in _strip(reader, sale) and "止 1" in reader.get("/calendar").text
    house.perform(suspend, an_actor(sale.judge), sale.auction_id, kind="halt", reason="案外人提出异议。")
    strip = _strip(reader, sale)
    assert "已中止，恢复时另行公告" in strip and day not in strip
    page = reader.get(f"/auctions/{sale.auction_id}")
    assert "登录后可以关注标的" in page.text and "开拍前有提醒" not in page.text
    assert "恢复时另行公告" in reader.get("/?status=suspended").text
    calendar = reader.get(f"/calendar?day={day}")
    assert "止 1" not in calendar.text and "当天没有结束竞价的标的。" in calendar.text


def _strip(reader: Reader, sale: Sale) -> str:
    html = reader.get(f"/auctions/{sale.auction_id}").html
    return html.partition('<div class="wen strip">')[2].partition("人围观")[0]


def test_an_unreadable_amount_is_answered_in_yuan(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = signed_in(app, house, sale.bidders[0])
    room(sale, reader)
    page = reader.send("/bid", {"amount": "abc"}, button=("do", "confirm"))
    assert "0.01 至 10,000,000,000,000 元" in page.text
    assert not re.search(r"\d 分的整数|\bfen\b", page.html)


def test_the_result_of_a_bid_says_until_when_bidding_runs(app: Flask, house: House, clock: FixedClock) -> None:
    sale = house.perform(a_sale)
    reader = signed_in(app, house, sale.bidders[0])
    page = bid(reader, sale)
    assert "竞价进行至" in page.text and "竞价结束" not in page.text
    clock.advance(days=2)
    again = signed_in(app, house, sale.bidders[0]).get(page.address)
    assert "竞价结束" in again.text


def test_english_pages_of_a_bid_hold_no_chinese_but_what_is_marked_so(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = signed_in(app, house, sale.bidders[0])
    reader.language = "en"
    room(sale, reader)
    reader.send("/bid", {}, button=("do", "confirm"))
    assert "人民币" not in reader.page.html
    reader.send("/bid")
    page = room(sale, reader)
    assert "人民币" not in page.html
    stamps = re.findall(r'<svg class="seal"[^>]*aria-label="([^"]+)"[^>]*>.*?<g lang="zh-CN"', page.html)
    assert stamps and not any(CHINESE.search(label) for label in stamps)
    assert "Sign out (" in page.html and "（" not in re.sub(r"<script.*?</script>", "", page.html, flags=re.S)


def test_every_stamp_of_an_english_page_has_an_english_name(app: Flask, house: House, clock: FixedClock) -> None:
    sale = a_sold_one(app, house, clock)
    for path in ("/log", f"/auctions/{sale.auction_id}/confirmation", f"/auctions/{sale.auction_id}"):
        html = Reader(app.test_client(), "en").get(path).html
        for stamp in re.findall(r'<svg class="seal".*?</svg>', html):
            label = re.search(r'role="img" aria-label="([^"]+)"', stamp)
            assert label and not CHINESE.search(label[1]), path
            assert '<g lang="zh-CN" aria-hidden="true"' in stamp


def test_a_balance_due_in_a_year_without_published_holidays_is_called_provisional(
    app: Flask, house: House, clock: FixedClock
) -> None:
    sale = house.perform(a_sale)

    def late(unit: Unit) -> None:
        unit.session.get_one(Auction, sale.auction_id).balance_days = 3000

    house.perform(late)
    bid(signed_in(app, house, sale.bidders[0]), sale)
    clock.advance(days=2)
    assert closed(house, sale.auction_id, settled=True) == "sold"
    page = Reader(app.test_client(), "en").get(f"/auctions/{sale.auction_id}/confirmation")
    assert "provisional" in page.text and "Lot" in page.text and "Lots" not in page.text
    told = app.test_client().get(f"/api/v1/auctions/{sale.auction_id}/confirmation")
    assert told.get_json()["provisional"] is True


def test_who_has_not_voted_may_still_vote_once_the_majority_has(app: Flask, house: House, sign_in: SignIn) -> None:
    room = CourtRoom(house, sign_in)
    room.enter()
    room.draft()
    assert room.vote() == "approved"
    for name, may in zip(room.names, (False, False, True), strict=True):
        account = house.read(account_named, name)
        assert account is not None
        reader = signed_in(app, house, account)
        reader.language = "en"
        page = reader.get(f"/desk/auctions/{room.auction_id}")
        assert (f'action="/desk/auctions/{room.auction_id}/votes"' in page.html) == may
        assert "Registered" in page.text and "10 days" in page.text and "days: " not in page.text
        assert page.text.count("¥1,400,000") == 1


def test_the_way_to_sign_in_does_not_nest_itself(app: Flask) -> None:
    reader = Reader(app.test_client())
    reader.get("/login?next=/me")
    for _ in range(2):
        assert reader.follow("登录").address == "/login?next=/me"
    reader.send("/login", {"username": "nobody", "password": "wrong"}, status=401)
    assert reader.page.link("登录") == "/login?next=/me"


class _Labels(HTMLParser):
    """Controls without a label, and ids that are there twice."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.inside = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "label":
            self.inside += 1
            self.labelled.add(given.get("for", ""))
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden" and not self.inside:
            self.controls.append(given)

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "label"


@pytest.mark.parametrize("status", ["in_review", "announced", "open", "suspended", "sold", "unsold"])
def test_every_control_of_a_round_on_the_desk_has_a_label_of_its_own(app: Flask, house: House, status: str) -> None:
    more = {"settlement": "paid", "price_fen": RESERVE} if status == "sold" else {}
    sale = house.perform(a_sale, status=status, bidders=0, **more)
    page = signed_in(app, house, sale.judge).get(f"/desk/auctions/{sale.auction_id}")
    found = _Labels()
    found.feed(page.html)
    assert len(found.ids) == len(set(found.ids)), sorted(one for one in found.ids if found.ids.count(one) > 1)
    assert [one for one in found.controls if one.get("id") not in found.labelled and "aria-label" not in one] == []


LONG = "W" * 150


def a_wordy_sale(unit: Unit) -> Sale:
    """A lot whose every text is one long unbroken word."""
    first = sales.SHEET.items[0]
    wordy = replace(first, statement=LONG, source=LONG, checker=LONG)
    contact = replace(wordy, code="court_contact", data={"phone": LONG, "supervision": LONG})
    short, sales.SHEET = sales.SHEET, Sheet((wordy, contact))
    try:
        sale = a_sale(unit)
    finally:
        sales.SHEET = short
    auction = unit.session.get_one(Auction, sale.auction_id)
    auction.late_reason, auction.late_reason_text = "other", LONG
    lot = auction.lot
    lot.title = lot.region = lot.address = lot.court.name = LONG
    return sale


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.slow
def test_no_word_of_the_head_breaks_on_a_phone(app: Flask, house: House, browser: Browser) -> None:
    sale = house.perform(a_sale)
    client = app.test_client()

    def serve(route: Route) -> None:
        with client.get(route.request.url, headers={"Accept-Language": "en"}) as answer:
            route.fulfill(status=answer.status_code, body=answer.get_data(), content_type=answer.content_type)

    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.route("**/*", serve)
    for path in ("/", f"/auctions/{sale.auction_id}/room"):
        page.goto(f"http://localhost{path}")
        lines = page.eval_on_selector_all(
            ".brand, .head .btn",
            """shown => shown.filter(one => one.offsetParent).map(one => {
                const range = document.createRange()
                range.selectNodeContents([...one.childNodes].find(node => node.nodeType === 3 && node.data.trim()))
                return [range.toString().trim(), range.getClientRects().length]
            })""",
        )
        assert lines == [["Fapai", 1], ["Sign in", 1], ["Menu", 1]], path
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_long_unbroken_word_never_makes_a_page_wider_than_its_window(
    app: Flask, house: House, browser: Browser
) -> None:
    sale = house.perform(a_wordy_sale)
    client = app.test_client()

    def serve(route: Route) -> None:
        with client.get(route.request.url) as answer:
            route.fulfill(status=answer.status_code, body=answer.get_data(), content_type=answer.content_type)

    page = browser.new_page()
    page.route("**/*", serve)
    for path in ("/", f"/auctions/{sale.auction_id}", f"/auctions/{sale.auction_id}/room"):
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"http://localhost{path}")
            assert page.evaluate("document.documentElement.scrollWidth") == width, (path, width)
    page.close()


def test_the_desks_page_of_a_suspended_round_says_when_it_may_resume_and_no_old_end(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    judge = signed_in(app, house, sale.judge)
    day = local(house.read(lambda session: session.get_one(Auction, sale.auction_id).closes_at), "date")
    page = f"/desk/auctions/{sale.auction_id}"
    assert day in _end(judge.get(page).html)
    house.perform(suspend, an_actor(sale.judge), sale.auction_id, kind="halt", reason="案外人提出异议。")
    for said in ("事由消失后方可恢复。", "可以恢复，应不迟于"):
        end = _end(judge.get(page).html)
        assert "已中止，恢复时另行公告" in end and said in end and day not in end
        if "事由" in said:
            house.perform(end_suspension, an_actor(sale.judge), sale.auction_id, reason="异议已驳回")


def _end(html: str) -> str:
    return html.partition("<dt>结束时间</dt>")[2].partition("</dd>")[0]


def test_a_folded_table_labels_its_cells() -> None:
    """A phone shows no heads of columns: of each row one cell may speak for itself, no number does. Desks are wide."""
    cell = re.compile(r"<td\b((?:\{\{.*?\}\}|\{%.*?%\}|[^>{])*)>(.*?)</td>", re.DOTALL)
    faults = []
    for path in sorted({*TEMPLATES.rglob("*.html")} - {*TEMPLATES.glob("desk/*")}):
        for table in re.findall(r'<table class="[^"]*\bfold\b.*?</table>', path.read_text("utf-8"), re.DOTALL):
            for row in re.findall(r"<tr\b.*?</tr>", table, re.DOTALL):
                bare = [(attributes, text) for attributes, text in cell.findall(row) if "data-l" not in attributes]
                said = [(attributes, text) for attributes, text in bare if "colspan" not in attributes]
                said = [(attributes, text) for attributes, text in said if 'class="btn' not in text]
                if len(said) > 1 or any(re.search(r"\bnum\b", attributes) for attributes, _ in said):
                    faults.append((path.name, row[:200]))
    assert faults == []


def test_a_phone_leads_a_watcher_to_the_room_and_says_what_loans_there_are(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan = replace(sales.SHEET.items[0], code="loan", state="found", statement="示例银行可以办理", data={})
    monkeypatch.setattr(sales, "SHEET", Sheet((*sales.SHEET.items, loan)))
    sale = house.perform(a_sale)
    reader = Reader(app.test_client())
    page = reader.get(f"/auctions/{sale.auction_id}")
    assert f'<a class="btn alt" href="/auctions/{sale.auction_id}/room">' in page.html, "not for wide screens only"
    assert "贷款支持有，见调查情况表" in page.text
    assert "可以贷款" in re.search(r'<li class="card lot.*?</li>', reader.get("/").html, re.DOTALL)[0]


def test_english_lots_mark_everything_chinese(app: Flask, house: House) -> None:
    """WCAG 3.1.2: what stands in Chinese on an English page is read out in Chinese."""
    sale = house.perform(a_sale)
    main = Reader(app.test_client(), "en").get(f"/auctions/{sale.auction_id}").html.partition("<main")[2]
    for gone in (r'<(\w+)[^>]* lang="zh-CN"[^>]*>.*?</\1>', r"<(script)\b.*?</\1>", r"<[^>]*>"):
        main = re.sub(gone, "", main.partition("</main>")[0] + "</main>", flags=re.DOTALL)
    assert re.findall(r"[\u3400-\u9fff]+", main) == []


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("password", "short", "密码应为 8 至 256 个字符"),
        ("phone", "call me", "电话应为 5 至 24 位数字"),
        ("email", "nobody", "电子邮箱应写作 name@example.com"),
        ("username", "王五", "用户名应为 3 至 64 个字母"),
    ],
)
def test_registering_says_which_rule_a_field_breaks(app: Flask, field: str, typed: str, said: str) -> None:
    reader = Reader(app.test_client())
    reader.get("/register")
    right = {"username": "wangwu", "password": "long enough", "name": "王五", "id_number": "11010119900307663X"}
    right |= {"phone": "13800000000", "email": "w@example.com", "address": "示例路1号", field: typed}
    page = reader.send("/register", right | {"password_again": right["password"]}, status=422)
    assert said in page.text and "填写有误" not in page.text


def test_a_sold_lot_reckons_at_its_price_and_offers_no_bid(app: Flask, house: House, clock: FixedClock) -> None:
    sale = a_sold_one(app, house, clock)
    page = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}?price=1")
    assert "按成交价 ¥" in page.text and "cost-form" not in page.html and "cost.js" not in page.html
    winner = signed_in(app, house, sale.bidders[1]).get(f"/registrations/{sale.registrations[1]}")
    assert "进入竞价室" not in winner.text


def test_the_nightly_file_says_when_it_was_made_and_now_is_counted_now(app: Flask, house: House) -> None:
    bulk.write(house)
    house.perform(a_sale)
    text = Reader(app.test_client()).get("/data").text
    assert "文件每夜 02:30 起重新生成：内有 0 个标的" in text and "现在已公告 1 个标的" in text
