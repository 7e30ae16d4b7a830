"""Who stands behind a registration, opened with the keys. Callers decide who may see it (OJA 18(2))."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from auction.kernel.crypto import Vault
from auction.models import Person

from ..models import RegisteredIdentity, Registration


@dataclass(frozen=True, slots=True)
class OpenIdentity:
    """An identity in the clear: `part` is what it is in the registration, `share` a joint bidder's share as written."""

    part: str
    name: str
    id_type: str
    id_number: str
    share: str | None


def sealed_column(registration_id: str, id_match: str, field: str) -> str:
    """The place a sealed field of a registered identity is bound to: it opens nowhere else."""
    return f"registered_identity\0{registration_id}\0{id_match}\0{field}"


def identities(session: Session, vault: Vault, registration: Registration) -> list[OpenIdentity]:
    """The identities behind a registration, the applicant first. Empty once the person's key has been destroyed."""
    person = session.get_one(Person, registration.person_id)
    if person.wrapped_key is None:
        return []
    rows = session.scalars(
        select(RegisteredIdentity)
        .where(RegisteredIdentity.registration_id == registration.id)
        .order_by(RegisteredIdentity.id_match != person.id_match, RegisteredIdentity.id_match)
    )
    return [_opened(vault, person.wrapped_key, person.id, row) for row in rows]


def buyers_behind(session: Session, registrations: ColumnElement[bool]) -> dict[str, set[str]]:
    """By registration, the keyed hashes of those it bids for: the principals, where somebody bids for others."""
    rows = session.execute(
        select(RegisteredIdentity.registration_id, RegisteredIdentity.part, RegisteredIdentity.id_match).where(
            registrations
        )
    ).all()
    represented = {row.registration_id for row in rows if row.part == "principal"}
    buyers: dict[str, set[str]] = defaultdict(set)
    for key, part, match in rows:
        if part == "principal" or key not in represented:
            buyers[key].add(match)
    return buyers


def _opened(vault: Vault, key: bytes, person_id: str, row: RegisteredIdentity) -> OpenIdentity:
    def field(name: str, sealed: bytes) -> str:
        return vault.open(key, person_id, sealed_column(row.registration_id, row.id_match, name), sealed)

    return OpenIdentity(row.part, field("name", row.name), row.id_type, field("id_number", row.id_number), row.share)
