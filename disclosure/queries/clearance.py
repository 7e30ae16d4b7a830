"""Reading how hard a lot will be to clear, and the plan for it."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from auction.models import Lot
from auction.rules.access import Actor
from auction.rules.ruleset import Ruleset
from risk.models import ClearanceAssessment, ClearancePlan
from risk.queries import clearance as kept
from risk.rules.clearance.assessment import Assessment, assess
from risk.rules.clearance.card import load as load_card
from risk.rules.clearance.plan import Plan, Step

from ..models import (
    SheetVersion,
)
from ..rules.catalogue import load
from ..rules.clearance import clearance_facts, is_cleared, promised_on
from ..rules.sheet import Sheet, sheet_of
from .sheets import lot_named, reads_drafts, require_drafts, working_sheet


@dataclass(frozen=True, slots=True)
class ClearanceReading:
    """How hard a lot will be to clear, as it is read. `assessed` None: nothing of this kind is cleared.

    `version` is the sealed version it stands beside, None while the sheet is being filled; `promised_on` the day told.
    `chance`: of clearing in time, by the model, where one beats the card. `draft`: beside a sealed version the same of
    the sheet as it stands now, for who reads drafts.
    """

    assessed: Assessment | None
    version: int | None
    at: datetime | None
    plan: ClearancePlan | None
    promised_on: date | None
    record: kept.Record
    chance: float | None
    draft: "ClearanceReading | None" = None


def clearance_now(session: Session, lot: Lot, sheet: Sheet, ruleset: Ruleset) -> Assessment | None:
    """What the card says of a sheet as it stands; None for a kind of lot that is not cleared."""
    if not is_cleared(lot.asset_type):
        return None
    facts = clearance_facts(sheet, load(lot.asset_type), kept.court_level(session, lot.court_code))
    return assess(load_card(), facts, ruleset.texts("clearance_plan_bands"))


def read_clearance(session: Session, actor: Actor | None, lot_id: str, ruleset: Ruleset) -> ClearanceReading:
    """The clearance of a lot for a reader: what was sealed; before that, and beside it, the sheet being filled, for its
    court.

    A version sealed before there were assessments is weighed as it is read. DomainError not_found for everybody else.
    """
    lot = lot_named(session, lot_id)
    if lot.sheet_version == 0:
        require_drafts(session, actor, lot_id)
        return clearance_draft(session, lot, ruleset)
    version = session.get_one(SheetVersion, (lot.id, lot.sheet_version))
    sheet = sheet_of(version.facts, load(lot.asset_type))
    row = kept.assessment_row(session, lot.id, version.version)
    assessed = kept.assessment_of(row) if row else clearance_now(session, lot, sheet, ruleset)
    draft = clearance_draft(session, lot, ruleset) if reads_drafts(session, actor, lot) else None
    return replace(_clearance(session, lot, sheet, assessed, row, version.version), draft=draft)


def clearance_draft(session: Session, lot: Lot, ruleset: Ruleset) -> ClearanceReading:
    """The same of the sheet being filled, whatever was sealed; the caller decides who may see it."""
    sheet = working_sheet(session, lot.id)
    return _clearance(session, lot, sheet, clearance_now(session, lot, sheet, ruleset), None, None)


def _clearance(
    session: Session,
    lot: Lot,
    sheet: Sheet,
    assessed: Assessment | None,
    row: ClearanceAssessment | None,
    version: int | None,
) -> ClearanceReading:
    plan = kept.plan(session, lot.id) if assessed else None
    promise = promised_day(sheet, plan_of(plan))
    record = kept.court_record(session, lot.court_code)
    chance = kept.model_chance(session, assessed) if assessed else None
    at = row.at if row else None
    return ClearanceReading(assessed, version, at, plan, promise if assessed else None, record, chance)


def read_plan(session: Session, actor: Actor | None, lot_id: str) -> ClearancePlan | None:
    """The plan in force, for the lot's court and agencies; DomainError not_found for everybody else."""
    require_drafts(session, actor, lot_id)
    return kept.plan(session, lot_id)


def plan_of(row: ClearancePlan | None) -> Plan | None:
    """A stored plan as the rules take it."""
    if row is None:
        return None
    steps = tuple(Step(step["what"], date.fromisoformat(step["on"])) for step in row.steps)
    return Plan(row.owner, row.promised_on, steps, row.resources)


def promised_day(sheet: Sheet, plan: Plan | None) -> date | None:
    """The day promised: by the sheet, else by the plan."""
    told = promised_on(sheet)
    return date.fromisoformat(told) if told else plan.promised_on if plan else None
