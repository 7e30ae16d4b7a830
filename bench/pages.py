"""Pages a second by a client that costs little, against a page of the same framework that only renders fixed markup.

Home, a lot, and a search in one serving process on PostgreSQL with some hundred lots; the reference is Flask with one
route and one small fixed template, behind the same server. Both are asked over kept-open connections, one request in
flight each, by readers who are not signed in: what they get may be kept, and is looked at again once a second.
"""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import uvloop

from auction.kernel.unit import Unit

from .profile import profiled
from .serving import cpu_seconds, free_port, served

LOTS, CLIENTS = 200, 16
#: What the lot's page may be slower by than a fixed template.
GOAL_RATIO = 0.7
_PAGES: dict[str, Callable[[list[str]], str]] = {
    "lot": lambda lots: f"/lots/{lots[0]}",
    "home": lambda lots: "/",
    "search": lambda lots: f"/?q={quote('苏州')}",
    "lots by turns": lambda lots: "/lots/*",
}


def pages(seconds: float, seed: int, scale: float = 1.0, profile: bool = False) -> dict[str, Any]:
    """Requests a second of each page; `scale` multiplies the lots. The ratio is the lot's page to the reference."""
    seconds = max(1.0, seconds / 2)
    with _fixed() as port:
        before = _asked(port, ["/"], seconds)
    found: dict[str, Any] = {}
    with served(_prepare, max(1, round(LOTS * scale)), scheduler=False) as server:
        for name, path in _PAGES.items():
            turns = [f"/lots/{lot_id}" for lot_id in server.plan] if name == "lots by turns" else [path(server.plan)]
            spent = cpu_seconds(server.pid)
            with profiled(server.pid, seconds, wanted=profile) as told:
                asked = _asked(server.port, turns, seconds)
            cpu = (cpu_seconds(server.pid) - spent) * 1000 / max(1, asked["requests"])
            found[name] = {**asked, "cpu_ms_a_request": round(cpu, 2), **told}
    with _fixed() as port:
        reference = max(before, _asked(port, ["/"], seconds), key=lambda one: one["per_second"])
    lot = found["lot"]
    return {
        "ratio": round(lot["per_second"] / reference["per_second"], 3),
        "ours": lot["per_second"],
        "reference": reference["per_second"],
        "unit": "requests/s of a lot's page",
        "p50_ms": lot["p50_ms"],
        "p99_ms": lot["p99_ms"],
        "goal_ratio": GOAL_RATIO,
        "clients": CLIENTS,
        "lots": max(1, round(LOTS * scale)),
        "pages": found,
        "fixed_template": reference,
        "seconds": seconds,
        "seed": seed,
    }


def _prepare(unit: Unit, lots: int) -> list[str]:
    from tests import factories as make

    ids = []
    for number in range(lots):
        lot = make.a_lot(unit, title=f"苏州市姑苏区第{number}号房产")
        ends = unit.now + timedelta(days=2, minutes=number)
        make.an_auction(unit, lot=lot, status="open", closes_at=ends)
        ids.append(lot.id)
    return ids


@contextmanager
def _fixed() -> Iterator[int]:
    """The reference, served."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.fixed_page", str(port)])
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _asked(port: int, paths: list[str], seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.pages"]
    plan = json.dumps({"port": port, "paths": paths, "seconds": seconds})
    out = subprocess.run(command, input=plan, capture_output=True, text=True, check=False)
    if out.returncode:
        raise SystemExit(out.stderr)
    found: dict[str, Any] = json.loads(out.stdout)
    return found


class Reader(asyncio.Protocol):
    """One kept-open connection: a request as soon as the last one is answered."""

    def __init__(self, paths: list[str], number: int) -> None:
        self.requests = [
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: zh-CN\r\nUser-Agent: bench\r\n\r\n".encode()
            for path in paths
        ]
        self.turn, self.counting, self.buffer, self.need = number, False, bytearray(), -1
        self.latencies: list[float] = []
        self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.requests[self.turn % len(self.requests)])
        self.turn += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.need < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            if not head.startswith(b"http/1.1 200"):
                raise SystemExit(f"answered {head[:200]!r}")
            length = head.index(b"content-length:") + 15
            stop = head.find(b"\r", length)
            self.need = end + 4 + int(head[length : stop if stop > 0 else None])
        if len(self.buffer) >= self.need:
            if self.counting:
                self.latencies.append(time.perf_counter() - self.began)
                self.bytes = self.need
            self.buffer.clear()
            self.need = -1
            self.ask()


async def ask(plan: dict[str, Any]) -> dict[str, Any]:
    """Connect, warm up for a moment, count."""
    loop, readers = asyncio.get_running_loop(), []
    for number in range(CLIENTS):
        _, reader = await loop.create_connection(
            lambda number=number: Reader(plan["paths"], number), "127.0.0.1", plan["port"]
        )
        readers.append(reader)
    await asyncio.sleep(min(1.0, plan["seconds"] / 3))
    for reader in readers:
        reader.counting = True
    began = time.perf_counter()
    await asyncio.sleep(plan["seconds"])
    seconds = time.perf_counter() - began
    latencies = sorted(one for reader in readers for one in reader.latencies)
    if not latencies:
        raise SystemExit(f"nothing was answered: {plan}")
    return {
        "per_second": round(len(latencies) / seconds, 1),
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 2),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 2),
        "requests": len(latencies),
        "bytes": max(reader.bytes for reader in readers),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(ask(json.load(sys.stdin)))))
