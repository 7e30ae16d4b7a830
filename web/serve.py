"""One serving process: gevent's server, the desk, the sockets, and (unless told otherwise) the scheduler."""

import os
import signal
import socket
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import gevent
import structlog
from gevent import pywsgi
from gevent.threadpool import ThreadPool
from geventwebsocket.handler import WebSocketHandler

from auction.kernel.settings import Settings
from auction.kernel.unit import House
from bidding.desk import Desk

from . import scheduler as timers
from . import sockets, waiting, wire
from .app import create_app
from .gateway import SandboxGateway
from .wiring import check, open_house

log = structlog.get_logger(__name__)


class _Server(pywsgi.WSGIServer):
    """pywsgi without Nagle's delay: an acknowledgement is one small packet that must leave at once."""

    def handle(self, client: socket.socket, address: Any) -> Any:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return super().handle(client, address)


class _Handler(WebSocketHandler):
    """Keeps the server's name and version to itself, and logs nothing per request."""

    def log_request(self) -> None:
        return None


def gevent_house(settings: Settings) -> House:
    """A house for gevent. SQLite's writing units all run on one thread of their own: it has one writer, and an
    fsync must not stop the loop. PostgreSQL's driver waits cooperatively by itself."""
    run = beside_loop(1) if settings.database_url.startswith("sqlite") else None
    return open_house(settings, run=run)


def beside_loop(threads: int) -> Callable[..., Any]:
    """A way to call something on one of so many threads, and wait while the loop goes on.

    What it raises is raised here, not reported by the pool. It runs in the caller's context, so that a unit of work
    knows the request it belongs to on any thread.
    """
    pool = ThreadPool(threads)

    def call(work: Callable[..., Any], *args: Any) -> Any:
        def caught() -> tuple[Any, BaseException | None]:
            try:
                return work(*args), None
            except Exception as error:
                return None, error

        answer, error = pool.apply(copy_context().run, (caught,))
        if error is not None:
            raise error
        return answer

    return call


class Serving:
    """Everything of one process, started and stopped together."""

    def __init__(self, house: House, *, with_scheduler: bool = True) -> None:
        check(house)
        house.anchor()
        self.house = house
        self.gateway = SandboxGateway(house)
        house.subscribe("refund", self.gateway.on_refund)
        self.desk = Desk(house, f"{socket.gethostname()}:{os.getpid()}:{house.ids.token()[:8]}")
        self.beside = beside_loop(2)
        self.app = create_app(house, self.gateway, self.desk, beside=self.beside)
        self.door = self.app.extensions["door"]
        self.uses = self.app.extensions["uses"]
        self.sockets, self.rooms, self.broadcaster = sockets.join(self.app, house, self.door, "gevent")
        self._with_scheduler = with_scheduler
        self._schedulers: list[Any] = []
        self._server: _Server | None = None

    def run(self, bind: str, ready: Callable[[], None] | None = None) -> None:
        """Serve on `host:port` until SIGTERM or SIGINT; then answer what is waiting and stop."""
        wire.install()
        waiting.install()
        host, _, port = bind.rpartition(":")
        self.desk.start()
        self.rooms.start()
        self.broadcaster.start()
        self._schedulers = [
            timers.start_counting(self.house, self.door.turned_away, self.app.extensions["views"], self.uses)
        ]
        if self._with_scheduler:
            self._schedulers.append(timers.start(self.house, self.gateway, self.beside, self.rooms.watching))
        self._server = _Server(
            (host.strip("[]") or "127.0.0.1", int(port)), self.app, handler_class=_Handler, log=None, backlog=4096
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._stop)
        self._server.start()
        log.info("serving", bind=bind)
        if ready:
            ready()
        self._server._stop_event.wait()
        self.close()

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop(timeout=2)

    def close(self) -> None:
        """Stop the timers, answer what is waiting, hand the lease back."""
        for scheduler in self._schedulers:
            scheduler.shutdown(wait=False)
        self.desk.stop()
        timers.journal_counts(self.house, self.door.turned_away)
        timers.count_views(self.house, self.app.extensions["views"])
        timers.keep_uses(self.house, self.uses)
