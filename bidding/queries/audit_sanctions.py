"""Recomputing sanctions and the records of bidders: rows and entries must tell the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import JournalRow
from auction.queries.audit import Report
from risk.models import Sanction, StandingEntry, StandingObjection

_TERMS = ("number", "court", "kind", "amount_fen", "until", "scope")


@dataclass(slots=True)
class _Told:
    """What the entries say, by id: sanctions with their state, entries of records, objections with their outcome."""

    sanctions: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    objections: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def check_sanctions(session: Session, report: Report) -> None:
    """Check every served sanction, every entry of a record and every objection against the entries that made it."""
    told = _read(session, report)
    served = select(Sanction).where(Sanction.served_at.is_not(None)).order_by(Sanction.id)
    _match(report, "sanctions", told.sanctions, {row.id: _sanction(row) for row in session.scalars(served)})
    entries = session.scalars(select(StandingEntry).order_by(StandingEntry.id))
    _match(
        report,
        "standing_entries",
        told.entries,
        {row.id: (row.person_id, row.kind, row.auction_id, row.facts, iso(row.at)) for row in entries},
    )
    objections = session.scalars(select(StandingObjection).order_by(StandingObjection.id))
    _match(
        report,
        "standing_objections",
        told.objections,
        {row.id: (row.entry_id, row.grounds, row.status, row.reason, row.answered_by) for row in objections},
    )


def _match(report: Report, table: str, told: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    for key in sorted({*told, *stored}):
        where = f"{table} {key}"
        if key not in stored:
            report.that(False, where, "was recorded but is not there")
        else:
            report.that(told.get(key) == stored[key], where, "is not what its entries tell")
    report.checked[table] += len(stored)


def _sanction(row: Sanction) -> dict[str, Any]:
    return {
        "person": row.person_id,
        "number": row.number,
        "court": row.court_code,
        "auction_id": row.auction_id,
        "kind": row.kind,
        "amount_fen": row.amount_fen,
        "until": row.until.isoformat() if row.until else None,
        "scope": row.scope,
        "basis": row.basis,
        "reason": row.reason,
        "law": row.law,
        "factors": row.factors,
        "review_until": iso(row.review_until) if row.review_until else None,
        "status": row.status,
        "in_force": row.in_force_at is not None,
        "end_reason": row.end_reason,
    }


def _read(session: Session, report: Report) -> _Told:
    told = _Told()
    query = (
        select(JournalRow.stream, JournalRow.number, JournalRow.kind, JournalRow.entry)
        .where(JournalRow.kind.in_(tuple(_READERS)))
        .order_by(JournalRow.id)
    )
    for stream, number, kind, text in session.execute(query):
        entry = orjson.loads(text)
        if not _READERS[kind](told, stream.partition(":")[2], entry):
            report.that(False, f"journal {stream} {number}", "tells of what no entry before it made")
    return told


def _served(told: _Told, person: str, entry: dict[str, Any]) -> bool:
    body = {name: value for name, value in entry["body"].items() if name != "sanction_id"}
    state = {"person": person, "status": "approved", "in_force": False, "end_reason": None}
    told.sanctions[entry["body"]["sanction_id"]] = body | state
    return True


def _in_force(told: _Told, key: str, entry: dict[str, Any]) -> bool:
    one = told.sanctions.get(key)
    if one is None or one["status"] != "approved" or any(entry["body"][name] != one[name] for name in _TERMS):
        return False
    one.update(status="in_force", in_force=True)
    return True


def _ended(told: _Told, person: str, entry: dict[str, Any]) -> bool:
    one = told.sanctions.get(entry["body"]["sanction_id"])
    if one is None or one["person"] != person or one["status"] not in ("approved", "in_force"):
        return False
    one.update(status=entry["body"]["status"], end_reason=entry["body"]["reason"])
    return True


def _over(told: _Told, key: str, entry: dict[str, Any]) -> bool:
    """The public trace of an end: the private one came before it, and the sanction had been in force."""
    one = told.sanctions.get(key)
    ends = {"SanctionExpired": "expired", "SanctionLifted": "lifted"}
    return one is not None and one["in_force"] and one["status"] == ends[entry["kind"]]


def _entered(told: _Told, person: str, entry: dict[str, Any]) -> bool:
    body = entry["body"]
    told.entries[body["entry_id"]] = (person, body["kind"], body["auction_id"], body["facts"], entry["at"])
    return True


def _contested(told: _Told, person: str, entry: dict[str, Any]) -> bool:
    body = entry["body"]
    told.objections[body["objection_id"]] = (body["entry_id"], body["grounds"], "filed", None, None)
    return body["entry_id"] in told.entries


def _answered(told: _Told, person: str, entry: dict[str, Any]) -> bool:
    body = entry["body"]
    filed = told.objections.get(body["objection_id"])
    if filed is None:
        return False
    outcome = "accepted" if body["accepted"] else "rejected"
    told.objections[body["objection_id"]] = (*filed[:2], outcome, body["reason"], body["by"])
    return True


_READERS: Mapping[str, Callable[[_Told, str, dict[str, Any]], bool]] = {
    "SanctionServed": _served,
    "SanctionInForce": _in_force,
    "SanctionEnded": _ended,
    "SanctionExpired": _over,
    "SanctionLifted": _over,
    "StandingEntered": _entered,
    "StandingContested": _contested,
    "StandingObjectionAnswered": _answered,
}
