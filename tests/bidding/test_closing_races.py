"""The last millisecond: closers against bids and against each other, and processes lost on the way to the end.

Either the sale ends once, or a bid that arrived in time moved the end; where nobody can say which, it stops as a fault.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event, select, update

from auction.kernel.db import ask
from auction.kernel.unit import Unit
from auction.models import Intake
from bidding import desk as desks
from bidding.desk import Desk
from bidding.services.bids import Answer
from bidding.services.closing import close
from bidding.services.intake import LEASE_HELD
from tests.bidding.budget import TIMES
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, codes
from tests.bidding.test_races import PATIENCE, a_desk, at_once, sound

MICRO, MILLI, SECOND = timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=1)
FIVE = timedelta(minutes=5)
TRIALS = 50 * TIMES
TERMINAL = ("sold", "unsold")
_names = count(1)


def intakes(hall: Hall) -> dict[str, bool]:
    """Every intake row and whether it is lost."""
    return hall.house.read(lambda session: {row.process: row.lost for row in session.scalars(select(Intake))})


def ends(hall: Hall, auction_id: str) -> list[str]:
    """The terminal events of a room."""
    events = hall.events(auction_id)
    return [e.data["status"] for e in events if e.type == "status" and e.data["status"] in TERMINAL]


def at_the_end(hall: Hall, led: bool = True, after: timedelta = 2 * SECOND) -> tuple[str, Bidder, datetime]:
    """An auction two seconds after its end (or so), with a bid or without: its id, another bidder, the end."""
    auction_id = hall.auction()
    ann, bo = hall.bidders(auction_id, None, None)
    if led:
        assert hall.bid(ann, RESERVE).outcome == "accepted"
    end = hall.closes_in(auction_id)
    hall.clock.moment = end + after
    return auction_id, bo, end


def shut(hall: Hall, auction_id: str) -> str | None:
    return hall.house.perform(close, auction_id)


def a_process(
    hall: Hall, mark: datetime, *, beat_at: datetime | None = None, alive: bool = False, lost: bool = False
) -> str:
    """The intake row of another process: judged up to `mark`, last heard of at `beat_at`."""
    name = f"other-{next(_names)}"
    beat_at = beat_at or mark
    until = hall.clock.moment + SECOND if alive else hall.clock.moment - MICRO
    row = {"process": name, "mark": mark, "beat_at": beat_at, "lease_until": until, "lost": lost}
    hall.house.perform(lambda unit: unit.session.add(Intake(**row)))
    return name


def another(hall: Hall) -> str:
    """A process that takes bids and holds none: while nobody does, every closing waits (PRECISIONS 21)."""
    return a_process(hall, hall.clock.moment, alive=True)


@pytest.mark.parametrize("led", [True, False])
def test_two_closers_and_a_bid_of_the_last_millisecond_end_the_sale_once_or_not_at_all(hall: Hall, led: bool) -> None:
    for _ in range(TRIALS // 2):
        auction_id, bo, end = at_the_end(hall, led)
        offer = hall.offer(bo, RESERVE + led * STEP, at=end - MILLI)
        one, other, (answer,) = at_once(
            [lambda a=auction_id: shut(hall, a), lambda a=auction_id: shut(hall, a), lambda o=offer: hall.place(o)]  # type: ignore[misc]
        )
        room, decided = hall.row(auction_id), [status for status in (one, other) if status is not None]
        if answer.outcome == "accepted":
            assert (decided, ends(hall, auction_id), room.status) == ([], [], "open")
            assert room.closes_at == end - MILLI + FIVE
        else:
            assert answer.code == "closed"
            assert decided == ends(hall, auction_id) == ["sold" if led else "unsold"] == [room.status]
            assert (room.closes_at, room.bid_count) == (end, int(led))
        closed = [kind for kind in hall.kinds(auction_id) if kind == "AuctionClosed"]
        assert len(closed) == len(decided)


class Beats:
    """Tells when a process has renewed its lease, which it does every few milliseconds here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desks, "BEAT_SECONDS", 0.005)
        honest, self._taken = desks.take_lease, dict[str, Event]()

        def take(unit: Unit, process: str, mark: datetime) -> None:
            honest(unit, process, mark)
            event.listen(unit.session, "after_commit", lambda _: self._of(process).set(), once=True)

        monkeypatch.setattr(desks, "take_lease", take)

    def _of(self, process: str) -> Event:
        return self._taken.setdefault(process, Event())

    def wait(self, process: str) -> None:
        """Wait for two renewals: the second one was asked for after this was called."""
        for _ in range(2):
            self._of(process).clear()
            assert self._of(process).wait(PATIENCE)


def test_an_offer_taken_before_the_end_is_always_judged_before_the_sale_is_closed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = Beats(monkeypatch)
    with a_desk(hall, "punctual") as desk:
        for _ in range(TRIALS // 2):
            auction_id, bo, end = at_the_end(hall, after=-MILLI)
            beats.wait("punctual")
            future = desk.submit(auction_id, bo.account_id, RESERVE + STEP, "key")
            hall.clock.moment = end + 2 * SECOND
            results = at_once([lambda a=auction_id: shut(hall, a)] * 3)  # type: ignore[misc]
            assert future.result(PATIENCE).outcome == "accepted"
            assert (results, ends(hall, auction_id)) == ([None] * 3, [])
            assert hall.row(auction_id).closes_at == end - MILLI + FIVE


def held_back(monkeypatch: pytest.MonkeyPatch) -> tuple[Event, Event]:
    """From now on a desk that is about to judge sets the first event, and goes on when the second one is set."""
    busy, go = Event(), Event()
    honest = Desk._judge

    def slow(desk: Desk, process: str, offers: Any) -> list[Answer]:
        busy.set()
        assert go.wait(PATIENCE)
        return honest(desk, process, offers)

    monkeypatch.setattr(Desk, "_judge", slow)
    return busy, go


def test_closing_waits_for_an_offer_that_a_desk_still_holds(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = Beats(monkeypatch)
    auction_id, bo, end = at_the_end(hall, after=-MILLI)
    busy, go = held_back(monkeypatch)
    with a_desk(hall, "holding") as desk:
        try:
            future = desk.submit(auction_id, bo.account_id, RESERVE + STEP, "key")
            assert busy.wait(PATIENCE)
            hall.clock.moment = end + 9 * SECOND
            beats.wait("holding")
            assert shut(hall, auction_id) is None
        finally:
            go.set()
        assert future.result(PATIENCE).outcome == "accepted"
        hall.clock.moment = end + FIVE + SECOND
        beats.wait("holding")
        assert shut(hall, auction_id) == "sold"
    assert hall.row(auction_id).leader_registration_id == bo.registration_id


def test_a_closing_does_not_wait_in_a_ring_with_the_desk(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk holds its lease and wants the room, the closing holds the room and wants to know the leases."""
    auction_id, bo, end = at_the_end(hall, after=-MILLI)
    clashes: list[str] = []
    event.listen(hall.house.engine, "handle_error", lambda context: clashes.append(str(context.original_exception)))
    holding, go = Event(), Event()
    honest = desks.place_bids

    def slow(unit: Unit, offers: Any, *, process: str) -> list[Answer]:
        ask(unit.session, (LEASE_HELD, [{"process": process}]))
        holding.set()
        assert go.wait(PATIENCE)
        return honest(unit, offers, process=process)

    with a_desk(hall) as desk, ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(desks, "place_bids", slow)
        try:
            future = desk.submit(auction_id, bo.account_id, RESERVE + STEP, "key")
            assert holding.wait(PATIENCE)
            hall.clock.moment = end + 2 * SECOND
            closing = pool.submit(shut, hall, auction_id)
            if hall.house.engine.dialect.name == "postgresql":
                assert closing.result(PATIENCE) is None  # SQLite has one writer: there the closing comes after the desk
        finally:
            go.set()
        assert future.result(PATIENCE).outcome == "accepted"
        assert closing.result(PATIENCE) is None
    assert [error for error in clashes if "locked" not in error] == []


def test_closing_waits_for_the_settling_time_and_for_no_longer(hall: Hall) -> None:
    auction_id, _, end = at_the_end(hall)
    for moment, expected in ((end - MICRO, None), (end, None), (end + SECOND - MICRO, None), (end + SECOND, "sold")):
        hall.clock.moment = moment
        assert shut(hall, auction_id) == expected
    assert shut(hall, auction_id) is None
    assert ends(hall, auction_id) == ["sold"]


@pytest.mark.parametrize(
    ("before_end", "expected"),
    [(timedelta(0), "sold"), (-MICRO, "sold"), (MICRO, None)],
    ids=["reached", "past", "a microsecond short"],
)
def test_closing_waits_until_every_process_has_judged_up_to_the_end(
    hall: Hall, before_end: timedelta, expected: str | None
) -> None:
    auction_id, _, end = at_the_end(hall)
    a_process(hall, end - before_end, alive=True)
    a_process(hall, end + SECOND, alive=True)
    assert shut(hall, auction_id) == expected


@pytest.mark.parametrize(
    ("heard_before_end", "expected"),
    [
        (30 * SECOND + MICRO, "sold"),  # whoever sent an offer to it had time to send again
        (30 * SECOND, "sold"),
        (30 * SECOND - MICRO, "suspended"),
        (MICRO, "suspended"),
        (timedelta(0), "sold"),  # it had judged everything
    ],
)
def test_a_process_lost_within_thirty_seconds_of_the_end_suspends_the_sale(
    hall: Hall, heard_before_end: timedelta, expected: str
) -> None:
    auction_id, _, end = at_the_end(hall)
    name, other = a_process(hall, end - heard_before_end), another(hall)
    assert shut(hall, auction_id) == expected
    assert intakes(hall) == {name: True, other: False}
    room = hall.row(auction_id)
    assert (room.bid_count, room.closes_at) == (1, end)
    if expected == "suspended":
        assert room.suspension is not None
        assert (room.suspension["kind"], room.suspension["cause"]) == ("fault", "intake_lost")
        assert (ends(hall, auction_id), room.closed_at) == ([], None)
        assert hall.kinds(auction_id)[-1] == "AuctionSuspended"
        assert shut(hall, auction_id) is None


def test_a_process_that_beat_to_the_last_with_an_old_offer_unjudged_is_lost_near_the_end(hall: Hall) -> None:
    """What counts is when it was last heard of, not how old the offer is that it held."""
    auction_id, _, end = at_the_end(hall)
    a_process(hall, end - timedelta(minutes=2), beat_at=end - SECOND)
    another(hall)
    assert shut(hall, auction_id) == "suspended"


@pytest.mark.parametrize(("waited", "expected"), [(10 * SECOND, None), (10 * SECOND + MICRO, "suspended")])
def test_a_process_that_does_not_reach_the_mark_in_ten_seconds_is_taken_for_lost(
    hall: Hall, waited: timedelta, expected: str | None
) -> None:
    auction_id, _, end = at_the_end(hall)
    hall.clock.moment = end + waited
    name = a_process(hall, end - timedelta(minutes=2), beat_at=hall.clock.moment, alive=True)
    assert shut(hall, auction_id) == expected
    assert intakes(hall) == {name: expected is not None}
    if expected:
        suspension = hall.row(auction_id).suspension
        assert suspension is not None
        assert (suspension["kind"], suspension["cause"]) == ("fault", "intake_lost")


def test_a_process_lost_long_before_does_not_disturb_a_sale(hall: Hall) -> None:
    auction_id, _, end = at_the_end(hall)
    a_process(hall, end - timedelta(hours=5), lost=True)
    another(hall)
    assert shut(hall, auction_id) == "sold"


def test_a_desk_that_fell_silent_is_fenced_and_goes_on_under_a_new_name(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "BEAT_SECONDS", PATIENCE)  # it never renews its lease
    auction_id, bo, end = at_the_end(hall, after=-2 * SECOND)
    other = hall.bidder(hall.auction())
    with a_desk(hall, "silent") as desk:
        hall.clock.moment = end + 2 * SECOND
        run_out(hall, "silent")
        on_duty = another(hall)
        assert shut(hall, auction_id) == "suspended"
        assert intakes(hall) == {"silent": True, on_duty: False}
        before = (len(hall.bids(auction_id)), hall.kinds(auction_id), hall.row(auction_id).version)
        held = desk.submit(auction_id, bo.account_id, RESERVE + STEP, "key").result(PATIENCE)
        assert (held.outcome, held.code, held.receipt) == ("refused", "fault", None)
        assert (len(hall.bids(auction_id)), hall.kinds(auction_id), hall.row(auction_id).version) == before
        assert intakes(hall) == {"silent": True, "silent#1": False, on_duty: False}
        # It serves again; the key of the offer that got no answer is free.
        assert desk.submit(other.auction_id, other.account_id, RESERVE, "key").result(PATIENCE).outcome == "accepted"
        assert desk.submit(auction_id, bo.account_id, RESERVE + STEP, "key").result(PATIENCE).code == "suspended"
    assert intakes(hall) == {"silent": True, on_duty: False}


def run_out(hall: Hall, name: str) -> None:
    """A lease that was not renewed for longer than it lasts."""
    end = update(Intake).where(Intake.process == name).values(lease_until=hall.clock.moment - MICRO)
    hall.house.perform(lambda unit: unit.session.execute(end))


def lose(hall: Hall, name: str) -> None:
    """What a closing in another process does to a row whose lease ran out."""
    mark = update(Intake).where(Intake.process == name).values(lost=True)
    hall.house.perform(lambda unit: unit.session.execute(mark))


def test_what_a_desk_holds_when_its_beat_meets_the_fence_is_answered_a_fault(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The beat goes on under a new name before the offers' turn comes; they were taken under the lost one."""
    beats = Beats(monkeypatch)
    auction_id = hall.auction()
    bidders = hall.bidders(auction_id, None, None, None)
    busy, go = held_back(monkeypatch)
    with a_desk(hall, "held") as desk:
        futures = [desk.submit(auction_id, bidders[0].account_id, RESERVE, "key")]
        assert busy.wait(PATIENCE)
        futures += [desk.submit(auction_id, b.account_id, RESERVE + STEP, "key") for b in bidders[1:]]
        lose(hall, "held")
        beats.wait("held#1")
        go.set()
        assert codes([future.result(PATIENCE) for future in futures]) == ["fault"] * 3
        assert hall.bids(auction_id) == []
        assert desk.submit(auction_id, bidders[1].account_id, RESERVE, "key").result(PATIENCE).outcome == "accepted"
    assert intakes(hall) == {"held": True}


def test_a_desk_that_cannot_take_a_new_lease_at_once_goes_on_trying(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "BEAT_SECONDS", PATIENCE)
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    honest, broken = desks.take_lease, Event()

    def refuse(unit: Unit, process: str, mark: datetime) -> None:
        if broken.is_set():
            raise OSError("the database is away")
        honest(unit, process, mark)

    monkeypatch.setattr(desks, "take_lease", refuse)
    with a_desk(hall, "trying") as desk:
        lose(hall, "trying")
        broken.set()
        assert [desk.submit(auction_id, ann.account_id, RESERVE, "k").result(PATIENCE).code for _ in range(2)] == [
            "fault",
            "fault",
        ]
        broken.clear()
        desk.submit(auction_id, ann.account_id, RESERVE, "k").result(PATIENCE)
        assert desk.submit(auction_id, ann.account_id, RESERVE, "k").result(PATIENCE).outcome == "accepted"


def test_a_process_that_died_is_no_obstacle_once_it_was_noticed(hall: Hall) -> None:
    """A suspended sale is resumed by the court, and then closes although the lost row is still there."""
    auction_id, _, end = at_the_end(hall)
    a_process(hall, end - SECOND)
    another(hall)
    assert shut(hall, auction_id) == "suspended"
    hall.change(auction_id, status="open", closes_at=end + timedelta(days=2), suspension=None)
    hall.clock.moment = end + timedelta(days=2, seconds=2)
    another(hall)
    assert shut(hall, auction_id) == "sold"


def test_a_clean_stop_hands_the_row_back_and_closing_goes_on_without_it(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "BEAT_SECONDS", PATIENCE)
    auction_id, bo, end = at_the_end(hall, after=-SECOND)
    with a_desk(hall, "clean") as desk:
        assert intakes(hall) == {"clean": False}
        answer = desk.submit(auction_id, bo.account_id, RESERVE + STEP, "key").result(PATIENCE)
    assert intakes(hall) == {}
    hall.clock.moment = end - SECOND + FIVE + SECOND
    another(hall)
    assert shut(hall, auction_id) == "sold"
    assert answer.outcome == "accepted"
    assert hall.row(auction_id).leader_registration_id == bo.registration_id


def test_the_leases_of_two_desks_are_their_own(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = Beats(monkeypatch)
    auction_id = hall.auction()
    bidders = hall.bidders(auction_id, *[None] * 8)
    with a_desk(hall, "left") as left, a_desk(hall, "right") as right:
        beats.wait("left")
        beats.wait("right")

        def bid(desk: Desk, bidder: Bidder) -> list[Answer]:
            levels = range(0, 24, 3)
            return [
                desk.submit(auction_id, bidder.account_id, RESERVE + n * STEP, f"k{n}", raise_own=True).result(PATIENCE)
                for n in levels
            ]

        acts = [lambda d=(left, right)[n % 2], b=b: bid(d, b) for n, b in enumerate(bidders)]  # type: ignore[misc]
        answers = [answer for some in at_once(acts) for answer in some]
        assert intakes(hall) == {"left": False, "right": False}
    sound(hall, auction_id, answers)
    assert intakes(hall) == {}
