"""The course of a room: its accepted bids in order, and every time its end moved."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from auction.kernel.clock import parse
from auction.models import RoomEvent

from .lot_page import BidFacts, bids

#: Bids a chart shows; of more the latest.
MOST = 1000


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """When the end moved (as the bid came in that moved it), to when, as which extension of the round, and why."""

    at: datetime
    closes_at: datetime
    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class Course:
    """Both in order of time."""

    bids: tuple[BidFacts, ...]
    extensions: tuple[ExtensionFacts, ...]


def course(session: Session, auction_id: str) -> Course:
    """The course of an announced round; the caller has seen that it is one."""
    return Course(tuple(reversed(bids(session, auction_id, MOST))), extensions(session, auction_id))


def extensions(session: Session, auction_id: str) -> tuple[ExtensionFacts, ...]:
    """Every time the end of a round moved, in order of time."""
    bid = aliased(RoomEvent)
    rows = session.execute(
        select(RoomEvent.at, RoomEvent.data, bid.data.label("bid"))
        .outerjoin(
            bid,
            and_(bid.auction_id == auction_id, bid.version == RoomEvent.version - 1, bid.type == "bid"),
        )
        .where(RoomEvent.auction_id == auction_id, RoomEvent.type == "extension")
        .order_by(RoomEvent.version)
    )
    return tuple(
        ExtensionFacts(
            at=parse(row.bid["received_at"]) if row.bid else row.at,
            closes_at=parse(row.data["closes_at"]),
            number=row.data.get("extensions", 0),
            cause=row.data.get("cause", ""),
        )
        for row in rows
    )
