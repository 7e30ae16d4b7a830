"""One lot sold, reneged on, revoked, sold again at random, on each database, against a model of its own.

The model knows no ledger, no rule and no calendar of the house: only where each fen must be, by what was done.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from auction.kernel.clock import SHANGHAI, FixedClock
from auction.kernel.errors import DomainError
from auction.models import Approval
from bidding.models import Payment
from bidding.queries.payments import due_refunds
from bidding.queries.reneges import objections, renege_of
from bidding.services.allocation import (
    cancel_top_up,
    decide_allocation,
    enforce_top_up,
    enter_allocation,
    give_up_top_up,
    order_top_up,
)
from bidding.services.payments import refund_executed
from bidding.services.settlement import mark_overdue
from tests.bidding.budget import budget
from tests.bidding.hall import a_house
from tests.bidding.services.debtor import Debtor, Desk
from tests.conftest import START

DEPOSIT = 10_000_000
STEP = 500_000
BASE = 100_000_000
DAY = timedelta(days=1)
#: Where the model looks for what was put to each use.
ACCOUNTS = {"costs": "court_costs", "shortfall": "court_shortfall", "case_debt": "case_debt"}
WHICH = st.integers(0, 9)


@dataclass
class Buyer:
    """What the model knows of one buyer: purses in fen, and where the sale stands."""

    debtor: Debtor
    price: int
    due: date
    held: int = DEPOSIT
    paid: int = 0
    back: int = 0
    kept: int = 0
    state: str = "owing"
    uses: dict[str, int] = field(default_factory=dict)
    allocated: bool = False
    missing: int = 0  # of the costs, after the deposit
    order: str = ""  # "", ordered, enforced, paid, in_vain
    order_due: date = date.min
    asked: dict[str, int] = field(default_factory=dict)  # by the order that stands, not yet paid
    topped: int = 0

    def asks(self) -> int:
        return sum(self.asked.values())

    def owed(self) -> int:
        return self.price - self.held - self.paid

    def liable(self, final: int) -> int:
        return max(0, self.price - final)


def first_working(day: date) -> date:
    while not chinese_calendar.is_workday(day):
        day += DAY
    return day


class Histories(RuleBasedStateMachine):
    """Sales of one lot by the services, and the model beside them."""

    desk: Desk
    #: What became of orders in any history: a model that never gets there proves nothing.
    reached: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.desk.clock.moment = START
        self.desk.__post_init__()  # a lot of its own, and judges
        self.buyers: list[Buyer] = []
        self.before = self.totals()
        self.final: int | None = None
        self.costs = 0

    # What the doors answer

    def expect(self, code: str | None, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            answer = act(*args, **kwargs)
        except DomainError as error:
            assert error.code == code, f"{error} instead of {code}"
            return None
        assert code is None, f"done instead of {code}"
        return answer

    def totals(self) -> dict[str, int]:
        return self.desk.balances()

    @property
    def today(self) -> date:
        return self.desk.clock.moment.astimezone(SHANGHAI).date()

    @property
    def last(self) -> Buyer:
        return self.buyers[-1]

    def pick(self, which: int) -> Buyer:
        return self.buyers[-1 - (which % len(self.buyers) if which > 6 else 0)]

    # What may happen

    @precondition(lambda self: not self.buyers or self.last.state == "reneged")
    @rule(above=st.integers(0, 40))
    def sell(self, above: int) -> None:
        price = BASE + above * STEP
        debtor = self.desk.sell(price_fen=price)
        sold_on = self.desk.auction(debtor.auction_id).closes_at.astimezone(SHANGHAI).date()
        self.buyers.append(Buyer(debtor, price, first_working(sold_on + 10 * DAY)))

    @precondition(lambda self: self.buyers)
    @rule(which=WHICH, part=st.sampled_from(["all", "all", "half", "fen", "less", "more"]))
    def pay(self, which: int, part: str) -> None:
        buyer = self.pick(which)
        owing = buyer.state == "owing"
        if not owing and buyer.state == "paid":
            return
        owed = buyer.owed()
        asked = {"half": max(1, owed // 2), "fen": 1}.get(part)
        payment = self.expect(None if owing else "wrong_state", self.desk.ask, buyer.debtor, asked)
        if payment is None:
            return
        assert payment.amount_fen == (asked or owed)
        comes = payment.amount_fen + {"less": -1, "more": 1}.get(part, 0)
        if comes < 1:
            return
        done = self.desk.arrive(buyer.debtor, payment, comes)
        if part == "more":
            assert done.status == "wrong_amount"
            buyer.back += comes
            return
        assert done.status == "paid"
        buyer.paid += comes
        if buyer.owed() == 0:
            buyer.state, buyer.paid, buyer.held = "paid", buyer.price, 0
            self.final = buyer.price

    @precondition(lambda self: self.buyers)
    @rule(days=st.sampled_from([1, 3, 9, 12, 30]))
    def wait(self, days: int) -> None:
        self.desk.clock.moment += days * DAY
        for buyer in self.buyers:
            self.desk.perform(mark_overdue, buyer.debtor.auction_id)

    @precondition(lambda self: self.buyers)
    @rule(which=WHICH, malice=st.booleans())
    def declare(self, which: int, malice: bool) -> None:
        buyer = self.pick(which)
        grace = first_working(buyer.due + 3 * DAY)
        code = None
        if buyer.state != "owing":
            code = "wrong_state"
        elif self.today <= grace:
            code = "renege_too_early"
        done = self.expect(code, self.desk.declare, buyer.debtor, *(["no_means"] if malice else []))
        if done is None:
            return
        if isinstance(done, Approval):
            self.desk.approve(done, judge=3)
        buyer.state = "reneged"
        buyer.kept, buyer.held = buyer.held, 0
        buyer.back, buyer.paid = buyer.back + buyer.paid, 0

    @precondition(lambda self: any(buyer.state == "reneged" for buyer in self.buyers))
    @rule(which=WHICH)
    def revoke(self, which: int) -> None:
        buyer = self.pick(which)
        if buyer.state != "reneged" or buyer.allocated:
            return
        sold_again = buyer is not self.last
        try:
            self.desk.revoked(buyer.debtor)
        except DomainError as error:
            assert (error.code, sold_again) in (("resale_sold", True), ("wrong_state", True)), error
            return
        assert not sold_again
        buyer.state, buyer.held, buyer.kept = "owing", buyer.kept, 0
        buyer.due = first_working(self.today + 10 * DAY)

    @precondition(lambda self: self.buyers)
    @rule()
    def send_back(self) -> None:
        mine = {buyer.debtor.registration_id: buyer for buyer in self.buyers}
        for refund in self.desk.house.read(due_refunds, self.desk.clock.moment + 2 * DAY):
            payment = self.desk.house.read(partial(Session.get_one, entity=Payment, ident=refund.payment_id))
            if payment.registration_id in mine:
                self.desk.perform(refund_executed, payment.id)
                mine[payment.registration_id].back -= refund.amount_fen

    @precondition(lambda self: any(buyer.state == "reneged" for buyer in self.buyers))
    @rule(which=WHICH, costs=st.integers(1, 4), debt=st.integers(0, 3))
    def allocate(self, which: int, costs: int, debt: int) -> None:
        undecided = [b for b in reversed(self.buyers) if b.state == "reneged" and not b.allocated]
        buyer = self.pick(which) if which < 5 or not undecided else undecided[0]
        if buyer.state != "reneged" or buyer.allocated:
            return
        facts = {
            "costs": [{"label": "费用", "amount_fen": costs * 100_000}],
            "case_debt_fen": debt * 2_000_000,
            "related_debts": [],
            "reason": "r",
        }
        judge, auction_id = self.desk.judges[0], buyer.debtor.auction_id
        self.desk.perform(enter_allocation, judge, auction_id, **facts)
        later = self.buyers[self.buyers.index(buyer) + 1 :]
        waits = self.final is None or any(b.state == "reneged" and not b.allocated for b in later)
        waits = waits or self.objected(buyer) or any(b.asked.get("shortfall") for b in later)
        code = "allocation_waits" if waits else None
        done = self.expect(code, self.desk.perform, decide_allocation, judge, auction_id, reason="r")
        if done is None:
            return
        assert self.final is not None
        rest, uses = buyer.kept, {}
        for use, claim in (
            ("costs", costs * 100_000),
            ("shortfall", self.room(buyer, buyer.liable(self.final))),
            ("case_debt", max(0, debt * 2_000_000 - sum(b.uses.get("case_debt", 0) for b in self.buyers))),
        ):
            uses[use] = min(rest, claim)
            rest -= uses[use]
            if use == "costs":
                buyer.missing = claim - uses[use]
        buyer.uses, buyer.allocated = uses, True
        lines = {line["code"]: line["amount_fen"] for line in done.lines}
        assert {use: fen for use, fen in lines.items() if fen and use != "kept"} == {u: f for u, f in uses.items() if f}
        assert lines.get("kept", 0) == rest
        if rest:
            assert self.room(buyer, buyer.liable(self.final)) == 0, "kept while a loss is not made good"

    @precondition(lambda self: any(buyer.allocated for buyer in self.buyers))
    @rule(which=WHICH)
    def order(self, which: int) -> None:
        buyer = self.allocated(which)
        assert self.final is not None
        asked = {"costs": buyer.missing, "shortfall": self.room(buyer, buyer.liable(self.final))}
        later = self.buyers[self.buyers.index(buyer) + 1 :]
        code = None
        if buyer.order:
            code = "wrong_state"
        elif any(b.asked.get("shortfall") for b in later):
            code = "top_up_waits"
        elif not sum(asked.values()):
            code = "wrong_state"
        facts = {"reason": "r", "due_on": self.today + 5 * DAY}
        done = self.expect(code, self.by_judge, order_top_up, buyer, **facts)
        if done is None:
            return
        assert done.amount_fen == sum(asked.values())
        assert {line["code"]: line["amount_fen"] for line in done.lines} == {u: f for u, f in asked.items() if f}
        buyer.order, buyer.order_due, buyer.asked = "ordered", facts["due_on"], asked

    @precondition(lambda self: any(buyer.asks() for buyer in self.buyers))
    @rule(which=WHICH, part=st.sampled_from(["all", "half", "fen"]))
    def top_up(self, which: int, part: str) -> None:
        buyer = self.asked(which)
        fen = {"all": buyer.asks(), "half": max(1, buyer.asks() // 2), "fen": 1}[part]
        assert self.desk.pay(buyer.debtor, fen, "top_up").status == "paid"
        buyer.topped += fen
        for use in ("costs", "shortfall"):
            taken = min(fen, buyer.asked[use])
            fen -= taken
            buyer.asked[use] -= taken
            buyer.uses[use] = buyer.uses.get(use, 0) + taken
            buyer.missing -= taken if use == "costs" else 0
        if not buyer.asks():
            buyer.order = "paid"
            self.reached.add(buyer.order)

    @precondition(lambda self: any(buyer.asks() for buyer in self.buyers))
    @rule(which=WHICH, end=st.sampled_from(["enforced", "in_vain", "cancelled"]))
    def end_order(self, which: int, end: str) -> None:
        buyer = self.asked(which)
        if end == "cancelled":
            self.ended(buyer, cancel_top_up, end, may=not buyer.topped)
            return
        in_time = self.today <= buyer.order_due
        self.ended(buyer, enforce_top_up, "enforced", may=buyer.order == "ordered" and not in_time)
        if buyer.order == "ordered":
            self.ended(buyer, give_up_top_up, "in_vain", may=False)
            self.wait(9)
            self.ended(buyer, enforce_top_up, "enforced", may=True)
        if end == "in_vain":
            self.ended(buyer, give_up_top_up, end, may=True)

    def ended(self, buyer: Buyer, service: Callable[..., Any], end: str, *, may: bool) -> None:
        done = self.expect(None if may else "wrong_state", self.by_judge, service, buyer, reason="r")
        if done is None:
            return
        assert done.status == end
        buyer.order = "" if end == "cancelled" else end
        if end != "enforced":
            buyer.asked = {}
        self.reached.add(end)

    def by_judge(self, service: Callable[..., Any], buyer: Buyer, **facts: Any) -> Any:
        return self.desk.perform(service, self.desk.judges[0], buyer.debtor.auction_id, **facts)

    def allocated(self, which: int) -> Buyer:
        found = [buyer for buyer in self.buyers if buyer.allocated]
        return found[which % len(found)]

    def asked(self, which: int) -> Buyer:
        found = [buyer for buyer in self.buyers if buyer.asks()]
        return found[which % len(found)]

    def objected(self, buyer: Buyer) -> bool:
        """Whether an objection to the declaration is not decided: a revocation that was refused leaves it."""
        renege = self.desk.house.read(renege_of, buyer.debtor.auction_id)
        return renege is not None and any(one.status == "filed" for one in self.desk.house.read(objections, renege.id))

    def room(self, buyer: Buyer, most: int) -> int:
        """The most this buyer can still make good without any group of renegers paying more than its greatest loss."""
        assert self.final is not None
        others = [b for b in self.buyers if b.state == "reneged" and b is not buyer]
        own = buyer.uses.get("shortfall", 0)
        for size in range(len(others) + 1):
            for group in combinations(others, size):
                liable = max(b.liable(self.final) for b in (*group, buyer))
                taken = sum(b.uses.get("shortfall", 0) + b.asked.get("shortfall", 0) for b in group)
                most = min(most, liable - own - taken)
        return max(0, most)

    # What must hold

    @invariant()
    def every_fen_is_where_the_model_says(self) -> None:
        expected: dict[str, int] = {}
        for buyer in self.buyers:
            registration, auction = buyer.debtor.registration_id, buyer.debtor.auction_id
            expected[f"deposit_held:{registration}"] = buyer.held
            expected[f"refund_due:{registration}"] = buyer.back
            expected[f"court_price:{auction}"] = buyer.paid
            used = sum(buyer.uses.values())
            expected[f"court_forfeit:{auction}"] = buyer.kept + buyer.topped - used
            for use, account in (
                ("costs", "court_costs"),
                ("shortfall", "court_shortfall"),
                ("case_debt", "case_debt"),
            ):
                expected[f"{account}:{auction}"] = buyer.uses.get(use, 0)
        found = {account: fen for account, fen in self.totals().items() if account in expected}
        assert found == {account: fen for account, fen in expected.items() if fen}
        assert sum(self.totals().values()) == 0

    @invariant()
    def the_settlements_are_the_models(self) -> None:
        for buyer in self.buyers:
            stored = self.desk.auction(buyer.debtor.auction_id).settlement
            assert stored in {"owing": ("balance_due", "overdue"), "paid": ("paid",)}.get(buyer.state, ("reneged",))

    @invariant()
    def no_loss_is_made_good_twice(self) -> None:
        if self.final is None:
            return
        made = [b.uses.get("shortfall", 0) for b in self.buyers if b.state == "reneged"]
        liable = [b.liable(self.final) for b in self.buyers if b.state == "reneged"]
        assert sum(made) <= max(liable, default=0)


class Orders(Histories):
    """Histories that begin with a lot reneged on, sold again and paid: what is left is whom to ask for the loss."""

    @initialize(reneged=st.lists(st.integers(24, 60), min_size=2, max_size=3))
    def begin(self, reneged: list[int]) -> None:
        for above in reneged:
            self.sell(above)
            self.wait(30)
            self.declare(0, False)
        self.sell(0)
        self.pay(0, "all")
        self.allocate(9, 4, 0)
        self.order(0)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("machine", "examples", "steps"), [(Histories, 12, 20), (Orders, 10, 16)])
def test_histories_of_reneging_agree_with_the_model(
    kind: str, machine: type[Histories], examples: int, steps: int, tmp_path: Path
) -> None:
    clock = FixedClock(START)
    with a_house(kind, tmp_path, clock) as house:
        machine.desk, machine.reached = Desk(house, clock), set()
        run_state_machine_as_test(machine, settings=budget(examples=examples, steps=steps))
    assert machine is Histories or machine.reached == {"paid", "enforced", "in_vain", "cancelled"}
