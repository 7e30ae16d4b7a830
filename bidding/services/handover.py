"""Recording the steps by which a lot is handed over: to its buyer, to the creditor who took it, to the debtor's buyer.

What a step is called and what has to come first is the rule's; that the handover is over follows from its last step.
"""

from datetime import date

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Taking
from auction.queries.unsold import taken_by
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.services.locking import lock_round

from ..models import AfterSaleStep
from ..queries.handover import days_of, handover_needs, owner_sale, way_of
from ..rules.handover import AFTERWARDS, HANDED_OVER, RULING, Way, check_step
from .clearing import decide_clearance
from .own_sales import note_step as note_own_sale
from .takings import note_step as note_taking


def record_handover(unit: Unit, actor: Actor, auction_id: str, *, code: str, on: date, detail: str) -> AfterSaleStep:
    """Record one step of the handover and answer it; `handed_over` ends the handover (SALE 27), and decides
    whether a lot that the court hands over was cleared in time. What concerns the registry may still be recorded after.

    DomainError not_found for another court's, wrong_state before the ruling of a sale or taking, where the lot was
    neither sold nor taken, and after the end; invalid as the rule `check_step`.
    """
    auction = lock_round(unit, actor, auction_id, "auction.settle")
    way, taken = _running(unit, auction), days_of(unit.session, auction.id)
    if (HANDED_OVER in taken or auction.settlement == HANDED_OVER) and code not in AFTERWARDS:
        raise DomainError("wrong_state", status=HANDED_OVER)
    sale = owner_sale(unit.session, auction) if way is Way.OWN_SALE else None
    since = shanghai_day(sale.ended_at) if sale and sale.ended_at else taken.get(RULING)
    needs = handover_needs(unit.session, auction)
    check_step(way, code, on, today=shanghai_day(unit.now), since=since, taken=taken, needs=needs)
    step = AfterSaleStep(
        id=unit.new_id(), auction_id=auction.id, code=code, on=on, detail={"detail": detail}, at=unit.now, by=actor.id
    )
    unit.session.add(step)
    told = {"code": code, "on": on.isoformat()}
    kind = "HandoverStepTaken" if way is Way.SALE else "DisposalStepTaken"
    unit.record(kind, stream=f"auction:{auction.id}", body=told)
    if way is Way.TAKING:
        note_taking(unit, actor, _taking(unit, auction), step)
    elif sale is not None:
        note_own_sale(unit, actor, auction, sale, step)
    if code == HANDED_OVER:
        _end(unit, auction, way, on)
    return step


def _running(unit: Unit, auction: Auction) -> Way:
    """By which way the lot is to be handed over; DomainError wrong_state where it is not, or not yet."""
    way, status = way_of(unit.session, auction), auction.settlement or auction.status
    if way is Way.TAKING:
        status = _taking(unit, auction).status
    if way is None or (way is not Way.OWN_SALE and status not in ("ruled", HANDED_OVER)):
        raise DomainError("wrong_state", status=status)
    return way


def _taking(unit: Unit, auction: Auction) -> Taking:
    taking = taken_by(unit.session, auction.id)
    assert taking is not None  # noqa: S101 - the way of the handover rests on it
    return taking


def _end(unit: Unit, auction: Auction, way: Way, on: date) -> None:
    if way is Way.SALE:
        auction.settlement = HANDED_OVER
    unit.session.flush()
    if way is not Way.OWN_SALE:  # the debtor hands over what he sold himself: the court clears nothing
        decide_clearance(unit, auction, on)
    unit.tell(auction, "notice", notice="handed_over")
