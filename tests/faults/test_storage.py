"""PostgreSQL killed, its connections cut, its disk full, while five bidders offer: I-B7, I-B10 to I-B12, F3, F6, F12.

An offer without a sure outcome is answered `fault` and sent again under its key until there is an answer; the house
comes back by itself. What everybody lived through must fit one order, and the lot must hold exactly what was told.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from auction.kernel.settings import SettingsError
from bidding.desk import Desk
from tests.bidding.hall import Hall
from tests.conftest import settings_for
from tests.faults.counts import SEEDS, done, often
from tests.faults.history import in_one_order
from tests.faults.lots import holds
from tests.faults.mortal import Crew
from tests.faults.own_servers import Cluster, CommitCutter
from tests.flows.server import wait_until
from web.wiring import check, open_house

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.postgresql]

BIDDERS = 5
_names = count(1)


@pytest.fixture
def url(cluster: Cluster, postgresql_url: str) -> str:
    return cluster.copy_of(postgresql_url)


@contextmanager
def a_sale(hall: Hall, seed: int) -> Iterator[tuple[str, Crew]]:
    """A lot on which everybody bids; afterwards what they lived through is held against it."""
    auction_id = hall.auction()
    people = tuple(hall.bidders(auction_id, *[None] * BIDDERS))
    name = f"{seed}-{next(_names)}"
    desk = Desk(hall.house, name)
    desk.start()
    try:
        crew = Crew(desk, people, name)
        yield auction_id, crew
        ops = crew.stop()
    finally:
        desk.stop()
    hall.house.engine.dispose()
    hall.house.reader.dispose()
    holds(hall, auction_id, ops)
    assert in_one_order(ops), f"seed {seed}: no order fits what was told"


def goes_on(crew: Crew, bids: int = 3) -> None:
    """Bids are accepted, from now on."""
    before = crew.accepted()
    wait_until(lambda: crew.failures or crew.accepted() >= before + bids, "bidding goes on")


def faults(crew: Crew) -> int:
    """How many offers were answered `fault`, and not only not yet."""
    return max(0, len(crew.told) - 2 * sum(answered for answered, _ in list(crew.told)) - BIDDERS)


def test_a_database_that_may_lose_what_it_committed_is_refused(
    cluster: Cluster, url: str, postgresql_url: str, tmp_path: Path
) -> None:
    hurried = open_house(settings_for(postgresql_url, tmp_path, sandbox=False))  # as tests have it
    durable = open_house(settings_for(url, tmp_path, sandbox=False))
    try:
        with pytest.raises(SettingsError, match="synchronous_commit must not be off"):
            check(hurried)
        check(durable)
    finally:
        for house in (hurried, durable):
            house.engine.dispose()
            house.reader.dispose()


def test_no_acknowledged_bid_is_lost_when_postgresql_is_killed(
    cluster: Cluster, url: str, hall_of: Callable[[str], Hall]
) -> None:
    hall = hall_of(url)
    for seed in SEEDS:
        rng, deaths, bids, unsure = random.Random(seed), often(2, 200), 0, 0
        for _ in range(deaths):
            with a_sale(hall, seed) as (_, crew):
                goes_on(crew)
                time.sleep(rng.uniform(0, 0.1))
                cluster.kill()
                wait_until(lambda crew=crew: faults(crew) >= BIDDERS, "the faults")
                cluster.start()
                goes_on(crew)
                bids, unsure = bids + crew.accepted(), unsure + faults(crew)
        done("deaths of PostgreSQL", seed, deaths=deaths, accepted=bids, faults=unsure)


def test_a_commit_whose_answer_never_came_has_one_outcome(
    cluster: Cluster, url: str, hall_of: Callable[[str], Hall]
) -> None:
    with ExitStack() as stack:
        cutter = CommitCutter(cluster.port)
        stack.callback(cutter.close)
        hall = hall_of(url.replace(f":{cluster.port}/", f":{cutter.port}/"))
        for seed in SEEDS:
            cuts = often(12, 2000)
            start = cutter.before + cutter.after
            with a_sale(hall, seed) as (_, crew):
                while cutter.before + cutter.after < start + cuts:
                    goes_on(crew)
                    cutter.armed.set()
                    before = cutter.before + cutter.after
                    wait_until(lambda before=before: cutter.before + cutter.after > before, "a cut")
                    cutter.armed.clear()
            done("connections cut inside COMMIT", seed, before=cutter.before, after=cutter.after)
        assert min(cutter.before, cutter.after) > 0


def test_backends_ended_by_an_administrator_cost_nobody_a_bid(
    cluster: Cluster, url: str, hall_of: Callable[[str], Hall]
) -> None:
    hall = hall_of(url)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'copy%'"
    for seed in SEEDS:
        rounds, ended = often(6, 1000), 0
        with a_sale(hall, seed) as (_, crew):
            for _ in range(rounds):
                goes_on(crew)
                ended += len(cluster.admin(end))
        assert ended >= rounds
        done("backends ended", seed, rounds=rounds, ended=ended)


def test_a_full_disk_refuses_bids_and_recovers_alone(
    cluster: Cluster, url: str, hall_of: Callable[[str], Hall]
) -> None:
    if not cluster.mounted:
        pytest.skip("no file system of its own could be mounted for the cluster")
    hall = hall_of(url)
    for seed in SEEDS:
        times = often(1, 40)
        for _ in range(times):
            with a_sale(hall, seed) as (auction_id, crew):
                goes_on(crew)
                cluster.fill()
                try:
                    wait_until(lambda crew=crew: faults(crew) >= BIDDERS, "no space")
                    # Reads go on, if only to say where the price is.
                    assert hall.row(auction_id).status == "open"
                finally:
                    cluster.empty()
                wait_until(cluster._answers, "PostgreSQL")
                goes_on(crew)
        done("full disks", seed, times=times)
