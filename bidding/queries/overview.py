"""What a regulator compares: the sales of a period by court and month, how each court kept its duties, the agencies.

Nothing that runs is told with a price, and nobody's name but that of courts and agencies.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import Session

from auction.kernel.events import RoomEvent
from auction.models import Agency, Auction, Court, Lot
from auction.rules.access import Actor, require
from auction.rules.calendar import midnight
from disclosure.models import Question
from disclosure.rules.agencies import AgencyRecord
from risk.models import Alert, ClearanceOutcome

from ..models import SaleObjection
from .agencies import records
from .statistics import Period, Reading, read_statistics

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Duties:
    """How a court kept what a regulator looks for, in the period.

    `changes`: sheets changed after their announcement, `material` of them; `objections` filed, `accepted` of them;
    `questions` asked, `unanswered` of them late; `cleared` handovers decided, `in_time` of them; `alerts` raised,
    `open` of them now.
    """

    changes: int = 0
    material: int = 0
    objections: int = 0
    accepted: int = 0
    questions: int = 0
    unanswered: int = 0
    cleared: int = 0
    in_time: int = 0
    alerts: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole of it: `names` of the courts by code, their `duties`, and each agency with its record of all time."""

    reading: Reading
    names: dict[str, str]
    duties: dict[str, Duties] = field(default_factory=dict)
    agencies: list[tuple[Agency, AgencyRecord]] = field(default_factory=list)


def overview(session: Session, actor: Actor, period: Period, now: datetime) -> Overview:
    """The figures of a period, for regulators. DomainError forbidden; invalid as `read_statistics`."""
    require(actor, "alert.read")
    reading = read_statistics(session, period, now)
    duties: dict[str, Duties] = defaultdict(Duties)
    for names, rows in _counted(session, period, now):
        for row in rows:
            counts: tuple[int, ...] = tuple(row[1:])
            for name, count in zip(names, counts, strict=True):
                setattr(duties[row[0]], name, int(count))
    codes = {*duties, *reading.figures.by_court, *reading.refunds}
    named = session.execute(select(Court.code, Court.name).where(Court.code.in_(codes)).order_by(Court.code))
    courts = {row.code: row.name for row in named}
    agencies = records(session, now) if period.court is None else []
    return Overview(reading, courts, {code: duties[code] for code in courts}, agencies)


def _counted(session: Session, period: Period, now: datetime) -> Iterable[tuple[tuple[str, ...], Iterable[Row[Any]]]]:
    """The names of counts, and by court what they come to."""
    on_auction = select(Lot.court_code).join(Auction, Auction.lot_id == Lot.id)
    changed = RoomEvent.data["material"].as_boolean()
    yield _by_court(
        session,
        on_auction.join(RoomEvent, RoomEvent.auction_id == Auction.id).where(RoomEvent.type == "disclosure"),
        RoomEvent.at,
        period,
        Lot.court_code,
        changes=func.count(),
        material=_how_many(changed.is_(True)),
    )
    yield _by_court(
        session,
        on_auction.join(SaleObjection, SaleObjection.auction_id == Auction.id),
        SaleObjection.filed_at,
        period,
        Lot.court_code,
        objections=func.count(),
        accepted=_how_many(SaleObjection.status == "accepted"),
    )
    late = Question.answered_at.is_(None) & (Question.due_at < now)
    yield _by_court(
        session,
        select(Lot.court_code).join(Question, Question.lot_id == Lot.id),
        Question.asked_at,
        period,
        Lot.court_code,
        questions=func.count(),
        unanswered=_how_many(late),
    )
    yield _by_court(
        session,
        select(ClearanceOutcome.court_code).where(ClearanceOutcome.result != "not_applicable"),
        ClearanceOutcome.at,
        period,
        ClearanceOutcome.court_code,
        cleared=func.count(),
        in_time=_how_many(ClearanceOutcome.result == "on_time"),
    )
    yield _by_court(
        session,
        select(Alert.court_code).where(Alert.court_code.is_not(None)),
        Alert.raised_at,
        period,
        Alert.court_code,
        alerts=func.count(),
        open=_how_many(Alert.status == "open"),
    )


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _by_court(
    session: Session,
    rows: Select[Any],
    at: Any,
    period: Period,
    court: Any,
    **counts: ColumnElement[int],
) -> tuple[tuple[str, ...], Iterable[Row[Any]]]:
    if period.court is not None:
        rows = rows.where(court == period.court)
    if period.first is not None:
        rows = rows.where(at >= midnight(period.first))
    if period.last is not None:
        rows = rows.where(at < midnight(period.last + _DAY))
    return tuple(counts), session.execute(rows.add_columns(*counts.values()).group_by(court).order_by(court))
