"""Placing bids: what is stored, journaled, signed and published for an offer, and what a refusal leaves untouched."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.unit import Unit
from auction.models import Auction
from bidding.models import Registration
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, codes
from tests.factories import a_resident_id

MICRO = timedelta(microseconds=1)
FIVE = timedelta(minutes=5)


def canonical(entry: dict[str, Any]) -> bytes:
    """RFC 8785 for entries of plain strings and integers, by the standard library alone."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def state(hall: Hall, auction_id: str) -> dict[str, Any]:
    """Everything stored about the room."""
    table = Auction.__table__
    found = select(table).where(table.c.id == auction_id)
    return dict(hall.house.read(lambda session: session.execute(found).one())._mapping)


def a_contested_room(hall: Hall) -> tuple[str, Bidder, Bidder, Bidder]:
    """An open auction with two ordinary bidders and a preferential one; the first one leads at the reserve."""
    auction_id = hall.auction()
    ann, bo, cho = hall.bidders(auction_id, None, None, 1)
    assert hall.bid(ann, RESERVE).outcome == "accepted"
    return auction_id, ann, bo, cho


def test_an_accepted_bid_is_the_price_the_leader_and_the_answer(hall: Hall) -> None:
    auction_id, ann, bo, _ = a_contested_room(hall)
    hall.clock.advance(seconds=2)
    answer = hall.bid(bo, RESERVE + STEP, at=hall.clock.moment - timedelta(seconds=1))
    room = hall.row(auction_id)
    assert (room.price_fen, room.leader_registration_id, room.leader_code, room.leader_rank) == (
        RESERVE + STEP,
        bo.registration_id,
        bo.code,
        None,
    )
    assert (room.bid_count, room.extensions, room.last_bid_at) == (2, 0, hall.clock.moment - timedelta(seconds=1))
    assert (answer.outcome, answer.code, answer.seq, answer.bidder_code) == ("accepted", None, 2, bo.code)
    assert (answer.price_fen, answer.minimum_fen) == (RESERVE + STEP, RESERVE + 2 * STEP)
    assert (answer.closes_at, answer.server_time) == (room.closes_at, hall.clock.moment)
    assert hall.registration(bo).has_bid
    assert hall.registration(ann).has_bid


def test_a_refusal_tells_price_least_bid_and_end(hall: Hall) -> None:
    auction_id, ann, bo, cho = a_contested_room(hall)
    refused = hall.bid(bo, RESERVE)
    assert (refused.outcome, refused.code, refused.seq, refused.receipt) == ("refused", "below_minimum", None, None)
    assert (refused.amount_fen, refused.price_fen, refused.minimum_fen) == (RESERVE, RESERVE, RESERVE + STEP)
    assert refused.closes_at == hall.row(auction_id).closes_at
    assert refused.bid_id is not None
    # A preferential purchaser is told the price itself, a leader the next step, a stranger what anybody may bid.
    assert hall.bid(cho, RESERVE - STEP).minimum_fen == RESERVE
    assert hall.bid(ann, RESERVE + STEP).minimum_fen == RESERVE + STEP
    stranger = Bidder(auction_id, "nobody", "", None, "")
    assert hall.bid(stranger, RESERVE + STEP).minimum_fen == RESERVE + STEP


def test_the_receipt_is_the_journal_entry_signed_by_the_log_key(hall: Hall) -> None:
    auction_id, _, bo, _ = a_contested_room(hall)
    answer = hall.bid(bo, RESERVE + STEP)
    assert answer.receipt is not None
    entry, signature = answer.receipt["entry"], base64.b64decode(answer.receipt["signature"])
    for key in (
        Ed25519PublicKey.from_public_bytes(hall.house.vault.public_key),
        load_pem_public_key(hall.house.vault.public_key_pem.encode()),
    ):
        assert isinstance(key, Ed25519PublicKey)
        key.verify(signature, canonical(entry))
    assert answer.receipt["key_id"] == hall.house.vault.key_id
    last = hall.journal(f"auction:{auction_id}")[-1]
    assert last.entry.encode() == canonical(entry)
    assert last.hash == hashlib.sha256(canonical(entry)).hexdigest()
    assert (last.kind, last.number, last.private) == ("BidAccepted", 2, False)
    assert (entry["kind"], entry["number"], entry["stream"]) == ("BidAccepted", 2, f"auction:{auction_id}")
    assert entry["body"] == {
        "bid_id": answer.bid_id,
        "bidder_code": bo.code,
        "amount_fen": RESERVE + STEP,
        "confirmed": [],
        "rank": None,
        "seq": 2,
        "arrived_at": iso(hall.clock.moment),
        "received_at": iso(hall.clock.moment),
        "closes_at": iso(hall.row(auction_id).closes_at),
        "seal": hall.row(auction_id).seal,
    }


def test_no_public_entry_or_event_names_a_person_account_or_registration(hall: Hall) -> None:
    auction_id, ann, bo, cho = a_contested_room(hall)
    hall.place(hall.offer(bo, RESERVE + STEP), hall.offer(ann, RESERVE), hall.offer(cho, RESERVE + STEP))
    told = [row.entry for row in hall.journal(f"auction:{auction_id}") if not row.private]
    told += [json.dumps(event.data) for event in hall.events(auction_id)]
    told += [json.dumps(message.payload) for message in hall.heard if message.topic == "room"]
    for bidder in (ann, bo, cho):
        person = hall.registration(bidder).person_id
        for secret in (bidder.account_id, bidder.registration_id, bidder.id_number, person, "张三"):
            assert not any(secret in text for text in told)


def test_bids_and_events_are_numbered_without_gaps_and_published_as_stored(hall: Hall) -> None:
    auction_id, ann, bo, cho = a_contested_room(hall)
    end = hall.closes_in(auction_id, minutes=4)
    hall.place(
        hall.offer(bo, RESERVE + STEP),
        hall.offer(ann, RESERVE),
        hall.offer(cho, RESERVE + STEP),
        hall.offer(ann, RESERVE + 2 * STEP),
    )
    hall.bid(bo, RESERVE + 3 * STEP, at=end - timedelta(minutes=3))
    stored = hall.events(auction_id)
    assert [bid.seq for bid in hall.accepted(auction_id)] == [1, 2, 3, 4, 5]
    assert [event.version for event in stored] == list(range(1, len(stored) + 1))
    assert [event.type for event in stored] == ["bid", "bid", "extension", "bid", "bid", "bid", "extension"]
    bids = [event.data for event in stored if event.type == "bid"]
    assert bids == [
        {
            "seq": bid.seq,
            "bidder_code": bid.bidder_code,
            "amount_fen": bid.amount_fen,
            "received_at": iso(bid.received_at),
            "rank": bid.rank,
        }
        for bid in hall.accepted(auction_id)
    ]
    moved = [event.data for event in stored if event.type == "extension"]
    assert moved == [
        {"closes_at": iso(end + timedelta(minutes=1)), "extensions": 1, "cause": "bid"},
        {"closes_at": iso(end + timedelta(minutes=2)), "extensions": 2, "cause": "bid"},
    ]
    updates = [message.payload for message in hall.heard if message.payload.get("auction_id") == auction_id]
    sent = [event for update in updates for event in update["events"]]
    assert sent == [{"version": e.version, "type": e.type, "at": iso(e.at), **e.data} for e in stored]
    assert [update["version"] for update in updates] == [1, 5, 7]
    room = hall.row(auction_id)
    assert room.version == updates[-1]["version"] == len(stored)
    last = updates[-1]
    assert (last["price_fen"], last["leader_code"], last["bid_count"], last["status"], last["closes_at"]) == (
        room.price_fen,
        bo.code,
        5,
        "open",
        iso(room.closes_at),
    )


def test_an_auction_that_is_due_is_opened_by_its_first_offer(hall: Hall) -> None:
    auction_id = hall.auction(status="announced")
    ann, agent = hall.bidder(auction_id), hall.bidder(auction_id, status="awaiting_court", paid=False, capacity="agent")
    opens_at = hall.row(auction_id).opens_at
    hall.clock.moment = opens_at - MICRO
    assert hall.bid(ann, RESERVE).code == "not_started"
    assert hall.row(auction_id).status == "announced"
    hall.clock.moment = opens_at + timedelta(seconds=1)
    # The offer of the last microsecond before is still too early, though it is judged after the opening time.
    assert codes(hall.place(hall.offer(ann, RESERVE, at=opens_at - MICRO), hall.offer(ann, RESERVE, at=opens_at))) == [
        "not_started",
        None,
    ]
    assert hall.row(auction_id).status == "open"
    assert hall.kinds(auction_id) == ["AuctionOpened", "BidAccepted"]
    assert [event.type for event in hall.events(auction_id)] == ["status", "bid"]
    assert (hall.registration(agent).status, hall.registration(agent).refusal) == ("refused", "unconfirmed_agent")


def test_an_agent_who_was_not_confirmed_in_time_cannot_bid_in_the_batch_that_opens(hall: Hall) -> None:
    auction_id = hall.auction(status="announced")
    ann = hall.bidder(auction_id)
    agent = hall.bidder(auction_id, status="awaiting_court", paid=False, capacity="agent")
    hall.clock.moment = hall.row(auction_id).opens_at
    # The first offer is the one that opens the sale, and so ends its own maker's registration.
    offers = (hall.offer(agent, RESERVE), hall.offer(ann, RESERVE), hall.offer(agent, RESERVE + STEP))
    assert codes(hall.place(*offers)) == ["not_registered", None, "not_registered"]


#: Each refusal that an open room can give, made by changing one thing.
REFUSALS: dict[str, dict[str, Any]] = {
    "not_registered": {"bidder": {"status": "released"}},
    "deposit_unpaid": {"bidder": {"status": "awaiting_deposit", "paid": False}},
    "stale_disclosure": {"bidder": {"seal": "another"}},
    "below_reserve": {"amount": RESERVE - STEP},
    "not_whole_increment": {"amount": RESERVE + STEP + 1},
    "below_minimum": {"amount": RESERVE},
    "equal_not_preferred": {"amount": RESERVE, "bidder": {"rank": 1}, "leader": {"rank": 1}},
    "implausible_amount": {"amount": RESERVE + 21 * STEP},
    "suspended": {"auction": {"status": "suspended"}},
    "closed": {"auction": {"status": "unsold"}},
    "not_open": {"auction": {"status": "withdrawn"}},
}
#: PRECISIONS 28: what is judged for a qualified bidder while the room is open has an entry; the rest is counted.
JOURNALED = {"stale_disclosure", *list(REFUSALS)[3:8]}


@pytest.mark.parametrize("expected", REFUSALS)
def test_a_refused_offer_changes_nothing_and_leaves_an_entry_only_while_open(hall: Hall, expected: str) -> None:
    case = REFUSALS[expected]
    auction_id = hall.auction()
    leader = hall.bidder(auction_id, **case.get("leader", {}))
    bidder = hall.bidder(auction_id, **case.get("bidder", {}))
    assert hall.bid(leader, RESERVE).outcome == "accepted"
    hall.closes_in(auction_id, minutes=1)
    if "auction" in case:
        hall.change(auction_id, **case["auction"])
    before, events, entries = state(hall, auction_id), len(hall.events(auction_id)), len(hall.kinds(auction_id))
    hall.heard.clear()
    answer = hall.bid(bidder, case.get("amount", RESERVE + STEP))
    assert (answer.outcome, answer.code, answer.receipt) == ("refused", expected, None)
    assert state(hall, auction_id) == before
    assert (len(hall.events(auction_id)), hall.heard) == (events, [])
    assert not hall.registration(bidder).has_bid
    told = hall.journal(f"auction:{auction_id}")[entries:]
    assert len(told) == (expected in JOURNALED)
    for row in told:
        body = json.loads(row.entry)["body"]
        assert (row.kind, row.private, body["code"]) == ("BidRefused", False, expected)
        assert (body["bidder_code"], "seq" in body) == (bidder.code, False)


def test_an_own_lead_is_refused_and_journaled_like_any_other_fault(hall: Hall) -> None:
    auction_id, ann, _, _ = a_contested_room(hall)
    before = state(hall, auction_id)
    assert hall.bid(ann, RESERVE + STEP).code == "already_leading"
    assert state(hall, auction_id) == before
    assert hall.kinds(auction_id) == ["BidAccepted", "BidRefused"]
    assert hall.bid(ann, RESERVE + STEP, raise_own=True).outcome == "accepted"


def test_offers_of_strangers_and_for_unknown_auctions_leave_nothing(hall: Hall) -> None:
    auction_id = hall.auction()
    other = hall.bidder(hall.auction())
    stranger = other._replace(auction_id=auction_id)
    nobody = Bidder("no-such-auction", other.account_id, "", None, "")
    anonymous = hall.offer(stranger, RESERVE)
    answers = hall.place(
        hall.offer(stranger, RESERVE),
        hall.offer(nobody, RESERVE),
        type(anonymous)(auction_id, None, RESERVE, "key", hall.clock.moment),
    )
    assert codes(answers) == ["not_registered", "not_open", "not_registered"]
    assert (hall.bids(auction_id), hall.kinds(auction_id), hall.events(auction_id)) == ([], [], [])


def test_the_state_of_the_auction_is_told_before_registration(hall: Hall) -> None:
    stranger = hall.bidder(hall.auction())
    for status, expected in (("draft", "not_open"), ("announced", "not_started"), ("sold", "closed")):
        auction_id = hall.auction(status=status)
        assert hall.bid(stranger._replace(auction_id=auction_id), RESERVE).code == expected


def test_the_end_is_half_open_and_judged_by_arrival_not_by_when_it_is_judged(hall: Hall) -> None:
    auction_id, _, bo, _ = a_contested_room(hall)
    end = hall.row(auction_id).closes_at
    hall.clock.moment = end + timedelta(seconds=3)
    late, in_time = hall.offer(bo, RESERVE + STEP, at=end), hall.offer(bo, RESERVE + STEP, at=end - MICRO)
    assert codes(hall.place(late, in_time)) == ["closed", None]
    assert hall.row(auction_id).closes_at == end - MICRO + FIVE
    assert hall.bid(bo, RESERVE + 2 * STEP, at=end, raise_own=True).outcome == "accepted"


def test_an_overtaken_offer_counts_at_the_time_of_the_last_bid_and_keeps_its_arrival(hall: Hall) -> None:
    auction_id, ann, bo, _ = a_contested_room(hall)
    now = hall.clock.moment
    hall.clock.advance(seconds=5)
    hall.bid(bo, RESERVE + STEP, at=now + timedelta(seconds=3))
    answer = hall.bid(ann, RESERVE + 2 * STEP, at=now + timedelta(seconds=1))
    last = hall.accepted(auction_id)[-1]
    assert (last.arrived_at, last.received_at) == (now + timedelta(seconds=1), now + timedelta(seconds=3))
    assert answer.receipt is not None
    body = answer.receipt["entry"]["body"]
    assert (body["arrived_at"], body["received_at"]) == (iso(last.arrived_at), iso(last.received_at))


def test_one_transaction_serves_many_auctions_each_by_its_own_room(hall: Hall) -> None:
    first, second = hall.auction(), hall.auction(reserve_price_fen=2 * RESERVE)
    (ann,), (bo,) = hall.bidders(first, None), hall.bidders(second, None)
    answers = hall.place(hall.offer(bo, RESERVE), hall.offer(ann, RESERVE), hall.offer(bo, 2 * RESERVE))
    assert codes(answers) == ["below_reserve", None, None]
    assert (hall.row(first).price_fen, hall.row(second).price_fen) == (RESERVE, 2 * RESERVE)
    assert [message.payload["auction_id"] for message in hall.heard] == [first, second]


def test_who_registered_again_after_leaving_bids_under_the_new_registration(hall: Hall) -> None:
    auction_id = hall.auction()
    gone = hall.bidder(auction_id, status="released", paid=False)
    assert hall.bid(gone, RESERVE).code == "not_registered"

    def again(unit: Unit) -> str:
        old = unit.session.get_one(Registration, gone.registration_id)
        values = {column.name: getattr(old, column.name) for column in Registration.__table__.c}
        changes = {"id": unit.new_id(), "status": "qualified", "bidder_code": "Z0001"}
        new = Registration(**(values | changes | {"created_at": old.created_at + timedelta(seconds=1)}))
        unit.session.add(new)
        return new.id

    new_id = hall.house.perform(again)
    assert hall.bid(gone, RESERVE).bidder_code == "Z0001"
    assert hall.row(auction_id).leader_registration_id == new_id


def test_an_amount_of_the_highest_kind_is_stored_to_the_last_fen(hall: Hall) -> None:
    auction_id = hall.auction(reserve_price_fen=10**15 - 1, increment_fen=1, reference_price_fen=None)
    ann = hall.bidder(auction_id, id_number=a_resident_id())
    assert hall.bid(ann, 10**15).price_fen == 10**15
    assert hall.accepted(auction_id)[0].amount_fen == 10**15
