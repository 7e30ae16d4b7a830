"""Placing bids: many offers, one transaction.

The desk hands over whatever is waiting, in order of arrival; a batch of one is the ordinary case. The auctions'
rows are locked in order of id, everything is loaded once, each offer is judged by the room's rules, and bids,
journal entries and room events are written set-wise. An acknowledgement is given only after the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.journal import Entry, JournalRow
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.services.locking import lock_auction

from ..models import Bid, Registration
from ..queries.conflicts import refusal_facts
from ..queries.rooms import ROOMS, OpenRoom, room_of, room_rules
from ..rules import room as rules
from .intake import LEASE_HELD, Fenced
from .interest import Standings
from .life import open_auction
from .rooms import write_room

#: What bars a person; the refusal says what it rested on.
BARS = frozenset(("barred_interest", "barred_reneger", "barred_sanction"))
#: A refused offer whose reason speaks of the person is journaled as a private entry.
_PERSONAL = BARS | {"deposit_unpaid", "not_registered"}
#: Offers refused for these reasons leave no entry, only a count: only what is judged while open is (PRECISIONS 28).
COUNTED = frozenset(("not_registered", "not_started", "closed", "suspended", "not_open"))

#: What a bidder confirms with an offer, as its entry tells: a replay has to know what the refusals for lack of it did.
CONFIRMATIONS = ("confirm_implausible", "raise_own")

#: What bidding and the opening change of an auction's row; every change of it gives the room a new version.
_CHANGING = (
    "id",
    "status",
    "version",
    "price_fen",
    "leader_registration_id",
    "leader_code",
    "leader_rank",
    "last_bid_at",
    "closes_at",
    "bid_count",
    "extensions",
)


@dataclass(frozen=True, slots=True)
class BidOffer:
    """An offer as it entered the house: readable amount, key, arrival in platform time."""

    auction_id: str
    account_id: str | None
    amount_fen: int
    key: str
    arrived_at: datetime
    raise_own: bool = False
    confirm_implausible: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an offer, as committed. `receipt` holds entry, signature and key id of an accepted bid.

    `why`: what the sentence of a refusal names beside the amounts.
    """

    outcome: str
    code: str | None
    bid_id: str | None = None
    seq: int | None = None
    amount_fen: int | None = None
    bidder_code: str | None = None
    price_fen: int | None = None
    minimum_fen: int | None = None
    closes_at: datetime | None = None
    server_time: datetime | None = None
    receipt: dict[str, Any] | None = None
    why: Mapping[str, str] | None = None


def refusal(code: str, offer: BidOffer | None = None) -> Answer:
    """An answer that rests on nothing stored."""
    return Answer("refused", code, amount_fen=offer.amount_fen if offer else None)


def place_bids(unit: Unit, offers: Sequence[BidOffer], *, process: str | None = None) -> list[Answer]:
    """Answer `offers` in their order; everything accepted is in the transaction of `unit`.

    What a registered person is answered, acceptance or refusal, is kept under its key and told again to the same key.
    Offers of somebody without a registration are only counted (PRECISIONS 28), whatever they are answered
    (`not_registered`, `not_started` before the opening, `closed` after the end): nothing is stored that could be
    repeated, the key is not used up, and the same key is judged anew.

    `process` names the intake lease under which they were taken, which is held until the transaction ends. Raises
    Fenced where it was taken away, DomainError("fault") where the interest bar cannot be checked: nobody passes then.
    """
    return _Batch(unit, offers, process).run()


class _Batch:
    """The offers of one transaction, and what was loaded for them, locks before everything they guard."""

    def __init__(self, unit: Unit, offers: Sequence[BidOffer], process: str | None) -> None:
        self.unit, self.offers = unit, offers
        self.standings = Standings(unit, [(o.auction_id, o.account_id, o.key) for o in offers if o.account_id])
        ids = sorted({offer.auction_id for offer in offers})
        leases, rooms, standings = unit.ask(
            (LEASE_HELD, [{"process": process}] if process else []),
            (ROOMS, [{"id": auction_id} for auction_id in ids]),
            self.standings.question,
            growing=[f"auction:{auction_id}" for auction_id in ids],
            by_key=True,
        )
        if process is not None and [lease.lost for lease in leases] != [False]:
            raise Fenced(process)
        self.standings.found(standings)
        self.auctions = {row.id: OpenRoom.of(row) for row in rooms}
        self.versions = {key: auction.version for key, auction in self.auctions.items()}
        self.rooms = {key: room_of(auction) for key, auction in self.auctions.items()}
        self.earlier = _answered(unit.session, self.standings.earlier) if self.standings.earlier else {}
        self.rows: list[dict[str, Any]] = []
        self.first_bids: set[str] = set()

    def run(self) -> list[Answer]:
        answers = [self._answer(offer) for offer in self.offers]
        changed = [{name: getattr(auction, name) for name in _CHANGING} for auction in self._changed()]
        self.unit.rewrite(Auction, changed, key="id")
        self.unit.write(Bid, self.rows)
        self.unit.rewrite(Registration, [{"id": key, "has_bid": True} for key in sorted(self.first_bids)], key="id")
        return answers

    def _changed(self) -> list[OpenRoom]:
        return [auction for key, auction in self.auctions.items() if auction.version != self.versions[key]]

    def _answer(self, offer: BidOffer) -> Answer:
        auction = self.auctions.get(offer.auction_id)
        if auction is None:
            return refusal("not_open", offer)
        registration = self.standings.registration(offer.auction_id, offer.account_id)
        if registration is not None:
            known = self.earlier.get((registration.id, offer.key))
            if known is not None:
                amount_fen, answer = known
                return answer if amount_fen == offer.amount_fen else refusal("idempotency_conflict", offer)
        if auction.status == "announced" and offer.arrived_at >= auction.opens_at:
            auction = self._open(auction.id)
            registration = self.standings.registration(offer.auction_id, offer.account_id)
        return self._judge(auction, registration, offer)

    def _open(self, auction_id: str) -> OpenRoom:
        """Open an auction whose time has come; what its opening changed is read again."""
        whole = lock_auction(self.unit, auction_id)
        open_auction(self.unit, whole)
        self.standings.refresh(auction_id)
        self.auctions[auction_id] = auction = OpenRoom.of(whole)
        self.rooms[auction_id] = room_of(auction)
        return auction

    def _judge(self, auction: OpenRoom, registration: Any, offer: BidOffer) -> Answer:
        room = self.rooms[auction.id]
        code = rules.closed_to(room, offer.arrived_at)
        outcome: rules.Accepted | rules.Refused
        if code is not None:
            outcome, after = rules.Refused(code, rules.received_at(room, offer.arrived_at)), room
        else:
            outcome, after = rules.judge(
                room_rules(self.unit.session, auction),
                room,
                self.standings.standing(auction, registration),
                rules.Offer(offer.amount_fen, offer.arrived_at, offer.raise_own, offer.confirm_implausible),
            )
        self.rooms[auction.id] = after
        if registration is None:
            code = outcome.code if isinstance(outcome, rules.Refused) else "not_registered"
            return self._unstored(auction, after, code, offer)
        return self._store(auction, registration, offer, outcome, after)

    def _unstored(self, auction: OpenRoom, room: rules.Room, code: str, offer: BidOffer) -> Answer:
        return Answer(
            "refused",
            code,
            amount_fen=offer.amount_fen,
            price_fen=room.price_fen,
            minimum_fen=rules.least_bid(room),
            closes_at=room.closes_at,
            server_time=self.unit.now,
        )

    def _store(
        self,
        auction: OpenRoom,
        registration: Any,
        offer: BidOffer,
        outcome: rules.Accepted | rules.Refused,
        room: rules.Room,
    ) -> Answer:
        accepted = isinstance(outcome, rules.Accepted)
        code = None if isinstance(outcome, rules.Accepted) else outcome.code
        row = {
            "id": self.unit.new_id(),
            "auction_id": auction.id,
            "shard": auction.shard,
            "registration_id": registration.id,
            "bidder_code": registration.bidder_code,
            "key": offer.key,
            "amount_fen": offer.amount_fen,
            "rank": registration.rank,
            "arrived_at": offer.arrived_at,
            "received_at": outcome.received_at,
            "outcome": "accepted" if accepted else "refused",
            "code": code,
            "seq": outcome.seq if isinstance(outcome, rules.Accepted) else None,
            "price_fen": room.price_fen,
            "minimum_fen": rules.least_bid(room, registration.rank, leading=room.leader == registration.id),
            "closes_at": room.closes_at,
            "decided_at": self.unit.now,
            "journal_number": None,
            "signature": None,
            "key_id": None,
        }
        entry = None
        if registration.bidder_code and code not in COUNTED and registration.status == "qualified":
            entry = self._record(auction, registration, row, offer)
        if isinstance(outcome, rules.Accepted):
            self._announce(auction, registration, row, outcome, room)
        receipt = None
        if accepted and entry is not None:
            receipt = {"entry": dict(entry.data), "signature": row["signature"], "key_id": row["key_id"]}
        self.rows.append(row)
        answer = answer_of(row, receipt, _why(self.unit.session, row))
        self.earlier[(registration.id, offer.key)] = (offer.amount_fen, answer)
        return answer

    def _record(self, auction: OpenRoom, registration: Any, row: dict[str, Any], offer: BidOffer) -> Entry:
        # In the order of canonical JSON: the first answer is then, to the byte, what is read back from the journal.
        body = {
            "amount_fen": row["amount_fen"],
            "arrived_at": iso(row["arrived_at"]),
            "bid_id": row["id"],
            "bidder_code": row["bidder_code"],
            "closes_at": iso(row["closes_at"]),
            "confirmed": [name for name in CONFIRMATIONS if getattr(offer, name)],
            "rank": row["rank"],
            "received_at": iso(row["received_at"]),
            "seal": registration.seal,
        }
        if row["outcome"] == "accepted":
            body["seq"] = row["seq"]
            kind = "BidAccepted"
        else:
            body["code"] = row["code"]
            kind = "BidRefused"
        entry = self.unit.record(kind, stream=f"auction:{auction.id}", body=body, private=row["code"] in _PERSONAL)
        row["journal_number"] = entry.number
        if row["outcome"] == "accepted":
            row["signature"], row["key_id"] = self.unit.vault.sign(entry.text), self.unit.vault.key_id
        return entry

    def _announce(
        self,
        auction: OpenRoom,
        registration: Any,
        row: dict[str, Any],
        outcome: rules.Accepted,
        room: rules.Room,
    ) -> None:
        if not registration.has_bid:
            self.first_bids.add(registration.id)
        write_room(auction, room, registration.bidder_code)
        self.unit.tell(
            auction,
            "bid",
            seq=outcome.seq,
            bidder_code=registration.bidder_code,
            amount_fen=row["amount_fen"],
            received_at=iso(outcome.received_at),
            rank=registration.rank,
        )
        if outcome.moved:
            end = {"closes_at": iso(room.closes_at), "extensions": room.extensions}
            self.unit.tell(auction, "extension", **end, cause=outcome.moved)


#: The columns of a bid that its answer consists of.
_ANSWER = (
    "outcome",
    "code",
    "id",
    "registration_id",
    "seq",
    "amount_fen",
    "bidder_code",
    "price_fen",
    "minimum_fen",
    "closes_at",
    "decided_at",
)


def _answered(session: Session, bids: Sequence[str]) -> dict[tuple[str, str], tuple[int, Answer]]:
    """What was answered to stored bids, and for which amount, by registration and key."""
    rows = session.execute(select(*Bid.__table__.c).where(Bid.id.in_(bids)))
    return {(row.registration_id, row.key): (row.amount_fen, stored_answer(session, row)) for row in rows}


def _why(session: Session, bid: Mapping[str, Any]) -> Mapping[str, str] | None:
    """What a bar rests on: the decision of one for a term, the practice on controlled companies; None for the rest."""
    if bid["code"] not in BARS:
        return None
    return refusal_facts(session, bid["registration_id"], bid["code"], bid["decided_at"])


def answer_of(bid: Mapping[str, Any], receipt: dict[str, Any] | None, why: Mapping[str, str] | None = None) -> Answer:
    """The answer a bid's columns stand for."""
    return Answer(
        outcome=bid["outcome"],
        code=bid["code"],
        bid_id=bid["id"],
        seq=bid["seq"],
        amount_fen=bid["amount_fen"],
        bidder_code=bid["bidder_code"],
        price_fen=bid["price_fen"],
        minimum_fen=bid["minimum_fen"],
        closes_at=bid["closes_at"],
        server_time=bid["decided_at"],
        receipt=receipt,
        why=why,
    )


def stored_answer(session: Session, bid: Any) -> Answer:
    """The first answer to a stored offer, byte for byte, its receipt included."""
    receipt = None
    if bid.signature is not None:
        text = session.scalar(
            select(JournalRow.entry).where(
                JournalRow.stream == f"auction:{bid.auction_id}", JournalRow.number == bid.journal_number
            )
        )
        if text is None:
            raise DomainError("fault")
        receipt = {"entry": orjson.loads(text), "signature": bid.signature, "key_id": bid.key_id}
    columns = {name: getattr(bid, name) for name in _ANSWER}
    return answer_of(columns, receipt, _why(session, columns))
