"""The records a hit rests on, opened: who, what, and from which file they came."""

from collections.abc import Collection
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI, iso
from auction.kernel.crypto import Vault
from auction.models import Agency, Court

from ..models import Control, RegistryVersion, Relative, Staff
from ..rules.interest import Bodies, Hit, hits
from .interest import SEALED_FOR, find_facts, in_force, registry_key


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
    """First why each of those who control the company is barred, then their parts in it and those between."""
    involved = {hit.match, hit.via, *hit.through}
    stakes = _stakes(session, opener, involved, version)
    companies = {stake.company_match for stake in stakes}
    today = at.astimezone(SHANGHAI).date()
    people = sorted(involved - (companies - {hit.via}))
    facts = find_facts(session, people, today, version=version)
    steps: list[dict[str, Any]] = []
    for direct in hits(people, bodies.all, bodies.since, today, facts):
        if direct.ground != "controlled_company":
            steps += _personal_chain(session, opener, direct, version)
    for stake in stakes:
        steps.append(
            {
                "record": "control",
                "company": opener.of(stake.company_match),
                "holder": opener.of(stake.holder_match),
                "role": stake.role,
                "share": None if stake.share is None else stake.share / 1_000_000,
                "from": stake.from_on.isoformat(),
                "to": stake.to_on.isoformat() if stake.to_on else None,
                "source": _source(session, stake.from_version),
            }
        )
    return steps


def _stakes(session: Session, opener: Opener, involved: Collection[str], version: int) -> list[Control]:
    rows = list(
        session.scalars(
            select(Control)
            .where(
                Control.company_match.in_(involved),
                Control.holder_match.in_(involved),
                in_force(Control, version),
            )
            .order_by(Control.company_match, Control.id)
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
