"""Durable bids a second through real websocket clients, against pgbench doing the bare transaction.

Ours: one serving process and one scheduler on PostgreSQL with every rule, journal entry and receipt on; 32 clients, one
offer in flight each, each offering the least bid it last saw plus 0 to 3 increments. The rate counts accepted bids that
were acknowledged; refused offers are stored and journaled just the same, and are printed. The reference is pgbench with
32 clients doing select-for-update, insert bid, update price, insert journal row; it runs before and after, the better
one counts.
"""

import json
import re
import subprocess
import sys
import tempfile
from glob import glob
from typing import Any

import psycopg

from .serving import bidders_and_lots, database, gather_statistics, served

CLIENTS = 32
_BARE = """
DROP TABLE IF EXISTS journal_row, bid, lot;
CREATE TABLE lot(id int PRIMARY KEY, price bigint NOT NULL, version bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
CREATE TABLE bid(id bigserial PRIMARY KEY, lot_id int NOT NULL REFERENCES lot, amount bigint NOT NULL,
                 at timestamptz NOT NULL DEFAULT now());
CREATE TABLE journal_row(id bigserial PRIMARY KEY, lot_id int NOT NULL, entry text NOT NULL, hash bytea NOT NULL);
INSERT INTO lot SELECT g, 100000 FROM generate_series(1, 50) g;
"""
_SCRIPT = r"""
\set l random(1, :lots)
BEGIN;
SELECT price AS p FROM lot WHERE id = :l FOR UPDATE \gset
INSERT INTO bid(lot_id, amount) VALUES (:l, :p + 100);
UPDATE lot SET price = :p + 100, version = version + 1 WHERE id = :l;
INSERT INTO journal_row(lot_id, entry, hash) VALUES (:l, '{"kind":"BidAccepted","amount_fen":100}', sha256('x'));
COMMIT;
"""


def hot_lot(seconds: float, seed: int) -> dict[str, Any]:
    """All clients on one lot."""
    return _measure(1, seconds, seed)


def fifty_lots(seconds: float, seed: int) -> dict[str, Any]:
    """The clients spread over 50 lots: each draws three, watches them, and bids now on one, now on another."""
    return _measure(50, seconds, seed)


def _measure(lots: int, seconds: float, seed: int) -> dict[str, Any]:
    before = _pgbench(lots, seconds)
    ours = _ours(lots, seconds, seed)
    reference = max(before, _pgbench(lots, seconds))
    rate = ours["accepted"] / ours["seconds"]
    answered = (ours["accepted"] + ours["refused"]) / ours["seconds"]
    return {
        "ratio": round(rate / reference, 3),
        "ours": round(rate),
        "reference": round(reference),
        "unit": "accepted bids/s",
        "answered_per_second": round(answered),
        "answered_ratio": round(answered / reference, 3),
        **ours,
        "seed": seed,
    }


def _pgbench(lots: int, seconds: float) -> float:
    program = (glob("/usr/lib/postgresql/*/bin/pgbench") or ["pgbench"])[0]
    with database("fapai_bench_bare") as url, tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_BARE)
        gather_statistics(url)
        script.write(_SCRIPT)
        script.flush()
        command = [program, "-n", "-M", "prepared", "-f", script.name, "-D", f"lots={lots}"]
        command += ["-c", str(CLIENTS), "-j", "1", "-T", str(max(1, round(seconds))), url]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"^tps = ([\d.]+)", out, re.MULTILINE)
    if found is None:
        raise SystemExit(out)
    return float(found[1])


def _ours(lots: int, seconds: float, seed: int) -> dict[str, Any]:
    with served(bidders_and_lots, lots, CLIENTS) as server:
        return _drive({**server.plan, "port": server.port, "seconds": seconds, "seed": seed})


def _drive(plan: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.bidders"]
    out = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, check=False)
    if out.returncode:
        raise SystemExit(out.stderr)
    result: dict[str, Any] = json.loads(out.stdout)
    return result
