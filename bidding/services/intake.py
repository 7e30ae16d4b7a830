"""The intake lease: a process that takes bids says up to when it has judged all it took (PRECISIONS 7)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from auction.kernel.clock import iso, parse
from auction.kernel.db import Question
from auction.kernel.unit import Unit
from auction.models import Intake, Platform

from ..models import Outage

#: How long a lease lasts, in machine time.
LEASE = timedelta(seconds=3)
#: Until when a lease was held that was handed back since, in machine time.
_HANDED_BACK = "intake_handed_back"
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
    """Begin or renew the intake lease of a process. Raises Fenced when a closing has declared it lost.

    Whoever takes one when nobody holds any ends an outage, which is recorded; the sales it touched follow.
    """
    row = unit.session.get(Intake, process, with_for_update=True)
    if row is not None and row.lost:
        raise Fenced(process)
    if row is None or row.lease_until < unit.machine_now:
        _end_outage(unit)
    if row is None:
        old = unit.machine_now - timedelta(days=1)
        unit.session.execute(delete(Intake).where(Intake.lost, Intake.lease_until < old))
        row = Intake(process=process, lost=False)
    row.mark, row.beat_at, row.lease_until = mark, unit.now, unit.machine_now + LEASE
    unit.session.add(row)


def hand_back_lease(unit: Unit, process: str) -> None:
    """A clean stop: nothing is held here any more, and nobody takes bids from now on unless others do."""
    unit.session.execute(delete(Intake).where(Intake.process == process))
    now = unit.machine_now
    row = unit.session.get(Platform, _HANDED_BACK, with_for_update=True)
    if row is None:
        unit.session.add(Platform(key=_HANDED_BACK, value=iso(now)))
    else:
        row.value = iso(max(parse(row.value), now))


def held_until(unit: Unit) -> datetime | None:
    """Until when a lease is or was held, machine time; None where nobody ever held one. A fence ends one at once."""
    now = unit.machine_now
    ends = [
        min(until, now) if lost else until
        for until, lost in unit.session.execute(select(Intake.lease_until, Intake.lost))
    ]
    handed_back = unit.session.scalar(select(Platform.value).where(Platform.key == _HANDED_BACK))
    if handed_back is not None:
        ends.append(parse(handed_back))
    return max(ends, default=None)


def nobody_takes_bids(unit: Unit) -> bool:
    """Whether an outage goes on: bids were taken here once, and no process holds a lease any more."""
    until = held_until(unit)
    return until is not None and until < unit.machine_now


def _end_outage(unit: Unit) -> None:
    """Record the outage that ends now, if nobody held a lease. Of two who come at once, one finds it (`since`)."""
    since, now = held_until(unit), unit.machine_now
    if since is None or since >= now:
        return
    outage = Outage(id=unit.new_id(), since=since, began_at=unit.now - (now - since), ended_at=unit.now)
    unit.session.add(outage)
    unit.record(
        "ServiceInterrupted",
        stream="intake",
        body={
            "outage_id": outage.id,
            "from": iso(outage.began_at),
            "to": iso(outage.ended_at),
            "seconds": (now - since) // timedelta(seconds=1),
        },
    )
