"""Total cost at the doors: the interface's answer, hostile prices, and the table of a lot's page without scripts."""

from flask import Flask

from auction.kernel.unit import House
from tests.web.caller import Caller, fields_of
from tests.web.reader import Reader
from tests.web.sale import RESERVE, a_sale
from tests.web.test_pages import signed_in


def test_the_interface_reckons_at_the_least_bid_and_at_any_other(anybody: Caller, house: House, app: Flask) -> None:
    sale = house.perform(a_sale)
    path = f"/lots/{sale.lot_id}/total-cost"
    told = anybody.get(path).get_json()
    assert told["price_fen"] == RESERVE
    assert told["lines"][0] | {"basis": ""} == {
        "code": "price", "title": "成交价", "low_fen": RESERVE, "likely_fen": RESERVE, "high_fen": RESERVE,
        "payer": "buyer", "counted": True, "basis": "", "depends": None, "item": None, "as_of": None, "unknown": False,
    }  # fmt: skip
    unknown = {line["code"] for line in told["lines"] if line["unknown"]}
    assert {"property_fee", "utilities", "repair"} <= unknown
    assert told["incomplete"] is True
    english = anybody.get(path, query_string={"price_fen": "1"}, headers={"Accept-Language": "en"}).get_json()
    assert (english["price_fen"], english["lines"][0]["title"]) == (1, "Price")

    page = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}")
    assert "您实际要付多少" in page.text
    assert "未查明" in page.text
    assert ("price", "1,000,000") in next(form for form in page.forms if ("price", "1,000,000") in form.fields).fields
    other = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}?price=2,000,000")
    assert "2,000,000" in other.text
    wrong = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}?price=%00x1e9")
    assert "金额无法识别" in wrong.text
    assert "1,000,000" in wrong.text
    assert signed_in(app, house, sale.judge).get(f"/auctions/{sale.auction_id}?price=0").status == 200


#: What no price is: also what Python alone would read as a number.
HOSTILE = ("", "0", "-1", "+5", " 5", "1e5", "1_000", "1.0", "٣", "１", str(10**15 + 1), "9" * 5000, "a\0b", "None")


def test_what_is_no_price_or_no_announced_lot_is_refused(anybody: Caller, house: House) -> None:
    path = f"/lots/{house.perform(a_sale).lot_id}/total-cost"
    for price in HOSTILE:
        answer = anybody.get(path, query_string={"price_fen": price})
        assert (answer.status_code, fields_of(answer)) == (422, {"price_fen": "amount_invalid"}), price
    assert fields_of(anybody.get(path, query_string={"price_fen": "5", "more": "1"})) == {"more": "unknown_field"}
    assert anybody.get("/lots/nosuch/total-cost").status_code == 404
