"""Lots as the interface lists and shows them. The public knows a lot once a round of it is announced."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction, Case, Court, Lot, LotListing, ReferencePrice
from auction.rules.access import Actor, decide
from auction.rules.lot import PRIVATE
from disclosure.models import SheetVersion
from disclosure.queries.sheets import reads_drafts
from disclosure.rules.catalogue import load
from disclosure.rules.sheet import flags, sheet_of
from risk.queries.clearance import assessment_row

from .auctions import status_at
from .finding import LotFilter, as_meant, find
from .market import registrations
from .own_lots import find_with_own
from .questions import unanswered
from .unsold_view import disposal_of
from .viewings import viewings_of


def lots(
    session: Session, wanted: LotFilter, now: datetime, reader: Actor | None, page: int, page_size: int
) -> dict[str, Any]:
    """A page of lots: {"items", "page", "page_size", "total"}. A court's own people also find what is not announced.

    `total` is counted no further than `finding` says.
    """
    court = reader.court_code if reader is not None and decide(reader, "lot.read_draft") is None else None
    if court is None:
        found = find(session, as_meant(session, wanted, now), now, page, page_size)
    else:
        found = find_with_own(session, wanted, now, court, page, page_size)
    return {
        "items": _summaries(session, found.ids, now),
        "page": page,
        "page_size": page_size,
        "total": found.total,
    }


def counters(session: Session, lot_id: str, auction_id: str | None) -> dict[str, int]:
    """Who looks at a lot, follows it, and is registered for a round of it."""
    return _counters(session, [(lot_id, auction_id)])[lot_id]


def _counters(session: Session, ids: Sequence[tuple[str, str | None]]) -> dict[str, dict[str, int]]:
    chosen = [auction_id for _, auction_id in ids if auction_id is not None]
    registered = registrations(session, chosen)
    watched = select(LotListing.lot_id, LotListing.views, LotListing.followers)
    rows = session.execute(watched.where(LotListing.lot_id.in_([lot_id for lot_id, _ in ids])))
    seen = {row.lot_id: (row.views, row.followers) for row in rows}
    return {
        lot_id: {
            "views": seen.get(lot_id, (0, 0))[0],
            "followers": seen.get(lot_id, (0, 0))[1],
            "registrations": registered.get(auction_id or "", 0),
        }
        for lot_id, auction_id in ids
    }


def _summaries(session: Session, ids: Sequence[tuple[str, str | None]], now: datetime) -> list[dict[str, Any]]:
    """Lots with the rounds named beside them, in that order."""
    rows = session.execute(
        select(Lot, Court, Case.number.label("case_number"), ReferencePrice.amount_fen)
        .join(Court, Court.code == Lot.court_code)
        .join(Case, Case.id == Lot.case_id)
        .outerjoin(ReferencePrice, ReferencePrice.lot_id == Lot.id)
        .where(Lot.id.in_([lot_id for lot_id, _ in ids]))
    )
    shown = {row.Lot.id: row for row in rows}
    chosen = [auction_id for _, auction_id in ids if auction_id is not None]
    rounds = {row.id: row for row in session.scalars(select(Auction).where(Auction.id.in_(chosen)))}
    counted = _counters(session, ids)
    return [
        _summary(shown[lot_id], rounds.get(auction_id or ""), now) | {"counters": counted[lot_id]}
        for lot_id, auction_id in ids
    ]


def _summary(row: Any, auction: Auction | None, now: datetime) -> dict[str, Any]:
    return {
        **_lot_facts(row.Lot, row.Court, row.case_number),
        "status": row.Lot.disposal or (status_at(auction, now) if auction else None),
        "reference_price_fen": row.amount_fen,
        "auction": auction_summary(auction, now) if auction else None,
    }


def _lot_facts(lot: Lot, court: Court, case_number: str) -> dict[str, Any]:
    return {
        "id": lot.id,
        "title": lot.title,
        "asset_type": lot.asset_type,
        "region": lot.region,
        "address": lot.address,
        "attributes": lot.attributes,
        "case_number": case_number,
        "court": {"code": court.code, "name": court.name},
    }


def auction_summary(auction: Auction, now: datetime) -> dict[str, Any]:
    """A round in a list of lots."""
    return {
        **round_summary(auction, now),
        "ended": now >= auction.closes_at and auction.status not in PRIVATE,
        "reserve_price_fen": auction.reserve_price_fen,
        "price_fen": auction.price_fen,
        "bid_count": auction.bid_count,
        "extensions": auction.extensions,
    }


def round_summary(auction: Auction, now: datetime) -> dict[str, Any]:
    """A round in the list of a lot's rounds (PRECISIONS 26)."""
    return {
        "id": auction.id,
        "round": auction.round,
        "status": status_at(auction, now),
        "opens_at": iso(auction.opens_at),
        "closes_at": iso(auction.closes_at),
    }


def lot_resource(session: Session, lot_id: str, now: datetime, reader: Actor | None = None) -> dict[str, Any]:
    """`GET /lots/{id}`. DomainError not_found for what the reader may not see.

    `risk` is null where nothing has been assessed; `GET /lots/{id}/risk` has the reasons. `seized_on` is the court's.
    """
    lot = session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    rounds = visible_rounds(session, lot, reader)
    if not rounds and not reads_drafts(session, reader, lot):
        raise DomainError("not_found")
    price = session.get(ReferencePrice, lot.id)
    ours = reads_drafts(session, reader, lot)
    return {
        **_lot_facts(lot, session.get_one(Court, lot.court_code), session.get_one(Case, lot.case_id).number),
        "status": lot.disposal or (status_at(rounds[-1], now) if rounds else None),
        "counters": counters(session, lot.id, rounds[-1].id if rounds else None),
        "disposal": disposal_of(session, lot),
        "seized_on": lot.seized_on.isoformat() if ours and lot.seized_on else None,
        "reference_price": _reference_price(price) if price else None,
        "disclosure": _disclosure(session, lot),
        "auctions": [round_summary(auction, now) for auction in rounds],
        "risk": _risk(session, lot),
        "viewings": viewings_of(session, lot.id, now),
        "unanswered_questions": unanswered(session, lot.id),
    }


def _risk(session: Session, lot: Lot) -> dict[str, Any] | None:
    """The sealed assessment in short; None where there is none."""
    row = assessment_row(session, lot.id, lot.sheet_version)
    if row is None:
        return None
    return {"clearance": {"score": row.score, "band": row.band, "plan_required": row.plan_required}}


def visible_rounds(session: Session, lot: Lot, reader: Actor | None) -> Sequence[Auction]:
    """The rounds of a lot the reader may see, oldest first: announced ones, and the own court's drafts."""
    rows = select(Auction).where(Auction.lot_id == lot.id)
    if decide(reader, "lot.read_draft", court=lot.court_code) is not None:
        rows = rows.where(Auction.announced_at.is_not(None))
    order = (func.coalesce(Auction.announced_at, Auction.created_at), Auction.id)
    return session.scalars(rows.order_by(*order)).all()


def _reference_price(price: ReferencePrice) -> dict[str, Any]:
    return {
        "method": price.method,
        "amount_fen": price.amount_fen,
        "effective_on": price.effective_on.isoformat(),
        "valid_until": price.valid_until.isoformat(),
    }


def _disclosure(session: Session, lot: Lot) -> dict[str, Any] | None:
    """The sealed sheet in short; None before anything was sealed."""
    row = session.get(SheetVersion, (lot.id, lot.sheet_version))
    if row is None:
        return None
    sheet = sheet_of(row.facts, load(lot.asset_type))
    return {
        "version": row.version,
        "seal": row.seal,
        "at": iso(row.at),
        "items": len(sheet.items),
        "flags": list(flags(sheet)),
    }
