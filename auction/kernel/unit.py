"""The unit of work. `House.perform` is the only place where a transaction begins, commits and is published.

Returning commits, raising rolls back. What a service records is journaled in the same transaction; what it
publishes leaves only after the commit.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import structlog
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from .clock import Clock, iso
from .crypto import Vault
from .db import Base, Question, Write, ask, database_now, write_all
from .errors import DomainError
from .events import Listener, Published, RoomEvent
from .ids import Ids
from .journal import Entry, Journal
from .settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)

#: How long a unit may wait for a busy database before the answer is `fault`, and how often a clash is retried.
_PATIENCE = 5.0
_CLASHES = 4
_RETRYABLE = {"40001", "40P01", "55P03"}
_OFFSET = text("SELECT value FROM platform WHERE key = 'clock_offset_us'")


class Room(Protocol):
    """What `Unit.tell` needs of an auction row."""

    id: str
    version: int
    status: str
    price_fen: int | None
    leader_code: str | None
    bid_count: int
    closes_at: datetime


class Unit:
    """One transaction as a service sees it."""

    def __init__(self, session: Session, house: "House", now: datetime | None) -> None:
        self.session = session
        self.ids = house.ids
        self.vault = house.vault
        self.settings = house.settings
        self._house = house
        self._now = now
        self._journal = Journal(session, house.ids)
        self._rooms: dict[str, tuple[Room, list[dict[str, Any]]]] = {}
        self._event_rows: list[dict[str, Any]] = []
        self._published: list[Published] = []
        self._writes: list[Write] = []
        #: Rows of the house's kept models that were written so far.
        self.changed: set[Base] = set()
        session.info["unit"] = self

    @property
    def now(self) -> datetime:
        """Platform time, read once when first asked: take locks before asking."""
        if self._now is None:
            self._now = self._house.now(self.session)
        return self._now

    @property
    def machine_now(self) -> datetime:
        """Machine time, never moved by the sandbox."""
        return self._house.clock.machine()

    def new_id(self) -> str:
        """A fresh opaque id."""
        return self.ids.new(self.now)

    def record(self, kind: str, *, stream: str, body: Mapping[str, Any], private: bool = False) -> Entry:
        """Journal an event (a past participle such as `BidAccepted`) in its stream."""
        return self._journal.append(stream, kind, body, self.now, private=private)

    def ask(
        self,
        *questions: tuple[Question, Sequence[Mapping[str, str]]],
        growing: Sequence[str] = (),
        by_key: bool = False,
    ) -> list[Sequence[Any]]:
        """Ask questions together, and lock with them the heads of streams that may grow.

        `record` locks the heads of others one by one. `by_key` as for `ask` of the database.
        """
        *answers, heads = ask(self.session, *questions, self._journal.heads(growing), by_key=by_key)
        self._journal.found(heads)
        return answers

    def tell(self, room: Room, type: str, **data: Any) -> None:
        """Give the room its next public event; it is stored here and sent after the commit."""
        room.version += 1
        event = {"version": room.version, "type": type, "at": iso(self.now), **data}
        _, events = self._rooms.get(room.id, (room, []))
        events.append(event)
        self._rooms[room.id] = (room, events)
        self._event_rows.append(
            {"auction_id": room.id, "version": room.version, "type": type, "at": self.now, "data": data}
        )

    def publish(self, topic: str, **payload: Any) -> None:
        """Send `payload` to the listeners of `topic` after the commit."""
        self._published.append(Published(topic, payload))

    def write(self, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows set-wise at the end of the unit."""
        self._writes.append(Write(model, rows))

    def rewrite(self, model: type[Base], rows: Sequence[Mapping[str, Any]], *, key: str) -> None:
        """Update rows set-wise, found by their `key`, at the end of the unit."""
        self._writes.append(Write(model, rows, key))

    def flush(self, *, last: bool = False) -> None:
        """Write everything recorded so far, inside the transaction: what the session holds first.

        `last`: nothing but the commit follows, and may be done at once.
        """
        self.session.flush()
        writes = [*self._writes, *self._journal.leaving(), Write(RoomEvent, self._event_rows)]
        write_all(self.session, writes, last=last)
        self._writes, self._event_rows = [], []

    def leaving(self) -> list[Published]:
        """What is to be published: one update per touched room, then the rest in order."""
        server_time = iso(self.now) if self._rooms else ""
        updates = [
            Published(
                "room",
                {
                    "auction_id": room.id,
                    "version": room.version,
                    "events": events,
                    "price_fen": room.price_fen,
                    "leader_code": room.leader_code,
                    "bid_count": room.bid_count,
                    "closes_at": iso(room.closes_at),
                    "status": room.status,
                    "server_time": server_time,
                },
            )
            for room, events in self._rooms.values()
        ]
        return updates + self._published


class House:
    """The wired program: database, clock, ids, keys; and who listens to what is published."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        reader: Engine,
        clock: Clock,
        ids: Ids,
        vault: Vault,
        run: Callable[[Callable[[], Any]], Any] = lambda attempt: attempt(),
    ) -> None:
        self.settings, self.engine, self.reader = settings, engine, reader
        self.clock, self.ids, self.vault = clock, ids, vault
        self._run = run
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._keepers: list[Callable[[Unit], None]] = []
        self._kept: tuple[type[Base], ...] = ()

    def subscribe(self, topic: str, listener: Listener) -> None:
        """Call `listener` after every commit that published `topic`. A failing listener is logged, never raised."""
        self._listeners[topic].append(listener)

    def keep(self, keeper: Callable[[Unit], None], *models: type[Base]) -> None:
        """Let `keeper` bring what is made of rows of `models` up to date, at the end of every unit that changed one."""
        if not self._keepers:
            event.listen(self._sessions, "after_flush", self._note_changes)
        self._keepers.append(keeper)
        self._kept += models

    def _note_changes(self, session: Session, _context: Any) -> None:
        written = (*session.new, *session.dirty)
        session.info["unit"].changed.update(row for row in written if isinstance(row, self._kept))

    def offset(self, session: Session | None = None) -> timedelta:
        """How far platform time is ahead of machine time: the sandbox's offset, read from the database at each door."""
        if not self.settings.sandbox:
            return timedelta(0)
        if session is not None:
            offset = session.execute(_OFFSET).scalar_one_or_none()
        else:
            with Session(self.reader) as reading:
                offset = reading.execute(_OFFSET).scalar_one_or_none()
        return timedelta(microseconds=int(offset or 0))

    def now(self, session: Session | None = None) -> datetime:
        """Platform time."""
        offset = self.offset(session)
        return self.clock.machine() + offset

    def anchor(self) -> None:
        """Set the clock by the database's, where the database has one (PostgreSQL)."""
        if self.reader.dialect.name == "postgresql":
            self.clock.anchor(lambda: database_now(self.reader))

    def read(self, query: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Answer a query on a read-only transaction."""
        with Session(self.reader, expire_on_commit=False) as session, session.begin():
            return query(session, *args, **kwargs)

    def perform(self, service: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one service as one transaction, at the platform's present time.

        Retries serialization failures, uniqueness clashes and a busy database; DomainError("fault") when the
        database stays busy. Whatever else the service raises rolls back and is raised.
        """
        return self.perform_at(None, service, *args, **kwargs)

    def perform_at(
        self, now: datetime | None, service: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """As `perform`, with platform time set to `now`: for due acts, which happen at their due time."""

        def attempt() -> tuple[R, list[Published]]:
            with self._sessions.begin() as session:
                unit = Unit(session, self, now)
                answer = service(unit, *args, **kwargs)
                session.flush()
                if unit.changed:
                    for keeper in self._keepers:
                        keeper(unit)
                leaving = unit.leaving()
                unit.flush(last=True)
                return answer, leaving

        answer, leaving = self._patiently(attempt)
        for message in leaving:
            for listener in self._listeners[message.topic]:
                try:
                    listener(message)
                except Exception:
                    log.exception("listener failed", topic=message.topic)
        return answer

    def _patiently(self, attempt: Callable[[], R]) -> R:
        deadline = time.monotonic() + _PATIENCE
        clashes = 0
        while True:
            try:
                answer: R = self._run(attempt)
                return answer
            except IntegrityError as error:
                clashes += 1
                if clashes > _CLASHES:
                    raise
                log.info("uniqueness clash, trying again", error=str(error.orig))
            except DBAPIError as error:
                if not _busy(error):
                    raise
                if time.monotonic() > deadline:
                    raise DomainError("fault") from error
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - a pause, not a secret


def _busy(error: DBAPIError) -> bool:
    if isinstance(error, OperationalError) and "database is locked" in str(error.orig):
        return True
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE
