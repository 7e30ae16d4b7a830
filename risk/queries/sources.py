"""The records a hit rests on, opened: who, what, and from which file they came."""

from collections.abc import Collection
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI, iso
from auction.kernel.crypto import Vault
from auction.models import Agency, Court

from ..models import Control, RegistryVersion, Relative, Staff
from ..rules.control import Stake, in_order
from ..rules.interest import Bodies, Hit, hits
from .interest import SEALED_FOR, find_facts, in_force, registry_key, stakes_of


class Opener:
    """Opens the registry's names while a chain is put together, and remembers them by keyed hash."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._vault, self._key = vault, registry_key(session)
        self._names: dict[str, str] = {}

    def name(self, match: str, name: str) -> None:
        """Keep a name that is known from elsewhere."""
        self._names.setdefault(match, name)

    def open(self, match: str, column: str, sealed: bytes) -> str:
        """The name in a row of the registry."""
        if self._key is None:
            return ""
        name = self._vault.open(self._key, SEALED_FOR, column, sealed)
        self.name(match, name)
        return name

    def of(self, match: str) -> str | None:
        """The name of somebody; None where no record says it."""
        return self._names.get(match)


def chain_of(
    session: Session, opener: Opener, hit: Hit, bodies: Bodies, *, version: int, at: datetime
) -> list[dict[str, Any]]:
    """The records from the body of the sale down to who is barred, in order, by the registry of `version`.

    Each: {"record"("staff"|"relative"|"control"), what it says with names, "source": {"version", "kind", "file_hash",
    "imported_at"}}. An agency that is barred itself needs no record.
    """
    if hit.ground == "controlled_company":
        return _company_chain(session, opener, hit, bodies, version=version, at=at)
    return _personal_chain(session, opener, hit, version)


def _personal_chain(session: Session, opener: Opener, hit: Hit, version: int) -> list[dict[str, Any]]:
    if hit.ground == "body":
        return []
    official = hit.via or hit.match
    steps = _offices(session, opener, official, hit, version)
    line = [official, *hit.through, hit.match] if hit.via else []
    for one, other in pairwise(line):
        steps += _relations(session, opener, one, other, version)
    return steps


def _company_chain(
    session: Session, opener: Opener, hit: Hit, bodies: Bodies, *, version: int, at: datetime
) -> list[dict[str, Any]]:
    """First why each of those who control the company is barred, then what leads from them down to it."""
    today = at.astimezone(SHANGHAI).date()
    people, stakes = _behind(session, opener, hit, version, today)
    facts = find_facts(session, people, today, version=version)
    steps: list[dict[str, Any]] = []
    for direct in hits(people, bodies.all, bodies.since, today, facts):
        if direct.ground != "controlled_company":
            steps += [step for step in _personal_chain(session, opener, direct, version) if step not in steps]
    return steps + [_stake_step(session, opener, stake) for stake in stakes]


def stakes_between(session: Session, opener: Opener, hit: Hit, *, version: int, at: datetime) -> list[dict[str, Any]]:
    """The records of control that lead from `via` (and who controls beside him) down to who is barred, in order."""
    _, stakes = _behind(session, opener, hit, version, at.astimezone(SHANGHAI).date())
    return [_stake_step(session, opener, stake) for stake in stakes]


def _behind(session: Session, opener: Opener, hit: Hit, version: int, today: date) -> tuple[list[str], list[Control]]:
    """Who controls the company of a hit, and the records by which, from them down to it."""
    involved = {hit.match, hit.via, *hit.through}
    rows = {row.id: row for row in _stakes(session, opener, involved, version, today)}
    start = involved - ({row.company_match for row in rows.values()} - {hit.via})
    stakes = [Stake(row.company_match, row.holder_match, row.role, row.share, row.id) for row in rows.values()]
    led = hit.relation == "legal_representative"
    counting = [one for one in stakes if (one.role == "legal_representative") == led and (led or _counts(one))]
    return sorted(start), [rows[stake.record] for stake in in_order(counting, start)]


def _counts(stake: Stake) -> bool:
    return bool(stake.share) or stake.role == "actual_controller"


def _stake_step(session: Session, opener: Opener, stake: Control) -> dict[str, Any]:
    return {
        "record": "control",
        "company": opener.of(stake.company_match),
        "holder": opener.of(stake.holder_match),
        "role": stake.role,
        "share": None if stake.share is None else stake.share / 1_000_000,
        "from": stake.from_on.isoformat(),
        "to": stake.to_on.isoformat() if stake.to_on else None,
        "source": _source(session, stake.from_version),
    }


def _stakes(session: Session, opener: Opener, involved: Collection[str], version: int, today: date) -> list[Control]:
    rows = list(
        session.scalars(
            select(Control).where(
                Control.company_match.in_(involved),
                Control.holder_match.in_(involved),
                *stakes_of(version, today),
            )
        )
    )
    for row in rows:
        opener.open(row.company_match, "control.company_name", row.company_name)
    return rows


def _offices(session: Session, opener: Opener, match: str, hit: Hit, version: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Staff)
        .where(
            Staff.id_match == match,
            Staff.body_type == hit.body_type,
            Staff.body_code == hit.body_code,
            in_force(Staff, version),
        )
        .order_by(Staff.id)
    )
    return [
        {
            "record": "staff",
            "person": opener.open(match, "staff.name", row.name),
            "body_type": row.body_type,
            "body_code": row.body_code,
            "body_name": body_name(session, row.body_type, row.body_code),
            "position": row.position,
            "from": row.from_on.isoformat(),
            "to": row.to_on.isoformat() if row.to_on else None,
            "source": _source(session, row.from_version),
        }
        for row in rows
    ]


def body_name(session: Session, body_type: str, code: str) -> str | None:
    """What a body is called; None for the provider, who has no entry of his own."""
    if body_type == "court":
        court = session.get(Court, code)
        return court.name if court else None
    agency = session.get(Agency, code) if body_type == "agency" else None
    return agency.name if agency else None


def _relations(session: Session, opener: Opener, one: str, other: str, version: int) -> list[dict[str, Any]]:
    """The records in which two people stand, from whichever side: what the relative is to the person."""
    pair = (one, other)
    rows = list(
        session.scalars(
            select(Relative)
            .where(
                Relative.id_match.in_(pair),
                Relative.relative_match.in_(pair),
                Relative.id_match != Relative.relative_match,
                in_force(Relative, version),
            )
            .order_by(Relative.id)
        )
    )
    for row in rows:
        opener.open(row.relative_match, "relatives.relative_name", row.relative_name)
    return [
        {
            "record": "relative",
            "person": opener.of(row.id_match),
            "relative": opener.of(row.relative_match),
            "relation": row.relation,
            "source": _source(session, row.from_version),
        }
        for row in rows
    ]


def _source(session: Session, version: int) -> dict[str, Any]:
    found = session.get(RegistryVersion, version)
    return {
        "version": version,
        "kind": found.kind if found else None,
        "file_hash": found.file_hash if found else None,
        "imported_at": iso(found.at) if found else None,
    }
