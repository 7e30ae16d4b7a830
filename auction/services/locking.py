"""Locks in one order: the lot, then its round. Who needs both takes them here, so that nobody waits in a ring."""

from sqlalchemy import select

from ..kernel.errors import DomainError
from ..kernel.unit import Unit
from ..models import Auction
from ..rules.access import Actor
from .lots import lock_lot


def lock_round(unit: Unit, actor: Actor, auction_id: str, action: str) -> Auction:
    """A round and its lot, both locked, if the actor may do `action` to it; DomainError not_found otherwise."""
    lot_id = unit.session.scalar(select(Auction.lot_id).where(Auction.id == auction_id))
    if lot_id is None:
        raise DomainError("not_found")
    lock_lot(unit, actor, lot_id, action)
    return unit.session.scalars(
        select(Auction).where(Auction.id == auction_id).with_for_update().execution_options(populate_existing=True)
    ).one()
