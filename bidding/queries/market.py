"""What is for sale: the cards of the home page, by section and filter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from auction.models import Auction, Case, Court, Lot
from auction.rules.lot import ENDED, LIVE
from risk.queries.clearance import bands

from ..models import Registration

#: What a section of the home page holds; anything else that is asked for is a status.
SECTIONS = ("running", "coming", "ended")


@dataclass(frozen=True, slots=True)
class Card:
    """One auction on a list. `ended`: its time is over though nothing has been decided yet."""

    auction_id: str
    lot_id: str
    title: str
    round: str
    status: str
    ended: bool
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; empty strings match everything. `q` is looked for in title, address, court and case."""

    q: str = ""
    asset_type: str = ""
    court: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of cards."""

    items: list[Card]
    page: int
    page_size: int
    total: int


def market(session: Session, now: datetime, wanted: Wanted, section: str, page: int = 1, page_size: int = 24) -> Found:
    """Cards of a section: running (the first to end first), coming (the first to open first), ended (latest first).

    `section` may also be a status. Auctions not yet announced are never shown.
    """
    rows = _matching(wanted).where(_section(section, now))
    total = session.scalar(select(func.count()).select_from(rows.with_only_columns(Auction.id).subquery())) or 0
    order: tuple[Any, ...] = (Auction.closes_at.desc(), Auction.id)
    if section in ("running", "open"):
        order = (Auction.closes_at, Auction.id)
    elif section in ("coming", "announced"):
        order = (Auction.opens_at, Auction.id)
    shown = session.execute(rows.order_by(*order).limit(page_size).offset((page - 1) * page_size)).all()
    counts = registrations(session, [row.Auction.id for row in shown])
    cleared = bands(session, [row.Lot.id for row in shown])
    cards = [_card(row, counts.get(row.Auction.id, 0), cleared.get(row.Lot.id), now) for row in shown]
    return Found(cards, page, page_size, total)


def courts(session: Session) -> list[Court]:
    """The courts that have announced anything."""
    announced = select(Lot.court_code).join(Auction, Auction.lot_id == Lot.id).where(Auction.announced_at.is_not(None))
    return list(session.scalars(select(Court).where(Court.code.in_(announced)).order_by(Court.name)))


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


def _matching(wanted: Wanted) -> Select[Auction, Lot, Court]:
    rows = (
        select(Auction, Lot, Court)
        .join(Lot, Lot.id == Auction.lot_id)
        .join(Court, Court.code == Lot.court_code)
        .join(Case, Case.id == Lot.case_id)
        .where(Auction.announced_at.is_not(None))
    )
    if wanted.asset_type:
        rows = rows.where(Lot.asset_type == wanted.asset_type)
    if wanted.court:
        rows = rows.where(Lot.court_code == wanted.court)
    for word in wanted.q.split()[:5]:
        fields = (Lot.title, Lot.address, Lot.region, Court.name, Case.number)
        rows = rows.where(or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return rows


def _section(section: str, now: datetime) -> Any:
    if section == "running":
        due = and_(Auction.status == "announced", Auction.opens_at <= now)
        return or_(Auction.status == "open", due)
    if section == "coming":
        return and_(Auction.status == "announced", Auction.opens_at > now)
    if section == "ended":
        return or_(Auction.status.in_([status.value for status in ENDED]), Auction.status == "suspended")
    return Auction.status == section


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
    )
