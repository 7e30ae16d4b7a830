"""Auxiliary work as its agency and the lot's court see it: tasks, what was reported, what waits for the court."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Agency, Court, Lot, Task, TaskEnd, TaskRating
from auction.rules.access import Actor, require
from disclosure.models import PartDecision, ReportPart, TaskReport
from disclosure.rules.tasks import Outcome, TaskFacts


def tasks_page(
    session: Session, actor: Actor, now: datetime, *, status: str | None = None, page: int = 1, page_size: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """One page of an agency's own tasks, or of those on a court's lots, and how many there are.

    Open ones first, those due earliest before; then the ended ones, the latest before.
    """
    rows = _rows(actor)
    if status == "open":
        rows = rows.where(TaskEnd.task_id.is_(None))
    elif status is not None:
        rows = rows.where(TaskEnd.outcome == status)
    total = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    order = (
        TaskEnd.task_id.is_not(None),
        case((TaskEnd.task_id.is_(None), Task.due_at)).asc().nulls_last(),
        TaskEnd.at.desc(),
        Task.id,
    )
    found = session.execute(rows.order_by(*order).limit(page_size).offset((page - 1) * page_size)).all()
    return _told(session, found, now), total


def tasks_of_lot(session: Session, lot_id: str, now: datetime) -> list[dict[str, Any]]:
    """All tasks on a lot, the oldest first; the caller decides who may see them."""
    found = session.execute(_all().where(Task.lot_id == lot_id).order_by(Task.created_at, Task.id)).all()
    return _told(session, found, now)


def task_resource(session: Session, actor: Actor, task_id: str, now: datetime) -> dict[str, Any]:
    """One task with its reports; DomainError not_found for what the actor may not see."""
    found = session.execute(_all().where(Task.id == task_id)).one_or_none()
    if found is None:
        raise DomainError("not_found")
    require(actor, "task.read", court=found.Lot.court_code)
    if actor.role == "agency" and actor.agency_uscc != found.Task.agency_uscc:
        raise DomainError("not_found")
    [task] = _told(session, [found], now)
    return {**task, "reports": reports_of(session, [task_id])[task_id]}


def reports_of(session: Session, task_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The reports on each of these tasks, the oldest first: parts as they were sent, and what the court said."""
    rows = session.execute(
        select(TaskReport, ReportPart, PartDecision)
        .join(ReportPart, ReportPart.report_id == TaskReport.id)
        .outerjoin(
            PartDecision, and_(PartDecision.report_id == ReportPart.report_id, PartDecision.code == ReportPart.code)
        )
        .where(TaskReport.task_id.in_(list(task_ids)))
        .order_by(TaskReport.at, TaskReport.id, ReportPart.position)
    )
    reports: dict[str, dict[str, Any]] = {}
    by_task: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for sent, part, decision in rows:
        if sent.id not in reports:
            reports[sent.id] = {"id": sent.id, "at": iso(sent.at), "note": sent.note, "parts": []}
            by_task[sent.task_id].append(reports[sent.id])
        reports[sent.id]["parts"].append(
            {
                "code": part.code,
                "facts": part.facts,
                **_decided(decision),
            }
        )
    return by_task


def _decided(decision: PartDecision | None) -> dict[str, str | None]:
    if decision is None:
        return {"decision": "waiting", "reason": None, "decided_at": None}
    said = "accepted" if decision.accepted else "refused"
    return {"decision": said, "reason": decision.reason or None, "decided_at": iso(decision.at)}


def _all() -> Select[*tuple[Any, ...]]:
    return (
        select(Task, TaskEnd, TaskRating, Lot, Agency.name.label("agency_name"), Court.name.label("court_name"))
        .join(Lot, Lot.id == Task.lot_id)
        .join(Court, Court.code == Lot.court_code)
        .join(Agency, Agency.uscc == Task.agency_uscc)
        .outerjoin(TaskEnd, TaskEnd.task_id == Task.id)
        .outerjoin(TaskRating, TaskRating.task_id == Task.id)
    )


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    if actor.role == "agency":
        return _all().where(Task.agency_uscc == actor.agency_uscc)
    return _all().where(Lot.court_code == actor.court_code)


def _told(session: Session, rows: Sequence[Any], now: datetime) -> list[dict[str, Any]]:
    waiting = _waiting(session, [row.Task.id for row in rows])
    return [_task(row, now, waiting.get(row.Task.id, 0)) for row in rows]


def _task(row: Any, now: datetime, waiting: int) -> dict[str, Any]:
    task, end, rating = row.Task, row.TaskEnd, row.TaskRating
    facts = facts_of(task, end)
    return {
        "id": task.id,
        "lot_id": task.lot_id,
        "lot_title": row.Lot.title,
        "court": row.Lot.court_code,
        "court_name": row.court_name,
        "agency": task.agency_uscc,
        "agency_name": row.agency_name,
        "kind": task.kind,
        "description": task.description,
        "due_at": iso(task.due_at),
        "created_at": iso(task.created_at),
        "status": facts.status,
        "late": facts.is_late(now),
        "ended_at": iso(end.at) if end else None,
        "end_reason": end.reason if end else None,
        "rating": {"rating": rating.rating, "reason": rating.reason} if rating else None,
        "waiting": waiting,
    }


def facts_of(task: Task, end: TaskEnd | None, *, by_court: bool = False) -> TaskFacts:
    """A stored task as the rules take it."""
    return TaskFacts(task.due_at, cast(Outcome, end.outcome) if end else None, end.at if end else None, by_court)


def _waiting(session: Session, task_ids: Sequence[str]) -> dict[str, int]:
    """How many parts of the reports on each task wait for the court."""
    rows = session.execute(
        select(TaskReport.task_id, func.count().label("waiting"))
        .join(ReportPart, ReportPart.report_id == TaskReport.id)
        .outerjoin(
            PartDecision, and_(PartDecision.report_id == ReportPart.report_id, PartDecision.code == ReportPart.code)
        )
        .where(TaskReport.task_id.in_(task_ids), PartDecision.report_id.is_(None))
        .group_by(TaskReport.task_id)
    )
    return {row.task_id: row.waiting for row in rows}
