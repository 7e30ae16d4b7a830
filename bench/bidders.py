"""The websocket clients of the bid benchmark: Socket.IO spoken by hand, so that the client costs little."""

import asyncio
import json
import random
import sys
import time
from typing import Any

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

_NAMESPACE = b"/auctions,"
#: A client bids on, and watches, at most this many lots, drawn once.
_LOTS_EACH = 3
#: Seconds of bidding that are not counted.
_WARM_UP = 1.0


class Tally:
    """What all clients saw together."""

    def __init__(self) -> None:
        self.counting = self.stopped = False
        self.accepted = self.refused = 0
        self.codes: dict[str, int] = {}
        self.latencies: list[float] = []


class Bidder(WSListener):
    """One client: one offer in flight, a new one as soon as the last is answered."""

    def __init__(self, token: str, auctions: list[list[Any]], rng: random.Random, tally: Tally, ready: asyncio.Event):
        self.token, self.auctions, self.rng, self.tally, self.ready = token, auctions, rng, tally, ready
        self.least = {auction_id: reserve for auction_id, reserve, _ in auctions}
        self.increment = {auction_id: increment for auction_id, _, increment in auctions}
        self.sent_at = 0.0
        self.number = 0
        self.watching = len(auctions)
        self.on: str = auctions[0][0]

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def send(self, data: bytes) -> None:
        self.transport.send(WSMsgType.TEXT, data)

    def bid(self) -> None:
        """Offer the least bid last seen plus 0 to 3 increments."""
        self.on = self.rng.choice(self.auctions)[0]
        amount = self.least[self.on] + self.rng.randrange(4) * self.increment[self.on]
        self.number += 1
        body = {"auction_id": self.on, "amount_fen": amount, "key": str(self.number), "raise_own": True}
        self.sent_at = time.perf_counter()
        self.send(b"42" + _NAMESPACE + str(self.number).encode() + orjson.dumps(["bid", body]))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        data = frame.get_payload_as_bytes()
        head = data[:2]
        if head == b"43":
            self.answered(orjson.loads(data[data.index(b"[") :])[0], int(data[2 + len(_NAMESPACE) : data.index(b"[")]))
        elif head == b"42":
            self.updated(orjson.loads(data[data.index(b"[") :])[1])
        elif head == b"40":
            for number, (auction_id, _, _) in enumerate(self.auctions):
                watch = orjson.dumps(["watch", {"auction_id": auction_id}])
                self.send(b"42" + _NAMESPACE + str(1_000_000 + number).encode() + watch)
        elif data[:1] == b"0":
            self.send(b"40" + _NAMESPACE + orjson.dumps({"token": self.token}))
        elif data[:1] == b"2":
            self.send(b"3")

    def updated(self, update: dict[str, Any]) -> None:
        auction_id, price = update["auction_id"], update["price_fen"]
        if price is not None:
            self.least[auction_id] = max(self.least[auction_id], price + self.increment[auction_id])

    def answered(self, answer: dict[str, Any], number: int) -> None:
        if number >= 1_000_000:
            self.watching -= 1
            if not self.watching:
                self.ready.set()
            return
        tally = self.tally
        if tally.counting:
            tally.latencies.append(time.perf_counter() - self.sent_at)
            if answer["outcome"] == "accepted":
                tally.accepted += 1
            else:
                tally.refused += 1
                tally.codes[answer["code"]] = tally.codes.get(answer["code"], 0) + 1
        if answer["minimum_fen"] is not None:
            self.least[self.on] = max(self.least[self.on], answer["minimum_fen"])
        if not tally.stopped:
            self.bid()


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Connect everybody, warm up, bid for the time asked, count."""
    tally = Tally()
    url = f"ws://127.0.0.1:{plan['port']}/socket.io/?EIO=4&transport=websocket"
    bidders = []
    for number, token in enumerate(plan["tokens"]):
        rng, ready = random.Random(plan["seed"] * 1000 + number), asyncio.Event()
        drawn = rng.sample(plan["auctions"], min(_LOTS_EACH, len(plan["auctions"])))
        bidder = Bidder(token, drawn, rng, tally, ready)
        await ws_connect(lambda bidder=bidder: bidder, url)
        await asyncio.wait_for(ready.wait(), 30)
        bidders.append(bidder)
    for bidder in bidders:
        bidder.bid()
    await asyncio.sleep(_WARM_UP)
    tally.counting, started = True, time.perf_counter()
    await asyncio.sleep(plan["seconds"])
    tally.counting, tally.stopped = False, True
    seconds = time.perf_counter() - started
    await asyncio.sleep(0.5)
    for bidder in bidders:
        bidder.transport.disconnect()
    latencies = sorted(tally.latencies) or [0.0]
    return {
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 1),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
        "accepted": tally.accepted,
        "refused": tally.refused,
        "refusals": tally.codes,
        "seconds": round(seconds, 2),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
