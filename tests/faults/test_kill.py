"""The serving process is killed while eight bidders bid as fast as they can: nothing anybody was told is lost.

I-B7, I-B11, I-B12, I-A2 and F1 of the reliability bar. What was acknowledged stands to the byte; what was not has one
fate, which can be asked for by its key; bidding goes on after every restart; the journal verifies at the end.
"""

import random

import pytest

from tests.faults.counts import SEEDS, done, often
from tests.faults.crowd import Crowd
from tests.faults.setting import HOT, announced_lots, opened, registered, some_bidders
from tests.flows.evidence import audit
from tests.flows.server import Place, serving, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CYCLES, BIDDERS = often(8, 500), 8


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_bid_is_lost_when_the_server_is_killed_again_and_again(place: Place, seed: int) -> None:
    rng = random.Random(seed)
    with serving(place) as server:
        people = some_bidders(server, BIDDERS)
        court = announced_lots(server, 1, facts=HOT)[0]
        codes = registered(server, court, people)
        opened(server, court)
        crowd = Crowd(server, court, codes, people, seed)
        for _ in range(CYCLES):
            crowd.sit()
            before = crowd.accepted()
            crowd.go()
            wait_until(lambda before=before: crowd.accepted() > before, "bidding goes on")
            server.pause(rng.uniform(0, 0.5))
            server.process.kill()
            crowd.lost()
            server.start()
            crowd.check()
        crowd.sit()
        crowd.check_again()
        crowd.check_seats()
        crowd.leave()
        assert (court.auction["status"], court.auction["bid_count"]) == ("open", len(crowd.log))
        assert server.faults == []
        server.process.stop()
    said = audit(place)
    assert said["checked"]["bids"] == crowd.stored()
    done("deaths of a server", seed, deaths=CYCLES, accepted=len(crowd.log))
