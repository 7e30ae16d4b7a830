"""What was sold, for everybody: numbers beside each lot, by kind, court, region and month."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from auction.kernel.unit import House, Unit
from bidding.models import Registration
from tests.factories import a_court, a_lot
from tests.web.reader import Reader
from tests.web.sale import RESERVE, a_sale

FLAT, CAR, RUNNING = "望江路住宅", "红旗牌轿车", "未结束的商铺"


@pytest.fixture
def reader(app: Flask, house: House) -> Reader:
    """Before a flat sold in March after two extensions, a car sold in Beijing in April, and a shop on sale."""

    def enter(unit: Unit) -> None:
        sold = {"status": "sold", "price_fen": RESERVE * 5 // 4, "bid_count": 9, "extensions": 2, "bidders": 2}
        ends = datetime.fromisoformat("2026-03-31T23:59:59+08:00")
        flat = a_sale(unit, lot=a_lot(unit, title=FLAT), closes_at=ends, closed_at=ends, **sold)
        unit.session.flush()
        bids_by(unit, flat.registrations[:1])
        a_court(unit, "1101", "北京市第一中级人民法院")
        car = a_lot(unit, title=CAR, asset_type="vehicle", court_code="1101", region="110101")
        ends += timedelta(seconds=1)
        a_sale(
            unit, lot=car, closes_at=ends, closed_at=ends, **(sold | {"price_fen": RESERVE, "settlement": "reneged"})
        )
        a_sale(unit, lot=a_lot(unit, title=RUNNING), bidders=0)

    house.perform(enter)
    return Reader(app.test_client())


def bids_by(unit: Unit, registrations: list[str]) -> None:
    for number in registrations:
        unit.session.get_one(Registration, number).has_bid = True


def test_sold_lots_are_told_with_their_numbers_and_found_by_what_they_are(reader: Reader) -> None:
    page = reader.get("/results")
    assert page.html.index(CAR) < page.html.index(FLAT) and RUNNING not in page.html and "悔拍" in page.text
    row = page.html[page.html.index(FLAT) :]
    for told in ("1,250,000", "+25%", '竞买人数">1<', '出价次数">9<', '延时次数">2<', "/confirmation", "/result"):
        assert told in row, told
    assert "+0%" in page.html
    for query, found in (
        ("month=2026-03", {FLAT}),
        ("month=2026-04", {CAR}),
        ("month=2026-12", set()),
        ("asset_type=vehicle", {CAR}),
        ("court=1101", {CAR}),
        ("region=3201", {FLAT}),
        ("region=1101&month=2026-03", set()),
        ("asset_type=nosuch", {FLAT, CAR}),
        ("page=9", set()),
    ):
        text = reader.get(f"/results?{query}").text
        assert {title for title in (FLAT, CAR) if title in text} == found, query
    for wrong in ("2026-13", "2026", "x", "%00"):
        assert ("月份应写作" in reader.get(f"/results?month={wrong}").text) == (wrong != "%00"), wrong
    assert reader.get("/").link("成交结果") == "/results"
