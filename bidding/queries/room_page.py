"""The bid room as one person sees it: the auction's state and the own standing in it."""

from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.models import Auction, JournalRow, LogLeaf, Lot
from disclosure.models import SheetVersion

from ..models import Bid, Registration
from ..rules.room import Offer, Refused, Room, RoomRules, Standing, is_implausible, judge, least_bid
from .course import Course, course
from .lot_page import SHOWN, BidFacts
from .rooms import room_of, room_rules


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """An own accepted bid and its signature. `sealed`: the public log already holds its entry.

    `sheet_version`: the sealed version of the sheet the bid was made on.
    """

    bid_id: str
    auction_id: str
    seq: int
    bidder_code: str | None
    amount_fen: int
    received_at: datetime
    signature: str
    sealed: bool
    sheet_version: int | None


@dataclass(frozen=True, slots=True)
class RoomPage:
    """What the room is made of. `registration` is the reader's own, None where there is none."""

    auction: Auction
    lot: Lot
    room: Room
    rules: RoomRules
    course: Course
    registration: Registration | None
    receipt: ReceiptFacts | None

    @property
    def bids(self) -> list[BidFacts]:
        """The latest accepted bids, the newest first."""
        return list(reversed(self.course.bids[-SHOWN:]))

    @property
    def leading(self) -> bool:
        """Whether the reader's own bid stands."""
        return self.registration is not None and self.room.leader == self.registration.id

    @property
    def minimum_fen(self) -> int:
        """The least amount the reader may offer now."""
        rank = self.registration.rank if self.registration else None
        return least_bid(self.room, rank, leading=self.leading)

    def fault_of(self, amount_fen: int) -> str | None:
        """What is wrong with an amount as such, whoever offers it now and however confirmed; None if nothing is."""
        own = self.registration
        standing = Standing(own.id if own else "nobody", own.rank if own else None, None, True, True, True)
        offer = Offer(amount_fen, self.room.opens_at, raise_own=True, confirm_implausible=True)
        answer, _ = judge(self.rules, replace(self.room, status="open", last_received_at=None), standing, offer)
        return answer.code if isinstance(answer, Refused) else None

    def is_far(self, amount_fen: int) -> bool:
        """Whether an amount needs the second confirmation."""
        return is_implausible(self.rules, self.room, amount_fen)


def room_page(session: Session, auction_id: str, account_id: str | None) -> RoomPage | None:
    """The room of an announced auction; None where there is no such thing."""
    auction = session.scalar(select(Auction).where(Auction.id == auction_id, Auction.announced_at.is_not(None)))
    if auction is None:
        return None
    registration = own_registration(session, auction_id, account_id)
    return RoomPage(
        auction=auction,
        lot=session.get_one(Lot, auction.lot_id),
        room=room_of(auction),
        rules=room_rules(session, auction),
        course=course(session, auction_id),
        registration=registration,
        receipt=latest_receipt(session, registration) if registration else None,
    )


def own_registration(session: Session, auction_id: str, account_id: str | None) -> Registration | None:
    """A person's registration for an auction: the live one, else the latest."""
    if account_id is None:
        return None
    rows = session.scalars(
        select(Registration)
        .where(
            Registration.auction_id == auction_id,
            Registration.account_id == account_id,
            Registration.claim != "taking",
        )
        .order_by(Registration.created_at.desc())
    ).all()
    live = [row for row in rows if row.status not in ("refused", "released")]
    return next(iter(live or rows), None)


def latest_receipt(session: Session, registration: Registration) -> ReceiptFacts | None:
    """The receipt of the registrant's latest accepted bid."""
    bid = session.scalar(
        select(Bid)
        .where(Bid.registration_id == registration.id, Bid.seq.is_not(None))
        .order_by(Bid.seq.desc())
        .limit(1)
    )
    if bid is None or bid.seq is None or bid.signature is None:
        return None
    sealed = session.scalar(
        select(LogLeaf.index).where(LogLeaf.stream == f"auction:{bid.auction_id}", LogLeaf.number == bid.journal_number)
    )
    return ReceiptFacts(
        bid.id,
        bid.auction_id,
        bid.seq,
        bid.bidder_code,
        bid.amount_fen,
        bid.received_at,
        bid.signature,
        sealed is not None,
        _sheet_version(session, bid),
    )


def _sheet_version(session: Session, bid: Bid) -> int | None:
    """The version whose seal the entry of a bid names."""
    entry = session.scalar(
        select(JournalRow.entry).where(
            JournalRow.stream == f"auction:{bid.auction_id}", JournalRow.number == bid.journal_number
        )
    )
    if entry is None:
        return None
    sealed = select(SheetVersion.version).join(Auction, Auction.lot_id == SheetVersion.lot_id)
    rows = sealed.where(Auction.id == bid.auction_id, SheetVersion.seal == orjson.loads(entry)["body"]["seal"])
    return session.scalar(rows.order_by(SheetVersion.version.desc()).limit(1))


def answer_to(session: Session, auction_id: str, account_id: str, key: str) -> Bid | None:
    """What became of a key of the account's registrations; None when no such offer was stored."""
    return session.scalar(
        select(Bid)
        .join(Registration, Registration.id == Bid.registration_id)
        .where(Bid.auction_id == auction_id, Registration.account_id == account_id, Bid.key == key)
        .order_by(Bid.decided_at.desc())
        .limit(1)
    )
