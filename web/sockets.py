"""The sockets: watch a room, bid in it, hear of every change.

Messages are hints: every update carries the room's gap-free version, and a client that sees a gap asks `watch` with
`since`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict

import orjson
import structlog
from flask import Flask
from flask_socketio import SocketIO
from socketio import Namespace
from socketio.exceptions import ConnectionRefusedError
from werkzeug import Request

from auction.kernel.errors import DomainError
from auction.kernel.events import Published
from auction.kernel.unit import House
from auction.queries.sessions import SignedIn, all_signed_in, ended_since, expiries, signed_in
from auction.rules.access import STAFF
from bidding.queries.auctions import auction_resource, events_since
from bidding.services.bids import Answer, refusal

from . import auth, errors
from .answering import language_of
from .broadcasting import NAMESPACE, PAUSE, Broadcaster, Json, drop_stuck, write_at_once
from .door import PATIENCE, Door
from .schemas.acknowledgement import acknowledgement
from .wire import LARGEST, Wire, text_frame

log = structlog.get_logger(__name__)

#: Every event a client may send, with the action it performs. Others are answered, and do nothing.
EVENTS: Mapping[str, str] = {"watch": "public.read", "unwatch": "public.read", "bid": "bid.place"}
#: Seconds of machine time by which the look for ended sessions reaches back: a transaction may commit late.
_REACH = timedelta(seconds=10)
#: Seconds of machine time for which a session found alive is taken to be so.
_FRESH = 1.0
#: Sessions used within so many seconds are asked again in time, all at once; others when they are next used.
_KEPT_FRESH = 5.0
_REFRESH = 0.5
_BID_FIELDS = {"auction_id", "amount_fen", "key", "raise_own", "confirm_implausible"}
_LONGEST_KEY = 100
_LAST_VERSION = 2**53 - 1


class _Confirmed(TypedDict):
    """What a bidder confirms expressly."""

    raise_own: bool
    confirm_implausible: bool


@dataclass(slots=True)
class _Known:
    """What was found of a token: when (monotonic seconds), what, and when it was last needed."""

    asked: float
    session: SignedIn | None
    used: float


@dataclass(slots=True)
class _Client:
    """A connected client: how to speak to it, and the token it signed in with, if any."""

    language: str
    token: str | None
    watched: set[str] = field(default_factory=set)
    #: Its session, and when that is over.
    session_id: str | None = None
    expires_at: datetime | None = None


class Rooms(Namespace):
    """The events of `/auctions`. Every event answers; nothing a client sends raises.

    It is the socket library's own namespace, without a Flask request around each event: the bid path needs none.
    """

    def __init__(self, house: House, door: Door, uses: auth.Uses | None = None) -> None:
        super().__init__(NAMESPACE)
        self._house, self._door, self._uses = house, door, uses or auth.Uses()
        self._clients: dict[str, _Client] = {}
        self._alive: dict[str, _Known] = {}
        self._replies: dict[int, tuple[float, Callable[[Answer], None]]] = {}
        self._tickets = 0
        house.subscribe("sessions_ended", self._take_ends)

    def start(self) -> None:
        """Begin to keep sessions fresh, and to answer what the desk did not in time."""
        threading.Thread(target=self._keep, daemon=True, name="rooms").start()

    def _take_ends(self, message: Published) -> None:
        """Sessions ended in this process: their sockets lose their rights before whoever ended them is answered."""
        self._end(dict.fromkeys(message.payload["ids"], message.payload["reason"]))

    def _look_for_ends(self) -> None:
        """Sessions ended in other processes, or run out. One short question however many sockets there are, and the
        database's word rather than the message queue's: that one only carries hints, and may be dead.
        """
        signed = {
            one.session_id: one.expires_at for one in list(self._clients.values()) if one.session_id and one.expires_at
        }
        if not signed:
            return
        now = self._house.clock.machine()
        over = {session_id: "expired" for session_id, expires_at in signed.items() if expires_at <= now}
        if over:
            self._prolong(over, now)
        ended = self._house.read(ended_since, now - _REACH)
        self._end(over | ended)

    def _prolong(self, over: dict[str, str], now: datetime) -> None:
        """Leave those out whose end was put off meanwhile: a bidder watches his sale (`bidding.services.staying`)."""
        later = {one: at for one, at in self._house.read(expiries, list(over)).items() if at > now}
        for client in list(self._clients.values()):
            if client.session_id in later:
                client.expires_at = later[client.session_id]
                over.pop(client.session_id, None)

    def staying(self) -> set[tuple[str, str]]:
        """Whose session has which room open in this process, as (session, auction)."""
        clients = list(self._clients.values())
        return {(one.session_id, auction) for one in clients if one.session_id for auction in list(one.watched)}

    def _end(self, ended: Mapping[str, str]) -> None:
        """Take their rights from the sockets of ended sessions (with the reasons) and tell them; they may look on."""
        for sid, client in list(self._clients.items()):
            if client.session_id is not None and client.token is not None and client.session_id in ended:
                reason = ended[client.session_id]
                self._alive.pop(client.token, None)
                client.token = client.session_id = None
                self._tell_end(sid, client, reason)

    def _tell_end(self, sid: str, client: _Client, reason: str) -> None:
        detail = errors.sentence("unauthenticated", {"reason": reason}, client.language)
        told = {"code": "unauthenticated", "reason": reason, "detail": detail}
        self.emit("signed_out", told, to=sid, ignore_queue=True)

    def on_connect(self, sid: str, environ: dict[str, Any], data: Any = None) -> None:
        """Let a client in. A token that is none is refused; who comes with a dead session's cookie looks on and is told
        so, for his page may still take him to be signed in.
        """
        request = Request(environ)
        token = _token(data)
        shown = token or request.cookies.get(auth.COOKIE)
        session = self._session(shown) if shown is not None else None
        if token is not None and session is None:
            raise ConnectionRefusedError("unauthenticated")
        client = _Client(language_of(request), shown)
        if session is not None:
            client.session_id, client.expires_at = session.id, session.expires_at
        elif shown is not None:
            client.token = None
            self.server.start_background_task(self._tell_late, sid, client)
        self._clients[sid] = client

    def _tell_late(self, sid: str, client: _Client) -> None:
        """Once the connection stands."""
        self.server.sleep(PAUSE)
        self._tell_end(sid, client, "expired")

    def on_disconnect(self, sid: str, *_: Any) -> None:
        self._clients.pop(sid, None)

    def on_watch(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """Join a room; answers its snapshot with the events missed since a version."""
        since = data.get("since") if isinstance(data, dict) else None
        if (unknown := _unknown(data, "auction_id", "since")) is not None:
            return self._failure(sid, "unknown_field", unknown)
        if (failure := self._no_auction(sid, data)) is not None:
            return failure
        if not (since is None or (type(since) is int and 0 <= since <= _LAST_VERSION)):
            return self._failure(sid, "invalid", "since", reason="version", most=_LAST_VERSION)
        auction_id = data["auction_id"]
        self.enter_room(sid, auction_id)
        self._clients[sid].watched.add(auction_id)
        try:
            return self._house.read(_snapshot, auction_id, since, self._house.now())
        except DomainError as error:
            self.leave_room(sid, auction_id)
            self._clients[sid].watched.discard(auction_id)
            return self._failure(sid, error.code)

    def on_unwatch(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """Leave a room."""
        if (unknown := _unknown(data, "auction_id")) is not None:
            return self._failure(sid, "unknown_field", unknown)
        if (failure := self._no_auction(sid, data)) is not None:
            return failure
        self.leave_room(sid, data["auction_id"])
        self._clients[sid].watched.discard(data["auction_id"])
        return {"auction_id": data["auction_id"]}

    def clients(self) -> int:
        """How many are connected to this process."""
        return len(self._clients)

    def send_away(self, seconds: float) -> None:
        """Ask every client to take a new line, one after another over so many seconds: this process stops."""
        for number, sid in enumerate(sids := list(self._clients)):
            self.emit("moving", {"after_ms": int(1000 * seconds * number / len(sids))}, to=sid, ignore_queue=True)

    def watching(self) -> set[tuple[str, str]]:
        """Who has which room open in this process, as (account, auction); only those who are signed in."""
        found: set[tuple[str, str]] = set()
        for client in list(self._clients.values()):
            known = self._alive.get(client.token) if client.token and client.watched else None
            if known is not None and known.session is not None:
                found.update((known.session.actor.id, auction_id) for auction_id in list(client.watched))
        return found

    def on_bid(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """Bid; the acknowledgement comes after the commit. Whatever goes wrong, there is one."""
        try:
            answer = self._bid(sid, data)
        except DomainError as error:
            answer = refusal(error.code)
        except Exception:
            log.exception("a bid could not be taken")
            self._door.broke(data.get("auction_id") if isinstance(data, dict) else None)
            answer = refusal("fault")
        return self._told(answer, self._clients[sid].language, data)

    def _told(self, answer: Answer, tongue: str, data: Any) -> dict[str, Any]:
        now = None if answer.server_time else self._house.now()
        told = acknowledgement(answer, tongue, now)
        wrong = _wrong_field(data) if answer.code in ("malformed", "invalid") else None
        if wrong is None:
            return told
        return {**told, "field": wrong[0], "detail": errors.sentence(wrong[1], {}, tongue)}

    def _bid(self, sid: str, data: Any) -> Answer:
        session = self._who(sid)
        auth.admit(EVENTS["bid"], session, second_factor_required=self._house.settings.staff_mfa)
        if not isinstance(data, dict) or session is None:
            return refusal("malformed")
        if _wrong_field(data) is not None:
            return refusal("invalid")
        return self._door.take_offer(session.actor, *_offer(data), **_confirmed(data))

    def bid_at_once(self, sid: str, data: Any, send: Callable[[dict[str, Any]], None]) -> bool:
        """Pass a bid on without waiting; `send` gets its acknowledgement. False, and nothing done, where `on_bid` has
        to look closer: no session, one not seen lately or not allowed to bid, a field that cannot be read.
        """
        client = self._clients.get(sid)
        known = self._alive.get(client.token) if client and client.token else None
        now = time.monotonic()
        if client is None or known is None or known.session is None or now - known.asked > _FRESH:
            return False
        if _wrong_field(data) is not None:
            return False
        try:
            auth.admit(EVENTS["bid"], known.session, second_factor_required=self._house.settings.staff_mfa)
        except DomainError:
            return False
        known.used = now
        self._tickets = ticket = self._tickets + 1
        language = client.language

        def answered(answer: Answer) -> None:
            if self._replies.pop(ticket, None) is not None:
                send(self._told(answer, language, data))

        self._replies[ticket] = (now + PATIENCE, answered)
        try:
            self._door.pass_offer(known.session.actor, *_offer(data), answered, **_confirmed(data))
        except Exception:
            log.exception("a bid could not be taken")
            answered(refusal("fault"))
        return True

    def _keep(self) -> None:
        while True:
            self.server.sleep(_REFRESH)
            try:
                self._refresh()
                self._look_for_ends()
                self._answer_late()
                drop_stuck(self.server)
            except Exception:
                log.exception("sessions could not be looked up")

    def _refresh(self) -> None:
        now = time.monotonic()
        used = [token for token, known in list(self._alive.items()) if now - known.used < _KEPT_FRESH]
        if not used:
            return
        machine = self._house.clock.machine()
        found = self._house.read(all_signed_in, used, machine)
        for token in used:
            known = self._alive.get(token)
            if known is not None:  # else it was signed out meanwhile
                known.asked, known.session = now, found[token]
                session = found[token]
                # Staff do nothing by a socket: it comes back and watches by itself, whoever sits before it.
                if session is not None and session.actor.role not in STAFF:
                    self._uses.saw(session.id, machine)

    def _answer_late(self) -> None:
        """The oldest come first: an offer the desk has not answered in time is a fault, and its key tells later."""
        now = time.monotonic()
        for due, answered in list(self._replies.values()):
            if due > now:
                return
            answered(refusal("fault"))

    def trigger_event(self, event: str, sid: str, *args: Any) -> Any:
        """As the library does it; an event we do not have, or one that fails, is answered too."""
        if event not in ("connect", "disconnect", *EVENTS):
            return self._failure(sid, "malformed", reason="event")
        if event in ("connect", "disconnect", "bid"):
            return super().trigger_event(event, sid, *args)
        try:
            return super().trigger_event(event, sid, *args)
        except Exception:
            log.exception("an event failed", event_name=event)
            return self._failure(sid, "fault")

    def _no_auction(self, sid: str, data: Any) -> dict[str, Any] | None:
        """The answer of an event that names no auction, None where it does."""
        if not isinstance(data, dict):
            return self._failure(sid, "malformed")
        auction_id = data.get("auction_id")
        if isinstance(auction_id, str):
            return None
        return self._failure(sid, "required" if auction_id is None else "invalid", "auction_id")

    def _failure(self, sid: str, code: str, field: str | None = None, **facts: Any) -> dict[str, Any]:
        """The answer of an event that is no bid and could not be carried out."""
        client = self._clients.get(sid)
        detail = errors.sentence(code, facts, client.language if client else "zh")
        return (
            {"code": code, "detail": detail} if field is None else {"code": "invalid", "field": field, "detail": detail}
        )

    def _who(self, sid: str) -> SignedIn | None:
        token = self._clients[sid].token
        if token is None:
            return None
        session = self._session(token)
        if session is None:
            raise DomainError("unauthenticated")
        return session

    def _session(self, token: str) -> SignedIn | None:
        now = time.monotonic()
        found = self._alive.get(token)
        if found is None or now - found.asked > _FRESH:
            if len(self._alive) > 50_000:
                self._alive.clear()
            found = _Known(now, self._house.read(signed_in, token, self._house.clock.machine()), now)
            self._alive[token] = found
        found.used = now
        return found.session


def _token(data: Any) -> str | None:
    """The token of a connection's `auth`, None where there is none. ConnectionRefusedError for what is no token."""
    if data is None or (isinstance(data, dict) and "token" not in data):
        return None
    token = data["token"] if isinstance(data, dict) else None
    if not isinstance(token, str) or not token:
        raise ConnectionRefusedError("unauthenticated")
    return token


def _unknown(data: Any, *known: str) -> str | None:
    """The first field that an event does not have."""
    return next((str(name)[:64] for name in data if name not in known), None) if isinstance(data, dict) else None


def _offer(data: dict[str, Any]) -> tuple[str, Any, str]:
    """What a readable bid offers; the amount may be anything."""
    return data["auction_id"], data.get("amount_fen"), data["key"]


def _confirmed(data: dict[str, Any]) -> _Confirmed:
    return {"raise_own": data.get("raise_own", False), "confirm_implausible": data.get("confirm_implausible", False)}


def _wrong_field(data: Any) -> tuple[str, str] | None:
    """The first field of a bid that cannot be read, with its code. The amount is judged apart: it has its own code."""
    if not isinstance(data, dict):
        return "", "malformed"
    for name in data:
        if name not in _BID_FIELDS:
            return str(name)[:64], "unknown_field"
    if not isinstance(data.get("auction_id"), str):
        return "auction_id", "required" if data.get("auction_id") is None else "invalid"
    key = data.get("key")
    if not isinstance(key, str) or not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        return "key", "required" if key is None else "invalid"
    for flag in _Confirmed.__annotations__:
        if type(data.get(flag, False)) is not bool:
            return flag, "invalid"
    return None


def _snapshot(session: Any, auction_id: str, since: int | None, now: Any) -> dict[str, Any]:
    resource = auction_resource(session, auction_id, now)
    page = events_since(session, auction_id, resource["version"] if since is None else since)
    return {**resource, "events": page["items"], "more": page["more"]}


#: How the socket library begins an event of this namespace, and its acknowledgement.
_EVENT, _ACK = f"2{NAMESPACE},", f"3{NAMESPACE},"


def _take_bids(sockets: SocketIO, rooms: Rooms) -> None:
    """Look at each message before the library does: a bid is passed on at once, everything else is the library's.

    A message that is no packet of the protocol ends its connection; it is not worth a traceback.
    """
    server = sockets.server
    take = server.eio.handlers["message"]

    def look(client: str, message: Any) -> Any:
        if type(message) is str and message.startswith(_EVENT) and _bid(client, message):
            return None
        try:
            return take(client, message)
        except (ValueError, TypeError, IndexError, KeyError, RecursionError) as error:
            log.info("unreadable frame", error=repr(error))
            return server.eio.disconnect(client)

    def _bid(client: str, message: str) -> bool:
        start = message.find("[")
        number = message[len(_EVENT) : start]
        wire = server.environ.get(client, {}).get("wsgi.websocket")
        sid = server.manager.sid_from_eio_sid(client, NAMESPACE)
        if not number.isascii() or not number.isdecimal() or not isinstance(wire, Wire) or sid is None:
            return False
        try:
            event = orjson.loads(message[start:])
        except orjson.JSONDecodeError:
            return False
        if not isinstance(event, list) or len(event) < 2 or event[0] != "bid":
            return False

        def send(told: dict[str, Any]) -> None:
            packet = f"{_ACK}{number}[{orjson.dumps(told).decode()}]"
            if not wire.write_at_once(text_frame(f"4{packet}".encode())):
                server.eio.send(client, packet)

        return rooms.bid_at_once(sid, event[1], send)

    server.eio.handlers["message"] = look


def join(app: Flask, house: House, door: Door, async_mode: str) -> tuple[SocketIO, Rooms, Broadcaster]:
    """Put the sockets onto the application; start rooms and broadcaster once the process serves."""
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
    rooms = Rooms(house, door, app.extensions["uses"])
    sockets.server.register_namespace(rooms)
    _take_bids(sockets, rooms)
    write_at_once(sockets)
    broadcaster = Broadcaster(sockets, house.settings.redis_url)
    house.subscribe("room", broadcaster.take)
    return sockets, rooms, broadcaster
