"""Writing something anew only while it still is what the writer has read."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.rules.access import Actor
from auction.services.locking import lock_round
from auction.services.lots import lock_lot
from disclosure.services.letters import lock_court

from ..queries.kept import NOTHING, Part, kept

R = TypeVar("R")
#: Stands for whatever is stored, so long as something is (RFC 9110, 13.1.1).
ANY = "*"


def unless_changed(
    unit: Unit,
    made_from: Collection[str] | None,
    part: Part,
    service: Callable[..., R],
    actor: Actor,
    /,
    *args: Any,
    **facts: Any,
) -> R:
    """Do `service` (which is given unit, actor and the rest) if the tag of what is stored is among `made_from`.

    None: without looking. DomainError not_found for another court's part, `changed_meanwhile` with who wrote it (`by`)
    and when (`at`, RFC 3339) where it has another tag.
    """
    if made_from is not None:
        match part.kind:
            case "draft":
                lock_round(unit, actor, part.owner, "lot.edit")
            case "terms":
                lock_round(unit, actor, part.owner, "auction.create")
            case "words":
                lock_court(unit, part.owner)
            case _:
                lock_lot(unit, actor, part.owner)
        stored = kept(unit.session, part)
        if stored.tag not in made_from and not (ANY in made_from and stored.tag != NOTHING):
            at = iso(stored.at) if stored.at else None
            reason = None if at else "nobody"
            raise DomainError("changed_meanwhile", by=stored.by, at=at, reason=reason)
    return service(unit, actor, *args, **facts)
