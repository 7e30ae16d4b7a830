"""Whole sales at random, through the services, on each database, against an independent model after every step.

Checked besides: the invariants I-B1 to I-B10 on what is stored, I-E1 and I-E2, I-M1 to I-M5, I-A1 to I-A3.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.queries.audit import verify_database
from auction.services.log import seal
from bidding.models import Registration
from bidding.queries.audit import contradictions
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import Application, PrincipalFacts
from bidding.services import life, payments, registration, settlement
from bidding.services.bids import BidOffer, place_bids
from bidding.services.closing import close
from risk.imports import import_staff
from tests.bidding.budget import budget
from tests.bidding.hall import Hall
from tests.bidding.sale import tell_auction
from tests.bidding.sale_checks import Watch
from tests.bidding.sale_model import DAY, FIVE, LIVE, Reg, Sale
from tests.factories import a_bidder, a_party, a_resident_id, an_account, an_actor, an_auction

RESERVE, STEP, DEPOSIT, REFERENCE = 100_000_000, 500_000, 10_000_000, 60_000_000
PEOPLE = 5
MICRO, MILLI, SECOND = timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=1)
UNDERTAKINGS = ("full_capacity", "not_barred", "accept_defects")
#: Who acts: eight of ten numbers name one of those for whom the act means something, the others anybody.
WHO = range(10)
#: When an offer arrives: now, or a millisecond before, at or after a limit.
WHEN = [("now", 0)] * 25 + [(limit, by) for limit in ("opens", "window", "end") for by in (-1, 0, 1)]
YES = (True, False)
HOW = ("right", "right", "right", "payer", "amount", "failed")
CLAIMED = (0.25, 1, 2)
CLAIMS = ("ordinary", "preferential", "creditor")
VERDICTS = ("approved", "in part", "none", "refused")
GOALS = ("opening", "hours", "window", "window", "end", "days")
LEAPS = (-400, -1, 1, 20, 21, 50)
MORE = (-MICRO, 0 * MICRO, timedelta(hours=1))

#: Every act: how much it weighs among the others where the sale stands (0: not now), and from what its facts are drawn.
ACTS: dict[str, tuple[Callable[[Sale], Any], dict[str, Sequence[Any]]]] = {
    "bid": (lambda m: 14 if bidding(m) else 1, {"who": WHO, "steps": (1, 1, 1, 2, 5), "when": WHEN}),
    "equal": (lambda m: 5 if bidding(m) else 1, {"who": WHO, "when": WHEN, "sure": YES}),
    "bid_oddly": (
        lambda m: 3 * bidding(m),
        {"who": WHO, "steps": LEAPS, "beside": (0, 0, 1, -1), "own": YES, "sure": YES},
    ),
    "send_a_key_again": (lambda m: 2, {"pick": range(100), "more": (0, 0, STEP), "own": YES}),
    "register": (lambda m: 2 if live(m) else 1, {"who": WHO, "claim": CLAIMS, "agent": YES, "old": YES}),
    "decide": (lambda m: 1 + 2 * undecided(m), {"who": WHO, "approve": YES, "rank": (1, 2), "claim": CLAIMED}),
    "leave": (lambda m: 1, {"who": WHO}),
    "acknowledge": (lambda m: 1 + 4 * stale(m), {"who": WHO, "old": YES}),
    "change_the_sheet": (lambda m: live(m) and m.seal < 2 and len(m.taken) > 1, {}),
    "change_the_registry": (lambda m: 1 + 2 * (len(m.barred) > 1 or unclosed(m)), {"who": WHO, "mistake": YES}),
    "pay_deposit": (lambda m: 1 + 3 * unpaid(m), {"who": WHO, "how": HOW}),
    "pay_balance": (lambda m: 6 * (m.status == "sold"), {"who": WHO, "how": HOW}),
    "say_a_notice_again": (lambda m: bool(m.pays), {"pick": range(100), "same_id": YES}),
    "send_refunds": (lambda m: any(pay.back and not pay.sent for pay in m.pays), {"twice": YES}),
    "wait": (lambda m: 2 + 4 * (m.now < m.opens), {"to": GOALS}),
    "wake": (lambda m: 1, {}),
    "close": (lambda m: 1 + 5 * unclosed(m), {"settled": YES, "times": (1, 2)}),
    "suspend": (lambda m: 1, {"kind": ("stay", "halt", "fault")}),
    "resume": (lambda m: 5 * (m.status == "suspended"), {"more": MORE}),
    "withdraw": (lambda m: len(m.taken) > 6 or not live(m), {}),
    "remind": (lambda m: m.status == "sold", {}),
    "rule_the_sale": (lambda m: 2 * m.closed, {}),
}


def live(model: Sale) -> bool:
    return model.status in ("announced", "open")


def bidding(model: Sale) -> bool:
    return live(model) and model.opens <= model.now < model.end


def unclosed(model: Sale) -> bool:
    return model.status in ("announced", "open") and model.now >= model.end


def undecided(model: Sale) -> bool:
    return any(reg.undecided and reg.status in LIVE for reg in model.regs)


def unpaid(model: Sale) -> bool:
    return any(reg.status in ("awaiting_deposit", "awaiting_court") for reg in model.regs)


def stale(model: Sale) -> bool:
    return any(reg.seal != model.seal and reg.status in LIVE for reg in model.regs)


class SaleMachine(RuleBasedStateMachine):
    """One sale. `model` is what should be; the ids say which rows stand for what the model counts."""

    def __init__(self, hall: Hall, folder: Path) -> None:
        super().__init__()
        self.hall, self.folder = hall.begin(), folder
        self.house, self.clock = hall.house, hall.clock
        self.reg_ids: list[str] = []
        self.pay_ids: list[str] = []
        self.notices: list[tuple[PaymentNotice, int]] = []
        self.offers: list[tuple[int, BidOffer]] = []
        self.silent = False  # this step changed rows past the services
        self.quiet = False  # this step must leave nothing

    @initialize(seed=st.integers(0, 2**32 - 1))
    def begin(self, seed: int) -> None:
        """The cast: a creditor, an ordinary bidder, two preferential purchasers, an agent; in some state each.

        What happens comes from the seed, because the library's own choices, made to be shrunk, repeat themselves too
        much to play a long sale; a failing example is shrunk to its shortest beginning, and tells its acts.
        """
        chance = self.chance = Random(seed)
        self.numbers = count(1)
        now = self.clock.moment

        def story(unit: Unit) -> None:
            auction = an_auction(
                unit,
                status="announced",
                opens_at=now + timedelta(hours=2),
                closes_at=now + timedelta(hours=26),
                reserve_price_fen=RESERVE,
                increment_fen=STEP,
                deposit_fen=DEPOSIT,
                reference_price_fen=REFERENCE,
                seal="seal-0",
            )
            tell_auction(unit, auction)
            self.auction_id = auction.id
            self.ids = [a_resident_id() for _ in range(PEOPLE)]
            self.people = [an_actor(a_bidder(unit, name=f"竞买人{n}", id_number=i)) for n, i in enumerate(self.ids)]
            a_party(unit, auction.lot.case, "applicant", id_type="resident_id", id_number=self.ids[0])
            self.judge = an_actor(an_account(unit, "judge"))

        self.house.perform(story)
        self.watch = Watch(self.house, self.auction_id)
        opens, end = now + timedelta(hours=2), now + timedelta(hours=26)
        self.model = Sale(now, opens, end, RESERVE, STEP, DEPOSIT, REFERENCE)
        for who, claim in enumerate(["creditor", "ordinary", "preferential", "preferential", "ordinary"]):
            self.enrol(who, claim, agent=who == 4, seal=0)
        self.pay(1, "deposit", "right")
        for who in (2, 3, 0, 4):
            if chance.random() < 0.5 and who != 4:
                self.pay(who, "deposit", "right")
            verdict = chance.choice(VERDICTS)
            if verdict != "none":
                self.judge_claim(who, verdict != "refused", 1, DEPOSIT // (1 + (verdict == "in part")))
        if chance.random() < 0.6:
            self.tick(self.model.opens - self.model.now)

    @rule()
    def act(self) -> None:
        """One act of those possible now."""
        [name] = self.chance.choices(list(ACTS), [int(weight(self.model)) for weight, _ in ACTS.values()])
        facts = {fact: self.chance.choice(choices) for fact, choices in ACTS[name][1].items()}
        note(f"{name} {facts}")
        getattr(self, name)(**facts)

    def tick(self, by: timedelta = MILLI) -> None:
        self.clock.moment += by
        self.model.now = self.clock.moment

    def expect(self, code: str | None, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Perform a service that must be refused with the code, or must succeed (None)."""
        try:
            answer = self.house.perform(service, *args, **kwargs)
        except DomainError as error:
            assert error.code == code, (error, code)
            return None
        assert code is None, f"{service.__name__} should have been refused: {code}"
        return answer

    def pick(self, who: int, wanted: Callable[[Reg], object]) -> int:
        """A person: of ten numbers eight name one of those wanted, if there are any."""
        able = [n for n in range(PEOPLE) if (own := self.model.latest(n)) is not None and wanted(self.model.regs[own])]
        return able[who % len(able)] if able and who < 8 else who % PEOPLE

    # Registration

    def register(self, who: int, claim: str, agent: bool, old: bool) -> None:
        who = self.pick(who, lambda reg: reg.status in ("released", "refused"))
        self.enrol(who, claim, agent and claim == "ordinary", max(0, self.model.seal - old))

    def enrol(self, who: int, claim: str, agent: bool, seal: int) -> None:
        self.tick()
        principals = (PrincipalFacts("李四", "resident_id", a_resident_id()),) if agent else ()
        application = Application("agent" if agent else "self", claim, f"seal-{seal}", UNDERTAKINGS, principals)
        code = self.model.register(who, claim, agent, seal)
        made = self.expect(code, registration.register, self.people[who], self.auction_id, application)
        if made is not None:
            self.reg_ids.append(made.id)

    def own(self, who: int) -> int | None:
        return self.model.latest(who)

    def decide(self, who: int, approve: bool, rank: int, claim: float) -> None:
        who = self.pick(who, lambda reg: reg.undecided or reg.status == "awaiting_court")
        self.judge_claim(who, approve, rank, int(claim * DEPOSIT))

    def judge_claim(self, who: int, approve: bool, rank: int, claim_fen: int) -> None:
        if (n := self.own(who)) is None:
            return
        self.tick()
        code = self.model.decide(n, approve, rank, claim_fen)
        facts = {"approve": approve, "reason": "依法", "rank": rank, "claim_fen": claim_fen}
        self.expect(code, registration.decide, self.judge, self.reg_ids[n], **facts)

    def leave(self, who: int) -> None:
        who = self.pick(who, lambda reg: not reg.has_bid)
        if (n := self.own(who)) is not None:
            self.tick()
            self.expect(self.model.leave(n), registration.leave, self.people[who], self.reg_ids[n])

    def acknowledge(self, who: int, old: bool) -> None:
        who = self.pick(who, lambda reg: reg.seal != self.model.seal)
        if (n := self.own(who)) is not None:
            self.tick()
            seal = max(0, self.model.seal - old)
            code = self.model.acknowledge(n, seal)
            self.expect(code, registration.acknowledge, self.people[who], self.reg_ids[n], f"seal-{seal}")

    def change_the_sheet(self) -> None:
        self.tick()
        self.model.seal += 1
        self.silent = True
        self.house.perform(self.seal_anew, f"seal-{self.model.seal}")

    def seal_anew(self, unit: Unit, fresh: str) -> None:
        auction = unit.session.get_one(Auction, self.auction_id)
        auction.seal = fresh
        unit.record("DisclosureSealed", stream=f"lot:{auction.lot_id}", body={"seal": fresh})

    def change_the_registry(self, who: int, mistake: bool) -> None:
        leader = self.model.regs[self.model.taken[-1].reg].who if self.model.taken else who
        wanted = self.pick(who, lambda reg: reg.who in self.model.barred)
        who = wanted if mistake else leader if who < 5 else who % PEOPLE
        self.tick()
        self.model.barred ^= {who} if mistake == (who in self.model.barred) else set()
        path = self.folder / "staff.csv"
        until = "2021-01-01" if mistake else ""
        head = "body_type,body_code,name,id_number,position,from,to"
        path.write_text(f"{head}\ncourt,3201,张三,{self.ids[who]},法官,2020-01-01,{until}\n", encoding="utf-8")
        assert not import_staff(self.house, path).refused

    # Money

    def pay_deposit(self, who: int, how: str) -> None:
        self.pay(self.pick(who, lambda reg: reg.status.startswith("awaiting")), "deposit", how)

    def pay_balance(self, who: int, how: str) -> None:
        self.pay(self.model.regs[self.model.taken[-1].reg].who if who < 8 else who % PEOPLE, "balance", how)

    def pay(self, who: int, purpose: str, how: str) -> None:
        if (n := self.own(who)) is not None:
            self.tick()
            self.request(n, purpose, how)

    def request(self, n: int, purpose: str, how: str) -> None:
        """Ask for a payment, and have the gateway say how it went."""

        def ask(unit: Unit) -> str:
            registered = unit.session.get_one(Registration, self.reg_ids[n])
            if purpose == "deposit":
                return payments.request_deposit(unit, registered, account="1").id
            auction = unit.session.get_one(Auction, self.auction_id)
            return payments.request_balance(unit, auction, registered, account="2").id

        code = self.model.request(n, purpose)
        asked = self.expect(code, ask)
        if asked is None:
            return
        if asked not in self.pay_ids:
            self.pay_ids.append(asked)
        place = self.pay_ids.index(asked)
        assert self.model.pays[place] is self.model.live(n, purpose)
        who = self.model.regs[n].who if how != "payer" else (self.model.regs[n].who + 1) % PEOPLE
        fen = 0 if how == "failed" else self.model.pays[place].fen + (how == "amount")
        outcome = "failed" if how == "failed" else "paid"
        notice = PaymentNotice(f"{asked}-{next(self.numbers)}", asked, outcome, fen, f"竞买人{who}", self.ids[who])
        self.notices.append((notice, place))
        self.take_notice(notice, place, how != "payer")

    def take_notice(self, notice: PaymentNotice, place: int, right_payer: bool) -> None:
        self.model.notice(self.model.pays[place], notice.outcome == "paid", right_payer, notice.amount_fen)
        self.expect(None, payments.receive_notice, notice)

    def say_a_notice_again(self, pick: int, same_id: bool) -> None:
        """The gateway repeats itself: the same message changes nothing, one with a new id is judged anew."""
        self.tick()
        if not self.notices:
            return
        notice, place = self.notices[pick % len(self.notices)]
        if same_id:
            self.quiet = True
            self.expect(None, payments.receive_notice, notice)
            return
        again = replace(notice, id=f"{notice.id}-{next(self.numbers)}")
        right = notice.payer_id_number == self.ids[self.model.regs[self.model.pays[place].reg].who]
        self.take_notice(again, place, right)

    def send_refunds(self, twice: bool) -> None:
        self.tick()
        for pay, pay_id in zip(self.model.pays, self.pay_ids, strict=True):
            if pay.back and not pay.sent:
                self.model.send_back(pay)
                for _ in range(1 + twice):
                    self.expect(None, payments.refund_executed, pay_id)

    # Bidding

    def arrival(self, limit: str, by: int) -> datetime:
        """The time of an arrival; the clock moves on to it. One long past is taken for now."""
        model = self.model
        limits = {"opens": model.opens, "window": model.end - FIVE, "end": model.end, "now": model.now}
        at = limits[limit] + by * MILLI
        if at < model.now - 5 * SECOND:
            return model.now
        self.tick(max(at - model.now, timedelta(0)))
        return at

    def place(self, who: int, offer: BidOffer) -> None:
        flags = (offer.raise_own, offer.confirm_implausible)
        code = self.model.bid(who, offer.amount_fen, offer.arrived_at, offer.key, *flags)
        [answer] = self.house.perform(place_bids, [offer])
        assert (answer.outcome, answer.code) == ("refused" if code else "accepted", code)
        self.offers.append((who, offer))

    def offer(self, who: int, fen: int, when: tuple[str, int], own: bool, sure: bool) -> None:
        self.tick()
        who = self.pick(who, lambda reg: reg.status == "qualified")
        key, at = f"k{next(self.numbers)}", self.arrival(*when)
        self.place(who, BidOffer(self.auction_id, self.people[who].id, fen, key, at, own, sure))

    def bid(self, who: int, steps: int, when: tuple[str, int]) -> None:
        taken = self.model.taken
        self.offer(who, taken[-1].fen + steps * STEP if taken else RESERVE + (steps - 1) * STEP, when, True, True)

    def equal(self, who: int, when: tuple[str, int], sure: bool) -> None:
        who = self.pick(who, lambda reg: reg.rank is not None)
        self.offer(who, self.model.taken[-1].fen if self.model.taken else RESERVE, when, False, sure)

    def bid_oddly(self, who: int, steps: int, beside: int, own: bool, sure: bool) -> None:
        standing = self.model.taken[-1].fen if self.model.taken else RESERVE
        self.offer(who, max(1, standing + steps * STEP + beside), ("now", 0), own, sure)

    def send_a_key_again(self, pick: int, more: int, own: bool) -> None:
        self.tick()
        if not self.offers:
            return
        who, offer = self.offers[pick % len(self.offers)]
        again = BidOffer(offer.auction_id, offer.account_id, offer.amount_fen + more, offer.key, self.model.now, own)
        self.place(who, again)

    # The life of the sale

    def wait(self, to: str) -> None:
        goals = {
            "opening": self.model.opens,
            "hours": self.model.now + timedelta(hours=7),
            "window": self.model.end - FIVE,
            "end": self.model.end + SECOND * (self.model.now.microsecond // 1000 % 3),
            "days": self.model.now + timedelta(days=12),
        }
        if to in ("end", "days") and self.model.status in ("announced", "open") and len(self.model.taken) < 3:
            return
        self.tick(max(goals[to] - self.model.now, MILLI))

    def wake(self) -> None:
        self.tick()
        self.model.open_if_due()
        self.house.perform(life.open_due, self.auction_id)

    def close(self, settled: bool, times: int) -> None:
        self.tick()
        for _ in range(times):
            before = self.model.status
            self.model.close(settled)
            answer = self.house.perform(close, self.auction_id, settled=settled)
            decided = self.model.status if self.model.closed and before in ("announced", "open") else None
            assert answer == decided
            if self.model.settlement == "balance_due" and self.model.due_at is None:
                self.model.due_at = self.hall.row(self.auction_id).balance_due_at
                assert self.model.due_at is not None
                assert self.model.end + timedelta(days=9) < self.model.due_at < self.model.end + timedelta(days=25)

    def suspend(self, kind: str) -> None:
        self.tick()
        self.expect(self.model.suspend(kind), life.suspend, self.judge, self.auction_id, kind=kind, reason="依法暂缓")

    def resume(self, more: timedelta) -> None:
        self.tick()
        end = self.model.earliest_end() + more if self.model.left is not None else self.model.now + 9 * DAY
        code = self.model.resume(end)
        self.expect(code, life.resume, self.judge, self.auction_id, closes_at=end, reason="恢复拍卖")

    def withdraw(self) -> None:
        self.tick()
        facts = {"ground": "creditors_withdraw", "reason": "申请撤回"}
        self.expect(self.model.withdraw(), life.withdraw, self.judge, self.auction_id, **facts)

    def remind(self) -> None:
        self.tick()
        self.model.overdue()
        self.house.perform(settlement.mark_overdue, self.auction_id)

    def rule_the_sale(self) -> None:
        self.tick()
        facts = {"qualification": "not_required", "reason": "价款已付清"}
        self.expect(self.model.rule(), settlement.rule_sale, self.judge, self.auction_id, **facts)

    @invariant()
    def the_house_is_as_the_model_says_and_no_invariant_is_broken(self) -> None:
        if hasattr(self, "watch"):
            self.watch.check(self.model, self.reg_ids, self.pay_ids, silent=self.silent, quiet=self.quiet)
            self.silent = self.quiet = False

    def teardown(self) -> None:
        """Whatever was done, the audit accuses nobody."""
        if hasattr(self, "watch"):
            report = self.house.read(contradictions, self.auction_id)
            assert report.ok, report.failures


@pytest.mark.slow
def test_sales_at_random_go_as_the_model_says(hall: Hall, tmp_path: Path) -> None:
    examples = 45 if hall.house.engine.dialect.name == "sqlite" else 20  # there every step costs three times as much
    run_state_machine_as_test(lambda: SaleMachine(hall, tmp_path), settings=budget(examples, steps=50))
    while hall.house.perform(seal):
        pass
    report = hall.house.read(verify_database, hall.house.vault.public_key)
    assert report.ok, report.failures
    assert report.checked["entries"] > 1000
