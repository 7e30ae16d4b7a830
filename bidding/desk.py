"""The desk: the queue in front of the rooms. Many offers, one commit.

Whatever is waiting is taken at once (a bounded number) and answered in one transaction, in order of arrival; an answer
leaves only after the commit. A batch that breaks is judged again offer by offer, so that one bad offer fails nobody
else. The desk also keeps the process's intake row: up to when everything that arrived here has been judged
(PRECISIONS 7).
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.unit import House

from .services.bids import Answer, BidOffer, place_bids, refusal
from .services.intake import Fenced, hand_back_lease, take_lease
from .services.listing import list_open_prices, list_prices

log = structlog.get_logger(__name__)

#: At most this many offers share a commit.
MOST = 128
#: Who has just been answered is heard again before the next commit: for at most this part of the time that the last one
#: took, and never longer than so many seconds. A commit costs about as much for one offer as for ten.
GATHER_SHARE, GATHER_SECONDS = 0.125, 0.004
#: How often the intake lease is renewed, in machine time.
BEAT_SECONDS = 0.25
#: The database's clock is asked once in so many beats.
BEATS_PER_ANCHOR = 4
#: How often the rounds that were bid on are listed at their new price, in machine time.
LIST_SECONDS = 0.5
#: One person may have this many offers waiting; more are answered `rate_limited`. It is a quarter of a batch, so that
#: one account, however fast it sends, leaves the most of every commit to the others.
WAITING_EACH = 32

#: What is told the answer of an offer, once, after its commit; it may not wait and may not raise.
Reply = Callable[[Answer], None]
Waiting = tuple[int, BidOffer, Reply]


class Desk:
    """Takes offers from any thread or greenlet and answers each exactly once, after its commit."""

    def __init__(self, house: House, process: str) -> None:
        """`process` names this process's intake row; it must be unique among all that ever ran."""
        self._house, self._process = house, process
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._unjudged: dict[int, datetime] = {}
        self._tickets = self._fenced = 0
        self._waiting: Counter[str] = Counter()
        self._moved: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()

    def start(self) -> None:
        """Take up the intake lease and begin to serve."""
        self._house.perform(take_lease, self._process, self._mark())
        self._house.perform(list_open_prices)
        for work in (self._serve, self._beat, self._list):
            thread = threading.Thread(target=work, daemon=True, name=f"desk{work.__name__}")
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Answer what is waiting, then hand the lease back."""
        with self._lock:  # whoever is submitting has queued the offer, or will see that it is too late
            self._stopping.set()
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=10)
        self._list_moved()
        self._house.perform(hand_back_lease, self._process)

    def waiting(self) -> tuple[int, float]:
        """How many offers are not answered yet, and for how many seconds the oldest of them has waited."""
        offset = self._house.offset() if self._unjudged else None
        with self._lock:
            oldest = next(iter(self._unjudged.values()), None)
            if oldest is None or offset is None:
                return 0, 0.0
            return len(self._unjudged), (self._house.clock.machine() + offset - oldest).total_seconds()

    def submit(
        self, auction_id: str, account_id: str | None, amount_fen: int, key: str, **confirmed: bool
    ) -> "Future[Answer]":
        """As `take`, for a caller that waits: the future gives the answer."""
        future: Future[Answer] = Future()
        self.take(auction_id, account_id, amount_fen, key, future.set_result, **confirmed)
        return future

    def take(
        self,
        auction_id: str,
        account_id: str | None,
        amount_fen: int,
        key: str,
        reply: Reply,
        *,
        raise_own: bool = False,
        confirm_implausible: bool = False,
    ) -> None:
        """Stamp an offer with its arrival and queue it; `reply` is called with its answer after the commit."""
        offset = self._house.offset()
        with self._lock:
            arrived_at = self._house.clock.machine() + offset
            offer = BidOffer(auction_id, account_id, amount_fen, key, arrived_at, raise_own, confirm_implausible)
            turned_away = self._turned_away(account_id)
            if turned_away is None:
                self._tickets += 1
                self._unjudged[self._tickets] = arrived_at
                self._queue.put((self._tickets, offer, reply))
        if turned_away is not None:
            reply(refusal(turned_away, offer))

    def _turned_away(self, account_id: str | None) -> str | None:
        if self._stopping.is_set() or self._house.clock.skewed:
            return "fault"
        if account_id is not None:
            if self._waiting[account_id] >= WAITING_EACH:
                return "rate_limited"
            self._waiting[account_id] += 1
        return None

    def _serve(self) -> None:
        before, took = 1, 0.0
        while True:
            batch = self._gather(before, took)
            waiting = [one for one in batch if one is not None]
            if waiting:
                began = time.monotonic()
                self._answer(waiting)
                before, took = len(waiting), time.monotonic() - began
            if batch[-1] is None:
                return

    def _gather(self, before: int, took: float) -> list[Waiting | None]:
        """What is waiting, at least one; None comes last. While it is fewer than `before`, others get their turn."""
        batch = [self._queue.get()]
        until = time.monotonic() + min(took * GATHER_SHARE, GATHER_SECONDS)
        while len(batch) < MOST and batch[-1] is not None:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                if len(batch) >= before or time.monotonic() >= until:
                    break
                time.sleep(0)
        return batch

    def _answer(self, batch: list[Waiting]) -> None:
        with self._lock:
            process, fenced = self._process, self._fenced
        held = [refusal("fault", offer) for ticket, offer, _ in batch if ticket <= fenced]
        answers = held + self._judge(process, [offer for ticket, offer, _ in batch if ticket > fenced])
        with self._lock:
            self._moved.update(
                offer.auction_id
                for (_, offer, _), answer in zip(batch, answers, strict=True)
                if answer.outcome == "accepted"
            )
            for ticket, offer, _ in batch:
                del self._unjudged[ticket]
                if offer.account_id is not None:
                    self._waiting[offer.account_id] -= 1
                    if not self._waiting[offer.account_id]:
                        del self._waiting[offer.account_id]
        for (_, _, reply), answer in zip(batch, answers, strict=True):
            try:
                reply(answer)
            except Exception:
                log.exception("an answer could not be given", bid=answer.bid_id)

    def _judge(self, process: str, offers: list[BidOffer]) -> list[Answer]:
        if not offers:
            return []
        try:
            return self._house.perform(place_bids, offers, process=process)
        except Fenced:
            log.error("fenced: offers answered as a fault", process=process, offers=len(offers))
            self._begin_anew(process)
            return [refusal("fault", offer) for offer in offers]
        except Exception as error:
            if len(offers) == 1:
                log.exception("an offer could not be answered", auction=offers[0].auction_id)
                return [refusal("fault", offers[0])]
            log.warning("a batch broke, judging each offer alone", error=repr(error), offers=len(offers))
            return [answer for offer in offers for answer in self._judge(process, [offer])]

    def _beat(self) -> None:
        beats = 0
        while not self._stopping.wait(BEAT_SECONDS):
            process = self._process
            try:
                if beats % BEATS_PER_ANCHOR == 0:
                    self._house.anchor()
                if self._house.clock.skewed:  # off duty: the lease runs out, and no sale ends by a clock nobody trusts
                    log.error("the database's clock has jumped", process=process)
                else:
                    self._house.perform(take_lease, process, self._mark())
            except Fenced:
                self._begin_anew(process)
            except (SQLAlchemyError, DomainError, OSError) as error:
                log.error("intake lease not renewed", error=repr(error))
            beats += 1

    def _list(self) -> None:
        while not self._stopping.wait(LIST_SECONDS):
            self._list_moved()

    def _list_moved(self) -> None:
        with self._lock:
            moved, self._moved = self._moved, set()
        if not moved:
            return
        try:
            self._house.perform(list_prices, moved)
        except (SQLAlchemyError, DomainError, OSError) as error:
            log.error("prices not listed", error=repr(error))
            with self._lock:
                self._moved |= moved

    def _begin_anew(self, lost: str) -> None:
        """After a fence: go on under a new name. What was taken under the lost one is answered `fault`.

        Without a lease the new name is fenced too, so a database that is away only means that this is done again.
        """
        with self._lock:
            if self._process != lost:
                return
            name, _, number = lost.partition("#")
            self._process = process = f"{name}#{int(number or 0) + 1}"
            self._fenced = self._tickets
        try:
            self._house.perform(take_lease, process, self._mark())
        except (Fenced, SQLAlchemyError, DomainError, OSError) as error:
            log.error("no new intake lease yet", process=process, error=repr(error))

    def _mark(self) -> datetime:
        """The earliest arrival not yet judged here, else now: arrivals are stamped under the same lock."""
        offset = self._house.offset()
        with self._lock:
            return next(iter(self._unjudged.values()), self._house.clock.machine() + offset)
