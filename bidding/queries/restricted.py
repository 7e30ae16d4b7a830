"""Whether not everybody may buy what is sold, by the sheet a sale stands on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction
from disclosure.models import SheetVersion
from disclosure.queries.sheets import catalogue_of, lot_named
from disclosure.rules.sheet import is_restricted, sheet_of


def is_restricted_sale(session: Session, auction: Auction) -> bool:
    """Whether the sealed sheet of an auction says that buying is restricted (HOUSE 1, EQ 15, a licence)."""
    version = session.scalar(
        select(SheetVersion).where(SheetVersion.lot_id == auction.lot_id, SheetVersion.seal == auction.seal).limit(1)
    )
    if version is None:
        return False
    catalogue = catalogue_of(session, lot_named(session, auction.lot_id))
    return is_restricted(sheet_of(version.facts, catalogue))
