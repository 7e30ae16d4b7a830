"""Clocks that jump: a process follows none, and takes no bids rather than guess the time (F8, T14, PRECISIONS 36)."""

import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from auction.kernel import clock as clocks
from auction.kernel.clock import FixedClock, SystemClock
from auction.kernel.ids import Ids
from auction.models import Intake
from bidding import desk as desks
from bidding.desk import Desk
from bidding.models import Outage
from bidding.services.closing import close
from tests.bidding.hall import RESERVE, STEP, Hall
from tests.conftest import START, settings_for
from tests.faults.counts import SEEDS, done, often
from tests.flows.server import wait_until
from web.wiring import open_house

pytestmark = pytest.mark.faults

SECOND = timedelta(seconds=1)
JUMPS = [sign * span for sign in (1, -1) for span in (3 * SECOND, 300 * SECOND, 3600 * SECOND)]


class Machine:
    """Time as it is, and the clocks that tell it: the monotonic one, this machine's, and the database's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed, self.wall, self.database = 0.0, timedelta(0), timedelta(0)
        monkeypatch.setattr(clocks, "time", SimpleNamespace(monotonic=lambda: self.passed))
        here = SimpleNamespace(now=lambda _: self.now + self.wall, fromisoformat=datetime.fromisoformat)
        monkeypatch.setattr(clocks, "datetime", here)

    @property
    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=self.passed)

    def read(self) -> datetime:
        """What the database says it is."""
        self.passed += 0.001
        return self.now + self.database


def test_a_clock_tells_the_time_to_the_second_or_says_that_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in SEEDS:
        rng, jumps, off = random.Random(seed), often(60, 500), 0
        machine = Machine(monkeypatch)
        machine.wall = 3 * SECOND
        clock = SystemClock()
        clock.anchor(machine.read)
        for _ in range(jumps):
            jump = rng.choice(JUMPS)
            what = rng.choice(("wall", "database", "slow"))
            for _ in range(5):
                machine.passed += 1
                if what == "slow":  # by one part in a hundred
                    machine.database -= SECOND / 100
                elif what == "wall":
                    machine.wall = jump
                else:
                    machine.database = jump
                clock.anchor(machine.read)
                # Nobody closes early or late: what is told is right, and is said to be doubtful where it may not be.
                assert abs(clock.machine() - machine.now) <= SECOND
                assert clock.skewed == (abs(machine.database) > SECOND)
                off += clock.skewed
            machine.wall = machine.database = timedelta(0)
            clock.anchor(machine.read)
            assert not clock.skewed
        done("jumps of a clock", seed, jumps=jumps, off_duty=off)


def test_two_processes_that_start_with_clocks_three_seconds_apart_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    one = SystemClock()
    machine.wall = 3 * SECOND
    other = SystemClock()
    for clock in (one, other):
        clock.anchor(machine.read)
    assert abs(one.machine() - other.machine()) <= SECOND / 100
    assert not one.skewed and not other.skewed


class Doubtful(FixedClock):
    """A clock set by hand, which can also be in doubt; the beat has `noticed` when none is under way any more."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self.doubt, self.noticed = False, threading.Event()

    @property
    def skewed(self) -> bool:  # type: ignore[override]
        if self.doubt and threading.current_thread().name == "desk_beat":
            self.noticed.set()
        return self.doubt


def test_while_the_time_is_in_doubt_nobody_bids_and_nothing_ends(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "BEAT_SECONDS", 0.005)
    clock = Doubtful(START)
    house = open_house(settings_for(database_url, tmp_path), clock=clock, ids=Ids())
    hall = Hall(house, clock)
    auction_id = hall.auction()
    ann, bo = hall.bidders(auction_id, None, None)
    desk = Desk(house, "doubtful")
    desk.start()
    try:
        assert desk.submit(auction_id, ann.account_id, RESERVE, "a").result(30).outcome == "accepted"
        clock.doubt = True
        assert clock.noticed.wait(30)
        assert desk.submit(auction_id, bo.account_id, RESERVE + STEP, "b").result(30).code == "fault"
        end = hall.closes_in(auction_id, seconds=-60)
        # The lease has run out.
        house.perform(lambda unit: unit.session.execute(update(Intake).values(lease_until=end)))
        assert house.perform(close, auction_id) is None
        assert (hall.row(auction_id).status, len(hall.bids(auction_id))) == ("open", 1)
        assert desk.submit(auction_id, bo.account_id, RESERVE + STEP, "c").result(30).code == "fault"
        clock.doubt = False
        wait_until(lambda: house.read(lambda session: session.scalar(select(Outage.id))), "the end of the outage")
    finally:
        desk.stop()
        for engine in (house.engine, house.reader):
            engine.dispose()
