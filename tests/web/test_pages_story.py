"""A whole sale through the pages alone, without scripts: what a judge and two bidders type and press."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from auction.kernel.clock import SHANGHAI, FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Court
from bidding.services.life import open_due
from disclosure.rules.catalogue import load
from tests.bidding.sale import closed
from tests.factories import a_resident_id, an_account
from tests.web.reader import Reader
from web.auth import HASHER

pytestmark = pytest.mark.slow

PASSWORD = "demo-password"
CASE = "（2026）示0101执218号"
TITLE = "示例市云溪区望江路 18 号 3 幢 1202 室住宅"


@pytest.fixture
def staff(house: House) -> list[str]:
    """Three judges of one court who can sign in."""
    hashed = HASHER.hash(PASSWORD)

    def make(unit: Unit) -> list[str]:
        unit.session.add(Court(code="示0101", name="示例市云溪区人民法院"))
        unit.session.flush()
        made: list[Account] = [
            an_account(
                unit,
                "judge",
                court_code="示0101",
                username=f"judge{n}",
                display_name=f"示例法官{n}",
                password_hash=hashed,
            )
            for n in (1, 2, 3)
        ]
        return [account.username for account in made]

    return house.perform(make)


def beijing(moment: Any) -> str:
    """A moment as a date-and-time field holds it."""
    return str(moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"))


def signed_in(app: Flask, username: str) -> Reader:
    """Somebody who has just signed in; a session does not outlive the hours a test lets pass."""
    reader = Reader(app.test_client())
    reader.get("/login")
    reader.send("/login", {"username": username, "password": PASSWORD})
    return reader


def a_picture() -> BytesIO:
    """A small picture, as a court's clerk would take one."""
    file = BytesIO()
    Image.new("RGB", (64, 40), "white").save(file, "PNG")
    file.seek(0)
    return file


def fill_sheet(judge: Reader, lot: str, today: str) -> None:
    """Fill every item with the catalogue's own example, through its form."""
    for item in load("real_estate").items:
        judge.get(f"{lot}/sheet/{item.code}")
        example = item.example
        data = {f"data.{name}": _typed(name, value) for name, value in example.data.items()}
        if item.code == "statutory_publication":
            data["data.published_on"] = today
        judge.send(
            f"/sheet/{item.code}",
            {"state": example.state, "statement": example.statement, "source": "现场笔录", "checked_on": today, **data},
        )


def _typed(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value // 100) if name.endswith("_fen") else str(value)


def enter_lot(judge: Reader, today: str) -> str:
    """Enter case, lot, price and sheet; answers the lot's address on the desk."""
    judge.get("/desk/cases/new")
    late = judge.send("/desk/cases/new", {"number": "x", "entered_on": "2099-01-01"}, status=422)
    assert "立案日期" in late.text
    judge.get("/desk/cases/new")
    more = judge.send("/desk/cases/new", {"parties.3.name": "第四人"}, button=("more", "1"))
    assert ("parties.3.name", "第四人") in more.form("/desk/cases/new").fields
    assert "parties.5.name" in more.form("/desk/cases/new").names()
    judge.get("/desk/cases/new")
    judge.send(
        "/desk/cases/new",
        {"number": CASE, "parties.0.name": "示例银行", "parties.1.name": "示例甲"},
    )
    judge.send(
        "/desk/lots/new",
        {"title": TITLE, "asset_type": "real_estate", "region": "示例市云溪区", "address": "望江路 18 号"},
    )
    lot = judge.page.address.split("?")[0]
    judge.send(
        "/price",
        {
            "method": "network_inquiry",
            "amount_fen": "2,680,000",
            "effective_on": today,
            "valid_until": "2027-01-01",
            "results.0.source": "示例平台",
            "results.0.amount_fen": "2,680,000",
            "results.0.reported_on": today,
        },
    )
    return lot


def notify(judge: Reader, lot: str, at: str) -> None:
    judge.get(lot)
    judge.send(
        "/notices",
        {f"recipients.{n}.{name}": value for n in (0, 1) for name, value in (("status", "received"), ("at", at))},
    )


def draft(judge: Reader, lot: str, clock: FixedClock, **changes: str) -> str:
    """Draft a round that opens in 31 days; answers its address on the desk."""
    opens = clock.moment + timedelta(days=31)
    judge.get(lot)
    judge.follow("拟定拍卖方案")
    terms = {
        "reserve_price_fen": "2,144,000",
        "deposit_fen": "220,000",
        "increment_fen": "10,000",
        "balance_days": "10",
        "opens_at": beijing(opens),
        "closes_at": beijing(opens + timedelta(days=1)),
        "panel": ["judge1", "judge2", "judge3"],
    }
    judge.send("/auction", terms | changes)
    return judge.page.address.split("?")[0]


def announce(app: Flask, house: House, clock: FixedClock) -> str:
    """Everything up to the announcement; answers the auction's id."""
    judge = signed_in(app, "judge1")
    today = clock.moment.astimezone(SHANGHAI).date().isoformat()
    lot = enter_lot(judge, today)
    judge.get(lot)
    judge.send("/files", file=[(a_picture(), "外观.png")])
    assert "外观.png" in judge.page.text
    fill_sheet(judge, lot, today)
    notify(judge, lot, beijing(clock.moment - timedelta(days=6)))
    round_ = draft(judge, lot, clock)
    assert "全部通过" in judge.page.text or "提醒" in judge.page.text
    for name in ("judge1", "judge2"):
        member = signed_in(app, name)
        member.get(round_)
        member.send("/votes", {"reason": "同意"}, button=("approve", "true"))
    judge.get(round_)
    judge.send("/announcement")
    assert "公告已发布" in judge.page.text
    return round_.rsplit("/", 1)[1]


def enrol(app: Flask, auction: str, name: str, number: int) -> str:
    """Make an account, register for the auction and let the deposit arrive; answers the username."""
    bidder = Reader(app.test_client())
    bidder.get(f"/register?next=/auctions/{auction}/register")
    bidder.send(
        "/register",
        {
            "username": f"bidder-{number}",
            "password": PASSWORD,
            "password_again": PASSWORD,
            "name": name,
            "id_number": a_resident_id(number),
            "phone": "13800000000",
            "email": "b@example.com",
        },
    )
    form = bidder.page.form("/register")
    vows = ["full_capacity", "not_barred", "accept_defects"]
    seal = bidder.page.html.split('name="seal" value="')[1].split('"')[0]
    assert "undertakings" in form.names()
    bidder.send("/register", {"seal": seal, "undertakings": vows})
    bidder.send("/deposit")
    bidder.send("/simulated-payment")
    assert "您可以在竞价期内以竞买代码出价" in bidder.page.text
    return f"bidder-{number}"


def bid(bidder: Reader, auction: str, amount: str | None = None, **ticks: str) -> str:
    """Bid through the form and its confirmation page; answers the text of the result page."""
    bidder.get(f"/auctions/{auction}/room")
    bidder.send("/bid", {"amount": amount} if amount else {}, button=("do", "confirm"))
    return bidder.send("/bid", ticks).text


def test_a_sale_from_the_case_to_the_confirmation_without_scripts(
    app: Flask, house: House, clock: FixedClock, staff: list[str]
) -> None:
    auction = announce(app, house, clock)
    anybody = Reader(app.test_client())
    anybody.get("/")
    assert TITLE in anybody.page.text and "即将开拍" in anybody.page.text
    anybody.follow(TITLE)
    assert "拍卖公告（全文）" in anybody.page.text and "悔拍的后果" in anybody.page.text
    assert "照片 1 张" in anybody.page.text
    picture = anybody.page.html.split('<img src="')[1].split('"')[0]
    assert anybody.client.get(picture).mimetype == "image/png"
    names = enrol(app, auction, "示例张三", 1), enrol(app, auction, "示例李四", 2)
    clock.advance(days=31, minutes=1)
    house.perform(open_due, auction)
    first, second = signed_in(app, names[0]), signed_in(app, names[1])
    assert "出价成功" in bid(first, auction)
    assert "价格已变化" not in bid(second, auction)
    assert "您目前领先" in second.page.text
    first.get(f"/auctions/{auction}/room")
    assert "已被超越" in first.page.text
    assert "最低可出 ¥2,164,000" in first.page.text
    assert "出价成功" in bid(second, auction, "2,204,000", raise_own="1")
    clock.advance(days=1)
    assert closed(house, auction, settled=True) == "sold"
    first, second = signed_in(app, names[0]), signed_in(app, names[1])
    second.get("/me")
    second.follow("付款与手续")
    second.send("/balance")
    second.send("/simulated-payment")
    assert "价款已付清" in second.page.text
    anybody.get(f"/auctions/{auction}/confirmation")
    assert "示例李四" in anybody.page.text and "示例张三" not in anybody.page.text
    judge = signed_in(app, "judge1")
    judge.get(f"/desk/auctions/{auction}")
    judge.send("/ruling", {"qualification": "not_required", "reason": "价款付清"})
    for code in ("ruling_served", "handed_over"):
        judge.send("/handover", {"code": code, "on": beijing(clock.moment)[:10], "detail": "钥匙已交"})
    assert "交付完毕" in judge.page.text
    first.get("/me")
    assert "退还" in first.page.text


def test_the_room_form_steps_and_says_what_is_wrong_without_scripts(
    app: Flask, house: House, clock: FixedClock, staff: list[str]
) -> None:
    auction = announce(app, house, clock)
    name = enrol(app, auction, "示例张三", 3)
    clock.advance(days=31, minutes=1)
    house.perform(open_due, auction)
    bidder = signed_in(app, name)
    bidder.get(f"/auctions/{auction}/room")
    bidder.send("/bid", button=("do", "plus"))
    assert ("amount", "2,154,000") in bidder.page.form("/bid").fields
    bidder.send("/bid", button=("do", "plus5"))
    assert ("amount", "2,194,000") in bidder.page.form("/bid").fields
    bidder.send("/bid", {"amount": "2,144,001"}, button=("do", "confirm"))
    assert "增价幅度的整数倍" in bidder.page.text
    bidder.send("/bid", {"amount": "1"}, button=("do", "confirm"))
    assert "低于起拍价" in bidder.page.text
    bidder.send("/bid", {"amount": "abc"}, button=("do", "confirm"))
    assert "金额无法识别" in bidder.page.text
    bidder.send("/bid", {"amount": "4,144,000"}, button=("do", "confirm"))
    assert "这个价格异常地高" in bidder.page.text
    assert {"confirm_implausible"} <= bidder.page.form("/bid").names()
