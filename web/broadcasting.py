"""Telling everybody in a room of what was committed there.

Updates leave after the commit, from a broadcaster of their own, at most ten a second for a room, so that neither a slow
watcher nor the message queue delays an acknowledgement.
"""

import json
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import orjson
import structlog
from engineio.packet import MESSAGE, Packet
from flask_socketio import SocketIO
from socketio import RedisManager, Server

from auction.kernel.events import Published

from .wire import Wire, text_frame

log = structlog.get_logger(__name__)

NAMESPACE = "/auctions"
#: What may wait for a client that does not read, in messages and in characters; of few nothing is counted.
MOST_WAITING, MOST_CHARACTERS, _FEW = 256, 2**20, 8
#: Seconds between two updates of one room.
PAUSE = 0.1
#: After so many frames written at once, everything else in the process has its turn: bids above all.
_BREATH = 50


class Json:
    """What python-socketio needs of a JSON module."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            # NaN, Infinity and huge numbers: read them, so that the event is answered for what it holds.
            return json.loads(text)


class _Lane:
    """A way on which updates leave, merged while it is busy: at most ten a second for a room."""

    def __init__(self, name: str, send: Callable[[str, dict[str, Any]], None], rest: Callable[[float], object]) -> None:
        self._name, self._send, self._rest = name, send, rest
        self._lock = threading.Lock()
        self._pending: dict[str, dict[str, Any]] = {}
        self._some = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name=self._name).start()

    def take(self, update: dict[str, Any]) -> None:
        with self._lock:
            waiting = self._pending.get(update["auction_id"])
            if waiting is not None:
                events = sorted([*waiting["events"], *update["events"]], key=lambda event: event["version"])
                newer = update if update["version"] > waiting["version"] else waiting
                update = {**newer, "events": events}
            self._pending[update["auction_id"]] = update
        self._some.set()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            with self._lock:
                updates, self._pending = self._pending, {}
            for auction_id, update in updates.items():
                try:
                    self._send(auction_id, update)
                except Exception:
                    log.exception("update not sent", auction=auction_id, lane=self._name)
            self._rest(PAUSE)


class Broadcaster:
    """Merges what rooms publish and sends it on, away from whoever committed it.

    To the clients of this process directly, to other processes by the message queue: a queue that hangs keeps nobody
    here from hearing.
    """

    def __init__(self, sockets: SocketIO, queue: str | None = None) -> None:
        """`queue`: the address of the message queue, where other processes are to be told too."""
        here = partial(sockets.emit, "update", namespace=NAMESPACE, ignore_queue=True)
        self._lanes = [_Lane("broadcaster", lambda room, update: here(update, to=room), sockets.sleep)]
        if queue is not None:
            mine = sockets.server.manager
            others = RedisManager(queue, channel=mine.channel, write_only=True, json=Json)
            others.host_id = mine.host_id  # our own clients have been told
            told = partial(others.emit, "update", namespace=NAMESPACE)
            self._lanes.append(_Lane("queue", lambda room, update: told(update, room=room), sockets.sleep))

    def start(self) -> None:
        """Begin to send."""
        for lane in self._lanes:
            lane.start()

    def take(self, message: Published) -> None:
        """Add one committed update of a room."""
        for lane in self._lanes:
            lane.take(message.payload)


def drop_stuck(server: Server) -> None:
    """Cut off who does not read: what waits for one client may not grow without bound."""
    for client, connection in list(server.eio.sockets.items()):
        waiting = connection.queue.queue
        if len(waiting) <= _FEW or (len(waiting) <= MOST_WAITING and _characters(waiting) <= MOST_CHARACTERS):
            continue
        log.info("a client does not read", waiting=len(waiting))
        wire = server.environ.get(client, {}).get("wsgi.websocket")
        if isinstance(wire, Wire):
            wire.cut()
        else:
            connection.close(wait=False, abort=True)


def _characters(packets: Iterable[Packet | None]) -> int:
    return sum(len(packet.data) for packet in list(packets) if packet is not None and type(packet.data) is str)


def write_at_once(sockets: SocketIO) -> None:
    """Write messages straight into the connections that have room for them, each framed once for all its receivers.

    The library puts a message into every client's queue, whence a greenlet of the client's own encodes, frames and
    writes it: four times the work. Where something waits already, or cannot be written whole, the queue is still the
    way. Of two updates of a room under way at a time (one committed here, one told by another process) a watcher may
    get the later first; as with every gap it asks for what it missed.
    """
    server = sockets.server
    queue = server._send_eio_packet
    framed: tuple[Packet | None, bytes] = (None, b"")
    written = 0

    def send(client: str, packet: Packet) -> None:
        nonlocal framed, written
        wire = server.environ.get(client, {}).get("wsgi.websocket")
        waiting = server.eio.sockets.get(client)
        plain = packet.packet_type == MESSAGE and type(packet.data) is str
        if not plain or not isinstance(wire, Wire) or waiting is None or not waiting.queue.empty():
            queue(client, packet)
            return
        if framed[0] is not packet:
            framed = packet, text_frame(packet.encode().encode())
        if not wire.write_at_once(framed[1]):
            queue(client, packet)
        written += 1
        if written % _BREATH == 0:
            sockets.sleep(0)

    server._send_eio_packet = send
