"""Sales whose buyers do not pay: the people, the clock and the acts that the tests of reneging share."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Account, Approval, Auction, Lot
from auction.rules.access import Actor
from auction.services.approvals import vote
from bidding.models import Payment, Registration, Renege
from bidding.queries import payments as money
from bidding.queries.reneges import renege_of
from bidding.rules import ledger
from bidding.rules.payment import PaymentNotice
from bidding.services import payments
from bidding.services.approved import ACTS
from bidding.services.closing import close
from bidding.services.renege import declare
from bidding.services.renege_objections import file_objection, propose_revocation
from bidding.services.settlement import mark_overdue
from tests.factories import (
    a_bidder,
    a_lot,
    a_paid_deposit,
    a_registration,
    a_resident_id,
    an_account,
    an_actor,
    an_auction,
)

DEPOSIT, PRICE = 10_000_000, 100_500_000


@dataclass
class Debtor:
    """A buyer of one auction."""

    auction_id: str
    registration_id: str
    account: Account
    name: str
    number: str


@dataclass
class Desk:
    """One lot, two judges, and the buyers who come one after another. Every act must leave the books sound."""

    house: House
    clock: FixedClock
    lot_id: str = ""
    judges: list[Actor] = field(default_factory=list)
    notices: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        def people(unit: Unit) -> tuple[str, list[Actor]]:
            judges = [an_actor(an_account(unit, "judge")) for _ in range(4)]
            return a_lot(unit, created_by=judges[0].id).id, judges

        self.lot_id, self.judges = self.house.perform(people)

    def perform(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        answer = self.house.perform(service, *args, **kwargs)
        totals = self.house.read(money.balances)
        assert sum(totals.values()) == 0
        assert ledger.overdrawn(totals) == []
        return answer

    def sell(
        self,
        *,
        price_fen: int = PRICE,
        due_fen: int | None = None,
        principals: Any = (),
        again: Debtor | None = None,
        **terms: Any,
    ) -> Debtor:
        """A round of the lot, sold with the deposit held: to somebody new, or `again` to who bought at another desk.

        The balance is due in ten days.
        """
        number, name = (again.number, again.name) if again else (a_resident_id(), "张三")

        def rows(unit: Unit) -> tuple[str, str, Account]:
            lot = unit.session.get_one(Lot, self.lot_id)
            auction = an_auction(unit, lot=lot, status="open", **({"deposit_fen": DEPOSIT} | terms))
            account = again.account if again else a_bidder(unit, name=name, id_number=number)
            extra = {} if due_fen is None else {"deposit_due_fen": due_fen}
            registration = a_registration(unit, auction, account, status="qualified", principals=principals, **extra)
            if registration.deposit_due_fen:
                a_paid_deposit(unit, registration)
            auction.price_fen, auction.leader_registration_id = price_fen, registration.id
            auction.leader_code, auction.bid_count = registration.bidder_code, 1
            return auction.id, registration.id, account

        auction_id, registration_id, account = self.perform(rows)
        self.clock.moment = self.auction(auction_id).closes_at + timedelta(seconds=2)
        assert self.closed(auction_id) == "sold"
        return Debtor(auction_id, registration_id, account, name, number)

    def closed(self, auction_id: str) -> str | None:
        """Close; a process that takes bids, where there is one, may not have noticed yet that the clock moved on."""
        for _ in range(100):
            status: str | None = self.perform(close, auction_id)
            if status is not None:
                return status
            time.sleep(0.05)
        return None

    def auction(self, auction_id: str) -> Auction:
        return self.house.read(lambda session: session.get_one(Auction, auction_id))

    def registration(self, buyer: Debtor) -> Registration:
        return self.house.read(lambda session: session.get_one(Registration, buyer.registration_id))

    def renege(self, buyer: Debtor) -> Renege | None:
        return self.house.read(renege_of, buyer.auction_id)

    def ask(self, buyer: Debtor, amount_fen: int | None = None, purpose: str = "balance") -> Payment:
        request = payments.request_top_up if purpose == "top_up" else payments.request_balance

        def service(unit: Unit) -> Payment:
            auction = unit.session.get_one(Auction, buyer.auction_id)
            registration = unit.session.get_one(Registration, buyer.registration_id)
            return request(unit, auction, registration, account="模拟账户", amount_fen=amount_fen)

        answer: Payment = self.perform(service)
        return answer

    def arrive(self, buyer: Debtor, payment: Payment, fen: int | None = None) -> Payment:
        """Money arrives on a payment, from the buyer's own account."""
        notice = PaymentNotice(
            f"{payment.id}-{next(self.notices)}",
            payment.id,
            "paid",
            payment.amount_fen if fen is None else fen,
            buyer.name,
            buyer.number,
        )
        answer: Payment = self.perform(payments.receive_notice, notice)
        return answer

    def pay(self, buyer: Debtor, amount_fen: int | None = None, purpose: str = "balance") -> Payment:
        return self.arrive(buyer, self.ask(buyer, amount_fen, purpose))

    def at(self, moment: datetime) -> "Desk":
        self.clock.moment = moment
        return self

    def past_grace(self, buyer: Debtor) -> None:
        """Go to the first day on which a renege may be declared."""
        due_at = self.auction(buyer.auction_id).balance_due_at
        assert due_at is not None
        self.at(due_at + timedelta(seconds=2))
        self.perform(mark_overdue, buyer.auction_id)
        self.clock.advance(hours=24 * 12)

    def declare(self, buyer: Debtor, *factors: str, judge: int = 0) -> Any:
        return self.perform(declare, self.judges[judge], buyer.auction_id, reason="逾期未付", malicious_factors=factors)

    def declared(self, buyer: Debtor, *factors: str) -> Renege:
        """Let the grace pass and declare, with a second judge where there are factors of malice."""
        self.past_grace(buyer)
        done = self.declare(buyer, *factors)
        if isinstance(done, Approval):
            self.approve(done, judge=3)
        renege = self.renege(buyer)
        assert renege is not None
        return renege

    def approve(self, approval: Approval, judge: int, *, approve: bool = True) -> Approval:
        answer: Approval = self.perform(
            vote, self.judges[judge], approval.id, approve=approve, reason="同意", acts=ACTS
        )
        return answer

    def objected(self, buyer: Debtor) -> str:
        objection = self.perform(
            file_objection, an_actor(buyer.account), buyer.auction_id, grounds="银行系统故障，款项已汇出"
        )
        return str(objection.id)

    def revoked(self, buyer: Debtor, **facts: Any) -> None:
        """Object, propose to revoke, approve."""
        proposal = self.perform(
            propose_revocation,
            self.judges[1],
            buyer.auction_id,
            objection_id=self.objected(buyer),
            reason="款项因银行故障迟到",
            **facts,
        )
        self.approve(proposal, judge=2)

    def balances(self, *buyers: Debtor) -> dict[str, int]:
        """The accounts that hold something, with R0, A0 for the ids of the first buyer and so on."""
        named: dict[str, str] = {}
        for n, buyer in enumerate(buyers):
            named |= {buyer.registration_id: f"R{n}", buyer.auction_id: f"A{n}"}
        totals = self.house.read(money.balances)
        return {
            ":".join(named.get(part, part) for part in account.split(":")): fen
            for account, fen in totals.items()
            if fen
        }
