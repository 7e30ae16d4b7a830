"""Desks that die at every point around a commit, and closings that die inside: nothing told is lost, nothing is twice.

F1, F2, F4 and I-B7, I-B8, I-B10 to I-B12 of the reliability bar. Each death is in the middle of five bidders' offers
on a lot of its own; the next process is sent again whatever nobody answered. What all of them lived through must then
fit one order (`history.py`), and the lot must hold exactly what they were told.
"""

import os
import random
import resource
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bidding.services.closing import close
from tests.bidding.hall import RESERVE, STEP, Hall
from tests.conftest import START
from tests.faults.counts import SEEDS, done, often
from tests.faults.history import Op, in_one_order
from tests.faults.lots import holds
from tests.faults.mortal import POINTS, Life, Mortal, a_closing, a_life
from tests.flows.server import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

BIDDERS = 5
_names = count(1)


@pytest.fixture
def hall(database_url: str, hall_of: Callable[[str], Hall]) -> Hall:
    return hall_of(database_url)


def a_lot(hall: Hall, tmp_path: Path, database_url: str, seed: int) -> tuple[str, Life]:
    """A lot with bidders, and what a process that serves them is born with."""
    auction_id = hall.auction()
    people = tuple(hall.bidders(auction_id, *[None] * BIDDERS))
    return auction_id, Life(database_url, str(tmp_path), hall.clock.moment, people, f"{seed}-{next(_names)}")


def unanswered(ops: list[Op]) -> tuple[Op, ...]:
    """Offers nobody heard the end of, whatever key they share with one that was answered."""
    return tuple(op for op in ops if op.said is None)


def told_some(process: Mortal, answers: int) -> bool:
    return sum(op.said is not None for op in process.history()) >= answers


def test_nothing_told_is_lost_wherever_a_desk_dies(hall: Hall, tmp_path: Path, database_url: str) -> None:
    for seed in SEEDS:
        rng, bids, deaths = random.Random(seed), 0, often(8, 500)
        for number in range(deaths):
            auction_id, life = a_lot(hall, tmp_path, database_url, seed)
            point = (*POINTS, None)[number % 4]
            mortal = replace(life, point=point, nth=rng.randrange(12))
            dying = a_life(mortal)
            if point is None:
                wait_until(lambda dying=dying: told_some(dying, 20), "some answers")
                dying.kill()
            assert dying.wait() == -signal.SIGKILL
            ops = dying.history()
            again = unanswered(ops)
            assert again, "it died idle"
            following = a_life(replace(life, offers=4, again=again, seed=f"{life.seed}+"))
            assert following.wait() == 0
            ops += following.history()
            bids += holds(hall, auction_id, ops)
            assert in_one_order(ops), f"seed {seed}, death {number} at {point}: no order fits what was told"
        done("deaths of a desk", seed, deaths=deaths, accepted=bids)


@pytest.mark.postgresql
def test_two_desks_of_which_one_dies_judge_as_one(
    postgresql_url: str, tmp_path: Path, hall_of: Callable[[str], Hall]
) -> None:
    hall = hall_of(postgresql_url)
    for seed in SEEDS:
        bids, histories = 0, often(6, 2000)
        for number in range(histories):
            auction_id, life = a_lot(hall, tmp_path, postgresql_url, seed)
            staying = a_life(replace(life, people=life.people[:3], offers=12))
            dying = a_life(replace(life, people=life.people[2:], point=POINTS[number % 3], nth=2, seed=f"{life.seed}!"))
            dying.wait()
            assert staying.wait() == 0
            ops = staying.history() + dying.history()
            bids += holds(hall, auction_id, ops)
            assert in_one_order(ops), f"seed {seed}, history {number}: no order fits what was told"
        done("histories of two desks, one of which dies", seed, histories=histories, accepted=bids)


def test_a_closing_that_dies_inside_is_done_once_by_the_next(hall: Hall, tmp_path: Path, database_url: str) -> None:
    for seed in SEEDS:
        rng, deaths = random.Random(seed), often(4, 300)
        for number in range(deaths):
            hall.clock.moment = START
            auction_id, life = a_lot(hall, tmp_path, database_url, seed)
            sold = rng.random() < 0.8
            if sold:
                assert hall.bid(life.people[0], RESERVE).outcome == "accepted"
            hall.closes_in(auction_id, seconds=-2)
            point = POINTS[number % 2]
            dying = a_closing(replace(life, moment=hall.clock.moment, point=point), auction_id)
            assert (dying.wait(), dying.told) == (-signal.SIGKILL, [])
            decided = "sold" if sold else "unsold"
            assert hall.row(auction_id).status == ("open" if point == "before_commit" else decided)
            next_one = a_closing(replace(life, moment=hall.clock.moment), auction_id)
            assert (next_one.wait(), next_one.told) == (0, [decided if point == "before_commit" else None])
            assert hall.house.perform(close, auction_id) is None
            assert hall.row(auction_id).status == decided
            kinds = hall.kinds(auction_id)
            assert (kinds.count("AuctionClosed"), kinds.count("SaleConfirmed")) == (1, int(sold))
            ends = [e.data["status"] for e in hall.events(auction_id) if e.type == "status" and "status" in e.data]
            assert ends.count(decided) == 1
            assert hall.bid(life.people[1], RESERVE + STEP).code == "closed"
        done("deaths inside a closing", seed, deaths=deaths)


@pytest.mark.postgresql
def test_a_closing_that_stands_still_inside_loses_its_lock_and_adds_nothing(
    postgresql_url: str, tmp_path: Path, hall_of: Callable[[str], Hall]
) -> None:
    """F18: stopped before its commit, it holds the lot until its transaction is taken from it; then it comes back."""
    hall = hall_of(postgresql_url)
    auction_id, life = a_lot(hall, tmp_path, postgresql_url, SEEDS[0])
    assert hall.bid(life.people[0], RESERVE).outcome == "accepted"
    hall.closes_in(auction_id, seconds=-2)
    still = a_closing(replace(life, moment=hall.clock.moment, point="standing_still"), auction_id)
    wait_until(lambda: Path(f"/proc/{still.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "standing")
    try:
        assert hall.row(auction_id).status == "open"
        assert hall.house.perform(close, auction_id) == "sold"
    finally:
        os.kill(still.pid, signal.SIGCONT)
    assert still.wait() == 1
    assert still.told == []
    assert (hall.row(auction_id).status, hall.kinds(auction_id).count("AuctionClosed")) == ("sold", 1)


def test_what_sqlite_has_written_at_any_moment_is_whole(
    sqlite_template: Path, tmp_path: Path, hall_of: Callable[[str], Hall]
) -> None:
    """F4: the files as they are while the process stands still in the midst of its work, and cut at any page."""
    path = tmp_path / "fapai.db"
    shutil.copy(sqlite_template, path)
    hall = hall_of(f"sqlite:///{path}")
    for seed in SEEDS:
        rng, moments, cuts = random.Random(seed), often(3, 200), 0
        auction_id, life = a_lot(hall, tmp_path, f"sqlite:///{path}", seed)
        writing = a_life(life)
        for number in range(moments):
            wait_until(lambda writing=writing, number=number: told_some(writing, 30 * (number + 1)), "some answers")
            time.sleep(rng.uniform(0, 0.02))
            os.kill(writing.pid, signal.SIGSTOP)
            time.sleep(0.02)  # what it has told is on its way here
            seqs = [op.said.seq for op in writing.history() if op.said is not None and op.said.seq]
            copy = tmp_path / f"copy-{number}"
            copy.mkdir()
            files = {name: Path(f"{path}{name}").read_bytes() for name in ("", "-wal")}
            os.kill(writing.pid, signal.SIGCONT)
            log = files["-wal"]
            assert _stored(copy, files, auction_id) >= max(seqs)
            for length in rng.sample(range(0, len(log), 4096), 4):
                _stored(copy, files | {"-wal": log[:length]}, auction_id)
                cuts += 1
        writing.kill()
        writing.wait()
        done("moments of SQLite's files", seed, moments=moments, cuts=cuts)


def _stored(folder: Path, files: dict[str, bytes], auction_id: str) -> int:
    """How many bids such files hold, once SQLite has said that they are sound and the bids are a whole line."""
    for left in folder.iterdir():
        left.unlink()
    for name, data in files.items():
        (folder / f"fapai.db{name}").write_bytes(data)
    connection = sqlite3.connect(folder / "fapai.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        seqs = connection.execute("SELECT seq FROM bids WHERE auction_id = ? AND seq > 0 ORDER BY seq", (auction_id,))
        found = [seq for (seq,) in seqs]
        journaled = connection.execute(
            "SELECT count(*) FROM journal WHERE stream = ? AND kind = 'BidAccepted'", (f"auction:{auction_id}",)
        ).fetchone()
    finally:
        connection.close()
    assert found == list(range(1, len(found) + 1))
    assert journaled == (len(found),)
    return len(found)


def test_a_full_disk_under_sqlite_refuses_bids_and_recovers_alone(
    sqlite_template: Path, tmp_path: Path, hall_of: Callable[[str], Hall]
) -> None:
    """F12: the process may write no further into any file (EFBIG, as a quota does), and then again."""
    path = tmp_path / "fapai.db"
    shutil.copy(sqlite_template, path)
    hall = hall_of(f"sqlite:///{path}")
    for seed in SEEDS:
        auction_id, life = a_lot(hall, tmp_path, f"sqlite:///{path}", seed)
        writing, times = a_life(life), often(2, 200)
        for _ in range(times):
            before = len(unanswered(writing.history()))
            heard = len(writing.history()) - before
            wait_until(lambda w=writing, n=heard + 20: told_some(w, n), "some answers")
            resource.prlimit(writing.pid, resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
            wait_until(
                lambda w=writing, n=before: len(unanswered(w.history())) > n + BIDDERS, "refusals for lack of space"
            )
            resource.prlimit(writing.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        answered = len(writing.history()) - len(unanswered(writing.history()))
        wait_until(lambda w=writing, n=answered + 20: told_some(w, n), "some answers")
        writing.kill()
        writing.wait()
        ops = writing.history()
        holds(hall, auction_id, ops)
        assert in_one_order(ops), f"seed {seed}: no order fits what was told"
        done("full disks under SQLite", seed, times=times, faults=len(unanswered(ops)))
