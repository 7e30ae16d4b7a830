"""Processes with a desk of their own, which bid as fast as they can and die at a named point or when they are killed.

They are forked from a server that has everything imported, so that a life costs little more than its bids. What they do
they tell before and after: who is dead has told all that anybody can know.
"""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from auction.kernel import db
from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from bidding import desk as desks
from bidding.desk import Desk
from bidding.services.bids import Answer, refusal
from bidding.services.closing import close
from tests.bidding.hall import RESERVE, STEP, Bidder
from tests.conftest import settings_for
from tests.faults.history import Op, Said
from web.wiring import open_house

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.faults.mortal"])
#: Where a process can be made to die: around a commit that holds bids, and when the first has been told of it.
POINTS = ("before_commit", "after_commit_before_ack", "after_ack_before_emit")
PATIENCE = 120


@dataclass(frozen=True)
class Life:
    """What a process is born with. `nth`: at which passage of `point` it dies; `again`: offers to be sent once more."""

    url: str
    folder: str
    moment: datetime
    people: tuple[Bidder, ...]
    seed: str
    offers: int = 10**6
    point: str | None = None
    nth: int = 0
    again: tuple[Op, ...] = ()


@dataclass
class Bids:
    """What one bidder offers: first again what nobody answered, then one after the other, some twice, some too low.

    What is answered `fault` may have taken effect: it is sent again under its key until there is another answer.
    """

    who: str
    rng: random.Random
    name: str
    offers: int
    again: list[Op]
    made: list[Op] = field(default_factory=list)
    least: int = RESERVE
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, send: Callable[[Op], Answer], tell: Callable[[tuple[Any, ...]], None]) -> None:
        """Offer until the number is reached; what is told: (0, operation), then (1, operation with its answer)."""
        for _ in range(self.offers):
            if self.stopping.is_set():
                return
            op = replace(self._next(), called=time.monotonic_ns())
            tell((0, op))
            answer = send(op)
            self.least = answer.minimum_fen or self.least
            self.made.append(op)
            if answer.code in ("fault", "rate_limited"):
                self.again.append(op)
                self.stopping.wait(0.1)
            else:
                said = Said(answer.code, answer.seq, answer.price_fen)
                tell((1, replace(op, back=time.monotonic_ns(), said=said)))

    def _next(self) -> Op:
        if self.again:
            return self.again.pop()
        if self.made and self.rng.random() < 0.1:
            return self.rng.choice(self.made)
        amount = self.least + self.rng.choice((-1, 0, 0, 0, 1, 2, 3)) * STEP + (self.rng.random() < 0.02)
        return Op(self.who, f"{self.name}-{len(self.made)}", amount, self.rng.random() < 0.7, 0)


def sender(desk: Desk, people: dict[str, Bidder]) -> Callable[[Op], Answer]:
    """Sends an operation through a desk and waits for its answer; a database that is away is a fault at the door."""

    def send(op: Op) -> Answer:
        who = people[op.who]
        flags = {"raise_own": op.own, "confirm_implausible": True}
        try:
            return desk.submit(who.auction_id, who.account_id, op.amount, op.key, **flags).result(PATIENCE)
        except SQLAlchemyError:
            return refusal("fault")

    return send


def _strike(nth: int) -> Callable[[], None]:
    left = [nth]

    def strike() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return strike


def _before_commit(house: House, strike: Callable[[], None]) -> None:
    """Strike when all is written, nothing committed. On PostgreSQL the commit goes with the writes, and waits here."""
    if house.engine.dialect.name != "postgresql":
        event.listen(house.engine, "commit", lambda _: strike())
        return
    write = db._write_joined

    def struck(session: Session, writes: Sequence[db.Write], *, commit: bool = False) -> None:
        write(session, writes)
        if commit:
            strike()
            with db._translated():
                db._driver(session).execute("COMMIT")

    db._write_joined = struck


def _die_at_commit(house: House, point: str | None, nth: int, marked: threading.local) -> None:
    """Plant the points around a commit: only transactions of a thread that has marked itself count."""
    strike = _strike(nth)

    def passed(*_: Any) -> None:
        if getattr(marked, "on", False):
            strike()

    if point == "standing_still":
        _before_commit(house, lambda: os.kill(os.getpid(), signal.SIGSTOP))
    elif point == "before_commit":
        _before_commit(house, passed)
    elif point == "after_commit_before_ack":
        patiently = house._patiently

        def after(attempt: Callable[[], Any]) -> Any:
            answer = patiently(attempt)
            passed()
            return answer

        house._patiently = after  # type: ignore[method-assign]


def plain_log() -> None:
    """One line to an event: drawing tracebacks with everything in sight takes seconds."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.KeyValueRenderer()])


def _live(life: Life, out: Connection) -> None:
    plain_log()
    house = open_house(settings_for(life.url, Path(life.folder)), clock=FixedClock(life.moment))
    marked, telling = threading.local(), threading.Lock()
    honest = desks.place_bids

    def place(*args: Any, **kwargs: Any) -> list[Answer]:
        marked.on = True
        return honest(*args, **kwargs)

    desks.place_bids = place
    _die_at_commit(house, life.point, life.nth, marked)
    strike = _strike(life.nth) if life.point == "after_ack_before_emit" else lambda: None

    def tell(what: tuple[Any, ...]) -> None:
        with telling:
            out.send(what)
            if what[0] == 1 and what[1].said.seq:
                strike()

    desk = Desk(house, f"mortal-{life.seed}-{os.getpid()}")
    desk.start()
    send = sender(desk, {who.registration_id: who for who in life.people})
    threads = []
    for who in life.people:
        name = who.registration_id
        again = [op for op in life.again if op.who == name]
        bids = Bids(name, random.Random(f"{life.seed} {name}"), life.seed, life.offers, again)
        threads.append(threading.Thread(target=bids.run, args=(send, tell), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.stop()


def _shut(life: Life, auction_id: str, out: Connection) -> None:
    if life.point == "standing_still":
        db.STILL_SECONDS = 1
    plain_log()
    house = open_house(settings_for(life.url, Path(life.folder)), clock=FixedClock(life.moment))
    marked = threading.local()
    marked.on = True
    _die_at_commit(house, life.point, life.nth, marked)
    out.send(house.perform(close, auction_id))


class Mortal:
    """A process and what it has told."""

    def __init__(self, work: Callable[..., None], *args: Any) -> None:
        mine, its = FORKS.Pipe(duplex=False)
        self.told: list[Any] = []
        self._process = FORKS.Process(target=work, args=(*args, its), daemon=True)
        self._process.start()
        its.close()
        self._reader = threading.Thread(target=self._read, args=(mine,), daemon=True)
        self._reader.start()

    def _read(self, pipe: Connection) -> None:
        with suppress(EOFError, OSError), pipe:
            while True:
                self.told.append(pipe.recv())

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        """Its exit status, once it is dead and everything it told is here."""
        self._process.join(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.exitcode is not None and not self._reader.is_alive(), "it lives"
        return self._process.exitcode

    def history(self) -> list[Op]:
        """What it told: every operation, with its answer where there was one."""
        return ops_of(self.told)


def ops_of(told: list[Any]) -> list[Op]:
    """The operations of what was told. One person has one in flight, so a call is known by who made it and when."""
    found: dict[tuple[str, int], Op] = {}
    for _, op in list(told):
        found[(op.who, op.called)] = op
    return list(found.values())


def a_life(life: Life) -> Mortal:
    """Bring a bidding process to life."""
    return Mortal(_live, life)


def a_closing(life: Life, auction_id: str) -> Mortal:
    """A process that closes an auction and tells what became of it."""
    return Mortal(_shut, life, auction_id)


class Crew:
    """Bidders in this process, on one lot and desk, who go on until they are stopped."""

    def __init__(self, desk: Desk, people: tuple[Bidder, ...], seed: str) -> None:
        self.told: list[Any] = []
        self.failures: list[BaseException] = []
        send = sender(desk, {who.registration_id: who for who in people})
        self._bids = [
            Bids(who.registration_id, random.Random(f"{seed} {who.code}"), f"{seed}-{number}", 10**6, [])
            for number, who in enumerate(people)
        ]
        self._threads = [threading.Thread(target=self._run, args=(bids, send), daemon=True) for bids in self._bids]
        for thread in self._threads:
            thread.start()

    def _run(self, bids: Bids, send: Callable[[Op], Answer]) -> None:
        try:
            bids.run(send, self.told.append)
        except BaseException as failure:
            self.failures.append(failure)

    def accepted(self) -> int:
        """How many bids were acknowledged as accepted, each key once."""
        return len({(op.who, op.key) for answered, op in list(self.told) if answered and op.said.seq})

    def stop(self) -> list[Op]:
        """What all of them lived through."""
        for bids in self._bids:
            bids.stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        assert self.failures == []
        return ops_of(self.told)
