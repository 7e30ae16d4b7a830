"""What is stored of clearance: assessments, plans, outcomes, and each court's record of clearing in time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from auction.rules.ruleset import Ruleset

from ..models import ClearanceAssessment, ClearanceModel, ClearanceOutcome, ClearancePlan
from ..rules.clearance.assessment import Assessment, Weighed
from ..rules.clearance.card import PRESENT, load
from ..rules.clearance.outcomes import Calibration, calibrate, chance


class Record(NamedTuple):
    """How many lots a court had to clear, and how many of them it cleared by the day due."""

    outcomes: int
    in_time: int


@dataclass(frozen=True, slots=True)
class CourtRecord:
    """The record of one court, in a list of courts."""

    court_code: str
    record: Record
    forced: int
    days_late: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the platform's own outcomes say of the card: by band, by court, and of the model beside it.

    `missing` and `missing_rare`: outcomes still to come, and of the rarer kind (late or in time), before a model is
    trained; 0 when there are enough. `model`: the latest, None before the first.
    """

    calibration: Calibration
    courts: list[CourtRecord]
    missing: int
    missing_rare: int
    model: ClearanceModel | None


def assessment_row(session: Session, lot_id: str, sheet_version: int | None = None) -> ClearanceAssessment | None:
    """The stored assessment of a lot: that of a version of its sheet, else the latest."""
    rows = select(ClearanceAssessment).where(ClearanceAssessment.lot_id == lot_id)
    if sheet_version is not None:
        rows = rows.where(ClearanceAssessment.sheet_version == sheet_version)
    return session.scalar(rows.order_by(ClearanceAssessment.sheet_version.desc()).limit(1))


def assessment_of(row: ClearanceAssessment) -> Assessment:
    """A stored assessment as the rules made it."""
    weighed = tuple(Weighed(each["code"], each["level"], each["points"], each["assumed"]) for each in row.factors)
    return Assessment(row.card, row.facts, row.score, row.band, weighed, row.plan_required)


def bands(session: Session, lot_ids: Iterable[str]) -> dict[str, str]:
    """The band of the latest sealed assessment of each lot that has one."""
    latest = _latest().where(ClearanceAssessment.lot_id.in_(list(lot_ids))).subquery()
    rows = session.execute(
        select(ClearanceAssessment.lot_id, ClearanceAssessment.band).join(
            latest,
            and_(
                latest.c.lot_id == ClearanceAssessment.lot_id,
                latest.c.sheet_version == ClearanceAssessment.sheet_version,
            ),
        )
    )
    return {row.lot_id: row.band for row in rows}


def _latest() -> Select[str, int]:
    newest = func.max(ClearanceAssessment.sheet_version).label("sheet_version")
    return select(ClearanceAssessment.lot_id, newest).group_by(ClearanceAssessment.lot_id)


def plan(session: Session, lot_id: str) -> ClearancePlan | None:
    """The plan of a lot in force."""
    rows = select(ClearancePlan).where(ClearancePlan.lot_id == lot_id).order_by(ClearancePlan.version.desc())
    return session.scalar(rows.limit(1))


def outcome(session: Session, auction_id: str) -> ClearanceOutcome | None:
    """How the clearing after a sale went; None while it is not decided."""
    return session.get(ClearanceOutcome, auction_id)


def court_record(session: Session, court_code: str) -> Record:
    """A court's own record, over every lot it had to clear."""
    found = session.execute(
        select(func.count(), func.coalesce(func.sum(_IN_TIME), 0)).where(
            ClearanceOutcome.court_code == court_code, ClearanceOutcome.result != "not_applicable"
        )
    ).one()
    return Record(found[0], int(found[1]))


_IN_TIME = case((ClearanceOutcome.result == "on_time", 1), else_=0)


def court_level(session: Session, court_code: str) -> str:
    """The level of a court's record on the present card: where it has too few outcomes, the one without points."""
    card = load(PRESENT)
    return card.record_level(*court_record(session, court_code)) or card.factor("court_record").unknown


def court_records(session: Session) -> list[CourtRecord]:
    """Every court that had a lot to clear, by its code."""
    rows = session.execute(
        select(
            ClearanceOutcome.court_code,
            func.count(),
            func.sum(_IN_TIME),
            func.sum(case((ClearanceOutcome.manner == "forced", 1), else_=0)),
            func.coalesce(func.sum(ClearanceOutcome.days_late), 0),
        )
        .where(ClearanceOutcome.result != "not_applicable")
        .group_by(ClearanceOutcome.court_code)
        .order_by(ClearanceOutcome.court_code)
    )
    return [
        CourtRecord(code, Record(n, int(in_time)), int(forced), int(late)) for code, n, in_time, forced, late in rows
    ]


def outcomes(session: Session) -> list[ClearanceOutcome]:
    """Every outcome of a lot that had to be cleared, oldest first."""
    rows = select(ClearanceOutcome).where(ClearanceOutcome.result != "not_applicable")
    return list(session.scalars(rows.order_by(ClearanceOutcome.at, ClearanceOutcome.auction_id)))


def model(session: Session) -> ClearanceModel | None:
    """The latest model trained, whether or not it beats the card."""
    return session.scalar(select(ClearanceModel).order_by(ClearanceModel.at.desc(), ClearanceModel.id.desc()).limit(1))


def report(session: Session, ruleset: Ruleset) -> Report:
    """The calibration report."""
    told = [(row.band, row.result == "on_time") for row in outcomes(session)]
    found = calibrate(told, ruleset.count("clearance_band_min"))
    missing, rare = lacking(found.outcomes, found.in_time, ruleset)
    return Report(found, court_records(session), missing, rare, model(session))


def lacking(told: int, in_time: int, ruleset: Ruleset) -> tuple[int, int]:
    """How many outcomes, and how many of the rarer kind, are missing before a model may be trained."""
    rarer = min(in_time, told - in_time)
    return (
        max(0, ruleset.count("clearance_model_min") - told),
        max(0, ruleset.count("clearance_model_min_late") - rarer),
    )


def model_chance(session: Session, assessed: Assessment) -> float | None:
    """The chance of clearing in time the model gives, where one beats the card it was trained on; else None."""
    row = model(session)
    if row is None or not row.beats_card or row.card != assessed.card:
        return None
    return chance(row.intercept, row.weights, {weighed.code: weighed.points for weighed in assessed.factors})
