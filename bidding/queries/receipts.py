"""What proves a bid and a sale: stored offers, receipts with their proofs, the published confirmation, the result."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction, JournalRow, LogLeaf, Platform, RoomEvent
from auction.queries.log import ORIGIN, entry_proof, latest_checkpoint
from auction.rules.access import Actor
from auction.rules.lot import ENDED

from ..models import Bid, Confirmation, Registration
from ..rules.confirmation import with_checkpoint
from .auctions import settlement, visible_auction


def bid_by_key(session: Session, auction_id: str, account_id: str, key: str) -> Row[Any]:
    """The stored offer with that key of the account's own; DomainError not_found when none was ever received."""
    row = session.execute(
        select(*Bid.__table__.c)
        .join(Registration, Registration.id == Bid.registration_id)
        .where(Bid.auction_id == auction_id, Registration.account_id == account_id, Bid.key == key)
        .order_by(Bid.decided_at.desc(), Bid.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise DomainError("not_found")
    return row


def receipt(session: Session, bid_id: str) -> dict[str, Any]:
    """The receipt of an accepted bid: {"entry", "signature", "key_id", "inclusion", "checkpoint"}.

    `inclusion` and `checkpoint` are None until the entry is sealed. DomainError not_found for anything else.
    """
    bid = session.get(Bid, bid_id)
    if bid is None or bid.signature is None or bid.journal_number is None:
        raise DomainError("not_found")
    stream = f"auction:{bid.auction_id}"
    entry = session.execute(
        select(JournalRow.entry).where(JournalRow.stream == stream, JournalRow.number == bid.journal_number)
    ).scalar_one()
    inclusion, checkpoint = entry_proof(session, stream, bid.journal_number)
    return {
        "entry": orjson.loads(entry),
        "signature": bid.signature,
        "key_id": bid.key_id,
        "inclusion": inclusion,
        "checkpoint": checkpoint,
    }


def confirmation(session: Session, auction_id: str, reader: Actor | None = None) -> dict[str, Any]:
    """The confirmation of a sale as published, with the checkpoint over it once there is one. DomainError not_found.

    `revoked` is no part of the document kept: {"at", "ground"} once the sale was revoked, None while it stands.
    """
    auction = visible_auction(session, auction_id, reader)
    row = session.get(Confirmation, auction_id)
    if row is None:
        raise DomainError("not_found")
    return {**_with_newest(session, row.document), "revoked": revoked_of(session, auction)}


def revoked_of(session: Session, auction: Auction) -> dict[str, Any] | None:
    """When and on which ground a sale was revoked, as its room was told: {"at", "ground"}; None for any other."""
    if auction.status != "revoked":
        return None
    told = select(func.max(RoomEvent.at)).where(RoomEvent.auction_id == auction.id, RoomEvent.type == "status")
    at = session.execute(told).scalar_one()
    return {"at": iso(at), "ground": auction.ended_reason}


def _with_newest(session: Session, document: dict[str, Any]) -> dict[str, Any]:
    entry, newest = document.get("entry"), latest_checkpoint(session)
    if entry is None or newest is None:
        return document
    index = session.scalar(
        select(LogLeaf.index).where(LogLeaf.stream == entry["stream"], LogLeaf.number == entry["number"])
    )
    if index is None or index >= newest.size:
        return document
    origin = session.execute(select(Platform.value).where(Platform.key == ORIGIN)).scalar_one()
    return with_checkpoint(document, origin=origin, size=newest.size, root=newest.root)


def result(session: Session, auction_id: str, now: datetime, reader: Actor | None = None) -> dict[str, Any]:
    """How an auction ended. DomainError not_found before it was decided."""
    auction: Auction = visible_auction(session, auction_id, reader)
    if auction.status not in ENDED:
        raise DomainError("not_found")
    return {
        "auction_id": auction.id,
        "lot_id": auction.lot_id,
        "round": auction.round,
        "status": auction.status,
        "ended_reason": auction.ended_reason,
        "price_fen": auction.price_fen,
        "bidder_code": auction.leader_code if auction.status in ("sold", "revoked") else None,
        "bid_count": auction.bid_count,
        "extensions": auction.extensions,
        "closes_at": iso(auction.closes_at),
        "closed_at": iso(auction.closed_at) if auction.closed_at else None,
        "revoked": revoked_of(session, auction),
        "confirmed": session.get(Confirmation, auction.id) is not None,
        "settlement": settlement(session, auction, now),
    }
