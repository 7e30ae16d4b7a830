"""Bidding while very many look on: 50 bidders at full speed before 1,000 watchers, and a storm before 10,000.

The reference is the same 50 bidders with nobody looking on: what the watchers cost the bidding. In the storm 500
bidders make 200 offers a second between them, each at its own moment whether or not those before were answered; latency
runs from that moment. Every watcher must get every version in order; the age of the price is that of the oldest bid in
an update when the last watcher has it.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from typing import Any

import uvloop
from picows import ws_connect

from .bidders import Bidder, Tally
from .fanout import SOCKET, looking_on
from .profile import profiled
from .serving import Served, allow_connections, bidders_and_lots, cpu_seconds, served

BIDDERS, WATCHERS = 50, 1_000
STORM_BIDDERS, STORM_WATCHERS, OFFERS_A_SECOND = 500, 10_000, 200
GOALS = {
    "accepted_per_second": 2_000,
    "p99_ms": 50,
    "storm_p99_ms": 200,
    "storm_age_max_ms": 500,
}


def mixed(
    seconds: float, seed: int, storm_seconds: float = 60.0, scale: float = 1.0, profile: bool = False
) -> dict[str, Any]:
    """Both of them; `scale` multiplies the watchers, `storm_seconds` is how long the storm lasts."""
    with served(bidders_and_lots, 1, BIDDERS) as server:
        alone = _full_speed(server, seconds, seed)
    with served(bidders_and_lots, 1, BIDDERS) as server:
        ours = _watched(server, round(WATCHERS * scale), lambda: _full_speed(server, seconds, seed), seconds, profile)
    with served(bidders_and_lots, 1, STORM_BIDDERS) as server:
        watchers = round(STORM_WATCHERS * scale)
        stormed = _watched(server, watchers, lambda: storm(server, storm_seconds, seed), storm_seconds, profile)
    rate, bare = ours["accepted"] / ours["seconds"], alone["accepted"] / alone["seconds"]
    return {
        "ratio": round(rate / bare, 3),
        "ours": round(rate),
        "reference": round(bare),
        "unit": "accepted bids/s",
        **ours,
        "alone": alone,
        "storm": stormed,
        "goals": GOALS,
        "seed": seed,
    }


def _watched(server: Served, watchers: int, drive: Any, seconds: float, profile: bool) -> dict[str, Any]:
    plan = {
        "mode": "listen",
        "url": SOCKET.format(port=server.port),
        "watchers": watchers,
        "auction": server.plan["auctions"][0],
    }
    before = server.resident_kb()
    with looking_on(plan) as crowd:
        held = server.resident_kb() - before
        crowd.begin()
        spent, began = cpu_seconds(server.pid), time.perf_counter()
        with profiled(server.pid, seconds, wanted=profile) as told:
            driven = drive()
        busy = (cpu_seconds(server.pid) - spent) / (time.perf_counter() - began)
        time.sleep(2)  # the last update may be on its way
        seen = {"watchers": watchers, **crowd.result(), **crowd.ready, "kb_a_watcher": round(held / watchers, 1)}
    return {**driven, "server_busy": round(busy, 2), "seen": seen, **told}


def _full_speed(server: Served, seconds: float, seed: int) -> dict[str, Any]:
    return _client("bench.bidders", {**server.plan, "port": server.port, "seconds": seconds, "seed": seed})


def storm(server: Served, seconds: float, seed: int, rate: float = OFFERS_A_SECOND) -> dict[str, Any]:
    """All prepared bidders, `rate` offers a second between them; what became of them and how long it took."""
    plan = {**server.plan, "port": server.port, "seconds": seconds, "seed": seed, "rate": rate}
    return _client("bench.mixed", plan)


def _client(module: str, plan: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", module]
    out = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, check=False)
    if out.returncode:
        raise SystemExit(out.stderr)
    result: dict[str, Any] = json.loads(out.stdout)
    return result


async def paced(plan: dict[str, Any]) -> dict[str, Any]:
    """The storm's bidders: `rate` offers a second between them, by turns, each at its own moment."""
    tally = Tally()
    tally.stopped = tally.counting = True  # no offer follows from an answer; every answer counts
    bidders = []
    for number, token in enumerate(plan["tokens"]):
        ready = asyncio.Event()
        bidder = Bidder(token, plan["auctions"][:1], random.Random(plan["seed"] * 1000 + number), tally, ready)
        await ws_connect(lambda bidder=bidder: bidder, SOCKET.format(port=plan["port"]))
        await asyncio.wait_for(ready.wait(), 30)
        bidders.append(bidder)
    offers, began = round(plan["rate"] * plan["seconds"]), time.perf_counter()
    for number in range(offers):
        moment = began + number / plan["rate"]
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        bidder = bidders[number % len(bidders)]
        bidder.bid()
        bidder.sent_at = moment
    seconds = time.perf_counter() - began
    for _ in range(100):
        if len(tally.latencies) == offers:
            break
        await asyncio.sleep(0.1)
    latencies = sorted(tally.latencies) or [0.0]
    return {
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 1),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
        "max_ms": round(latencies[-1] * 1000, 1),
        "offers": offers,
        "unanswered": offers - len(tally.latencies),
        "accepted": tally.accepted,
        "refused": tally.refused,
        "refusals": tally.codes,
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    allow_connections()
    print(json.dumps(uvloop.run(paced(json.load(sys.stdin)))))
