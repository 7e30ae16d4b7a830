"""Looks that a transaction leaves to be taken after it: they inform a regulator, so that nobody has to wait for them.

Each is taken once. What comes to light later (a payment after the end) makes it due again.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, LotGroup
from auction.queries.unsold import group_of

from ..models import AwaitedLook
from ..queries.break_glass import has_openings
from ..queries.due import Look

#: How long a look that failed is left alone.
_REST = timedelta(minutes=5)


def end(unit: Unit, auction: Auction) -> None:
    """The bidding of a locked auction is over, however that came: its signs are compared, its bids looked at."""
    auction.closed_at = unit.now
    await_look(unit, "screen", auction.id)
    if auction.bid_count:
        await_look(unit, "patterns", auction.id)
    if has_openings(unit.session, auction.id):
        await_look(unit, "unsealed", auction.id)


def await_look(unit: Unit, look: Look, subject_id: str, *, at: datetime | None = None) -> None:
    """Have a look taken as soon as this transaction is over, or `at` a later time, also where it was taken before."""
    row = unit.session.get(AwaitedLook, (look, subject_id))
    if row is None:
        unit.session.add(AwaitedLook(act=look, subject_id=subject_id, due_at=at or unit.now))
    else:
        row.due_at, row.done_at = at or unit.now, None


def count_again(unit: Unit, lot_id: str) -> None:
    """A lot was sold, paid for, or lost what it brought: have its group counted once this transaction is over."""
    group = group_of(unit.session, lot_id)
    if group is not None:
        lock_group(unit, group.id).check_at = unit.now


def lock_group(unit: Unit, group_id: str) -> LotGroup:
    """A group of lots, locked; DomainError not_found."""
    group = unit.session.scalar(
        select(LotGroup)
        .where(LotGroup.id == group_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if group is None:
        raise DomainError("not_found")
    return group


def taken(unit: Unit, look: Look, subject_id: str) -> bool:
    """Note that an awaited look is being taken; False where none is awaited, and nothing is to be done."""
    row = unit.session.get(AwaitedLook, (look, subject_id), with_for_update=True, populate_existing=True)
    if row is None or row.done_at is not None:
        return False
    row.done_at = unit.now
    return True


def put_off(unit: Unit, look: str, subject_id: str) -> None:
    """Let a look that failed wait a while, behind those that are due by then."""
    row = unit.session.get(AwaitedLook, (look, subject_id), with_for_update=True, populate_existing=True)
    if row is not None and row.done_at is None:
        row.due_at = unit.now + _REST
