"""What a court has to do by a day: objections, reviews, sales to go on with; for the board of its judges."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction, Lot
from auction.rules.calendar import shanghai_day

from .objections import open_of_court


@dataclass(frozen=True, slots=True)
class Clock:
    """One thing to do: `receive`, `decide` or `review` an objection, `resume` a sale; `late` once its day is over."""

    act: str
    auction_id: str
    title: str
    due_on: date
    late: bool


def clocks(session: Session, court_code: str, now: datetime) -> list[Clock]:
    """A court's clocks, the most urgent first."""
    today = shanghai_day(now)
    found = []
    for row, auction, lot in open_of_court(session, court_code):
        under_review = row.status != "filed"
        act = "review" if under_review else "receive" if row.received_at is None else "decide"
        due_on = row.review_due_on if under_review and row.review_due_on else row.due_on
        found.append(Clock(act, auction.id, lot.title, due_on, today > due_on))
    stopped = session.execute(
        select(Auction, Lot)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Lot.court_code == court_code, Auction.status == "suspended")
    )
    for auction, lot in stopped:
        by = (auction.suspension or {}).get("resume_by")
        if by is not None:
            due_on = date.fromisoformat(by)
            found.append(Clock("resume", auction.id, lot.title, due_on, today > due_on))
    return sorted(found, key=lambda clock: (clock.due_on, clock.act, clock.auction_id))
