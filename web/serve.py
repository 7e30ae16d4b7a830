"""One serving process: gevent's server, the desk, the sockets, and (unless told otherwise) the scheduler."""

import logging
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from http.client import HTTPException
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
from .pages.kept import KeptPages
from .wiring import check, open_house

log = structlog.get_logger(__name__)

#: Seconds within which clients are to move elsewhere when this process stops: the time others need to take them, at so
#: many a second, within bounds; and how long the last answer may be under way.
_TAKEN_A_SECOND, _SHORTEST, _LONGEST, _LAST = 500, 0.5, 20.0, 1.0


class _Server(pywsgi.WSGIServer):
    """pywsgi without Nagle's delay: an acknowledgement is one small packet that must leave at once."""

    def handle(self, client: socket.socket, address: Any) -> Any:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return super().handle(client, address)


class _Handler(WebSocketHandler):
    """Keeps the server's name and version to itself, and logs nothing per request."""

    def log_request(self) -> None:
        return None

    def handle(self) -> None:
        """A client that hangs up while it is told what was wrong with its request is no fault."""
        with suppress(OSError):
            super().handle()

    def read_request(self, raw_requestline: str) -> Any:
        """False, which is answered with 400, also for more header lines than may be: they are not worth a traceback."""
        try:
            return super().read_request(raw_requestline)
        except HTTPException:
            return False

    def handle_one_response(self) -> None:
        """A process that stops answers what it was asked, and is asked nothing more on the same connection."""
        self.close_connection |= not self.server.started
        super().handle_one_response()
        self.close_connection |= not self.server.started


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
        self.desk = Desk(house, timers.process_name(house))
        self.beside = beside_loop(2)
        self.app = create_app(house, self.gateway, self.desk, beside=self.beside, kept_pages=KeptPages())
        self.door = self.app.extensions["door"]
        self.uses = self.app.extensions["uses"]
        self.sockets, self.rooms, self.broadcaster = sockets.join(self.app, house, self.door, "gevent")
        self.app.extensions["metrics"].sockets.set_function(self.rooms.clients)
        self._timers = timers.Timers(house) if with_scheduler else None
        self._counting: Any = None
        self._server: _Server | None = None

    def run(self, bind: str, ready: Callable[[], None] | None = None) -> None:
        """Serve on `host:port` until SIGTERM or SIGINT; then send everybody elsewhere, answer what waits and stop."""
        wire.install()
        waiting.install()
        host, _, port = bind.rpartition(":")
        self.desk.start()
        self.rooms.start()
        self.broadcaster.start()
        self._counting = timers.start_counting(
            self.house, self.door.turned_away, self.app.extensions["views"], self.uses, self.rooms.staying
        )
        if self._timers:
            self._timers.start(self.gateway, self.beside, self.rooms.watching)
        self._server = _Server(
            (host.strip("[]") or "127.0.0.1", int(port)),
            self.app,
            handler_class=_Handler,
            log=None,
            error_log=logging.getLogger("gevent.pywsgi"),
            backlog=4096,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._stop)
        self._server.start()
        log.info("serving", bind=bind)
        if ready:
            ready()
        self._server._stop_event.wait()
        self._leave()
        self.close()

    def _stop(self) -> None:
        """Take no new connection: what stands in front goes to another process from now on."""
        if self._server is not None and self._server.started:
            self.app.extensions["leaving"] = True
            self._server.close()

    def _leave(self) -> None:
        """Send the sockets elsewhere while their bids are still answered; then answer the rest and cut what is left."""
        spread = min(max(self.rooms.clients() / _TAKEN_A_SECOND, _SHORTEST), _LONGEST)
        log.info("leaving", sockets=self.rooms.clients(), seconds=spread)
        give_up = time.monotonic() + spread + _LAST
        self.rooms.send_away(spread)
        while self.rooms.clients() and time.monotonic() < give_up:
            gevent.sleep(0.05)
        self.desk.stop()
        if self._server is not None:
            self._server.stop(timeout=2)

    def close(self) -> None:
        """Stop the timers, and write what this process has counted."""
        if self._timers:
            self._timers.stop()
        self._counting.shutdown(wait=False)
        timers.journal_counts(self.house, self.door.turned_away)
        timers.count_views(self.house, self.app.extensions["views"])
        timers.keep_uses(self.house, self.uses)
