"""The intake lease: a process that takes bids says up to when it has judged all it took (PRECISIONS 7)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from auction.kernel.db import Question
from auction.kernel.unit import Unit
from auction.models import Intake

#: How long a lease lasts, in machine time.
LEASE = timedelta(seconds=3)
#: Whether the lease of a `process` was taken away; it is held until the transaction ends.
LEASE_HELD = Question(
    ("process",),
    lambda rows, given: (
        select(Intake.lost)
        .join_from(rows, Intake, Intake.process == given["process"])
        .with_for_update(read=True, of=Intake)
    ),
)


class Fenced(Exception):
    """This process's intake lease was taken away: nothing it still holds may be committed."""


def take_lease(unit: Unit, process: str, mark: datetime) -> None:
    """Begin or renew the intake lease of a process. Raises Fenced when a closing has declared it lost."""
    row = unit.session.get(Intake, process, with_for_update=True)
    if row is None:
        old = unit.machine_now - timedelta(days=1)
        unit.session.execute(delete(Intake).where(Intake.lost, Intake.lease_until < old))
        row = Intake(process=process, lost=False)
    if row.lost:
        raise Fenced(process)
    row.mark, row.beat_at, row.lease_until = mark, unit.now, unit.machine_now + LEASE
    unit.session.add(row)


def hand_back_lease(unit: Unit, process: str) -> None:
    """A clean stop: nothing is held here any more."""
    unit.session.execute(delete(Intake).where(Intake.process == process))
