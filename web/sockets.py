"""The sockets: watch a room, bid in it, hear of every change.

Messages are hints: every update carries the room's gap-free version, and a client that sees a gap asks `watch` with
`since`. Updates leave after the commit, from a broadcaster of their own, at most ten a second for a room, so that
neither a slow watcher nor the message queue delays an acknowledgement.
"""

import threading
from typing import Any

import orjson
import structlog
from flask import Flask, request
from flask_socketio import ConnectionRefusedError, Namespace, SocketIO, join_room, leave_room

from auction.kernel.errors import DomainError
from auction.kernel.events import Published
from auction.kernel.unit import House
from auction.queries.sessions import SignedIn, signed_in
from bidding.queries.auctions import auction_resource, events_since
from bidding.services.bids import refusal

from . import auth, errors
from .answering import language
from .door import take_offer
from .schemas.acknowledgement import acknowledgement

log = structlog.get_logger(__name__)

NAMESPACE = "/auctions"
#: Seconds between two updates of one room.
PAUSE = 0.1
#: Bytes a client's message may have.
LARGEST = 16 * 1024
#: Seconds of machine time for which a session found alive is taken to be so.
_FRESH = 1.0
_BID_FIELDS = {"auction_id", "amount_fen", "key", "raise_own", "confirm_implausible"}
_LONGEST_KEY = 100


class Json:
    """What python-socketio needs of a JSON module."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        return orjson.loads(text)


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


class Rooms(Namespace):
    """The events of `/auctions`. Every event answers; nothing a client sends raises."""

    def __init__(self, house: House) -> None:
        super().__init__(NAMESPACE)
        self._house = house
        self._tokens: dict[str, str] = {}
        self._alive: dict[str, tuple[float, SignedIn | None]] = {}

    def on_connect(self, data: Any = None) -> None:
        token = data.get("token") if isinstance(data, dict) else None
        token = token if isinstance(token, str) else request.cookies.get(auth.COOKIE)
        if token is None:
            return
        if self._session(token) is None:
            raise ConnectionRefusedError("unauthenticated")
        self._tokens[request.sid] = token  # type: ignore[attr-defined]

    def on_disconnect(self, *_: Any) -> None:
        self._tokens.pop(request.sid, None)  # type: ignore[attr-defined]

    def on_watch(self, data: Any = None, *_: Any) -> dict[str, Any]:
        """Join a room; answers its snapshot with the events missed since a version."""
        auction_id = data.get("auction_id") if isinstance(data, dict) else None
        since = data.get("since") if isinstance(data, dict) else None
        if not isinstance(auction_id, str) or not (since is None or (type(since) is int and since >= 0)):
            return _failure("malformed")
        join_room(auction_id)
        try:
            return self._house.read(_snapshot, auction_id, since, self._house.now())
        except DomainError as error:
            leave_room(auction_id)
            return _failure(error.code)

    def on_unwatch(self, data: Any = None, *_: Any) -> dict[str, Any]:
        """Leave a room."""
        auction_id = data.get("auction_id") if isinstance(data, dict) else None
        if not isinstance(auction_id, str):
            return _failure("malformed")
        leave_room(auction_id)
        return {"auction_id": auction_id}

    def on_bid(self, data: Any = None, *_: Any) -> dict[str, Any]:
        """Bid; the acknowledgement comes after the commit."""
        try:
            session = self._who()
            auth.admit("bid.place", session, second_factor_required=self._house.settings.staff_mfa)
        except DomainError as error:
            return acknowledgement(refusal(error.code), language())
        wrong = _wrong_field(data)
        if wrong is not None:
            return {**acknowledgement(refusal("malformed"), language()), "field": wrong}
        assert session is not None  # noqa: S101 - bid.place admits nobody without a session
        answer = take_offer(
            session.actor,
            data["auction_id"],
            data.get("amount_fen"),
            data["key"],
            raise_own=data.get("raise_own", False),
            confirm_implausible=data.get("confirm_implausible", False),
        )
        return acknowledgement(answer, language())

    def _who(self) -> SignedIn | None:
        token = self._tokens.get(request.sid)  # type: ignore[attr-defined]
        if token is None:
            return None
        session = self._session(token)
        if session is None:
            self.disconnect(request.sid)  # type: ignore[attr-defined]
            raise DomainError("unauthenticated")
        return session

    def _session(self, token: str) -> SignedIn | None:
        now = self._house.clock.machine()
        found = self._alive.get(token)
        if found is None or now.timestamp() - found[0] > _FRESH:
            if len(self._alive) > 50_000:
                self._alive.clear()
            found = (now.timestamp(), self._house.read(signed_in, token, now))
            self._alive[token] = found
        return found[1]


def _wrong_field(data: Any) -> str | None:
    """The first field of a bid that cannot be read, or None. The amount is judged apart: it has its own code."""
    if not isinstance(data, dict):
        return ""
    for name in data:
        if name not in _BID_FIELDS:
            return str(name)
    if not isinstance(data.get("auction_id"), str):
        return "auction_id"
    key = data.get("key")
    if not isinstance(key, str) or not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        return "key"
    for flag in ("raise_own", "confirm_implausible"):
        if type(data.get(flag, False)) is not bool:
            return flag
    return None


def _failure(code: str) -> dict[str, Any]:
    """The answer of an event that is no bid and could not be carried out."""
    return {"code": code, "detail": errors.sentence(code, {}, language())}


def _snapshot(session: Any, auction_id: str, since: int | None, now: Any) -> dict[str, Any]:
    resource = auction_resource(session, auction_id, now)
    page = events_since(session, auction_id, resource["version"] if since is None else since)
    return {**resource, "events": page["items"], "more": page["more"]}


def join(app: Flask, house: House, async_mode: str) -> tuple[SocketIO, Broadcaster]:
    """Put the sockets onto the application; start the broadcaster once the process serves."""
    origins = [house.settings.public_url] if house.settings.public_url else None
    sockets = SocketIO(
        app,
        async_mode=async_mode,
        json=Json,
        message_queue=house.settings.redis_url,
        cors_allowed_origins=origins,
        max_http_buffer_size=LARGEST,
        manage_session=False,
        ping_interval=20,
        ping_timeout=20,
        always_connect=False,
    )
    sockets.on_namespace(Rooms(house))
    broadcaster = Broadcaster(sockets)
    house.subscribe("room", broadcaster.take)
    return sockets, broadcaster
