"""A websocket client of a few lines: cheap enough to come in hundreds, and free to behave as no library does."""

import json
import os
import socket
import struct
from contextlib import suppress
from typing import Any

from tests.flows.server import PATIENCE, Server

_NAMESPACE = "/auctions"


class Raw:
    """A connection to the rooms of a server. It reads nothing unless it is told to."""

    def __init__(self, server: Server, who: str | None = None, *, buffer: int | None = None) -> None:
        """`buffer`: bytes the kernel takes in for whoever does not read."""
        self.wire = socket.socket()
        if buffer is not None:
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.wire.settimeout(PATIENCE)
        self.wire.connect(("127.0.0.1", server.port))
        self.wire.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Origin: {server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self.until(b"\r\n\r\n")
        auth = json.dumps({"token": server.token(who)}) if who else ""
        self.say(f"40{_NAMESPACE},{auth}")
        self.until(f"40{_NAMESPACE}".encode())

    def say(self, text: str) -> None:
        """Send one message."""
        data = text.encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
        # Masked, as a client must: with zeros, so that the text is as it was.
        self.wire.sendall(b"\x81" + length + bytes(4) + data)

    def ask(self, number: int, event: str, data: dict[str, Any]) -> None:
        """Send an event that is to be acknowledged under a number."""
        self.say(f"42{_NAMESPACE},{number}{json.dumps([event, data])}")

    def until(self, mark: bytes) -> bytes:
        """Read until something has come; everything read on the way. ConnectionError at the end of the stream."""
        read = b""
        while mark not in read:
            data = self.wire.recv(65536)
            if not data:
                raise ConnectionError("the server has hung up")
            read += data
        return read

    def hung_up(self) -> bool:
        """Whether the server has ended the connection; what had been sent before is thrown away."""
        self.wire.setblocking(False)
        try:
            while self.wire.recv(65536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        with suppress(OSError):
            self.wire.close()


def handles(pid: int) -> tuple[int, int]:
    """How many files and threads a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))


def resident_kb(pid: int) -> int:
    """Kilobytes of memory a process holds."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
