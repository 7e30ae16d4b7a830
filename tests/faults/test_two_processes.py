"""Two serving processes and their Redis: duplicates over both, a Redis that dies or freezes, clients that do not read,
storms of connections, a process that stands still and comes back.

F5, F7, F14, F15, F18, T7 of the reliability bar. One sale goes on through all of it; each test adds its own bids and
leaves the processes as it found them.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tests.conftest import _url_of
from tests.faults.counts import FULL, SEEDS, done, often
from tests.faults.own_servers import OwnRedis
from tests.faults.raw import Raw, handles, resident_kb
from tests.faults.setting import HOT, announced_lots, opened, registered, some_bidders, staffed
from tests.flows.bidders import Bidder
from tests.flows.court import Court
from tests.flows.evidence import audit
from tests.flows.server import Place, Server, serving, wait_until
from tests.flows.sockets import Seat
from tests.kept import KeptDatabase

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis, pytest.mark.postgresql]

_keys = count(1)


class Pair:
    """Two processes, one sale, people with codes."""

    def __init__(self, near: Server, far: Server, redis: OwnRedis) -> None:
        self.near, self.far, self.redis = near, far, redis
        self.people = some_bidders(near, 4)
        self.court: Court = announced_lots(near, 1, facts=HOT)[0]
        registered(near, self.court, self.people)
        opened(near, self.court)
        far._tokens = near._tokens  # a session is one, whichever process is asked

    @property
    def auction_id(self) -> str:
        return self.court.auction_id

    def least(self) -> int:
        """The least bid."""
        price = self.court.auction["price_fen"]
        return self.court.facts.reserve_fen if price is None else price + self.court.facts.increment_fen

    def bid(self, server: Server, who: Bidder) -> dict[str, Any]:
        """The least bid over HTTP, which must be accepted."""
        answer = who.bid(server, self.auction_id, self.least(), f"key-{next(_keys)}", raise_own=True)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def seat(self, server: Server) -> Seat:
        """A watcher."""
        seat = Seat(server, self.auction_id).connect()
        seat.watch()
        return seat

    def sound(self) -> None:
        """The sale is one line of bids and of versions, and nobody was answered 5xx."""
        assert [bid["seq"] for bid in self.court.bids()] == list(range(1, len(self.court.bids()) + 1))
        events = self.court.events()
        assert [event["version"] for event in events] == list(range(1, len(events) + 1))
        assert self.near.faults == self.far.faults == []


@pytest.fixture(scope="module")
def pair(kept_postgresql: KeptDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    url = _url_of(kept_postgresql.open())
    with ExitStack() as stack:
        stack.callback(kept_postgresql.empty)
        redis = OwnRedis(folder)
        stack.callback(redis.remove)
        staffed(url, folder)
        place = Place(folder, url, FAPAI_REDIS_URL=redis.url, FAPAI_BID_RATE="2000")
        near = stack.enter_context(serving(place))
        far = stack.enter_context(serving(place, "--no-scheduler"))
        made = Pair(near, far, redis)
        yield made
        made.sound()
        audit(place)


def test_an_offer_sent_fifty_times_over_both_processes_and_both_ways_has_one_effect(pair: Pair) -> None:
    who = pair.people[0]
    for seed in SEEDS:
        bursts, told = often(4, 2000), Counter[str]()
        seats = [Seat(server, pair.auction_id, who.username).connect() for server in (pair.near, pair.far)]
        with ThreadPoolExecutor(50) as pool:
            for _ in range(bursts):
                key, amount, before = f"key-{next(_keys)}", pair.least(), pair.court.auction["bid_count"]

                def send(number: int, key: str = key, amount: int = amount, seats: list[Seat] = seats) -> str:
                    if number % 5:
                        return seats[number % 2].bid_text(amount, key, raise_own=True)[1]
                    server = (pair.near, pair.far)[number // 5 % 2]
                    return who.bid(server, pair.auction_id, amount, key, raise_own=True).text.strip()

                answers = list(pool.map(send, range(50)))
                judged = {text for text in answers if json.loads(text)["code"] != "rate_limited"}
                told.update(json.loads(text)["outcome"] for text in answers)
                assert len(judged) == 1, judged
                assert pair.court.auction["bid_count"] == before + 1
        for seat in seats:
            seat.leave()
        done("offers sent fifty times", seed, bursts=bursts, **told)


def _catches_up(pair: Pair, seats: list[Seat]) -> None:
    """Everybody hears of the newest bid: by an update, or by asking for what a gap shows to be missing."""
    version = pair.court.auction["version"]

    def heard(seat: Seat) -> bool:
        if seat.version < version and seat.updates:
            seat.watch(seat.version)
        return seat.version >= version

    for seat in seats:
        wait_until(lambda seat=seat: heard(seat), "the newest bid")


@pytest.mark.parametrize("fault", ["killed", "frozen", "flushed", "cut"])
def test_bids_go_on_without_redis_and_everybody_catches_up(pair: Pair, fault: str) -> None:
    for seed in SEEDS:
        times = often(1, 50)
        for _ in range(times):
            seats = [pair.seat(server) for server in (pair.near, pair.far)]
            pair.bid(pair.near, pair.people[0])
            _break(pair.redis, fault)
            try:
                for number in range(4):
                    # Whoever bids is answered, and whoever sits in the same process hears of it at once.
                    here, seat = ((pair.near, seats[0]), (pair.far, seats[1]))[number % 2]
                    pair.bid(here, pair.people[number % 2])
                    version = pair.court.auction["version"]
                    wait_until(
                        lambda s=seat, v=version: s.updates and s.updates[-1]["version"] >= v, "one's own process"
                    )
            finally:
                if fault == "killed":
                    pair.redis.start()
                elif fault == "frozen":
                    pair.redis.signal(signal.SIGCONT)
            wait_until(lambda seats=seats: _reaches(pair, seats[1]), "the other process is heard again")
            _catches_up(pair, seats)
            for seat in seats:
                seat.leave()
        done(f"Redis {fault}", seed, times=times)


def _reaches(pair: Pair, seat: Seat) -> bool:
    """Whether a bid at the near process is heard of at the far one by itself."""
    before = len(seat.updates)
    pair.bid(pair.near, pair.people[0])
    time.sleep(0.3)
    return len(seat.updates) > before


def _break(redis: OwnRedis, fault: str) -> None:
    if fault == "killed":
        redis.kill()
    elif fault == "frozen":
        redis.signal(signal.SIGSTOP)
    elif fault == "flushed":
        redis.do("FLUSHALL")
    else:
        redis.do("CLIENT", "KILL", "TYPE", "pubsub")


def test_a_client_that_does_not_read_is_dropped_and_disturbs_nobody(pair: Pair) -> None:
    pid = pair.near.process.pid
    for seed in SEEDS:
        clients, asked = often(2, 200), 250
        _lengthen(pair, 200)
        with (
            closing(Raw(pair.near, buffer=4096)) as one,
            suppress(OSError),
        ):  # the first one warms it up
            for number in range(asked):
                one.ask(number, "watch", {"auction_id": pair.auction_id, "since": 0})
        time.sleep(1)
        before = resident_kb(pid)
        with ExitStack() as stack:
            stuck = [Raw(pair.near, buffer=4096) for _ in range(clients)]
            for raw in stuck:
                stack.callback(raw.close)
                with suppress(OSError):  # dropped already
                    for number in range(asked):
                        raw.ask(number, "watch", {"auction_id": pair.auction_id, "since": 0})
            pair.bid(pair.near, pair.people[1])
            wait_until(lambda stuck=stuck: all(_is_gone(pair.near, raw) for raw in stuck), "the stuck ones are dropped")
            grown = resident_kb(pid) - before
        assert grown <= 20 * 1024 + 1024 * clients
        done("clients that do not read", seed, clients=clients, grown_kb=grown)


def _lengthen(pair: Pair, versions: int) -> None:
    """Bid until the room has had so many events."""
    seat = Seat(pair.near, pair.auction_id, pair.people[0].username).connect()
    amount = pair.least()
    for _ in range(versions - pair.court.auction["version"]):
        assert seat.bid(amount, f"key-{next(_keys)}", raise_own=True)["outcome"] == "accepted"
        amount += pair.court.facts.increment_fen
    seat.leave()


def _is_gone(server: Server, raw: Raw) -> bool:
    """Whether the server has no such connection any more: nothing of it is read here, for that would free it."""
    port = f"{raw.wire.getsockname()[1]:04X}"
    pid = server.process.pid
    inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if _lives(pid, fd)}
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            parts = line.split()
            if parts[2].endswith(f":{port}") and f"socket:[{parts[9]}]" in inodes:
                return False
    return True


def _lives(pid: int, fd: str) -> bool:
    return os.path.lexists(f"/proc/{pid}/fd/{fd}")


def test_one_who_floods_takes_nothing_from_the_others(pair: Pair) -> None:
    flood, *others = pair.people
    for seed in SEEDS:
        raw = Raw(pair.near, flood.username)
        messages, slowest = often(500, 100_000), 0.0
        with ThreadPoolExecutor(1) as pool:

            def send(raw: Raw = raw, messages: int = messages) -> None:
                for number in range(messages):
                    offer = {"auction_id": pair.auction_id, "amount_fen": 100, "key": f"flood-{next(_keys)}"}
                    raw.ask(number, "bid", offer)
                    if number % 50 == 0:
                        time.sleep(0.1)

            sending = pool.submit(send)
            while not sending.done():
                began = time.monotonic()
                pair.bid(pair.near, others[0])
                slowest = max(slowest, time.monotonic() - began)
            sending.result()
        raw.close()
        done("messages of one who floods", seed, messages=messages, slowest_ms=round(slowest * 1000))


def test_a_storm_of_connections_passes_and_leaves_nothing_behind(pair: Pair) -> None:
    pid = pair.far.process.pid
    for seed in SEEDS:
        sockets = 2000 if FULL else 150
        time.sleep(0.2)
        before = handles(pid)
        with ThreadPoolExecutor(16) as pool:
            for _ in range(2):  # all at once; then all of them again, as after a cut
                crowd = list(pool.map(lambda _: Raw(pair.far), range(sockets)))
                for number, raw in enumerate(crowd):
                    raw.ask(number, "watch", {"auction_id": pair.auction_id})
                assert handles(pid)[0] >= sockets
                pair.bid(pair.far, pair.people[0])
                crowd[-1].until(b'"type":"bid"')
                for raw in crowd:
                    raw.close()
        most = before[0] + 20  # connections to the database may have been added: two pools of at most sixteen
        wait_until(lambda most=most: handles(pid)[0] <= most, "the connections' files are closed")
        assert handles(pid)[1] <= before[1] + 2
        done("sockets of a storm, twice", seed, sockets=sockets)


def test_a_process_that_stood_still_over_the_end_is_fenced_and_goes_on(pair: Pair) -> None:
    """F18: what it may have held makes the sale a fault; when it comes back it must not add to it."""
    court = pair.court
    end = court.auction["closes_at"]
    pair.near.advance_to(end, before=timedelta(seconds=12))
    time.sleep(1)  # both have beaten near the end
    pair.bid(pair.far, pair.people[0])
    end = court.auction["closes_at"]
    pair.near.advance_to(end, before=timedelta(seconds=12))
    time.sleep(1)
    os.kill(pair.far.process.pid, signal.SIGSTOP)
    try:
        time.sleep(30 if FULL else 4)
        pair.near.advance(timedelta(minutes=1))
        wait_until(lambda: court.auction["status"] != "open", "the closing")
    finally:
        os.kill(pair.far.process.pid, signal.SIGCONT)
    auction = court.auction
    assert (auction["status"], auction["suspension"]["cause"]) == ("suspended", "intake_lost")
    late = pair.people[1].bid(pair.far, pair.auction_id, pair.least(), f"key-{next(_keys)}")
    assert late.json()["code"] == "suspended"
    closes_at = pair.near.now() + timedelta(days=2)
    resumed = {"closes_at": closes_at.isoformat(), "reason": "已修复"}
    assert pair.near.post("judge1", f"/auctions/{pair.auction_id}/resumption", resumed, 200)["status"] == "open"
    # Fenced under the old name, it takes bids under a new one.
    pair.bid(pair.far, pair.people[1])
