"""What is for sale: the cards of the home page, by section and filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from auction.models import Auction, Court, Lot, LotListing
from auction.rules.lot import LIVE
from risk.queries.clearance import bands

from ..models import Registration
from .finding import LotFilter, Meant, find


@dataclass(frozen=True, slots=True)
class Card:
    """One auction on a list. `ended`: its time is over though nothing has been decided yet.

    `paused`: suspended before its end, which no longer holds.
    """

    auction_id: str
    lot_id: str
    title: str
    round: str
    status: str
    ended: bool
    paused: bool
    asset_type: str
    region: str
    court_name: str
    price_fen: int | None
    reserve_price_fen: int
    reference_price_fen: int | None
    opens_at: datetime
    closes_at: datetime
    extensions: int
    bid_count: int
    registrations: int
    clearance_band: str | None
    flags: tuple[str, ...]
    photo: str | None
    followers: int
    views: int
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of cards."""

    items: list[Card]
    page: int
    page_size: int
    meant: Meant

    @property
    def total(self) -> int:
        return self.meant.total


def market(session: Session, now: datetime, wanted: LotFilter, page: int = 1, page_size: int = 24) -> Found:
    """Cards of the announced lots that are looked for, each with its latest round."""
    found = find(session, wanted, now, page, page_size)
    return Found(cards(session, [auction_id for _, auction_id in found.ids], now), page, page_size, found)


def cards(session: Session, auction_ids: Sequence[str | None], now: datetime) -> list[Card]:
    """The cards of auctions, in that order."""
    rows = session.execute(
        select(Auction, Lot, Court, LotListing)
        .join(Lot, Lot.id == Auction.lot_id)
        .join(Court, Court.code == Lot.court_code)
        .join(LotListing, LotListing.lot_id == Lot.id)
        .where(Auction.id.in_(auction_ids))
    ).all()
    counts = registrations(session, [row.Auction.id for row in rows])
    cleared = bands(session, [row.Lot.id for row in rows])
    made = {row.Auction.id: _card(row, counts.get(row.Auction.id, 0), cleared.get(row.Lot.id), now) for row in rows}
    return [made[auction_id] for auction_id in auction_ids if auction_id is not None]


def courts(session: Session) -> list[Court]:
    """The courts that have announced anything."""
    announced = exists().where(LotListing.court_code == Court.code)
    return list(session.scalars(select(Court).where(announced).order_by(Court.name)))


def registrations(session: Session, auction_ids: list[str]) -> dict[str, int]:
    """How many are registered for each auction, refused ones and those who left not counted, nor creditors
    who took the lot afterwards."""
    rows = session.execute(
        select(Registration.auction_id, func.count())
        .where(
            Registration.auction_id.in_(auction_ids),
            Registration.claim != "taking",
            or_(Registration.status.not_in(("refused", "released")), Registration.bidder_code.is_not(None)),
        )
        .group_by(Registration.auction_id)
    )
    return {row[0]: row[1] for row in rows}


def _card(row: Any, registered: int, band: str | None, now: datetime) -> Card:
    auction, lot, court = row.Auction, row.Lot, row.Court
    due = auction.status == "announced" and now >= auction.opens_at
    return Card(
        auction_id=auction.id,
        lot_id=lot.id,
        title=lot.title,
        round=auction.round,
        status="open" if due else auction.status,
        ended=auction.status in LIVE and auction.status != "suspended" and now >= auction.closes_at,
        paused=auction.status == "suspended" and auction.closed_at is None,
        asset_type=lot.asset_type,
        region=lot.region,
        court_name=court.name,
        price_fen=auction.price_fen,
        reserve_price_fen=auction.reserve_price_fen,
        reference_price_fen=auction.reference_price_fen,
        opens_at=auction.opens_at,
        closes_at=auction.closes_at,
        extensions=auction.extensions,
        bid_count=auction.bid_count,
        registrations=registered,
        clearance_band=band,
        flags=tuple(row.LotListing.flags.split()),
        photo=row.LotListing.photo,
        followers=row.LotListing.followers,
        views=row.LotListing.views,
        latitude=row.LotListing.latitude,
        longitude=row.LotListing.longitude,
    )
