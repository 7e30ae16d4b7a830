"""Whether a registrant may leave a sale, and what tells it: his bids that stand, and when the sheet changed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction

from ..models import Bid, Registration
from ..rules import registration as rules


def may_leave(session: Session, auction: Auction, registration: Registration, now: datetime) -> bool:
    """As the rule of the same name, of rows; the caller has looked at the registration's status and the end."""
    return rules.may_leave(
        registered_at=registration.created_at,
        stands=has_standing_bid(session, auction, registration.id),
        has_bid=registration.has_bid,
        opens_at=auction.opens_at,
        material_at=auction.material_at,
        now=now,
    )


def has_standing_bid(session: Session, auction: Auction, registration_id: str) -> bool:
    """Whether an accepted bid of the registration has not lapsed with a change of the sheet."""
    bids = select(Bid.id).where(Bid.registration_id == registration_id, Bid.seq > auction.lapsed_seq).limit(1)
    return session.scalar(bids) is not None
