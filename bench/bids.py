"""Durable bids a second through real websocket clients, against pgbench doing the bare transaction.

Ours: one serving process and one scheduler on PostgreSQL with every rule, journal entry and receipt on; 32 clients, one
offer in flight each, each offering the least bid it last saw plus 0 to 3 increments. The rate counts accepted bids that
were acknowledged; refused offers are stored and journaled just the same, and are printed. The reference is pgbench with
32 clients doing select-for-update, insert bid, update price, insert journal row; it runs before and after, the better
one counts.
"""

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from glob import glob
from pathlib import Path
from typing import Any

import psycopg

from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from auction.rules.calendar import shanghai_day
from auction.services.accounts import open_session
from web.wiring import open_house, upgrade

CLIENTS = 32
_SERVER = os.environ.get("BENCH_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432")
_PORT = 8931
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


@contextmanager
def _database(name: str) -> Iterator[str]:
    with psycopg.connect(f"{_SERVER}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        durable = connection.execute("SHOW synchronous_commit").fetchone()
        if durable != ("on",):
            raise SystemExit(f"synchronous_commit is {durable}: a rate measured so would say nothing")
    try:
        yield f"{_SERVER}/{name}"
    finally:
        with psycopg.connect(f"{_SERVER}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _gather_statistics(url: str) -> None:
    """What autovacuum does within a minute of a table's filling, and a benchmark of seconds would not live to see."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _pgbench(lots: int, seconds: float) -> float:
    program = (glob("/usr/lib/postgresql/*/bin/pgbench") or ["pgbench"])[0]
    with _database("fapai_bench_bare") as url, tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_BARE)
        _gather_statistics(url)
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
    with _database("fapai_bench") as url, tempfile.TemporaryDirectory() as data:
        keys = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("MASTER", "MATCH", "LOG")}
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FAPAI_")},
            **{f"FAPAI_{name}_KEY": key for name, key in keys.items()},
            "FAPAI_DATABASE_URL": url,
            "FAPAI_DATA": data,
            "FAPAI_SECRET_KEY": secrets.token_hex(32),
            "FAPAI_GATEWAY_SECRET": secrets.token_hex(32),
            "FAPAI_BID_RATE": "100000",
        }
        house = open_house(Settings.from_environ(environ))
        upgrade(house)
        house.anchor()
        plan = house.perform(_prepare, lots)
        _stop_pools(house)
        _gather_statistics(url)
        with _serving(environ, Path(data)):
            return _drive({**plan, "port": _PORT, "seconds": seconds, "seed": seed})


def _stop_pools(house: House) -> None:
    house.engine.dispose()
    house.reader.dispose()


def _prepare(unit: Unit, lots: int) -> dict[str, Any]:
    """Open auctions without a reference price (so that no offer is implausible), and qualified, signed-in bidders."""
    from tests import factories as make

    bidders = [make.a_bidder(unit) for _ in range(CLIENTS)]
    auctions = []
    for _ in range(lots):
        auction = make.an_auction(unit, status="open", reference_price_fen=None, closes_at=unit.now + timedelta(days=2))
        auctions.append(auction)
        for bidder in bidders:
            make.a_registration(unit, auction, bidder, status="qualified", cleared_on=shanghai_day(unit.now))
    tokens = []
    for bidder in bidders:
        opened = open_session(unit, bidder.id, matches=True, code_holds=lambda account: True)
        assert not isinstance(opened, str)
        tokens.append(opened.token)
    return {
        "tokens": tokens,
        "auctions": [[a.id, a.reserve_price_fen, a.increment_fen] for a in auctions],
    }


@contextmanager
def _serving(environ: dict[str, str], data: Path) -> Iterator[None]:
    with (data / "serve.log").open("wb") as log:
        serve = [sys.executable, "-m", "web.cli", "serve", "--no-scheduler", "--bind", f"127.0.0.1:{_PORT}"]
        process = subprocess.Popen(serve, env=environ, stdout=log, stderr=log)
        timers = subprocess.Popen([sys.executable, "-m", "web.cli", "scheduler"], env=environ, stdout=log, stderr=log)
        try:
            for _ in range(600):
                if process.poll() is not None:
                    raise SystemExit((data / "serve.log").read_text("utf-8", "replace"))
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/healthz", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield
        finally:
            for one in (process, timers):
                one.terminate()
            for one in (process, timers):
                one.wait(20)


def _drive(plan: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.bidders"]
    out = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, check=False)
    if out.returncode:
        raise SystemExit(out.stderr)
    result: dict[str, Any] = json.loads(out.stdout)
    return result
