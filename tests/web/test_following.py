"""Following and saving searches through the doors; counting views."""

from datetime import date

from flask import Flask

from auction.kernel.unit import House
from tests.web.caller import SignIn, code_of
from tests.web.reader import Reader
from tests.web.sale import a_sale
from tests.web.test_pages import signed_in
from web.scheduler import start_counting
from web.views import Views


def test_a_lot_is_followed_and_a_search_saved_over_http(house: House, sign_in: SignIn) -> None:
    sale = house.perform(a_sale)
    caller = sign_in(sale.bidders[0])
    for _ in range(2):
        assert caller.post(f"/lots/{sale.lot_id}/follow").status_code == 201
    assert caller.post("/courts/3201/follow").get_json() == {"following": True}
    assert sign_in(None).get(f"/lots/{sale.lot_id}").get_json()["counters"]["followers"] == 1
    follows = caller.get("/me/follows").get_json()
    assert ([one["lot_id"] for one in follows["lots"]], follows["courts"][0]["code"]) == ([sale.lot_id], "3201")
    place = {"latitude": 32.06, "longitude": 118.79}
    query = {"q": "珠江路", "flags": ["vacant", "leased"], "min_fen": 1, "near": place, "within_km": 3}
    saved = caller.post("/me/searches", {"name": "珠江路", "query": query})
    assert (saved.status_code, saved.get_json()["query"]) == (201, query)
    assert code_of(caller.post("/me/searches", {"name": "x", "query": {"flags": ["haunted"]}})) == "invalid"
    path = f"/me/searches/{saved.get_json()['id']}"
    assert sign_in(sale.bidders[1]).call("DELETE", path).status_code == 404
    assert caller.call("DELETE", path).status_code == 204
    assert caller.get("/me/searches").get_json()["total"] == 0
    assert caller.call("DELETE", f"/lots/{sale.lot_id}/follow").status_code == 204
    assert caller.get("/me/follows").get_json()["lots"] == []


def test_following_and_saving_without_scripts(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    reader = signed_in(app, house, sale.bidders[0])
    assert "关注标的" in reader.get(f"/auctions/{sale.auction_id}").text
    assert "取消关注标的" in reader.send(f"/lots/{sale.lot_id}/follow").text
    reader.send("/courts/3201/follow")
    reader.get("/?q=珠江路&min=100&flags=vacant&status=open")
    for _ in range(2):
        shown = reader.send("/me/searches")
        reader.get("/?q=珠江路&min=100&flags=vacant&status=open")
    assert "保存的搜索 1 “珠江路”·竞价中·100 元以上·空置" in shown.text
    assert "我的楼" in reader.send("/me/searches", {"name": "我的楼"}).text
    mine = reader.get("/me/follows")
    assert "珠江路88号" in mine.text and "南京市中级人民法院" in mine.text
    reader.follow("我的楼")
    assert "珠江路88号" in reader.page.text
    assert Reader(app.test_client()).get("/me/follows").address.startswith("/login")


def test_every_process_writes_its_own_counts_of_views_and_of_offers_turned_away(app: Flask, house: House) -> None:
    sale = house.perform(a_sale)
    for browser in ("Mozilla/5.0", "Mozilla/5.0", "Firefox", "Googlebot/2.1", ""):
        app.test_client().get(f"/auctions/{sale.auction_id}", headers={"User-Agent": browser})
    views, turned_away = app.extensions["views"], app.extensions["door"].turned_away
    turned_away.add(sale.auction_id, "closed")
    counting = start_counting(house, turned_away, views, app.extensions["uses"])
    for job in counting.get_jobs():
        job.func(*job.args)
    counting.shutdown()
    assert (views.take(), turned_away.take()) == ({}, {})
    page = Reader(app.test_client()).get("/")
    assert "2 人围观" in page.text


def test_a_visitor_is_forgotten_with_the_day() -> None:
    views = Views()
    for day in (1, 1, 2):
        views.saw("lot", address="192.0.2.1", browser="Mozilla", today=date(2026, 3, day))
    assert views.take() == {"lot": 2}
    assert views.take() == {}
