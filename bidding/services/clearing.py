"""How the clearing of a sold or taken lot went: decided once, with the last step of its handover."""

from datetime import date

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.calendar import period_end
from auction.rules.published_holidays import published_calendar
from risk.models import ClearanceOutcome
from risk.services.clearance import keep_outcome

from ..queries.handover import cleared_step, due
from ..queries.rooms import ruleset_of
from ..rules.handover import FORCED


def decide_clearance(unit: Unit, auction: Auction, handed_over_on: date) -> ClearanceOutcome:
    """Keep the outcome of a handover that ends on that day.

    Cleared is on the day of the clearing step, and where none was recorded on the day of the handover. Due is the day
    promised to the public, else the last day the law gives for the handover (SALE 27). A lot that nobody possessed
    when it was announced, and a kind of lot that is not cleared, are not applicable.
    """
    promise = due(unit.session, auction)
    step = cleared_step(unit.session, auction.id)
    due_on = promise.due_on
    if promise.applies and due_on is None and promise.ruled_on is not None:
        numbers = ruleset_of(unit.session, auction)
        due_on = period_end(promise.ruled_on, numbers.days("handover"), published_calendar(numbers)).last_day
    return keep_outcome(
        unit,
        auction_id=auction.id,
        lot=auction.lot,
        assessed=promise.assessed,
        manner="forced" if step is not None and step.code == FORCED else "voluntary",
        due_on=due_on if promise.applies else None,
        promised=promise.due_on is not None and promise.applies,
        cleared_on=(step.on if step else handed_over_on) if promise.applies else None,
    )
