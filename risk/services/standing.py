"""Keeping a bidder's record: entering what happened, and objecting to an entry.

An entry never bars anybody. It is private: its subject sees it, others as `standing.read` and `standing.answer` allow.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Person
from auction.rules.access import Actor, require
from auction.rules.calendar import period_end, shanghai_day
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load

from ..models import StandingEntry, StandingObjection
from ..rules.standing import KINDS, REVOKED


def enter(unit: Unit, person_id: str, kind: str, *, subject_id: str, facts: Mapping[str, Any]) -> StandingEntry:
    """Put something on record of a person about the auction `subject_id`; `facts` are plain values without names.

    `kind`: paid_in_time, paid_late, reneged, reneged_maliciously, or renege_revoked, which cancels the renege before
    it. Entering what already stands last for that person and auction changes nothing. The caller has locked the
    auction. ValueError for another kind: our mistake.
    """
    if kind not in KINDS and kind != REVOKED:
        raise ValueError(f"no kind of entry: {kind}")
    unit.session.flush()
    last = unit.session.scalar(
        select(StandingEntry)
        .where(StandingEntry.person_id == person_id, StandingEntry.auction_id == subject_id)
        .order_by(StandingEntry.number.desc())
        .limit(1)
    )
    if last is not None and last.kind == kind:
        return last
    entry_id = unit.new_id()
    noted = unit.record(
        "StandingEntered",
        stream=f"person:{person_id}",
        private=True,
        body={"entry_id": entry_id, "kind": kind, "auction_id": subject_id, "facts": dict(facts)},
    )
    entry = StandingEntry(
        id=entry_id,
        person_id=person_id,
        id_match=unit.session.get_one(Person, person_id).id_match,
        kind=kind,
        auction_id=subject_id,
        court_code=unit.session.get_one(Auction, subject_id).lot.court_code,
        facts=dict(facts),
        number=noted.number,
        at=unit.now,
    )
    unit.session.add(entry)
    return entry


def object_to_entry(unit: Unit, actor: Actor, entry_id: str, grounds: str) -> StandingObjection:
    """The bidder's objection to an own entry, once; answers it with the day until which it is to be answered.

    DomainError not_found for anybody else's entry, wrong_state where it was contested before.
    """
    require(actor, "standing.own")
    entry = unit.session.scalar(select(StandingEntry).where(StandingEntry.id == entry_id).with_for_update())
    if entry is None or entry.person_id != actor.person_id:
        raise DomainError("not_found")
    if unit.session.scalar(select(StandingObjection.id).where(StandingObjection.entry_id == entry_id)):
        raise DomainError("wrong_state", status="contested")
    ruleset = load(unit.settings.ruleset)
    end = period_end(shanghai_day(unit.now), ruleset.days("standing_answer"), published_calendar(ruleset))
    objection = StandingObjection(
        id=unit.new_id(),
        entry_id=entry.id,
        court_code=entry.court_code,
        grounds=grounds,
        filed_at=unit.now,
        due_at=end.ends_at,
        status="filed",
    )
    unit.session.add(objection)
    unit.record(
        "StandingContested",
        stream=f"person:{entry.person_id}",
        private=True,
        body={"entry_id": entry.id, "objection_id": objection.id, "grounds": grounds},
    )
    return objection
