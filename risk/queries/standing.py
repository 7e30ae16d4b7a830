"""Reading the record of a bidder: the own one, and what waits for an answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from auction.models import Auction, Lot
from auction.rules.ruleset import Ruleset

from ..models import StandingEntry, StandingObjection
from ..rules.standing import Entry, Line, Scale, Score, score


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry with the lot it is about, what was said against it, and what it counts now."""

    entry: StandingEntry
    lot_id: str
    title: str
    objection: StandingObjection | None
    line: Line


@dataclass(frozen=True, slots=True)
class Record:
    """The record at a moment: the points, the scale they are made on, and the entries, the latest first."""

    score: Score
    scale: Scale
    entries: list[Recorded]


def own_record(session: Session, ruleset: Ruleset, person_id: str, now: datetime) -> Record:
    """The record of one person."""
    return _record(session, ruleset, StandingEntry.person_id == person_id, now)


def record_of_identity(session: Session, ruleset: Ruleset, id_match: str, now: datetime) -> Record:
    """The record of everybody with this identity: what a judge sees once the sale has ended."""
    return _record(session, ruleset, StandingEntry.id_match == id_match, now)


def _record(session: Session, ruleset: Ruleset, whose: ColumnElement[bool], now: datetime) -> Record:
    rows = session.execute(
        select(StandingEntry, StandingObjection, Lot.id, Lot.title)
        .join(Auction, Auction.id == StandingEntry.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .outerjoin(StandingObjection, StandingObjection.entry_id == StandingEntry.id)
        .where(whose)
    ).all()
    scale = Scale.of(ruleset)
    points = score(
        scale,
        [
            Entry(entry.id, entry.kind, entry.auction_id, entry.at, _status(objection), entry.number)
            for entry, objection, _, _ in rows
        ],
        now,
    )
    by_id = {entry.id: (entry, lot_id, title, objection) for entry, objection, lot_id, title in rows}
    entries = [Recorded(*by_id[line.entry.id], line) for line in reversed(points.lines)]
    return Record(points, scale, entries)


def _status(objection: StandingObjection | None) -> str | None:
    return objection.status if objection is not None else None


def waiting_objections(session: Session) -> int:
    """How many objections wait for an answer, in all courts."""
    waiting = select(func.count()).select_from(StandingObjection).where(StandingObjection.status == "filed")
    return session.scalar(waiting) or 0


@dataclass(frozen=True, slots=True)
class Contested:
    """An objection that waits for an answer, with the entry and the lot it is about."""

    objection: StandingObjection
    entry: StandingEntry
    title: str


def contested(session: Session, court_code: str | None) -> list[Contested]:
    """The objections that wait, of one court or (None) of all, the most urgent first."""
    query = (
        select(StandingObjection, StandingEntry, Lot.title)
        .join(StandingEntry, StandingEntry.id == StandingObjection.entry_id)
        .join(Auction, Auction.id == StandingEntry.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(StandingObjection.status == "filed")
        .order_by(StandingObjection.due_at, StandingObjection.id)
    )
    if court_code is not None:
        query = query.where(StandingObjection.court_code == court_code)
    return [Contested(*row) for row in session.execute(query)]
