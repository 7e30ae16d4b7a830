"""The course of a room on its page: every accepted bid, the extension it caused, in a table that needs no script."""

import json
import re
from datetime import timedelta

from flask import Flask

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from bidding.queries.course import course
from tests.web.caller import SignIn
from tests.web.reader import Reader
from tests.web.sale import RESERVE, STEP, a_sale


def test_the_room_tells_its_course_with_each_extension_at_its_bid(
    app: Flask, house: House, sign_in: SignIn, clock: FixedClock
) -> None:
    now = house.now()
    sale = house.perform(a_sale, opens_at=now - timedelta(hours=1), closes_at=now + timedelta(minutes=20))
    callers = [sign_in(account) for account in sale.bidders]
    path = f"/auctions/{sale.auction_id}/bids"
    empty = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}/room")
    assert "还没有出价" in empty.text
    assert callers[0].post(path, {"amount_fen": RESERVE, "key": "first"}).status_code == 201
    clock.advance(minutes=17)
    assert callers[1].post(path, {"amount_fen": RESERVE + STEP, "key": "second"}).status_code == 201

    found = house.read(course, sale.auction_id)
    assert [bid.amount_fen for bid in found.bids] == [RESERVE, RESERVE + STEP]
    (moved,) = found.extensions
    assert (moved.number, moved.at) == (1, found.bids[1].received_at)
    assert moved.closes_at == moved.at + timedelta(minutes=5)

    page = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}/room")
    rows = re.findall(r"<tr[^>]*><td>.*?</tr>", page.html.split('id="course-rows"')[1], re.S)[:2]
    assert "第 1 次延时" in rows[0]
    assert "1,005,000" in rows[0]
    assert "延时" not in rows[1]
    for path in ("/room", "/bids", ""):  # beside each bid of the log, newest first
        log = Reader(app.test_client()).get(f"/auctions/{sale.auction_id}{path}").html
        rows = re.findall(r'<tr class="ext">.*?第 1 次延时·延至.*?</tr>\s*<tr[^>]*>(.*?)</tr>', log, re.S)
        assert len(rows) == 1 and "1,005,000" in rows[0], path
    chart = re.search(r'id="course-data">(.*?)</script>', page.html, re.S)
    assert chart
    assert [bid[1] for bid in json.loads(chart[1])["bids"]] == [RESERVE, RESERVE + STEP]
    english = Reader(app.test_client(), "en").get(f"/auctions/{sale.auction_id}/room")
    assert "extension 1" in english.text
