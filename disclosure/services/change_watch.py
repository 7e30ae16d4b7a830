"""Telling the regulators of changes of an announced lot that are many, come late or are taken back."""

from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.ruleset import load
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from ..models import SheetVersion
from ..queries.sheets import catalogue_of
from ..rules.sheet import sheet_of
from ..rules.unusual_changes import Announced, Version, unusual_changes

_TERMS = ("reserve_price_fen", "increment_fen", "deposit_fen", "balance_days")


def tell_unusual_changes(unit: Unit, auction: Auction) -> None:
    """Raise an alert for each unusual thing, once for each occasion. Lot and round are locked.

    To be called when a version of an announced lot's sheet was sealed, or the lot was announced anew.
    """
    unit.session.flush()
    rounds = unit.session.scalars(
        select(Auction)
        .where(Auction.lot_id == auction.lot_id, Auction.announced_at.is_not(None))
        .order_by(Auction.announced_at, Auction.id)
    ).all()
    announced = [
        Announced(one.announced_at, one.round, {name: getattr(one, name) for name in _TERMS})
        for one in rounds
        if one.announced_at is not None
    ]
    catalogue = catalogue_of(unit.session, auction.lot)
    rows = unit.session.scalars(
        select(SheetVersion).where(SheetVersion.lot_id == auction.lot_id).order_by(SheetVersion.version)
    ).all()
    begun = max((row.version for row in rows if row.at <= announced[0].at), default=1)
    versions = [Version(row.version, row.at, sheet_of(row.facts, catalogue)) for row in rows if row.version >= begun]
    rules = load(unit.settings.ruleset)
    for found in unusual_changes(versions, announced, auction.opens_at, unit.now, catalogue, rules):
        raise_alert(
            unit,
            "unusual_changes",
            key=f"unusual_changes:{auction.lot_id}:{found.occasion}",
            reasons=[Reason(found.code, found.facts)],
            court_code=auction.lot.court_code,
            lot_id=auction.lot_id,
            auction_id=auction.id,
        )
