"""Looking up who stands behind an alert: a regulator's, with a purpose, after the end, and on record (PRECISIONS 4)."""

from dataclasses import dataclass

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.rules.access import Actor, require
from auction.rules.identity import mask
from risk.queries.alerts import alert_dict

from ..models import Registration
from ..queries.alerted import persons_behind
from ..queries.identities import identities
from .look_up_watch import watch

#: The name under which an erased account stands; pages say it in the reader's language.
ERASED = "已删除"


@dataclass(frozen=True, slots=True)
class Behind:
    """A person behind a registration: name in the clear, number masked."""

    registration_id: str
    code: str | None
    part: str
    name: str
    id_type: str
    masked_number: str


def look_up_persons(unit: Unit, actor: Actor, alert_id: str, *, purpose: str) -> list[Behind]:
    """Everybody behind the registrations an alert names; each of their owners finds the look-up in his own record.

    DomainError not_found, and wrong_state/not_ended while the auction of the alert has not ended (OJA 18(2)).
    """
    require(actor, "alert.identify")
    alert = alert_dict(unit.session, alert_id)
    if alert is None:
        raise DomainError("not_found")
    if alert["persons_sealed"]:
        raise DomainError("wrong_state", status="not_ended")
    watch(unit, actor)
    found = []
    for named in persons_behind(unit.session, alert):
        registration = unit.session.get_one(Registration, named["registration_id"])
        unit.record(
            "IdentityLookedUp",
            stream=f"person:{registration.person_id}",
            private=True,
            body={"registration_id": registration.id, "alert_id": alert_id, "purpose": purpose, "by": actor.id},
        )
        for one in identities(unit.session, unit.vault, registration):
            masked = mask(one.id_type, one.id_number)
            found.append(Behind(registration.id, named["code"], one.part, one.name, one.id_type, masked))
    return found
