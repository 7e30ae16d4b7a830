"""Locking auctions, and writing a room back onto its row: shared by bidding, closing and stopping."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from auction.kernel.db import Question
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction

from ..rules.room import Room

# Statements of the bid path are built once: building them anew costs as much as asking them.
_LOCKED = (
    select(Auction)
    .where(Auction.id.in_(bindparam("ids", expanding=True)))
    .order_by(Auction.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(slots=True)
class OpenRoom:
    """What bidding needs of an auction's row, as plain values: loading whole auctions costs more than judging bids."""

    id: str
    lot_id: str
    shard: int
    status: str
    version: int
    reserve_price_fen: int
    increment_fen: int
    reference_price_fen: int | None
    opens_at: datetime
    closes_at: datetime
    seal: str | None
    price_fen: int | None
    leader_registration_id: str | None
    leader_code: str | None
    leader_rank: int | None
    last_bid_at: datetime | None
    bid_count: int
    extensions: int

    @classmethod
    def of(cls, row: Any) -> "OpenRoom":
        """From an auction, or a row of these columns."""
        return cls(**{name: getattr(row, name) for name in _NAMES})


_NAMES = tuple(field.name for field in fields(OpenRoom))
#: The rooms of auctions given by `id`, locked in order of id.
ROOMS = Question(
    ("id",),
    lambda given: (
        select(*(Auction.__table__.c[name] for name in _NAMES))
        .join_from(given[0], Auction, Auction.id == given[1]["id"])
        .order_by(Auction.id)
        .with_for_update(of=Auction)
    ),
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
