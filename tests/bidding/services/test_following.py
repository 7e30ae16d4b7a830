"""Following lots and courts and saving searches: who is told of what, once, and of nothing before the announcement."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Auction, LotListing
from auction.rules.access import Actor
from bidding.queries.finding import LotFilter
from bidding.queries.following import followed
from bidding.queries.news import Telling
from bidding.services import following
from bidding.services import listing as listings
from bidding.services.following import query_of
from tests.factories import a_bidder, a_lot, a_registration, an_actor, an_auction

Told = list[tuple[str, str, str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Account, kind and lot of every message, as it is written."""
    written: Told = []
    write = following.tell_all

    def told_all(unit: Unit, tellings: Sequence[Telling]) -> int:
        assert write(unit, tellings) == len(tellings), "each was told once"
        written.extend((one.account_id, one.kind, one.subject["lot_id"]) for one in tellings)
        return len(tellings)

    monkeypatch.setattr(following, "tell_all", told_all)
    return written


def tell_all(house: House) -> None:
    house.perform(following.remind_of_openings)
    for _ in range(50):
        if not house.perform(following.alert_followers):
            return
    raise AssertionError("there is no end of telling")


def refused(house: House, *call: Any) -> str:
    with pytest.raises(DomainError) as error:
        house.perform(*call)
    return error.value.code


def test_followers_are_told_of_opening_change_and_next_round_each_once(
    house: House, clock: FixedClock, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_AT_ONCE", 2)

    def enter(unit: Unit) -> tuple[str, str, str, list[Actor]]:
        lot = a_lot(unit, title="临江花园9号")
        draft = an_auction(unit, status="approved")
        return (
            lot.id,
            an_auction(unit, lot=lot, status="announced").id,
            draft.lot_id,
            [an_actor(a_bidder(unit)) for _ in range(3)],
        )

    lot_id, auction_id, hidden, people = house.perform(enter)
    tell_all(house)
    assert told == [], "nobody follows anything yet"
    for person in (*people, people[0]):
        house.perform(following.follow_lot, person, lot_id)
    assert refused(house, following.follow_lot, people[0], hidden) == "not_found"
    assert _followers(house, lot_id) == 3
    house.perform(following.unfollow_lot, people[2], lot_id)
    house.perform(following.unfollow_lot, people[2], lot_id)
    assert _followers(house, lot_id) == 2
    assert [one["lot_id"] for one in house.read(followed, people[0].id)["lots"]] == [lot_id]

    followers = sorted(person.id for person in people[:2])
    tell_all(house)
    assert told == []
    clock.advance(days=29, hours=1)
    tell_all(house)
    tell_all(house)
    assert told == [(one, "lot_opening_soon", lot_id) for one in followers]
    told.clear()

    def suspend(unit: Unit) -> None:
        unit.session.get_one(Auction, auction_id).status = "suspended"

    house.perform(suspend)
    tell_all(house)
    assert told == [(one, "followed_lot_changed", lot_id) for one in followers]
    told.clear()

    def second(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, auction_id)
        auction.status = "unsold"
        an_auction(unit, lot=auction.lot, status="announced", round="second", announced_at=unit.now)

    house.perform(second)
    tell_all(house)
    assert told == [(one, "lot_announced", lot_id) for one in followers]


def test_who_is_registered_is_reminded_as_such_and_not_as_a_follower_too(
    house: House, clock: FixedClock, told: Told
) -> None:
    def enter(unit: Unit) -> tuple[str, list[Actor]]:
        auction = an_auction(unit, status="announced")
        people = [a_bidder(unit) for _ in range(3)]
        for bidder, status in zip(people, ("qualified", "released"), strict=False):
            a_registration(unit, auction, bidder, status=status)
        return auction.lot_id, [an_actor(bidder) for bidder in people]

    lot_id, (_, released, other) = entered = house.perform(enter)
    tell_all(house)
    for person in entered[1]:
        house.perform(following.follow_lot, person, lot_id)
    clock.advance(days=29, hours=1)
    tell_all(house)
    assert sorted(told) == sorted((one.id, "lot_opening_soon", lot_id) for one in (released, other))


def test_an_announcement_reaches_followers_of_the_court_and_the_searches_it_matches(house: House, told: Told) -> None:
    def people(unit: Unit) -> list[Actor]:
        a_lot(unit)
        return [an_actor(a_bidder(unit)) for _ in range(3)]

    courtly, searching, other = house.perform(people)
    house.perform(following.follow_court, courtly, "3201")
    assert refused(house, following.follow_court, courtly, "nosuch") == "not_found"
    for actor, wanted in (
        (searching, LotFilter(q="花园 临江", asset_type="real_estate", max_fen=10**9)),
        (other, LotFilter(q="花园", asset_type="vehicle")),
        (other, LotFilter(q="花园", flags=("vacant",))),
        (other, LotFilter(q="临江", court="1101")),
    ):
        house.perform(following.save_search, actor, "我的搜索", query_of(wanted))

    def enter(unit: Unit) -> str:
        lot = a_lot(unit, title="临江花园9号")
        an_auction(unit, lot=lot, status="draft")
        return lot.id

    lot_id = house.perform(enter)
    tell_all(house)
    assert told == []

    def announce(unit: Unit) -> None:
        auction = unit.session.scalars(select(Auction).where(Auction.lot_id == lot_id)).one()
        auction.status, auction.announced_at = "announced", unit.now - timedelta(seconds=1)

    house.perform(announce)
    tell_all(house)
    assert told == [(courtly.id, "followed_court_lot", lot_id), (searching.id, "saved_search_match", lot_id)]


def test_listing_what_was_announced_before_tells_nobody(house: House, told: Told) -> None:
    actor = house.perform(lambda unit: an_actor(a_bidder(unit)))
    auction = house.perform(an_auction)
    tell_all(house)
    house.perform(following.follow_court, actor, "3201")

    def forget(unit: Unit) -> None:
        for row in unit.session.scalars(select(LotListing)):
            listings._forget(unit, row.number, _text(unit, row.number), ())
            unit.session.execute(listings.LotWords.__table__.delete())
            unit.session.execute(LotListing.__table__.delete())

    house.perform(forget)
    listings.list_all(house)
    assert _followers(house, auction.lot_id) == 0
    tell_all(house)
    assert told == []


def test_so_much_may_be_followed_and_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_FOLLOWED", 1)
    monkeypatch.setattr(following, "MOST_SEARCHES", 1)
    actor = house.perform(lambda unit: an_actor(a_bidder(unit)))
    lots = [house.perform(an_auction).lot_id for _ in range(2)]
    house.perform(following.follow_lot, actor, lots[0])
    assert refused(house, following.follow_lot, actor, lots[1]) == "too_many"
    assert (_followers(house, lots[0]), _followers(house, lots[1])) == (1, 0)
    house.perform(following.save_search, actor, "一", {"q": "花园"})
    house.perform(following.save_search, actor, "又一", {"q": "花园"})
    assert refused(house, following.save_search, actor, "二", {"q": "公园"}) == "too_many"


def _followers(house: House, lot_id: str) -> int:
    found = house.read(lambda session: session.scalar(select(LotListing.followers).where(LotListing.lot_id == lot_id)))
    assert found is not None
    return int(found)


def _text(unit: Unit, number: int) -> str:
    text = unit.session.scalar(select(listings.LotWords.text).where(listings.LotWords.number == number))
    assert text is not None
    return text
