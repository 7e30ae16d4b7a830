"""Telling everybody in a room of what was committed there.

Updates leave after the commit, from a broadcaster of their own, at most ten a second for a room, so that neither a slow
watcher nor the message queue delays an acknowledgement.
"""

import threading
from typing import Any

import structlog
from engineio.packet import MESSAGE, Packet
from flask_socketio import SocketIO

from auction.kernel.events import Published

from .wire import Wire, text_frame

log = structlog.get_logger(__name__)

NAMESPACE = "/auctions"
#: Seconds between two updates of one room.
PAUSE = 0.1
#: After so many frames written at once, everything else in the process has its turn: bids above all.
_BREATH = 50


class Broadcaster:
    """Merges what rooms publish and sends it on, away from whoever committed it."""

    def __init__(self, sockets: SocketIO) -> None:
        self._sockets = sockets
        self._lock = threading.Lock()
        self._pending: dict[str, dict[str, Any]] = {}
        self._some = threading.Event()

    def start(self) -> None:
        """Begin to send."""
        threading.Thread(target=self._run, daemon=True, name="broadcaster").start()

    def take(self, message: Published) -> None:
        """Add one committed update of a room."""
        update = message.payload
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
                    self._sockets.emit("update", update, namespace=NAMESPACE, to=auction_id)
                except Exception:
                    log.exception("update not sent", auction=auction_id)
            self._sockets.sleep(PAUSE)


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
