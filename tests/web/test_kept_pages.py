"""Kept pages: one rendering for all who are nobody in particular, and nobody else's page ever."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction, Lot
from tests.factories import an_auction
from tests.web.sale import Sale, a_sale
from tests.web.test_pages import signed_in
from web.pages.kept import FRESH, OLDEST, KeptPages


@dataclass
class Door:
    """The application with kept pages, a sale, and the seconds that passed."""

    app: Flask
    house: House
    pages: KeptPages
    sale: Sale
    passed: float = 100.0

    def get(self, path: str = "", **headers: str) -> Any:
        return self.app.test_client(use_cookies=False).get(path or f"/auctions/{self.sale.auction_id}", headers=headers)

    def text(self, path: str = "", **headers: str) -> str:
        return str(self.get(path, **headers).text)

    def retitle(self, title: str) -> None:
        """Change what the page shows without a word in the journal."""
        self.house.perform(_retitle, self.sale.lot_id, title)

    def note(self) -> None:
        """Journal something of the sale."""
        self.house.perform(_note, self.sale.auction_id)


def _retitle(unit: Unit, lot_id: str, title: str) -> None:
    unit.session.get_one(Lot, lot_id).title = title


def _note(unit: Unit, auction_id: str) -> None:
    unit.record("Noted", stream=f"auction:{auction_id}", body={})


@pytest.fixture
def door(app: Flask, house: House) -> Iterator[Door]:
    found = Door(app, house, KeptPages(lambda: found.passed), house.perform(a_sale))
    app.extensions["kept_pages"] = found.pages
    yield found
    app.extensions["kept_pages"] = None


def test_it_is_rendered_anew_when_something_was_journaled_and_in_any_case_after_a_while(door: Door) -> None:
    door.retitle("甲")
    assert "甲" in door.text()
    door.retitle("乙")
    door.passed += FRESH + 0.1
    assert "甲" in door.text()
    door.note()
    assert "甲" in door.text()  # it has been looked at just now
    door.passed += FRESH + 0.1
    assert "乙" in door.text()
    door.retitle("丙")
    door.passed += OLDEST + 0.1
    assert "丙" in door.text()
    door.retitle("丁")
    door.note()
    door.app.test_client().post("/login")  # an act at this door: nothing is taken for fresh
    assert "丁" in door.text()


def test_nobody_gets_another_ones_page(door: Door, app: Flask, house: House) -> None:
    reader = signed_in(app, house, door.sale.bidders[0])
    own = reader.get(f"/auctions/{door.sale.auction_id}")
    assert own.status == 200 and not door.pages._pages
    public = door.text()
    assert "csrf_token" not in public and "/logout" not in public and len(door.pages._pages) == 1
    door.retitle("甲")
    assert "甲" not in door.text() and "甲" in reader.get(f"/auctions/{door.sale.auction_id}").text
    for asked in ("price=2000000", "terminal=1"):
        assert "甲" in door.text(f"/auctions/{door.sale.auction_id}?{asked}")
    assert "甲" in door.text(Cookie="terminal=1") and "甲" in door.text(Cookie="session=x")
    assert len(door.pages._pages) == 1


def test_language_and_appearance_have_pages_of_their_own_and_other_cookies_have_none(door: Door) -> None:
    assert '<html lang="en"' in door.text(Cookie="lang=en") and '<html lang="zh-CN"' in door.text()
    assert 'data-theme="dark"' in door.text(Cookie="theme=dark")
    assert "data-theme" not in door.text(Cookie="theme=%22x%22; other=1")
    assert len(door.pages._pages) == 3


def test_a_kept_page_says_the_time_of_the_answer_and_counts_the_look(door: Door, clock: FixedClock) -> None:
    browser = {"User-Agent": "Mozilla/5.0"}
    times = []
    for number in range(2):
        found = re.search(r'data-server-time="([^"]+)"', door.text(**browser, X=str(number)))
        assert found is not None
        times.append(found[1])
        clock.moment += timedelta(seconds=3)
    assert times[0] < times[1]
    app = door.app
    assert app.extensions["views"].take() == {door.sale.lot_id: 1}
    app.test_client().get(f"/lots/{door.sale.lot_id}", headers=browser, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    door.passed += 0.1
    app.test_client().get(f"/lots/{door.sale.lot_id}", headers=browser, environ_overrides={"REMOTE_ADDR": "192.0.2.8"})
    assert app.extensions["views"].take() == {door.sale.lot_id: 2}


def test_only_a_page_without_a_countdown_may_be_taken_from_the_browser(door: Door, house: House) -> None:
    running = door.get()
    assert "ETag" not in running.headers and running.headers["Cache-Control"] == "no-cache"
    assert "Cookie" in running.headers["Vary"]
    ended = house.perform(lambda unit: an_auction(unit, status="unsold", closed_at=unit.now).id)
    first = door.get(f"/auctions/{ended}")
    again = door.get(f"/auctions/{ended}", **{"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    door.house.perform(_note, ended)
    door.passed += FRESH + 0.1
    assert door.get(f"/auctions/{ended}", **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_what_is_not_there_is_not_kept(door: Door, house: House) -> None:
    draft = house.perform(lambda unit: an_auction(unit, status="draft").id)
    assert {door.get(f"/auctions/{draft}").status_code, door.get("/lots/none").status_code} == {404}
    assert not door.pages._pages and not door.pages._turns
    assert house.read(lambda session: session.get(Auction, draft)) is not None
