"""Refunds that are overdue: the regulators are told once, and it is over by itself when the money has gone."""

from datetime import timedelta

from sqlalchemy import select

from bidding.models import Payment
from bidding.queries.due import due_acts
from bidding.services.closing import close
from bidding.services.payments import refund_executed
from bidding.services.refund_watch import watch_refunds
from risk.models import Alert
from tests.bidding.hall import RESERVE, Hall
from web.timekeeping import carry_out

SECOND = timedelta(seconds=1)


def look(hall: Hall, auction_id: str) -> None:
    """What the scheduler does."""
    for due in hall.house.read(due_acts, hall.clock.moment):
        if (due.act, due.subject_id) == ("refund", auction_id):
            carry_out(hall.house, due)


def alerts(hall: Hall, auction_id: str) -> list[tuple[str, int, str | None]]:
    wanted = select(Alert).where(Alert.kind == "refund_overdue", Alert.auction_id == auction_id).order_by(Alert.id)
    rows = hall.house.read(lambda session: list(session.scalars(wanted)))
    return [(row.status, row.reasons[0]["facts"]["open"], row.resolved_by) for row in rows]


def refunds(hall: Hall, auction_id: str) -> list[str]:
    wanted = select(Payment.id).where(Payment.auction_id == auction_id, Payment.refund_due_at.is_not(None))
    return hall.house.read(lambda session: list(session.scalars(wanted.order_by(Payment.id))))


def test_overdue_refunds_of_a_sale_are_told_once_and_end_by_themselves(hall: Hall) -> None:
    auction_id = hall.auction()
    winner, *_ = hall.bidders(auction_id, None, None, None)
    assert hall.bid(winner, RESERVE).outcome == "accepted"
    hall.clock.moment = hall.row(auction_id).closes_at
    assert hall.house.perform(close, auction_id, settled=True) == "sold"
    first, second = refunds(hall, auction_id)
    hall.clock.advance(hours=24)
    look(hall, auction_id)
    assert alerts(hall, auction_id) == []  # the last moment is in time
    hall.clock.moment += SECOND
    look(hall, auction_id)
    look(hall, auction_id)
    assert hall.house.perform(watch_refunds, auction_id) is False
    assert alerts(hall, auction_id) == [("open", 2, None)]
    hall.house.perform(refund_executed, first)
    assert alerts(hall, auction_id) == [("open", 2, None)]
    hall.house.perform(refund_executed, second)
    assert alerts(hall, auction_id) == [("resolved", 2, None)]


def test_a_refund_sent_in_time_is_told_to_nobody(hall: Hall) -> None:
    auction_id = hall.auction()
    hall.bidders(auction_id, None)
    hall.clock.moment = hall.row(auction_id).closes_at
    assert hall.house.perform(close, auction_id, settled=True) == "unsold"
    for payment_id in refunds(hall, auction_id):
        hall.house.perform(refund_executed, payment_id)
    hall.clock.advance(hours=48)
    look(hall, auction_id)
    assert alerts(hall, auction_id) == []
