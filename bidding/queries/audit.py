"""Recomputing what the journal says of the sales, and comparing it with every row that tells the same.

Somebody with all rights over the database could leave the journal alone and change a bid, a price, a confirmation or a
sheet instead. Here each of them is held against the signed entry that made it.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import JSON, Text, exists, func, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from auction.kernel.checkpoint import NoteError, VerifierKey
from auction.kernel.clock import iso, parse
from auction.kernel.crypto import canonical, key_id, sha256_hex
from auction.kernel.db import Base, is_postgresql
from auction.kernel.errors import DomainError
from auction.models import Account, Auction, JournalRow, LogLeaf, Party, RoomEvent, Salt
from auction.queries.audit import Failure, Report, verify_database
from auction.queries.log import LogKeys, log_keys
from disclosure.models import SheetVersion
from disclosure.rules.sheet import seal_fits

from ..models import Bid, Confirmation, RegisteredIdentity, Registration
from .audit_editions import check_editions
from .audit_lots import check_lots
from .audit_reneges import check_reneges
from .audit_rows import check_rows
from .audit_sanctions import check_sanctions
from .audit_unsold import check_unsold

#: Kinds of entries a sale's state can be made again from.
ACCEPTED, REFUSED, LAPSED, CLOSED, CONFIRMED, UNDONE = (
    "BidAccepted",
    "BidRefused",
    "BidsLapsed",
    "AuctionClosed",
    "SaleConfirmed",
    "SaleRevoked",
)
_PAGE = 2000


@dataclass(slots=True)
class Standing:
    """What the entries of an auction come to: the bid that stands, how many there were and fell, how it ended."""

    bids: int = 0
    lapsed: int = 0
    price_fen: int | None = None
    bidder_code: str | None = None
    rank: int | None = None
    received_at: str | None = None
    sold: bool = False
    undone: str | None = None
    document: str | None = None


def verify_all(session: Session, public_key: bytes, *, signatures: bool = True) -> Report:
    """Check the journal, the log, and all that follows from them, against the log's public key (32 raw bytes).

    Bids with their receipts' signatures (`signatures=False` leaves those out), room events, prices and leaders,
    confirmations, every declared column of auctions, registrations, payments and the ledger (`audit_columns`), panels
    and what else the entries of lots tell (`audit_lots`), reneges, sanctions and records, what followed unsold rounds,
    sheets, former announcements. The session must not have read anything yet.
    """
    report = verify_database(session, public_key)
    standings: dict[str, Standing] = {}
    for check in (
        lambda: _check_erased(session, report),
        lambda: _check_bids(session, report, public_key, signatures),
        lambda: standings.update(_standings(session, report)),
        lambda: _check_auctions(session, report, standings),
        lambda: _check_confirmations(session, report, standings),
        lambda: _check_rooms(session, report),
        lambda: check_rows(session, report),
        lambda: check_lots(session, report),
        lambda: _check_people(session, report),
        lambda: check_reneges(session, report),
        lambda: check_sanctions(session, report),
        lambda: check_unsold(session, report),
        lambda: _check_sheets(session, report),
        lambda: check_editions(session, report),
    ):
        _to_its_end(session, report, check)
    return report


def _to_its_end(session: Session, report: Report, check: Callable[[], None]) -> None:
    """Carry out a check; where a row is so broken that it cannot be read, tell that and which, and go on after it."""
    try:
        check()
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        broken = [Failure(where, f"its {column} is no JSON") for where, column in _broken(session)]
        for failure in broken:
            report.that(failure in report.failures, *failure)
        report.that(broken, "rows", f"one of them cannot be read: {error!r}")


def _broken(session: Session) -> Iterator[tuple[str, str]]:
    """Rows and columns that hold no JSON where there must be some. Only SQLite takes such a value."""
    if is_postgresql(session):
        return
    for table in Base.metadata.sorted_tables:
        keys = list(table.primary_key)
        for column in table.columns:
            if isinstance(column.type, JSON):
                held = type_coerce(column, Text)
                bad = select(*keys).where(held.is_not(None), func.json_valid(held) == 0).order_by(*keys)
                for key in session.execute(bad):
                    yield " ".join(map(str, (table.name, *key))), column.name


def _check_erased(session: Session, report: Report) -> None:
    """A private entry whose commitment nobody can open any more is one of an erased person (`destroy_salts`)."""
    erasures = select(JournalRow.stream).where(JournalRow.kind == "PersonErased")
    erased, own = set(session.scalars(erasures)), defaultdict[str, list[Registration]](list)
    for registration in session.scalars(select(Registration).where(("person:" + Registration.person_id).in_(erasures))):
        own[registration.person_id].append(registration)
    about: dict[str, set[str]] = {}
    for registrations in own.values():
        for registration in registrations:
            about.setdefault(f"auction:{registration.auction_id}", set()).update(one.id for one in registrations)
    closed = (
        select(JournalRow.stream, JournalRow.number, JournalRow.entry)
        .join(LogLeaf, (LogLeaf.stream == JournalRow.stream) & (LogLeaf.number == JournalRow.number))
        .outerjoin(Salt, (Salt.stream == JournalRow.stream) & (Salt.number == JournalRow.number))
        .where(JournalRow.private, Salt.stream.is_(None))
        .order_by(JournalRow.stream, JournalRow.number)
    )
    for stream, number, text in session.execute(closed.execution_options(yield_per=_PAGE)):
        right = stream in erased or any(key in text for key in about.get(stream, ()))
        report.that(right, f"journal_salts {stream} {number}", "is gone, but nobody it is about was erased")


def _check_people(session: Session, report: Report) -> None:
    """Accounts have the role they were made with; no party of a case and no identity of a registration is gone."""
    roles: dict[str, str] = {}
    parties: dict[str, int] = {}
    kinds = JournalRow.kind.in_(("StaffAdded", "PersonRegistered", "CaseEntered"))
    for text in session.scalars(select(JournalRow.entry).where(kinds).execution_options(yield_per=_PAGE)):
        body = orjson.loads(text)["body"]
        if "role" in body:
            roles[body["account_id"]] = body["role"]
        if "parties" in body:
            parties[body["case_id"]] = body["parties"]
    accounts = {row.id: row.role for row in session.execute(select(Account.id, Account.role))}
    for account_id, role in sorted(roles.items()):
        now = accounts.get(account_id)
        report.that(now == role, f"accounts {account_id}", f"its role is {now!r}, its entry says {role!r}")
    counted = select(Party.case_id, func.count().label("parties")).group_by(Party.case_id)
    found = {row.case_id: row.parties for row in session.execute(counted)}
    for case_id, count in sorted(parties.items()):
        here = found.get(case_id, 0)
        report.that(here >= count, f"parties of case {case_id}", f"are {here}, {count} were entered")
    nobody = ~exists().where(RegisteredIdentity.registration_id == Registration.id)
    for registration_id in session.scalars(select(Registration.id).where(nobody).order_by(Registration.id)):
        report.that(False, f"registrations {registration_id}", "has no identity behind it")


def contradictions(session: Session, auction_id: str | None = None) -> Report:
    """What the platform tells of one auction, or of all, otherwise than the entries do: for who is about to publish it.

    Compared are the rows, prices, confirmations, reneges, what followed an unsold round, sheets, former announcements;
    not the log, which a reader checks himself.
    """
    report = Report()
    standings: dict[str, Standing] = {}
    rest = Report()
    for check in (
        lambda: standings.update(_standings(session, report, auction_id)),
        lambda: _check_auctions(session, report, standings, auction_id),
        lambda: _check_confirmations(session, report, standings, auction_id),
        lambda: check_rows(session, report, auction_id),
        lambda: check_lots(session, report, auction_id),
        lambda: _check_sheets(session, report, auction_id),
        lambda: check_editions(session, report, auction_id),
        lambda: check_reneges(session, rest),
        lambda: check_unsold(session, rest),
    ):
        _to_its_end(session, report, check)
    for failure in rest.failures:
        if auction_id is None or auction_id in f"{failure.where} ".replace(":", " ").split():
            report.that(False, *failure)
    return report


def _check_sheets(session: Session, report: Report, only: str | None = None) -> None:
    query = select(SheetVersion).order_by(SheetVersion.lot_id, SheetVersion.version)
    if only is not None:
        query = query.where(SheetVersion.lot_id == select(Auction.lot_id).where(Auction.id == only).scalar_subquery())
    for version in session.scalars(query):
        lot_id, number = version.lot_id, version.version
        right = seal_fits(version.seal, version.facts, lot_id=lot_id, version=number)
        report.that(right, f"sheet_versions {lot_id} {number}", "its seal is not that of its facts, lot and version")
        report.checked["sheets"] += 1


def _check_bids(session: Session, report: Report, public_key: bytes, signatures: bool) -> None:
    signers = _signers(session, public_key) if signatures else None
    journaled = 0
    for bid, registration, entry in _bids(session):
        where = f"bids {bid.id}"
        report.checked["bids"] += 1
        of_its_own = registration is not None and registration.auction_id == bid.auction_id
        report.that(of_its_own, where, "is not of its registration's auction")
        if registration is not None and bid.bidder_code is not None:  # it may have got its code after an early offer
            report.that(registration.bidder_code == bid.bidder_code, where, "is not under its registration's code")
        if bid.journal_number is None:
            report.that(bid.outcome == "refused" and bid.signature is None, where, "was accepted without an entry")
            continue
        journaled += 1
        if entry is None:
            report.that(False, where, "has no entry")
            continue
        kind, text = entry
        report.that(_told_by(bid) == _told_in(kind, text), where, "tells other than its entry")
        if bid.outcome == "accepted":
            report.that(bid.price_fen == bid.amount_fen, where, "is accepted at another price")
            if signers is not None:
                name, verifier = signers(parse(orjson.loads(text)["at"]))
                right = bid.key_id == name and _is_signed(verifier, bid.signature, text)
                report.that(right, where, "its receipt's signature is wrong")
                report.checked["receipts"] += 1
    kinds = JournalRow.kind.in_((ACCEPTED, REFUSED))
    entries = session.scalar(select(func.count()).select_from(JournalRow).where(kinds))
    report.that(entries == journaled, "bids", f"{journaled} rows stand for {entries} entries")


def _bids(session: Session) -> Iterator[tuple[Bid, Registration | None, tuple[str, str] | None]]:
    """Every bid with its registration and the kind and text of its entry."""
    last = ("", "")
    while True:
        place = tuple_(Bid.auction_id, Bid.id)
        page = session.execute(
            select(Bid, Registration, JournalRow.kind, JournalRow.entry)
            .outerjoin(Registration, Registration.id == Bid.registration_id)
            .outerjoin(
                JournalRow,
                (JournalRow.stream == "auction:" + Bid.auction_id) & (JournalRow.number == Bid.journal_number),
            )
            .where(place > last)
            .order_by(Bid.auction_id, Bid.id)
            .limit(_PAGE)
        ).all()
        for bid, registration, kind, text in page:
            yield bid, registration, (kind, text) if kind else None
        if len(page) < _PAGE:
            return
        last = (page[-1][0].auction_id, page[-1][0].id)
        session.expunge_all()


def _told_by(bid: Bid) -> tuple[Any, ...]:
    kind = ACCEPTED if bid.outcome == "accepted" else REFUSED
    times = (iso(bid.arrived_at), iso(bid.received_at), iso(bid.closes_at))
    return (kind, bid.id, bid.bidder_code, bid.amount_fen, bid.rank, *times, bid.seq, bid.code)


def _told_in(kind: str, text: str) -> tuple[Any, ...]:
    body = orjson.loads(text)["body"]
    names = ("bid_id", "bidder_code", "amount_fen", "rank", "arrived_at", "received_at", "closes_at", "seq", "code")
    return (kind, *(body.get(name) for name in names))


def _signers(session: Session, public_key: bytes) -> Callable[[datetime], tuple[str, Ed25519PublicKey]]:
    """By the time of an entry: the id of the key that signed its receipt, and the key."""
    try:
        keys = log_keys(session, public_key)
    except (DomainError, NoteError):  # nothing sealed, or named by the check of the heads
        keys = LogKeys((VerifierKey("-", public_key),))
    known = {key: (key_id(key.public_key), Ed25519PublicKey.from_public_bytes(key.public_key)) for key in keys.keys}
    return lambda at: known[keys.of_entry(at)]


def _is_signed(verifier: Ed25519PublicKey, signature: str | None, text: str) -> bool:
    try:
        verifier.verify(base64.b64decode(signature or "", validate=True), text.encode())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _standings(session: Session, report: Report, only: str | None = None) -> dict[str, Standing]:
    """What the entries of every auction (or one) come to, by auction id; each step is checked on the way."""
    standings: dict[str, Standing] = {}
    query = (
        select(JournalRow.stream, JournalRow.number, JournalRow.kind, JournalRow.entry)
        .where(JournalRow.kind.in_((ACCEPTED, LAPSED, CLOSED, CONFIRMED, UNDONE)))
        .order_by(JournalRow.stream, JournalRow.number)
    )
    if only is not None:
        query = query.where(JournalRow.stream == f"auction:{only}")
    for stream, number, kind, text in session.execute(query.execution_options(yield_per=_PAGE)):
        standing = standings.setdefault(stream.removeprefix("auction:"), Standing())
        wrong = _advance(standing, kind, orjson.loads(text)["body"])
        report.that(wrong is None, f"journal {stream} {number}", wrong or "")
    return standings


def _advance(standing: Standing, kind: str, body: dict[str, Any]) -> str | None:
    """Take one entry into the standing; tells what is wrong with it, or None."""
    if kind == ACCEPTED:
        right = body["seq"] == standing.bids + 1 and _beats(standing, body)
        standing.bids += 1
        standing.price_fen, standing.bidder_code = body["amount_fen"], body["bidder_code"]
        standing.rank, standing.received_at = body["rank"], body["received_at"]
        return None if right else "is no bid that could follow the one before it"
    if kind == LAPSED:
        right = (body["first_seq"], body["last_seq"]) == (standing.lapsed + 1, standing.bids)
        right = right and body["price_fen"] == standing.price_fen
        standing.price_fen = standing.bidder_code = standing.rank = None
        standing.lapsed = standing.bids
        return None if right else "lets other bids lapse than those that stood"
    if kind == UNDONE:
        right = standing.undone is None
        standing.undone = body["ground"]
        return None if right else "revokes what was revoked before"
    standing.sold = standing.sold or kind == CONFIRMED or body["status"] == "sold"
    standing.document = body["document_sha256"] if kind == CONFIRMED else standing.document
    told = (body["price_fen"], body["bidder_code"])
    return None if told == (standing.price_fen, standing.bidder_code) else "tells another outcome than the bids"


def _beats(standing: Standing, body: dict[str, Any]) -> bool:
    if standing.received_at is not None and body["received_at"] < standing.received_at:
        return False
    if standing.price_fen is None or body["amount_fen"] > standing.price_fen:
        return True
    better = body["rank"] is not None and (standing.rank is None or body["rank"] < standing.rank)
    return bool(body["amount_fen"] == standing.price_fen and better)


def _check_auctions(session: Session, report: Report, standings: dict[str, Standing], only: str | None = None) -> None:
    query = select(Auction).order_by(Auction.id)
    if only is not None:
        query = query.where(Auction.id == only)
    for auction in session.scalars(query.execution_options(yield_per=_PAGE)):
        where, standing = f"auctions {auction.id}", standings.get(auction.id, Standing())
        told = (auction.price_fen, auction.leader_code, auction.leader_rank, auction.bid_count, auction.lapsed_seq)
        said = (standing.price_fen, standing.bidder_code, standing.rank, standing.bids, standing.lapsed)
        report.that(told == said, where, f"tells {told}, its entries say {said}")
        report.that(_moment(auction.last_bid_at) == standing.received_at, where, "dates its last bid otherwise")
        report.that(auction.status != "sold" or standing.sold, where, "is sold, but no entry says so")
        undone = auction.ended_reason if auction.status == "revoked" else None
        report.that(undone == standing.undone, where, "is revoked otherwise than its entries say")
        report.checked["auctions"] += 1


def _moment(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _check_confirmations(
    session: Session, report: Report, standings: dict[str, Standing], only: str | None = None
) -> None:
    query = select(Confirmation).order_by(Confirmation.auction_id)
    if only is not None:
        query = query.where(Confirmation.auction_id == only)
    recorded = {name: standing.document for name, standing in standings.items() if standing.document}
    for row in session.scalars(query):
        right = sha256_hex(canonical(row.document)) == recorded.pop(row.auction_id, None)
        report.that(right, f"confirmations {row.auction_id}", "is not the document that was recorded")
        report.checked["confirmations"] += 1
    for name in sorted(recorded):
        report.that(False, f"confirmations {name}", "was recorded but is not there")


def _check_rooms(session: Session, report: Report) -> None:
    """The rooms' events are gap-free up to the auction's version, and their bids are the accepted ones."""
    counted = (
        select(RoomEvent.auction_id, func.count().label("events"), func.max(RoomEvent.version).label("last"))
        .group_by(RoomEvent.auction_id)
        .subquery()
    )
    rooms = select(Auction.id, Auction.version, counted.c.events, counted.c.last)
    for name, version, events, last in session.execute(
        rooms.outerjoin(counted, counted.c.auction_id == Auction.id).order_by(Auction.id)
    ):
        right = (events or 0) == (last or 0) == version
        report.that(right, f"room_events {name}", f"are {events or 0} up to {last or 0}, the room is at {version}")
    shown = {}
    for name, data in session.execute(select(RoomEvent.auction_id, RoomEvent.data).where(RoomEvent.type == "bid")):
        shown[name, data["seq"]] = (data["bidder_code"], data["amount_fen"], data["received_at"], data["rank"])
    accepted = select(Bid.auction_id, Bid.seq, Bid.bidder_code, Bid.amount_fen, Bid.received_at, Bid.rank)
    for name, seq, code, amount, at, rank in session.execute(accepted.where(Bid.seq.is_not(None))):
        right = shown.pop((name, seq), None) == (code, amount, iso(at), rank)
        report.that(right, f"room_events {name}", f"show bid {seq} otherwise, or not at all")
    report.that(not shown, "room_events", f"show {len(shown)} bids that are none")
