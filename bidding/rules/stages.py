"""Where a lot stands on the board of its court: one stage at a time, from its entry to the end."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from auction.rules.calendar import WorkingDays
from auction.rules.lot import PRIVATE, AuctionStatus
from auction.rules.ruleset import Ruleset

from .clocks import LotFacts, untold
from .debt import OWING


class Stage(StrEnum):
    """The stages, in the order of a lot's life."""

    ENTERED = "entered"
    PRICE = "price"
    SHEET = "sheet"
    NOTICES = "notices"
    PANEL = "panel"
    ANNOUNCED = "announced"
    RUNNING = "running"
    SUSPENDED = "suspended"
    BALANCE = "balance"
    RULING = "ruling"
    HANDOVER = "handover"
    UNSOLD = "unsold"
    RENEGED = "reneged"
    STOPPED = "stopped"
    DONE = "done"


_BY_STATUS: Mapping[AuctionStatus, Stage] = MappingProxyType(
    {
        AuctionStatus.ANNOUNCED: Stage.ANNOUNCED,
        AuctionStatus.OPEN: Stage.RUNNING,
        AuctionStatus.SUSPENDED: Stage.SUSPENDED,
        AuctionStatus.UNSOLD: Stage.UNSOLD,
        AuctionStatus.WITHDRAWN: Stage.STOPPED,
        AuctionStatus.REVOKED: Stage.STOPPED,
    }
)


#: Where a taking stands; one that was ruled on, and the debtor's own sale, are to be handed over.
_AFTER: Mapping[str, Stage] = MappingProxyType({"awarded": Stage.BALANCE, "taken": Stage.RULING})


def stage(lot: LotFacts, now: datetime, ruleset: Ruleset, calendar: WorkingDays) -> Stage:
    """The stage of a lot. `stopped`: withdrawn or revoked, to be sold anew; `done`: handed over, or returned."""
    sale = lot.sale
    if lot.disposal is not None and not lot.disposal.over:
        return _AFTER.get(lot.disposal.status, Stage.HANDOVER)
    if lot.disposed:
        return Stage.DONE
    if sale is None:
        return _before(lot, now, ruleset, calendar)
    if sale.status in PRIVATE:
        return Stage.PANEL
    if sale.status is AuctionStatus.SOLD:
        return _sold(sale.settlement)
    return _BY_STATUS[sale.status]


def _before(lot: LotFacts, now: datetime, ruleset: Ruleset, calendar: WorkingDays) -> Stage:
    if lot.price is None:
        return Stage.PRICE if lot.sheet_begun or lot.recipients or lot.pricing else Stage.ENTERED
    if lot.gaps:
        return Stage.SHEET
    return Stage.NOTICES if untold(lot, now, ruleset, calendar) else Stage.PANEL


def _sold(settlement: str | None) -> Stage:
    if settlement in OWING:
        return Stage.BALANCE
    found = {"paid": Stage.RULING, "ruled": Stage.HANDOVER, "handed_over": Stage.DONE, "reneged": Stage.RENEGED}
    return found.get(settlement or "", Stage.BALANCE)


#: Stages in which the lot still has to be announced, so that its sheet may lack something.
EARLY = frozenset((Stage.ENTERED, Stage.PRICE, Stage.SHEET, Stage.NOTICES, Stage.PANEL))
