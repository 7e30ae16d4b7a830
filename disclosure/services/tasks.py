"""The life of a task after it was given: finished by its agency or the court, called off or rated by the court."""

from sqlalchemy import exists, select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Task, TaskEnd, TaskRating
from auction.rules.access import Actor

from ..models import TaskReport, Viewing
from ..rules.tasks import Outcome, TaskFacts
from .task_locks import lock_open_task, lock_task
from .viewings import call_off_ahead


def finish_task(unit: Unit, actor: Actor, task_id: str, *, note: str) -> Task:
    """Say that the work is done. An agency must have reported something or offered a viewing before.

    Whether it was in time is decided by this moment, not by when the court gets round to the report; where the court
    itself says so in time, that is no merit of the agency (`in_time` null).
    DomainError not_found, wrong_state (task_over, nothing_done).
    """
    task = lock_open_task(unit, actor, task_id, "task.finish")
    if actor.role == "agency" and not _did_something(unit, task):
        raise DomainError("wrong_state", reason="nothing_done")
    _end(unit, actor, task, "done", note)
    in_time: bool | None = not TaskFacts(task.due_at, "done", unit.now).is_late(unit.now)
    if in_time and actor.role != "agency":
        in_time = None
    unit.record(
        "TaskFinished",
        stream=f"lot:{task.lot_id}",
        body={"task_id": task.id, "agency": task.agency_uscc, "kind": task.kind, "in_time": in_time},
    )
    return task


def _did_something(unit: Unit, task: Task) -> bool:
    done = exists().where(TaskReport.task_id == task.id) | exists().where(Viewing.task_id == task.id)
    return bool(unit.session.scalar(select(done)))


def cancel_task(unit: Unit, actor: Actor, task_id: str, *, reason: str) -> Task:
    """Call a task off, and the viewings it still has before it. The agency stays barred: it knew of the lot (OJA 34).

    DomainError not_found, wrong_state/task_over.
    """
    task = lock_open_task(unit, actor, task_id, "task.decide")
    _end(unit, actor, task, "cancelled", reason)
    unit.record(
        "TaskCancelled",
        stream=f"lot:{task.lot_id}",
        body={"task_id": task.id, "agency": task.agency_uscc, "kind": task.kind, "reason": reason},
    )
    call_off_ahead(unit, Viewing.task_id == task.id, reason)
    return task


def _end(unit: Unit, actor: Actor, task: Task, outcome: Outcome, reason: str) -> None:
    unit.session.add(TaskEnd(task_id=task.id, outcome=outcome, reason=reason, at=unit.now, by=actor.id))


def rate_task(unit: Unit, actor: Actor, task_id: str, *, rating: int, reason: str) -> Task:
    """What the court thinks of a finished task, 1 to 5, once.

    DomainError not_found, wrong_state (not_done, rated).
    """
    task = lock_task(unit, actor, task_id, "task.decide")
    end = unit.session.get(TaskEnd, task.id)
    if end is None or end.outcome != "done":
        raise DomainError("wrong_state", reason="not_done")
    if unit.session.get(TaskRating, task.id) is not None:
        raise DomainError("wrong_state", reason="rated")
    unit.session.add(TaskRating(task_id=task.id, rating=rating, reason=reason, at=unit.now, by=actor.id))
    unit.record(
        "TaskRated",
        stream=f"lot:{task.lot_id}",
        private=True,
        body={"task_id": task.id, "agency": task.agency_uscc, "rating": rating, "reason": reason, "by": actor.id},
    )
    return task
