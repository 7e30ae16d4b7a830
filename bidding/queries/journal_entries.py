"""The journal as a regulator reads it: every entry in the order of writing, private ones sealed while bidding goes on.

A private entry is closed to everybody, the regulator too, until every auction it has to do with has ended (PRECISIONS
4, OJA 18(2)); of those that are open a list tells kind, time and stream, and the entry itself a look-up with a purpose.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow, Salt
from auction.models import Auction, LogLeaf
from auction.rules.lot import LIVE

from ..models import Payment, Registration

#: Entries looked through for one page: what is rare is searched for on the next pages.
LOOKED_THROUGH = 50_000


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; None matches all. `stream`: a whole one such as `auction:ID`, or a family such as `person`.

    `since` and `until`: from a moment on, and before another. `private`: only those, or only public ones.
    """

    kind: str | None = None
    stream: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries, the newest first, each as `_told` makes it. `before`: where the next page goes on; None at the end."""

    items: Sequence[dict[str, Any]]
    before: int | None


def journal_page(session: Session, wanted: JournalFilter, before: int | None, most: int) -> JournalPage:
    """A page of the journal, written before entry `before` (its number in the order of writing)."""
    newest = before if before is not None else _next(session)
    oldest = max(0, newest - LOOKED_THROUGH)
    rows = session.execute(
        _entries()
        .where(JournalRow.id < newest, JournalRow.id >= oldest, *_tests(wanted))
        .order_by(JournalRow.id.desc())
        .limit(most)
    ).all()
    closed = _closed(session, [row.JournalRow for row in rows if row.JournalRow.private])
    goes_on = rows[-1].JournalRow.id if len(rows) == most else oldest
    return JournalPage([_told(row, closed) for row in rows], goes_on if goes_on > 1 else None)


def journal_entry(session: Session, stream: str, number: int) -> dict[str, Any]:
    """One entry with its bytes and, where it is private, its salt and commitment.

    DomainError not_found where there is none, wrong_state/not_ended while it is closed to everybody.
    """
    row = session.execute(_entries().where(JournalRow.stream == stream, JournalRow.number == number)).one_or_none()
    if row is None:
        raise DomainError("not_found")
    entry = row.JournalRow
    if entry.private and _closed(session, [entry]):
        raise DomainError("wrong_state", status="not_ended")
    told = _told(row, frozenset())
    salt = session.scalar(select(Salt.salt).where(Salt.stream == stream, Salt.number == number))
    return told | {
        "entry": orjson.loads(entry.entry),
        "bytes": entry.entry,
        "hash": entry.hash,
        "salt": salt.hex() if salt else None,
        "commitment": row.commitment,
    }


def _entries() -> Select[*tuple[Any, ...]]:
    return select(JournalRow, LogLeaf.index.label("leaf"), LogLeaf.commitment).outerjoin(
        LogLeaf, and_(LogLeaf.stream == JournalRow.stream, LogLeaf.number == JournalRow.number)
    )


def _next(session: Session) -> int:
    return (session.scalar(select(JournalRow.id).order_by(JournalRow.id.desc()).limit(1)) or 0) + 1


def _tests(wanted: JournalFilter) -> list[Any]:
    tests: list[Any] = []
    if wanted.kind:
        tests.append(JournalRow.kind == wanted.kind)
    if wanted.stream:
        whole = ":" in wanted.stream or wanted.stream in ("system", "log")
        same = JournalRow.stream == wanted.stream
        tests.append(same if whole else JournalRow.stream.startswith(f"{wanted.stream}:", autoescape=True))
    if wanted.since is not None:
        tests.append(JournalRow.at >= wanted.since)
    if wanted.until is not None:
        tests.append(JournalRow.at < wanted.until)
    if wanted.private is not None:
        tests.append(JournalRow.private.is_(wanted.private))
    return tests


def _told(row: Row[*tuple[Any, ...]], closed: Collection[int]) -> dict[str, Any]:
    """{"id", "at", "private", "closed", "index", "kind", "stream", "number", "body"}.

    Of a closed entry kind, stream, number and body are None; of a private one that is not, the body alone is.
    """
    entry: JournalRow = row.JournalRow
    hidden = entry.id in closed
    return {
        "id": entry.id,
        "at": iso(entry.at),
        "private": entry.private,
        "closed": hidden,
        "index": row.leaf,
        "kind": None if hidden else entry.kind,
        "stream": None if hidden else entry.stream,
        "number": None if hidden else entry.number,
        "body": None if entry.private else orjson.loads(entry.entry)["body"],
    }


#: Names under which a body names what leads to an auction.
_NAMED = ("auction_id", "registration_id", "payment_id", "person_id", "account_id", "bidder_id")


def _closed(session: Session, rows: Sequence[JournalRow]) -> frozenset[int]:
    """Of private entries those that have to do with an auction not ended, or with a person who takes part in one."""
    named = {row.id: _ids(row) for row in rows}
    everything = {key for ids in named.values() for key in ids}
    if not everything:
        return frozenset()
    live = select(Auction.id).where(Auction.status.in_([status.value for status in LIVE]))
    going_on = set(session.scalars(live.where(Auction.id.in_(everything))))
    takes_part = or_(
        Registration.id.in_(everything), Registration.person_id.in_(everything), Registration.account_id.in_(everything)
    )
    parts = session.execute(
        select(Registration.id, Registration.person_id, Registration.account_id).where(
            takes_part, Registration.auction_id.in_(live)
        )
    )
    going_on |= {key for part in parts for key in part}
    going_on |= set(session.scalars(select(Payment.id).where(Payment.id.in_(everything), Payment.auction_id.in_(live))))
    return frozenset(entry for entry, ids in named.items() if going_on.intersection(ids))


def _ids(row: JournalRow) -> set[str]:
    """What an entry names: by its stream, and in its body."""
    body: Mapping[str, Any] = orjson.loads(row.entry)["body"]
    named = {value for name in _NAMED if isinstance(value := body.get(name), str)}
    return named | ({row.stream.partition(":")[2]} - {""})
