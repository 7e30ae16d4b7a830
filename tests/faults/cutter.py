"""A wire between clients and the server that is cut again and again, at a random byte."""

import random
import socket
import threading
from contextlib import suppress

#: Bytes until the cut, from and to: while connecting and catching up, or while listening.
_SPANS = ((100, 2_000), (2_000, 40_000))


class Cutter:
    """Listens on a port of its own and passes everything on, until so many bytes of an answer have gone through."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self._port, self._rng = port, rng
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        #: No longer: what connects from now on stays connected.
        self.mended = False
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    length = None if self.mended else self._rng.randint(*self._rng.choice(_SPANS))
                threading.Thread(target=self._join, args=(client, length), daemon=True).start()

    def _join(self, client: socket.socket, length: int | None) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._port)) as server:
            back = threading.Thread(target=_pass_on, args=(client, server, None), daemon=True)
            back.start()
            if _pass_on(server, client, length):
                with self._lock:
                    self.cuts += 1
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket, length: int | None) -> bool:
    """Pass on at most `length` bytes; True if it was that which ended it."""
    with suppress(OSError):
        while length is None or length > 0:
            data = source.recv(4096 if length is None else min(4096, length))
            if not data:
                break
            target.sendall(data)
            length = None if length is None else length - len(data)
        if length == 0:
            return True
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
    return False
