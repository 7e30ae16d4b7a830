"""Whole sales by the services, from the first bid to the hammer: what the tests of the evidence share."""

import base64
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import select

from auction.kernel.clock import FixedClock, iso
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.unit import House, Unit
from auction.models import Auction, Intake
from auction.rules.terms import Terms
from auction.services.auctions import terms_data
from bidding.evidence import export
from bidding.models import Payment, Posting, Registration
from bidding.services.bids import Answer, BidOffer, place_bids
from bidding.services.closing import close
from bidding.services.moving import note
from bidding.services.noting import moment, state_of
from disclosure.models import SheetVersion
from tests.factories import a_bidder, a_paid_deposit, a_registration, an_auction
from tools import fapai_verify

RESERVE, STEP = 100_000_000, 500_000
FACTS = {
    "form": "fapai-sheet-2",
    "version": 1,
    "items": [{"code": "lease", "state": "none", "statement": "经核查无租赁"}],
    "attachments": [],
}


def an_open_sale(unit: Unit, bidders: int = 3) -> tuple[str, list[str]]:
    """An open auction on a sealed sheet, with qualified bidders, the last one preferential: its id, their accounts."""
    auction = an_auction(unit, announcement={"text": "拍卖公告"})
    facts = FACTS | {"lot": auction.lot_id}
    auction.seal = sha256_hex(canonical(facts))
    unit.session.add(
        SheetVersion(lot_id=auction.lot_id, version=1, seal=auction.seal, facts=facts, material=False, at=unit.now)
    )
    unit.record("LotEntered", stream=f"lot:{auction.lot_id}", body={"title": "房产"})
    unit.record("PanelVoted", stream=f"lot:{auction.lot_id}", body={"by": "somebody"}, private=True)
    tell_auction(unit, auction)
    accounts = []
    for position in range(bidders):
        account = a_bidder(unit, name=f"竞买人{position}")
        rank = 1 if position == bidders - 1 else None
        registration = a_registration(unit, auction, account, status="qualified", rank=rank)
        tell_registration(unit, registration, a_paid_deposit(unit, registration))
        accounts.append(account.id)
    return auction.id, accounts


def tell_auction(unit: Unit, auction: Auction) -> None:
    """Journal an auction that was made by its row alone, as its announcement and opening would have."""
    stream = f"auction:{auction.id}"
    body = {
        "lot_id": auction.lot_id,
        "court": auction.lot.court_code,
        "round": auction.round,
        "terms": terms_data(Terms.of(auction)),
        "reference_price_fen": auction.reference_price_fen,
        "resale_of": auction.resale_of,
        "announced_at": moment(auction.announced_at),
        "seal": auction.seal,
        "ruleset": auction.ruleset_name,
        "ruleset_sha256": sha256_hex(canonical(auction.ruleset)),
        "announcement_sha256": sha256_hex(canonical(auction.announcement)) if auction.announcement else None,
    }
    unit.record("AuctionAnnounced", stream=stream, body=body)
    if auction.status == "open":
        unit.record("AuctionOpened", stream=stream, body={"opens_at": iso(auction.opens_at)})


def tell_registration(unit: Unit, registration: Registration, deposit: Payment | None = None) -> None:
    """Journal a registration and its deposit that were made by their rows alone."""
    names = ("auction_id", "account_id", "capacity", "claim", "refusal", "hold", "seal", "undertakings")
    facts = {name: getattr(registration, name) for name in names} | {"created_at": iso(registration.created_at)}
    own: dict[str, Any] = {"stream": f"person:{registration.person_id}", "private": True}
    state = {"registration_id": registration.id, "state": state_of(registration)}
    unit.record("RegistrationFiled", **own, body=facts | state)
    if deposit is not None:
        note(unit, registration, "DepositPaid", deposit)
    for posting in unit.session.scalars(select(Posting).where(Posting.registration_id == registration.id)):
        columns = ("auction_id", "registration_id", "source", "destination", "amount_fen", "kind")
        moved = {name: getattr(posting, name) for name in columns} | {"at": iso(posting.at)}
        unit.record("MoneyMoved", **own, body={"posting_id": posting.id, **moved})
    if registration.bidder_code is not None:
        body = {"bidder_code": registration.bidder_code} | state
        unit.record("BidderQualified", stream=f"auction:{registration.auction_id}", private=True, body=body)


def false_evidence(house: House, folder: Path, auction_id: str) -> list[str]:
    """What an outsider finds wrong in the evidence of an auction, beside a sheet that was never made.

    Contradicted where the platform itself finds something.
    """
    export(house, folder, auction_id)
    found = fapai_verify.Findings()
    key = base64.b64encode(house.vault.public_key).decode()
    fapai_verify.check_package(found, folder, fapai_verify.Key(key), True)
    failures = [f"{failure['where']}: {failure['what']}" for failure in found.failures]
    return [failure for failure in failures if "not the sheets of the seals [], no sheets" not in failure]


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
    """Let the end pass and close, once every desk at work has seen that it passed: it counts as lost before."""
    clock.advance(hours=30)
    _let_desks_see(house)
    return house.perform(close, auction_id, settled=True)


def _let_desks_see(house: House) -> None:
    """Wait until every desk at work has judged what came before now."""
    now = house.now()
    for _ in range(400):
        if all(mark >= now for mark in house.read(lambda session: session.scalars(select(Intake.mark)).all())):
            return
        sleep(0.05)
    raise AssertionError("the desk never saw what time it is")


def closed(house: House, auction_id: str, *, settled: bool = False) -> str:
    """Close a sale whose time is over: the desk says in its own time that it has judged everything."""
    _let_desks_see(house)
    for _ in range(400):
        status = house.perform(close, auction_id, settled=settled)
        if status is not None:
            return status
        sleep(0.05)
    raise AssertionError("the desk never let the sale close")
