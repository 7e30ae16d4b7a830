"""The money of one sale with the real services behind the notices: paid, qualified, sold, released, applied."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction
from bidding.models import Confirmation, Payment, Registration
from bidding.queries import payments as queries
from bidding.services import payments
from bidding.services.closing import close
from tests.factories import a_bidder, a_registration, a_resident_id, an_auction
from web.gateway import SandboxGateway

DEPOSIT, PRICE = 10_000_000, 100_500_000
BIDDERS = (("张三", a_resident_id(101)), ("李四", a_resident_id(102)), ("王五", a_resident_id(103)))


@dataclass
class Story:
    house: House
    gateway: SandboxGateway
    auction: str
    registrations: list[str]

    def registration(self, number: int) -> Registration:
        return self.house.read(lambda session: session.get_one(Registration, self.registrations[number]))

    def ask(self, number: int) -> Payment:
        def service(unit: Unit) -> Payment:
            registration = unit.session.get_one(Registration, self.registrations[number])
            return payments.request_deposit(unit, registration, account=self.gateway.open_account(registration.id))

        return self.house.perform(service)

    def pay(self, number: int, payment: Payment) -> Payment:
        name, id_number = BIDDERS[number]
        notice = self.gateway.notice(
            payment.id, outcome="paid", amount_fen=payment.amount_fen, payer_name=name, payer_id_number=id_number
        )
        return self.house.perform(payments.receive_notice, notice)

    def balances(self) -> dict[str, int]:
        found = self.house.read(queries.balances, self.auction)
        assert sum(found.values()) == 0
        return {account: fen for account, fen in found.items() if fen}

    def change(self, **values: Any) -> None:
        def service(unit: Unit) -> None:
            auction = unit.session.get_one(Auction, self.auction)
            for name, value in values.items():
                setattr(auction, name, value)

        self.house.perform(service)


@pytest.fixture
def story(house: House) -> Story:
    gateway = SandboxGateway(house)
    house.subscribe("refund", gateway.on_refund)

    def rows(unit: Unit) -> tuple[str, list[str]]:
        auction = an_auction(unit)
        bidders = [a_bidder(unit, name=name, id_number=number) for name, number in BIDDERS]
        return auction.id, [a_registration(unit, auction, bidder).id for bidder in bidders]

    return Story(house, gateway, *house.perform(rows))


def test_every_fen_of_a_sale_ends_where_the_law_wants_it(story: Story, clock: FixedClock) -> None:
    for number in range(3):
        assert story.pay(number, story.ask(number)).status == "paid"
        assert story.registration(number).status == "qualified"
        assert story.registration(number).bidder_code
    winner, code = story.registrations[0], story.registration(0).bidder_code
    story.change(price_fen=PRICE, leader_registration_id=winner, leader_code=code, bid_count=1)

    clock.advance(hours=25)
    assert story.house.perform(close, story.auction) == "sold"
    assert [story.registration(number).status for number in range(3)] == ["qualified", "released", "released"]
    for number in (1, 2):
        back = story.house.read(queries.latest_payment, story.registrations[number])
        assert back is not None
        assert back.status == "refunded"
        assert back.refunded_at <= back.refund_due_at
    assert story.balances() == {"bank_clearing": -DEPOSIT, f"deposit_held:{winner}": DEPOSIT}

    document = story.house.read(lambda session: session.get_one(Confirmation, story.auction)).document
    assert [buyer["name"] for buyer in document["buyers"]] == ["张三"]
    assert (document["deposit_fen"], document["balance_fen"]) == (DEPOSIT, PRICE - DEPOSIT)

    def ask_balance(unit: Unit) -> Payment:
        auction = unit.session.get_one(Auction, story.auction)
        registration = unit.session.get_one(Registration, winner)
        return payments.request_balance(unit, auction, registration, account="模拟账户 2")

    assert story.pay(0, story.house.perform(ask_balance)).status == "paid"
    assert story.registration(0).status == "applied"
    assert story.house.read(lambda session: session.get_one(Auction, story.auction)).settlement == "paid"
    assert story.balances() == {"bank_clearing": -PRICE, f"court_price:{story.auction}": PRICE}


def test_where_nobody_bids_every_deposit_goes_back(story: Story, clock: FixedClock) -> None:
    for number in range(3):
        story.pay(number, story.ask(number))
    clock.advance(hours=24)
    clock.advance(seconds=2)
    assert story.house.perform(close, story.auction) == "unsold"
    assert story.balances() == {}
    assert story.house.read(queries.due_refunds, story.house.now() + timedelta(days=2)) == []
