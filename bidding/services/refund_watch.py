"""Telling the regulators of money that was to go back and has not; by itself they are told when it has (OJA 23)."""

from datetime import datetime, timedelta

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.unit import Unit
from auction.rules.calendar import shanghai_day
from auction.services.locking import lock_auction
from risk.models import Alert
from risk.rules.alerts import Reason
from risk.services.alerts import end_alerts, raise_alert

from ..models import AwaitedLook, Payment
from .looks import await_look, taken

KIND = "refund_overdue"
#: What is sent in its last moment is in time.
_LATE = timedelta(microseconds=1)


def await_refund(unit: Unit, auction_id: str, due_at: datetime) -> None:
    """Look again once a refund of a locked auction is overdue; one look serves all of the auction, the first due."""
    row, at = unit.session.get(AwaitedLook, ("refund", auction_id)), max(due_at + _LATE, unit.now)
    if row is None or row.done_at is not None or row.due_at > at:
        await_look(unit, "refund", auction_id, at=at)
        unit.session.flush()  # the next refund of the same sale finds it


def watch_refunds(unit: Unit, auction_id: str) -> bool:
    """Alert the regulators of the refunds of a sale that are overdue, once for the day they were due on; look again
    when the next are. False where the look is not due.
    """
    auction = lock_auction(unit, auction_id)
    if not taken(unit, "refund", auction_id):
        return False
    overdue, coming = _waiting(unit, auction_id)
    if coming:
        await_refund(unit, auction_id, min(coming))
    if overdue:
        due_at = min(overdue)
        raise_alert(
            unit,
            KIND,
            key=f"{KIND}:{auction_id}:{iso(due_at)}",
            reasons=[Reason(KIND, {"open": len(overdue), "due_on": shanghai_day(due_at).isoformat()})],
            court_code=auction.lot.court_code,
            lot_id=auction.lot_id,
            auction_id=auction_id,
        )
    return True


def settle_refunds(unit: Unit, auction_id: str) -> None:
    """A refund of a locked auction was sent: where none is overdue any more, the alert of it is over."""
    told = select(Alert.id).where(Alert.auction_id == auction_id, Alert.kind == KIND, Alert.status == "open").limit(1)
    if unit.session.scalar(told) is None:  # as ever: the other refunds need not be read for each that is sent
        return
    unit.session.flush()
    if not _waiting(unit, auction_id)[0]:
        end_alerts(unit, KIND, auction_id, reason="退款已经执行")


def _waiting(unit: Unit, auction_id: str) -> tuple[list[datetime], list[datetime]]:
    """When the refunds not yet sent were due, and when those that still have time are."""
    due = select(Payment.refund_due_at).where(Payment.auction_id == auction_id, Payment.refunded_at.is_(None))
    times = [at for at in unit.session.scalars(due.where(Payment.refund_due_at.is_not(None))) if at is not None]
    return [at for at in times if at < unit.now], [at for at in times if at >= unit.now]
