"""Bidders at full speed over sockets, who write down everything they were told and what they never heard of."""

import json
import random
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.flows.bidders import Bidder
from tests.flows.court import Court
from tests.flows.server import Server
from tests.flows.sockets import Seat


@dataclass
class Fast:
    """One bidder, one offer in flight: the next is sent as soon as the last is answered."""

    who: Bidder
    code: str
    seat: Seat
    rng: random.Random
    #: By key: the amount offered.
    offered: dict[str, int] = field(default_factory=dict)
    #: By key: the acknowledgement, as the JSON text that came.
    told: dict[str, str] = field(default_factory=dict)
    accepted: int = 0
    #: Keys of offers whose connection died before an answer came.
    unknown: set[str] = field(default_factory=set)
    least: int = 0
    failure: BaseException | None = None

    def run(self, increment: int) -> None:
        """Bid until the connection dies."""
        try:
            while self.once(increment):
                pass
        except BaseException as failure:
            self.failure = failure

    def once(self, increment: int) -> bool:
        """One offer and its answer; False where the connection died before one came."""
        seen = [update["price_fen"] + increment for update in self.seat.updates[-1:] if update["price_fen"]]
        amount = max(self.least, *seen, 0) + self.rng.randrange(4) * increment
        key = f"{self.who.username}-{len(self.offered)}"
        self.offered[key] = amount
        flags = {"raise_own": True, "confirm_implausible": True}
        answer = self.seat.ask("bid", {"auction_id": self.seat.auction_id, "amount_fen": amount, "key": key, **flags})
        if answer is None:
            self.unknown.add(key)
            return False
        said, text = answer
        self.told[key] = text
        self.accepted += said["outcome"] == "accepted"
        self.least = said["minimum_fen"] or self.least
        return True


class Crowd:
    """Several of them in one room, and a watcher; they leave and come back with the server."""

    def __init__(self, server: Server, court: Court, codes: dict[str, str], people: list[Bidder], seed: int) -> None:
        self.server, self.court = server, court
        self.fast = [
            Fast(
                who,
                codes[who.username],
                Seat(server, court.auction_id, who.username),
                random.Random(f"{seed} {who.username}"),
                least=court.facts.reserve_fen,
            )
            for who in people
        ]
        self.seats = [Seat(server, court.auction_id), *(one.seat for one in self.fast)]
        self._threads: list[threading.Thread] = []
        #: Accepted bids as the public log has them, read on after every restart.
        self.log: list[dict[str, Any]] = []
        #: By key: what became of an offer without an answer, as asked after the restart: status and answer.
        self.fates: dict[str, tuple[int, str]] = {}

    def sit(self) -> None:
        """Everybody takes a seat, or comes back to it and is told what was missed."""
        for seat in self.seats:
            seat.resume()

    def go(self) -> None:
        """Everybody bids."""
        increment = self.court.facts.increment_fen
        self._threads = [threading.Thread(target=one.run, args=(increment,), daemon=True) for one in self.fast]
        for thread in self._threads:
            thread.start()

    def lost(self) -> None:
        """The server is gone: everybody notices, and stops."""
        for seat in self.seats:
            seat.lose()
        self._join()

    def leave(self) -> None:
        for seat in self.seats:
            seat.leave()
        self._join()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()
        assert [one.failure for one in self.fast if one.failure] == []

    def accepted(self) -> int:
        """How many bids were acknowledged as accepted so far."""
        return sum(one.accepted for one in self.fast)

    def check(self) -> None:
        """What anybody was told stands in the log; what nobody had an answer to has one fate, asked for by its key."""
        self._read_log()
        for one in self.fast:
            for key in one.unknown - set(self.fates):
                self.fates[key] = self._fate(one, key)
        made = [seq for one in self.fast for key in one.offered if (seq := self._check_offer(one, key))]
        assert sorted(made) == list(range(1, len(self.log) + 1)), "the log is not what was offered"

    def check_again(self) -> None:
        """By its key, every accepted bid is what was told, to the byte, and every unknown offer is what it was before.

        Of the refusals one in ten is asked for: there are many.
        """
        for one in self.fast:
            for key, text in one.told.items():
                if '"outcome":"accepted"' in text or one.rng.randrange(10) == 0:
                    assert self._fate(one, key) == (200, text), f"{key} is answered otherwise now"
            for key in one.unknown:
                assert self._fate(one, key) == self.fates[key], f"{key} has another fate now"

    def stored(self) -> int:
        """How many offers were answered by a rule, whether anybody heard it or not."""
        return sum(len(one.told) for one in self.fast) + sum(status == 200 for status, _ in self.fates.values())

    def _read_log(self) -> None:
        while True:
            since = len(self.log)
            page = self.server.get(f"/auctions/{self.court.auction_id}/bids?since_seq={since}")
            self.log += page["items"]
            if not page["more"]:
                break
        assert [bid["seq"] for bid in self.log] == list(range(1, len(self.log) + 1))
        amounts = [bid["amount_fen"] for bid in self.log]
        assert all(earlier < later for earlier, later in pairwise(amounts))

    def _fate(self, one: Fast, key: str) -> tuple[int, str]:
        answer = self.server.ask(one.who.username, "GET", f"/auctions/{self.court.auction_id}/bids/by-key/{key}")
        assert answer.status_code in (200, 404), (key, answer.status_code, answer.text)
        return answer.status_code, answer.text if answer.status_code == 200 else ""

    def _check_offer(self, one: Fast, key: str) -> int | None:
        """An offer against the log; its number in it, None where it is not."""
        status, text = (200, one.told[key]) if key in one.told else self.fates[key]
        if status == 404:
            return None
        answer = json.loads(text)
        assert answer["amount_fen"] == one.offered[key]
        if answer["outcome"] == "refused":
            assert answer["code"] == "below_minimum"
            return None
        assert answer["seq"] <= len(self.log), f"{key} was acknowledged, and is lost"
        assert self.log[answer["seq"] - 1] == {
            "seq": answer["seq"],
            "bidder_code": one.code,
            "amount_fen": one.offered[key],
            "received_at": answer["receipt"]["entry"]["body"]["received_at"],
            "rank": None,
        }
        seq: int = answer["seq"]
        return seq

    def check_seats(self) -> None:
        """Every seat has heard of everything, in order and once, whatever broke on the way."""
        events = {event["version"]: event for event in self.court.events()}
        assert sorted(events) == list(range(1, len(events) + 1))
        for seat in self.seats:
            seat.has_heard(len(events))
            assert seat.gaps == 0
            assert seat.events == {version: events[version] for version in seat.events}
            assert len(seat.events) == len(events)
