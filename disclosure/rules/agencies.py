"""An agency's record: what it was asked to do and what became of it. Counted facts, no points; it bars nobody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .questions import is_late
from .tasks import TaskFacts
from .viewings import Slot


@dataclass(frozen=True, slots=True)
class AgencyRecord:
    """`open_late` are among `open`. `done_by_court`: in time, but it was the court that said they were done, which is
    no merit of the agency. `rating` is the mean of the courts' ratings to one decimal, None without any."""

    given: int
    open: int
    open_late: int
    done_in_time: int
    done_late: int
    done_by_court: int
    cancelled: int
    items_accepted: int
    items_refused: int
    items_waiting: int
    answered_in_time: int
    answered_late: int
    viewings_held: int
    viewings_ahead: int
    viewings_cancelled: int
    ratings: int
    rating: float | None

    @property
    def in_time_share(self) -> float | None:
        """Of the tasks finished or overdue, how many were finished in time; None where there is none."""
        counted = self.done_in_time + self.done_late + self.open_late
        return round(self.done_in_time / counted, 3) if counted else None


def agency_record(
    tasks: Iterable[TaskFacts],
    parts: Iterable[bool | None],
    answers: Iterable[tuple[datetime, datetime]],
    viewings: Iterable[Slot],
    ratings: Iterable[int],
    now: datetime,
) -> AgencyRecord:
    """The record as of `now`.

    `parts`: of what was reported, whether the court accepted it (None: it waits). `answers`: by when each question the
    agency answered was due, and when it first was answered.
    """
    all_tasks, shown, points = list(tasks), list(viewings), list(ratings)
    said, clocks = list(parts), [is_late(due, at, now) for due, at in answers]
    still = [task for task in all_tasks if task.status == "open"]
    done = [task for task in all_tasks if task.status == "done"]
    late = sum(task.is_late(now) for task in done)
    courts = sum(task.by_court and not task.is_late(now) for task in done)
    held = sum(slot.was_held(now) for slot in shown)
    cancelled = sum(slot.cancelled for slot in shown)
    return AgencyRecord(
        given=len(all_tasks),
        open=len(still),
        open_late=sum(task.is_late(now) for task in still),
        done_in_time=len(done) - late - courts,
        done_late=late,
        done_by_court=courts,
        cancelled=len(all_tasks) - len(still) - len(done),
        items_accepted=said.count(True),
        items_refused=said.count(False),
        items_waiting=said.count(None),
        answered_in_time=clocks.count(False),
        answered_late=clocks.count(True),
        viewings_held=held,
        viewings_ahead=len(shown) - held - cancelled,
        viewings_cancelled=cancelled,
        ratings=len(points),
        rating=round(sum(points) / len(points), 1) if points else None,
    )
