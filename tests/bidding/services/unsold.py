"""A lot that nobody bought, its creditors and its court: what the tests of the rounds' ends share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from auction.kernel.unit import Unit
from auction.models import Account, Lot, Taking
from auction.rules.access import Actor
from bidding.models import Payment, Registration
from bidding.queries import payments as money
from bidding.rules import ledger
from bidding.rules.payment import PaymentNotice
from bidding.services import payments, takings
from tests.bidding.hall import RESERVE, Hall
from tests.bidding.sale import closed
from tests.factories import (
    a_bidder,
    a_case,
    a_lot,
    a_party,
    a_resident_id,
    an_account,
    an_actor,
    an_auction,
)

DAY = timedelta(days=1)
_NOTICES = count(1)


@dataclass
class Creditor:
    """A party of the case by id and place, and the account of the person behind it, if any."""

    party_id: str
    position: int
    number: str
    account: Account | None = None


@dataclass
class Unsold:
    """A lot whose round ended unsold. Every act must leave the books sound."""

    hall: Hall
    auction_id: str = ""
    lot_id: str = ""
    judge: Actor = field(default_factory=lambda: Actor("", "judge", ""))
    creditors: list[Creditor] = field(default_factory=list)

    def perform(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        done = self.hall.house.perform(service, *args, **kwargs)
        totals = self.hall.house.read(money.balances)
        assert sum(totals.values()) == 0
        assert ledger.overdrawn(totals) == []
        return done

    def answer(self, creditor: Creditor, decision: str = "take", **how: Any) -> Taking:
        """What the court records of a creditor's answer."""
        found: Taking = self.perform(
            takings.answer, self.judge, self.auction_id, creditor=creditor.party_id, decision=decision, **how
        )
        return found

    def award(self, taking: Taking, claim_fen: int, **how: Any) -> Taking:
        facts = {"claim_fen": claim_fen, "reason": "依法交其抵债"} | how
        found: Taking = self.perform(takings.award, self.judge, self.auction_id, taking.id, **facts)
        return found

    def taking(self, taking: Taking) -> Taking:
        """As it is stored."""
        return self.hall.house.read(lambda session: session.get_one(Taking, taking.id))

    def lot(self) -> Lot:
        return self.hall.house.read(lambda session: session.get_one(Lot, self.lot_id))

    def pay(self, creditor: Creditor, taking: Taking, fen: int | None = None) -> Payment:
        """Ask for the difference, or a part of it, and let it arrive."""

        def ask(unit: Unit) -> Payment:
            registration = unit.session.get_one(Registration, self.taking(taking).registration_id)
            auction = takings.lock_round(unit, self.judge, self.auction_id, "auction.unsold")
            return payments.request_difference(unit, auction, registration, account="模拟账户 1", amount_fen=fen)

        asked: Payment = self.perform(ask)
        notice = PaymentNotice(
            f"unsold-{next(_NOTICES)}", asked.id, "paid", asked.amount_fen, "李四", creditor.number, ""
        )
        paid: Payment = self.perform(payments.receive_notice, notice)
        return paid


def an_unsold_lot(
    hall: Hall, *roles: str, round_: str = "first", asset_type: str = "real_estate", with_accounts: bool = True
) -> Unsold:
    """A lot whose round has just closed unsold, in a case with creditors of these roles (and a debtor)."""

    def rows(unit: Unit) -> Unsold:
        case = a_case(unit)
        a_party(unit, case, "debtor", name="债务人")
        creditors = []
        for role in roles:
            number = a_resident_id()
            party = a_party(unit, case, role, name="李四", id_type="resident_id", id_number=number, claim_fen=RESERVE)
            account = a_bidder(unit, name="李四", id_number=number) if with_accounts else None
            creditors.append(Creditor(party.id, party.position, number, account))
        judge = an_actor(an_account(unit, "judge"))
        lot = a_lot(unit, case=case, asset_type=asset_type, created_by=judge.id)
        auction = an_auction(unit, lot=lot, round=round_)
        return Unsold(hall, auction.id, lot.id, judge, creditors)

    story: Unsold = hall.house.perform(rows)
    hall.tell(story.auction_id)
    hall.clock.moment = hall.row(story.auction_id).closes_at
    assert closed(hall.house, story.auction_id, settled=True) == "unsold"  # a desk, where there is one, may still judge
    return story
