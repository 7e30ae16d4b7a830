"""A judge new to the page enters a flat and announces it in one sitting: by what the pages offer, in a real browser."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.browser.served import CASE, PASSWORD, SHANGHAI, TITLE, Site, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_ITEMS = 60


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


def signed_in(browser: Browser, site: Site, username: str, complaints: list[str], width: int = 1280) -> Page:
    context = browser.new_context(base_url=site.address, locale="zh-CN", viewport={"width": width, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/login")
    page.get_by_role("textbox").nth(0).fill(username)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    return page


def picture(page: Page, folder: Path, name: str, at: str | None = None, height: int = 800) -> None:
    """Nothing sticks out to the side; a picture is kept under the test's own folder for whoever wants to look.

    The pictures in docs/ are these, by their names: retake them from here. `at`: what stands at the top of the picture.
    """
    size = page.viewport_size or {"width": 1280, "height": 800}
    page.set_viewport_size({**size, "height": height})
    if at is not None:
        for _ in range(2):  # the page may still have been on its way to where its address points
            page.locator(at).evaluate(
                "one => new Promise(seen => { one.scrollIntoView({block: 'start', behavior: 'instant'});"
                " requestAnimationFrame(() => requestAnimationFrame(seen)); })"
            )
    page.screenshot(path=folder / f"{name}.png")
    page.set_viewport_size(size)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, name


def put(page: Page, name: str, value: str) -> None:
    """Fill one field by its name, whatever kind of field it is."""
    field = page.locator(f'[name="{name}"]').first
    kind = field.evaluate("one => one.tagName === 'SELECT' ? 'select' : one.type")
    if kind == "select":
        field.select_option(value)
    elif kind == "radio":
        page.locator(f'[name="{name}"][value="{value}"]').check()
    else:
        field.fill(value)


def enter(page: Page) -> str:
    """A case with two parties and a flat under it; answers the address of the lot."""
    page.get_by_role("link", name="录入案件").click()
    put(page, "number", CASE)
    for number, (name, role) in enumerate((("示例银行", "applicant"), ("示例甲", "debtor"))):
        put(page, f"parties.{number}.name", name)
        put(page, f"parties.{number}.role", role)
    page.get_by_role("button", name="录入", exact=True).click()
    put(page, "title", TITLE)
    put(page, "region", "示例市云溪区")
    put(page, "address", "望江路 18 号 3 幢 1202 室")
    page.get_by_role("button", name="录入", exact=True).click()
    return page.url


def fix_the_price(page: Page, folder: Path, today: str, valid_until: str) -> None:
    """Two equal results of an agreement, step by step; the price form has them already."""
    for code, source in (("agreement_asked", ""), ("agreement_result", "申请执行人"), ("agreement_result", "被执行人")):
        put(page, "code", code)
        page.locator("#step-on").fill(today)
        if source:
            page.locator("#step-source").fill(source)
            page.locator("#step-amount").fill("2,680,000")
        page.locator("#pricing button").click()
    expect(page.locator("#price")).to_contain_text("¥2,680,000")
    picture(page, folder, "announcing-2-price", at="#price")
    put(page, "valid_until", valid_until)
    page.get_by_role("button", name="保存参考价").click()
    expect(page.locator("#next")).to_contain_text("填情况表")


def fill_the_sheet(page: Page, folder: Path, site: Site, today: str) -> None:
    """From gap to gap by the page's own button, with what the examples say."""
    items = site.call("judge1", "GET", "/disclosure/catalogue?asset_type=real_estate")["items"]
    examples = {item["code"]: item["example"] for item in items}
    held: list[Route] = []
    page.route("**/lint*.js", lambda route: held.append(route))
    page.locator("#next a").click()
    hear_the_linter(page, held)
    for _ in range(MOST_ITEMS):
        code = page.url.rsplit("/", 1)[-1].split("?")[0]
        fill_item(page, examples[code], today)
        if code == "possession":
            expect(page.locator("#linted")).not_to_be_empty()
            picture(page, folder, "announcing-3-item", at="body", height=1760)
        onward = page.get_by_role("button", name="保存并填下一项")
        last = onward.count() == 0
        (page.get_by_role("button", name="保存", exact=True) if last else onward).click()
        page.wait_for_load_state()
        if last:
            break
    expect(page.locator("#next")).to_contain_text("通知当事人")


def hear_the_linter(page: Page, held: list[Route]) -> None:
    """A phrase that may not stand there is named while typing, also where the script came later, until it is gone."""
    page.wait_for_url("**/sheet/*", wait_until="commit")
    here = page.url
    put(page, "state", "found")
    put(page, "statement", "腾退由买受人自行负责。")
    for one in held:
        one.continue_()
    page.unroute("**/lint*.js")
    expect(page.locator("#linted")).to_contain_text("不得写“腾退由买受人自行负责”")
    page.locator("#linted").get_by_role("link", name="说明").click()
    expect(page.locator("#statement")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("已查明。")
    expect(page.locator("#linted")).not_to_contain_text("腾退由买受人自行负责")
    assert page.url.split("#")[0] == here
    page.goto(here)


def fill_item(page: Page, example: dict[str, Any], today: str) -> None:
    put(page, "state", example["state"])
    put(page, "statement", example["statement"])
    for name, value in example["data"].items():
        if name == "published_on":
            value = today
        elif name.endswith("_fen"):
            value = f"{value / 100:.2f}"
        put(page, f"data.{name}", str(value).lower() if isinstance(value, bool) else str(value))
    put(page, "source", "现场笔录")
    put(page, "checked_on", today)


def test_a_judge_enters_and_announces_a_flat_in_one_sitting(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    with serving(tmp_path / "site") as site:
        now = site.now().astimezone(SHANGHAI)
        today = str(now.date())
        judge = signed_in(browser, site, "judge1", complaints)
        judge.goto("/desk/")
        lot = enter(judge)
        expect(judge.locator("#next")).to_contain_text("定处置参考价")
        picture(judge, tmp_path, "announcing-1-lot")
        fix_the_price(judge, tmp_path, today, str(now.date() + timedelta(days=300)))
        picture(judge, tmp_path, "desk-price", at="#price", height=1400)
        fill_the_sheet(judge, tmp_path, site, today)
        notify(judge, now - timedelta(days=6))
        picture(judge, tmp_path, "announcing-4-notices", at="#notices")
        picture(judge, tmp_path, "desk-notices", at="#notices", height=1000)
        judge.locator("#next a").click()
        draft(judge, tmp_path, now)
        address = judge.url
        for name in ("judge1", "judge2"):
            page = judge if name == "judge1" else signed_in(browser, site, name, complaints)
            page.goto(address)
            vote(page)
        judge.goto(address)
        judge.get_by_role("button", name="发布公告").click()
        expect(judge.get_by_role("main")).to_contain_text("公告中")
        judge.goto("/desk/?stage=announced")
        expect(judge.get_by_role("main")).to_contain_text(TITLE)
        judge.goto("/desk/")
        picture(judge, tmp_path, "desk-board", height=1000)
        judge.goto(address.replace("/desk", ""))
        expect(judge.get_by_role("main")).to_contain_text("2,144,000")
        picture(judge, tmp_path, "announcing-6-public")
        narrow = signed_in(browser, site, "judge3", complaints, 360)
        for path in ("/desk/", lot.removeprefix(site.address), "/desk/lots/import", "/statistics", "/desk/letters"):
            narrow.goto(path)
            picture(narrow, tmp_path, "narrow" + path.split("?")[0].replace("/", "-"))
    assert not complaints


def notify(page: Page, at: datetime) -> None:
    for number in (0, 1):
        put(page, f"recipients.{number}.status", "received")
        put(page, f"recipients.{number}.at", f"{at:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="保存通知情况").click()
    expect(page.locator("#next")).to_contain_text("拟定拍卖方案")


def draft(page: Page, folder: Path, now: datetime) -> None:
    """Terms that may not be announced, saved and told with the articles; then those that may."""
    opens = now + timedelta(days=31)
    typed = {
        "reserve_price_fen": "2,144,000",
        "deposit_fen": "220,000",
        "increment_fen": "10,000",
        "balance_days": "10",
    }
    for name, value in typed.items():
        put(page, name, value)
    put(page, "deposit_fen", "100")
    put(page, "opens_at", f"{opens:%Y-%m-%dT10:00}")
    put(page, "closes_at", f"{opens + timedelta(days=1):%Y-%m-%dT10:00}")
    for judge in ("judge1", "judge2", "judge3"):
        page.locator(f'[name="panel"][value="{judge}"]').check()
    expect(page.locator("#linted")).to_contain_text("保证金应在 107,200 元至 428,800 元之间")
    put(page, "deposit_fen", typed["deposit_fen"])
    expect(page.locator("#linted")).not_to_contain_text("须改")
    put(page, "reserve_price_fen", "1,500,000")
    put(page, "opens_at", f"{now + timedelta(days=10):%Y-%m-%dT10:00}")
    page.get_by_role("button", name="保存方案").click()
    expect(page.get_by_role("main")).to_contain_text("2 须改")
    picture(page, folder, "announcing-5-check", height=1300)
    page.get_by_role("link", name="改方案").click()
    put(page, "reserve_price_fen", typed["reserve_price_fen"])
    put(page, "opens_at", f"{opens:%Y-%m-%dT10:00}")
    page.get_by_role("button", name="保存方案").click()
    expect(page.get_by_role("main")).to_contain_text("0 须改")


def vote(page: Page) -> None:
    form = page.locator("form[action$='/votes']")
    form.locator("[name=reason]").fill("同意")
    form.get_by_role("button", name="同意", exact=True).click()
    page.wait_for_load_state()
