"""A sale that outages struck, replayed from its package: every decision before, between and after comes out again."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.models import Intake
from auction.rules.access import Actor
from bidding.evidence import export
from bidding.replay_package import read_package
from bidding.services import life
from bidding.services.bids import BidOffer, place_bids
from bidding.services.closing import close
from bidding.services.intake import LEASE, take_lease
from bidding.services.turned_away import record_turned_away
from tests.bidding.hall import a_house
from tests.bidding.sale import false_evidence
from tests.bidding.services.test_changes import RESERVE, STEP, Bench
from tests.bidding.test_replay_package import Entries, Sold, changed, later
from tests.conftest import START
from web.sale_protocol import protocol_pdf
from web.timekeeping import tick

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sold]:
    """A sale with an outage that was only told, one that stopped it, and one that moved its end."""
    folder, clock = tmp_path_factory.mktemp("outage"), FixedClock(START)
    with a_house("sqlite", folder, clock) as house:
        with closing(sqlite3.connect(folder / "empty.db")) as connection:
            connection.execute("VACUUM INTO ?", (str(folder / "blank.db"),))
        auction_id = a_struck_sale(house, clock)
        assert false_evidence(house, folder / "checked", auction_id) == []
        export(house, folder / "evidence", auction_id, printer=protocol_pdf)
        yield Sold(house, auction_id, folder / "evidence", folder / "blank.db")


def a_struck_sale(house: House, clock: FixedClock) -> str:
    """Hold it; its id."""
    sale = Bench(house, clock)
    sale.ready()
    sale.publish()
    (ann, _), (ben, _) = sale.enrol(), sale.enrol()
    processes = [f"web-{number}" for number in range(4)]

    def until(moment: datetime) -> None:
        """The process that lives now goes on taking bids up to then."""
        beats = {"lease_until": moment + LEASE, "mark": moment, "beat_at": moment}
        clock.moment = moment
        house.perform(lambda unit: unit.session.execute(update(Intake).values(**beats)))

    def bid(actor: Actor, fen: int, code: str | None = None) -> None:
        until(clock.moment + SECOND)
        offer = BidOffer(sale.auction_id, actor.id, fen, f"k{clock.moment}", clock.moment)
        assert house.perform(place_bids, [offer], process=processes[0])[0].code == code

    def outage(length: timedelta) -> None:
        """The process dies now; another begins so long after the lease ran out, and what is due is done."""
        house.perform(lambda unit: unit.session.execute(delete(Intake).where(Intake.process != processes[0])))
        processes.pop(0)
        clock.moment += LEASE + length
        house.perform(take_lease, processes[0], clock.moment)
        tick(house)

    clock.moment = sale.auction().opens_at + MINUTE
    house.perform(take_lease, processes[0], clock.moment)
    bid(ann, RESERVE)
    outage(MINUTE)  # far from the end: told
    bid(ben, RESERVE, "below_minimum")
    bid(ben, RESERVE + STEP)
    until(sale.auction().closes_at - 4 * MINUTE)
    bid(ann, RESERVE + 2 * STEP)  # moves the end
    left = sale.auction().closes_at - clock.moment - LEASE
    outage(timedelta(seconds=601))  # stopped, as a fault
    stopped = sale.auction()
    assert (stopped.status, (stopped.suspension or {})["remaining_seconds"]) == ("suspended", left.total_seconds())
    house.perform(record_turned_away, {(sale.auction_id, "fault"): 3})
    bid(ben, RESERVE + 3 * STEP, "suspended")
    until(clock.moment + timedelta(hours=2))
    end = clock.moment + timedelta(days=2)
    house.perform(life.resume, sale.judge, sale.auction_id, closes_at=end, reason="平台已恢复")
    bid(ann, RESERVE + 3 * STEP, "already_leading")
    bid(ben, RESERVE + 3 * STEP)
    until(end - 6 * MINUTE)
    outage(MINUTE)  # near the end: it moves
    assert sale.auction().closes_at == clock.moment + 10 * MINUTE
    bid(ann, RESERVE + 4 * STEP)
    until(sale.auction().closes_at)
    assert house.perform(close, sale.auction_id, settled=True) == "sold"
    return sale.auction_id


def test_every_decision_round_the_outages_of_a_sale_comes_out_again(struck: Sold) -> None:
    lines, said = struck.replayed(struck.folder)
    assert (said["equal"], said["differences"], said["offers"]) == (True, [], 7)
    codes = [line["code"] for line in lines[:-1]]
    assert codes == [None, "below_minimum", None, None, "already_leading", None, None]
    assert (lines[-1]["status"], lines[-1]["price_fen"], lines[-1]["bids"]) == ("sold", RESERVE + 4 * STEP, 5)
    assert said["facts"] == {"AuctionResumed": 1, "AuctionSuspended": 1, "OutageRecorded": 3}
    assert said["turned_away"] == {"fault": 3}
    package = read_package(struck.folder)
    effects = [entry["body"]["effect"] for entry in package.entries if entry["kind"] == "OutageRecorded"]
    assert effects == ["event", "suspension", "extension"]


def nth(kind: str, position: int, **body: Any) -> Callable[[Entries], object]:
    return lambda entries: [entry for entry in entries if entry["kind"] == kind][position]["body"].update(body)


def longer(position: int, **delta: float) -> Callable[[Entries], object]:
    """An outage is said to have begun earlier."""

    def change(entries: Entries) -> None:
        body = [entry for entry in entries if entry["kind"] == "OutageRecorded"][position]["body"]
        body["from"] = later(body["from"], **delta)

    return change


def without(kind: str, position: int) -> Callable[[Entries], object]:
    """An entry of a kind is said to be of another that no replay goes by."""

    def change(entries: Entries) -> None:
        [entry for entry in entries if entry["kind"] == kind][position] |= {"kind": "Unheard", "body": {}}

    return change


PLANTED: dict[str, Callable[[Entries], object]] = {
    "an outage that stopped nothing": nth("OutageRecorded", 1, effect="event"),
    "an outage said to have stopped it": nth("OutageRecorded", 0, effect="suspension"),
    "a longer outage": longer(2, hours=-3),
    "a shorter outage": longer(1, seconds=2),
    "an outage that never was": without("OutageRecorded", 1),
    "a stop that never was": without("AuctionSuspended", 0),
    "less left to bid in": nth("AuctionSuspended", 0, remaining_seconds=1),
    "another cause": nth("AuctionSuspended", 0, cause="intake_lost"),
    "another end after it": nth("OutageRecorded", 2, closes_at="2026-04-20T02:00:00.000000+00:00"),
    "too early an end": nth("AuctionResumed", 0, closes_at="2026-04-12T02:00:00.000000+00:00"),
    "a refusal turned round": changed(4, code="below_minimum"),
}


def test_each_change_of_what_an_outage_did_is_found_though_all_is_signed_anew(struck: Sold, tmp_path: Path) -> None:
    for name, change in PLANTED.items():
        folder = struck.copy(tmp_path / name)
        struck.forge(folder, change)
        assert not struck.replayed(folder)[1]["equal"], name
