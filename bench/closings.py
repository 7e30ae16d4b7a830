"""A thousand lots that close within one minute, how late each of them; and very many notices beside bids.

Every second lot has two bids and is sold, the others have none; everybody's deposit is held. A serving process and the
scheduler run as in life. Late is what a lot is seen closed after its end and the settling time, asked of the database
every few milliseconds. Then as many lots as a fifth of that all end at one instant: their rate is compared with a bare
loop that updates one row and inserts one, a transaction each, on the same server.

Notices are written as the house writes them, 500 a transaction, at 70,000 in five minutes, by another process than the
one that takes the bids; the latency of bids is measured without and with them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import psycopg

from auction.kernel.settings import Settings
from auction.kernel.unit import Unit
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import load
from bidding.queries.news import Telling
from bidding.services.bids import BidOffer, place_bids
from bidding.services.messages import tell_all
from web.wiring import open_house

from .mixed import storm
from .profile import profiled
from .serving import Served, bidders_and_lots, cpu_seconds, database, gather_statistics, served

LOTS, MINUTE = 1_000, 60.0
NOTICES, NOTICE_SECONDS, _TOGETHER, _READERS = 70_000, 300.0, 500, 500
_BIDDERS, _OFFERS_A_SECOND = 32, 100
GOALS = {"late_max_s": 1.0}
_BARE = """
CREATE TABLE lot(id int PRIMARY KEY, status text NOT NULL);
CREATE TABLE journal_row(id bigserial PRIMARY KEY, lot_id int NOT NULL, entry text NOT NULL, hash bytea NOT NULL);
INSERT INTO lot SELECT g, 'open' FROM generate_series(1, 1000) g;
"""
_CLOSE = (
    "UPDATE lot SET status = 'sold' WHERE id = %s",
    "INSERT INTO journal_row(lot_id, entry, hash) VALUES (%s, '{}', sha256('x'))",
)


def closings(
    seconds: float, seed: int, scale: float = 1.0, minute: float = MINUTE, profile: bool = False
) -> dict[str, Any]:
    """Both; `scale` multiplies the lots, `minute` is in how many seconds they close, `seconds` how long notices go."""
    lots, burst = round(LOTS * scale), round(LOTS * scale / 5)
    with served(_prepare, lots + burst) as server:
        assert server.scheduler is not None
        spent = cpu_seconds(server.scheduler)
        with profiled(server.scheduler, minute, wanted=profile) as told:
            spread = _close(server, server.plan[:lots], minute)
        spread["scheduler_cpu_ms_a_lot"] = round((cpu_seconds(server.scheduler) - spent) * 1000 / lots, 2)
        at_once = _close(server, server.plan[lots:], 0.0)
    rate, bare = burst / max(at_once["took_s"], 0.001), _bare(burst)
    with served(bidders_and_lots, 1, _BIDDERS) as server:
        without = storm(server, seconds, seed, _OFFERS_A_SECOND)
    with served(_readers_too, 1, _BIDDERS) as server, _notices(server) as written:
        beside = storm(server, seconds, seed, _OFFERS_A_SECOND)
    return {
        "ratio": round(rate / bare, 3),
        "ours": round(rate, 1),
        "reference": round(bare, 1),
        "unit": "closings/s, all due at once",
        "lots": lots,
        "goals": GOALS,
        **spread,
        "at_once": {"lots": burst, **at_once},
        "bids_without_notices": without,
        "bids_beside_notices": {**beside, "notices": written[0]},
        "notices_a_second": round(NOTICES / NOTICE_SECONDS),
        "p50_ms": beside["p50_ms"],
        "p99_ms": beside["p99_ms"],
        "seconds": minute,
        "seed": seed,
        **told,
    }


def _prepare(unit: Unit, lots: int) -> list[str]:
    """Open lots that end in two days, two qualified bidders each with deposits held, bids on every second one."""
    from tests import factories as make

    bidders, ids, offers = [make.a_bidder(unit) for _ in range(2)], [], []
    for number in range(lots):
        auction = make.an_auction(unit, closes_at=unit.now + timedelta(days=2))
        ids.append(auction.id)
        for rank, bidder in enumerate(bidders):
            one = make.a_registration(unit, auction, bidder, status="qualified", cleared_on=shanghai_day(unit.now))
            make.a_paid_deposit(unit, one)
            if number % 2:
                amount = auction.reserve_price_fen + rank * auction.increment_fen
                offers.append(BidOffer(auction.id, bidder.id, amount, "first", unit.now))
    for start in range(0, len(offers), 64):
        assert all(answer.outcome == "accepted" for answer in place_bids(unit, offers[start : start + 64]))
    return ids


def _close(server: Served, ids: list[str], seconds: float) -> dict[str, Any]:
    """Let lots end, spread evenly over so many seconds from in two seconds on; how late each was seen closed."""
    begin = datetime.now(UTC) + timedelta(seconds=2)
    step = timedelta(seconds=seconds / len(ids))
    ends = {auction_id: begin + number * step for number, auction_id in enumerate(ids)}
    settled = load("spc-2016").span("settling")
    late: dict[str, float] = {}
    with psycopg.connect(server.url, autocommit=True) as connection:
        with connection.transaction(), connection.cursor() as cursor:
            rows = [(at, at, auction_id) for auction_id, at in ends.items()]
            cursor.executemany("UPDATE auctions SET closes_at = %s, scheduled_closes_at = %s WHERE id = %s", rows)
        give_up = time.monotonic() + seconds + 120
        while len(late) < len(ids) and time.monotonic() < give_up:
            found = connection.execute("SELECT id FROM auctions WHERE status <> 'open' AND id = ANY(%s)", [ids])
            now = datetime.now(UTC)
            for (auction_id,) in found:
                if auction_id not in late:
                    late[auction_id] = (now - ends[auction_id] - settled).total_seconds()
            time.sleep(0.02)
    in_order = sorted(late.values()) or [float("inf")]
    return {
        "closed": len(late),
        "late_p50_s": round(in_order[len(in_order) // 2], 3),
        "late_p99_s": round(in_order[int(len(in_order) * 0.99)], 3),
        "late_max_s": round(in_order[-1], 3),
        "more_than_1_s_late": sum(one > 1 for one in in_order),
        "took_s": round(in_order[-1] - in_order[0], 3),
    }


def _bare(lots: int) -> float:
    with database("fapai_bench_bare") as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_BARE)
        gather_statistics(url)
        began = time.perf_counter()
        for number in range(lots):
            with connection.transaction():
                for statement in _CLOSE:
                    connection.execute(statement, [number % 1_000 + 1], prepare=True)
        return lots / (time.perf_counter() - began)


def _readers_too(unit: Unit, lots: int, clients: int) -> dict[str, Any]:
    from tests import factories as make

    readers = [make.an_account(unit, "bidder").id for _ in range(_READERS)]
    return {**bidders_and_lots(unit, lots, clients), "readers": readers}


@contextmanager
def _notices(server: Served) -> Iterator[list[int]]:
    """Write notices at their rate for as long as this is open; the answer's one number counts them."""
    house = open_house(Settings.from_environ(server.environ))
    house.anchor()
    readers, written, over, numbers = server.plan.pop("readers"), [0], threading.Event(), count()

    def some(unit: Unit) -> int:
        subject = {"lot_id": "bench", "auction_id": "bench", "title": "标的", "opens_at": unit.now.isoformat()}
        keys = [(readers[number % len(readers)], f"bench:{number}") for number in islice(numbers, _TOGETHER)]
        return tell_all(unit, [Telling(who, "opening_soon", subject, key, unit.now) for who, key in keys])

    def write() -> None:
        while not over.wait(_TOGETHER * NOTICE_SECONDS / NOTICES):
            written[0] += house.perform(some)

    writer = threading.Thread(target=write, name="notices")
    writer.start()
    try:
        yield written
    finally:
        over.set()
        writer.join()
        house.engine.dispose()
        house.reader.dispose()
