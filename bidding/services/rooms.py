"""Locking auctions, and writing a room back onto its row: shared by bidding, closing and stopping."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction

from ..queries.rooms import OpenRoom
from ..rules.room import Room

# Statements of the bid path are built once: building them anew costs as much as asking them.
_LOCKED = (
    select(Auction)
    .where(Auction.id.in_(bindparam("ids", expanding=True)))
    .order_by(Auction.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def lock_auctions(unit: Unit, ids: Iterable[str]) -> dict[str, Auction]:
    """The auctions that exist among `ids`, locked in order of id, fresh from the database."""
    rows = unit.session.scalars(_LOCKED, {"ids": sorted(set(ids))})
    return {auction.id: auction for auction in rows}


def lock_auction(unit: Unit, auction_id: str) -> Auction:
    """One auction, locked; DomainError not_found."""
    try:
        return lock_auctions(unit, [auction_id])[auction_id]
    except KeyError:
        raise DomainError("not_found") from None


def write_room(auction: OpenRoom, room: Room, leader_code: str | None) -> None:
    """Put the room back onto the row."""
    auction.price_fen = room.price_fen
    auction.leader_registration_id = room.leader
    auction.leader_rank = room.leader_rank
    auction.leader_code = leader_code
    auction.last_bid_at = room.last_received_at
    auction.closes_at = room.closes_at
    auction.bid_count = room.bid_count
    auction.extensions = room.extensions
