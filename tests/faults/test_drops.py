"""Connections that break at any byte while bidding goes on: everybody who comes back is told all of it, once, in order.

F9 and I-B7 of the reliability bar: what a client has put together is the log, whatever it was cut off from.
"""

import gc
import random
import threading
from contextlib import ExitStack

import pytest
from socketio.exceptions import SocketIOError

from tests.faults.counts import SEEDS, done, often
from tests.faults.cutter import Cutter
from tests.faults.setting import HOT, announced_lots, opened, registered, some_bidders
from tests.flows.bidders import Bidder
from tests.flows.court import Court
from tests.flows.server import Place, Server, serving, wait_until
from tests.flows.sockets import Seat

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CUTS = often(60, 100_000)
WATCHERS = 8


class Patient:
    """A watcher who comes back as often as the wire is cut."""

    def __init__(self, server: Server, auction_id: str, address: str) -> None:
        self.seat = Seat(server, auction_id, address=address)
        self.stopping = threading.Event()
        self.seated = threading.Event()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.seated.clear()
                try:
                    self.seat.resume()
                except (SocketIOError, OSError):
                    continue
                self.seated.set()
                while not self.seat.is_lost(0.05) and not self.stopping.is_set():
                    pass
            self.seat.leave()
        except BaseException as failure:
            self.failure = failure

    def stop(self) -> None:
        self.stopping.set()
        self._thread.join()
        assert self.failure is None, self.failure


class Bidding:
    """Two bidders who outbid each other over HTTP until they are stopped."""

    def __init__(self, server: Server, court: Court, people: list[Bidder]) -> None:
        self.server, self.court, self.people = server, court, people
        self.stopping = threading.Event()
        self.bids = 0
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                amount = self.court.facts.reserve_fen + self.bids * self.court.facts.increment_fen
                who = self.people[self.bids % 2]
                answer = who.bid(self.server, self.court.auction_id, amount, f"key-{self.bids}")
                assert answer.status_code == 201, answer.text
                self.bids += 1
        except BaseException as failure:
            self.failure = failure

    def stop(self) -> None:
        self.stopping.set()
        self._thread.join()
        assert self.failure is None, self.failure


def _enough(cutter: Cutter, watchers: list[Patient], cuts: int) -> bool:
    """Whether there was much to break, and so much was broken."""
    told = sum(len(watcher.seat.updates) for watcher in watchers)
    caught_up = sum(watcher.seat.caught_up for watcher in watchers)
    return cutter.cuts >= cuts and min(told, caught_up) >= 5 * cuts


# What is cut in the middle of its handshake the library does not close.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_cut_off_at_any_byte_is_told_everything_on_coming_back(place: Place, seed: int) -> None:
    with serving(place) as server, ExitStack() as stack:
        people = some_bidders(server, 2)
        court = announced_lots(server, 1, facts=HOT)[0]
        registered(server, court, people)
        opened(server, court)
        cutter = Cutter(server.port, random.Random(seed))
        stack.callback(cutter.close)
        watchers = [Patient(server, court.auction_id, cutter.address) for _ in range(WATCHERS)]
        bidding = Bidding(server, court, people)
        for each in (*watchers, bidding):
            stack.callback(each.stop)
        for cuts in (*range(60, CUTS, 60), CUTS):
            wait_until(
                lambda n=cuts: _enough(cutter, watchers, n) or any(each.failure for each in (*watchers, bidding)),
                "the cuts",
            )
        cutter.mended = True
        bidding.stop()
        events = court.events()
        assert len(court.bids()) == bidding.bids
        for watcher in watchers:
            wait_until(lambda watcher=watcher: watcher.seat.version == len(events), "everything was told")
            assert watcher.seat.gaps == 0
            assert [watcher.seat.events[version] for version in range(1, len(events) + 1)] == events
            watcher.stop()
        assert server.faults == []
        server.process.stop()
    gc.collect()
    done("connections cut at any byte", seed, cuts=cutter.cuts, bids=bidding.bids)
