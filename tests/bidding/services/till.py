"""One auction with one registration, and the doors to its money: what the tests of payments share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Auction
from bidding.models import GatewayNotice, Payment, Posting, Registration
from bidding.queries import payments as queries
from bidding.rules import ledger
from bidding.rules.payment import PaymentNotice
from bidding.services import payments
from tests.factories import (
    a_bidder,
    a_registration,
    a_resident_id,
    a_uscc,
    an_auction,
)

DEPOSIT = 10_000_000
NAME, NUMBER = "张三", a_resident_id(7)
DAY = timedelta(hours=24)
OTHER = a_resident_id(8)
COMPANY = a_uscc(5)


@dataclass
class Till:
    """One auction with one registration, and the doors to its money; every act is checked to leave the books sound."""

    house: House
    auction_id: str = ""
    registration_id: str = ""
    confirmed: int = 0
    notices: Iterator[int] = field(default_factory=lambda: count(1))

    def perform(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        answer = self.house.perform(service, *args, **kwargs)
        self.check_books()
        return answer

    def check_books(self) -> None:
        totals = self.house.read(queries.balances, self.auction_id)
        moves = self.house.read(queries.transfers, self.auction_id)
        assert sum(totals.values()) == 0
        assert totals == ledger.check(moves)

    def open(self, **changes: Any) -> "Till":
        """Make the rows; `auction`, `bidder` and other keywords as the factories take them."""

        def story(unit: Unit) -> tuple[str, str]:
            auction = an_auction(unit, **changes.pop("auction", {}))
            bidder = a_bidder(unit, **{"name": NAME, "id_number": NUMBER, **changes.pop("bidder", {})})
            return auction.id, a_registration(unit, auction, bidder, **changes).id

        self.auction_id, self.registration_id = self.house.perform(story)
        return self

    def request(self) -> Payment:
        def service(unit: Unit) -> Payment:
            registration = unit.session.get_one(Registration, self.registration_id)
            return payments.request_deposit(unit, registration, account="模拟账户 1")

        return self.perform(service)

    def notice(self, payment: Payment, **changes: Any) -> PaymentNotice:
        values: dict[str, Any] = {
            "id": f"{payment.id}-{next(self.notices)}",
            "payment_id": payment.id,
            "outcome": "paid",
            "amount_fen": payment.amount_fen,
            "payer_name": NAME,
            "payer_id_number": NUMBER,
        }
        return PaymentNotice(**(values | changes))

    def take(self, notice: PaymentNotice) -> Payment:
        return self.perform(payments.receive_notice, notice, on_deposit=self.qualify, on_balance=self.settle)

    def pay(self, payment: Payment, **changes: Any) -> Payment:
        return self.take(self.notice(payment, **changes))

    def qualify(self, unit: Unit, registration: Registration) -> None:
        self.confirmed += 1
        registration.status = "qualified"

    def settle(self, unit: Unit, auction: Auction, payment: Payment) -> None:
        self.confirmed += 1
        payments.apply_deposit(unit, unit.session.get_one(Registration, payment.registration_id))
        auction.settlement = "paid"

    def release(self) -> Payment | None:
        def service(unit: Unit) -> Payment | None:
            registration = unit.session.get_one(Registration, self.registration_id)
            registration.status = "released"
            return payments.release_deposit(unit, registration, due_at=unit.now + DAY, reason="unsold")

        return self.perform(service)

    def change(self, **values: Any) -> None:
        def service(unit: Unit) -> None:
            registration = unit.session.get_one(Registration, self.registration_id)
            for name, value in values.items():
                setattr(registration, name, value)

        self.house.perform(service)

    def change_auction(self, **values: Any) -> None:
        def service(unit: Unit) -> None:
            auction = unit.session.get_one(Auction, self.auction_id)
            for name, value in values.items():
                setattr(auction, name, value)

        self.house.perform(service)

    def sell(self, price_fen: int) -> None:
        held = self.house.read(queries.deposit_of, self.registration_id).held_fen
        self.change_auction(
            status="sold",
            price_fen=price_fen,
            leader_registration_id=self.registration_id,
            balance_fen=ledger.balance_of_price(price_fen, held),
            settlement="balance_due",
        )

    def request_balance(self) -> Payment:
        def service(unit: Unit) -> Payment:
            auction = unit.session.get_one(Auction, self.auction_id)
            registration = unit.session.get_one(Registration, self.registration_id)
            return payments.request_balance(unit, auction, registration, account="模拟账户 2")

        return self.perform(service)

    def balances(self) -> dict[str, int]:
        named = {self.registration_id: "R", self.auction_id: "A"}
        return {
            ":".join(named.get(part, part) for part in account.split(":")): fen
            for account, fen in self.house.read(queries.balances, self.auction_id).items()
            if fen
        }

    def payment(self, payment: Payment) -> Payment:
        return self.house.read(lambda session: session.get_one(Payment, payment.id))

    def journal(self) -> list[str]:
        def kinds(session: Session) -> list[str]:
            rows = select(JournalRow).order_by(JournalRow.id)
            found = list(session.scalars(rows))
            assert all(row.private and row.stream.startswith("person:") for row in found)
            return [row.kind for row in found if row.kind != "MoneyMoved"]  # one for each posting

        return self.house.read(kinds)

    def count(self, table: type[GatewayNotice] | type[Posting] | type[Payment]) -> int:
        return self.house.read(lambda session: session.scalar(select(func.count()).select_from(table))) or 0


def refuses(code: str, service: Callable[..., Any], *args: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        service(*args)
    assert caught.value.code == code
    return caught.value


def at_once(act: Callable[[], Any], threads: int = 8) -> None:
    """Do an act in several threads at the same time."""
    running = [Thread(target=act) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
