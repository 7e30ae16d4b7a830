"""Looking at the bids of ended auctions: what is read, what is kept, who is told, and that it happens once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import QueuePool, delete, func, select
from sqlalchemy.exc import DBAPIError

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.rules.ruleset import load
from bidding.models import Bid, RegistrationSignal
from bidding.queries.due import due_acts
from bidding.queries.patterns import bidding_of, patterns_of, screened_page, screening_of
from bidding.services.life import withdraw
from risk.models import Alert, BidPattern, BidScreening
from tests.bidding.ended import a_friend_in_need, an_ended_auction, look, people
from tests.factories import a_bidder, an_account, an_actor
from web.timekeeping import look_at_bids, tick


def test_a_companion_who_never_wins_is_told_of_once(house: House) -> None:
    auction_id = house.perform(a_friend_in_need)
    assert look(house, auction_id)
    assert not look(house, auction_id)

    found = house.read(patterns_of, auction_id)
    assert found["history"] == 5
    codes = {one["bidder_code"]: [reason["code"] for reason in one["reasons"]] for one in found["findings"]}
    assert sorted(codes.values()) == [[], ["accompanied", "spares_companion"], ["companion", "spares_companion"]]
    told = [one for one in found["findings"] if one["alert"]]
    assert [one["score"] for one in told] == [0.65, 0.65]
    assert {other for one in told for reason in one["reasons"] for other in reason["others"]} == {
        one["bidder_code"] for one in told
    }
    assert found["pairs"][0]["joint"] == 6

    [alert] = house.read(lambda session: session.scalars(select(Alert)).all())
    assert (alert.kind, alert.auction_id, alert.key) == ("bid_pattern", auction_id, f"bid_pattern:{auction_id}")
    companion = next(reason for reason in alert.reasons if reason["code"] == "companion")
    assert companion["facts"] == {"joint": 6, "joined": 6, "other_won": 6}
    assert len(companion["who"]["registrations"]) == 2
    assert found["alert_id"] == alert.id
    kinds = house.read(lambda session: session.scalars(select(JournalRow.kind)).all())
    assert sorted(kind for kind in kinds if kind in ("BidsScreened", "AlertRaised")) == ["AlertRaised", "BidsScreened"]


def test_rivals_who_alternate_to_the_end_are_not_told_of(house: House) -> None:
    def story(unit: Unit) -> str:
        known = people(unit)
        for days in range(40, 70):
            an_ended_auction(unit, [a_bidder(unit)], days_ago=days)
        for days in (30, 25, 20, 15, 10):
            an_ended_auction(unit, [known.rival, known.buyer] * 6, days_ago=days)
        return an_ended_auction(unit, [known.rival, known.buyer] * 6, days_ago=0)

    auction_id = house.perform(story)
    look(house, auction_id)
    found = house.read(patterns_of, auction_id)
    assert not any(one["alert"] for one in found["findings"])
    assert found["pairs"][0]["clashes"] == 11
    assert house.read(lambda session: session.scalar(select(func.count()).select_from(Alert))) == 0


def test_one_who_sends_others_to_bid_for_him_is_known_and_they_are_not_taken_for_him(house: House) -> None:
    """The friend comes himself twice and by two agents twice each; one agent serves outsiders elsewhere, too."""

    def story(unit: Unit) -> str:
        known = people(unit)
        agents = [a_bidder(unit), a_bidder(unit)]
        for days in range(40, 70):
            an_ended_auction(unit, [agents[0]], days_ago=days, acting_for={agents[0].id: a_bidder(unit)})
        last = ""
        for days, who in zip((30, 25, 20, 15, 10, 0), [known.friend, *agents] * 2, strict=True):
            sent = {} if who is known.friend else {who.id: known.friend}
            last = an_ended_auction(unit, [who, a_bidder(unit), known.buyer], days_ago=days, acting_for=sent)
        return last

    auction_id = house.perform(story)
    look(house, auction_id)
    found = house.read(patterns_of, auction_id)
    told = [one for one in found["findings"] if one["alert"]]
    assert sorted(one["features"]["joined"] for one in told) == [6, 6]
    assert sorted(reason["code"] for one in told for reason in one["reasons"]) == [
        "accompanied",
        "companion",
        "spares_companion",
        "spares_companion",
    ]


def test_one_source_of_two_deposits_is_told_of(house: House) -> None:
    def story(unit: Unit) -> str:
        known = people(unit)
        auction_id = an_ended_auction(unit, [known.rival, known.buyer, known.friend], days_ago=0)
        registrations = unit.session.scalars(select(Bid.registration_id).where(Bid.auction_id == auction_id)).all()
        for registration, payer in zip(registrations, ("p1", "p2", "p1"), strict=True):
            unit.session.add(
                RegistrationSignal(
                    registration_id=registration,
                    kind="payer",
                    value_match=payer,
                    auction_id=auction_id,
                    person_match=registration,
                    at=unit.now,
                )
            )
        return auction_id

    auction_id = house.perform(story)
    look(house, auction_id)
    told = [one for one in house.read(patterns_of, auction_id)["findings"] if one["alert"]]
    assert [[reason["code"] for reason in one["reasons"]] for one in told] == [["deposit_source_shared"]] * 2
    assert told[0]["reasons"][0]["others"] == [told[1]["bidder_code"]]


@pytest.mark.parametrize("status", ["open", "suspended"])
def test_a_sale_that_has_not_ended_is_not_looked_at(house: House, status: str) -> None:
    def story(unit: Unit) -> tuple[str, str]:
        known = people(unit)
        running = an_ended_auction(unit, [known.friend, known.buyer], days_ago=0, status=status)
        return running, an_ended_auction(unit, [known.friend, known.buyer], days_ago=0)

    running, ended = house.perform(story)
    assert house.read(bidding_of, running, load("spc-2016")) is None
    assert "patterns" not in {due.act for due in house.read(due_acts, house.now()) if due.subject_id == running}
    with pytest.raises(DomainError, match="wrong_state"):
        house.read(patterns_of, running)
    look(house, ended)
    assert house.read(patterns_of, ended)["history"] == 0  # nor is it anybody's history


@pytest.mark.parametrize("status", ["open", "suspended"])
def test_a_sale_that_is_withdrawn_is_looked_at_too(house: House, status: str) -> None:
    def story(unit: Unit) -> str:
        known = people(unit)
        auction_id = an_ended_auction(unit, [known.friend, known.buyer], days_ago=0, status=status)
        auction = unit.session.get_one(Auction, auction_id)
        auction.closes_at = unit.now + timedelta(hours=1)
        judge = an_account(unit, "judge", court_code=auction.lot.court_code)
        withdraw(unit, an_actor(judge), auction_id, ground="other", reason="公告有误")
        return auction_id

    auction_id = house.perform(story)
    assert [due.act for due in house.read(due_acts, house.now())] == ["screen", "patterns", "relist"]
    assert look(house, auction_id)
    assert len(house.read(patterns_of, auction_id)["findings"]) == 2
    tick(house)
    assert house.read(due_acts, house.now()) == []


def test_the_scheduler_looks_at_every_ended_auction_once_and_few_at_a_time(house: House, clock: FixedClock) -> None:
    def story(unit: Unit) -> None:
        for _ in range(6):
            an_ended_auction(unit, [a_bidder(unit)], days_ago=1)

    house.perform(story)
    computed = []

    def beside(work: Callable[..., Any], *args: Any) -> Any:
        """What runs beside the loop of a server asks no database, and holds no transaction open."""
        assert not any(
            isinstance(pool, QueuePool) and pool.checkedout() for pool in (house.reader.pool, house.engine.pool)
        )
        computed.append(work)
        return work(*args)

    tick(house)
    counts = []
    for _ in range(3):
        look_at_bids(house, beside)
        counts.append(house.read(lambda session: session.scalar(select(func.count()).select_from(BidScreening))))
        clock.advance(seconds=1)
    assert counts == [5, 6, 6]
    assert computed == [screening_of] * 6
    items, total = house.read(screened_page, page=1, page_size=4)
    assert (len(items), total) == (4, 6)


def test_what_was_found_cannot_be_changed(house: House) -> None:
    auction_id = house.perform(lambda unit: an_ended_auction(unit, [a_bidder(unit), a_bidder(unit)], days_ago=0))
    look(house, auction_id)
    for table in (BidScreening, BidPattern):
        with pytest.raises(DBAPIError, match="insert-only"):
            house.perform(lambda unit, table=table: unit.session.execute(delete(table)))
