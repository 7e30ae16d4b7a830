"""Sanctions in a real browser on a served house: proposed, approved, served, reviewed, published; wide and narrow."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from auction.models import Account
from risk.services.standing import enter
from tests.bidding.reneged import a_reneged_sale
from tests.browser.served import PASSWORD, SHANGHAI, Site, serving
from web.auth import HASHER
from web.wiring import open_house

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PEOPLE = ("judge", "second", "president", "regulator", "buyer")


@dataclass
class Hall:
    """A served site with one reneged sale, a page of the browser for each of its people, what went wrong on them."""

    browser: Browser
    site: Site
    auction_id: str
    folder: Path
    pages: dict[str, Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def page(self, who: str) -> Page:
        """The page of somebody, signed in."""
        if who not in self.pages:
            page = self.browser.new_context(base_url=self.site.address, locale="zh-CN").new_page()
            page.set_default_timeout(20_000)
            page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
            page.goto("/login")
            page.get_by_role("textbox").nth(0).fill(f"the-{who}")
            page.locator("input[type=password]").fill(PASSWORD)
            page.locator("main form button").first.click()
            page.wait_for_load_state()
            self.pages[who] = page
        return self.pages[who]

    def approve(self, who: str) -> None:
        """Approve the first proposal that waits."""
        page = self.page(who)
        page.goto("/desk/approvals")
        form = page.locator("main form").first
        form.get_by_role("textbox").fill("同意")
        form.get_by_role("button", name="同意", exact=True).click()
        expect(page.get_by_text("您的意见已记录")).to_be_visible()

    def look(self, page: Page, path: str, name: str) -> None:
        """No page is wider than the window, at any width, in light and dark, in both languages."""
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            for scheme, language in (("light", "zh"), ("dark", "en")):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.goto(f"{path}?lang={language}")
                page.screenshot(path=self.folder / f"{name}-{width}-{scheme}-{language}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, (name, width, language)
        page.goto(f"{path}?lang=zh")


def people(house: House) -> str:
    """A reneged sale whose people can sign in; answers the auction's id."""

    def make(unit: Unit) -> str:
        sale = a_reneged_sale(unit)
        hashed = HASHER.hash(PASSWORD)
        for name in PEOPLE:
            account: Account = getattr(sale, name)
            account.username, account.password_hash = f"the-{name}", hashed
        enter(unit, str(sale.buyer.person_id), "reneged_maliciously", subject_id=sale.auction.id, facts={})
        return sale.auction.id

    return house.perform(make)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with serving(tmp_path / "site") as site, sync_playwright() as playwright:
        settings = {"FAPAI_DATA": str(tmp_path / "site"), "FAPAI_SANDBOX": "1", "PATH": os.environ["PATH"]}
        house = open_house(Settings.from_environ(settings))
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        made = Hall(browser, site, people(house), tmp_path)
        yield made
        browser.close()
        house.engine.dispose()
        house.reader.dispose()
        assert made.complaints == []


def test_a_fine_and_its_publication_go_through_every_page(hall: Hall) -> None:
    judge = hall.page("judge")
    last = (hall.site.now().astimezone(SHANGHAI) + timedelta(days=60)).date().isoformat()
    form = f"/desk/auctions/{hall.auction_id}/sanctions"
    for kind, label, value in (("罚款", "罚款金额", "50000"), ("公开决定", "最后一日", last)):
        judge.goto(form)
        judge.get_by_label(kind, exact=True).check()
        judge.get_by_label(label).fill(value)
        judge.get_by_label("法律依据").fill("民事诉讼法第一百一十四条")
        judge.get_by_label("事实与理由").fill("多次竞得后不付款")
        judge.get_by_role("button", name="提请批准").click()
        expect(judge.get_by_text("已提请批准")).to_be_visible()
    hall.approve("second")
    hall.approve("second")
    hall.approve("president")

    buyer = hall.page("buyer")
    hall.look(buyer, "/me/standing", "mine")
    card = buyer.locator("article").filter(has_text="罚款 ¥50,000")
    card.get_by_text("申请复议", exact=True).click()
    card.get_by_label("复议理由").fill("本人并非恶意")
    card.get_by_role("button", name="提交复议申请").click()
    expect(buyer.get_by_text("复议申请已提交")).to_be_visible()
    buyer.get_by_text("对这条记录有异议").click()
    buyer.get_by_label("异议理由").fill("付款被银行退回")
    buyer.get_by_role("button", name="提交异议").click()
    expect(buyer.get_by_text("有异议，部分计分")).to_be_visible()

    hall.look(judge, "/desk/sanctions", "desk")
    regulator = hall.page("regulator")
    hall.look(regulator, "/regulator/sanctions", "regulator")
    regulator.get_by_role("link", name="罚款 ¥50,000").first.click()
    hall.look(regulator, regulator.url.removeprefix(hall.site.address).split("?")[0], "one")
    regulator.get_by_label("维持").check()
    regulator.get_by_label("复议决定文号与理由").fill("上级法院维持")
    regulator.get_by_role("button", name="记录复议结果").click()
    expect(regulator.get_by_text("复议结果已记录")).to_be_visible()

    hall.site.advance(days=10)
    public = hall.browser.new_context(base_url=hall.site.address, locale="zh-CN").new_page()
    hall.look(public, "/sanctions", "public")
    expect(public.get_by_role("heading", name="欧阳悔拍")).to_be_visible()
    expect(public.get_by_role("row").filter(has_text="罚款 ¥50,000")).to_contain_text("复议维持")
    hall.site.advance(days=60)
    public.goto("/sanctions?lang=zh")
    expect(public.get_by_text("现在没有公开的决定")).to_be_visible()
