"""A task and its lot, locked, for whoever may act on it: every service of auxiliary work begins here."""

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Task, TaskEnd
from auction.rules.access import Actor
from auction.services.lots import lock_lot


def lock_task(unit: Unit, actor: Actor, task_id: str, action: str) -> Task:
    """The task, its lot locked, if the actor may do `action` to it; DomainError not_found otherwise.

    An agency acts on its own tasks, a court on those of its lots.
    """
    task = unit.session.get(Task, task_id)
    if task is None:
        raise DomainError("not_found")
    lock_lot(unit, actor, task.lot_id, action)
    if actor.role == "agency" and actor.agency_uscc != task.agency_uscc:
        raise DomainError("not_found")
    return task


def lock_open_task(unit: Unit, actor: Actor, task_id: str, action: str) -> Task:
    """The same of a task that has not ended; DomainError wrong_state/task_over otherwise."""
    task = lock_task(unit, actor, task_id, action)
    end = unit.session.get(TaskEnd, task.id)
    if end is not None:
        raise DomainError("wrong_state", reason="task_over", status=end.outcome)
    return task
