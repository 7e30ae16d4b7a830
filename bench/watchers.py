"""The watchers of a room: thousands of websockets in one process that cost little, Socket.IO spoken by hand.

`python -m bench.watchers` reads a plan (one line of JSON), connects, writes a line, and then either casts updates and
times them (`rounds`), or looks on until the next line (`listen`); a last line of JSON tells what was seen.
"""

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from .serving import allow_connections

_NAMESPACE = b"/auctions,"
_AT_ONCE = 64
#: Seconds for an update to reach everybody, and between two updates.
_PATIENCE, _BETWEEN = 60.0, 0.3


@dataclass(slots=True)
class Update:
    """One update as it reached the watchers: its bytes, its versions, the age of its oldest event, arrivals."""

    data: bytes
    first: int
    last: int
    since: float
    arrivals: int = 0
    last_at: float = 0.0


class Crowd:
    """What all watchers saw together."""

    def __init__(self, size: int) -> None:
        self.size, self.bare = size, False
        self.frames = self.bytes = self.gaps = self.backward = self.lost = 0
        self.recent: deque[Update] = deque(maxlen=8)
        self.updates: list[Update] = []
        self.wanted = 0
        self.everybody = asyncio.Event()

    def heard(self, watcher: "Watcher", data: bytes) -> None:
        """A watcher got an update; versions must ascend without a gap."""
        now = time.time()
        self.frames += 1
        self.bytes += len(data)
        if self.wanted:
            self.wanted -= 1
            if not self.wanted:
                self.everybody.set()
        if self.bare:
            return
        update = next((one for one in self.recent if one.data == data), None) or self._read(data)
        update.arrivals += 1
        update.last_at = now
        self.gaps += update.first > watcher.version + 1
        self.backward += update.last <= watcher.version
        watcher.version = max(watcher.version, update.last)

    def _read(self, data: bytes) -> Update:
        told = orjson.loads(data[data.index(b"[") :])[1]
        versions = [event["version"] for event in told["events"]]
        since = datetime.fromisoformat(min(event["at"] for event in told["events"])).timestamp()
        update = Update(data, min(versions), max(versions), since)
        self.recent.append(update)
        self.updates.append(update)
        return update

    def told(self) -> dict[str, Any]:
        """Frames, order, and how old the oldest price in an update was when the last watcher had it (ms)."""
        whole = [one for one in self.updates if one.arrivals >= self.size]
        ages = sorted(one.last_at - one.since for one in whole) or [0.0]
        return {
            "updates": len(self.updates),
            "updates_not_to_all": len(self.updates) - len(whole),
            "frames": self.frames,
            "bytes_a_frame": round(self.bytes / max(1, self.frames)),
            "gaps": self.gaps,
            "out_of_order": self.backward,
            "connections_lost": self.lost,
            "age_p50_ms": round(ages[len(ages) // 2] * 1000, 1),
            "age_p99_ms": round(ages[int(len(ages) * 0.99)] * 1000, 1),
            "age_max_ms": round(ages[-1] * 1000, 1),
        }


class Watcher(WSListener):
    """One watcher. `auction_id` None: of the bare server, which has no handshake of its own."""

    __slots__ = ("auction_id", "crowd", "ready", "transport", "version")

    def __init__(self, crowd: Crowd, auction_id: str | None) -> None:
        self.crowd, self.auction_id, self.version = crowd, auction_id, 0
        self.ready = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.auction_id is None:
            self.ready.set_result(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.crowd.lost += 1

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        data = frame.get_payload_as_bytes()
        head = data[:2]
        if head == b"42":
            self.crowd.heard(self, data)
        elif head == b"43":
            self.acknowledged(data)
        elif head == b"40":
            watch = orjson.dumps(["watch", {"auction_id": self.auction_id}])
            transport.send(WSMsgType.TEXT, b"42" + _NAMESPACE + b"1" + watch)
        elif data[:1] == b"0":
            transport.send(WSMsgType.TEXT, b"40" + _NAMESPACE + self.identity())
        elif data[:1] == b"2":
            transport.send(WSMsgType.TEXT, b"3")

    def identity(self) -> bytes:
        return b""

    def acknowledged(self, data: bytes) -> None:
        self.version = orjson.loads(data[data.index(b"[") :])[0]["version"]
        if not self.ready.done():
            self.ready.set_result(None)


class Caster(Watcher):
    """Who brings updates about: by bidding, or on the bare server by sending the update's own bytes."""

    __slots__ = ("answered", "least", "payload", "token")

    def __init__(self, crowd: Crowd, auction: list[Any] | None, token: str, payload: bytes = b"") -> None:
        super().__init__(crowd, auction[0] if auction else None)
        self.token, self.payload, self.least = token, payload, auction
        self.answered: asyncio.Future[dict[str, Any]] | None = None

    def identity(self) -> bytes:
        return orjson.dumps({"token": self.token})

    def acknowledged(self, data: bytes) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        elif self.answered is not None:
            self.crowd.recent.clear()
            found = orjson.loads(data[data.index(b"[") :])[0] if b"[" in data else {}
            self.answered.set_result((time.perf_counter(), found))

    def cast(self, number: int) -> None:
        self.answered = asyncio.get_running_loop().create_future()
        if self.least is None:
            self.transport.send(WSMsgType.TEXT, self.payload)
            return
        auction_id, reserve, increment = self.least
        bid = {"auction_id": auction_id, "amount_fen": reserve + number * increment, "key": str(number)}
        body = orjson.dumps(["bid", {**bid, "raise_own": True}])
        self.transport.send(WSMsgType.TEXT, b"42" + _NAMESPACE + str(number + 10).encode() + body)


async def connect(url: str, watchers: list[Watcher]) -> float:
    """Connect all of them, some at a time; answers the seconds it took."""
    began, turn = time.perf_counter(), asyncio.Semaphore(_AT_ONCE)

    async def one(watcher: Watcher) -> None:
        async with turn:
            await ws_connect(lambda: watcher, url, websocket_handshake_timeout=60)
            await asyncio.wait_for(watcher.ready, 60)

    await asyncio.gather(*map(one, watchers))
    return time.perf_counter() - began


async def rounds(crowd: Crowd, caster: Caster, seconds: float) -> dict[str, Any]:
    """Cast for so long, one update at a time, at least five; milliseconds from the acknowledgement to the last."""
    loop, took, offered = asyncio.get_running_loop(), [], []
    until = loop.time() + seconds
    while len(took) < 6 or loop.time() < until:
        crowd.wanted = crowd.size
        crowd.everybody.clear()
        began = time.perf_counter()
        caster.cast(len(took))
        assert caster.answered is not None
        acknowledged, answer = await asyncio.wait_for(caster.answered, _PATIENCE)
        if answer.get("outcome", "accepted") != "accepted":
            raise SystemExit(f"not accepted: {answer}")
        await asyncio.wait_for(crowd.everybody.wait(), _PATIENCE)
        done = time.perf_counter()
        took.append((done - acknowledged) * 1000)
        offered.append((done - began) * 1000)
        await asyncio.sleep(_BETWEEN)
    took, offered = sorted(took[1:]), sorted(offered[1:])  # the first warms up
    return {
        "last_p50_ms": round(took[len(took) // 2], 2),
        "last_p99_ms": round(took[int(len(took) * 0.99)], 2),
        "since_offer_p50_ms": round(offered[len(offered) // 2], 2),
        "rounds": len(took),
    }


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Connect, say so, cast or listen, tell."""
    auction = plan.get("auction")
    crowd = Crowd(plan["watchers"])
    crowd.bare = auction is None
    watchers = [Watcher(crowd, auction[0] if auction else None) for _ in range(crowd.size)]
    connected = await connect(plan["url"], watchers)
    caster = None
    if plan["mode"] == "rounds":
        caster = Caster(Crowd(1), auction, plan["token"], plan["payload"].encode())
        caster.crowd.bare = True
        await connect(plan["url"], [caster])
    print(json.dumps({"connect_s": round(connected, 2)}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    if caster is not None:
        result = await rounds(crowd, caster, plan["seconds"])
        result["payload"] = crowd.updates[-1].data.decode() if crowd.updates else plan["payload"]
    else:
        await asyncio.to_thread(sys.stdin.readline)
        result = crowd.told()
    for watcher in [*watchers, *([caster] if caster else [])]:
        watcher.transport.disconnect(False)
    return result


if __name__ == "__main__":
    allow_connections()
    print(json.dumps(uvloop.run(run(json.loads(sys.stdin.readline())))))
