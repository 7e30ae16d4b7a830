"""Telling the regulators that a stopped sale has not resumed within the law's days (OJA 28(4))."""

from datetime import date, timedelta

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.calendar import midnight, shanghai_day
from auction.services.locking import lock_auction
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from ..queries.held import resume_day
from .looks import await_look, taken


def await_resumption(unit: Unit, auction: Auction, last_day: date) -> None:
    """Look again once the last day to resume a locked, suspended auction is over."""
    await_look(unit, "resume", auction.id, at=midnight(last_day + timedelta(days=1)))


def watch_resumption(unit: Unit, auction_id: str) -> bool:
    """Alert the regulators where a sale still stands still after its last day to resume; before it, look again then.

    False where the look is not due.
    """
    auction = lock_auction(unit, auction_id)
    if not taken(unit, "resume", auction_id):
        return False
    last_day = resume_day(auction)
    if auction.status != "suspended" or last_day is None:
        return True
    if shanghai_day(unit.now) <= last_day:
        await_resumption(unit, auction, last_day)
        return True
    tell_late_resumption(unit, auction, last_day)
    return True


def tell_late_resumption(unit: Unit, auction: Auction, last_day: date) -> None:
    """Raise the alert, once for each last day."""
    raise_alert(
        unit,
        "resume_late",
        key=f"resume_late:{auction.id}:{last_day}",
        reasons=[Reason("resume_late", {"last_day": last_day.isoformat()})],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
    )
