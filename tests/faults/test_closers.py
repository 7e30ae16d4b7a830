"""Closing by several processes at once, by none, and by one that is killed: each sale ends exactly once.

I-B8, F2 and F10 of the reliability bar. Timers are hints: whoever is first closes, the others find nothing to do; where
nobody comes, the stored time still ends the bidding.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.faults.setting import announced_lots, registered, some_bidders
from tests.flows.bidders import Bidder
from tests.flows.court import Court
from tests.flows.evidence import audit
from tests.flows.server import Place, Process, Server, serving, wait_until
from tests.flows.sockets import Seat

pytestmark = [pytest.mark.faults, pytest.mark.slow]

LOTS = 6
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


class Hall:
    """Lots that end together: two bidders in all but the last of them."""

    def __init__(self, server: Server, count: int, *, apart: timedelta = timedelta(0)) -> None:
        self.server = server
        self.people = some_bidders(server, 2)
        self.courts = announced_lots(server, count, apart=apart)
        self.codes = [registered(server, court, self.people) for court in self.courts]
        server.advance_to(self.courts[0].auction["opens_at"])
        server.advance(timedelta(seconds=2))
        first, second = self.people
        for court in self.courts[:-1]:
            for number, who in enumerate((first, second)):
                amount = court.facts.reserve_fen + number * court.facts.increment_fen
                answer = who.bid(server, court.auction_id, amount, f"key-{number}")
                assert answer.json()["outcome"] == "accepted", answer.text

    def statuses(self) -> Counter[str]:
        return Counter(court.auction["status"] for court in self.courts)

    def all_closed(self) -> None:
        wait_until(lambda: "open" not in self.statuses(), "the closings")

    def check(self) -> None:
        """Every sale ended once: one event, one entry in the public log, one confirmation, one refund to the loser."""
        assert self.statuses() == {"sold": len(self.courts) - 1, "unsold": 1}
        logged = Counter((entry["kind"], entry.get("stream")) for entry in _public_log(self.server))
        for court in self.courts:
            sold = court is not self.courts[-1]
            events = court.events()
            assert [event["version"] for event in events] == list(range(1, len(events) + 1))
            decided = [event["status"] for event in events if event.get("status") in ("sold", "unsold", "suspended")]
            assert decided == ["sold" if sold else "unsold"]
            stream = f"auction:{court.auction_id}"
            assert (logged["AuctionClosed", stream], logged["SaleConfirmed", stream]) == (1, int(sold))
            assert court.auction["leader_code"] == (self._code(court, self.people[1]) if sold else None)
        self._check_money()
        assert self.server.faults == []
        audit(self.server.place)

    def _code(self, court: Court, who: Bidder) -> str:
        return self.codes[self.courts.index(court)][who.username]

    def _check_money(self) -> None:
        """Whoever did not buy gets the deposit back, once; the buyer's is held."""
        unsold = self.courts[-1].auction_id
        for who, keeps in ((self.people[0], False), (self.people[1], True)):
            for registration in self._registrations(who):
                if keeps and registration["auction_id"] != unsold:
                    assert (registration["status"], registration["buyer"]) == ("qualified", True)
                    assert registration["refunds"] == []
                else:
                    assert (registration["status"], registration["payment"]["status"]) == ("released", "refunded")
                    assert [refund["purpose"] for refund in registration["refunds"]] == ["deposit"]

    def _registrations(self, who: Bidder) -> list[dict[str, Any]]:
        """Once nothing of it is on its way back any more."""

        def settled() -> list[dict[str, Any]] | None:
            found: list[dict[str, Any]] = self.server.get("/me/registrations", who.username)["items"]
            return None if any(one["payment"]["status"] == "refunding" for one in found) else found

        settled_by_now: list[dict[str, Any]] = wait_until(settled, "the refunds")
        return settled_by_now


def _public_log(server: Server) -> list[dict[str, Any]]:
    """Every entry of the public log, once everything committed has been sealed."""

    def sealed() -> bool:
        return "fapai_journal_unsealed 0.0" in server.http.get(f"{server.address}/metrics").text

    wait_until(sealed, "the sealer")
    entries: list[dict[str, Any]] = []
    while True:
        items = server.get(f"/log/entries?start={len(entries)}")["items"]
        if not items:
            return entries
        entries += [item["entry"] for item in items]


@contextmanager
def _schedulers(place: Place, count: int) -> Iterator[list[Process]]:
    """So many `fapai scheduler`s, stopped cleanly at the end where they still live."""
    with ExitStack() as stack:
        running = [place.start("scheduler", log=f"scheduler-{number}.log") for number in range(count)]
        for process in running:
            stack.callback(process.end)
        yield running
        for process in running:
            if process.lives():
                process.stop()


@pytest.mark.redis
def test_two_schedulers_and_a_moved_clock_close_each_sale_once(place: Place) -> None:
    place.environ["FAPAI_REDIS_URL"] = REDIS
    with serving(place, "--no-scheduler") as server:
        hall = Hall(server, LOTS, apart=timedelta(minutes=1))
        watcher = Seat(server, hall.courts[0].auction_id).connect()
        watcher.watch()
        ends = [datetime.fromisoformat(court.auction["closes_at"]) for court in hall.courts]
        with _schedulers(place, 2) as schedulers:
            # The first closes without anybody asking: nobody but a scheduler can have done it.
            server.advance_to(ends[0], before=timedelta(seconds=1))
            wait_until(lambda: hall.courts[0].auction["status"] == "sold", "a scheduler's closing")
            # Whoever watches hears of it, over the message queue.
            watcher.has_heard(hall.courts[0].auction["version"])
            assert (watcher.gaps, watcher.updates[-1]["status"]) == (0, "sold")
            watcher.leave()
            # The others fall due at once, for both schedulers and for the serving process, which moves the clock.
            server.advance_to(ends[-1] + timedelta(seconds=1))
            hall.all_closed()
            assert all(process.lives() for process in schedulers)
            hall.check()
        server.process.stop()


def test_nobody_closes_then_one_is_killed_at_it_then_two_finish(place: Place) -> None:
    with serving(place, "--no-scheduler") as server:
        hall = Hall(server, LOTS)
        server.advance_to(hall.courts[0].auction["closes_at"], before=timedelta(seconds=1))
        wait_until(lambda: all(court.auction["ended"] for court in hall.courts), "the end")
        # Nobody has decided anything, and still no bid is taken.
        assert hall.statuses() == {"open": LOTS}
        court, late = hall.courts[0], hall.people[0]
        amount = court.facts.reserve_fen + 5 * court.facts.increment_fen
        assert late.bid(server, court.auction_id, amount, "late").json()["code"] == "closed"
        assert server.refused("bidder-0", f"/auctions/{court.auction_id}/balance", {}, 409)["code"] == "wrong_state"
        with _schedulers(place, 1) as (scheduler,):
            wait_until(lambda: hall.statuses()["open"] < LOTS, "the first closing")
            scheduler.kill()
        with _schedulers(place, 2):
            hall.all_closed()
            hall.check()
        server.process.stop()
