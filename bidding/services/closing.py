"""Closing: deciding, once, how the bidding ended.

Closing locks the row, does nothing when it is not due or already done, and may be called by anybody any number of
times. It waits until everything that arrived before the end has been judged, and never guesses: where a process was
lost so near the end that nobody can say what it had taken, the sale is suspended as a fault (PRECISIONS 7).

Lots of one group close one after the other: by their ends, at one instant the round drafted first. What those before
brought is counted by then, and where it is enough the next is stopped, not sold (SALE 14).
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, select, update

from auction.kernel.unit import Unit
from auction.models import Auction, Intake
from auction.queries.unsold import closes_after_another, group_of, is_group_satisfied
from auction.services.locking import lock_auction

from ..models import Registration
from ..queries.rooms import room_of, ruleset_of
from ..rules import room as rules
from .groups import stop
from .intake import nobody_takes_bids
from .life import change_status, open_auction, record_close, release_all, suspend_locked
from .looks import await_look, end, lock_group
from .outages import touch_locked
from .settlement import confirm_sale, hold_barred_winner
from .takings import ask_creditors


def close(unit: Unit, auction_id: str, *, settled: bool = False) -> str | None:
    """Close an auction whose end has passed; answers the new status, or None when there was nothing to do.

    Waits (answers None) until the settling time is over and every process that takes bids has judged what
    arrived before the end, and every lot of its group that ends before it is decided; `settled` skips the settling
    time, not the processes. A lot whose group has enough by then is stopped. A process lost near the end
    suspends the sale as a fault instead: nobody can say what it had taken (PRECISIONS 7). While nobody takes bids it
    waits, and what the outage does to the sale comes first.
    """
    auction = lock_auction(unit, auction_id)
    if auction.status == "announced" and unit.now >= auction.opens_at:
        open_auction(unit, auction)
    if auction.status != "open" or unit.now < auction.closes_at:
        return None
    numbers = ruleset_of(unit.session, auction)
    if not settled and unit.now < auction.closes_at + numbers.span("settling"):
        return None
    if nobody_takes_bids(unit):  # what the outage does to the sale is decided when it is over (PRECISIONS 21)
        return None
    if touch_locked(unit, auction):
        return auction.status if auction.status != "open" else None
    verdict = _intake(unit, auction, numbers.span("intake_lost_window"), numbers.span("intake_wait"))
    if verdict == "waiting":
        return None
    if verdict == "lost":
        suspend_locked(
            unit, auction, kind="fault", reason="平台在竞价结束前后中断，出价可能未被全部记录", cause="intake_lost"
        )
        return auction.status
    group = group_of(unit.session, auction.lot_id)
    if group is not None:
        lock_group(unit, group.id)  # whoever closes another lot of it waits until this one is decided
        if closes_after_another(unit.session, group.id, auction):
            return None
        if is_group_satisfied(unit.session, group):
            stop(unit, auction)
            return auction.status
    return _decide(unit, auction)


def _intake(unit: Unit, auction: Auction, window: timedelta, patience: timedelta) -> str | None:
    """None when all is judged; else `waiting` or `lost`. A process that is lost is marked: that is its fence.

    The rows are read without locking them: a desk holds its own while it waits for the room, which is held here.
    """
    verdict = None
    table, machine_now = Intake.__table__.c, unit.machine_now
    for row in unit.session.execute(select(*table).order_by(table.process)).all():
        silent = row.lease_until < machine_now and _fence(unit, row.process, Intake.lease_until < machine_now)
        if row.mark >= auction.closes_at:
            continue
        if row.lost or silent:
            verdict = "lost" if row.beat_at > auction.closes_at - window else verdict
        elif unit.now > auction.closes_at + patience and _fence(unit, row.process, Intake.mark < auction.closes_at):
            verdict = "lost"
        else:
            verdict = verdict or "waiting"
    return verdict


def _fence(unit: Unit, process: str, still: ColumnElement[bool]) -> bool:
    """Mark a process as lost if what was read of it still holds: nothing it has taken may be committed any more."""
    mark = update(Intake).where(Intake.process == process, Intake.lost.is_(False), still).values(lost=True)
    return unit.session.execute(mark.returning(Intake.process)).first() is not None


def _decide(unit: Unit, auction: Auction) -> str:
    room = room_of(auction)
    status = rules.outcome_at_close(room)
    end(unit, auction)
    if status == "sold":
        winner = unit.session.get_one(Registration, auction.leader_registration_id)
        if hold_barred_winner(unit, auction, winner):
            return auction.status
    change_status(unit, auction, status, price_fen=auction.price_fen, leader_code=auction.leader_code)
    decided = record_close(unit, auction, status)
    release_all(
        unit,
        auction,
        keep=auction.leader_registration_id if status == "sold" else None,
        since=auction.closes_at,
    )
    if status == "sold":
        confirm_sale(unit, auction, winner, decided)
    else:
        ask_creditors(unit, auction)
        await_look(unit, "relist", auction.lot_id)
    return status
