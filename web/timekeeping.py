"""Due work: once a second in ordinary life, and all at once when the sandbox clock is moved.

Timers are hints. Every act locks its auction, does nothing when it is not due or already done, and may run twice.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Platform
from auction.rules.ruleset import load
from auction.services.log import seal
from bidding.queries.due import LOOKS, Act, Due, all_due_looks, due_acts, due_looks
from bidding.queries.news import news
from bidding.queries.outages import touched_sales
from bidding.queries.patterns import bidding_of, screening_of
from bidding.services.break_glass import tell_opened
from bidding.services.check_watch import check_nobody, running_sales, stop_unchecked
from bidding.services.closing import close
from bidding.services.groups import count_group
from bidding.services.life import open_due
from bidding.services.look_up_watch import weigh_look_ups
from bidding.services.looks import put_off
from bidding.services.messages import count_failed, deliver, remind, tell_all
from bidding.services.objections import watch_suit
from bidding.services.outages import apply_outage, finish_outage
from bidding.services.own_sales import lapse_own_sale
from bidding.services.patterns import keep_screening
from bidding.services.promise_watch import watch_promise
from bidding.services.refund_watch import watch_refunds
from bidding.services.relist_watch import watch_relist
from bidding.services.resume_watch import watch_resumption
from bidding.services.sanctions import enforce_due, expire_due
from bidding.services.settlement import mark_overdue
from bidding.services.signals import screen_signals, watch_names
from disclosure.services.questions import tell_unanswered

log = structlog.get_logger(__name__)

#: Seconds a moved clock waits for a closing whose offers are still being judged.
_PATIENCE = 10.0
_POLL = 0.05
#: Ended auctions whose bids are looked at in a second.
_LOOKS = 5
#: Entries sealed in one transaction: few, so that sealing never keeps a bid waiting for long.
_SEALED_AT_ONCE = 250
#: Messages written in one transaction, for the same reason.
_TOLD_AT_ONCE = 500
#: The clock may be moved by at most this much at once.
MOST_SECONDS = 400 * 86400


#: Calls something with its arguments and answers its result, on a thread of its own where a loop must go on meanwhile.
Beside = Callable[..., Any]
#: Answers who has which room open, as (account, auction).
Watching = Callable[[], Collection[tuple[str, str]]]


def here(work: Callable[..., Any], *args: Any) -> Any:
    """Call it on this thread: nobody else waits."""
    return work(*args)


#: What carries out an act on its subject. A closing may have to wait, and the look at bids is computed beforehand.
_ACTS: Mapping[Act, Callable[[Unit, str], object]] = {
    "open": open_due,
    "overdue": mark_overdue,
    "satisfy": count_group,
    "own_sale": lapse_own_sale,
    "enforce": enforce_due,
    "expire": expire_due,
    "unanswered": tell_unanswered,
    "suit": watch_suit,
    "screen": screen_signals,
    "names": watch_names,
    "relist": watch_relist,
    "resume": watch_resumption,
    "promise": watch_promise,
    "refund": watch_refunds,
    "look_ups": weigh_look_ups,
    "remind": remind,
    "unsealed": tell_opened,
}


def carry_out(house: House, due: Due, *, at_due_time: bool = False, beside: Beside = here) -> bool:
    """Carry out one due act, `at_due_time` with platform time set so; True unless a closing has to wait."""
    now = due.at if at_due_time else None
    if due.act == "close":
        return house.perform_at(now, close, due.subject_id, settled=at_due_time) is not None
    if due.act == "outage":
        for auction_id in house.read(touched_sales, due.subject_id):
            house.perform_at(now, apply_outage, due.subject_id, auction_id)
        house.perform_at(now, finish_outage, due.subject_id)
    elif due.act == "patterns":
        numbers = load(house.settings.ruleset)
        bidding = house.read(bidding_of, due.subject_id, numbers)
        if bidding is not None:
            house.perform_at(now, keep_screening, beside(screening_of, bidding, numbers))
    else:
        house.perform_at(now, _ACTS[due.act], due.subject_id)
    return True


def tick(house: House) -> None:
    """Carry out what is due now, but for the looks at bids. What fails is tried again at the next tick."""
    act(house)
    look_around(house)


def act(house: House) -> None:
    """Carry out what opens, closes, lapses and begins now. A closing is not tried before it can be settled: a thousand
    lots that end within a minute would each be locked in vain.
    """
    now = house.now()
    settled = now - load(house.settings.ruleset).span("settling")
    due = house.read(due_acts, now, looks=False)
    _each(house, [one for one in due if one.act != "close" or one.at <= settled])


def look_around(house: House, may_go_on: Callable[[], bool] = lambda: True) -> None:
    """Carry out what only informs somebody, but for the looks at bids, as long as it may go on."""
    looks = house.read(all_due_looks, house.now())
    _each(house, takewhile(lambda _: may_go_on(), looks))


def look_at_bids(house: House, beside: Beside) -> None:
    """Look at the bids of ended auctions, few at a time and computed `beside` a loop: no closing waits for it."""
    _each(house, house.read(due_looks, house.now(), "patterns", _LOOKS), beside)


def _each(house: House, acts: Iterable[Due], beside: Beside = here) -> None:
    """Carry out each; one that fails is logged and counted, the others go on."""
    for due in acts:
        try:
            carry_out(house, due, beside=beside)
        except Exception:
            _pass_over(house, due)


def _pass_over(house: House, due: Due) -> None:
    """Log and count an act that failed; a look lets the others before it."""
    log.exception("due act failed", act=due.act, subject=due.subject_id)
    house.perform(count_failed, "due")
    if due.act in LOOKS:
        house.perform(put_off, due.act, due.subject_id)


class CheckWatch:
    """Looks whether the interest bar can be checked, and stops what runs where it cannot be for too long.

    Counts machine time. A database that is away is an outage, and no failing check.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._failing_since: datetime | None = None

    def __call__(self) -> None:
        """One look."""
        house, now = self._house, self._house.clock.machine()
        running = house.read(running_sales)
        try:
            if running:
                house.perform(check_nobody, running[0])
            self._failing_since = None
            return
        except DomainError:
            self._failing_since = self._failing_since or now
        except SQLAlchemyError:
            self._failing_since = None
            raise
        for auction_id in running:
            house.perform(stop_unchecked, auction_id, now - self._failing_since)


def advance(house: House, seconds: int, beside: Beside = here) -> None:
    """Move the sandbox clock forward; every due act on the way happens at its own time before this returns.

    One that fails is passed over, once, and stays due: the clock does not stand still for it. DomainError wrong_state
    outside the sandbox.
    """
    if not house.settings.sandbox:
        raise DomainError("wrong_state", status="no_sandbox")
    target = house.offset() + timedelta(seconds=seconds)
    seal_all(house)
    tell_news(house)
    seen: set[Due] = set()
    failed: set[tuple[Act, str]] = set()
    while True:
        until = house.clock.machine() + target
        left = [due for due in house.read(due_acts, until) if (due.act, due.subject_id) not in failed]
        waiting = [due for due in left if due not in seen]
        if not waiting:
            break
        due = waiting[0]
        seen.add(due)
        _set_offset(house, max(due.at - house.clock.machine(), house.offset()))
        give_up = time.monotonic() + _PATIENCE
        try:
            while not carry_out(house, due, at_due_time=True, beside=beside) and time.monotonic() < give_up:
                time.sleep(_POLL)
        except DBAPIError:
            raise
        except Exception:
            failed.add((due.act, due.subject_id))
            _pass_over(house, due)
    _set_offset(house, target)
    seal_all(house)
    tell_news(house)


def seal_all(house: House) -> None:
    """Seal what has been committed by now; what comes meanwhile waits for the next second."""
    while house.perform(seal, _SEALED_AT_ONCE) == _SEALED_AT_ONCE:
        pass


def tell_news(house: House, watching: Watching = tuple) -> None:
    """Tell what was sealed since the last time."""
    while (found := house.read(news)) is not None:
        for start in range(0, len(found.tellings), _TOLD_AT_ONCE):
            house.perform(tell_all, found.tellings[start : start + _TOLD_AT_ONCE])
        house.perform(deliver, found, watching())


def _set_offset(house: House, offset: timedelta) -> None:
    house.perform(_store_offset, offset // timedelta(microseconds=1))


def _store_offset(unit: Unit, microseconds: int) -> None:
    row = unit.session.get_one(Platform, "clock_offset_us", with_for_update=True)
    row.value = str(microseconds)
