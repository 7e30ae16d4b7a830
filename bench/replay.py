"""Replaying a recorded history of bids through every rule, against a bare loop over the same rows.

A made-up history of hours: twenty bidders on each of a hundred lots, four bids in five high enough. Ours is what
`fapai replay` does with it, on SQLite in a folder of its own. The reference reads the same file, compares each amount
with the price, inserts a bid and a hashed line and commits as many together: what nobody who keeps bids can save. Both
must accept the same number.
"""

import csv
import hashlib
import random
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from auction.kernel.clock import FixedClock, iso
from bidding.replay import TOGETHER, Replay, first_moment, read_bids
from web.commands import private_house

LOTS, BIDDERS_EACH, RESERVE, STEP = 100, 20, 1_000_000_00, 5_000_00
_OPENS = datetime(2026, 3, 2, 2, tzinfo=UTC)


def replay(seed: int, bids: int = 50_000) -> dict[str, Any]:
    """Replay `bids` rows; the ratio is of our time to the reference's. `tenths`: bids a second in each tenth."""
    terms = {
        "default": {
            "reserve_price_fen": RESERVE,
            "increment_fen": STEP,
            "opens_at": iso(_OPENS),
            "closes_at": iso(_OPENS + timedelta(days=60)),
        },
        "auctions": {f"lot-{number}": {} for number in range(LOTS)},
    }
    with tempfile.TemporaryDirectory(prefix="fapai-bench-") as folder:
        path = Path(folder) / "history.csv"
        _write(path, bids, random.Random(seed))
        reference, expected = _bare(path, Path(folder))
        began = time.perf_counter()
        rows = read_bids(path)
        clock = FixedClock(first_moment(terms, rows))
        accepted, marks = 0, [0.0]
        with private_house(clock) as house:
            ready = time.perf_counter()
            for number, line in enumerate(Replay(house, clock, terms).run(rows), 1):
                accepted += line.get("outcome") == "accepted"
                if number % max(1, bids // 10) == 0 and number <= bids:
                    marks.append(time.perf_counter() - ready)
            ours = time.perf_counter() - began
    if accepted != expected:
        raise SystemExit(f"{accepted} accepted, {expected} by the bare loop")
    tenths = [round(bids / 10 / (after - before)) for before, after in pairwise(marks)]
    return {
        "ratio": round(ours / reference, 2),
        "ours": round(ours, 2),
        "reference": round(reference, 2),
        "unit": "s",
        "bids": bids,
        "per_second": round(bids / ours),
        "reference_per_second": round(bids / reference),
        "tenths": tenths,
        "accepted": accepted,
        "refused": bids - accepted,
        "seconds": round(ours, 2),
        "seed": seed,
    }


def _write(path: Path, bids: int, rng: random.Random) -> None:
    prices = [RESERVE - STEP] * LOTS
    moment = _OPENS + timedelta(hours=1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["auction_id", "bidder", "amount_fen", "received_at"])
        for _ in range(bids):
            lot, moment = rng.randrange(LOTS), moment + timedelta(milliseconds=rng.randrange(1, 100))
            high = rng.random() < 0.8
            amount = prices[lot] + (rng.randrange(1, 4) * STEP if high else 0)
            if high:
                prices[lot] = amount
            writer.writerow([f"lot-{lot}", f"bidder-{lot + rng.randrange(BIDDERS_EACH)}", amount, iso(moment)])


def _bare(path: Path, folder: Path) -> tuple[float, int]:
    """Seconds and the number accepted."""
    began, accepted = time.perf_counter(), 0
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bid(id INTEGER PRIMARY KEY, lot TEXT, bidder TEXT, amount INTEGER, at TEXT)")
    connection.execute("CREATE TABLE line(id INTEGER PRIMARY KEY, entry TEXT, hash TEXT)")
    prices: dict[str, int] = {}
    head = ""
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if number % TOGETHER == 0:
                connection.execute("COMMIT" if number else "BEGIN")
                if number:
                    connection.execute("BEGIN")
            lot, amount = row["auction_id"], int(row["amount_fen"])
            if amount >= prices.get(lot, RESERVE - STEP) + STEP:
                prices[lot] = amount
                accepted += 1
            bid = (lot, row["bidder"], amount, row["received_at"])
            connection.execute("INSERT INTO bid(lot, bidder, amount, at) VALUES (?, ?, ?, ?)", bid)
            entry = repr(bid)
            head = hashlib.sha256((head + entry).encode()).hexdigest()
            connection.execute("INSERT INTO line(entry, hash) VALUES (?, ?)", (entry, head))
    connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - began, accepted
