"""Offers that leave no entry of their own: one entry a minute says how many of them there were (PRECISIONS 28)."""

from collections.abc import Mapping

from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Auction


def record_turned_away(unit: Unit, counts: Mapping[tuple[str, str], int]) -> None:
    """Journal counts by (auction id, code) into the streams of auctions that exist."""
    wanted = sorted({auction_id for auction_id, _ in counts})
    known = set(unit.session.scalars(select(Auction.id).where(Auction.id.in_(wanted))))
    for auction_id in wanted:
        if auction_id in known:
            codes = {code: number for (key, code), number in sorted(counts.items()) if key == auction_id}
            unit.record("OffersTurnedAway", stream=f"auction:{auction_id}", body={"codes": codes})
