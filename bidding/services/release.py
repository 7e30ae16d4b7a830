"""Letting a registrant go: the registration ends, its identities are free again, its deposit goes back."""

from datetime import datetime

from auction.kernel.unit import Unit
from auction.models import Auction

from ..models import RegisteredIdentity, Registration
from ..queries.rooms import ruleset_of
from .noting import state_of
from .payments import release_deposit


def release_registration(
    unit: Unit,
    auction: Auction,
    registration: Registration,
    *,
    status: str,
    refusal: str | None = None,
    since: datetime | None = None,
) -> None:
    """End a registration as `released` or `refused`; a held deposit is due back within the ruleset's hours."""
    registration.status = status
    registration.refusal = refusal
    for identity in unit.session.query(RegisteredIdentity).where(RegisteredIdentity.registration_id == registration.id):
        identity.live = False
    due_at = (since or unit.now) + ruleset_of(unit.session, auction).span("deposit_refund")
    registration.release_due_at = due_at
    release_deposit(unit, registration, due_at=due_at, reason=refusal or auction.status)
    unit.record(
        "RegistrationEnded",
        stream=f"person:{registration.person_id}",
        private=True,
        body={
            "registration_id": registration.id,
            "status": status,
            "refusal": refusal,
            "state": state_of(registration),
        },
    )
