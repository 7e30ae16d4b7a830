"""How long an update takes to the last of very many watchers, against a bare websocket server sending the same bytes.

Ours: one serving process on PostgreSQL; a bid is accepted, and every watcher of its room (a websocket of its own, with
Engine.IO and Socket.IO around) is told. Time runs from the bidder's acknowledgement, which leaves first, to the last
watcher's frame. The reference gets the very bytes of such an update from one client, acknowledges, and sends them to
all others: picows, which is C around uvloop. Both are watched by the same client, one after the other.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .profile import profiled
from .serving import Served, bidders_and_lots, cpu_seconds, free_port, resident_kb, served

SOCKET = "ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
#: How much longer than the bare server ours may take.
GOAL_RATIO = 1.5


def fanout(seconds: float, seed: int, watchers: int, scale: float = 1.0, profile: bool = False) -> dict[str, Any]:
    """An update to `watchers` times `scale`; the ratio is of our median time to the reference's."""
    watchers = round(watchers * scale)
    with served(bidders_and_lots, 1, 1) as server:
        ours = _ours(server, watchers, seconds, profile)
    payload = ours.pop("payload")
    reference = _reference(watchers, seconds, payload)
    reference.pop("payload")
    return {
        "ratio": round(ours["last_p50_ms"] / reference["last_p50_ms"], 3),
        "ours": ours["last_p50_ms"],
        "reference": reference["last_p50_ms"],
        "unit": "ms to the last watcher",
        "p50_ms": ours["last_p50_ms"],
        "p99_ms": ours["last_p99_ms"],
        "goal_ratio": GOAL_RATIO,
        "watchers": watchers,
        "update_bytes": len(payload),
        "kb_a_watcher": ours.pop("kb_a_watcher"),
        "reference_kb_a_watcher": reference.pop("kb_a_watcher"),
        "our_side": ours,
        "reference_side": reference,
        "seconds": seconds,
        "seed": seed,
    }


def _ours(server: Served, watchers: int, seconds: float, profile: bool) -> dict[str, Any]:
    plan = {
        "mode": "rounds",
        "url": SOCKET.format(port=server.port),
        "watchers": watchers,
        "auction": server.plan["auctions"][0],
        "token": server.plan["tokens"][0],
        "payload": "",
        "seconds": seconds,
    }
    before = server.resident_kb()
    with looking_on(plan) as crowd:
        held = server.resident_kb() - before
        with profiled(server.pid, seconds, wanted=profile) as told:
            spent = cpu_seconds(server.pid)
            result = crowd.result()
            spent = cpu_seconds(server.pid) - spent
    cpu = round(spent * 1000 / (result["rounds"] + 1), 1)
    return {**result, **crowd.ready, "cpu_ms_an_update": cpu, "kb_a_watcher": round(held / watchers, 1), **told}


def _reference(watchers: int, seconds: float, payload: str) -> dict[str, Any]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)])
    try:
        time.sleep(1)
        before = resident_kb(process.pid)
        url = f"ws://127.0.0.1:{port}/"
        plan = {"mode": "rounds", "url": url, "watchers": watchers, "token": "", "payload": payload, "seconds": seconds}
        with looking_on(plan) as crowd:
            held = resident_kb(process.pid) - before
            spent = cpu_seconds(process.pid)
            result = crowd.result()
            spent = cpu_seconds(process.pid) - spent
            cpu = round(spent * 1000 / (result["rounds"] + 1), 1)
            return {**result, **crowd.ready, "cpu_ms_an_update": cpu, "kb_a_watcher": round(held / watchers, 1)}
    finally:
        process.terminate()
        process.wait(20)


class LookingOn:
    """A process of watchers that are connected; `ready` is what it said then."""

    def __init__(self, process: "subprocess.Popen[str]", ready: dict[str, Any]) -> None:
        self._process, self.ready = process, ready

    def begin(self) -> None:
        """Let it go on: watchers that only look on do so until the result is asked for."""
        self._say()

    def result(self) -> dict[str, Any]:
        """What it saw, once it has seen it."""
        self._say()
        return self._heard()

    def _say(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def looking_on(plan: dict[str, Any]) -> Iterator[LookingOn]:
    """Watchers in a process of their own, connected."""
    command = [sys.executable, "-m", "bench.watchers"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(plan) + "\n")
            process.stdin.flush()
            ready = process.stdout.readline()
            if not ready:
                raise SystemExit("the watchers could not connect")
            yield LookingOn(process, json.loads(ready))
        finally:
            process.terminate()
