"""The steps after a sale, a taking or the debtor's own sale: which there are, and what comes first. Pure.

Source: OJA 6(6), (7), 22(2); SALE 16, 20, 26, 27. A sale begins with its closing ruling, a taking with the service of
its ruling: by the service the lot passes, and from it the days of the handover run. That on a buyer is recorded
likewise, but no other step waits for it. The debtor's own sale needs no ruling: the court lifts its seizure once the
price is paid, and the debtor hands over what he sold (court's practice).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from auction.kernel.errors import invalid


class Way(StrEnum):
    """How somebody came to a lot; the last two are what a lot's `disposal` says too."""

    SALE = "sale"
    TAKING = "taken"
    OWN_SALE = "own_sale"


RULING, SERVED, UNSEALED, NOTIFIED = "ruling", "ruling_served", "unsealed", "notice_served"
#: Steps after which nobody is there any more: those there left, or were made to leave.
LEFT, FORCED = "cleared", "cleared_by_force"
HANDED_OVER = "handed_over"
KEYS = "keys"
_CLEARING = ("clearing_notice", LEFT, FORCED)
_GIVING = (KEYS, "registered", HANDED_OVER)
#: Steps that may follow the handover: a title is often registered after it.
AFTERWARDS = (NOTIFIED, "registered")
#: Every step that a court may record, in the usual order; the ruling is recorded as such.
STEPS: Final = (SERVED, UNSEALED, NOTIFIED, *_CLEARING, *_GIVING)
#: The steps of each way.
STEPS_OF: Final[Mapping[Way, tuple[str, ...]]] = MappingProxyType(
    {
        Way.SALE: (SERVED, NOTIFIED, *_CLEARING, *_GIVING),
        Way.TAKING: (SERVED, NOTIFIED, *_CLEARING, *_GIVING),
        Way.OWN_SALE: (UNSEALED, NOTIFIED, *_GIVING),
    }
)
#: The step before which there is no other.
_FIRST: Final[Mapping[Way, str]] = MappingProxyType({Way.TAKING: SERVED, Way.OWN_SALE: UNSEALED})


def lacking(taken: Mapping[str, date], needs: Iterable[str]) -> str | None:
    """The first of the steps that the handover of a lot needs and that was not taken; made to leave is left."""
    return next((code for code in needs if code not in taken and not (code == LEFT and FORCED in taken)), None)


def steps_now(way: Way, taken: Mapping[str, date], needs: Collection[str] = ()) -> tuple[str, ...]:
    """The steps that may be recorded, of those a way has, after those taken; `needs`: what the handover waits for."""
    first = _FIRST.get(way)
    if HANDED_OVER in taken:
        return tuple(code for code in AFTERWARDS if code not in taken)
    if first is not None and first not in taken:
        return (first,)
    barred = {first, HANDED_OVER if lacking(taken, needs) else None, SERVED if SERVED in taken else None}
    return tuple(code for code in STEPS_OF[way] if code not in barred)


def check_step(
    way: Way,
    code: str,
    on: date,
    *,
    today: date,
    since: date | None,
    taken: Mapping[str, date],
    needs: Collection[str] = (),
) -> None:
    """Refuse a step that cannot have been taken on that day. `since`: the day of the ruling, or of the paid price.

    `needs`: the steps without which the lot is not handed over, as somebody was there (SALE 27). DomainError invalid on
    `code`: `not_one_of` (fact `allowed`) for a step of another way, `step_out_of_order` (fact `needs`) before the first
    one, or before what the handover needs, `step_taken` for the first one or a service twice; on `on`: `in_future`,
    `too_early` (`earliest`).
    """
    if code not in STEPS_OF[way]:
        raise invalid("code", "not_one_of", allowed=STEPS_OF[way])
    first = _FIRST.get(way)
    if code in (first, SERVED) and code in taken:
        raise invalid("code", "step_taken", value=code)
    if first is not None and code != first and first not in taken:
        raise invalid("code", "step_out_of_order", needs=first)
    missing = lacking(taken, needs) if code == HANDED_OVER else None
    if missing is not None:
        raise invalid("code", "step_out_of_order", needs=missing)
    if code not in (first, SERVED):
        since = taken.get(first or SERVED, since)
    if code == HANDED_OVER:
        done = [taken[each] for each in (*needs, FORCED) if needs and each in taken]
        since = max((day for day in (since, *done) if day is not None), default=None)
    if on > today:
        raise invalid("on", "in_future", value=on.isoformat())
    if since is not None and on < since:
        raise invalid("on", "too_early", earliest=since.isoformat())
