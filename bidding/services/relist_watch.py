"""Telling the regulators before it is too late for the round that follows an unsold one (OJA 26; PRECISIONS 17)."""

from auction.kernel.unit import Unit
from auction.models import Lot
from auction.queries.proposals import earlier_rounds
from auction.rules.calendar import midnight
from auction.rules.published_holidays import published_calendar
from auction.rules.rounds import relist_due
from auction.rules.ruleset import load
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from .looks import await_look, taken


def watch_relist(unit: Unit, lot_id: str) -> bool:
    """Alert the regulators from the ruleset's day on while nothing has been announced; before it, look again then.

    Once for each unsold round. False where the look is not due.
    """
    if not taken(unit, "relist", lot_id):
        return False
    lot = unit.session.get_one(Lot, lot_id)
    if lot.disposal:
        return True
    numbers = load(unit.settings.ruleset)
    earlier = earlier_rounds(unit.session, lot_id)
    due = relist_due(earlier, numbers, published_calendar(numbers))
    if due is None:
        return True
    warn_at = midnight(due.warn_on)
    if unit.now < warn_at:
        await_look(unit, "relist", lot_id, at=warn_at)
        return True
    raise_alert(
        unit,
        "relist_due",
        key=f"relist_due:{due.base_id}",
        reasons=[Reason("relist_due", {"act": due.act, "last_day": due.last_day.isoformat()})],
        court_code=lot.court_code,
        lot_id=lot_id,
        auction_id=due.base_id,
    )
    return True
