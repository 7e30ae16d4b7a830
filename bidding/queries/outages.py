"""Outages: which sales they touched, and what everybody may read of them."""

from typing import Any

import orjson
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Auction, JournalRow, Lot

from ..models import Outage, OutageTouch

#: Outages a page shows, and entries of offers turned away; of more the latest.
MOST = 200


def untouched(auction: Auction, outage_id: str | None = None) -> Select[Outage]:
    """The outages still to be applied, or the one, that touched a sale's window, the earliest first.

    One that was applied to every sale passed over those that were suspended then, whose window was not running.
    """
    done = exists().where(OutageTouch.outage_id == Outage.id, OutageTouch.auction_id == auction.id)
    found = select(Outage).where(
        *(Outage.applied_at.is_(None), ~done),
        *(Outage.ended_at > auction.opens_at, Outage.began_at < auction.closes_at),
    )
    return (found if outage_id is None else found.where(Outage.id == outage_id)).order_by(Outage.began_at)


def touched_sales(session: Session, outage_id: str) -> list[str]:
    """The ids, in their order, of the sales an outage touched and has had no effect on yet."""
    outage = session.get_one(Outage, outage_id)
    done = exists().where(OutageTouch.outage_id == outage_id, OutageTouch.auction_id == Auction.id)
    found = select(Auction.id).where(
        Auction.status.in_(("announced", "open")),
        Auction.opens_at < outage.ended_at,
        Auction.closes_at > outage.began_at,
        ~done,
    )
    return list(session.scalars(found.order_by(Auction.id)))


def incidents(session: Session) -> dict[str, Any]:
    """Every outage (the latest), with the sales it touched; and the offers turned away, counted by the minute."""
    rows = session.scalars(select(Outage).order_by(Outage.began_at.desc(), Outage.id).limit(MOST)).all()
    touches = session.execute(
        select(OutageTouch, Lot.title, Auction.status)
        .join(Auction, Auction.id == OutageTouch.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(OutageTouch.outage_id.in_([row.id for row in rows]))
        .order_by(OutageTouch.auction_id)
    ).all()
    sales: dict[str, list[dict[str, Any]]] = {row.id: [] for row in rows}
    for touch, title, status in touches:
        sales[touch.outage_id].append(
            {
                "auction_id": touch.auction_id,
                "title": title,
                "status": status,
                "effect": touch.effect,
                "closes_at": iso(touch.closes_at),
            }
        )
    return {"items": [_outage(row, sales[row.id]) for row in rows], "turned_away": _turned_away(session)}


def _outage(row: Outage, sales: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = int((row.ended_at - row.began_at).total_seconds())
    return {
        "id": row.id,
        "began_at": iso(row.began_at),
        "ended_at": iso(row.ended_at),
        "seconds": seconds,
        "applied": row.applied_at is not None,
        "sales": sales,
    }


def _turned_away(session: Session) -> list[dict[str, Any]]:
    entries = session.scalars(
        select(JournalRow.entry).where(JournalRow.kind == "OffersTurnedAway").order_by(JournalRow.id.desc()).limit(MOST)
    )
    found = []
    for entry in map(orjson.loads, entries):
        auction_id = entry["stream"].removeprefix("auction:")
        found.append({"auction_id": auction_id, "at": entry["at"], "codes": entry["body"]["codes"]})
    return found
