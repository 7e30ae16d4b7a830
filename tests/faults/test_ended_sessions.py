"""A session that ends takes the rights from its live sockets, in every process; whoever lost them may look on.

One process on SQLite; two processes and Redis on PostgreSQL, the socket at the one, the end told to the other. The
command line is another process on either.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.setting import announced_lots, opened, registered, some_bidders
from tests.flows.server import PASSWORD, Place, Server, serving, wait_until
from tests.flows.sockets import Seat

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis]

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture
def servers(place: Place) -> Iterator[list[Server]]:
    """The processes of the place: one on SQLite, two on PostgreSQL."""
    with ExitStack() as stack:
        running = [stack.enter_context(serving(place))]
        if place.environ["FAPAI_DATABASE_URL"].startswith("postgresql"):
            place.environ["FAPAI_REDIS_URL"] = REDIS
            running.append(stack.enter_context(serving(place, "--no-scheduler")))
        yield running


def _delete(server: Server, who: str, path: str) -> None:
    assert server.ask(who, "DELETE", path).status_code == 204


#: Each way a session ends that others can bring about: in the name of its holder, who has signed in a second time.
ENDS: dict[str, Callable[[Server, str], object]] = {
    "ended_elsewhere": lambda server, who: _delete(server, who, "/sessions/others"),
    "password_changed": lambda server, who: server.ask(
        who, "PUT", "/me/password", {"current": PASSWORD, "password": PASSWORD}
    ),
    "account_disabled": lambda server, who: server.place.fapai("user", "disable", who, "--reason", "测试"),
}


def test_a_socket_loses_its_rights_within_a_look_and_goes_on_watching(servers: list[Server], place: Place) -> None:
    near, far = servers[0], servers[-1]
    people = some_bidders(near, len(ENDS) + 1)
    court = announced_lots(near, 1)[0]
    registered(near, court, people)
    opened(near, court)
    amount, step = court.facts.reserve_fen, court.facts.increment_fen
    *leaving, staying = people
    other = Seat(far, court.auction_id, staying.username).connect()
    other.watch()
    for who, (reason, end) in zip(leaving, ENDS.items(), strict=True):
        seat = Seat(far, court.auction_id, who.username).connect()
        seat.watch()
        assert seat.bid(amount, "k1")["outcome"] == "accepted"
        near.sign_in(who.username)
        end(near, who.username)
        wait_until(lambda seat=seat: seat.ends, "the word that the session is over")
        assert [(told["code"], told["reason"]) for told in seat.ends] == [("unauthenticated", reason)]
        refused = seat.bid(amount + step, "k2")
        assert (refused["outcome"], refused["code"], refused["bid_id"]) == ("refused", "unauthenticated", None)
        amount += step
        assert other.bid(amount, f"{reason}")["outcome"] == "accepted"
        amount += step
        seat.has_heard(court.auction["version"])
        seat.leave()
    assert other.ends == []
    other.leave()
    assert near.faults == far.faults == []
