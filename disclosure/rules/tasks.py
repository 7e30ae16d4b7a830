"""Auxiliary work given to an agency (OJA 7): where a task stands, and whether it is late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["done", "cancelled"]
Status = Literal["open", "done", "cancelled"]
#: The part of a report that is no item of the sheet: files of the lot as a whole, such as photos.
FILES = "files"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task: when it is due, how and when it ended (None while it is open), whether it was the court that said so."""

    due_at: datetime
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    by_court: bool = False

    @property
    def status(self) -> Status:
        return self.outcome or "open"

    def is_late(self, now: datetime) -> bool:
        """Whether it was finished, or is still open, after its time. What the court called off is not late."""
        return self.outcome != "cancelled" and (self.ended_at or now) > self.due_at
