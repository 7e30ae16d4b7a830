"""What is due: acts that time alone brings about, in the order of their due times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from auction.models import Auction, LotGroup, OwnSale
from disclosure.models import Question, QuestionMerge
from risk.queries.sanctions import due_sanctions

from ..models import AwaitedLook, Outage

#: What only informs somebody, in the order in which it is done: the days to sue over a rejected claim are over, whence
#: the days to resume run; then, all but the last two, what a regulator is told.
Look = Literal[
    "suit", "screen", "patterns", "names", "relist", "resume", "promise", "refund", "look_ups", "remind", "unsealed"
]
Act = Literal["outage", "open", "close", "overdue", "satisfy", "own_sale", "enforce", "expire", "unanswered"] | Look
LOOKS: tuple[Look, ...] = (
    "suit",
    "screen",
    "patterns",
    "names",
    "relist",
    "resume",
    "promise",
    "refund",
    "look_ups",
    "remind",
    "unsealed",
)
#: Of each kind so many are read at once: after a long stand-still there may be thousands, read every second.
_MOST_LOOKS = 100


@dataclass(frozen=True, slots=True)
class Due:
    """An act on an outage, an auction, a group of lots (satisfy), an own sale, a sanction, a question (unanswered), a
    registration (names) or an account (look_ups), and its time.

    Acts of one instant come in the order outage, opening, closing, telling, counting and ending own sales; then
    sanctions begin and end; then it is told of questions not answered in time; then sales that waited for a suit
    are let go; then the signs of ended auctions are compared, their bids are looked at, names are compared, late
    rounds, resumptions, clearings, refunds and unusual look-ups are told, registrants are reminded, and whose identity
    was opened before the end is told.
    """

    at: datetime
    act: Act
    subject_id: str


def due_acts(session: Session, until: datetime, *, looks: bool = True) -> list[Due]:
    """Everything due up to and including `until`, earliest first; of each kind of look only the first few, or none."""
    outages = session.execute(
        select(Outage.ended_at, Outage.id).where(Outage.applied_at.is_(None), Outage.ended_at <= until)
    )
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
        ("outage", [(at, key) for at, key in outages]),
        ("open", [(at, key) for at, key in opening]),
        ("close", [(at, key) for at, key in closing]),
        ("overdue", [(at + late, key) for at, key in overdue if at is not None]),
        ("satisfy", _groups(session, until)),
        ("own_sale", _own_sales(session, until)),
    ]
    sanctions = due_sanctions(session, until)
    for act in ("enforce", "expire"):
        acts.append((act, [(at, key) for at, name, key in sanctions if name == act]))
    acts.append(("unanswered", [(at, key) for at, key in session.execute(_unanswered(until))]))
    for look in LOOKS if looks else ():
        acts.append((look, [(due.at, due.subject_id) for due in due_looks(session, until, look)]))
    found = [(at, rank, key, act) for rank, (act, rows) in enumerate(acts) for at, key in rows]
    return [Due(at, act, key) for at, _, key, act in sorted(found)]


def _unanswered(until: datetime) -> Select[datetime, str]:
    return select(Question.due_at, Question.id).where(
        *(Question.answered_at.is_(None), Question.told_at.is_(None), Question.due_at <= until),
        ~exists().where(QuestionMerge.question_id == Question.id),
    )


def _groups(session: Session, until: datetime) -> list[tuple[datetime, str]]:
    rows = session.execute(select(LotGroup.check_at, LotGroup.id).where(LotGroup.check_at <= until))
    return [(at, key) for at, key in rows if at is not None]


def _own_sales(session: Session, until: datetime) -> list[tuple[datetime, str]]:
    running = (OwnSale.status == "allowed", OwnSale.ends_at <= until)
    return [(at, key) for at, key in session.execute(select(OwnSale.ends_at, OwnSale.id).where(*running))]


def all_due_looks(session: Session, until: datetime) -> list[Due]:
    """The first few looks of each kind due up to and including `until`, but for those at bids, kind by kind."""
    return [due for look in LOOKS if look != "patterns" for due in due_looks(session, until, look)]


def due_looks(session: Session, until: datetime, look: Look, most: int = _MOST_LOOKS) -> list[Due]:
    """The looks of one kind due up to and including `until`, earliest first, at most so many."""
    rows = session.execute(
        select(AwaitedLook.due_at, AwaitedLook.subject_id)
        .where(AwaitedLook.act == look, AwaitedLook.done_at.is_(None), AwaitedLook.due_at <= until)
        .order_by(AwaitedLook.due_at, AwaitedLook.subject_id)
        .limit(most)
    )
    return [Due(at, look, key) for at, key in rows]
