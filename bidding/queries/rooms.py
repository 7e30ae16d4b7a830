"""A room as the rules see it, and the law it runs under."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules import ruleset
from auction.rules.ruleset import Ruleset

from ..rules.room import Room, RoomRules

#: A ruleset never changes once it is copied onto an auction, so its numbers may be remembered.
_rules: dict[str, RoomRules] = {}
_MOST_REMEMBERED = 10_000


def ruleset_of(session: Session, auction: Auction) -> Ruleset:
    """The ruleset the auction was announced under. DomainError wrong_state before it was announced."""
    data = session.scalar(select(Auction.ruleset).where(Auction.id == auction.id))
    if data is None:
        raise DomainError("wrong_state", status=auction.status)
    return ruleset.from_data(data)


def room_rules(session: Session, auction: Auction) -> RoomRules:
    """The room's numbers, remembered per auction."""
    found = _rules.get(auction.id)
    if found is None:
        if len(_rules) >= _MOST_REMEMBERED:
            _rules.clear()
        found = _rules[auction.id] = RoomRules.of(ruleset_of(session, auction))
    return found


def room_of(auction: Auction) -> Room:
    """The room as the auction's row holds it."""
    return Room(
        status=auction.status,
        reserve_fen=auction.reserve_price_fen,
        increment_fen=auction.increment_fen,
        opens_at=auction.opens_at,
        closes_at=auction.closes_at,
        reference_fen=auction.reference_price_fen,
        price_fen=auction.price_fen,
        leader=auction.leader_registration_id,
        leader_rank=auction.leader_rank,
        last_received_at=auction.last_bid_at,
        bid_count=auction.bid_count,
        extensions=auction.extensions,
    )
