"""The bid room of the story: who bids what, by which door, and what everybody is told."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.flows.bidders import Bidder
from tests.flows.court import Court
from tests.flows.server import Server, wait_until
from tests.flows.sockets import Seat

EXTENSION = timedelta(minutes=5)


class Room:
    """One auction's bidding by several people: every accepted bid is written down, to be held against the log."""

    def __init__(self, court: Court, codes: dict[str, str]) -> None:
        self.server: Server = court.server
        self.court, self.codes = court, codes
        self.reserve, self.step = court.facts.reserve_fen, court.facts.increment_fen
        #: What was accepted: bidder code and amount, with the bid's id.
        self.accepted: list[tuple[str, int]] = []
        self.bid_ids: list[str] = []
        self.keys = 0
        #: Somebody who only looks on, from before the opening to after the end.
        self.watcher = Seat(self.server, court.auction_id).connect()
        self.first_version = self.watcher.watch()["version"]
        self.seats: dict[str, Seat] = {}

    def seat(self, who: Bidder) -> Seat:
        """A bidder's own connection."""
        if who.username not in self.seats:
            self.seats[who.username] = seat = Seat(self.server, self.court.auction_id, who.username).connect()
            seat.watch()
        return self.seats[who.username]

    def leave(self) -> None:
        for seat in (self.watcher, *self.seats.values()):
            seat.leave()

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def at(self, steps: int) -> int:
        """The price so many steps above the reserve."""
        return self.reserve + steps * self.step

    def take(self, who: Bidder, amount_fen: int, *, http: bool = False, **flags: bool) -> dict[str, Any]:
        """A bid that must be accepted, over the socket or over HTTP; sent again it is answered by the same bytes."""
        key = self.key()
        if http:
            first = who.bid(self.server, self.court.auction_id, amount_fen, key, **flags)
            assert first.status_code == 201, first.text
            answer, text = first.json(), first.text
        else:
            answer, text = self.seat(who).bid_text(amount_fen, key, **flags)
        assert (answer["outcome"], answer["code"]) == ("accepted", None), answer
        self.accepted.append((self.codes[who.username], amount_fen))
        self.bid_ids.append(answer["bid_id"])
        assert answer["seq"] == len(self.accepted)
        assert answer["amount_fen"] == answer["price_fen"] == amount_fen
        assert answer["bidder_code"] == self.codes[who.username]
        assert answer["receipt"]["entry"]["body"]["bid_id"] == answer["bid_id"]
        self.repeats(who, amount_fen, key, text)
        return answer

    def repeats(self, who: Bidder, amount_fen: int, key: str, text: str) -> None:
        """The same key is answered by the same bytes at both doors, and by key; another amount is a conflict."""
        again = who.bid(self.server, self.court.auction_id, amount_fen, key)
        assert again.text == text
        assert self.seat(who).bid_text(amount_fen, key)[1] == text
        by_key = self.server.ask(who.username, "GET", f"/auctions/{self.court.auction_id}/bids/by-key/{key}")
        assert (by_key.status_code, by_key.text) == (200, text)
        other = who.bid(self.server, self.court.auction_id, amount_fen + self.step, key)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
        assert self.seat(who).bid(amount_fen + self.step, key)["code"] == "idempotency_conflict"

    def refuse(self, who: Bidder, amount_fen: Any, code: str, **flags: bool) -> httpx.Response:
        """An offer that must be refused with this code, over the socket and (with another key) over HTTP."""
        answer = self.seat(who).bid(amount_fen, self.key(), **flags)
        assert (answer["outcome"], answer["code"]) == ("refused", code), answer
        assert answer["receipt"] is None and answer["seq"] is None and answer["detail"]
        over_http = who.bid(self.server, self.court.auction_id, amount_fen, self.key(), **flags)
        assert (over_http.status_code, over_http.json()["code"]) == (422, code)
        return over_http

    def heard(self, seat: Seat) -> dict[str, Any]:
        """What the room shows, once a seat has heard of it."""
        auction = self.court.auction
        seat.has_heard(auction["version"])
        return auction

    def open_by_itself(self) -> None:
        """Two seconds before the opening nothing more is done from outside, and the room opens."""
        self.server.advance_to(self.court.auction["opens_at"], before=timedelta(seconds=2))
        wait_until(lambda: self.watcher.events.get(self.first_version + 1), "the opening")
        opened = self.watcher.events[self.first_version + 1]
        assert (opened["type"], opened["status"]) == ("status", "open")
        assert opened["at"] >= self.court.auction["opens_at"]

    def close_by_itself(self) -> dict[str, Any]:
        """Two seconds before the end nothing more is done from outside, and the sale closes."""
        self.server.advance_to(self.court.auction["closes_at"], before=timedelta(seconds=2))
        wait_until(lambda: self.court.auction["status"] != "open", "the closing")
        return self.heard(self.watcher)

    def check_log(self) -> None:
        """The public log is what was accepted, complete; the watcher was told all of it, once each, in order."""
        told = self.court.bids()
        assert [(bid["bidder_code"], bid["amount_fen"]) for bid in told] == self.accepted
        assert [bid["seq"] for bid in told] == list(range(1, len(told) + 1))
        assert [bid["received_at"] for bid in told] == sorted(bid["received_at"] for bid in told)
        events = self.court.events()
        assert [event["version"] for event in events] == list(range(1, len(events) + 1))
        self.watcher.has_heard(len(events))
        assert self.watcher.gaps == 0
        assert self.watcher.events == {event["version"]: event for event in events[self.first_version :]}
        sent = [event["version"] for update in self.watcher.updates for event in update["events"]]
        assert sent == list(range(self.first_version + 1, len(events) + 1))
        for update in self.watcher.updates:
            assert update["version"] == update["events"][-1]["version"]
            assert {"auction_id", "price_fen", "leader_code", "bid_count", "closes_at", "status"} <= set(update)


def before_the_opening(room: Room, who: Bidder, stranger: Bidder, unpaid: Bidder) -> None:
    """Nobody bids before the time, and nobody without a session ever."""
    room.refuse(who, room.reserve, "not_started")
    room.refuse(stranger, room.reserve, "not_started")
    room.refuse(unpaid, room.reserve, "not_started")
    assert room.watcher.bid(room.reserve, room.key())["code"] == "unauthenticated"
    assert room.server.ask(None, "POST", f"/auctions/{room.court.auction_id}/bids", {}).status_code == 401


def every_refusal(room: Room, ann: Bidder, company: Bidder, stranger: Bidder, unpaid: Bidder) -> None:
    """Each reason not to take an offer, by its code; and what the two confirmations let through."""
    room.refuse(stranger, room.reserve, "not_registered")
    room.refuse(unpaid, room.reserve, "deposit_unpaid")
    for unreadable in (room.reserve + 0.5, str(room.reserve), True, None, 0, -room.reserve, 10**16):
        room.refuse(ann, unreadable, "amount_invalid")
    room.refuse(ann, room.reserve - room.step, "below_reserve")
    room.refuse(ann, room.reserve + 1, "not_whole_increment")
    room.refuse(ann, room.at(21), "implausible_amount")
    room.take(ann, room.at(0))
    room.refuse(ann, room.at(1), "already_leading")
    room.take(ann, room.at(1), raise_own=True)
    room.refuse(company, room.at(1), "below_minimum")
    room.take(company, room.at(2), http=True)
    room.refuse(ann, room.at(23), "implausible_amount")
    room.take(ann, room.at(23), http=True, confirm_implausible=True)


def equal_offers(room: Room, ann: Bidder, first: Bidder, second: Bidder) -> None:
    """Preferential purchasers may take the lead at the same price, each only from a lower rank (OJA 21)."""
    price = room.at(24)
    room.take(ann, price, raise_own=True)
    room.take(second, price)
    room.refuse(ann, price, "below_minimum")
    room.take(first, price, http=True)
    room.refuse(second, price, "equal_not_preferred")
    ranks = [bid["rank"] for bid in room.court.bids()[-3:]]
    assert ranks == [None, 2, 1]


def a_supplement(room: Room, ann: Bidder, registration_id: str) -> None:
    """The court adds to the sheet while bidding runs: nobody bids on an older seal before acknowledging the new one."""
    before = room.court.auction
    viewing = room.server.get(f"/disclosure/catalogue?asset_type={room.court.facts.asset_type}")["items"]
    example = next(item["example"] for item in viewing if item["code"] == "viewing")
    changed = example | {"statement": f"{example['statement']}（9时至17时）"}
    written = room.court.write("viewing", **changed, by="judge1")
    after = room.heard(room.watcher)
    assert (written["version"], after["version"]) == (2, before["version"] + 1)
    told = room.watcher.events[after["version"]]
    assert (told["type"], told["seal"]) == ("disclosure", after["seal"]) and after["seal"] != before["seal"]
    room.refuse(ann, room.at(30), "stale_disclosure")
    acknowledged = room.server.post(
        ann.username, f"/registrations/{registration_id}/acknowledgements", {"seal": after["seal"]}
    )
    assert (acknowledged["seal"], acknowledged["current"]) == (after["seal"], True)
    room.take(ann, room.at(30))


def a_stop(room: Room, ann: Bidder) -> None:
    """The judge suspends the sale and lets it go on with a new end; bids keep their places."""
    before = room.court.auction
    path = f"/auctions/{room.court.auction_id}"
    stopped = room.server.post("judge1", f"{path}/suspension", {"kind": "stay", "reason": "案外人提出异议"}, 200)
    assert (stopped["status"], stopped["suspension"]["kind"]) == ("suspended", "stay")
    room.refuse(ann, room.at(31), "suspended")
    closes_at = datetime.fromisoformat(before["closes_at"]) + timedelta(days=1)
    early = {"closes_at": before["closes_at"], "reason": "异议已驳回"}
    assert room.server.refused("judge1", f"{path}/resumption", early, 422)["errors"][0]["field"] == "closes_at"
    resumed = room.server.post(
        "judge1", f"{path}/resumption", {"closes_at": closes_at.isoformat(), "reason": "异议已驳回"}, 200
    )
    assert (resumed["status"], resumed["price_fen"]) == ("open", before["price_fen"])
    assert datetime.fromisoformat(resumed["closes_at"]) == closes_at


def somebody_becomes_barred(room: Room, late: Bidder, relatives: Path) -> None:
    """A registry import in the middle of the sale reaches the very next offer (OJA 34)."""
    room.take(late, room.at(32))
    room.server.place.fapai("people", "import", "relatives", str(relatives))
    refused = room.refuse(late, room.at(34), "barred_interest")
    assert "示例配偶" not in refused.text and "法官" not in refused.text


def a_cut_connection(room: Room, who: Bidder, others: list[Bidder]) -> None:
    """Somebody's connection dies, the others go on; whoever comes back is told all of it, once."""
    seat = room.seat(who)
    room.heard(seat)
    before, caught_up = seat.version, seat.caught_up
    seat.cut()
    for number, other in enumerate(others):
        room.take(other, room.at(40 + number), http=True)
    now = room.court.auction["version"]
    assert now == before + len(others)
    seat.resume()
    assert (seat.version, seat.caught_up - caught_up) == (now, len(others))
    room.take(who, room.at(50))
    room.heard(seat)
    assert seat.gaps == 0
    assert [seat.events[version] for version in range(before + 1, now + 2)] == room.court.events()[before:]


def extensions(room: Room, first: Bidder, second: Bidder) -> None:
    """A bid in the last five minutes moves the end to five minutes after it, and again (OJA 20(2))."""
    closes_at = datetime.fromisoformat(room.court.auction["closes_at"])
    for number, (who, http) in enumerate(((first, False), (second, True)), 1):
        room.server.advance_to(closes_at, before=timedelta(minutes=3))
        answer = room.take(who, room.at(60 + number), http=http)
        auction = room.heard(room.watcher)
        received_at = datetime.fromisoformat(room.court.bids()[-1]["received_at"])
        assert datetime.fromisoformat(answer["closes_at"]) == received_at + EXTENSION
        assert (auction["closes_at"], auction["extensions"]) == (answer["closes_at"], number)
        bid, extension = room.watcher.events[auction["version"] - 1], room.watcher.events[auction["version"]]
        assert (bid["type"], extension["type"], extension["cause"]) == ("bid", "extension", "bid")
        assert extension["closes_at"] == answer["closes_at"]
        closes_at = datetime.fromisoformat(answer["closes_at"])
