"""What a fault finds: a court's people, lots of one case under way, bidders with codes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from auction.services import accounts
from tests.conftest import settings_for
from tests.factories import a_resident_id
from tests.flows.bidders import Bidder
from tests.flows.court import COURT, COURT_NAME, FLAT, JUDGES, Court, LotFacts
from tests.flows.server import PASSWORD, Server
from web.auth import HASHER
from web.wiring import open_house

#: A lot whose price may rise a long way in small steps.
HOT: LotFacts = replace(FLAT, increment_fen=100)


def staffed(database_url: str, folder: Path) -> None:
    """A court with its judges, a clerk and an operator: written by the services, the command line has its own story."""
    house = open_house(settings_for(database_url, folder))
    hashed = HASHER.hash(PASSWORD)
    house.perform(accounts.add_court, COURT, COURT_NAME)
    for username, role in (*((name, "judge") for name in JUDGES), ("clerk", "clerk"), ("operator", "operator")):
        court = COURT if role in ("judge", "clerk") else None
        named: dict[str, Any] = {"username": username, "role": role, "name": username, "password_hash": hashed}
        house.perform(accounts.create_staff, **named, court=court)
    house.engine.dispose()
    house.reader.dispose()


def some_bidders(server: Server, count: int) -> list[Bidder]:
    """So many people with accounts."""
    people = [Bidder(f"bidder-{number}", f"示例竞买人{number}", a_resident_id(900 + number)) for number in range(count)]
    for who in people:
        who.enrol(server)
    return people


def announced_lots(
    server: Server, count: int, *, facts: LotFacts = FLAT, apart: timedelta = timedelta(0)
) -> list[Court]:
    """So many lots of one case, announced for the same opening; each ends `apart` later than the one before."""
    courts = [Court(server, facts) for _ in range(count)]
    opens_at = server.now() + facts.notice
    for number, court in enumerate(courts):
        court.announced(case=number == 0, opens_at=opens_at, window=timedelta(days=1) + number * apart)
    return courts


def registered(server: Server, court: Court, people: Sequence[Bidder]) -> dict[str, str]:
    """Everybody with a paid deposit; the bidder codes by username."""
    codes = {}
    for who in people:
        registration = who.register(server, court.auction_id)
        who.pay(server, who.deposit(server, registration["id"]))
        codes[who.username] = who.registration(server, registration["id"])["bidder_code"]
    return codes


def opened(server: Server, court: Court) -> datetime:
    """Bidding has begun; the end."""
    server.advance_to(court.auction["opens_at"])
    server.advance(timedelta(seconds=2))
    auction = court.auction
    assert auction["status"] == "open"
    return datetime.fromisoformat(auction["closes_at"])
