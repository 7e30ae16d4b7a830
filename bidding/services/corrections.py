"""Correcting personal data (PIPL 46): how somebody is reached he changes himself, who he is others decide, on proof.

What was there before is kept, sealed under the person's own key, and goes when that is destroyed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import exists, select

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Correction, Person
from auction.rules import identity
from auction.rules.access import Actor, require
from auction.rules.calendar import shanghai_day

from ..models import Registration
from ..queries.corrections import CONTACT, correction_column, takes_part
from ..queries.papers import check_own


def change_contact(unit: Unit, actor: Actor, wanted: Mapping[str, str | None]) -> list[str]:
    """Change one's own phone, e-mail or address; answers which of them changed. None takes an address away.

    DomainError invalid/nothing_changed where none does, identity_unverified once the person was erased.
    """
    require(actor, "data.own")
    person, key = _person(unit, actor)
    before = {name: _opened(unit, person, key, name) for name in wanted}
    changed = [name for name in CONTACT if name in wanted and wanted[name] != before[name]]
    if not changed:
        raise invalid("phone", "nothing_changed")
    for name in changed:
        text = wanted[name]
        setattr(person, name, unit.vault.seal(key, person.id, name, text) if text else None)
    row = _kept(unit, person, key, {name: before[name] for name in changed}, {name: wanted[name] for name in changed})
    row.status, row.decided_at = "accepted", unit.now
    _note(unit, row, "ContactChanged", fields=changed)
    return changed


def ask_correction(
    unit: Unit, actor: Actor, *, reason: str, attachments: Sequence[str], **wanted: str | None
) -> Correction:
    """Ask for a correction of one's name or identity number, with proof among one's papers; others decide.

    DomainError invalid with the field (nothing_changed, identity_invalid, number_used: it stands behind a registration,
    unknown_attachment), already_asked while another waits.
    """
    require(actor, "data.own")
    person, key = _person(unit, actor)
    check_own(unit.session, actor.id, attachments)
    wanted = {name: value for name, value in wanted.items() if value}
    if "id_number" in wanted or "id_type" in wanted:
        id_type = wanted.setdefault("id_type", person.id_type) or person.id_type
        number = wanted.get("id_number") or _opened(unit, person, key, "id_number") or ""
        wanted["id_number"] = identity.check(id_type, number, shanghai_day(unit.now))
        if unit.session.scalar(select(exists().where(Registration.person_id == person.id))):
            raise invalid("id_number", "number_used")
    before = {
        name: person.id_type if name == "id_type" else _opened(unit, person, key, name) for name in sorted(wanted)
    }
    wanted = {name: value for name, value in wanted.items() if value != before[name]}
    if not wanted:
        raise invalid("name", "nothing_changed")
    waiting = exists().where(Correction.person_id == person.id, Correction.status == "filed")
    if unit.session.scalar(select(waiting)):
        raise DomainError("already_asked")
    row = _kept(unit, person, key, {name: before[name] for name in wanted}, wanted)
    row.reason = unit.vault.seal(key, person.id, correction_column(row.id, "reason"), reason)
    row.attachments = list(attachments)
    _note(unit, row, "CorrectionAsked", fields=row.fields)
    return row


def decide_correction(unit: Unit, actor: Actor, correction_id: str, *, approve: bool, reason: str) -> Correction:
    """Decide on one: a clerk or a regulator. What is approved holds from now on; registrations made before stay theirs.

    DomainError not_found, wrong_state once decided, and wrong_state/takes_part while the person is registered for a
    sale that has not ended: nobody is to learn who he is.
    """
    require(actor, "correction.decide")
    row = unit.session.get(Correction, correction_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise DomainError("not_found")
    if row.status != "filed":
        raise DomainError("wrong_state", status=row.status)
    person = unit.session.get_one(Person, row.person_id, with_for_update=True, populate_existing=True)
    key = person.wrapped_key
    if key is None:
        raise DomainError("not_found")
    if takes_part(unit.session, person.id):
        raise DomainError("wrong_state", reason="takes_part")
    if approve:
        _apply(unit, person, key, row)
    row.status, row.decided_at, row.decided_by = "accepted" if approve else "rejected", unit.now, actor.id
    row.decision_reason = unit.vault.seal(key, person.id, correction_column(row.id, "decision_reason"), reason)
    _note(unit, row, "CorrectionDecided", fields=row.fields, accepted=approve, by=actor.id)
    return row


def _apply(unit: Unit, person: Person, key: bytes, row: Correction) -> None:
    wanted = orjson.loads(unit.vault.open(key, person.id, correction_column(row.id, "wanted"), row.wanted))
    if "name" in wanted:
        person.name = unit.vault.seal(key, person.id, "name", wanted["name"])
    if "id_number" in wanted or "id_type" in wanted:
        if unit.session.scalar(select(exists().where(Registration.person_id == person.id))):
            raise DomainError("wrong_state", reason="number_used")
        person.id_type = wanted.get("id_type", person.id_type)
        number = wanted.get("id_number") or unit.vault.open(key, person.id, "id_number", person.id_number)
        person.id_match = unit.vault.match_key(person.id_type, number)
        person.id_number = unit.vault.seal(key, person.id, "id_number", number)
    person.verified = True


def _person(unit: Unit, actor: Actor) -> tuple[Person, bytes]:
    person = unit.session.get_one(Person, actor.person_id, with_for_update=True, populate_existing=True)
    if person.wrapped_key is None:
        raise DomainError("identity_unverified")
    return person, person.wrapped_key


def _opened(unit: Unit, person: Person, key: bytes, name: str) -> str | None:
    sealed: bytes | None = getattr(person, name)
    return None if sealed is None else unit.vault.open(key, person.id, name, sealed)


def _kept(unit: Unit, person: Person, key: bytes, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> Correction:
    correction_id = unit.new_id()

    def sealed(field: str, values: Mapping[str, Any]) -> bytes:
        return unit.vault.seal(key, person.id, correction_column(correction_id, field), orjson.dumps(values))

    row = Correction(
        id=correction_id,
        person_id=person.id,
        fields=sorted(wanted),
        before=sealed("before", before),
        wanted=sealed("wanted", wanted),
        attachments=[],
        status="filed",
        filed_at=unit.now,
    )
    unit.session.add(row)
    return row


def _note(unit: Unit, row: Correction, kind: str, **facts: Any) -> None:
    body = {"correction_id": row.id, **facts}
    unit.record(kind, stream=f"person:{row.person_id}", private=True, body=body)
