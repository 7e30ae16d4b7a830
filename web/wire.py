"""The wire under the sockets: what gevent-websocket does frame by frame, without its pure-Python loops.

A frame that fits into the socket's buffer can be written at once, by whoever has it, between two frames of the
connection's own writer. What cannot be written at once goes the library's way, through the connection's queue.
"""

import re
import socket
import time
from contextlib import suppress
from typing import Any

import gevent
from engineio.packet import PING, Packet
from engineio.socket import Socket
from gevent.lock import BoundedSemaphore
from geventwebsocket import handler, websocket
from geventwebsocket.exceptions import ProtocolError

#: Bytes a client's message may have.
LARGEST = 16 * 1024
#: Of Engine.IO's packets those that a websocket carries: none is binary here.
_PACKET = re.compile("[1-6]")


def text_frame(data: bytes) -> bytes:
    """A whole unmasked text frame (RFC 6455, 5.2) around UTF-8 `data`."""
    head = websocket.Header.encode_header(True, websocket.WebSocket.OPCODE_TEXT, b"", len(data), 0)
    return bytes(head) + data


def unmask(header: Any, payload: bytes) -> bytes:
    """The payload of a masked frame, in one operation instead of one a byte."""
    length = len(payload)
    mask = (header.mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")


def bounded_header(stream: Any, decode: Any = websocket.Header.decode_header) -> Any:
    """The head of a frame. ProtocolError for one longer than a message may be, before a byte of it is read: the library
    takes up to 2^64 bytes into memory, and who calls it looks at the length only then.
    """
    header = decode(stream)
    if header.length > LARGEST:
        raise ProtocolError("the frame is too large")
    return header


class Wire(websocket.WebSocket):
    """A websocket of gevent-websocket that can also write a frame without waiting. Frames are written one by one."""

    __slots__ = ("_begun", "_socket", "_turn")

    def __init__(self, environ: dict[str, Any], stream: Any, owner: Any) -> None:
        self._turn = BoundedSemaphore(1)
        self._begun = 0  # bytes of a message whose last frame has not come
        self._socket = stream.handler.socket
        super().__init__(environ, stream, owner)

    def validate_utf8(self, payload: bytes) -> None:
        """Nothing: the message is decoded as a whole right afterwards, which refuses what is not UTF-8."""

    def receive(self) -> Any:
        """As the library does it; None, the end, also for what is no packet of Engine.IO, at which its handler breaks
        and leaves the client connected.
        """
        message = super().receive()
        if isinstance(message, str) and not _PACKET.match(message):
            self.close(1002)
            return None
        return message

    def read_frame(self) -> Any:
        """As the library does it; a message in many frames has no more bytes than one in a single frame may have."""
        header, payload = super().read_frame()
        if header.opcode < self.OPCODE_CLOSE:
            self._begun += len(payload)
            if self._begun > LARGEST:
                raise ProtocolError("the message is too large")
            if header.fin:
                self._begun = 0
        return header, payload

    def send_frame(self, message: Any, opcode: int) -> None:
        """As the library does it, once nobody else is writing."""
        with self._turn:
            super().send_frame(message, opcode)

    def write_at_once(self, frame: bytes) -> bool:
        """Write a whole frame without waiting. False, and nothing written, where it has to wait for its turn."""
        if self.closed or not self._turn.acquire(blocking=False):
            return False
        sent = 0
        try:
            sent = self._socket._sock.send(frame)
        except OSError:  # a full buffer, or a dead socket: the queue finds out which
            return False
        finally:
            if not 0 < sent < len(frame):
                self._turn.release()
        if sent < len(frame):
            gevent.spawn(self._write_rest, frame[sent:])
        return True

    def cut(self) -> None:
        """End the connection without a word: whoever waits to read or write on it finds out."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _write_rest(self, rest: bytes) -> None:
        """Write what is left of a frame, in the turn that its beginning took."""
        try:
            self._socket.sendall(rest)
        except OSError:
            self._socket.close()  # half a frame is out: nothing more can be said on this connection
        finally:
            self._turn.release()


def schedule_ping(client: Socket) -> None:
    """Ping a client in time, as the library does it; what waits meanwhile is a timer, not a greenlet with its stack."""
    if client.last_ping:
        client.last_ping = None
        gevent.spawn_later(client.server.ping_interval, _ping, client)


def _ping(client: Socket) -> None:
    if not client.closing and not client.closed:
        client.last_ping = time.time()
        client.send(Packet(PING))


def install() -> None:
    """Have gevent-websocket make its connections of `Wire`, and the library wait for pings without greenlets."""
    handler.WebSocket = Wire
    websocket.Header.unmask_payload = unmask
    Socket.schedule_ping = schedule_ping
    websocket.Header.decode_header = bounded_header
