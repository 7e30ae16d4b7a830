"""Finding lots on both databases: by what was announced and nothing else, in the transaction of the change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction, Lot, LotListing
from auction.rules.place import Place
from bidding.desk import Desk
from bidding.queries.finding import LotFilter, facets, find
from bidding.queries.lots import lots
from bidding.services.bids import place_bids
from bidding.services.listing import list_prices
from disclosure.rules.sheet import ItemFacts, Sheet
from disclosure.services.sealing import seal_facts
from tests.bidding.hall import Hall
from tests.factories import a_court, a_lot, an_auction
from tests.web.sale import SHEET

HOSTILE = ('"', "'", "*", "a*", "NEAR(a b)", "AND", "OR NOT", "(", "%", "_", "\\", "😀", "\0", "a\0b", "长" * 20_000)
HOSTILE += (";--", "{", "^a", "text:南", "-南", "\ud83d", "\u202e", " ", "'' OR 1=1", ":*", "&", "|", "!南", "<->")


def ids(house: House, **wanted: object) -> set[str]:
    """The lots that are found."""
    found = house.read(find, LotFilter(**wanted), house.now(), 1, 50)  # type: ignore[arg-type]
    assert found.total == len(found.ids)
    return {lot_id for lot_id, _ in found.ids}


def three(unit: Unit) -> tuple[str, str, str]:
    """A vacant flat in Nanjing whose sheet names a parking place, a car of another court, a flat not announced."""
    flat = a_lot(unit, attributes={"latitude": 32.06, "longitude": 118.79})
    told = ItemFacts(
        code="description",
        state="found",
        statement="附地下車位壹个，编号Ｂ2-017",
        data={},
        source="",
        checker="",
        checked_on=None,
    )
    seal_facts(unit, flat, Sheet((*SHEET.items, told)), (), material=False)
    text = {"zh": "竞买人应当自行向嘉禾物业公司核实欠费。", "en": ""}
    announced = {"announcement": {"sections": [{"code": "notes", "paragraphs": [text]}]}}
    an_auction(unit, lot=flat, announcement=announced, reserve_price_fen=100)
    a_court(unit, "1101", "北京市第一中级人民法院")
    car = a_lot(unit, title="红旗牌轿车", asset_type="vehicle", address="停车场", region="110101", court_code="1101")
    an_auction(unit, lot=car, status="announced", reserve_price_fen=50)
    hidden = a_lot(unit, title="未公告的别墅", attributes={"latitude": 32.06, "longitude": 118.79})
    seal_facts(unit, hidden, SHEET, (), material=False)
    an_auction(unit, lot=hidden, status="approved")
    return flat.id, car.id, hidden.id


def test_lots_are_found_by_words_marks_place_and_nothing_that_was_not_announced(house: House) -> None:
    flat, car, hidden = house.perform(three)
    for query, found in (
        ("珠江路", {flat}),
        ("江", {flat}),  # one letter, inside a word
        ("号", {flat, car}),  # of the case number
        ("室 南京", {flat}),
        ("b2", {flat}),  # full width, capitals
        ("嘉禾物业", {flat}),
        ("北京市第一中级人民法院 红旗", {car}),
        ("红旗 南京", set()),
        ("江珠", set()),
        ("珠江 江路88 路89", set()),
        ("别墅", set()),
        ("", {flat, car}),
        ("   ", {flat, car}),
    ):
        assert ids(house, q=query) == found, query
    assert ids(house, flags=("vacant",)) == {flat} == ids(house, flags=("vacant",), q="珠江路")
    assert ids(house, flags=("vacant", "leased")) == {flat} == ids(house, flags=("leased", "vacant"), q="珠江路")
    assert (
        ids(house, flags=("leased", "occupied")) == set() == ids(house, flags=("vacant", "leased", "band_a", "band_d"))
    )
    assert ids(house, near=Place(32.0, 118.8), within_km=10) == {flat}
    assert ids(house, near=Place(32.0, 118.8), within_km=5) == set()
    assert house.read(facets, LotFilter(asset_type="vehicle"), house.now()) == {
        "asset_type": {"real_estate": 1, "vehicle": 1},
        "status": {"announced": 1},
        "court": {"1101": 1},
        "round": {"first": 1},
    }
    assert house.read(facets, LotFilter(q="%"), house.now())["status"] == {}
    for query in HOSTILE:
        for more in ({}, {"region": query, "court": query.replace("\0", "").replace("\ud83d", "")}):
            if "region" in more and ("\0" in query or "\ud83d" in query):
                continue  # the doors let none of these pass
            house.read(find, LotFilter(q=query, flags=("vacant",), **more), house.now(), 1, 50)
    listed = house.read(lambda session: set(session.scalars(select(LotListing.lot_id))))
    assert listed == {flat, car} and hidden not in listed


def test_a_desk_lists_the_prices_it_takes_and_those_a_lost_process_left(house: House, clock: FixedClock) -> None:
    hall = Hall(house, clock)
    auction_id = hall.auction()
    bidder = hall.bidder(auction_id)
    house.perform(place_bids, [hall.offer(bidder, 100_500_000)])  # by a process that ended before it listed the price
    price = select(LotListing.price_fen).where(LotListing.auction_id == auction_id)
    bench = Desk(house, "lists")
    bench.start()
    try:
        assert house.read(lambda session: session.scalar(price)) == 100_500_000
        bench.submit(auction_id, bidder.account_id, 101_000_000, "more", raise_own=True).result(timeout=30)
    finally:
        bench.stop()
    assert house.read(lambda session: session.scalar(price)) == 101_000_000


def changed(house: House, change: Callable[[Unit], None]) -> None:
    house.perform(change)


def test_a_listing_follows_its_lot_in_the_same_transaction(house: House, clock: FixedClock) -> None:
    hall = Hall(house, clock)
    auction_id = hall.auction(closes_at=clock.moment + timedelta(minutes=3))
    lot_id = house.read(lambda session: session.get_one(Auction, auction_id).lot_id)
    bidder = hall.bidder(auction_id)
    house.perform(place_bids, [hall.offer(bidder, 100_500_000)])
    house.perform(list_prices, [auction_id])
    kept = house.read(lambda session: session.scalar(select(LotListing).where(LotListing.lot_id == lot_id)))
    auction = house.read(lambda session: session.get_one(Auction, auction_id))
    assert kept is not None
    assert (kept.price_fen, kept.closes_at) == (100_500_000, auction.closes_at)
    assert auction.closes_at > clock.moment + timedelta(minutes=3)

    def rename(unit: Unit) -> None:
        lot = unit.session.get_one(Lot, lot_id)
        lot.title = "改名后的厂房"
        seal_facts(unit, lot, SHEET, (), material=False)

    clock.advance(minutes=1)
    renamed_at = clock.moment
    changed(house, rename)
    assert ids(house, q="改名后的") == {lot_id} == ids(house, q="改") == ids(house, flags=("vacant",))
    told = house.read(lambda session: session.scalar(select(LotListing.changed_at).where(LotListing.lot_id == lot_id)))
    assert told == renamed_at, "a bid is no change of what is listed, another title is"

    def again(unit: Unit) -> None:
        lot = unit.session.get_one(Lot, lot_id)
        unit.session.get_one(Auction, auction_id).status = "unsold"
        lot.title = "又改名"
        an_auction(unit, lot=lot, status="announced", round="second", announced_at=unit.now)

    changed(house, again)
    assert ids(house, q="改名后的") == set() == ids(house, status="unsold")
    assert ids(house, q="又改名", round="second", flags=("failed_rounds",)) == {lot_id}

    def broken(unit: Unit) -> None:
        unit.session.get_one(Lot, lot_id).title = "从未提交"
        unit.session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        changed(house, broken)
    assert ids(house, q="从未提交") == set() and ids(house, q="又改名") == {lot_id}


@pytest.mark.parametrize(
    ("region", "found"),
    [("南京", "flat"), ("江苏省南京市玄武区", "flat"), ("玄武 江苏", ""), ("3302", "car"), ("02", ""), ("杭州", "")],
)
def test_a_region_is_meant_by_the_beginning_of_its_code_or_any_part_of_its_name(
    house: House, region: str, found: str
) -> None:
    def two(unit: Unit) -> dict[str, str]:
        lots = {"flat": a_lot(unit, region="江苏省南京市玄武区"), "car": a_lot(unit, region="330203")}
        for lot in lots.values():
            an_auction(unit, lot=lot, status="announced")
        return {name: lot.id for name, lot in lots.items()}

    lots = house.perform(two)
    wanted = {lots[found]} if found else set()
    assert ids(house, region=region) == wanted


def test_common_words_are_found_by_walking_the_order_wanted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What many lots have is not fetched and sorted; what comes out is the same."""

    def some(unit: Unit) -> None:
        case = a_lot(unit).case
        for number in range(5):
            lot = a_lot(unit, case=case, title=f"临江花园{number}号")
            an_auction(unit, lot=lot, reserve_price_fen=1000 - number)

    house.perform(some)
    wanted = LotFilter(q="花园 临江", sort="price_fen")
    rare = house.read(find, wanted, house.now(), 1, 3)
    monkeypatch.setattr("bidding.queries.finding._RARE", 2)
    monkeypatch.setattr("bidding.queries.finding.MOST_COUNTED_BY_WORDS", 4)
    common = house.read(find, wanted, house.now(), 1, 3)
    assert common.ids == rare.ids and len(rare.ids) == 3
    assert (rare.total, rare.more, common.total, common.more) == (5, False, 4, True)
    assert len(house.read(find, replace(wanted, sort="-price_fen"), house.now(), 2, 3).ids) == 2
    page = house.read(lots, wanted, house.now(), None, 1, 2)
    assert [item["auction"]["reserve_price_fen"] for item in page["items"]] == [996, 997]
