"""Many at once on one lot, through the desk and past it: nothing lost, nothing twice, and nobody fails for another."""

import queue
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, pairwise
from threading import Barrier, Event, Thread
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from sqlalchemy import select, text

from auction.kernel.unit import Unit
from auction.models import Intake
from bidding import desk as desks
from bidding.desk import Desk
from bidding.services import bids, intake
from bidding.services.bids import Answer, BidOffer
from risk.queries.interest import registry_version
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, codes

BIDDERS, EACH = 16, 8
ENDLESS = timedelta(days=3650)
_desks = count(1)
#: How long anything may take before the test gives up on it: a bound against hanging, not a measure.
PATIENCE = 60


@contextmanager
def a_desk(hall: Hall, name: str | None = None) -> Iterator[Desk]:
    """A desk at work, stopped afterwards. Its lease outlasts what a clock set by hand skips between two beats."""
    desk = Desk(hall.house, name or f"desk-{next(_desks)}")
    with patch.object(intake, "LEASE", ENDLESS):
        desk.start()
        try:
            yield desk
        finally:
            desk.stop()


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Do every act in a thread of its own, all started together; their results in order."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(run, act) for act in acts]]


def sound(hall: Hall, auction_id: str, answers: list[Answer]) -> None:
    """Hold what many were told against what is stored: each acceptance once, in one line without a gap."""
    told = sorted((answer for answer in answers if answer.outcome == "accepted"), key=lambda answer: answer.seq or 0)
    stored = hall.accepted(auction_id)
    assert [answer.seq for answer in told] == [bid.seq for bid in stored] == list(range(1, len(stored) + 1))
    assert [(a.bid_id, a.amount_fen, a.price_fen) for a in told] == [(b.id, b.amount_fen, b.amount_fen) for b in stored]
    assert all(one.amount_fen < two.amount_fen for one, two in pairwise(stored))
    assert all(one.received_at <= two.received_at for one, two in pairwise(stored))
    room = hall.row(auction_id)
    assert (room.bid_count, room.price_fen, room.leader_registration_id) == (
        len(stored),
        stored[-1].amount_fen,
        stored[-1].registration_id,
    )
    events = hall.events(auction_id)
    assert [event.version for event in events] == list(range(1, room.version + 1))
    assert [event.data["amount_fen"] for event in events if event.type == "bid"] == [bid.amount_fen for bid in stored]
    journal = hall.journal(f"auction:{auction_id}")
    assert [row.number for row in journal] == list(range(1, len(journal) + 1))
    assert [f'"prev":"{one.hash}"' in two.entry for one, two in pairwise(journal)] == [True] * (len(journal) - 1)
    kinds = Counter(row.kind for row in journal)
    refused = [answer for answer in answers if answer.outcome == "refused"]
    assert kinds == Counter(BidAccepted=len(stored), BidRefused=len(refused))
    sent = [event for message in hall.heard if message.topic == "room" for event in message.payload["events"]]
    assert sorted(event["version"] for event in sent) == [event.version for event in events]


class Told(NamedTuple):
    """An offer as its maker lived through it: a tick before it was made, a tick after its answer."""

    made: int
    answered: int
    answer: Answer


def in_one_order(history: list[Told]) -> bool:
    """Whether the answers fit one order in which what was answered before another offer was made comes before it.

    An acceptance tells its place by its number, a refusal by the price it names: after the bid of that price and
    before the next. So the order is known, and only has to be held against the ticks (linearizability).
    """
    accepted = {told.answer.price_fen: told.answer.seq or 0 for told in history if told.answer.seq}

    def place(told: Told) -> int:
        if told.answer.seq:
            return 2 * told.answer.seq
        return 2 * accepted[told.answer.price_fen] + 1 if told.answer.price_fen is not None else 1

    return all(place(one) <= place(two) for one in history for two in history if one.answered < two.made)


def test_a_history_told_in_another_order_than_it_was_lived_is_noticed() -> None:
    def told(made: int, answered: int, seq: int | None, price: int | None) -> Told:
        return Told(made, answered, Answer("accepted" if seq else "refused", None, seq=seq, price_fen=price))

    assert in_one_order([told(1, 4, 1, 100), told(2, 3, None, None), told(5, 6, None, 100), told(7, 8, 2, 105)])
    assert not in_one_order([told(1, 2, 2, 105), told(3, 4, 1, 100)])
    assert not in_one_order([told(1, 2, 1, 100), told(3, 4, None, None)])
    assert not in_one_order([told(1, 2, 1, 100), told(3, 4, 2, 105), told(5, 6, None, 100)])


@pytest.mark.parametrize("way", ["straight", "desk"])
def test_sixteen_bidders_at_once_make_one_ascending_line_of_bids(hall: Hall, way: str) -> None:
    auction_id = hall.auction()
    bidders = hall.bidders(auction_id, *[None] * BIDDERS)
    answered: Counter[int] = Counter()

    ticks = count()

    def contend(bidder: Bidder, place: Callable[[BidOffer], Answer]) -> list[Told]:
        history = []
        for number in range(EACH):
            price = hall.row(auction_id).price_fen
            fen = RESERVE if price is None else price + (1 + number % 3) * STEP
            made = next(ticks)
            answer = place(hall.offer(bidder, fen, raise_own=True, key=f"k{number}"))
            history.append(Told(made, next(ticks), answer))
        return history

    def all_of_them(place: Callable[[BidOffer], Answer]) -> list[Told]:
        lists = at_once([lambda bidder=bidder: contend(bidder, place) for bidder in bidders])  # type: ignore[misc]
        return [told for history in lists for told in history]

    if way == "straight":
        history = all_of_them(lambda offer: hall.place(offer)[0])
    else:
        with a_desk(hall) as desk:

            def submit(offer: BidOffer) -> Answer:
                future = desk.submit(offer.auction_id, offer.account_id, offer.amount_fen, offer.key, raise_own=True)
                future.add_done_callback(lambda done: answered.update([id(done)]))
                return future.result(PATIENCE)

            history = all_of_them(submit)
            assert answered.total() == BIDDERS * EACH
    answers = [told.answer for told in history]
    assert len(answers) == BIDDERS * EACH
    assert set(codes(answers)) <= {None, "below_minimum"}
    assert in_one_order(history)
    assert len(hall.bids(auction_id)) == BIDDERS * EACH
    sound(hall, auction_id, answers)


def test_one_key_sent_fifty_times_at_once_has_one_effect_and_one_answer(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    offer = hall.offer(ann, RESERVE)
    answers = at_once([lambda: hall.place(offer)[0]] * 50)
    assert answers == [answers[0]] * 50
    assert answers[0].outcome == "accepted"
    sound(hall, auction_id, answers[:1])


def test_one_key_sent_fifty_times_through_the_desk_has_one_effect(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    with a_desk(hall) as desk:

        def send() -> Answer:
            return desk.submit(auction_id, ann.account_id, RESERVE, "key").result(PATIENCE)

        answers = at_once([send] * 50)
        again = send()
    judged = [answer for answer in answers if answer.code != "rate_limited"]
    assert judged == [again] * len(judged)
    assert again.outcome == "accepted"
    assert set(codes(answers)) <= {None, "rate_limited"}
    sound(hall, auction_id, [again])


def test_a_key_sent_at_once_for_two_amounts_is_accepted_for_one_of_them(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    offers = [hall.offer(ann, RESERVE + (n % 2) * STEP, key="key", raise_own=True) for n in range(12)]
    answers = at_once([lambda offer=offer: hall.place(offer)[0] for offer in offers])  # type: ignore[misc]
    (won,) = {answer.amount_fen for answer in answers if answer.outcome == "accepted"}
    assert {answer.code for answer in answers if answer.amount_fen != won} == {"idempotency_conflict"}
    assert {answer.code for answer in answers if answer.amount_fen == won} == {None}
    sound(hall, auction_id, [next(answer for answer in answers if answer.outcome == "accepted")])


def test_two_auctions_locked_by_many_in_any_order_do_not_block_each_other_for_ever(hall: Hall) -> None:
    first, second = hall.auction(), hall.auction()
    pairs = [(hall.bidder(first), hall.bidder(second)) for _ in range(6)]

    def bid(number: int, pair: tuple[Bidder, Bidder]) -> list[Answer]:
        offers = [hall.offer(bidder, RESERVE + number * STEP, raise_own=True) for bidder in pair]
        return hall.place(*(offers if number % 2 else reversed(offers)))

    answers = at_once([lambda n=n, pair=pair: bid(n, pair) for n, pair in enumerate(pairs)])  # type: ignore[misc]
    hall.heard.clear()  # the updates of two rooms are not told apart here
    flat = [answer for pair in answers for answer in pair]
    assert sum(answer.outcome == "accepted" for answer in flat) >= 2
    for auction_id in (first, second):
        stored = hall.accepted(auction_id)
        assert [bid.seq for bid in stored] == list(range(1, len(stored) + 1))
        assert all(one.amount_fen < two.amount_fen for one, two in pairwise(stored))


def a_waiting_batch(hall: Hall, bidders: list[Bidder]) -> tuple[Desk, list[Future[Answer]]]:
    """A desk that has not begun, with an offer of each bidder waiting, each an increment higher."""
    desk = Desk(hall.house, f"desk-{next(_desks)}")
    waiting = [
        desk.submit(bidder.auction_id, bidder.account_id, RESERVE + n * STEP, f"k{n}")
        for n, bidder in enumerate(bidders)
    ]
    return desk, waiting


def test_an_offer_that_breaks_the_batch_fails_nobody_else(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    auction_id = hall.auction()
    bidders = hall.bidders(auction_id, *[None] * 6)
    desk, waiting = a_waiting_batch(hall, bidders)
    honest = bids.rules.judge

    def breaking(numbers: Any, room: Any, standing: Any, offer: Any) -> Any:
        if offer.amount_fen == RESERVE + 3 * STEP:
            raise ZeroDivisionError
        return honest(numbers, room, standing, offer)

    monkeypatch.setattr(bids.rules, "judge", breaking)
    desk.start()
    try:
        answers = [future.result(PATIENCE) for future in waiting]
    finally:
        desk.stop()
    assert codes(answers) == [None, None, None, "fault", None, None]
    assert (answers[3].outcome, answers[3].bid_id) == ("refused", None)
    assert [bid.amount_fen for bid in hall.accepted(auction_id)] == [RESERVE + n * STEP for n in (0, 1, 2, 4, 5)]
    sound(hall, auction_id, [answer for answer in answers if answer.code is None])
    # No answer could be given, so the key is free.
    monkeypatch.undo()
    assert hall.bid(bidders[3], RESERVE + 6 * STEP, key="k3").outcome == "accepted"


def test_a_person_who_cannot_be_checked_gets_a_fault_and_the_others_their_answers(hall: Hall) -> None:
    auction_id = hall.auction()
    cleared = {"cleared_version": hall.house.read(registry_version)}
    bidders = [hall.bidder(auction_id, **(cleared if n != 2 else {"cleared_version": -1})) for n in range(4)]

    def rename(old: str, new: str) -> None:
        hall.house.perform(lambda unit: unit.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))

    desk, waiting = a_waiting_batch(hall, bidders)
    rename("staff", "staff_gone")
    try:
        desk.start()
        answers = [future.result(PATIENCE) for future in waiting]
    finally:
        rename("staff_gone", "staff")
        desk.stop()
    assert codes(answers) == [None, None, "fault", None]
    sound(hall, auction_id, [answer for answer in answers if answer.code is None])


def test_an_offer_is_answered_only_after_its_commit(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    seen: list[int] = []
    with a_desk(hall) as desk:
        future = desk.submit(auction_id, ann.account_id, RESERVE, "key")
        future.add_done_callback(lambda _: seen.append(len(hall.accepted(auction_id))))
        assert future.result(PATIENCE).outcome == "accepted"
    assert seen == [1]


def test_a_stop_answers_everything_that_was_taken_and_hands_the_intake_back(hall: Hall) -> None:
    auction_id = hall.auction()
    bidders = hall.bidders(auction_id, *[None] * 4)
    switch, futures = sys.getswitchinterval(), list[Future[Answer]]()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(40):
            desk, begun = Desk(hall.house, f"desk-{next(_desks)}"), Event()
            desk.start()

            def submit(bidder: Bidder, number: int = number, desk: Desk = desk, begun: Event = begun) -> None:
                for more in range(30):
                    futures.append(desk.submit(auction_id, bidder.account_id, RESERVE, f"k{number}-{more}"))
                    begun.set()

            threads = [Thread(target=submit, args=(bidder,)) for bidder in bidders]
            for thread in threads:
                thread.start()
            begun.wait(PATIENCE)
            desk.stop()
            for thread in threads:
                thread.join(PATIENCE)
    finally:
        sys.setswitchinterval(switch)
    assert [future for future in futures if not future.done()] == []
    assert len(futures) == 40 * 4 * 30
    assert set(codes([future.result() for future in futures])) <= {
        None, "already_leading", "below_minimum", "fault", "rate_limited"
    }  # fmt: skip
    assert len(hall.accepted(auction_id)) == 1
    assert hall.house.read(lambda session: list(session.scalars(select(Intake)))) == []


def test_an_offer_that_is_being_queued_when_the_desk_stops_is_answered(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    queueing, last = Event(), Event()

    class Hesitant(queue.SimpleQueue[Any]):
        """Lets the stop go first, if it does not wait for the offer."""

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            if item is None:
                super().put(item)
                last.set()
            else:
                queueing.set()
                last.wait(0.2)
                super().put(item)

    monkeypatch.setattr(desks.queue, "SimpleQueue", Hesitant)
    desk = Desk(hall.house, "hesitant")
    monkeypatch.undo()
    desk.start()
    with ThreadPoolExecutor(1) as pool:
        submitting = pool.submit(desk.submit, auction_id, ann.account_id, RESERVE, "key")
        assert queueing.wait(PATIENCE)
        desk.stop()
        future = submitting.result(PATIENCE)
    assert future.done()
    assert future.result().outcome == "accepted"


def test_a_desk_that_was_stopped_takes_nothing_more(hall: Hall) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    with a_desk(hall) as desk:
        pass
    assert desk.submit(auction_id, ann.account_id, RESERVE, "key").result(0).code == "fault"
    assert hall.bids(auction_id) == []


def test_a_unit_that_meets_a_busy_database_is_tried_again(hall: Hall) -> None:
    """A second writer holds what the bid needs; the bid waits for it and is answered once."""
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    held, go = Event(), Event()

    def hold(unit: Unit) -> None:
        unit.session.execute(text("UPDATE auctions SET version = version WHERE id = :id"), {"id": auction_id})
        held.set()
        assert go.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        holder = pool.submit(hall.house.perform, hold)
        assert held.wait(PATIENCE)
        bidding = pool.submit(hall.bid, ann, RESERVE)
        assert not bidding.done()
        go.set()
        holder.result(PATIENCE)
        answer = bidding.result(PATIENCE)
    assert answer.outcome == "accepted"
    sound(hall, auction_id, [answer])
