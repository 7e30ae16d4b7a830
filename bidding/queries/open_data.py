"""Open data: every announced lot with all its rounds and results, as anybody may copy it; and a result to be signed."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import SUITE
from auction.kernel.errors import DomainError
from auction.kernel.tree import leaf_hash, root
from auction.models import Auction, Case, Court, JournalRow, Lot, LotListing, ReferencePrice
from auction.rules.access import Actor
from auction.rules.lot import ENDED

from .auctions import settlement, status_at, visible_auction
from .finding import LotFilter, as_meant, meant, order_of
from .receipts import revoked_of

RESULT_FORMAT = "fapai-result-1"
_PAGE = 500
_WON = ("sold", "revoked")
#: When what is listed of a lot last changed.
_CHANGED = func.coalesce(LotListing.changed_at, LotListing.announced_at)


def feed_lots(session: Session, now: datetime, wanted: LotFilter, most: int = _PAGE) -> list[dict[str, Any]]:
    """Announced lots that are meant, as `open_lots` has them, each with its latest round as `auction`; the latest
    announced first."""
    rows = meant(session, as_meant(session, wanted, now), now)
    if rows is None:
        return []
    latest = order_of("-announced_at")
    ids = session.scalars(rows.select.with_only_columns(LotListing.lot_id).order_by(*latest).limit(most)).all()
    found = _with_rounds(session, _lots().where(Lot.id.in_(ids)).order_by(*latest), now)
    return [lot | {"auction": lot["auctions"][-1]} for lot in found]


def open_lots(session: Session, now: datetime, after: str = "", most: int = _PAGE) -> list[dict[str, Any]]:
    """Announced lots by id, after one: each with its court, its reference price and its rounds, oldest first."""
    return _with_rounds(session, _lots().where(Lot.id > after).order_by(Lot.id).limit(most), now)


def _lots() -> Select[*tuple[Any, ...]]:
    return (
        select(Lot, Court.name, Case.number, ReferencePrice.amount_fen, LotListing.flags, _CHANGED.label("changed_at"))
        .join(Court, Court.code == Lot.court_code)
        .join(Case, Case.id == Lot.case_id)
        .join(LotListing, LotListing.lot_id == Lot.id)
        .outerjoin(ReferencePrice, ReferencePrice.lot_id == Lot.id)
    )


def _with_rounds(session: Session, wanted: Select[*tuple[Any, ...]], now: datetime) -> list[dict[str, Any]]:
    rows = session.execute(wanted).all()
    rounds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    public = select(Auction).where(Auction.announced_at.is_not(None), Auction.lot_id.in_([row.Lot.id for row in rows]))
    for auction in session.scalars(public.order_by(Auction.announced_at, Auction.id)):
        rounds[auction.lot_id].append(_round(session, auction, now))
    return [_lot(row, rounds[row.Lot.id]) for row in rows]


def all_open_lots(read: Any, now: datetime) -> Iterator[dict[str, Any]]:
    """All of them, page by page; `read` answers a query, as `House.read` does."""
    after = ""
    while page := read(open_lots, now, after):
        yield from page
        after = page[-1]["id"]


def _lot(row: Any, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    lot = row.Lot
    return {
        "id": lot.id,
        "title": lot.title,
        "asset_type": lot.asset_type,
        "region": lot.region,
        "address": lot.address,
        "attributes": lot.attributes,
        "case_number": row.number,
        "court": {"code": lot.court_code, "name": row.name},
        "reference_price_fen": row.amount_fen,
        "disposal": lot.disposal,
        "sheet_version": lot.sheet_version,
        "flags": row.flags.split(),
        "changed_at": iso(row.changed_at),
        "auctions": rounds,
    }


def _round(session: Session, auction: Auction, now: datetime) -> dict[str, Any]:
    paid = settlement(session, auction, now)
    return {
        "id": auction.id,
        "round": auction.round,
        "status": status_at(auction, now),
        "announced_at": iso(auction.announced_at) if auction.announced_at else None,
        "opens_at": iso(auction.opens_at),
        "closes_at": iso(auction.closes_at),
        "closed_at": iso(auction.closed_at) if auction.closed_at else None,
        "reserve_price_fen": auction.reserve_price_fen,
        "increment_fen": auction.increment_fen,
        "deposit_fen": auction.deposit_fen,
        "price_fen": auction.price_fen,
        "bidder_code": auction.leader_code if auction.status in _WON else None,
        "bid_count": auction.bid_count,
        "extensions": auction.extensions,
        "ended_reason": auction.ended_reason,
        "settlement": paid["status"] if paid else None,
        "resale_of": auction.resale_of,
        "seal": auction.seal,
    }


def result_document(session: Session, auction_id: str, reader: Actor | None = None) -> dict[str, Any]:
    """The result of an auction as it is signed: canonical JSON values. DomainError not_found before it was decided.

    `bids`: how many were accepted, and the root (RFC 9162) of the tree whose leaves are their journal entries in order.
    `entry`: the closing's place in the journal; None where the bidding never came to its end.
    """
    auction: Auction = visible_auction(session, auction_id, reader)
    if auction.status not in ENDED:
        raise DomainError("not_found")
    own = select(JournalRow.number, JournalRow.entry, JournalRow.hash).where(
        JournalRow.stream == f"auction:{auction.id}"
    )
    bids = session.execute(own.where(JournalRow.kind == "BidAccepted").order_by(JournalRow.number)).all()
    closed = session.execute(
        own.where(JournalRow.kind == "AuctionClosed").order_by(JournalRow.number.desc()).limit(1)
    ).one_or_none()
    return {
        "format": RESULT_FORMAT,
        "suite": SUITE,
        "auction_id": auction.id,
        "lot_id": auction.lot_id,
        "round": auction.round,
        "status": auction.status,
        "ended_reason": auction.ended_reason,
        "price_fen": auction.price_fen,
        "bidder_code": auction.leader_code if auction.status in _WON else None,
        "extensions": auction.extensions,
        "closes_at": iso(auction.closes_at),
        "closed_at": iso(auction.closed_at) if auction.closed_at else None,
        "seal": auction.seal,
        "revoked": revoked_of(session, auction),
        "bids": {"count": len(bids), "root": root(leaf_hash(bid.entry.encode()) for bid in bids).hex()},
        "entry": {"stream": f"auction:{auction.id}", "number": closed.number, "hash": closed.hash} if closed else None,
    }


def announced_pages(session: Session, size: int) -> int:
    """How many pages of so many announced lots there are."""
    count = session.scalar(select(func.count()).select_from(LotListing)) or 0
    return -(-count // size)


def announced_lots(session: Session, page: int, size: int) -> list[tuple[str, datetime]]:
    """A page, counted from 0, of the ids of announced lots, each with the time of its last change."""
    rows = session.execute(
        select(LotListing.lot_id, _CHANGED).order_by(LotListing.lot_id).offset(page * size).limit(size)
    )
    return [(lot_id, at) for lot_id, at in rows]
