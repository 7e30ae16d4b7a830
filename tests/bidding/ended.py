"""Auctions that are over, with their bids, and what was bid in many of them by the same people."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from auction.kernel.unit import House, Unit
from auction.models import Account, Auction, Person
from auction.rules.lot import LIVE
from auction.rules.ruleset import load
from bidding.models import Bid, Registration
from bidding.queries.patterns import bidding_of, screening_of
from bidding.services.looks import await_look
from bidding.services.patterns import keep_screening
from tests.factories import YUAN, a_bidder, a_registration, an_auction, id_number_of, name_of

RESERVE, STEP = 1_000_000 * YUAN, 5_000 * YUAN


class People(NamedTuple):
    """Three bidders who will meet again."""

    buyer: Account
    friend: Account
    rival: Account


def people(unit: Unit) -> People:
    """Three bidders with nothing behind them yet."""
    return People(a_bidder(unit), a_bidder(unit), a_bidder(unit))


def an_ended_auction(
    unit: Unit,
    bids: list[Account],
    *,
    days_ago: int,
    status: str = "sold",
    acting_for: Mapping[str, Account] = MappingProxyType({}),
) -> str:
    """An auction that ended so long ago, its bids one step after the other, the last one an hour before the end.

    A `status` of one that is under way leaves it without its end. `acting_for`: by account, for whom it bids.
    """
    ended = unit.now - timedelta(days=days_ago)
    auction = an_auction(
        unit,
        status=status,
        opens_at=ended - timedelta(hours=25),
        closes_at=ended,
        closed_at=None if status in LIVE else ended,
        bid_count=len(bids),
    )
    if status not in LIVE:
        await_look(unit, "patterns", auction.id)
    known = {}
    for place, account in enumerate(bids):
        if account.id not in known:
            known[account.id] = _joined(unit, auction, account, acting_for.get(account.id))
        one = known[account.id]
        at = ended - timedelta(hours=1, minutes=len(bids) - place)
        unit.session.add(
            Bid(
                id=unit.new_id(),
                auction_id=auction.id,
                shard=auction.shard,
                registration_id=one.id,
                bidder_code=one.bidder_code,
                key=f"k{place}",
                amount_fen=RESERVE + place * STEP,
                arrived_at=at,
                received_at=at,
                outcome="accepted",
                seq=place + 1,
                closes_at=ended,
                decided_at=at,
            )
        )
    unit.session.flush()
    return auction.id


def _joined(unit: Unit, auction: Auction, account: Account, buyer: Account | None) -> Registration:
    if buyer is None:
        return a_registration(unit, auction, account, status="qualified", has_bid=True)
    person = unit.session.get_one(Person, buyer.person_id)
    principal = (name_of(unit, person), person.id_type, id_number_of(unit, person))
    return a_registration(
        unit, auction, account, status="qualified", has_bid=True, capacity="agent", principals=[principal]
    )


def a_friend_in_need(unit: Unit) -> str:
    """Six auctions in which the friend opens, an outsider tries, and the buyer wins; the last one ended just now.

    Thirty others show that people need not meet by chance.
    """
    known = people(unit)
    for days in range(40, 70):
        an_ended_auction(unit, [a_bidder(unit)], days_ago=days)
    last = ""
    for days in (30, 25, 20, 15, 10, 0):
        last = an_ended_auction(unit, [known.friend, a_bidder(unit), known.buyer], days_ago=days)
    return last


def look(house: House, auction_id: str) -> bool:
    """Screen the bids of an ended auction; False if that was done before."""
    numbers = load("spc-2016")
    bidding = house.read(bidding_of, auction_id, numbers)
    assert bidding is not None
    return house.perform(keep_screening, screening_of(bidding, numbers))
