"""Everything the lot page tells, in one reading: lot, round, price, sheet, notices, files, rounds, bids."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from auction.kernel.journal import Stream
from auction.models import Auction, Case, Court, Lot, Notice, ReferencePrice, RoomEvent
from auction.rules.lot import AuctionStatus
from disclosure.models import SheetVersion
from disclosure.queries.sheets import FileFacts, catalogue_of, disclosed_hashes, files, working_sheet
from disclosure.rules.catalogue import Catalogue
from disclosure.rules.diff import ItemChange, diff
from disclosure.rules.sheet import Sheet, sheet_of

from ..models import Bid
from .editions import Edition, editions
from .market import registrations

#: Bids shown on the page itself.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class BidFacts:
    """An accepted bid as the public sees it."""

    seq: int
    bidder_code: str | None
    amount_fen: int
    received_at: datetime
    rank: int | None


@dataclass(frozen=True, slots=True)
class NoticeCount:
    """How many of a role were notified in which way, and when last: no names."""

    role: str
    status: str
    count: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """A sealed version, the files it discloses by their hash, and what it changed against the version `against`.

    Version 0 where nothing is sealed yet.
    """

    version: int
    seal: str
    at: datetime | None
    sheet: Sheet
    catalogue: Catalogue
    changes: tuple[ItemChange, ...]
    files: dict[str, FileFacts]
    against: int = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """A sealed version after the first, and what it changed against the one before."""

    version: int
    seal: str
    at: datetime
    material: bool
    changes: tuple[ItemChange, ...]


@dataclass(frozen=True, slots=True)
class LotPage:
    """What the page is made of. `auction` is the round that is shown; all rows are loaded and detached.

    `withdrawn_because`: the court's public reason where that round was withdrawn; None otherwise.
    """

    lot: Lot
    case_number: str
    court: Court
    auction: Auction
    announcement: Mapping[str, Any] | None
    ruleset: Mapping[str, Any] | None
    reference: ReferencePrice | None
    sheet: SheetFacts
    revisions: list[Revision]
    editions: list[Edition]
    notices: list[NoticeCount]
    rounds: list[Auction]
    bids: list[BidFacts]
    registrations: int
    withdrawn_because: str | None = None


def latest_auction(session: Session, lot_id: str) -> str | None:
    """The id of a lot's latest announced round; None where the public knows of none."""
    return session.scalar(
        select(Auction.id)
        .where(Auction.lot_id == lot_id, Auction.announced_at.is_not(None))
        .order_by(Auction.announced_at.desc(), Auction.id.desc())
        .limit(1)
    )


def version_of_lot(session: Session, lot_id: str) -> tuple[str, ...]:
    """What tells two states of a lot's pages apart: its id, then how far the journal of it and its rounds has come."""
    rounds = session.scalars(select(Auction.id).where(Auction.lot_id == lot_id))
    streams = [f"lot:{lot_id}", *(f"auction:{auction_id}" for auction_id in rounds)]
    heads = session.execute(select(Stream.stream, Stream.number).where(Stream.stream.in_(streams)))
    return (lot_id, *sorted(f"{stream}:{number}" for stream, number in heads))


def version_of_round(session: Session, auction_id: str) -> tuple[str, ...] | None:
    """The version of the lot that a round is of; None where there is no such round."""
    lot_id = session.scalar(select(Auction.lot_id).where(Auction.id == auction_id))
    return None if lot_id is None else version_of_lot(session, lot_id)


def asking_price(session: Session, lot_id: str) -> int | None:
    """What a buyer must reckon with at least, in fen, by the latest announced round; None where there is none."""
    auction_id = latest_auction(session, lot_id)
    return None if auction_id is None else asked(session.get_one(Auction, auction_id))


def asked(auction: Auction) -> int:
    """The least next bid of a round in fen, or the price it was sold at."""
    if auction.price_fen is None:
        return auction.reserve_price_fen
    sold = auction.status == AuctionStatus.SOLD.value
    return auction.price_fen if sold else auction.price_fen + auction.increment_fen


def lot_page(session: Session, auction_id: str) -> LotPage | None:
    """The page of one announced round; None where there is no such thing."""
    auction = session.scalar(
        select(Auction)
        .where(Auction.id == auction_id, Auction.announced_at.is_not(None))
        .options(undefer(Auction.announcement), undefer(Auction.ruleset))
    )
    if auction is None:
        return None
    lot = session.get_one(Lot, auction.lot_id)
    rounds = session.scalars(
        select(Auction)
        .where(Auction.lot_id == lot.id, Auction.announced_at.is_not(None))
        .order_by(Auction.announced_at.desc(), Auction.id.desc())
    )
    return LotPage(
        lot=lot,
        case_number=session.get_one(Case, lot.case_id).number,
        court=session.get_one(Court, lot.court_code),
        auction=auction,
        announcement=auction.announcement,
        ruleset=auction.ruleset,
        reference=session.get(ReferencePrice, lot.id),
        sheet=sealed_sheet(session, lot, auction.seal),
        revisions=revisions(session, lot, auction.seal),
        editions=editions(session, auction.id),
        notices=_notices(session, lot.id),
        rounds=list(rounds),
        bids=bids(session, auction.id, most=SHOWN),
        registrations=registrations(session, [auction.id]).get(auction.id, 0),
        withdrawn_because=_withdrawn_because(session, auction),
    )


def _withdrawn_because(session: Session, auction: Auction) -> str | None:
    """The reason its room was told, which is kept nowhere else: the row has only the ground."""
    if auction.status != AuctionStatus.WITHDRAWN.value:
        return None
    told = select(RoomEvent.data).where(RoomEvent.auction_id == auction.id, RoomEvent.type == "status")
    data = session.scalar(told.order_by(RoomEvent.version.desc()).limit(1))
    return str(data["reason"]) if data and data.get("reason") else None


def revisions(session: Session, lot: Lot, seal: str | None) -> list[Revision]:
    """How a lot's sheet came to the version with that seal: every version after the first, the latest first."""
    catalogue = catalogue_of(session, lot)
    rows = session.scalars(
        select(SheetVersion).where(SheetVersion.lot_id == lot.id).order_by(SheetVersion.version)
    ).all()
    found = []
    for before, row in pairwise(rows):
        changes = diff(sheet_of(before.facts, catalogue), sheet_of(row.facts, catalogue), catalogue)
        found.append(Revision(row.version, row.seal, row.at, row.material, changes))
        if row.seal == seal:
            break
    return found[::-1]


def sealed_sheet(session: Session, lot: Lot, seal: str | None, since: str | None = None) -> SheetFacts:
    """The version of a lot's sheet with that seal (the latest, without one), and its difference to the one before.

    `since`: the seal of an earlier version to hold it against instead.
    """
    catalogue = catalogue_of(session, lot)
    versions = session.scalars(
        select(SheetVersion).where(SheetVersion.lot_id == lot.id).order_by(SheetVersion.version)
    ).all()
    chosen = next((row for row in reversed(versions) if seal is None or row.seal == seal), None)
    if chosen is None:
        return SheetFacts(0, "", None, working_sheet(session, lot.id), catalogue, (), {})
    disclosed = disclosed_hashes(chosen)
    known = {file.sha256: file for file in files(session, lot.id) if file.sha256 in disclosed}
    sheet = sheet_of(chosen.facts, catalogue, {digest: file.id for digest, file in known.items()})
    earlier = [row for row in versions if row.version < chosen.version]
    before = next((row for row in reversed(earlier) if since is None or row.seal == since), None)
    changes = diff(sheet_of(before.facts, catalogue), sheet, catalogue) if before else ()
    against = before.version if before else 0
    return SheetFacts(chosen.version, chosen.seal, chosen.at, sheet, catalogue, changes, known, against)


def bids(session: Session, auction_id: str, most: int | None = None, before: int | None = None) -> list[BidFacts]:
    """Accepted bids, the newest first; `before` continues below that number."""
    rows = (
        select(Bid.seq, Bid.bidder_code, Bid.amount_fen, Bid.received_at, Bid.rank)
        .where(Bid.auction_id == auction_id, Bid.seq.is_not(None))
        .order_by(Bid.seq.desc())
    )
    if before is not None:
        rows = rows.where(Bid.seq < before)
    if most is not None:
        rows = rows.limit(most)
    return [BidFacts(seq or 0, code, amount, at, rank) for seq, code, amount, at, rank in session.execute(rows)]


def _notices(session: Session, lot_id: str) -> list[NoticeCount]:
    rows = session.scalars(select(Notice).where(Notice.lot_id == lot_id).order_by(Notice.position)).all()
    counts = Counter((row.role, row.status) for row in rows)
    latest: dict[tuple[str, str], datetime] = {}
    for row in rows:
        key = (row.role, row.status)
        if row.at is not None:
            latest[key] = max(row.at, latest.get(key, row.at))
    return [NoticeCount(role, status, count, latest.get((role, status))) for (role, status), count in counts.items()]
