"""What the log has that somebody is to be told: entries sealed since the last look, and to which accounts they go.

The log's order has no gaps and never changes, so that nothing is passed over and nothing told twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import orjson
import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from auction.kernel.clock import parse
from auction.models import Account, Auction, JournalRow, LogLeaf, Lot, Party, Person, Platform
from auction.queries.log import latest_checkpoint
from auction.queries.unsold import creditors
from disclosure.models import Question, Viewing, ViewingBooking

from ..models import Bid, Registration
from ..rules.news import TOLD, Tiding, tidings
from ..rules.registration import STANDING
from .rooms import ruleset_of

log = structlog.get_logger(__name__)
A = TypeVar("A")
T = TypeVar("T")

#: The row of `platform` that says how many leaves of the log have been looked at.
TOLD_SIZE = "told_size"
#: Entries looked at in one transaction.
MOST = 1000
_OPENINGS = ("AuctionAnnounced", "AuctionResumed", "OpeningPutOff")
#: Kinds of person who read messages.
_READERS = ("bidder", "party")


@dataclass(frozen=True, slots=True)
class Telling:
    """A message for one account; `key` is the same however often it is told."""

    account_id: str
    kind: str
    subject: Mapping[str, Any]
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Contest:
    """Bids accepted in one auction: its place, who was outbid and who leads, with the last amount and its time."""

    auction_id: str
    subject: Mapping[str, Any]
    outbid: tuple[str, ...]
    leader: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of the leaves from `start` to before `end`. `openings`: auctions of which to remind.

    `failed`: how many entries could not be read for whom they concern. They are passed over, each with its error in
    the program's log: what is the matter with one of them keeps nobody else's message back.
    """

    start: int
    end: int
    tellings: tuple[Telling, ...] = ()
    contests: tuple[Contest, ...] = ()
    openings: tuple[str, ...] = ()
    failed: int = 0


def told_size(session: Session) -> int:
    """How many leaves of the log have been looked at."""
    return int(session.scalar(select(Platform.value).where(Platform.key == TOLD_SIZE)) or 0)


def news(session: Session, most: int = MOST) -> News | None:
    """What came since the last look, at most so many entries; None where the log has not grown."""
    start, newest = told_size(session), latest_checkpoint(session)
    if newest is None or newest.size <= start:
        return None
    rows = session.execute(
        select(LogLeaf.index.label("place"), JournalRow.entry)
        .join(JournalRow, and_(JournalRow.stream == LogLeaf.stream, JournalRow.number == LogLeaf.number))
        .where(LogLeaf.index >= start, LogLeaf.index < newest.size)
        .where(JournalRow.kind.in_((*TOLD, *_OPENINGS, "BidAccepted")))
        .order_by(LogLeaf.index)
        .limit(most)
    ).all()
    end = rows[-1].place + 1 if len(rows) == most else newest.size
    entries = [orjson.loads(row.entry) for row in rows]
    openings = [_key(entry) for entry in entries if entry["kind"] in _OPENINGS]
    bids: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        if entry["kind"] == "BidAccepted":
            bids[_key(entry)].append(entry)
    tellings = [_apart(entry, lambda entry: list(_tellings(session, entry)), entry) for entry in entries]
    contests = [_apart(found[-1], lambda found: [_contest(session, found)], found) for found in bids.values()]
    return News(
        start,
        end,
        tuple(one for found in tellings for one in found or ()),
        tuple(one for found in contests for one in found or ()),
        tuple(dict.fromkeys(openings)),
        sum(found is None for found in (*tellings, *contests)),
    )


def _apart(entry: Mapping[str, Any], read: Callable[[A], T], of: A) -> T | None:
    """What `read` answers of it; None where the entry is at fault. A database that fails is raised: nothing is lost."""
    try:
        return read(of)
    except DBAPIError:
        raise
    except Exception:
        log.exception("entry could not be told", stream=entry["stream"], number=entry["number"], kind=entry["kind"])
        return None


def _key(entry: Mapping[str, Any]) -> str:
    return str(entry["stream"].partition(":")[2])


def _tellings(session: Session, entry: Mapping[str, Any]) -> Iterable[Telling]:
    for position, tiding in enumerate(tidings(entry)):
        placed = _placed(session, tiding)
        key = f"{entry['stream']}:{entry['number']}:{position}"
        accounts = dict.fromkeys(_accounts(session, placed))
        subject = {**placed.facts, **place(session, placed.auction_id, placed.lot_id)} if accounts else {}
        for account_id in accounts:
            yield Telling(account_id, placed.kind, subject, key, parse(entry["at"]))


def _placed(session: Session, tiding: Tiding) -> Tiding:
    """The tiding with the auction or lot it is about, and a visit's time, where the entry names them by another id."""
    if tiding.who == "leader":
        leader = session.scalar(select(Auction.leader_registration_id).where(Auction.id == tiding.to)) or ""
        return replace(tiding, who="registration", to=leader, facts={**tiding.facts, "registration_id": leader})
    if tiding.who == "registration" and tiding.auction_id is None:
        registration = session.get(Registration, tiding.to)
        return replace(tiding, auction_id=registration.auction_id) if registration else tiding
    viewing = session.get(Viewing, tiding.facts["viewing_id"]) if "viewing_id" in tiding.facts else None
    if viewing is not None:
        facts = {**tiding.facts, "starts_at": viewing.starts_at.isoformat()}
        return replace(tiding, facts=facts, lot_id=viewing.lot_id)
    return tiding


def place(session: Session, auction_id: str | None, lot_id: str | None) -> dict[str, Any]:
    """What every message says of where it belongs: ids, the lot's title, the round; as far as there is one."""
    auction = session.get(Auction, auction_id) if auction_id else None
    lot = session.get(Lot, auction.lot_id if auction else lot_id) if auction or lot_id else None
    told: dict[str, Any] = {}
    if auction is not None:
        told |= {"auction_id": auction.id, "round": auction.round}
    return told | ({"lot_id": lot.id, "title": lot.title} if lot is not None else {})


def _accounts(session: Session, tiding: Tiding) -> Sequence[str]:
    who, key = tiding.who, tiding.to
    if who == "account":
        return [key]
    if who == "registration":
        return session.scalars(select(Registration.account_id).where(Registration.id == key)).all()
    if who in ("registrants", "others"):
        return _registrants(session, tiding)
    return session.scalars(_people(session, tiding)).all()


def _registrants(session: Session, tiding: Tiding) -> Sequence[str]:
    auction = session.get_one(Auction, tiding.to)
    if auction.announced_at is None:  # nobody can have registered; and there is no ruleset yet
        return []
    there: ColumnElement[bool] = Registration.status.in_((*STANDING, "applied"))
    if tiding.since is not None:  # whoever was let go by what is told has a deposit due back from then on
        due = parse(tiding.since) + ruleset_of(session, auction).span("deposit_refund")
        there = or_(there, and_(Registration.status == "released", Registration.release_due_at >= due))
    wanted = select(Registration.account_id).where(Registration.auction_id == auction.id, there)
    if tiding.who == "others":
        wanted = wanted.where(Registration.id != (auction.leader_registration_id or ""))
    return session.scalars(wanted.order_by(Registration.id)).all()


def _people(session: Session, tiding: Tiding) -> Any:
    """The accounts of persons: of one, of whoever asked or has booked, or of parties by their identity."""
    accounts = select(Account.id).where(Account.role.in_(_READERS)).order_by(Account.id)
    if tiding.who == "person":
        return accounts.where(Account.person_id == tiding.to)
    if tiding.who == "asker":
        asker = select(Question.person_id).where(Question.id == tiding.to)
        return accounts.where(Account.person_id == asker.scalar_subquery())
    if tiding.who == "visitors":
        booked = select(ViewingBooking.person_id).where(
            ViewingBooking.viewing_id == tiding.to, ViewingBooking.cancelled_at.is_(None)
        )
        return accounts.where(Account.person_id.in_(booked))
    if tiding.who == "party":
        matches = [session.scalar(select(Party.id_match).where(Party.id == tiding.to))]
    else:
        auction = session.get_one(Auction, tiding.to)
        matches = [party.id_match for party in creditors(session, auction.lot.case_id)]
    known = [match for match in matches if match]
    return accounts.join(Person, Person.id == Account.person_id).where(Person.id_match.in_(known), Person.verified)


def _contest(session: Session, entries: Sequence[Mapping[str, Any]]) -> Contest:
    """The new bids of one auction: whose bids stood a moment ago, but not who leads now."""
    auction_id, first, last = _key(entries[0]), entries[0]["body"]["seq"], entries[-1]
    auction = session.get_one(Auction, auction_id)
    rows = session.execute(
        select(Bid.seq, Registration.account_id)
        .join(Registration, Registration.id == Bid.registration_id)
        .where(Bid.auction_id == auction_id, Bid.seq >= max(first - 1, auction.lapsed_seq + 1))
        .where(Bid.seq <= last["body"]["seq"])
        .order_by(Bid.seq)
    ).all()
    leader = rows[-1].account_id if rows else None
    subject = {**place(session, auction_id, None), "price_fen": last["body"]["amount_fen"]}
    outbid = tuple(dict.fromkeys(row.account_id for row in rows if row.account_id != leader))
    return Contest(auction_id, subject, outbid, leader, parse(last["at"]))
