"""The handover of a sold or taken lot beside what was promised: the day, the steps taken, met or missed; and how far
the court has come after a taking or the debtor's own sale."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.models import Auction, Lot, OwnSale, Taking
from auction.queries.unsold import taken_by
from auction.rules.calendar import shanghai_day
from auction.rules.lot import AssetType
from auction.rules.published_holidays import due_as_published
from disclosure.models import SheetVersion
from disclosure.rules.catalogue import load
from disclosure.rules.clearance import is_cleared, promised_on
from disclosure.rules.sheet import Sheet, is_occupied, sheet_of
from risk.models import ClearanceAssessment
from risk.queries import clearance

from ..models import AfterSaleStep, Payment
from ..rules.clocks import DisposalFacts
from ..rules.handover import FORCED, KEYS, LEFT, RULING, SERVED, Way


@dataclass(frozen=True, slots=True)
class Due:
    """What was promised to the public when the lot was sold. `applies`: somebody was there and had to leave.

    `ruled_on`: the day on which the ruling was served, until that is recorded the day of the ruling.
    """

    applies: bool
    assessed: ClearanceAssessment | None
    due_on: date | None
    ruled_on: date | None


@dataclass(frozen=True, slots=True)
class HandoverStep:
    """A step taken, as the public sees it: never its text."""

    code: str
    on: date


@dataclass(frozen=True, slots=True)
class Handover:
    """The tracker. `state`: not_applicable, waiting, overdue (the day has passed), met, missed; by_owner where the
    debtor hands over what he sold himself."""

    state: str
    due_on: date | None
    promised: bool
    steps: tuple[HandoverStep, ...]
    cleared_on: date | None
    days_late: int | None
    manner: str | None


def due(session: Session, auction: Auction) -> Due:
    """What was promised for a lot by the sheet the auction stands on, else by its plan; None where nothing was."""
    version = session.scalar(
        select(SheetVersion)
        .where(SheetVersion.lot_id == auction.lot_id, SheetVersion.seal == auction.seal)
        .order_by(SheetVersion.version.desc())
        .limit(1)
    )
    asset_type = auction.lot.asset_type
    sheet = sheet_of(version.facts, load(asset_type)) if version else Sheet()
    assessed = clearance.assessment_row(session, auction.lot_id, version.version) if version else None
    occupied = clearance.assessment_of(assessed).occupied if assessed else is_occupied(sheet)
    told = promised_on(sheet)
    plan = None if told else clearance.plan(session, auction.lot_id)
    promise = date.fromisoformat(told) if told else plan.promised_on if plan else None
    days = days_of(session, auction.id)
    return Due(is_cleared(asset_type) and occupied, assessed, promise, days.get(SERVED, days.get(RULING)))


def handover_needs(session: Session, auction: Auction) -> tuple[str, ...]:
    """The steps without which a lot that somebody was in is not handed over: he has left, the keys of a building were
    given; nothing of a vacant one, nor of one that its debtor hands over himself."""
    if way_of(session, auction) is Way.OWN_SALE or not due(session, auction).applies:
        return ()
    return (LEFT, KEYS) if auction.lot.asset_type == AssetType.REAL_ESTATE else (LEFT,)


def _steps(session: Session, auction_id: str) -> list[AfterSaleStep]:
    rows = select(AfterSaleStep).where(AfterSaleStep.auction_id == auction_id)
    return list(session.scalars(rows.order_by(AfterSaleStep.on, AfterSaleStep.at, AfterSaleStep.id)))


def days_of(session: Session, auction_id: str) -> dict[str, date]:
    """The steps after a round by code, each with its latest day."""
    return {step.code: step.on for step in _steps(session, auction_id)}


def owner_sale(session: Session, auction: Auction) -> OwnSale | None:
    """The debtor's own sale by which the lot was disposed of after a round; None where it was not."""
    rows = select(OwnSale).where(OwnSale.auction_id == auction.id, OwnSale.status == "sold")
    return session.scalar(rows) if auction.lot.disposal == Way.OWN_SALE else None


def way_of(session: Session, auction: Auction) -> Way | None:
    """How somebody came to the lot by this round; None where nobody did, or reneged on it."""
    if auction.status == "sold":
        return None if auction.settlement == "reneged" else Way.SALE
    if auction.lot.disposal == Way.TAKING and taken_by(session, auction.id) is not None:
        return Way.TAKING
    return Way.OWN_SALE if owner_sale(session, auction) is not None else None


def disposal_facts(session: Session, auction: Auction) -> DisposalFacts | None:
    """How far the court has come after a taking or the debtor's own sale; None where a round led to neither."""
    way, days = way_of(session, auction), days_of(session, auction.id)
    taking, sale = taken_by(session, auction.id), owner_sale(session, auction)
    if way is Way.TAKING and taking is not None:
        promise = due(session, auction)
        return DisposalFacts(
            auction.id,
            way,
            taking.status,
            paid_on=_difference_paid_on(session, taking),
            difference_due_at=due_as_published(taking.due_at) if taking.due_at else None,
            promised_on=promise.due_on if promise.applies else None,
            steps=days,
        )
    if way is Way.OWN_SALE and sale is not None and sale.ended_at is not None:
        return DisposalFacts(auction.id, way, sale.status, paid_on=shanghai_day(sale.ended_at), steps=days)
    return None


def _difference_paid_on(session: Session, taking: Taking) -> date | None:
    """The day on which nothing was owed any more: of the last payment, else of the award; None while it is owed."""
    if taking.status == "awarded" or taking.decided_at is None:
        return None
    paid = select(func.max(Payment.paid_at)).where(
        Payment.registration_id == taking.registration_id, Payment.purpose == "difference", Payment.status == "paid"
    )
    return shanghai_day(session.scalar(paid) or taking.decided_at)


def disposals(session: Session, court_code: str) -> dict[str, DisposalFacts]:
    """The same of every lot of a court that was taken or sold by its owner, by lot."""
    rows = select(Auction).join(Lot, Lot.id == Auction.lot_id).where(Lot.court_code == court_code)
    gone = rows.where(Lot.disposal.in_((Way.TAKING, Way.OWN_SALE)), Auction.status == "unsold")
    found = ((auction.lot_id, disposal_facts(session, auction)) for auction in session.scalars(gone))
    return {lot_id: facts for lot_id, facts in found if facts is not None}


def cleared_step(session: Session, auction_id: str) -> AfterSaleStep | None:
    """The step after which nobody was there: the last of its kind, for somebody may have come back."""
    return next((step for step in reversed(_steps(session, auction_id)) if step.code in (LEFT, FORCED)), None)


def handover(session: Session, auction: Auction, today: date) -> Handover | None:
    """The tracker of a sale or taking, as of that day in Shanghai; None before one, and after a renege."""
    way = way_of(session, auction)
    if way is None:
        return None
    steps = tuple(HandoverStep(step.code, step.on) for step in _steps(session, auction.id))
    if way is Way.OWN_SALE:
        return Handover("by_owner", None, False, steps, None, None, None)
    kept = clearance.outcome(session, auction.id)
    if kept is not None:
        return Handover(
            {"on_time": "met", "late": "missed"}.get(kept.result, kept.result),
            kept.due_on,
            kept.promised,
            steps,
            kept.cleared_on,
            kept.days_late,
            kept.manner,
        )
    return _pending(session, auction, steps, today)


def _pending(session: Session, auction: Auction, steps: tuple[HandoverStep, ...], today: date) -> Handover:
    promise = due(session, auction)
    if not promise.applies:
        return Handover("not_applicable", None, False, steps, None, None, None)
    step = cleared_step(session, auction.id)
    day = promise.due_on
    if step is not None and day is not None:
        late = max(0, (step.on - day).days)
        return Handover("missed" if late else "met", day, True, steps, step.on, late, None)
    late_now = day is not None and today > day
    return Handover("overdue" if late_now else "waiting", day, day is not None, steps, None, None, None)
