"""An auction as the public reads it: the resource, its accepted bids, its room's events. No id of a person anywhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.events import RoomEvent
from auction.models import Auction, Lot
from auction.queries.panels import panel_votes
from auction.rules.access import Actor, decide
from auction.rules.calendar import shanghai_day
from auction.rules.lot import ENDED, PRIVATE, AuctionStatus
from auction.rules.published_holidays import as_published, due_as_published

from ..models import Bid
from ..rules.debt import OWING
from ..rules.room import least_bid
from .payments import owed_fen
from .rooms import room_of

#: Bids or events in one answer (PRECISIONS 27).
MOST = 1000


def visible_auction(session: Session, auction_id: str, reader: Actor | None = None) -> Auction:
    """An auction the reader may see: an announced one, or any of the reader's own court. DomainError not_found."""
    auction = session.get(Auction, auction_id)
    if auction is None or not _may_see(session, auction, reader):
        raise DomainError("not_found")
    return auction


def _may_see(session: Session, auction: Auction, reader: Actor | None) -> bool:
    if auction.announced_at is not None:
        return True
    court = session.scalar(select(Lot.court_code).where(Lot.id == auction.lot_id))
    return decide(reader, "lot.read_draft", court=court) is None


def auction_resource(session: Session, auction_id: str, now: datetime, reader: Actor | None = None) -> dict[str, Any]:
    """`GET /auctions/{id}` at platform time `now`; for its own court with the panel and its votes.

    DomainError not_found for what the reader may not see.
    """
    auction = visible_auction(session, auction_id, reader)
    shown = auction_dict(session, auction, now)
    if decide(reader, "auction.check", court=auction.lot.court_code) is None:
        shown["panel"] = panel_votes(session, auction.id)
    return shown


def auction_dict(session: Session, auction: Auction, now: datetime) -> dict[str, Any]:
    """The resource of a loaded auction. Times are RFC 3339 in UTC, money is fen.

    The stored times are the truth: an opening or an end that is due is shown before anybody carried it out.
    """
    status = status_at(auction, now)
    bidding = status in ("announced", "open", "suspended")
    return {
        "id": auction.id,
        "lot_id": auction.lot_id,
        "round": auction.round,
        "status": status,
        "ended": now >= auction.closes_at and auction.status not in PRIVATE,
        "version": auction.version,
        "reserve_price_fen": auction.reserve_price_fen,
        "increment_fen": auction.increment_fen,
        "deposit_fen": auction.deposit_fen,
        "reference_price_fen": auction.reference_price_fen,
        "forfeit_fen": auction.forfeit_fen,
        "balance_days": auction.balance_days,
        "announced_at": _time(auction.announced_at),
        "opens_at": iso(auction.opens_at),
        "closes_at": iso(auction.closes_at),
        "scheduled_closes_at": iso(auction.scheduled_closes_at),
        "closed_at": _time(auction.closed_at),
        "price_fen": auction.price_fen,
        "minimum_fen": least_bid(room_of(auction)) if bidding else None,
        "leader_code": auction.leader_code,
        "bid_count": auction.bid_count,
        "lapsed_seq": auction.lapsed_seq,
        "extensions": auction.extensions,
        "server_time": iso(now),
        "seal": auction.seal,
        "ruleset": auction.ruleset_name,
        "suspension": auction.suspension,
        "ended_reason": auction.ended_reason,
        "late_reason": auction.late_reason,
        "late_reason_text": auction.late_reason_text,
        "resale_of": auction.resale_of,
        "settlement": settlement(session, auction, now),
    }


def status_at(auction: Auction, now: datetime) -> str:
    """The status, an opening that is due counted as done."""
    if auction.status == AuctionStatus.ANNOUNCED and now >= auction.opens_at:
        return AuctionStatus.OPEN.value
    return auction.status


def has_ended(auction: Auction, now: datetime) -> bool:
    """Whether no more bids can come, as the pages and services ask it: decided, or due to be.

    The interface's `ended` is another thing, and only tells the time: true from `closes_at` on (PRECISIONS 26). A sale
    withdrawn before is over without having come to its end.
    """
    if auction.status in ENDED:
        return True
    if auction.status == AuctionStatus.SUSPENDED:
        return auction.closed_at is not None
    return auction.status in (AuctionStatus.ANNOUNCED, AuctionStatus.OPEN) and now >= auction.closes_at


def settlement(session: Session, auction: Auction, now: datetime) -> dict[str, Any] | None:
    """Where the price of a sale stands; None without a sale.

    `due_at`: as the holidays are published by now, `provisional` where they are not yet. `balance_fen`: what is still
    due. Each part that comes in lessens it; 0 once all is paid, and after a renege.
    """
    if auction.settlement is None:
        return None
    due_at = due_as_published(auction.balance_due_at) if auction.balance_due_at else None
    owing = auction.settlement in OWING
    late = auction.settlement == "balance_due" and due_at is not None and now > due_at
    return {
        "status": "overdue" if late else auction.settlement,
        "balance_fen": owed_fen(session, auction) if owing else 0,
        "due_at": _time(due_at),
        "provisional": owing and due_at is not None and as_published(shanghai_day(due_at)).provisional,
    }


def bids_since(session: Session, auction_id: str, since_seq: int = 0, limit: int = MOST) -> dict[str, Any]:
    """Accepted bids after number `since_seq`, ascending: {"items", "more"}. The caller has asked `visible_auction`.

    A bid that fell with a material change of the sheet says so (`lapsed`); it keeps its number.
    """
    lapsed_seq = session.scalar(select(Auction.lapsed_seq).where(Auction.id == auction_id)) or 0
    rows = session.execute(
        select(Bid.seq, Bid.bidder_code, Bid.amount_fen, Bid.received_at, Bid.rank)
        .where(Bid.auction_id == auction_id, Bid.seq > since_seq)
        .order_by(Bid.seq)
        .limit(limit + 1)
    ).all()
    items = [
        {
            "seq": row.seq,
            "bidder_code": row.bidder_code,
            "amount_fen": row.amount_fen,
            "received_at": iso(row.received_at),
            "rank": row.rank,
            **({"lapsed": True} if row.seq <= lapsed_seq else {}),
        }
        for row in rows[:limit]
    ]
    return {"items": items, "more": len(rows) > limit}


def events_since(session: Session, auction_id: str, since: int = 0, limit: int = MOST) -> dict[str, Any]:
    """Room events after version `since`, without a gap: {"items", "more"}. The caller has asked `visible_auction`."""
    rows = session.execute(
        select(RoomEvent.version, RoomEvent.type, RoomEvent.at, RoomEvent.data)
        .where(RoomEvent.auction_id == auction_id, RoomEvent.version > since)
        .order_by(RoomEvent.version)
        .limit(limit + 1)
    ).all()
    items = [{"version": row.version, "type": row.type, "at": iso(row.at), **row.data} for row in rows[:limit]]
    return {"items": items, "more": len(rows) > limit}


def _time(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
