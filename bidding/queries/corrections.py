"""Corrections of personal data: the own ones, and those that wait for a decision. Sealed fields are opened here."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.models import Auction, Correction, Person
from auction.rules.lot import LIVE

from ..models import Registration

#: Who decides on a correction of an identity.
DECIDERS = frozenset(("clerk", "regulator"))
#: What a person changes himself, and what others decide.
CONTACT = ("phone", "email", "address")
IDENTITY = ("name", "id_type", "id_number")


def correction_column(correction_id: str, field: str) -> str:
    """The place a sealed field of a correction is bound to."""
    return f"correction\0{correction_id}\0{field}"


def takes_part(session: Session, person_id: str) -> bool:
    """Whether a person is registered for a sale that has not ended: meanwhile nobody learns who he is (OJA 18(2))."""
    return bool(session.scalar(select(_takes_part().where(Registration.person_id == person_id).exists())))


def _takes_part() -> Select[str]:
    live = (Auction.status.in_([status.value for status in LIVE]), Auction.closed_at.is_(None))
    return select(Registration.id).join(Auction, Auction.id == Registration.auction_id).where(*live)


def own_corrections(session: Session, vault: Vault, person_id: str) -> list[dict[str, Any]]:
    """A person's own, the latest first, as `correction_dict` tells them."""
    person = session.get_one(Person, person_id)
    rows = select(Correction).where(Correction.person_id == person_id)
    found = session.scalars(rows.order_by(Correction.filed_at.desc(), Correction.id.desc()))
    return [correction_dict(vault, person, row) for row in found]


def decidable(session: Session) -> list[Correction]:
    """What waits for a decision, the oldest first; of who takes part in a sale just now nothing before it has ended."""
    waiting = select(Correction).where(
        Correction.status == "filed", ~exists(_takes_part().where(Registration.person_id == Correction.person_id))
    )
    return list(session.scalars(waiting.order_by(Correction.filed_at, Correction.id)))


def corrections_to_decide(session: Session, vault: Vault) -> list[dict[str, Any]]:
    """The same, opened."""
    return [correction_dict(vault, session.get_one(Person, row.person_id), row) for row in decidable(session)]


def correction_dict(vault: Vault, person: Person, row: Correction) -> dict[str, Any]:
    """{"id", "fields", "before", "wanted", "reason", "attachments", "status", "filed_at", "decided_at",
    "decision_reason"}; what was sealed is None once the person was erased."""

    def opened(field: str, sealed: bytes | None) -> str | None:
        if sealed is None or person.wrapped_key is None:
            return None
        return vault.open(person.wrapped_key, person.id, correction_column(row.id, field), sealed)

    def values(field: str, sealed: bytes) -> Mapping[str, Any] | None:
        text = opened(field, sealed)
        return None if text is None else orjson.loads(text)

    return {
        "id": row.id,
        "fields": row.fields,
        "before": values("before", row.before),
        "wanted": values("wanted", row.wanted),
        "reason": opened("reason", row.reason),
        "attachments": row.attachments,
        "status": row.status,
        "filed_at": iso(row.filed_at),
        "decided_at": iso(row.decided_at) if row.decided_at else None,
        "decision_reason": opened("decision_reason", row.decision_reason),
    }
