"""Lots as the interface lists and shows them. The public knows a lot once a round of it is announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction, Case, Court, Lot, ReferencePrice
from auction.rules.access import Actor, decide
from disclosure.models import SheetVersion
from disclosure.queries import reads_drafts
from disclosure.rules.catalogue import load
from disclosure.rules.sheet import flags, sheet_of
from risk.queries.clearance import assessment_row

from .auctions import status_at
from .questions import unanswered
from .unsold_view import disposal_of
from .viewings import viewings_of

#: What a list may be sorted by; a minus turns the order round.
SORTS = ("announced_at", "opens_at", "closes_at", "price_fen")
#: Words of a search that are looked at.
_WORDS = 5


@dataclass(frozen=True, slots=True)
class LotFilter:
    """What is looked for. None or empty matches everything; amounts are fen; a lot must have all the `flags`.

    `q`: words, each found in title, address, region, court or case number. `region` is the beginning of a region.
    `status` is that of the lot's latest round, or how the lot was disposed of; `min_fen` and `max_fen` bound its price
    (its reserve before a bid).
    """

    q: str = ""
    asset_type: str | None = None
    court: str | None = None
    region: str = ""
    status: str | None = None
    min_fen: int | None = None
    max_fen: int | None = None
    flags: tuple[str, ...] = ()
    sort: str = "-announced_at"


def lots(
    session: Session, wanted: LotFilter, now: datetime, reader: Actor | None, page: int, page_size: int
) -> dict[str, Any]:
    """A page of lots: {"items", "page", "page_size", "total"}. A court's own people also find what is not announced."""
    rows = _matching(wanted, now, reader)
    order = _order(wanted.sort)
    if wanted.flags:
        ids = _with_flags(session, rows.order_by(*order), set(wanted.flags))
        total, ids = len(ids), ids[(page - 1) * page_size : page * page_size]
        shown = session.execute(rows.where(Lot.id.in_(ids)).order_by(*order)).all()
    else:
        total = session.scalar(select(func.count()).select_from(rows.with_only_columns(Lot.id).subquery())) or 0
        shown = session.execute(rows.order_by(*order).limit(page_size).offset((page - 1) * page_size)).all()
    return {
        "items": [_summary(row, now) for row in shown],
        "page": page,
        "page_size": page_size,
        "total": total,
    }


def _matching(wanted: LotFilter, now: datetime, reader: Actor | None) -> Select[*tuple[Any, ...]]:
    own = _own_court(reader)
    latest = _latest(own)
    rows = (
        select(Lot, Court, Case.number.label("case_number"), Auction, ReferencePrice.amount_fen)
        .join(Court, Court.code == Lot.court_code)
        .join(Case, Case.id == Lot.case_id)
        .outerjoin(latest, and_(latest.c.lot_id == Lot.id, latest.c.place == 1))
        .outerjoin(Auction, Auction.id == latest.c.id)
        .outerjoin(ReferencePrice, ReferencePrice.lot_id == Lot.id)
        .where(or_(Auction.id.is_not(None), own))
    )
    tests: list[ColumnElement[bool]] = []
    for word in wanted.q.split()[:_WORDS]:
        fields = (Lot.title, Lot.address, Lot.region, Court.name, Case.number)
        tests.append(or_(*(field.icontains(word, autoescape=True) for field in fields)))
    if wanted.asset_type:
        tests.append(Lot.asset_type == wanted.asset_type)
    if wanted.court:
        tests.append(Lot.court_code == wanted.court)
    if wanted.region:
        tests.append(Lot.region.startswith(wanted.region, autoescape=True))
    if wanted.status:
        due = and_(Auction.status == "announced", Auction.opens_at <= now)
        status = case((Lot.disposal.is_not(None), Lot.disposal), (due, "open"), else_=Auction.status)
        tests.append(status == wanted.status)
    if wanted.min_fen is not None:
        tests.append(_price() >= wanted.min_fen)
    if wanted.max_fen is not None:
        tests.append(_price() <= wanted.max_fen)
    return rows.where(*tests)


def _own_court(reader: Actor | None) -> ColumnElement[bool]:
    """What the reader's court may see before it is announced."""
    court = reader.court_code if reader is not None and decide(reader, "lot.read_draft") is None else None
    return Lot.court_code == (court or "")


def _latest(own: ColumnElement[bool]) -> Any:
    """Every round the reader may see with its place among the lot's, the latest first."""
    order = (func.coalesce(Auction.announced_at, Auction.created_at).desc(), Auction.id.desc())
    place = func.row_number().over(partition_by=Auction.lot_id, order_by=order)
    return (
        select(Auction.id, Auction.lot_id, place.label("place"))
        .join(Lot, Lot.id == Auction.lot_id)
        .where(or_(Auction.announced_at.is_not(None), own))
        .subquery()
    )


def _price() -> ColumnElement[int]:
    return func.coalesce(Auction.price_fen, Auction.reserve_price_fen)


def _order(sort: str) -> tuple[Any, ...]:
    name = sort.removeprefix("-")
    column = _price() if name == "price_fen" else getattr(Auction, name)
    turned = column.desc() if sort.startswith("-") else column.asc()
    return turned.nulls_last(), Lot.id.desc() if sort.startswith("-") else Lot.id


def _with_flags(session: Session, rows: Select[*tuple[Any, ...]], wanted: set[str]) -> list[str]:
    """The ids of the lots whose sealed sheet has all the marks, in the order of `rows`.

    The marks lie in no column: the sheets of all lots that match otherwise are read.
    """
    sealed = rows.with_only_columns(Lot.id, Lot.asset_type, SheetVersion.facts).join(
        SheetVersion, and_(SheetVersion.lot_id == Lot.id, SheetVersion.version == Lot.sheet_version)
    )
    return [
        lot_id
        for lot_id, asset_type, facts in session.execute(sealed)
        if wanted.issubset(flags(sheet_of(facts, load(asset_type))))
    ]


def _summary(row: Any, now: datetime) -> dict[str, Any]:
    auction = row.Auction
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
        "ended": now >= auction.closes_at,
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
