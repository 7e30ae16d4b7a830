"""A sale to call the doors on: a court's people, a lot with a sealed sheet, a round, bidders with deposits."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.test import TestResponse

from auction.kernel.unit import Unit
from auction.models import Account, Auction
from disclosure.rules.sheet import ItemFacts, Sheet
from disclosure.services.sealing import seal_facts
from tests.factories import a_bidder, a_lot, a_paid_deposit, a_registration, a_resident_id, an_account, an_auction
from tests.web.caller import Caller

RESERVE, STEP, DEPOSIT = 100_000_000, 500_000, 10_000_000
SHEET = Sheet(
    (
        ItemFacts(
            code="possession",
            state="found",
            statement="空置，钥匙由法院保管",
            data={"occupied": False, "controlled": True},
            source="现场调查",
            checker="书记员",
            checked_on=date(2026, 2, 1),
        ),
        ItemFacts(
            code="lease",
            state="none",
            statement="经核查无租赁",
            data={},
            source="现场调查",
            checker="书记员",
            checked_on=date(2026, 2, 1),
        ),
    )
)


@dataclass
class Sale:
    """Ids and accounts; bidders stand beside their registrations and codes."""

    auction_id: str
    lot_id: str
    seal: str
    judge: Account
    operator: Account
    bidders: list[Account] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


def a_sale(unit: Unit, *, status: str = "open", bidders: int = 2, lot: Any = None, **terms: Any) -> Sale:
    """A round with so many qualified bidders; `secrets` are the texts that must not be told before the end."""
    judge, operator = an_account(unit, "judge"), an_account(unit, "operator")
    lot = lot or a_lot(unit, created_by=judge.id)
    sealed = seal_facts(unit, lot, SHEET, (), material=False)
    auction = an_auction(unit, lot=lot, status=status, **({"seal": sealed.seal} | terms))
    sale = Sale(auction.id, lot.id, sealed.seal, judge, operator)
    for number in range(bidders):
        add_bidder(unit, sale, auction, name=f"欧阳测试{number}")
    return sale


def add_bidder(unit: Unit, sale: Sale, auction: Auction, *, name: str, **registration: Any) -> None:
    """One more qualified bidder with a paid deposit."""
    number = a_resident_id()
    account = a_bidder(unit, name=name, id_number=number, username=f"bidder-{number[-8:]}")
    registered = a_registration(unit, auction, account, status="qualified", **registration)
    payment = a_paid_deposit(unit, registered)
    sale.bidders.append(account)
    sale.registrations.append(registered.id)
    sale.codes.append(registered.bidder_code or "")
    sale.secrets += [name, number, account.id, account.username, str(account.person_id), registered.id, payment.id]
    sale.secrets += [row.id_match for row in registered.identities]


def offer(caller: Caller, sale: Sale, amount_fen: Any, key: str = "k", **flags: bool) -> TestResponse:
    """Bid over HTTP."""
    return caller.post(f"/auctions/{sale.auction_id}/bids", {"amount_fen": amount_fen, "key": key, **flags})
