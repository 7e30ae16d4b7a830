"""Practice: for everybody, on the real room's page, plainly marked, and without a trace."""

import re

from flask import Flask
from sqlalchemy import func, select

from auction.kernel.journal import JournalRow
from auction.kernel.unit import House
from auction.models import Auction
from tests.web.reader import Reader
from web.errors import table


def test_anybody_may_practise_and_nothing_is_kept(app: Flask, house: House) -> None:
    def kept() -> list[int | None]:
        return house.read(
            lambda s: [s.scalar(select(func.count()).select_from(each)) for each in (Auction, JournalRow)]
        )

    before = kept()
    for tongue, said in (("zh", "练习，不是真的拍卖"), ("en", "this is no real auction")):
        page = Reader(app.test_client(), tongue).get("/practice")
        assert said in page.text
        assert page.html.index("js/practice.js") < page.html.index("js/room.js")
        assert "socket.io" not in page.html
        assert 'data-can-bid="1"' in page.html
        # Nothing on the page leads to a sale that is not there.
        assert not re.search(r'(href|action)="[^"]*/(auctions|registrations)/', page.html)
        told = set(re.findall(r'<b class="mono">([a-z_]+)</b>', page.html))
        assert told <= set(table())
        assert {"barred_interest", "stale_disclosure", "below_minimum", "implausible_amount"} <= told
    assert kept() == before
    assert Reader(app.test_client()).get("/").link("练习竞价") == "/practice"
