"""The records of agencies: for regulators and courts, and each for the agency itself."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Account, Agency, Court, Lot, Task, TaskEnd, TaskRating
from auction.rules.access import COURT_ROLES, Actor, require
from disclosure.models import Answer, PartDecision, Question, ReportPart, TaskReport, Viewing
from disclosure.rules.agencies import AgencyRecord, agency_record
from disclosure.rules.viewings import Slot

from .tasks import facts_of


def record_of(session: Session, actor: Actor, uscc: str, now: datetime) -> dict[str, Any]:
    """An agency's record with every rating; DomainError not_found for no such agency, and for another agency's."""
    require(actor, "agency.record")
    agency = session.get(Agency, uscc)
    if agency is None or (actor.role == "agency" and actor.agency_uscc != uscc):
        raise DomainError("not_found")
    record = _record(session, uscc, now)
    return {
        "agency": {"uscc": agency.uscc, "name": agency.name},
        **asdict(record),
        "in_time_share": record.in_time_share,
        "rated": _rated(session, uscc),
    }


def records(session: Session, now: datetime) -> list[tuple[Agency, AgencyRecord]]:
    """All agencies by name, with their records."""
    found = session.scalars(select(Agency).order_by(Agency.name, Agency.uscc))
    return [(agency, _record(session, agency.uscc, now)) for agency in found]


def _record(session: Session, uscc: str, now: datetime) -> AgencyRecord:
    tasks: Sequence[Any] = session.execute(
        select(Task, TaskEnd, TaskRating.rating, Account.role)
        .outerjoin(TaskEnd, TaskEnd.task_id == Task.id)
        .outerjoin(Account, Account.id == TaskEnd.by)
        .outerjoin(TaskRating, TaskRating.task_id == Task.id)
        .where(Task.agency_uscc == uscc)
    ).all()
    parts = session.scalars(
        select(PartDecision.accepted)
        .select_from(ReportPart)
        .join(TaskReport, TaskReport.id == ReportPart.report_id)
        .join(Task, Task.id == TaskReport.task_id)
        .outerjoin(
            PartDecision, and_(PartDecision.report_id == ReportPart.report_id, PartDecision.code == ReportPart.code)
        )
        .where(Task.agency_uscc == uscc)
    )
    answers = session.execute(
        select(Question.due_at, Answer.at)
        .join(Answer, and_(Answer.question_id == Question.id, Answer.version == 1))
        .where(Answer.agency_uscc == uscc)
    )
    viewings = session.scalars(select(Viewing).join(Task, Task.id == Viewing.task_id).where(Task.agency_uscc == uscc))
    return agency_record(
        [facts_of(task, end, by_court=role in COURT_ROLES) for task, end, _, role in tasks],
        parts,
        [(due_at, at) for due_at, at in answers],
        [Slot(v.starts_at, v.ends_at, v.places, cancelled=v.cancelled_at is not None) for v in viewings],
        [rating for _, _, rating, _ in tasks if rating is not None],
        now,
    )


def _rated(session: Session, uscc: str) -> list[dict[str, Any]]:
    rows = session.execute(
        select(TaskRating, Task.kind, Task.description, Lot.title, Court.name)
        .join(Task, Task.id == TaskRating.task_id)
        .join(Lot, Lot.id == Task.lot_id)
        .join(Court, Court.code == Lot.court_code)
        .where(Task.agency_uscc == uscc)
        .order_by(TaskRating.at.desc(), TaskRating.task_id)
    )
    return [
        {
            "task_id": rating.task_id,
            "kind": kind,
            "description": description,
            "lot_title": title,
            "court_name": court,
            "rating": rating.rating,
            "reason": rating.reason,
            "at": iso(rating.at),
        }
        for rating, kind, description, title, court in rows
    ]
