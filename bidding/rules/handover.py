"""The steps after a sale, a taking or the debtor's own sale: which there are, and what comes first. Pure.

Source: OJA 6(6), (7), 22(2); SALE 16, 20, 26, 27; CPL 261. A sale and a taking begin with the service of their
ruling: by it the lot passes, movable or not, and from it the days of the handover run. Before it only the registry may
be asked to assist in a sale. Nobody is made to leave before the notice that gives him time to leave; the keys and the
lot are given when he has left. The debtor's own sale needs no ruling: the court lifts its seizure once the price is
paid, and the debtor hands over what he sold (court's practice).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
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
TO_LEAVE = "clearing_notice"
_CLEARING = (TO_LEAVE, LEFT, FORCED)
_GIVING = (KEYS, "registered", HANDED_OVER)
#: Steps that may follow the handover: a title is often registered after it.
AFTERWARDS = (NOTIFIED, "registered")
#: Steps that may be taken more than once before the handover; somebody who came back gets another notice.
REPEATED = (NOTIFIED, TO_LEAVE)
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
#: The step before which there is no other, but for the one a sale may begin with.
_FIRST: Final[Mapping[Way, str]] = MappingProxyType({Way.SALE: SERVED, Way.TAKING: SERVED, Way.OWN_SALE: UNSEALED})


def lacking(taken: Mapping[str, date], needs: Iterable[str]) -> str | None:
    """The first of the steps that the handover of a lot needs and that was not taken; made to leave is left."""
    return next((code for code in needs if code not in taken and not (code == LEFT and FORCED in taken)), None)


def steps_now(way: Way, taken: Mapping[str, date], needs: Collection[str] = ()) -> tuple[str, ...]:
    """The steps that may be recorded, of those a way has, after those taken; `needs`: what the handover waits for."""
    codes = AFTERWARDS if HANDED_OVER in taken else STEPS_OF[way]
    return tuple(
        code for code in codes if _waits_for(way, code, taken, needs) is None and _settled_by(code, taken) is None
    )


def _waits_for(way: Way, code: str, taken: Mapping[str, date], needs: Collection[str]) -> str | None:
    """The step that has to come first."""
    first = _FIRST[way]
    begun = first in taken or HANDED_OVER in taken or (way is Way.SALE and code == NOTIFIED)
    if code != first and not begun:
        return first
    if code == FORCED and TO_LEAVE not in taken:
        return TO_LEAVE
    return lacking(taken, (each for each in needs if each != code)) if code in (KEYS, HANDED_OVER) else None


def _settled_by(code: str, taken: Mapping[str, date]) -> str | None:
    """The step taken after which this one is not: itself, the other way of leaving, or the keys given to the buyer."""
    if code in _CLEARING and KEYS in taken:
        return KEYS
    if code not in (LEFT, FORCED):
        repeats = code in REPEATED and HANDED_OVER not in taken
        return code if code in taken and not repeats else None
    again = taken.get(TO_LEAVE, date.min)
    return next((left for left in (code, LEFT, FORCED) if left in taken and again <= taken[left]), None)


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
    `code`: `not_one_of` (fact `allowed`) for a step of another way, `step_out_of_order` (fact `needs`) before the one
    it rests on, `step_taken` (fact `value`) where it was taken or another settled it; on `on`: `in_future`,
    `too_early` (`earliest`).
    """
    if code not in STEPS_OF[way]:
        raise invalid("code", "not_one_of", allowed=STEPS_OF[way])
    settled = _settled_by(code, taken)
    if settled is not None:
        raise invalid("code", "step_taken", value=settled)
    missing = _waits_for(way, code, taken, needs)
    if missing is not None:
        raise invalid("code", "step_out_of_order", needs=missing)
    earliest = _earliest(way, code, since, taken, needs)
    if on > today:
        raise invalid("on", "in_future", value=on.isoformat())
    if earliest is not None and on < earliest:
        raise invalid("on", "too_early", earliest=earliest.isoformat())


def _earliest(
    way: Way, code: str, since: date | None, taken: Mapping[str, date], needs: Collection[str]
) -> date | None:
    """The first day a step can be of: that of what it rests on; who is made to leave had a day at least (CPL 261)."""
    days = [since if code == _FIRST[way] else taken.get(_FIRST[way], since)]
    if code == FORCED:
        days.append(taken[TO_LEAVE] + timedelta(days=1))
    if code in (KEYS, HANDED_OVER):
        days += [taken[each] for each in (*needs, FORCED) if needs and each in taken]
    return max((day for day in days if day is not None), default=None)
