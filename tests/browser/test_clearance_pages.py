"""The pages of clearance in a real browser: a judge plans, everybody reads why; wide and narrow, in both languages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.served import PASSWORD, SHANGHAI, Site, announced_lot, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = "/usr/bin/chromium"
WIDTHS = (1280, 360)
DUE = timedelta(days=65)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


def put(site: Site, lot: str, code: str, statement: str, **data: Any) -> None:
    body = {"state": "found", "statement": statement, "data": data, "source": "现场笔录", "attachments": []}
    body["checked_on"] = str(today(site))
    site.call("judge1", "PUT", f"/lots/{lot}/disclosure/items/{code}", json=body)


def today(site: Site) -> Any:
    now: datetime = site.now()
    return now.astimezone(SHANGHAI).date()


def occupied(site: Site, lot: str) -> None:
    """A family in the debtor's only home; the court promises to clear."""
    family = {"occupied": True, "occupant": "示例甲及家人", "since": "2016-03-01", "right": "owner", "residents": 4}
    put(site, lot, "possession", "示例甲及家人自2016年3月起自住，声称享有所有权。", **family)
    people = {"attitude": "undecided", "sole_home": "yes", "low_income": False, "elderly": 1, "children": 1}
    put(site, lot, "occupants", "占有人为被执行人及其家人。", **people)
    promise = {"responsible": "示例法官1", "due_on": str(today(site) + DUE), "plan": "公告限期迁出，逾期强制腾空"}
    put(site, lot, "clearance", "由本院腾空。", **promise)


def window(browser: Browser, site: Site, width: int, locale: str, complaints: list[str]) -> Page:
    context = browser.new_context(base_url=site.address, locale=locale, viewport={"width": width, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return page


def signed_in(page: Page, username: str) -> Page:
    page.goto("/login")
    page.get_by_role("textbox").nth(0).fill(username)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    return page


def fits(page: Page, name: str, folder: Path) -> None:
    """Nothing sticks out to the side; a picture is kept for whoever wants to look."""
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, name


def test_a_judge_plans_and_everybody_reads_why(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    with serving(tmp_path / "site") as site:
        judge = signed_in(window(browser, site, 1280, "zh-CN", complaints), "judge1")

        def plan(lot: str) -> None:
            occupied(site, lot)
            judge.goto(f"/desk/lots/{lot}#clearance")
            section = judge.locator("#clearance")
            expect(section).to_contain_text("公告前须有")
            expect(section).to_contain_text("未核查，按")
            fits(judge, "desk-before", tmp_path)
            section.locator("[name='steps.0.what']").fill("张贴限期迁出公告")
            section.locator("[name='steps.0.on']").fill(str(today(site) + DUE / 2))
            section.get_by_label("人员、车辆、场所等资源").fill("由买受人自行腾退")
            section.get_by_role("button", name="保存预案").click()
            expect(judge.locator("#clearance .err").first).to_contain_text("法院")
            judge.locator("#clearance").get_by_label("人员、车辆、场所等资源").fill("法警四名，搬运车两辆，周转房一套")
            judge.locator("#clearance").get_by_role("button", name="保存预案").click()
            expect(judge.locator("#clearance")).to_contain_text("第 1 版")
            fits(judge, "desk-after", tmp_path)

        auction = announced_lot(site, plan)
        due = str(today(site) + DUE)
        for width in WIDTHS:
            for locale, words in (
                ("zh-CN", ("腾空风险：E 级", f"由法院腾空，不迟于 {due}", "被执行人的唯一住房")),
                ("en-US", ("Clearance risk: band E", f"not later than {due}", "Sole home of the debtor")),
            ):
                page = window(browser, site, width, locale, complaints)
                page.goto(f"/auctions/{auction}")
                for text in words:
                    expect(page.locator("#risk")).to_contain_text(text)
                assert "法警" not in page.content()
                fits(page, f"lot-{width}-{locale}", tmp_path)
                page.goto("/")
                expect(page.locator(".band.E").first).to_be_visible()
                fits(page, f"home-{width}-{locale}", tmp_path)
                page.goto("/clearance")
                expect(page.get_by_role("main")).to_contain_text("200")
                fits(page, f"record-{width}-{locale}", tmp_path)
                page.context.close()
        narrow = signed_in(window(browser, site, 360, "en-US", complaints), "judge2")
        narrow.goto("/desk/")
        fits(narrow, "board-360-en", tmp_path)
    assert not [text for text in complaints if "422" not in text]
