"""What is held until somebody decides: a sale at its end because its winner is barred, and what its court still has to
decide (PRECISIONS 14); a registration whose identity the registry cannot match (PRECISIONS 13)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from auction.kernel.clock import parse
from auction.models import Auction
from auction.queries.approvals import approval_dict, proposals_about
from auction.rules.calendar import shanghai_day, working_days_end
from auction.rules.published_holidays import as_published, published_calendar

from ..models import Registration
from .rooms import ruleset_of

#: Why a sale is held at its end.
WINNER_BARRED = "winner_barred"
#: The kind of approval by which a held sale is revoked.
REVOCATION = "revocation"


def resume_day(auction: Auction) -> date | None:
    """The last day on which a suspended sale resumes, as the holidays are published; None before its cause ended."""
    said = (auction.suspension or {}).get("resume_by")
    return as_published(date.fromisoformat(said)).last_day if said else None


def is_held(auction: Auction) -> bool:
    """Whether a sale is held for its barred winner: neither resumed nor withdrawn, but confirmed or revoked."""
    return auction.status == "suspended" and (auction.suspension or {}).get("cause") == WINNER_BARRED


@dataclass(frozen=True, slots=True)
class Held:
    """By when the court decides (`provisional` until the year's holidays are published), and what was proposed."""

    due_at: datetime
    provisional: bool
    proposals: list[dict[str, Any]]

    @property
    def pending(self) -> bool:
        """Whether a proposal to revoke the sale waits for the panel."""
        return any(one["status"] == "pending" for one in self.proposals)


def held_sale(session: Session, auction: Auction) -> Held | None:
    """Where the decision on a held sale stands, proposals the latest first; None for any other."""
    due = decision_due(session, auction)
    if due is None:
        return None
    proposals = [approval_dict(session, one) for one in proposals_about(session, REVOCATION, auction.id)]
    return Held(*due, proposals)


def decision_due(session: Session, auction: Auction) -> tuple[datetime, bool] | None:
    """The last second in which the court decides on a held sale, and whether it may move; None for any other."""
    if not is_held(auction) or auction.suspension is None:
        return None
    numbers = ruleset_of(session, auction)
    held_on = shanghai_day(parse(auction.suspension["at"]))
    end = working_days_end(held_on, numbers.working_days("winner_barred_decision"), published_calendar(numbers))
    return end.ends_at - timedelta(seconds=1), end.provisional


def waits_for_identity(registration: Registration) -> bool:
    """Whether an identity behind a registration is still to be decided on, by somebody outside the enforcing court."""
    return registration.status == "awaiting_court" and registration.hold is not None


def identity_due(session: Session, auction: Auction, registration: Registration) -> datetime | None:
    """The last second in which an identity that the registry cannot match is decided on; None for any other."""
    if not waits_for_identity(registration):
        return None
    numbers = ruleset_of(session, auction)
    filed_on = shanghai_day(registration.created_at)
    end = working_days_end(filed_on, numbers.working_days("interest_review"), published_calendar(numbers))
    return end.ends_at - timedelta(seconds=1)
