"""Telling that the day by which a court promised the public to clear a lot has passed, with somebody still there.

From the day on which the whole price is there: before it the court owes nobody the lot (SALE 20, 27).
"""

from datetime import date, timedelta

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.queries.unsold import taken_by
from auction.rules.calendar import midnight, shanghai_day
from auction.services.locking import lock_auction
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from ..queries.handover import due, handover
from .looks import await_look, taken


def await_promise(unit: Unit, auction: Auction) -> None:
    """Look again once the promised day of a lot that was just paid for is over; nothing where none was promised."""
    promise = due(unit.session, auction)
    if promise.applies and promise.due_on is not None:
        await_look(unit, "promise", auction.id, at=max(unit.now, midnight(promise.due_on + timedelta(days=1))))


def watch_promise(unit: Unit, auction_id: str) -> bool:
    """Alert the regulators and tell the buyer or taker where the day has passed and the lot is not cleared; once.

    False where the look is not due. Nothing is told of a sale that fell, nor of a lot that was handed over.
    """
    auction = lock_auction(unit, auction_id)
    if not taken(unit, "promise", auction_id):
        return False
    found, taking = handover(unit.session, auction, shanghai_day(unit.now)), taken_by(unit.session, auction.id)
    status = taking.status if taking else auction.settlement
    if found is None or found.state != "overdue" or found.due_on is None or status not in ("paid", "taken", "ruled"):
        return True
    _tell(unit, auction, found.due_on)
    if taking is None:
        unit.record("ClearanceOverdue", stream=f"auction:{auction.id}", body={"due_on": found.due_on.isoformat()})
        return True
    unit.record(
        "TakingClearanceOverdue",
        stream=f"lot:{auction.lot_id}",
        private=True,
        body={"auction_id": auction.id, "party_id": taking.party_id, "due_on": found.due_on.isoformat()},
    )
    return True


def _tell(unit: Unit, auction: Auction, due_on: date) -> None:
    raise_alert(
        unit,
        "clearance_overdue",
        key=f"clearance_overdue:{auction.id}:{due_on}",
        reasons=[Reason("clearance_overdue", {"due_on": due_on.isoformat()})],
        court_code=auction.lot.court_code,
        lot_id=auction.lot_id,
        auction_id=auction.id,
    )
