"""The database dies under a running sale for longer than a sale can stand: it is stopped, and the time is given back.

PRECISIONS 21, F3 and F6 of the reliability bar. The postmaster of a cluster of the test's own is killed; nothing
acknowledged is lost, whoever tried meanwhile is told `fault` and counted, and what stopped the sale is public.
"""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import settings_for
from tests.faults.own_servers import Cluster
from tests.faults.setting import announced_lots, opened, registered, some_bidders, staffed
from tests.flows.evidence import audit
from tests.flows.server import Place, Server, serving, wait_until
from web.wiring import open_house, upgrade

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.postgresql]

MINUTE = timedelta(minutes=1)
#: How long nobody could bid. A test cannot wait for it: the lease that ran out is dated back by as much.
LENGTH, LATER = 11 * MINUTE, "UPDATE intake SET lease_until = lease_until - interval '11 minutes'"


def test_a_database_that_dies_for_long_stops_the_sale_and_its_resumption_gives_the_time_back(
    cluster: Cluster, tmp_path: Path
) -> None:
    house = open_house(settings_for(cluster.url, tmp_path))
    upgrade(house)
    house.engine.dispose()
    house.reader.dispose()
    staffed(cluster.url, tmp_path)
    place = Place(tmp_path, cluster.url)
    with serving(place) as server:
        people = some_bidders(server, 2)
        court = announced_lots(server, 1)[0]
        registered(server, court, people)
        end = opened(server, court)
        first, second = people
        reserve, step = court.facts.reserve_fen, court.facts.increment_fen
        server.advance_to(end, before=20 * MINUTE)
        assert first.bid(server, court.auction_id, reserve, "a").status_code == 201
        server.advance(LENGTH + MINUTE)

        cluster.kill()
        answers = [second.bid(server, court.auction_id, reserve + step, f"b{number}") for number in range(3)]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "fault")] * 3
        assert server.http.get(f"{server.address}/readyz").status_code == 503
        server.pause(1)
        cluster.alone(LATER)
        cluster.start()

        wait_until(lambda: _status(server, court.auction_id) == "suspended", "the suspension")
        stopped = court.auction
        assert (stopped["bid_count"], stopped["price_fen"]) == (1, reserve)
        [outage] = server.get("/incidents")["items"]
        assert outage["seconds"] > 600 and outage["applied"]
        assert [(sale["auction_id"], sale["effect"]) for sale in outage["sales"]] == [(court.auction_id, "suspension")]
        assert second.bid(server, court.auction_id, reserve + step, "c").json()["code"] == "suspended"
        assert "平台中断" in server.page(f"/auctions/{court.auction_id}")
        left = end - datetime.fromisoformat(outage["began_at"])
        soon = server.now() + timedelta(days=1)
        wrong = {"closes_at": (soon - MINUTE).isoformat(), "reason": "平台已恢复"}
        assert server.refused("judge1", f"/auctions/{court.auction_id}/resumption", wrong, 422)["code"] == "invalid"
        fine = {"closes_at": (soon + left + MINUTE).isoformat(), "reason": "平台已恢复"}
        server.post("judge1", f"/auctions/{court.auction_id}/resumption", fine, 200)

        server.process.stop()
        server.start()
        [tried] = server.get("/incidents")["turned_away"]
        assert (tried["auction_id"], tried["codes"]["fault"]) == (court.auction_id, 3)
        page = server.page("/incidents")
        assert "<code>fault</code> 3" in page
        assert second.bid(server, court.auction_id, reserve + step, "b0").status_code == 201
        server.advance_to(court.auction["closes_at"])
        server.advance(timedelta(seconds=3))
        wait_until(lambda: court.auction["status"] == "sold", "the closing")
        assert court.auction["price_fen"] == reserve + step
        server.process.stop()
    assert audit(place)["checked"]["bids"] == 3  # the one that found the sale suspended is kept too


def _status(server: Server, auction_id: str) -> str:
    """Empty while the database is away."""
    answer = server.ask(None, "GET", f"/auctions/{auction_id}")
    return str(answer.json().get("status")) if answer.is_success else ""
