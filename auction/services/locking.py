"""Locks in one order, so that nobody waits in a ring: whoever needs several of these takes them from the top.

0. the court, for who writes its wording;
1. the lot (its sheet, its reference price, its questions and tasks);
2. rounds, in order of id; all that are needed at once, whatever their lots;
3. what hangs on a round: its group of lots, a sanction, a registration, an outage;
4. the proposal an act of several eyes waits on: who answers it locks first what it decides about (`approvals.Act`);
5. alerts, and last, in the order of what is recorded, the heads of the journal's streams.

Rows are locked against other writers, not against rows that only refer to them (`key_share`): a round's closing that
raises an alert about the lot does not wait for who drafts a change of the lot and waits for the round.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from ..kernel.errors import DomainError
from ..kernel.unit import Unit
from ..models import Auction
from ..rules.access import Actor
from .lots import lock_lot

# Statements of the bid path are built once: building them anew costs as much as asking them.
_LOCKED = (
    select(Auction)
    .where(Auction.id.in_(bindparam("ids", expanding=True)))
    .order_by(Auction.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def lock_round(unit: Unit, actor: Actor, auction_id: str, action: str) -> Auction:
    """A round and its lot, both locked, if the actor may do `action` to it; DomainError not_found otherwise."""
    lot_id = unit.session.scalar(select(Auction.lot_id).where(Auction.id == auction_id))
    if lot_id is None:
        raise DomainError("not_found")
    lock_lot(unit, actor, lot_id, action)
    return lock_auction(unit, auction_id)


def lock_auctions(unit: Unit, ids: Iterable[str]) -> dict[str, Auction]:
    """The rounds that exist among `ids`, locked in order of id, fresh from the database."""
    rows = unit.session.scalars(_LOCKED, {"ids": sorted(set(ids))})
    return {auction.id: auction for auction in rows}


def lock_auction(unit: Unit, auction_id: str) -> Auction:
    """One round, locked; DomainError not_found."""
    try:
        return lock_auctions(unit, [auction_id])[auction_id]
    except KeyError:
        raise DomainError("not_found") from None
