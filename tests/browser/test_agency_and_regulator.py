"""An agency's main task, which the court takes over item by item, and a regulator's, from the alert to its resolution:
each in a real browser, by what the pages offer."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.services import accounts
from bidding.models import Registration
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert
from tests.bidding.ended import an_ended_auction
from tests.browser.served import PASSWORD, SHANGHAI, Site, announced_lot, serving
from tests.browser.test_desk_walk import fill_item, put, signed_in
from tests.factories import a_bidder, a_uscc
from web.auth import HASHER
from web.wiring import open_house

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AGENCY = a_uscc()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def house(folder: Path, site: Site) -> Iterator[House]:
    """The services on the same database, with an agency, its clerk, a regulator and somebody who asks."""
    opened = open_house(Settings.from_environ({"FAPAI_DATA": str(folder), "FAPAI_SANDBOX": "1"}))
    opened.perform(accounts.add_agency, AGENCY, "示例拍辅")
    hashed = HASHER.hash(PASSWORD)
    for role, more in (("agency", {"agency": AGENCY}), ("regulator", {})):
        opened.perform(
            accounts.create_staff, username=role, role=role, name="示例经办", password_hash=hashed, court=None, **more
        )

    def asker(unit: Unit) -> None:
        a_bidder(unit, username="asker").password_hash = hashed

    opened.perform(asker)
    yield opened
    opened.engine.dispose()
    opened.reader.dispose()


def test_an_agency_reports_and_the_court_takes_over_item_by_item(browser: Browser, site: Site, house: House) -> None:
    complaints: list[str] = []
    agent = signed_in(browser, site, "agency", complaints)
    judge = signed_in(browser, site, "judge1", complaints)
    lots: list[str] = []

    def surveyed(lot: str) -> None:
        lots.append(lot)
        _survey(site, agent, judge, lot)

    announced_lot(site, surveyed)
    task = agent.url.split("#")[0].split("?")[0]
    starts = site.now().astimezone(SHANGHAI) + timedelta(days=3)
    put(agent, "starts_at", f"{starts:%Y-%m-%dT10:00}")
    put(agent, "ends_at", f"{starts:%Y-%m-%dT11:00}")
    put(agent, "places", "5")
    agent.get_by_role("button", name="发布看样").click()
    expect(agent.locator("#viewings")).to_contain_text("可预约")

    site.call("asker", "POST", f"/lots/{lots[0]}/questions", json={"question": "屋面漏水修好了吗？"})
    agent.goto("/agency/")
    asked = agent.locator("#questions")
    expect(asked).to_contain_text("屋面漏水修好了吗？")
    asked.get_by_label("答复", exact=True).fill("没有修，见调查情况表。")
    asked.get_by_label("没有：").check()
    asked.get_by_label("没有新的事实的理由").fill("情况表已载明")
    asked.get_by_role("button", name="答复", exact=True).click()
    expect(agent.locator("#questions")).not_to_contain_text("屋面漏水")
    agent.goto(f"/lots/{lots[0]}")
    expect(agent.get_by_role("main")).to_contain_text("没有修，见调查情况表。")

    agent.goto(task)
    agent.get_by_label("完成情况").fill("已完成现场勘查、拍照和看样。")
    agent.get_by_role("button", name="标记为完成").click()
    expect(agent.get_by_role("main")).to_contain_text("按期完成")
    expect(agent.locator("#completion")).to_have_count(0)
    assert complaints == []


def _survey(site: Site, agent: Page, judge: Page, lot: str) -> None:
    """The court gives the task; two items and a photo are reported, one item is sent back, the rest taken over."""
    due = site.now() + timedelta(days=5)
    site.call(
        "judge1", "POST", f"/lots/{lot}/tasks", json={"agency": AGENCY, "kind": "survey", "due_at": due.isoformat()}
    )
    agent.goto("/agency/")
    agent.get_by_role("link", name="现场勘查").click()
    task = agent.url
    today = str(site.now().astimezone(SHANGHAI).date())
    items = site.call("judge1", "GET", "/disclosure/catalogue?asset_type=real_estate")["items"]
    examples = {item["code"]: item["example"] for item in items}
    found = (("defects", "found", "屋面渗漏，未修复。"), ("loan", "none", "向两家银行询问，均未答复。"))
    for code, state, statement in found:
        agent.goto(f"{task}/items/{code}")
        fill_item(agent, examples[code] | {"state": state, "statement": statement}, today)
        agent.get_by_role("button", name="报告法院").click()
        expect(agent.locator("#reports")).to_contain_text(statement)
    agent.get_by_label("上传文件").set_input_files({"name": "客厅.png", "mimeType": "image/png", "buffer": _photo()})
    agent.get_by_role("button", name="上传", exact=True).click()
    agent.get_by_role("checkbox", name="客厅.png").check()
    agent.get_by_role("button", name="报告所选文件").click()
    expect(agent.locator("#reports")).to_contain_text("客厅.png")

    judge.goto(f"/desk/lots/{lot}")
    desk = judge.locator("#auxiliary")
    desk.locator("details:has(form[action$='/items/loan/refusal']) > summary").click()
    loan = desk.locator("form[action$='/items/loan/refusal']")
    loan.locator("[name=reason]").fill("请写明问了哪两家")
    loan.get_by_role("button", name="退回").click()
    for code in ("defects", "files"):
        desk.locator(f"form[action$='/items/{code}/acceptance']").get_by_role("button").click()
        expect(desk.locator(f"form[action$='/items/{code}/acceptance']")).to_have_count(0)
    expect(desk).to_contain_text("退回理由：请写明问了哪两家")
    agent.goto(task)
    reports = agent.locator("#reports")
    expect(reports).to_contain_text("退回理由：请写明问了哪两家")
    expect(reports.get_by_text("已采纳")).to_have_count(2)


def _photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 40), "teal").save(out, "PNG")
    return out.getvalue()


def test_a_regulator_goes_from_the_alert_to_its_resolution(browser: Browser, site: Site, house: House) -> None:
    complaints: list[str] = []
    code = house.perform(_alerted)
    page = signed_in(browser, site, "regulator", complaints)
    page.goto("/regulator/alerts")
    page.get_by_role("link", name="禁止竞买的人曾经出价").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("参与处置单位的工作人员")
    expect(main).to_contain_text(code)
    expect(main).not_to_contain_text("司马慎言")
    page.get_by_role("button", name="接手处理").click()
    page.get_by_label("查询目的").fill("核对任职")
    page.get_by_role("button", name="查询身份").click()
    expect(main).to_contain_text("司马慎言")
    page.get_by_label("属实").check()
    page.get_by_label("依据与理由").fill("任职登记与名单一致")
    page.get_by_role("button", name="记录处理结果").click()
    expect(main).to_contain_text("任职登记与名单一致")
    expect(main).not_to_contain_text("司马慎言")

    page.goto("/regulator/journal?private=true")
    page.get_by_role("row").filter(has_text="查询").get_by_role("link", name="写明目的查看").first.click()
    page.get_by_label("目的").fill("复核查询")
    page.get_by_role("main").get_by_role("button").last.click()
    expect(main).to_contain_text("核对任职")
    assert complaints == []


def _alerted(unit: Unit) -> str:
    """An alert about who bid in a sale that is over; answers the bidder's code."""
    barred = a_bidder(unit, name="司马慎言")
    auction = unit.session.get_one(Auction, an_ended_auction(unit, [barred, a_bidder(unit)], days_ago=2))
    made = unit.session.scalars(
        select(Registration).where(Registration.auction_id == auction.id, Registration.account_id == barred.id)
    ).one()
    raise_alert(
        unit,
        "barred_bidder_had_bid",
        key="k1",
        reasons=[Reason("barred_after_bid", {"grounds": "staff"}, {"registrations": [made.id]})],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
        registration_id=made.id,
    )
    return str(made.bidder_code)
