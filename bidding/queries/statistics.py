"""The closed sales of a period, for everybody: of one court or of all. Nothing that runs, and nobody's name."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from auction.kernel.errors import invalid
from auction.models import Auction, Court, Lot
from auction.rules.calendar import midnight, shanghai_day
from auction.rules.lot import ENDED
from risk.models import ClearanceOutcome

from ..models import Payment
from ..rules.statistics import ClosedRound, Statistics, outcome_of, statistics

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The days looked at, both included; None: as far as there is anything. `court`: its code, None for all."""

    court: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Refunds:
    """Money to send back that was sent, or whose time is over: how many, and how many of them in time (OJA 23)."""

    due: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of a period, the names of its courts, the clearances decided in it (how many, in time), and the
    refunds that fell due in it, by court."""

    period: Period
    figures: Statistics
    courts: dict[str, str]
    cleared: int
    cleared_in_time: int
    refunds: dict[str, Refunds]


def read_statistics(session: Session, period: Period, now: datetime) -> Reading:
    """The figures of a period as of `now`. DomainError invalid: `court` unknown_court, `to` ends_before_start."""
    if period.court is not None and session.get(Court, period.court) is None:
        raise invalid("court", "unknown_court", value=period.court)
    if period.first and period.last and period.last < period.first:
        raise invalid("to", "ends_before_start", start=period.first.isoformat())
    rounds = _closed(session, period)
    refunds = _refunds(session, period, now)
    codes = {each.court_code for each in rounds} | refunds.keys()
    names = {row.code: row.name for row in session.scalars(select(Court).where(Court.code.in_(codes)))}
    return Reading(period, statistics(rounds), names, *_clearances(session, period), refunds)


def _closed(session: Session, period: Period) -> list[ClosedRound]:
    rows = (
        select(
            Lot.court_code,
            Lot.asset_type,
            Lot.created_at,
            Lot.seized_on,
            Auction.round,
            Auction.status,
            Auction.settlement,
            Auction.reserve_price_fen,
            Auction.reference_price_fen,
            Auction.price_fen,
            Auction.closed_at,
            Auction.bid_count,
        )
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Auction.status.in_([each.value for each in ENDED]), Auction.announced_at.is_not(None))
        .where(Auction.closed_at.is_not(None))
    )
    if period.court is not None:
        rows = rows.where(Lot.court_code == period.court)
    if period.first is not None:
        rows = rows.where(Auction.closed_at >= midnight(period.first))
    if period.last is not None:
        rows = rows.where(Auction.closed_at < midnight(period.last + _DAY))
    return [
        ClosedRound(
            court_code=row.court_code,
            round=row.round,
            asset_type=row.asset_type,
            outcome=outcome_of(row.status, row.settlement),
            reserve_fen=row.reserve_price_fen,
            reference_fen=row.reference_price_fen,
            price_fen=row.price_fen,
            entered_on=shanghai_day(row.created_at),
            closed_on=shanghai_day(row.closed_at),
            bids=row.bid_count,
            seized_on=row.seized_on,
        )
        for row in session.execute(rows)
    ]


def _clearances(session: Session, period: Period) -> tuple[int, int]:
    in_time = case((ClearanceOutcome.result == "on_time", 1), else_=0)
    rows = select(func.count(), func.coalesce(func.sum(in_time), 0)).where(ClearanceOutcome.result != "not_applicable")
    if period.court is not None:
        rows = rows.where(ClearanceOutcome.court_code == period.court)
    if period.first is not None:
        rows = rows.where(ClearanceOutcome.at >= midnight(period.first))
    if period.last is not None:
        rows = rows.where(ClearanceOutcome.at < midnight(period.last + _DAY))
    found = session.execute(rows).one()
    return found[0], int(found[1])


def _refunds(session: Session, period: Period, now: datetime) -> dict[str, Refunds]:
    """By court, of the refunds due in the period; one not yet sent whose time is not over says nothing yet."""
    sent, due = Payment.refunded_at, Payment.refund_due_at
    rows = (
        select(Lot.court_code, func.count(), func.coalesce(func.sum(case((sent <= due, 1), else_=0)), 0))
        .join(Auction, Auction.id == Payment.auction_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(due.is_not(None), or_(sent.is_not(None), due < now))
        .group_by(Lot.court_code)
        .order_by(Lot.court_code)
    )
    if period.court is not None:
        rows = rows.where(Lot.court_code == period.court)
    if period.first is not None:
        rows = rows.where(due >= midnight(period.first))
    if period.last is not None:
        rows = rows.where(due < midnight(period.last + _DAY))
    return {code: Refunds(count, int(in_time)) for code, count, in_time in session.execute(rows)}
