"""What is due: acts that time alone brings about, in the order of their due times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction
from risk.queries.sanctions import due_sanctions

from ..models import SignalScreening
from .patterns import unscreened

Act = Literal["open", "close", "overdue", "enforce", "expire", "screen", "patterns"]


@dataclass(frozen=True, slots=True)
class Due:
    """An act on an auction, or on a sanction (enforce, expire), and when it is due.

    Acts of one instant come in the order opening, closing, telling; then sanctions begin and end; then the signs of
    ended auctions are compared, and their bids are looked at.
    """

    at: datetime
    act: Act
    subject_id: str


def due_acts(session: Session, until: datetime) -> list[Due]:
    """Everything due up to and including `until`, earliest first."""
    opening = session.execute(
        select(Auction.opens_at, Auction.id).where(Auction.status == "announced", Auction.opens_at <= until)
    )
    closing = session.execute(
        select(Auction.closes_at, Auction.id).where(Auction.status == "open", Auction.closes_at <= until)
    )
    overdue = session.execute(
        select(Auction.balance_due_at, Auction.id).where(
            Auction.settlement == "balance_due", Auction.balance_due_at < until
        )
    )
    late = timedelta(microseconds=1)  # a balance that comes in its last moment is in time
    acts: list[tuple[Act, list[tuple[datetime, str]]]] = [
        ("open", [(at, key) for at, key in opening]),
        ("close", [(at, key) for at, key in closing]),
        ("overdue", [(at + late, key) for at, key in overdue if at is not None]),
    ]
    for act in ("enforce", "expire"):
        acts.append((act, [(at, key) for at, name, key in due_sanctions(session, until) if name == act]))
    screening = session.execute(
        select(SignalScreening.due_at, SignalScreening.auction_id).where(
            SignalScreening.done_at.is_(None), SignalScreening.due_at <= until
        )
    )
    acts.append(("screen", [(at, key) for at, key in screening]))
    acts.append(("patterns", unscreened(session, until)))
    found = [(at, rank, key, act) for rank, (act, rows) in enumerate(acts) for at, key in rows]
    return [Due(at, act, key) for at, _, key, act in sorted(found)]
