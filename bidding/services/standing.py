"""Answering what a bidder says against an entry of the own record: never by those whose act the entry tells of."""

from sqlalchemy import select

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.rules.access import Actor, require
from risk.models import StandingEntry, StandingObjection

from ..queries.standing import behind


def answer_objection(unit: Unit, actor: Actor, objection_id: str, *, accept: bool, reason: str) -> StandingObjection:
    """Answer an objection: a judge of the entry's court, or a regulator. `accept` strikes the entry from the points.

    DomainError not_found for another court's, own_declaration for whoever declared or approved what the entry rests
    on, wrong_state where it was answered, invalid without a reason.
    """
    objection = unit.session.scalar(
        select(StandingObjection)
        .where(StandingObjection.id == objection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if objection is None:
        raise DomainError("not_found")
    require(actor, "standing.answer", court=objection.court_code)
    entry = unit.session.get_one(StandingEntry, objection.entry_id)
    if actor.id in behind(unit.session, entry):
        raise DomainError("own_declaration")
    if objection.status != "filed":
        raise DomainError("wrong_state", status=objection.status)
    if not reason.strip():
        raise invalid("reason", "required")
    objection.status, objection.answered_at = "accepted" if accept else "rejected", unit.now
    objection.reason, objection.answered_by = reason, actor.id
    unit.record(
        "StandingObjectionAnswered",
        stream=f"person:{entry.person_id}",
        private=True,
        body={
            "entry_id": entry.id,
            "objection_id": objection.id,
            "accepted": accept,
            "reason": reason,
            "by": actor.id,
        },
    )
    return objection
