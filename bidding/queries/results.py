"""What became of the auctions that sold, beside their cards."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.models import Auction

from ..models import Registration


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many bid in a round, and how far the price is: `settlement` as in the auction's own."""

    bidders: int
    settlement: str | None


def outcomes(session: Session, auction_ids: Sequence[str]) -> dict[str, Outcome]:
    """The outcomes of auctions by id."""
    rows = session.execute(
        select(Auction.id, Auction.settlement, func.count(Registration.id))
        .outerjoin(Registration, (Registration.auction_id == Auction.id) & Registration.has_bid)
        .where(Auction.id.in_(auction_ids))
        .group_by(Auction.id, Auction.settlement)
    )
    return {auction_id: Outcome(bidders, settlement) for auction_id, settlement, bidders in rows}
