"""Finding on the pages, without scripts: the form of the home page, the calendar, the list beside the sketch."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.unit import House, Unit
from auction.models import Account, Lot
from tests.factories import a_court, a_lot, an_account, an_auction
from tests.web.reader import Reader
from tests.web.sale import a_sale
from tests.web.test_pages import signed_in


@pytest.fixture
def reader(app: Flask, house: House) -> Reader:
    """Somebody not signed in, before three lots: one open, one announced in Beijing, one not announced."""

    def enter(unit: Unit) -> None:
        here = {"latitude": 32.06, "longitude": 118.79}
        a_sale(unit, bidders=0, lot=a_lot(unit, attributes=here))
        a_court(unit, "1101", "北京市第一中级人民法院")
        car = a_lot(unit, title="红旗牌轿车", asset_type="vehicle", court_code="1101", attributes={"latitude": "north"})
        opens = unit.now + timedelta(days=3)
        an_auction(unit, lot=car, status="announced", opens_at=opens, reserve_price_fen=5_000_000)
        an_auction(unit, lot=a_lot(unit, title="未公告的别墅", attributes=here), status="approved", opens_at=opens)

    house.perform(enter)
    return Reader(app.test_client())


FLAT, CAR, HIDDEN = "珠江路88号", "红旗牌轿车", "未公告的别墅"


def shown(reader: Reader, address: str) -> set[str]:
    text = reader.get(address).text
    return {title for title in (FLAT, CAR, HIDDEN) if title in text}


def test_the_form_finds_by_each_of_its_fields_and_says_what_was_chosen(reader: Reader) -> None:
    for query, found in (
        ("q=红旗", {CAR}),
        ("q=珠江路房产", {FLAT}),
        ("q=红旗月球", set()),
        ("court=1101", {CAR}),
        ("region=3201&asset_type=real_estate", {FLAT}),
        ("region=0102", set()),
        ("max=60000", {CAR}),
        ("min=60000.01", {FLAT}),
        ("flags=vacant", {FLAT}),
        ("flags=vacant&flags=leased", {FLAT}),
        ("flags=leased&flags=occupied", set()),
        ("flags=vacant&flags=share&flags=leased", set()),
        ("near=32.06,118.79&within_km=2", {FLAT}),
        ("sort=opens_at", {CAR}),
        ("sort=closes_at", {FLAT}),
        ("round=second", set()),
        ("", {FLAT, CAR}),
    ):
        assert shown(reader, f"/?{query}") == found, query
    page = reader.get("/?q=红旗&asset_type=vehicle&flags=restricted_buyers")
    assert "没有符合条件的标的" in page.text and "去掉上面的一个条件" in page.text
    assert CAR in reader.follow("买受人资格受限 ×去掉这个条件").text
    assert "请填金额" in reader.get("/?min=cheap").text and "位置应写作" in reader.get("/?near=here").text
    assert "车辆（1）" in reader.get("/?court=1101").text
    for address in ("/?flags=haunted&sort=x&round=y&within_km=9999", "/?near=1,1&within_km=x", "/?region=%25&max=-1"):
        reader.get(address)


def test_a_judge_enters_where_a_lot_lies(app: Flask, house: House) -> None:
    def enter(unit: Unit) -> tuple[Account, str]:
        return an_account(unit, "judge"), a_lot(unit).case.number

    judge, number = house.perform(enter)
    desk = signed_in(app, house, judge)
    desk.get("/desk/lots/new")
    typed = {
        "case_number": number,
        "title": "江边仓库",
        "asset_type": "real_estate",
        "region": "320102",
        "address": "江边",
    }
    place = {"attributes.latitude": "91", "attributes.longitude": "118.79"}
    refused = desk.send("/desk/lots/new", typed | place, status=422)
    assert "不超过 ±90" in refused.text
    desk.send("/desk/lots/new", {"attributes.latitude": "32.06"})
    kept = house.read(lambda session: session.scalar(select(Lot).where(Lot.title == "江边仓库")))
    assert kept is not None and kept.attributes == {"latitude": 32.06, "longitude": 118.79}


def test_the_calendar_counts_and_lists_what_opens_and_ends_on_a_day(reader: Reader) -> None:
    page = reader.get("/calendar")
    assert "2026 年 3 月" in page.text and "开 1" in page.text and "止 1" in page.text
    assert shown(reader, "/calendar?day=2026-03-05") == {CAR}
    assert shown(reader, "/calendar?day=2026-03-03") == {FLAT}
    assert shown(reader, "/calendar?day=2026-03-05&court=3201") == set()
    assert "2026 年 4 月" in reader.follow("下月 ›").text
    for query in ("day=2026-02-30", "month=9999-99", "month=2200-12", "month=2000-01", "day=%00", "court=nosuch"):
        reader.get(f"/calendar?{query}")


def test_the_sketch_has_a_list_of_the_announced_lots_whose_place_is_known(reader: Reader) -> None:
    assert shown(reader, "/map") == {FLAT}
    assert shown(reader, "/map?near=32.0,118.8&within_km=5") == set()
    for query, found in (
        ("court=1101", set()),
        ("court=3201&round=first&min=60000.01", {FLAT}),
        ("max=60000", set()),
        ("flags=vacant", {FLAT}),
        ("box=32,118,33,119", {FLAT}),
        ("box=33,118,34,119", set()),
    ):
        assert shown(reader, f"/map?{query}") == found, query
    within = reader.get("/map?box=32,118,33,119")
    assert "图中范围" in within.text and 'name="box" id="box" value="32,118,33,119"' in within.html
    for wrong in ("1,2,3", "33,118,32,119", "a,b,c,d", "nan,0,1,1", "-91,0,1,1"):
        assert "范围应写作“南,西,北,东”" in reader.get(f"/map?box={wrong}").text, wrong
    page = reader.get("/map?q=珠江路")
    assert "这不是地图" in page.text and "[32.06, 118.79]" in page.html.replace("32.06,118.79", "32.06, 118.79")
    assert "http://" not in page.html.replace("http://www.w3.org", "") and HIDDEN not in page.html


def test_the_page_of_a_lot_says_where_it_lies_and_what_is_on_sale_around_it(reader: Reader) -> None:
    page = reader.get(f"/auctions/{reader.get('/map').html.split('/auctions/')[1][:26]}")
    assert "纬度 32.06，经度 118.79" in page.text and "附近在拍标的" not in page.text
    assert 'href="/map?near=32.06,118.79&amp;within_km=20"' in page.html.replace("%2C", ",")
    assert '"own": [32.06, 118.79]' in page.html.replace("[32.06,118.79]", "[32.06, 118.79]").replace(
        '"own":[', '"own": ['
    )


def test_the_page_of_a_lot_without_a_place_says_so_and_brings_no_sketch(reader: Reader) -> None:
    home = reader.get("/?asset_type=vehicle").html
    page = reader.get(f"/auctions/{home.split('/auctions/')[1][:26]}")
    assert "法院没有录入坐标" in page.text and "sketch" not in page.html
