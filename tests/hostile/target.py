"""A served sale at which hostile bytes are thrown, and what must be true of it whatever comes."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

from tests.faults.raw import handles, resident_kb
from tests.flows.bidders import Bidder
from tests.flows.court import Court
from tests.flows.server import Server, wait_until

#: Kilobytes by which the process may grow: the bar of the goal.
GROWTH = 10 * 1024
_keys = count(1)


class Line:
    """A bare TCP connection to the server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.wire = socket.create_connection(("127.0.0.1", server.port), 20)
        self.read = b""

    def upgrade(self) -> "Line":
        """Make it a websocket that has not joined a namespace."""
        self.send(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{self._server.port}\r\n"
            f"Origin: {self._server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert self.until(b'"pingTimeout"'), self.read
        return self

    def send(self, data: bytes) -> bool:
        """False where the other end has hung up."""
        try:
            self.wire.sendall(data)
        except OSError:
            return False
        return True

    def until(self, mark: bytes) -> bool:
        """Read until something has come. False where the other end hangs up first."""
        while mark not in self.read:
            try:
                data = self.wire.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                return False
            self.read += data
        return True

    def ended(self) -> bool:
        """Read to the end, which must come."""
        return not self.until(b"\0 what is never said")

    def close(self) -> None:
        with suppress(OSError):
            self.wire.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def frame(data: bytes, first: int = 0x81, *, length: int | None = None, masked: bool = True) -> bytes:
    """A websocket frame around `data`; `first` holds its end bit and kind, `length` what it says of itself."""
    said, mask = len(data) if length is None else length, 0x80 if masked else 0
    if said < 126:
        head = bytes([first, mask | said])
    elif said < 65536:
        head = bytes([first, mask | 126]) + struct.pack("!H", said)
    else:
        head = bytes([first, mask | 127]) + struct.pack("!Q", said)
    return head + (bytes(4) if masked else b"") + data


class Target:
    """The server, its sale, and an honest bidder beside whoever is not."""

    def __init__(self, server: Server, court: Court, people: list[Bidder]) -> None:
        self.server, self.court = server, court
        self.honest, self.hostile = people
        self.auction_id = court.auction_id

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def goes_on(self) -> None:
        """The honest bidder bids, and is taken."""
        price = self.court.auction["price_fen"]
        amount = self.court.facts.reserve_fen if price is None else price + self.court.facts.increment_fen
        answer = self.honest.bid(self.server, self.auction_id, amount, f"honest-{next(_keys)}", raise_own=True)
        assert answer.status_code == 201, answer.text

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Whatever is done within: no traceback, no 5xx, no growth, no connection left, and bids are taken."""
        self.goes_on()
        log = self.server.process.log
        before, files, said = resident_kb(self.pid), handles(self.pid)[0], log.stat().st_size
        yield
        self.goes_on()
        wait_until(lambda: handles(self.pid)[0] <= files + 2, "the connections are gone")
        told = log.read_bytes()[said:].decode(errors="replace")
        assert "Traceback" not in told, told[-3000:]
        assert "unhandled" not in told, told[-3000:]
        assert resident_kb(self.pid) - before <= GROWTH
        assert self.server.faults == []
