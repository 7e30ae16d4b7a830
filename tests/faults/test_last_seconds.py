"""The serving process ends shortly before a sale does: sold only where nothing can have been lost (PRECISIONS 7).

Whoever is killed in the last 30 seconds may have held a bid: the sale is suspended as a fault, for the judge. Whoever
is stopped hands the lease back with nothing held, and the sale ends as it should.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.clock import iso
from auction.models import Intake
from tests.conftest import settings_for
from tests.faults.setting import announced_lots, opened, registered, some_bidders
from tests.flows.evidence import audit
from tests.flows.server import Place, Server, serving, wait_until
from web.wiring import open_house

pytestmark = [pytest.mark.faults, pytest.mark.slow]


class NearTheEnd:
    """One sale with one bid in it, and its clock moved to a moment before the end."""

    def __init__(self, server: Server, before: timedelta) -> None:
        self.server = server
        people = some_bidders(server, 2)
        self.court = announced_lots(server, 1)[0]
        self.codes = registered(server, self.court, people)
        closes_at = opened(server, self.court)
        self.bidder, self.other = people
        self.price = self.court.facts.reserve_fen
        bid = self.bidder.bid(server, self.court.auction_id, self.price, "the only one")
        assert bid.json()["outcome"] == "accepted"
        self.told = bid.text
        server.advance_to(closes_at, before=before)
        self.moment = closes_at - before - timedelta(seconds=1)

    def desk_has_beaten(self) -> None:
        """Wait until the desk has said that it lives, since the clock was moved."""
        place = self.server.place
        house = open_house(settings_for(place.environ["FAPAI_DATABASE_URL"], place.folder))
        beat = select(Intake.beat_at).where(Intake.lost.is_(False)).order_by(Intake.beat_at.desc()).limit(1)
        wait_until(lambda: house.read(lambda session: session.scalar(beat)) >= self.moment, "the desk's beat")
        house.engine.dispose()
        house.reader.dispose()

    def closed(self) -> dict[str, Any]:
        """The auction once it has been decided, whoever did it."""
        self.server.advance(timedelta(hours=2))
        wait_until(lambda: self.court.auction["status"] != "open", "the closing")
        return self.court.auction

    def check(self) -> None:
        """The bid stands, as it was told; nothing answered 5xx; the journal verifies."""
        path = f"/auctions/{self.court.auction_id}/bids/by-key/the%20only%20one"
        assert self.server.ask(self.bidder.username, "GET", path).text == self.told
        assert [bid["amount_fen"] for bid in self.court.bids()] == [self.price]
        versions = [event["version"] for event in self.court.events()]
        assert versions == list(range(1, len(versions) + 1))
        assert self.server.faults == []
        audit(self.server.place)


def test_a_server_killed_in_the_last_seconds_leaves_the_sale_to_the_judge(place: Place) -> None:
    with serving(place) as server:
        sale = NearTheEnd(server, timedelta(seconds=20))
        sale.desk_has_beaten()
        server.process.kill()
        server.start()
        closed = sale.closed()
        assert closed["status"] == "suspended"
        assert (closed["suspension"]["kind"], closed["suspension"]["cause"]) == ("fault", "intake_lost")
        assert (closed["price_fen"], closed["leader_code"]) == (sale.price, sale.codes["bidder-0"])
        assert server.ask(None, "GET", f"/auctions/{sale.court.auction_id}/confirmation").status_code == 404
        registration = server.get("/me/registrations", "bidder-1")["items"][0]
        assert (registration["status"], registration["payment"]["status"]) == ("qualified", "paid")
        late = sale.other.bid(server, sale.court.auction_id, sale.price + sale.court.facts.increment_fen, "late")
        assert late.json()["code"] == "suspended"
        sale.check()
        _the_judge_lets_it_go_on(sale)
        server.process.stop()


def _the_judge_lets_it_go_on(sale: NearTheEnd) -> None:
    """A fault is no end: bidding resumes, and ends as it should."""
    server, path = sale.server, f"/auctions/{sale.court.auction_id}"
    closes_at = server.now() + timedelta(days=2)
    answer = server.post("judge1", f"{path}/resumption", {"closes_at": closes_at.isoformat(), "reason": "已修复"}, 200)
    assert answer["status"] == "open"
    price = sale.price + sale.court.facts.increment_fen
    assert sale.other.bid(server, sale.court.auction_id, price, "again").json()["outcome"] == "accepted"
    server.advance(timedelta(days=3))
    auction = sale.court.auction
    assert (auction["status"], auction["price_fen"]) == ("sold", price)
    audit(server.place)


def test_a_server_stopped_in_the_last_seconds_hands_its_lease_back_and_the_sale_is_sold(place: Place) -> None:
    with serving(place) as server:
        sale = NearTheEnd(server, timedelta(seconds=20))
        sale.desk_has_beaten()
        server.process.stop()
        server.start()
        closed = sale.closed()
        assert (closed["status"], closed["price_fen"]) == ("sold", sale.price)
        assert closed["leader_code"] == sale.codes["bidder-0"]
        assert server.get(f"/auctions/{sale.court.auction_id}/confirmation")["price_fen"] == sale.price
        sale.check()
        server.process.stop()


def test_a_server_killed_long_before_the_end_spoils_nothing(place: Place) -> None:
    with serving(place) as server:
        sale = NearTheEnd(server, timedelta(hours=1))
        sale.desk_has_beaten()
        server.process.kill()
        server.start()
        closed = sale.closed()
        assert (closed["status"], closed["price_fen"]) == ("sold", sale.price)
        sale.check()
        server.process.stop()


def test_an_outage_of_more_than_ten_seconds_near_the_end_leaves_ten_minutes_after_it(place: Place) -> None:
    """PRECISIONS 21, by machine time: the sandbox's clock is moved often in this story, and that is no outage."""
    with serving(place) as server:
        sale = NearTheEnd(server, timedelta(minutes=5))
        sale.desk_has_beaten()
        assert server.get("/incidents")["items"] == []
        server.process.kill()
        server.pause(14)  # three seconds of lease, and then more than ten
        server.start()
        wait_until(lambda: all(one["applied"] for one in server.get("/incidents")["items"]), "the outage's effect")
        (outage,) = server.get("/incidents")["items"]
        assert outage["seconds"] >= 10
        end = datetime.fromisoformat(outage["ended_at"]) + timedelta(minutes=10)
        told = [(one["auction_id"], one["effect"], one["closes_at"]) for one in outage["sales"]]
        assert told == [(sale.court.auction_id, "extension", iso(end))]
        auction = sale.court.auction
        assert (auction["status"], auction["closes_at"], auction["extensions"]) == ("open", iso(end), 0)
        moved = [event for event in sale.court.events() if event["type"] == "extension"]
        assert [(event["cause"], event["closes_at"]) for event in moved] == [("outage", iso(end))]
        assert "截止时间顺延" in server.page("/incidents")
        closed = sale.closed()
        assert (closed["status"], closed["closes_at"]) == ("sold", iso(end))
        sale.check()
        server.process.stop()
