"""One offer, one effect: a key repeats its first answer to the byte, and a batch is judged as its offers would be."""

import random
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from auction.kernel.clock import iso
from auction.kernel.unit import Unit
from bidding import desk
from bidding.desk import Desk
from bidding.services.bids import Answer, BidOffer, place_bids
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, codes, without_ids


def as_bytes(answer: Answer) -> bytes:
    """Everything an answer says, receipt included, as the bytes that would be sent: the order of its keys too."""
    return orjson.dumps({name: getattr(answer, name) for name in Answer.__slots__}, default=iso)


def counts(hall: Hall, auction_id: str) -> tuple[int, ...]:
    """How much is stored of an auction."""
    found = (hall.bids(auction_id), hall.events(auction_id), hall.kinds(auction_id))
    return (*map(len, found), hall.row(auction_id).version, hall.row(auction_id).bid_count)


def test_the_same_key_is_answered_with_the_first_answer_byte_for_byte(hall: Hall) -> None:
    auction_id = hall.auction()
    ann, bo = hall.bidders(auction_id, None, None)
    offer = hall.offer(ann, RESERVE)
    first = hall.place(offer)[0]
    assert first.receipt is not None
    hall.clock.advance(seconds=1)
    hall.bid(bo, RESERVE + STEP)
    stored = counts(hall, auction_id)
    hall.clock.advance(hours=30)
    later = replace(offer, arrived_at=hall.clock.moment)
    for again in (*hall.place(later), *hall.place(later, hall.offer(bo, RESERVE), later)[::2]):
        assert as_bytes(again) == as_bytes(first)
    assert counts(hall, auction_id)[1:] == stored[1:]


def test_a_key_repeated_in_the_same_batch_has_one_effect(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    offer = hall.offer(ann, RESERVE)
    answers = hall.place(*[offer] * 5)
    assert {as_bytes(answer) for answer in answers} == {as_bytes(answers[0])}
    assert counts(hall, auction_id) == (1, 1, 1, 1, 1)


def test_a_refused_key_repeats_its_refusal_even_when_the_offer_would_now_be_taken(hall: Hall) -> None:
    auction_id = hall.auction()
    ann, bo = hall.bidders(auction_id, None, None)
    hall.bid(ann, RESERVE)
    far = RESERVE + 22 * STEP
    refused = hall.bid(bo, far, key="far")
    assert refused.code == "implausible_amount"
    hall.bid(ann, RESERVE + 3 * STEP, raise_own=True)
    stored = counts(hall, auction_id)
    for flags in ({}, {"confirm_implausible": True}, {"raise_own": True}):
        assert as_bytes(hall.bid(bo, far, key="far", **flags)) == as_bytes(refused)
    assert counts(hall, auction_id) == stored
    assert hall.bid(bo, far, key="far-2").outcome == "accepted"


def test_a_confirmation_under_the_same_key_is_ignored(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    hall.bid(ann, RESERVE)
    assert hall.bid(ann, RESERVE + STEP, key="own").code == "already_leading"
    assert hall.bid(ann, RESERVE + STEP, key="own", raise_own=True).code == "already_leading"
    assert hall.bid(ann, RESERVE + STEP, key="own-2", raise_own=True).outcome == "accepted"


@pytest.mark.parametrize("together", [True, False])
def test_the_same_key_for_another_amount_is_a_conflict_without_effect(hall: Hall, together: bool) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    offer = hall.offer(ann, RESERVE)
    other = replace(offer, amount_fen=RESERVE + STEP, raise_own=True)
    if together:
        answers = hall.place(offer, other, offer)
    else:
        answers = [hall.place(one)[0] for one in (offer, other, offer)]
    assert codes(answers) == [None, "idempotency_conflict", None]
    assert (answers[1].outcome, answers[1].receipt, answers[1].seq) == ("refused", None, None)
    assert as_bytes(answers[0]) == as_bytes(answers[2])
    assert counts(hall, auction_id) == (1, 1, 1, 1, 1)


def test_a_key_belongs_to_its_bidder_and_auction(hall: Hall) -> None:
    first, second = hall.auction(), hall.auction()
    ann, bo = hall.bidders(first, None, None)
    other = hall.bidder(second)
    answers = hall.place(
        hall.offer(ann, RESERVE, key="k"), hall.offer(bo, RESERVE + STEP, key="k"), hall.offer(other, RESERVE, key="k")
    )
    assert codes(answers) == [None, None, None]


def test_a_key_is_answered_before_the_state_of_the_auction_is_looked_at(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    offer = hall.offer(ann, RESERVE)
    first = hall.place(offer)[0]
    hall.change(auction_id, status="suspended")
    assert as_bytes(hall.place(offer)[0]) == as_bytes(first)
    assert codes(hall.place(replace(offer, amount_fen=RESERVE + STEP))) == ["idempotency_conflict"]
    assert hall.bid(ann, RESERVE + STEP).code == "suspended"


def test_the_keys_of_offers_that_came_too_early_or_without_deposit_are_used_too(hall: Hall) -> None:
    auction_id = hall.auction(status="announced")
    ann = hall.bidder(auction_id)
    early = hall.offer(ann, RESERVE)
    assert hall.place(early)[0].code == "not_started"
    hall.clock.moment = hall.row(auction_id).opens_at
    assert hall.place(replace(early, arrived_at=hall.clock.moment))[0].code == "not_started"
    assert hall.bid(ann, RESERVE).outcome == "accepted"
    unpaid = hall.bidder(auction_id, status="awaiting_deposit", paid=False)
    assert [hall.bid(unpaid, RESERVE + STEP, key="k").code for _ in range(2)] == ["deposit_unpaid"] * 2


def test_the_key_of_a_rate_limited_offer_is_free(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    bench = Desk(hall.house, "rate-limited")

    def submit(number: int) -> Future[Answer]:
        return bench.submit(auction_id, ann.account_id, RESERVE + number * STEP, f"k{number}", raise_own=True)

    waiting = [submit(number) for number in range(desk.WAITING_EACH)]
    too_many = submit(desk.WAITING_EACH)
    assert too_many.done()
    assert (too_many.result().outcome, too_many.result().code) == ("refused", "rate_limited")
    assert not any(future.done() for future in waiting)
    bench.start()
    try:
        assert codes([future.result(timeout=30) for future in waiting]) == [None] * desk.WAITING_EACH
        assert submit(desk.WAITING_EACH).result(timeout=30).outcome == "accepted"
    finally:
        bench.stop()
    assert [bid.key for bid in hall.accepted(auction_id)] == [f"k{n}" for n in range(desk.WAITING_EACH + 1)]


#: Who, how much, how many seconds after the last, with which flags, and which earlier offer it repeats (-1: none).
Step = tuple[int, int, int, dict[str, bool], int]


def a_history(seed: int, length: int) -> list[Step]:
    """Random offers around a rising price."""
    chance = random.Random(seed)
    level, history = 0, []
    for number in range(length):
        level += chance.choice([0, 0, 1, 1, 1, 2])
        flags = {"raise_own": chance.random() < 0.5, "confirm_implausible": chance.random() < 0.2}
        amount = (level + chance.choice([0, 0, 0, 0, -1, 30])) * STEP + chance.choice([0] * 9 + [1])
        repeats = chance.randrange(number) if number and chance.random() < 0.15 else -1
        history.append((chance.randrange(4), RESERVE + amount, chance.choice([0, 1, 1, 5, 60]), flags, repeats))
    return history


def offers_of(hall: Hall, auction_id: str, bidders: Sequence[Bidder], history: Sequence[Step]) -> list[BidOffer]:
    """The history as offers to one auction; the first arrive nine minutes before its end."""
    arrived = hall.row(auction_id).closes_at - timedelta(minutes=9)
    offers: list[BidOffer] = []
    for number, (who, fen, seconds, flags, repeats) in enumerate(history):
        arrived += timedelta(seconds=seconds)
        offer = hall.offer(bidders[who], fen, at=arrived, key=f"k{number}", **flags)
        offers.append(replace(offers[repeats], arrived_at=arrived) if repeats >= 0 else offer)
    return offers


#: The columns of a bid that do not depend on ids, the key first.
COMPARED = (
    *("key", "amount_fen", "rank", "arrived_at", "received_at", "outcome", "code", "seq", "price_fen", "minimum_fen"),
    *("closes_at", "decided_at", "journal_number"),
)


def stored(hall: Hall, auction_id: str, bidders: Sequence[Bidder]) -> dict[str, Any]:
    """The room and its traces, without what differs between two auctions that went the same way."""
    room = hall.row(auction_id)
    names = {bidder.code: number for number, bidder in enumerate(bidders)}
    names |= {bidder.registration_id: number for number, bidder in enumerate(bidders)}
    return {
        "room": (
            room.price_fen,
            names.get(room.leader_registration_id),
            room.leader_rank,
            room.last_bid_at,
            room.closes_at,
            room.bid_count,
            room.extensions,
            room.version,
        ),
        "kinds": hall.kinds(auction_id),
        "events": [
            (event.version, event.type, {**event.data, "bidder_code": names.get(event.data.get("bidder_code"))})
            for event in hall.events(auction_id)
        ],
        "bids": sorted(
            (names[bid.registration_id], *(getattr(bid, column) for column in COMPARED))
            for bid in hall.bids(auction_id)
        ),
    }


@pytest.mark.parametrize("seed", range(6))
def test_offers_judged_together_fare_as_if_judged_one_by_one(hall: Hall, seed: int) -> None:
    alone, together = hall.auction(), hall.auction()
    ranks = (None, None, 1, 2)
    singles, groups = hall.bidders(alone, *ranks), hall.bidders(together, *ranks)
    hall.clock.moment = hall.row(alone).closes_at
    history = a_history(seed, 40)
    one_by_one = [hall.place(offer)[0] for offer in offers_of(hall, alone, singles, history)]
    offers, chance, in_batches = offers_of(hall, together, groups, history), random.Random(-seed), []
    while offers:
        size = chance.randint(1, 12)
        in_batches += hall.place(*offers[:size])
        offers = offers[size:]
    assert [without_ids(answer) for answer in in_batches] == [without_ids(answer) for answer in one_by_one]
    assert stored(hall, together, groups) == stored(hall, alone, singles)
    assert sum(answer.outcome == "accepted" for answer in one_by_one) > 5
    assert len({answer.code for answer in one_by_one}) > 3
    for ours, theirs in zip(in_batches, one_by_one, strict=True):
        assert (ours.receipt is None) == (theirs.receipt is None) == (ours.outcome == "refused")


def test_keys_and_people_are_found_by_index_however_small_the_tables_are_taken_to_be(hall: Hall) -> None:
    """Statistics are of the night before: a plan that reads all of a table slows with every bid."""
    if hall.house.engine.dialect.name != "postgresql":
        pytest.skip("SQLite goes by its indexes anyway")
    auction_id = hall.auction()
    people = hall.bidders(auction_id, None, None)
    offers = [hall.offer(people[turn % 2], RESERVE + turn * STEP) for turn in range(24)]
    scans = text(
        "SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0"
        " AND relname IN ('auctions', 'bids', 'journal', 'lot_listings', 'registrations', 'streams')"
    )

    def place(unit: Unit) -> list[str]:
        place_bids(unit, offers)
        unit.flush()
        return list(unit.session.scalars(scans))

    assert [hall.house.perform(place) for _ in range(8)] == [[]] * 8
