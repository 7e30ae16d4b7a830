"""The handover of a sold lot beside what was promised: the day, the steps taken, met or missed."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction
from disclosure.models import SheetVersion
from disclosure.rules.catalogue import load
from disclosure.rules.clearance import is_cleared, promised_on
from disclosure.rules.sheet import Sheet, is_occupied, sheet_of
from risk.models import ClearanceAssessment
from risk.queries import clearance

from ..models import AfterSaleStep

#: Steps after which nobody is there any more: those there left, or were made to leave.
LEFT, FORCED = "cleared", "cleared_by_force"


@dataclass(frozen=True, slots=True)
class Due:
    """What was promised to the public when the lot was sold. `applies`: somebody was there and had to leave."""

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
    """The tracker. `state`: not_applicable, waiting, overdue (the day has passed), met, missed."""

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
    ruling = next((step.on for step in _steps(session, auction.id) if step.code == "ruling"), None)
    return Due(is_cleared(asset_type) and occupied, assessed, promise, ruling)


def _steps(session: Session, auction_id: str) -> list[AfterSaleStep]:
    rows = select(AfterSaleStep).where(AfterSaleStep.auction_id == auction_id)
    return list(session.scalars(rows.order_by(AfterSaleStep.on, AfterSaleStep.at, AfterSaleStep.id)))


def cleared_step(session: Session, auction_id: str) -> AfterSaleStep | None:
    """The step after which nobody was there: the last of its kind, for somebody may have come back."""
    return next((step for step in reversed(_steps(session, auction_id)) if step.code in (LEFT, FORCED)), None)


def handover(session: Session, auction: Auction, today: date) -> Handover | None:
    """The tracker of a sale, as of that day in Shanghai; None before a sale, and after a renege."""
    if auction.status != "sold" or auction.settlement == "reneged":
        return None
    steps = tuple(HandoverStep(step.code, step.on) for step in _steps(session, auction.id))
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
