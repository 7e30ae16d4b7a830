"""What must hold of one sale after every act: the stored rows against the model, and the invariants by their words."""

import json
from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from auction.kernel.events import RoomEvent
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House
from auction.models import Auction
from bidding.models import Bid, Payment, Posting, Registration
from tests.bidding.sale_model import LIVE, Pay, Sale

#: Entries that tell of something that was asked for and changed nothing.
DENIALS = {
    "AlertRaised",
    "BarChanged",
    "BidRefused",
    "DisclosureAcknowledged",
    "DisclosureSealed",
    "InterestHitFound",
    "PaymentNoticeIgnored",
    "RegistryImported",
}
TERMINAL = {"sold", "unsold", "withdrawn"}
BOOKS = {"bank_clearing": "bank", "deposit_held": "held", "refund_due": "back", "court_price": "price"}


class Watch:
    """Looks at one auction's rows, and remembers what it saw the last time."""

    def __init__(self, house: House, auction_id: str) -> None:
        self.house, self.auction_id = house, auction_id
        self.heads: dict[str, tuple[int, str, datetime]] = {}
        self.before: dict[str, Any] | None = None
        self.last_entry = house.read(lambda session: session.scalar(select(func.max(JournalRow.id)))) or 0

    def check(self, model: Sale, reg_ids: list[str], pay_ids: list[str], *, silent: bool, quiet: bool) -> None:
        """Compare, and hold what is stored against the invariants.

        Payments the house made by itself are added to `pay_ids`. `silent`: a row was changed past the services;
        `quiet`: nothing may have been changed or told.
        """
        stored = self.house.read(self._look, {reg_id: n for n, reg_id in enumerate(reg_ids)}, pay_ids)
        moves, events, entries = (stored.pop(name) for name in ("moves", "events", "entries"))
        version, codes = stored.pop("version"), stored.pop("codes")
        assert stored == self._expected(model)
        check_bids(model)
        check_money(model, stored["books"], moves, codes)
        check_events(model, events, version)
        assert not quiet or (stored, entries) == (self.before, [])
        self._check_journal(entries, changed=stored != self.before, silent=silent or self.before is None)
        self.before = stored

    def _expected(self, model: Sale) -> dict[str, Any]:
        last = model.taken[-1] if model.taken else None
        standing = (last.fen, last.reg, last.rank, last.at) if last else (None,) * 4
        return {
            "room": (model.status, *standing, model.end, len(model.taken), model.extensions, model.settlement),
            "regs": [(reg.status, reg.rank, reg.due, reg.has_bid, reg.undecided) for reg in model.regs],
            "bids": [(bid.reg, bid.fen, bid.rank, bid.at) for bid in model.taken],
            "pays": [_pay(pay) for pay in model.pays],
            "books": {account: fen for account, fen in model.books.items() if fen},
        }

    def _look(self, session: Session, place: dict[str, int], pay_ids: list[str]) -> dict[str, Any]:
        """What is stored of the sale, in the model's words; and what the invariants need besides."""
        row = session.get_one(Auction, self.auction_id)
        regs = list(session.scalars(select(Registration).where(Registration.auction_id == row.id)))
        assert {reg.id for reg in regs} == place.keys()
        regs.sort(key=lambda reg: place[reg.id])
        pays = {
            pay.id: pay
            for pay in session.scalars(
                select(Payment).where(Payment.auction_id == row.id).order_by(Payment.created_at, Payment.id)
            )
        }
        pay_ids += [pay_id for pay_id in pays if pay_id not in pay_ids]
        bids = session.scalars(select(Bid).where(Bid.auction_id == row.id, Bid.seq.is_not(None)).order_by(Bid.seq))
        events = select(RoomEvent.version, RoomEvent.type, RoomEvent.data).where(RoomEvent.auction_id == row.id)
        moves = list(session.scalars(select(Posting).where(Posting.auction_id == row.id).order_by(Posting.id)))
        books: Counter[tuple[str, int]] = Counter()
        for move in moves:
            assert move.amount_fen > 0
            for account, fen in ((move.source, -move.amount_fen), (move.destination, move.amount_fen)):
                name, _, owner = account.partition(":")
                books[BOOKS[name], place.get(owner, 0)] += fen
        leader = place.get(row.leader_registration_id or "")
        standing = (row.price_fen, leader, row.leader_rank, row.last_bid_at)
        undecided = [reg.claim_status == "pending" for reg in regs]
        return {
            "room": (row.status, *standing, row.closes_at, row.bid_count, row.extensions, row.settlement),
            "regs": [
                (reg.status, reg.rank, reg.deposit_due_fen, reg.has_bid, pending)
                for reg, pending in zip(regs, undecided, strict=True)
            ],
            "bids": [(place[bid.registration_id], bid.amount_fen, bid.rank, bid.received_at) for bid in bids],
            "pays": [_payment(place, pays[pay_id]) for pay_id in pay_ids],
            "books": {account: fen for account, fen in books.items() if fen},
            "version": row.version,
            "codes": [reg.bidder_code for reg in regs],
            "moves": [(place[move.registration_id or ""], move.kind) for move in moves],
            "events": list(session.execute(events.order_by(RoomEvent.version))),
            "entries": list(session.execute(_ENTRIES.where(JournalRow.id > self.last_entry))),
        }

    def _check_journal(self, entries: list[Row[Any]], *, changed: bool, silent: bool) -> None:
        """I-A1 to I-A3, without the house's own canonical form and hash."""
        for row in entries:
            number, previous, at = self.heads.get(row.stream, (row.number - 1, None, row.at))
            entry = json.loads(row.entry)
            assert json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False) == row.entry
            assert sha256(row.entry.encode()).hexdigest() == row.hash
            assert (entry["stream"], entry["number"], entry["kind"]) == (row.stream, row.number, row.kind)
            assert entry["suite"] == "intl-1"
            assert row.number == number + 1
            assert row.number > 1 or entry["prev"] == "0" * 64
            assert previous in (None, entry["prev"])
            assert row.at >= at
            self.heads[row.stream] = (row.number, row.hash, row.at)
            self.last_entry = row.id
        assert entries or not changed or silent
        kinds = {row.kind for row in entries}
        assert changed or kinds <= DENIALS, kinds


def check_bids(model: Sale) -> None:
    """I-B1 to I-B5; that the stored bids are the model's has been checked."""
    assert all(bid.fen >= model.reserve and (bid.fen - model.reserve) % model.step == 0 for bid in model.taken)
    assert all(model.opens <= bid.at < model.end for bid in model.taken)
    for one, two in pairwise(model.taken):
        equalled = two.fen == one.fen and two.rank is not None and (one.rank is None or two.rank < one.rank)
        assert two.fen >= one.fen + model.step or equalled
        assert one.at <= two.at


def check_money(model: Sale, books: dict[tuple[str, int], int], moves: list[Any], codes: list[str | None]) -> None:
    """I-E1, I-M1 to I-M5."""
    assert sum(books.values()) == 0
    assert all(fen > 0 for (name, _), fen in books.items() if name != "bank")
    for n, reg in enumerate(model.regs):
        kinds = Counter(kind for place, kind in moves if place == n)
        assert kinds["deposit_received"] <= 1
        assert kinds["deposit_released"] + kinds["deposit_applied"] <= kinds["deposit_received"]
        assert kinds["deposit_refunded"] <= kinds["deposit_released"]
        held = books.get(("held", n), 0)
        if reg.status == "qualified":
            assert codes[n] is not None
            assert held >= reg.due
        if reg.status in ("released", "refused", "applied"):
            assert held == 0
    if model.settlement in ("paid", "ruled"):
        assert books["price", 0] == model.taken[-1].fen
    if model.status in TERMINAL:
        assert [n for n, reg in enumerate(model.regs) if reg.status in LIVE and not model.owes(n)] == []
        back_by = [pay.back_by for pay in model.pays if pay.status in ("refunding", "refunded")]
        assert all(by is not None and by <= model.now + timedelta(hours=24) for by in back_by)


def check_events(model: Sale, events: list[Row[Any]], version: int) -> None:
    """I-B7 as PRECISIONS 27 puts it, and I-B8: no gap, one event to a bid, one end to a sale."""
    assert [event.version for event in events] == list(range(1, version + 1))
    bids = [event.data["seq"] for event in events if event.type == "bid"]
    assert bids == list(range(1, len(model.taken) + 1))
    ends = [event for event in events if event.type == "status" and event.data["status"] in TERMINAL]
    assert len(ends) == (model.status in TERMINAL)


_ENTRIES = select(
    *(JournalRow.id, JournalRow.stream, JournalRow.number, JournalRow.kind, JournalRow.at, JournalRow.entry),
    JournalRow.hash,
).order_by(JournalRow.id)


def _pay(pay: Pay) -> tuple[Any, ...]:
    return (pay.reg, pay.purpose, pay.fen, pay.status, pay.back, pay.back_by, pay.sent)


def _payment(place: dict[str, int], row: Payment) -> tuple[Any, ...]:
    asked = (place[row.registration_id], row.purpose, row.amount_fen, row.status)
    return (*asked, row.refund_fen, row.refund_due_at, row.refunded_at is not None)
