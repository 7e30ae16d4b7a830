"""Two bidders in two windows: they enrol, bid against each other, an extension happens, one wins; and what becomes of
a bid whose answer, or whose network, is lost."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.served import PASSWORD, TITLE, Site, announced_lot, serving
from tests.factories import a_resident_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


class Window:
    """One person's window, and everything its console complained of."""

    def __init__(self, browser: Browser, site: Site, width: int = 1280) -> None:
        self.context = browser.new_context(
            base_url=site.address, locale="zh-CN", viewport={"width": width, "height": 800}, accept_downloads=True
        )
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def enrol(self, auction: str, username: str, name: str, number: int) -> None:
        """From the lot's page to the paid deposit, as a newcomer."""
        page = self.page
        page.goto(f"/auctions/{auction}")
        page.get_by_role("link", name=re.compile("^报名")).first.click()
        page.get_by_role("link", name="注册竞买人账户").click()
        for field, value in {
            "用户名": username,
            "密码": PASSWORD,
            "再输一次": PASSWORD,
            "姓名或单位名称": name,
            "证件号码": a_resident_id(number),
            "电话": "13800000000",
            "电子邮箱": "b@example.com",
        }.items():
            page.get_by_label(field, exact=True).fill(value)
        page.get_by_role("button", name="注册").click()
        expect(page.get_by_role("button", name="提交报名")).to_be_visible()  # `all` below does not wait for the page
        for tick in page.get_by_role("main").get_by_role("checkbox").all():
            tick.check()
        page.get_by_role("button", name="提交报名").click()
        page.get_by_role("button", name="取得付款账户").click()
        page.get_by_role("button", name="模拟付款（演示环境）").click()
        expect(page.get_by_role("main")).to_contain_text("已取得竞买资格")

    def enter(self, auction: str) -> None:
        """Open the bid room and wait until it is alive."""
        self.page.goto(f"/auctions/{auction}/room")
        expect(self.page.locator("#conn")).to_contain_text("连接正常")

    def bid(self, steps: str = "") -> None:
        """Bid the least price (or some steps more) and confirm."""
        if steps:
            self.page.get_by_role("button", name=steps).click()
        self.page.locator("#go").click()
        expect(self.page.get_by_role("dialog")).to_contain_text("出价后不可撤销")
        self.page.locator("#ask-confirm").click()

    def sees(self, text: str) -> None:
        expect(self.page.locator("#state")).to_contain_text(text)


def test_two_bidders_bid_against_each_other_and_one_wins(browser: Browser, site: Site, tmp_path: Path) -> None:
    auction = announced_lot(site)
    first, second = Window(browser, site), Window(browser, site, width=360)
    first.enrol(auction, "bidder-one", "示例张三", 1)
    second.enrol(auction, "bidder-two", "示例李四", 2)
    site.advance(days=31, minutes=1)
    first.enter(auction)
    second.enter(auction)

    # A dialog that was open when somebody else bid says so, and its amount can only be taken back.
    second.page.locator("#go").click()
    expect(second.page.get_by_role("dialog")).to_contain_text("目前无人出价")
    first.bid()
    first.sees("出价成功，您领先")
    expect(second.page.locator("#price")).to_have_text("2,144,000")
    expect(second.page.locator("#ask-changed")).to_contain_text("最低可出 ¥2,154,000")
    expect(second.page.locator("#ask-confirm")).to_be_disabled()
    second.page.get_by_role("button", name="返回").click()
    expect(second.page.locator("#amount")).to_have_value("2,154,000")
    second.bid("+3 档")
    second.sees("出价成功，您领先")
    expect(second.page.locator("#price")).to_have_text("2,184,000")
    first.sees("已被超越")
    expect(first.page.locator("#least")).to_have_text("¥2,194,000")
    expect(first.page.locator("#amount-words")).to_have_text("人民币贰佰壹拾玖万肆仟元整")

    # Into the last five minutes: the next bid moves the end.
    remaining = site.call(None, "GET", f"/auctions/{auction}")["closes_at"]
    site.advance(hours=23, minutes=56)
    first.bid()
    first.sees("出价成功，您领先")
    for window in (first, second):
        expect(window.page.locator("#extensions")).to_have_text("已延时 1 次")
    assert site.call(None, "GET", f"/auctions/{auction}")["closes_at"] > remaining
    second.sees("已被超越")

    # The leader may raise his own bid only on an express confirmation.
    first.page.locator("#go").click()
    first.page.locator("#ask-confirm").click()
    expect(first.page.locator("#ask-error")).to_be_visible()
    first.page.locator("#ask-own-tick").check()
    first.page.locator("#ask-confirm").click()
    expect(second.page.locator("#price")).to_have_text("2,204,000")

    # The receipt of the bid can be saved, and is one. The page fetches it after the answer, so wait for the new one.
    expect(first.page.locator("#receipt")).to_contain_text("2,204,000")
    with first.page.expect_download() as waiting:
        first.page.get_by_role("link", name="下载凭证").click()
    receipt = json.loads(waiting.value.path().read_text("utf-8"))
    assert receipt["entry"]["body"]["amount_fen"] == 220_400_000

    # A dialog does not outlast the sale, and says so.
    second.page.locator("#go").click()
    expect(second.page.get_by_role("dialog")).to_be_visible()
    site.advance(minutes=6)
    first.sees("竞买成功")
    second.sees("您未竞得")
    second.sees("确认窗口已关闭，这次没有出价")
    expect(second.page.locator("#ask")).to_be_hidden()
    for window in (first, second):
        expect(window.page.locator("#timer-label")).to_have_text("结束时间")
        expect(window.page.locator("#price-label")).to_contain_text("成交价·买受人代码")
    first.page.goto(f"/auctions/{auction}/confirmation")
    expect(first.page.get_by_role("main")).to_contain_text("示例张三")
    assert TITLE in first.page.get_by_role("main").inner_text()
    assert first.complaints == [] and second.complaints == []


def test_an_amount_far_above_needs_a_second_confirmation_and_a_lost_answer_is_asked_for(
    browser: Browser, site: Site
) -> None:
    auction = _another_auction(site, 219)
    window = Window(browser, site)
    window.enrol(auction, "bidder-three", "示例王五", 3)
    site.advance(days=31, minutes=1)
    window.enter(auction)
    page = window.page
    page.get_by_label("出价金额（元）").fill("4,144,000")
    page.locator("#go").click()
    expect(page.get_by_role("dialog")).to_contain_text("这个价格异常地高")
    page.locator("#ask-confirm").click()
    expect(page.locator("#ask-error")).to_be_visible()
    page.get_by_role("button", name="返回").click()

    # The connection dies the moment the bid has been sent: its fate is asked for by its key, and shown.
    page.get_by_label("出价金额（元）").fill("2,144,000")
    page.locator("#go").click()
    page.evaluate("""() => {
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) {
            send.call(this, data);
            if (typeof data === "string" && data.includes('"bid"')) this.close();
        };
    }""")
    page.locator("#ask-confirm").click()
    window.sees("出价成功，您领先")
    expect(page.locator("#price")).to_have_text("2,144,000")
    assert len(site.call(None, "GET", f"/auctions/{auction}/bids")["items"]) == 1

    # Signed out from another device: the room says so, takes no bid, and goes on showing the sale.
    site.call("bidder-three", "DELETE", "/sessions/others")
    window.sees("您在另一设备上结束了此处的登录")
    expect(page.locator("#go")).to_be_disabled()
    expect(page.locator("#state").get_by_role("link", name="登录")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#conn")).to_contain_text("连接正常")


def test_an_offer_in_the_last_minute_without_a_network_is_asked_after_by_its_key(browser: Browser, site: Site) -> None:
    """Who comes back before the end sends it again as one offer; who comes back after it is told that it was none."""
    auction = _another_auction(site, 220)
    first, second = Window(browser, site), Window(browser, site, width=360)
    first.enrol(auction, "bidder-six", "示例陆六", 6)
    second.enrol(auction, "bidder-seven", "示例柒七", 7)
    site.advance(days=31, minutes=1)
    first.enter(auction)
    second.enter(auction)
    first.bid()
    expect(second.page.locator("#price")).to_have_text("2,144,000")

    _to_the_last_minute(site, auction)
    asked = _offered_without_a_network(second)
    second.context.set_offline(False)
    second.sees("服务器没有收到这次出价")
    expect(second.page.locator("#bar-bid")).to_have_text("再次送出")
    second.page.locator("#bar-bid").click()
    second.sees("出价成功，您领先")
    first.sees("已被超越")
    for window in (first, second):
        expect(window.page.locator("#extensions")).to_have_text("已延时 1 次")
    assert len(set(asked)) == 1

    _to_the_last_minute(site, auction)
    asked = _offered_without_a_network(first)
    site.advance(minutes=2)
    second.sees("竞买成功")
    first.context.set_offline(False)
    first.sees("您未竞得")
    first.sees("没有送达，竞价已截止")
    expect(first.page.locator("#price")).to_have_text("2,154,000")
    assert len(set(asked)) == 1
    assert len(site.call(None, "GET", f"/auctions/{auction}/bids")["items"]) == 2
    expected = ("ERR_INTERNET_DISCONNECTED", "404 (NOT FOUND)")  # no network; and a key the server never saw
    assert [one for one in first.complaints + second.complaints if not any(each in one for each in expected)] == []


def test_a_bidder_goes_the_whole_way_in_english_on_a_phone(browser: Browser, site: Site) -> None:
    """From the search to the paid balance and the verified receipt."""
    auction = _another_auction(site, 221)
    window = Window(browser, site, width=360)
    page = window.page
    page.goto("/language/en?next=/")
    page.get_by_label("Find a lot").fill("望江路")
    page.get_by_role("button", name="Search").click()
    page.locator(f"a[href*='/auctions/{auction}']").first.click()
    page.locator(".bar").get_by_role("link", name="Register").click()
    page.get_by_role("link", name="Make a bidder's account").click()
    for field, value in {
        "User name": "bidder-eight",
        "Password": PASSWORD,
        "Once more": PASSWORD,
        "Name of person or organisation": "示例捌八",
        "Identity number": a_resident_id(8),
        "Telephone": "13800000000",
        "E-mail": "b@example.com",
    }.items():
        page.get_by_label(field, exact=True).fill(value)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("main").get_by_role("checkbox").first).to_be_visible()
    for tick in page.get_by_role("main").get_by_role("checkbox").all():
        tick.check()
    page.get_by_role("button", name="Register", exact=True).click()
    _pay(page)
    expect(page.get_by_role("main")).to_contain_text("Qualified to bid")
    registration = page.url

    site.advance(days=31, minutes=1)
    page.goto(registration)
    page.get_by_role("link", name="Enter the bid room").first.click()
    expect(page.locator("#conn")).to_contain_text("Connected")
    page.locator("#bar-bid").click()
    page.locator("#go").click()
    expect(page.get_by_role("dialog")).to_contain_text("cannot be taken back")
    page.locator("#ask-confirm").click()
    window.sees("Bid accepted: you lead")
    site.advance(days=1, minutes=1)
    window.sees("You won")
    expect(page.locator("#bar-bid")).to_have_text("Payment and formalities")
    page.locator("#bar-bid").click()
    _pay(page)
    expect(page.get_by_role("main")).to_contain_text("Balance paid")

    page.goto(f"/auctions/{auction}/room")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download receipt").click()
    page.get_by_role("link", name="How to verify", exact=True).click()
    expect(page.locator("#verify-file")).to_be_enabled()
    page.locator("#verify-file").set_input_files(waiting.value.path())
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.locator("#verify-out")).to_contain_text("Verified")
    assert window.complaints == []


def _pay(page: Page) -> None:
    page.get_by_role("button", name="Get the account to pay into").click()
    page.get_by_role("button", name="Simulate the payment (sandbox)").click()


def _to_the_last_minute(site: Site, auction: str) -> None:
    closes = datetime.fromisoformat(site.call(None, "GET", f"/auctions/{auction}")["closes_at"])
    site.advance(seconds=(closes - site.now()).total_seconds() - 55)


def _offered_without_a_network(window: Window) -> list[str]:
    """The network goes while the dialog is open, the bid is confirmed all the same; answers what was asked by key."""
    asked: list[str] = []
    window.page.on("request", lambda one: asked.append(one.url) if "/bids/by-key/" in one.url else None)
    window.page.locator("#go").click()
    expect(window.page.get_by_role("dialog")).to_contain_text("出价后不可撤销")
    window.context.set_offline(True)
    expect(window.page.locator("#conn")).to_contain_text("网络已断开")
    window.page.locator("#ask-confirm").click()
    window.sees("网络恢复后立即向服务器查询")
    return asked


def _another_auction(site: Site, number: int) -> str:
    """A lot of its own for a test that needs a fresh room."""
    from tests.browser import served

    served.CASE = f"（2026）示0101执{number}号"
    return announced_lot(site)
