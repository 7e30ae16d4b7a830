"""Whole sales by the services, from the first bid to the hammer: what the tests of the evidence share."""

from collections.abc import Sequence

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.unit import House, Unit
from bidding.services.bids import Answer, BidOffer, place_bids
from bidding.services.closing import close
from disclosure.models import SheetVersion
from tests.factories import a_bidder, a_paid_deposit, a_registration, an_auction

RESERVE, STEP = 100_000_000, 500_000
FACTS = {"form": "test", "items": [{"code": "lease", "state": "none", "statement": "经核查无租赁"}], "attachments": []}


def an_open_sale(unit: Unit, bidders: int = 3) -> tuple[str, list[str]]:
    """An open auction on a sealed sheet, with qualified bidders, the last one preferential: its id, their accounts."""
    auction = an_auction(unit, announcement={"text": "拍卖公告", "ratio": 0.7})
    facts = FACTS | {"lot": auction.lot_id}
    auction.seal = sha256_hex(canonical(facts))
    unit.session.add(
        SheetVersion(lot_id=auction.lot_id, version=1, seal=auction.seal, facts=facts, material=False, at=unit.now)
    )
    unit.record("LotEntered", stream=f"lot:{auction.lot_id}", body={"title": "房产"})
    unit.record("PanelVoted", stream=f"lot:{auction.lot_id}", body={"by": "somebody"}, private=True)
    unit.record("AuctionAnnounced", stream=f"auction:{auction.id}", body={"seal": auction.seal})
    accounts = []
    for position in range(bidders):
        account = a_bidder(unit, name=f"竞买人{position}")
        rank = 1 if position == bidders - 1 else None
        registration = a_registration(unit, auction, account, status="qualified", rank=rank)
        a_paid_deposit(unit, registration)
        unit.record("BidderQualified", stream=f"auction:{auction.id}", body={"code": position}, private=True)
        accounts.append(account.id)
    return auction.id, accounts


def bid(
    house: House, clock: FixedClock, auction_id: str, account: str, amount_fen: int, *, raise_own: bool = False
) -> Answer:
    """One offer a second after the last."""
    clock.advance(seconds=1)
    key = f"{account}-{amount_fen}-{clock.moment.timestamp()}"
    offer = BidOffer(auction_id, account, amount_fen, key, clock.moment, raise_own=raise_own)
    [answer] = house.perform(place_bids, [offer])
    return answer


def a_contest(house: House, clock: FixedClock, auction_id: str, accounts: Sequence[str], bids: int = 6) -> None:
    """So many accepted bids by all but the last bidder in turn, one refused between; then the last one equals."""
    for n in range(bids):
        assert (
            bid(house, clock, auction_id, accounts[n % (len(accounts) - 1)], RESERVE + n * STEP).outcome == "accepted"
        )
        if n == 2:
            assert bid(house, clock, auction_id, accounts[0], RESERVE).outcome == "refused"
    assert bid(house, clock, auction_id, accounts[-1], RESERVE + (bids - 1) * STEP).outcome == "accepted"


def hammer(house: House, clock: FixedClock, auction_id: str) -> str | None:
    """Let the end pass and close."""
    clock.advance(hours=30)
    return house.perform(close, auction_id, settled=True)
