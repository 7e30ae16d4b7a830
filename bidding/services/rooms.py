"""Loading an auction's room from its locked row and writing it back: shared by bidding, closing and stopping."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules import ruleset
from auction.rules.ruleset import Ruleset

from ..rules.room import Room, RoomRules

#: A ruleset never changes once it is copied onto an auction, so its numbers may be remembered.
_rules: dict[str, RoomRules] = {}


def lock_auctions(unit: Unit, ids: Iterable[str]) -> dict[str, Auction]:
    """The auctions that exist among `ids`, locked in order of id, fresh from the database."""
    wanted = sorted(set(ids))
    rows = unit.session.scalars(
        select(Auction)
        .where(Auction.id.in_(wanted))
        .order_by(Auction.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {auction.id: auction for auction in rows}


def lock_auction(unit: Unit, auction_id: str) -> Auction:
    """One auction, locked; DomainError not_found."""
    try:
        return lock_auctions(unit, [auction_id])[auction_id]
    except KeyError:
        raise DomainError("not_found") from None


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
        if len(_rules) > 10_000:
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


def write_room(auction: Auction, room: Room, leader_code: str | None) -> None:
    """Put the room back onto the row."""
    auction.price_fen = room.price_fen
    auction.leader_registration_id = room.leader
    auction.leader_rank = room.leader_rank
    auction.leader_code = leader_code
    auction.last_bid_at = room.last_received_at
    auction.closes_at = room.closes_at
    auction.bid_count = room.bid_count
    auction.extensions = room.extensions
