"""Auxiliary work: tasks, what agencies report on them, what the court takes over; the agencies' records."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from auction.models import Task
from bidding.queries.agencies import record_of
from bidding.queries.tasks import task_resource, tasks_page
from bidding.services.interest import give_task
from disclosure.services import reports
from disclosure.services import tasks as services

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.bidding import Nothing
from ..schemas.tasks import (
    AcceptedOut,
    AgencyRecordOut,
    CompletionIn,
    RatingIn,
    ReportedOut,
    ReportIn,
    TaskIn,
    TaskReasonIn,
    TasksOut,
    TasksQuery,
    TaskWithReportsOut,
)
from .listing import created
from .sheets import written_item
from .spec import Blueprint

blueprint = Blueprint("tasks", __name__, description="Auxiliary work and the agencies that do it")


def _done(service: Callable[..., Task], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Do something to a task and answer it as it stands then."""

    def do(unit: Unit) -> dict[str, Any]:
        task = service(unit, me(), *args, **kwargs)
        unit.session.flush()
        return task_resource(unit.session, me(), task.id, unit.now)

    return act(do)


@blueprint.post("/lots/<lot_id>/tasks")
@policy("lot.edit")
@blueprint.arguments(TaskIn)
@blueprint.response(201, TaskWithReportsOut)
def create_task(data: dict[str, Any], lot_id: str) -> Response:
    """Give auxiliary work to an agency; from then on neither it nor its people may bid for the lot (OJA 34)."""
    return created(_done(give_task, lot_id, **data))


@blueprint.get("/tasks")
@policy("task.read")
@blueprint.arguments(TasksQuery, location="query")
@blueprint.response(200, TasksOut)
def list_tasks(query: dict[str, Any]) -> Response:
    """An agency's own tasks, or those on a court's lots: open ones first, those due earliest before."""
    wired = house()
    page, size = query["page"], query["page_size"]
    items, total = wired.read(tasks_page, me(), wired.now(), status=query.get("status"), page=page, page_size=size)
    return jsonify({"items": items, "page": page, "page_size": size, "total": total})


@blueprint.get("/tasks/<task_id>")
@policy("task.read")
@blueprint.response(200, TaskWithReportsOut)
def get_task(task_id: str) -> Response:
    """A task with everything reported on it, for its agency and the lot's court."""
    wired = house()
    return jsonify(wired.read(task_resource, me(), task_id, wired.now()))


@blueprint.post("/tasks/<task_id>/reports")
@policy("task.report")
@blueprint.arguments(ReportIn)
@blueprint.response(201, ReportedOut)
def create_report(data: dict[str, Any], task_id: str) -> Response:
    """Report items of the disclosure sheet and files. The sheet changes only by what the court takes over."""

    def send(unit: Unit) -> dict[str, Any]:
        sent = reports.report(unit, me(), task_id, **data)
        unit.session.flush()
        task = task_resource(unit.session, me(), task_id, unit.now)
        return {**task, "id": sent.id, "report_id": sent.id, "task_id": task_id}

    return created(act(send))


@blueprint.post("/reports/<report_id>/items/<code>/acceptance")
@policy("report.decide")
@blueprint.arguments(Nothing)
@blueprint.response(201, AcceptedOut)
def accept_part(_nothing: dict[str, Any], report_id: str, code: str) -> Response:
    """Take one item of a report over into the sheet, its agency as the checker; or its `files`. Judges alone."""

    def accept(unit: Unit) -> dict[str, Any]:
        written = reports.accept_part(unit, me(), report_id, code)
        return {"report_id": report_id, "code": code, "item": written_item(written) if written else None}

    return created(act(accept))


@blueprint.post("/reports/<report_id>/items/<code>/refusal")
@policy("report.decide")
@blueprint.arguments(TaskReasonIn)
@blueprint.response(201, AcceptedOut)
def refuse_part(data: dict[str, Any], report_id: str, code: str) -> Response:
    """Refuse one item of a report, with the reason its agency reads."""
    act(reports.refuse_part, me(), report_id, code, **data)
    return created({"report_id": report_id, "code": code, "item": None})


@blueprint.post("/tasks/<task_id>/completion")
@policy("task.finish")
@blueprint.arguments(CompletionIn)
@blueprint.response(201, TaskWithReportsOut)
def complete(data: dict[str, Any], task_id: str) -> Response:
    """Say that the work is done: by this moment it is in time or late."""
    return created(_done(services.finish_task, task_id, **data))


@blueprint.post("/tasks/<task_id>/cancellation")
@policy("task.decide")
@blueprint.arguments(TaskReasonIn)
@blueprint.response(201, TaskWithReportsOut)
def cancel(data: dict[str, Any], task_id: str) -> Response:
    """Call a task off. The agency stays barred from the lot."""
    return created(_done(services.cancel_task, task_id, **data))


@blueprint.post("/tasks/<task_id>/rating")
@policy("task.decide")
@blueprint.arguments(RatingIn)
@blueprint.response(201, TaskWithReportsOut)
def rate(data: dict[str, Any], task_id: str) -> Response:
    """Say how a finished task was done, once."""
    return created(_done(services.rate_task, task_id, **data))


@blueprint.get("/agencies/<uscc>/record")
@policy("agency.record")
@blueprint.response(200, AgencyRecordOut)
def get_record(uscc: str) -> Response:
    """An agency's record, for regulators and courts, and for the agency itself."""
    wired = house()
    return jsonify(wired.read(record_of, me(), uscc, wired.now()))
