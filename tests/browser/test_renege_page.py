"""A buyer who does not pay, in a real browser on a served house: clock, declaration, objection, use of the deposit.

Through the doors alone: the sandbox clock passes the due day and the grace, and every act is typed and pressed.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.served import PASSWORD, Site, announced_lot, serving
from tests.factories import a_resident_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BUYER, NAME = "renege-buyer", "示例张三"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


def sold(site: Site) -> tuple[str, str]:
    """A lot sold at its reserve to somebody who pays a part of the balance only: auction and registration."""
    auction = announced_lot(site)
    number = a_resident_id(1)
    account = {"username": BUYER, "password": PASSWORD, "name": NAME, "id_type": "resident_id", "id_number": number}
    site.call(None, "POST", "/bidders", json=account | {"phone": "13800000000", "email": "b@example.com"})
    seal = site.call(None, "GET", f"/auctions/{auction}")["seal"]
    undertakings = ["full_capacity", "not_barred", "accept_defects"]
    wanted = {"capacity": "self", "principals": [], "claim": "ordinary", "seal": seal, "undertakings": undertakings}
    registration: str = site.call(BUYER, "POST", f"/auctions/{auction}/registrations", json=wanted)["id"]

    def pay(payment: dict[str, object]) -> None:
        told = {"outcome": "paid", "payer_name": NAME, "payer_id_number": number, "amount_fen": payment["amount_fen"]}
        site.call(BUYER, "POST", f"/sandbox/payments/{payment['id']}", json=told)

    pay(site.call(BUYER, "POST", f"/registrations/{registration}/deposit", json={}))
    site.advance(days=31, minutes=1)
    site.call(BUYER, "POST", f"/auctions/{auction}/bids", json={"amount_fen": 214_400_000, "key": "first"})
    site.advance(days=1, minutes=1)
    pay(site.call(BUYER, "POST", f"/auctions/{auction}/balance", json={"amount_fen": 5_000_000}))
    return auction, registration


def window(browser: Browser, site: Site, username: str, complaints: list[str]) -> Page:
    page = browser.new_context(base_url=site.address, locale="zh-CN").new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/login")
    page.get_by_role("textbox").nth(0).fill(username)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    return page


def look(page: Page, path: str, folder: Path, name: str) -> None:
    """The page at both widths, in both appearances and languages; nothing may stick out to the side."""
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, language in (("light", "zh"), ("dark", "en")):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(f"{path}?lang={language}")
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (name, width, language)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{path}?lang=zh")


def test_a_renege_from_the_clock_to_the_use_of_the_deposit(browser: Browser, site: Site, tmp_path: Path) -> None:
    complaints: list[str] = []
    auction, registration = sold(site)
    site.advance(days=12)
    judge = window(browser, site, "judge1", complaints)
    look(judge, f"/desk/auctions/{auction}/debt", tmp_path, "overdue")
    expect(judge.get_by_text("宽限期未满")).to_be_visible()
    expect(judge.get_by_role("button", name="认定悔拍")).to_have_count(0)
    site.advance(days=10)
    buyer = window(browser, site, BUYER, complaints)
    look(buyer, f"/registrations/{registration}", tmp_path, "buyer-owes")
    expect(buyer.get_by_text("您不得参加").first).to_be_visible()

    judge = window(browser, site, "judge1", complaints)
    judge.goto(f"/desk/auctions/{auction}")
    judge.get_by_role("link", name="办理尾款与悔拍").click()
    look(judge, f"/desk/auctions/{auction}/debt", tmp_path, "declarable")
    expect(judge.get_by_role("main")).to_contain_text("¥220,000")
    judge.get_by_label("认定理由").fill("逾期未付，经催告仍未付清")
    judge.get_by_role("button", name="认定悔拍").click()
    expect(judge.get_by_role("main")).to_contain_text("已认定悔拍")
    expect(judge.get_by_role("main")).to_contain_text("¥50,000")  # the part paid goes back

    buyer.goto(f"/registrations/{registration}")
    buyer.get_by_label("提出异议").fill("银行系统故障，款项已于期限内汇出")
    buyer.get_by_role("button", name="提交异议").click()
    expect(buyer.get_by_role("main")).to_contain_text("待审查")
    other = window(browser, site, "judge2", complaints)
    other.goto(f"/desk/auctions/{auction}/debt")
    look(other, f"/desk/auctions/{auction}/debt", tmp_path, "objection")
    other.get_by_label("理由", exact=True).first.fill("无银行出具的证明")
    other.get_by_role("button", name="驳回异议").click()
    expect(other.get_by_role("main")).to_contain_text("异议驳回")

    judge.goto(f"/desk/auctions/{auction}/debt")
    judge.get_by_label("项目").first.fill("评估费")
    judge.get_by_label("金额（元）").first.fill("6,000")
    judge.get_by_text("标的未再次成交时填写").click()
    judge.get_by_label("最终变现（元）").fill("1,900,000")
    judge.get_by_label("依据").fill("以物抵债裁定")
    judge.get_by_role("button", name="保存并试算").click()
    look(judge, f"/desk/auctions/{auction}/debt", tmp_path, "allocation")
    judge.locator("#decide-reason").fill("依次支付")
    judge.get_by_role("button", name="确认分配").click()
    expect(judge.get_by_role("main")).to_contain_text("已入账")
    judge.locator("#topup-due").fill(str(site.now().date() + timedelta(days=30)))
    judge.locator("#topup-reason").fill("保证金不足")
    judge.get_by_role("button", name="责令补交").click()
    expect(judge.get_by_role("main")).to_contain_text("已责令补交")
    look(judge, f"/desk/auctions/{auction}/debt", tmp_path, "ordered")
    look(buyer, f"/registrations/{registration}", tmp_path, "buyer-ordered")
    expect(buyer.get_by_text("补交差价和费用")).to_be_visible()
    anybody = browser.new_context(base_url=site.address, locale="zh-CN").new_page()
    anybody.goto(f"/auctions/{auction}")
    expect(anybody.locator("#rounds")).to_contain_text("买受人悔拍")
    assert NAME not in (anybody.locator("#rounds").text_content() or "")
    assert complaints == []
