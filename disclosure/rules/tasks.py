"""Auxiliary work given to an agency (OJA 7): where a task stands, and whether it is late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .catalogue import Item

Outcome = Literal["done", "cancelled"]
Status = Literal["open", "done", "cancelled"]
#: The part of a report that is no item of the sheet: files of the lot as a whole, such as photos.
FILES = "files"
#: Work in which an agency also searches registers and asks people; any other only brings it to the lot.
_SEARCHING = frozenset({"survey", "inspection", "valuation", "audit", "other"})


def may_report(item: Item, kind: str) -> bool:
    """Whether an agency with a task of that kind reports on an item: never on what is the court's own (OJA 6, 27)."""
    return item.found_by == "spot" or (item.found_by == "search" and kind in _SEARCHING)


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
