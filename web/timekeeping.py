"""Due work: once a second in ordinary life, and all at once when the sandbox clock is moved.

Timers are hints. Every act locks its auction, does nothing when it is not due or already done, and may run twice.
"""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Platform
from bidding.queries.due import Act, Due, due_acts
from bidding.queries.patterns import screening_of
from bidding.services.closing import close
from bidding.services.life import open_due
from bidding.services.patterns import keep_screening
from bidding.services.sanctions import enforce_due, expire_due
from bidding.services.settlement import mark_overdue
from bidding.services.signals import screen_signals

log = structlog.get_logger(__name__)

#: Seconds a moved clock waits for a closing whose offers are still being judged.
_PATIENCE = 10.0
_POLL = 0.05
#: Ended auctions whose bids are looked at in one tick.
_LOOKS = 5
#: The clock may be moved by at most this much at once.
MOST_SECONDS = 400 * 86400


#: What carries out an act on its subject. A closing may have to wait, and the look at bids is computed beforehand.
_ACTS: Mapping[Act, Callable[[Unit, str], object]] = {
    "open": open_due,
    "overdue": mark_overdue,
    "enforce": enforce_due,
    "expire": expire_due,
    "screen": screen_signals,
}


def carry_out(house: House, due: Due, *, at_due_time: bool = False) -> bool:
    """Carry out one due act, `at_due_time` with platform time set so; True unless a closing has to wait."""
    now = due.at if at_due_time else None
    if due.act == "close":
        return house.perform_at(now, close, due.subject_id, settled=at_due_time) is not None
    if due.act == "patterns":
        screening = house.read(screening_of, due.subject_id, house.settings.ruleset)
        if screening is not None:
            house.perform_at(now, keep_screening, screening)
    else:
        house.perform_at(now, _ACTS[due.act], due.subject_id)
    return True


def tick(house: House) -> None:
    """Carry out what is due now. An act that fails is logged and tried again at the next tick; the others go on.

    Bids of ended auctions are looked at last and few at a time: no closing waits for that.
    """
    waiting = house.read(due_acts, house.now())
    looks = [due for due in waiting if due.act == "patterns"]
    for due in [due for due in waiting if due.act != "patterns"] + looks[:_LOOKS]:
        try:
            carry_out(house, due)
        except (SQLAlchemyError, DomainError):
            log.exception("due act failed", act=due.act, subject=due.subject_id)


def advance(house: House, seconds: int) -> None:
    """Move the sandbox clock forward; every due act on the way happens at its own time before this returns.

    DomainError wrong_state outside the sandbox.
    """
    if not house.settings.sandbox:
        raise DomainError("wrong_state", status="no_sandbox")
    target = house.offset() + timedelta(seconds=seconds)
    seen: set[Due] = set()
    while True:
        waiting = [due for due in house.read(due_acts, house.clock.machine() + target) if due not in seen]
        if not waiting:
            break
        due = waiting[0]
        seen.add(due)
        _set_offset(house, max(due.at - house.clock.machine(), house.offset()))
        give_up = time.monotonic() + _PATIENCE
        while not carry_out(house, due, at_due_time=True) and time.monotonic() < give_up:
            time.sleep(_POLL)
    _set_offset(house, target)


def _set_offset(house: House, offset: timedelta) -> None:
    house.perform(_store_offset, offset // timedelta(microseconds=1))


def _store_offset(unit: Unit, microseconds: int) -> None:
    row = unit.session.get_one(Platform, "clock_offset_us", with_for_update=True)
    row.value = str(microseconds)
