"""What a court's own people find beside everybody: their lots before the announcement, which are in no listing."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from auction.models import Auction, Case, Court, Lot, LotListing

from ..rules.find import words
from .finding import MOST_COUNTED, SECTIONS, LotFilter, Meant, around, in_region, marked, meant
from .listed import up_to


def find_with_own(session: Session, wanted: LotFilter, now: datetime, court: str, page: int, page_size: int) -> Meant:
    """A page of the announced lots of other courts and all lots of this one, each by its latest round, drafts too."""
    name = wanted.sort.removeprefix("-")
    others = meant(session, wanted, now)
    parts: list[Any] = [_own(wanted, now, court, name)]
    if others is not None:
        elsewhere = others.select.where(LotListing.court_code != court)
        parts.append(
            elsewhere.with_only_columns(LotListing.lot_id, LotListing.auction_id, getattr(LotListing, name).label("by"))
        )
    rows = union_all(*parts).subquery()
    total = up_to(session, select(literal(1)).select_from(rows), MOST_COUNTED + 1)
    order = rows.c.by.desc() if wanted.sort.startswith("-") else rows.c.by.asc()
    tie = rows.c.lot_id.desc() if wanted.sort.startswith("-") else rows.c.lot_id.asc()
    shown = select(rows.c.lot_id, rows.c.auction_id).order_by(order.nulls_last(), tie)
    found = session.execute(shown.limit(page_size).offset((page - 1) * page_size)).all()
    return Meant([(row[0], row[1]) for row in found], min(total, MOST_COUNTED), total > MOST_COUNTED)


def _own(wanted: LotFilter, now: datetime, court: str, sort: str) -> Any:
    """The court's own lots by the same questions. Marks and places are known of announced ones only."""
    order = (func.coalesce(Auction.announced_at, Auction.created_at).desc(), Auction.id.desc())
    place = func.row_number().over(partition_by=Auction.lot_id, order_by=order)
    latest = (
        select(Auction.id, Auction.lot_id, place.label("place"))
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Lot.court_code == court)
        .subquery()
    )
    price = func.coalesce(Auction.price_fen, Auction.reserve_price_fen)
    by: Any = {"price_fen": price, "followers": func.coalesce(LotListing.followers, 0)}.get(sort)
    rows = (
        select(
            Lot.id.label("lot_id"),
            Auction.id.label("auction_id"),
            (getattr(Auction, sort) if by is None else by).label("by"),
        )
        .join(Court, Court.code == Lot.court_code)
        .join(Case, Case.id == Lot.case_id)
        .outerjoin(latest, and_(latest.c.lot_id == Lot.id, latest.c.place == 1))
        .outerjoin(Auction, Auction.id == latest.c.id)
        .outerjoin(LotListing, LotListing.lot_id == Lot.id)
    )
    return rows.where(Lot.court_code == court, *_tests(wanted, now, price))


def _tests(wanted: LotFilter, now: datetime, price: ColumnElement[int]) -> list[ColumnElement[bool]]:
    tests: list[ColumnElement[bool]] = []
    asked = words(wanted.q)
    if wanted.q.strip() and not asked:
        return [literal(False)]
    for word in asked:
        fields = (Lot.title, Lot.address, Lot.region, Court.name, Case.number)
        tests.append(or_(*(field.icontains(word, autoescape=True) for field in fields)))
    if wanted.court:
        tests.append(Lot.court_code == wanted.court)
    if wanted.asset_type:
        tests.append(Lot.asset_type == wanted.asset_type)
    if wanted.round:
        tests.append(Auction.round == wanted.round)
    if wanted.region:
        tests.append(in_region(Lot.region, wanted.region))
    if wanted.status:
        due = and_(Auction.status == "announced", Auction.opens_at <= now)
        status = case((Lot.disposal.is_not(None), Lot.disposal), (due, "open"), else_=Auction.status)
        tests.append(status == wanted.status if wanted.status not in SECTIONS else literal(False))
    if wanted.min_fen is not None:
        tests.append(price >= wanted.min_fen)
    if wanted.max_fen is not None:
        tests.append(price <= wanted.max_fen)
    tests += marked(wanted.flags)
    if wanted.near is not None:
        tests += around(wanted.near, wanted.within_km)
    return tests
