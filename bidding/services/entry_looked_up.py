"""A regulator's look-up of a private entry of the journal: for a purpose, and itself an entry."""

from typing import Any

from auction.kernel.unit import Unit
from auction.rules.access import Actor, require

from ..queries.journal_entries import journal_entry
from .look_up_watch import watch


def look_up_entry(unit: Unit, actor: Actor, stream: str, number: int, purpose: str) -> dict[str, Any]:
    """One entry in full; of a private one the look-up is journaled, in the person's own stream where it is a person's.

    DomainError not_found, and wrong_state/not_ended while an auction it has to do with has not ended (OJA 18(2)).
    """
    require(actor, "journal.look_up")
    found = journal_entry(unit.session, stream, number)
    if found["private"]:
        watch(unit, actor)
        unit.record(
            "EntryLookedUp",
            stream=stream if stream.startswith("person:") else "system",
            private=True,
            body={"stream": stream, "number": number, "purpose": purpose, "by": actor.id},
        )
    return found
