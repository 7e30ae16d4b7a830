"""Whether the interest bar can be checked at all; where it cannot, running sales stop (PRECISIONS 13).

Meanwhile every offer that needs the check is answered `fault`: who was checked today would go on alone.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.services.locking import lock_auction
from risk.services.interest import check_interest

from ..queries.rooms import ruleset_of
from .life import suspend_locked

#: The identity that is asked about: nobody's.
_NOBODY = "nobody"


def running_sales(session: Session) -> Sequence[str]:
    """The ids of all open sales."""
    return session.scalars(select(Auction.id).where(Auction.status == "open").order_by(Auction.id)).all()


def check_nobody(unit: Unit, auction_id: str) -> None:
    """Check somebody there is not against the sale's lot: DomainError("fault") where no check can be made now."""
    check_interest(unit, unit.session.get_one(Auction, auction_id).lot, [_NOBODY], unit.now)


def stop_unchecked(unit: Unit, auction_id: str, failing: timedelta) -> bool:
    """Suspend an open sale as a fault where the check has failed for longer than its ruleset allows.

    `failing`: for how long it has, machine time. Answers whether the sale was suspended.
    """
    auction = lock_auction(unit, auction_id)
    if auction.status != "open" or failing <= ruleset_of(unit.session, auction).span("check_failure_suspends_over"):
        return False
    reason = f"利害关系核查已有 {int(failing.total_seconds())} 秒无法进行，依规则暂缓拍卖"
    suspend_locked(unit, auction, kind="fault", reason=reason, cause="check_failed")
    return True
