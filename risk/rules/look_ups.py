"""When look-ups of personal data are so unusual that a regulator is told. They stay allowed: this refuses nobody.

Pure, of one person's look-ups. Numbers are the ruleset's (`parameters.supervision`, the court's practice).
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from auction.kernel.clock import SHANGHAI
from auction.rules.calendar import shanghai_day
from auction.rules.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class LookUp:
    """One look-up: the journal's number of its entry, whom it was about (None: nobody in particular), and whether it
    belongs to a case the looker has to do with.
    """

    id: int
    at: datetime
    person: str | None
    own_case: bool


@dataclass(frozen=True, slots=True)
class Unusual:
    """What is unusual: the reason's `code`, its facts, the look-ups it is about, and the occasion, told once."""

    code: str
    facts: Mapping[str, int]
    look_ups: tuple[int, ...]
    occasion: str


def kept_for(rules: Ruleset) -> timedelta:
    """How far back look-ups have to be read."""
    return max(rules.span("look_up_span"), timedelta(days=rules.days("look_up_same_span")))


def unusual_look_ups(look_ups: Sequence[LookUp], now: datetime, rules: Ruleset) -> list[Unusual]:
    """What is unusual in one person's look-ups up to `now`: many, outside own cases, the same person, at night."""
    span = rules.span("look_up_span")
    lately = [one for one in look_ups if one.at > now - span]
    hours = int(span / timedelta(hours=1))
    outside = [one for one in lately if not one.own_case]
    found = [
        *_beyond("look_ups_many", lately, rules.count("look_up_most"), hours=hours),
        *_beyond("look_ups_outside_cases", outside, rules.count("look_up_outside_most"), hours=hours),
    ]
    days, most = rules.days("look_up_same_span"), rules.count("look_up_same_most")
    for person, of_him in _by((one.person, one) for one in look_ups if one.at > now - timedelta(days=days)).items():
        if person is not None:
            found += _beyond("look_ups_same_person", of_him, most, about=str(person), days=days)
    first, last = rules.number("look_up_night_from"), rules.number("look_up_night_to")
    nights = _by((night, one) for one in lately if (night := _night(one.at, first, last)))
    for evening, then in nights.items():
        most = rules.count("look_up_night_most")
        found += _beyond("look_ups_at_night", then, most, about=str(evening), from_hour=first, to_hour=last)
    return found


def _beyond(code: str, these: Collection[LookUp], most: int, about: str = "", **facts: int) -> Iterable[Unusual]:
    """Told once for the day of the last of them."""
    if len(these) > most:
        last = max(one.at for one in these)
        ids = tuple(sorted(one.id for one in these))
        yield Unusual(code, {"count": len(ids), "most": most, **facts}, ids, f"{about or code}:{shanghai_day(last)}")


def _by(pairs: Iterable[tuple[Hashable, LookUp]]) -> dict[Hashable, list[LookUp]]:
    sorted_out: dict[Hashable, list[LookUp]] = defaultdict(list)
    for key, one in pairs:
        sorted_out[key].append(one)
    return sorted_out


def _night(at: datetime, first: int, last: int) -> date | None:
    """The day on which the night of a moment began, in Shanghai; None by day."""
    there = at.astimezone(SHANGHAI)
    if there.hour >= first:
        return there.date()
    return there.date() - timedelta(days=1) if there.hour < last else None
