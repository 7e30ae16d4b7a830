"""Two serving processes are stopped, one once the other is back, while bidders bid: nobody notices.

F19 of the reliability bar, and the stop that goes before it. A process that stops answers what it took and sends its
clients to the other; every bid is acknowledged, none is lost, doubled or left unknown.
"""

import os
import threading
import time

import pytest
from socketio.exceptions import ConnectionError as Refused

from tests.faults.crowd import Crowd
from tests.faults.setting import HOT, announced_lots, opened, registered, some_bidders
from tests.flows.evidence import audit
from tests.flows.server import Place, Server, serving, wait_until
from tests.flows.sockets import Seat

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis]

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
BIDDERS = 4
SEED = 20260303
_REST = 0.05


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """Several processes need PostgreSQL."""
    return postgresql_url


class Moving:
    """A crowd at two processes. Whoever is asked to, or is cut off, goes to the other one."""

    def __init__(self, crowd: Crowd, servers: list[Server], increment: int) -> None:
        self.crowd, self.servers = crowd, servers
        self.over = threading.Event()
        self.cut_off = self.moved = 0
        for number, seat in enumerate(crowd.seats):
            seat.address = servers[number % 2].address
            seat.resume()
        self._threads = [threading.Thread(target=self._watch, args=(crowd.seats[0],), daemon=True)]
        for one in crowd.fast:
            self._threads.append(threading.Thread(target=self._bid, args=(one, increment), daemon=True))
        for thread in self._threads:
            thread.start()

    def _watch(self, seat: Seat) -> None:
        while not self.over.wait(0.02):
            if seat.moving.is_set():
                self._move(seat)

    def _bid(self, one, increment: int) -> None:  # type: ignore[no-untyped-def]
        try:
            while not self.over.wait(_REST):  # as many bids as there is time to ask for again by their keys
                if not one.once(increment):
                    self.cut_off += 1
                    self._move(one.seat)
                elif one.seat.moving.is_set():
                    self._move(one.seat)
        except BaseException as failure:
            one.failure = failure

    def _move(self, seat: Seat) -> None:
        seat.leave()
        self.moved += 1
        while True:
            seat.address = next(server.address for server in self.servers if server.address != seat.address)
            seat.moving.clear()
            try:
                seat.resume()
            except (Refused, ConnectionError):
                time.sleep(0.02)
            else:
                return

    def go_on(self) -> None:
        """Several bids are accepted."""
        enough = self.crowd.accepted() + 2 * BIDDERS
        wait_until(lambda: self.crowd.accepted() >= enough or self.failures(), "bidding goes on")
        assert self.failures() == []

    def failures(self) -> list[BaseException]:
        return [one.failure for one in self.crowd.fast if one.failure]

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()


def test_a_rolling_restart_in_a_running_sale_loses_no_bid_and_leaves_none_unknown(place: Place) -> None:
    place.environ["FAPAI_REDIS_URL"] = REDIS
    with serving(place) as first, serving(place) as second:
        people = some_bidders(first, BIDDERS)
        court = announced_lots(first, 1, facts=HOT)[0]
        codes = registered(first, court, people)
        opened(first, court)
        crowd = Crowd(first, court, codes, people, SEED)
        moving = Moving(crowd, [first, second], court.facts.increment_fen)
        moving.go_on()
        first.process.stop()
        moving.go_on()
        first.start()
        moving.go_on()
        second.process.stop()
        moving.go_on()
        moving.end()
        assert moving.moved >= BIDDERS, "nobody had to move"
        assert (moving.cut_off, [one.unknown for one in crowd.fast]) == (0, [set()] * BIDDERS)
        crowd.check()
        crowd.check_again()
        events = {event["version"]: event for event in court.events()}
        for seat in crowd.seats:
            seat.watch(seat.version)
            assert seat.events == {version: events[version] for version in seat.events}
            assert max(seat.events) == max(events)
            assert sorted(seat.events) == list(range(min(seat.events), max(events) + 1))
            seat.leave()
        assert (court.auction["status"], court.auction["bid_count"]) == ("open", len(crowd.log))
        assert first.faults + second.faults == []
        first.process.stop()
    said = audit(place)
    assert said["checked"]["bids"] == crowd.stored()
