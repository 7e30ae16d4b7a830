"""The public terminal: large type until it is left, nothing remembered of who signs in, a receipt on paper."""

import json
import re

from flask import Flask

from auction.kernel.unit import House
from tests.web.caller import SignIn
from tests.web.reader import Reader
from tests.web.sale import RESERVE, a_sale
from tests.web.test_pages import signed_in


def test_a_terminal_stays_one_until_it_is_left_and_remembers_nobody(app: Flask) -> None:
    reader = Reader(app.test_client())
    assert "data-terminal" not in reader.get("/").html
    first = reader.get("/?terminal=1")
    for page in (first, reader.get("/login")):
        assert 'data-size="large" data-terminal="1"' in page.html
        assert "代码和密码只由您本人输入" in page.html
    assert 'autocomplete="current-password"' not in reader.page.html
    assert reader.get("/login?terminal=0").html.count("data-terminal") == 0
    assert "data-terminal" not in reader.get("/").html
    assert 'autocomplete="current-password"' in reader.get("/login").html
    for strange in ("2", "yes", "%00", "1" * 5000):
        assert "data-terminal" not in Reader(app.test_client()).get(f"/?terminal={strange}").html


def test_a_receipt_is_printed_with_all_it_takes_to_verify_it(app: Flask, house: House, sign_in: SignIn) -> None:
    sale = house.perform(a_sale)
    path = f"/auctions/{sale.auction_id}"
    reader = signed_in(app, house, sale.bidders[0])
    assert reader.get(f"{path}/room/receipt/paper", 404).status == 404
    caller = sign_in(sale.bidders[0])
    told = caller.post(f"{path}/bids", {"amount_fen": RESERVE, "key": "first"}).get_json()
    page = reader.get(f"{path}/room/receipt/paper")
    assert told["receipt"]["signature"] in page.html
    assert "<dt>所据情况表</dt><dd>第 1 版</dd>" in page.html
    entry = re.search(r"<pre[^>]*>(.*?)</pre>", page.html, re.S)
    assert entry
    assert json.loads(entry[1].replace("&#34;", '"')) == told["receipt"]["entry"]
    assert reader.get(f"{path}/room").link("打印凭证") == f"{path}/room/receipt/paper"
    assert "出价后不可撤销。按此价买下，连同税费等预计共付 ¥" in reader.page.text
    assert "按此价买下，连同税费等预计共付 ¥" in reader.get(f"{path}/bid?amount=2000000&do=confirm").text
    other = signed_in(app, house, sale.bidders[1])
    assert other.get(f"{path}/room/receipt/paper", 404).status == 404
    assert Reader(app.test_client()).get(f"{path}/room/receipt/paper").address.startswith("/login")
