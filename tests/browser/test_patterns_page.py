"""The regulator's pages of bid patterns in a real browser, over what the running scheduler found; wide, narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from tests.bidding.ended import a_friend_in_need, an_ended_auction, people
from tests.browser.served import PASSWORD, Site, serving
from tests.factories import a_bidder, an_account
from web.auth import HASHER
from web.wiring import open_house

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


def ended_sales(house: House) -> tuple[str, str]:
    """Auctions that are over, one of them with something to tell and one full of rivalry; and a regulator."""

    def story(unit: Unit) -> tuple[str, str]:
        an_account(unit, "regulator", username="regulator", display_name="甲监管", password_hash=HASHER.hash(PASSWORD))
        known = people(unit)
        rivalry = an_ended_auction(unit, [known.rival, a_bidder(unit), *[known.buyer, known.rival] * 20], days_ago=0)
        return a_friend_in_need(unit), rivalry

    return house.perform(story)


def signed_in(browser: Browser, site: Site, complaints: list[str]) -> Page:
    page = browser.new_context(base_url=site.address, locale="zh-CN").new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/login")
    page.get_by_role("textbox").nth(0).fill("regulator")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    return page


def test_the_regulator_looks_at_an_ended_sale(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    with serving(tmp_path / "site") as site:
        house = open_house(Settings.from_environ({"FAPAI_DATA": str(tmp_path / "site"), "FAPAI_SANDBOX": "1"}))
        told, rivalry = ended_sales(house)
        page = signed_in(browser, site, complaints)
        listed = f"/regulator/patterns/{told}"
        for _ in range(60):  # the scheduler looks at a few a second, those that ended first before the others
            page.goto(listed)
            if page.get_by_text("值得查看").count():
                break
            page.wait_for_timeout(500)
        expect(page.get_by_text("值得查看").first).to_be_visible()
        pages = {"told": listed, "rivalry": f"/regulator/patterns/{rivalry}", "list": "/regulator/patterns"}
        for name, path in pages.items():
            for width in (1280, 360):
                page.set_viewport_size({"width": width, "height": 800})
                for scheme, language in (("light", "zh"), ("dark", "en")):
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    page.goto(f"{path}?lang={language}")
                    page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}-{language}.png", full_page=True)
                    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    assert wide <= 0, (name, width, language)
        page.goto(f"/regulator/patterns/{rivalry}?lang=zh")
        expect(page.get_by_text("值得查看")).to_have_count(0)
        assert page.locator("svg.lanes circle").count() == 42
        page.get_by_text("逐条列出").click()
        expect(page.get_by_role("row").filter(has_text="1,205,000")).to_be_visible()
        house.engine.dispose()
        house.reader.dispose()
    assert complaints == []
