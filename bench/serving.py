"""What the benchmarks serve and connect to: a database of its own, a serving process, the scheduler beside it."""

import base64
import os
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from auction.kernel.settings import Settings
from auction.kernel.unit import House, Unit
from auction.rules.calendar import shanghai_day
from auction.services.accounts import open_session
from web.wiring import open_house, upgrade

_SERVER = os.environ.get("BENCH_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432")


@dataclass(frozen=True, slots=True)
class Served:
    """A serving process: where it is reached, its process id, its database and settings, what was prepared in it.

    `scheduler` is the process id of the scheduler beside it, None where there is none.
    """

    port: int
    pid: int
    scheduler: int | None
    url: str
    environ: dict[str, str]
    plan: Any

    def resident_kb(self) -> int:
        """What it holds in memory now, in kB."""
        return resident_kb(self.pid)


def resident_kb(pid: int) -> int:
    """What a process holds in memory now, in kB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def cpu_seconds(pid: int) -> float:
    """The processor time a process has had so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database on PostgreSQL, dropped afterwards. SystemExit where a commit would not be durable."""
    name = f"{name}_{os.getpid()}"  # two may measure at a time on one machine
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


def gather_statistics(url: str) -> None:
    """What autovacuum does within a minute of a table's filling, and a benchmark of seconds would not live to see."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


@contextmanager
def served(prepare: Callable[..., Any], *args: Any, scheduler: bool = True) -> Iterator[Served]:
    """A serving process on a fresh database in which `prepare(unit, *args)` was performed; its answer is the plan."""
    with database("fapai_bench") as url, tempfile.TemporaryDirectory(prefix="fapai-bench-") as data:
        environ = _environ(url, data)
        house = open_house(Settings.from_environ(environ))
        upgrade(house)
        house.anchor()
        plan = house.perform(prepare, *args)
        _stop_pools(house)
        gather_statistics(url)
        allow_connections()
        port = free_port()
        with _processes(environ, Path(data), port, scheduler) as (pid, timers):
            yield Served(port, pid, timers, url, environ, plan)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def allow_connections() -> None:
    """Let this process, and those it starts, hold as many connections as the machine lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _environ(url: str, data: str) -> dict[str, str]:
    keys = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("MASTER", "MATCH", "LOG")}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("FAPAI_")},
        **{f"FAPAI_{name}_KEY": key for name, key in keys.items()},
        "FAPAI_DATABASE_URL": url,
        "FAPAI_DATA": data,
        "FAPAI_SECRET_KEY": secrets.token_hex(32),
        "FAPAI_GATEWAY_SECRET": secrets.token_hex(32),
        "FAPAI_BID_RATE": "100000",
    }


def _stop_pools(house: House) -> None:
    house.engine.dispose()
    house.reader.dispose()


def bidders_and_lots(unit: Unit, lots: int, clients: int) -> dict[str, Any]:
    """Open auctions without a reference price (so that no offer is implausible), and qualified, signed-in bidders."""
    from tests import factories as make

    bidders = [make.a_bidder(unit) for _ in range(clients)]
    auctions = []
    for _ in range(lots):
        auction = make.an_auction(unit, status="open", reference_price_fen=None, closes_at=unit.now + timedelta(days=2))
        auctions.append(auction)
        for number, bidder in enumerate(bidders):  # codes drawn by chance would clash among hundreds
            qualified = {"status": "qualified", "bidder_code": f"B{number:04d}"}
            make.a_registration(unit, auction, bidder, **qualified, cleared_on=shanghai_day(unit.now))
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
def _processes(environ: dict[str, str], data: Path, port: int, scheduler: bool) -> Iterator[tuple[int, int | None]]:
    """The serving process, and unless told otherwise the scheduler; answers their process ids."""
    with (data / "serve.log").open("wb") as log:
        serve = [sys.executable, "-m", "web.cli", "serve", "--no-scheduler", "--bind", f"127.0.0.1:{port}"]
        running = [subprocess.Popen(serve, env=environ, stdout=log, stderr=log)]
        if scheduler:
            timers = [sys.executable, "-m", "web.cli", "scheduler"]
            running.append(subprocess.Popen(timers, env=environ, stdout=log, stderr=log))
        try:
            for _ in range(600):
                if running[0].poll() is not None:
                    raise SystemExit((data / "serve.log").read_text("utf-8", "replace"))
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield running[0].pid, running[1].pid if scheduler else None
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.wait(20)
