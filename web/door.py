"""The door of the desk: what happens to an offer before and after it, whichever way it came in.

Limits and readability are decided here without the database; what is turned away for them is only counted
(PRECISIONS 28) and journaled once a minute.
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any

from flask import current_app

from auction.kernel.clock import Clock
from auction.kernel.money import is_amount
from auction.rules.access import Actor
from bidding.desk import Desk, Reply
from bidding.services import bids
from bidding.services.bids import Answer, refusal

#: Seconds after which an offer without an answer is answered `fault`; its key tells later what became of it.
PATIENCE = 10.0
#: Is told of each answered offer, and how many seconds it took.
Measure = Callable[[Answer, float], None]
#: Refusals that are counted, not stored.
COUNTED = bids.COUNTED | {"rate_limited", "amount_invalid", "fault"}
#: Auctions and codes counted at once: while the database is away nobody knows which auctions there are.
_MOST_COUNTED = 10_000
_LONGEST_ID = 100


class Limit:
    """A token bucket per name: `rate` a second, twice as many at once. Machine time; forgets the idle."""

    def __init__(self, clock: Clock, rate: float) -> None:
        self._clock, self._rate, self._burst = clock, rate, 2 * rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, name: str) -> bool:
        """Take one token of `name`; False when there is none."""
        now = self._clock.machine().timestamp()
        tokens, last = self._buckets.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - last) * self._rate)
        if len(self._buckets) > 100_000:
            self._buckets.clear()
        self._buckets[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1


class TurnedAway:
    """Counts of offers that leave no entry of their own, until they are journaled."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, auction_id: str, code: str, number: int = 1) -> None:
        """Count one refusal, or several that could not be journaled."""
        if len(self._counts) < _MOST_COUNTED or (auction_id, code) in self._counts:
            self._counts[(auction_id, code)] += number

    def take(self) -> dict[tuple[str, str], int]:
        """What was counted since the last taking."""
        counts, self._counts = self._counts, Counter()
        return dict(counts)


class Door:
    """Where every offer enters, and where what is turned away is counted."""

    def __init__(self, desk: Desk, clock: Clock, rate: float, measure: Measure = lambda answer, seconds: None) -> None:
        self.desk, self._measure = desk, measure
        self.limit = Limit(clock, rate)
        self.turned_away = TurnedAway()

    def broke(self, auction_id: Any) -> None:
        """Count an offer that broke on its way to the desk, as it does while the database is away."""
        if isinstance(auction_id, str) and len(auction_id) <= _LONGEST_ID:
            self.turned_away.add(auction_id, "fault")

    def take_offer(self, actor: Actor, auction_id: str, amount_fen: Any, key: str, **confirmed: bool) -> Answer:
        """Put an offer through the desk and wait for its answer; `amount_fen` may be anything."""
        future: Future[Answer] = Future()
        self.pass_offer(actor, auction_id, amount_fen, key, future.set_result, **confirmed)
        try:
            return future.result(timeout=PATIENCE)
        except Late:
            return refusal("fault")

    def pass_offer(
        self, actor: Actor, auction_id: str, amount_fen: Any, key: str, reply: Reply, **confirmed: bool
    ) -> None:
        """Put an offer through the desk without waiting; `reply` is called with its answer."""
        began = time.monotonic()

        def answered(answer: Answer) -> None:
            self._measure(answer, time.monotonic() - began)
            if answer.code in COUNTED:
                self.turned_away.add(auction_id, answer.code)
            reply(answer)

        if not is_amount(amount_fen):
            answered(refusal("amount_invalid"))
        elif not self.limit.allows(actor.id):
            answered(refusal("rate_limited"))
        else:
            self.desk.take(auction_id, actor.id, amount_fen, key, answered, **confirmed)


def door() -> Door:
    """The door of this application."""
    wired: Door = current_app.extensions["door"]
    return wired
