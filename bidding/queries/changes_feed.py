"""The change feed: the public log's entries about announced lots, in the log's own order, which has no gaps."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from auction.kernel.errors import invalid
from auction.models import Auction, JournalRow, LogLeaf, Lot
from auction.queries.log import latest_checkpoint

from ..rules.changes_feed import CHANGES, cursor_at, public_facts, size_at

#: Changes in one answer, and leaves of the log looked through for it: bids may lie between two changes.
MOST_CHANGES = 500
_LOOKED_THROUGH = 50_000


def changes(session: Session, cursor: str | None, most: int = MOST_CHANGES) -> dict[str, Any]:
    """Changes after a cursor, ascending: {"items", "cursor", "more"}; without one, from the beginning.

    The answer's cursor continues where it ends, also where there was nothing. DomainError invalid for any other cursor.
    """
    newest = latest_checkpoint(session)
    size = newest.size if newest else 0
    try:
        start = size_at(cursor) if cursor else 0
    except ValueError:
        raise invalid("cursor", "invalid") from None
    if start > size:
        raise invalid("cursor", "invalid")
    end = min(size, start + _LOOKED_THROUGH)
    rows = session.execute(
        select(LogLeaf.index.label("place"), JournalRow.entry)
        .join(JournalRow, and_(JournalRow.stream == LogLeaf.stream, JournalRow.number == LogLeaf.number))
        .where(LogLeaf.index >= start, LogLeaf.index < end, LogLeaf.commitment.is_(None))
        .where(JournalRow.kind.in_(CHANGES))
        .order_by(LogLeaf.index)
        .limit(most)
    ).all()
    if len(rows) == most:
        end = rows[-1].place + 1
    items = _described(session, [(row.place, orjson.loads(row.entry)) for row in rows])
    return {"items": items, "cursor": cursor_at(end), "more": end < size}


def _described(session: Session, found: Sequence[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    subjects = {entry["stream"] for _, entry in found}
    auctions, lots = _places(session, subjects)
    items = []
    for place, entry in found:
        family, _, key = entry["stream"].partition(":")
        lot_id = auctions.get(key) if family == "auction" else key
        if lot_id not in lots:  # not announced
            continue
        items.append(
            {
                "id": f"{entry['stream']}:{entry['number']}",
                "index": place,
                "at": entry["at"],
                "type": CHANGES[entry["kind"]],
                "lot_id": lot_id,
                "auction_id": key if family == "auction" else None,
                "court": lots[lot_id],
                "facts": public_facts(entry["kind"], entry["body"]),
            }
        )
    return items


def _places(session: Session, streams: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Of streams: the lot of each announced auction, and the court of each lot that was announced."""
    split = [stream.partition(":") for stream in streams]
    auction_ids = [key for family, _, key in split if family == "auction"]
    lot_ids = [key for family, _, key in split if family == "lot"]
    announced = select(Auction.id, Auction.lot_id).where(Auction.announced_at.is_not(None))
    auctions = {str(key): str(lot) for key, lot in session.execute(announced.where(Auction.id.in_(auction_ids)))}
    public = select(Auction.lot_id).where(Auction.announced_at.is_not(None), Auction.lot_id.in_(lot_ids))
    wanted = {*auctions.values(), *session.scalars(public)}
    courts = session.execute(select(Lot.id, Lot.court_code).where(Lot.id.in_(wanted)))
    return auctions, {str(key): str(court) for key, court in courts}
