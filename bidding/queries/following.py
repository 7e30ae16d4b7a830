"""What an account follows and has saved."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Court, CourtFollow, Lot, LotFollow, LotListing, SavedSearch


def followed(session: Session, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """Lots and courts, the last followed first."""
    lots = session.execute(
        select(Lot.id, Lot.title, LotListing.auction_id, LotFollow.at)
        .join(Lot, Lot.id == LotFollow.lot_id)
        .join(LotListing, LotListing.lot_id == Lot.id)
        .where(LotFollow.account_id == account_id)
        .order_by(LotFollow.at.desc(), Lot.id)
    )
    courts = session.execute(
        select(Court.code, Court.name, CourtFollow.at)
        .join(Court, Court.code == CourtFollow.court_code)
        .where(CourtFollow.account_id == account_id)
        .order_by(CourtFollow.at.desc(), Court.code)
    )
    return {
        "lots": [
            {"lot_id": row.id, "title": row.title, "auction_id": row.auction_id, "followed_at": iso(row.at)}
            for row in lots
        ],
        "courts": [{"code": row.code, "name": row.name, "followed_at": iso(row.at)} for row in courts],
    }


def follows_lot(session: Session, account_id: str, lot_id: str) -> bool:
    """Whether the account follows the lot."""
    return session.get(LotFollow, (lot_id, account_id)) is not None


def follows_court(session: Session, account_id: str, court_code: str) -> bool:
    """Whether the account follows the court."""
    return session.get(CourtFollow, (court_code, account_id)) is not None


def searches(session: Session, account_id: str) -> list[dict[str, Any]]:
    """The saved searches, the last first."""
    mine = select(SavedSearch).where(SavedSearch.account_id == account_id)
    return [search_dict(row) for row in session.scalars(mine.order_by(SavedSearch.at.desc(), SavedSearch.id))]


def search_dict(search: SavedSearch) -> dict[str, Any]:
    """A saved search as the interface shows it."""
    return {"id": search.id, "name": search.name, "query": search.query, "saved_at": iso(search.at)}
