"""Writing a room back onto its row: shared by bidding and what stops it."""

from ..queries.rooms import OpenRoom
from ..rules.room import Room


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
