"""A sale as the texts say it goes (RULES A, PRECISIONS 5-22): an independent, pure model without a line of Fapai.

Every method answers the code of the refusal, or None, and changes the model as the house should change. Money is fen.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIVE, DAY = timedelta(minutes=5), timedelta(hours=24)
LIVE = ("awaiting_court", "awaiting_deposit", "qualified")
SETTLED = ("paid", "wrong_payer", "wrong_amount", "refunding", "refunded")


@dataclass
class Reg:
    """A registration. `seal` counts the versions of the sheet; the deposit is awaited, held, refund_due or applied."""

    who: int
    agent: bool
    claim: str
    status: str
    due: int
    seal: int
    undecided: bool
    rank: int | None = None
    has_bid: bool = False
    state: str = "awaited"
    keys: dict[str, tuple[int, str | None]] = field(default_factory=dict)


@dataclass
class Pay:
    """Money asked of somebody, and what is to go back of it until when."""

    reg: int
    purpose: str
    fen: int
    status: str = "pending"
    back: int | None = None
    back_by: datetime | None = None
    sent: bool = False


@dataclass
class Taken:
    """An accepted bid."""

    reg: int
    fen: int
    rank: int | None
    at: datetime


@dataclass
class Sale:
    """One auction, its registrations and its money, at the time `now`."""

    now: datetime
    opens: datetime
    end: datetime
    reserve: int
    step: int
    deposit: int
    reference: int
    status: str = "announced"
    seal: int = 0
    extensions: int = 0
    settlement: str | None = None
    due_at: datetime | None = None
    left: timedelta | None = None
    unopened: bool = False
    closed: bool = False
    regs: list[Reg] = field(default_factory=list)
    pays: list[Pay] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    barred: set[int] = field(default_factory=set)
    books: Counter[tuple[str, int]] = field(default_factory=Counter)

    def latest(self, who: int) -> int | None:
        return max((n for n, reg in enumerate(self.regs) if reg.who == who), default=None)

    def held(self, n: int) -> int:
        return self.books["held", n]

    def move(self, source: tuple[str, int], target: tuple[str, int], fen: int) -> None:
        self.books[source] -= fen
        self.books[target] += fen

    # Registration

    def register(self, who: int, claim: str, agent: bool, seal: int) -> str | None:
        over = self.status != "suspended" and self.now >= self.end
        if self.closed or over or self.status not in ("announced", "open", "suspended"):
            return "auction_closed"
        if agent and self.now >= self.opens:
            return "too_late_agent"
        if seal != self.seal:
            return "stale_disclosure"
        if claim == "creditor" and who != 0:
            return "capacity_missing"
        if any(reg.who == who and reg.status in (*LIVE, "applied") for reg in self.regs):
            return "duplicate_registration"
        waits = agent or claim != "ordinary"
        status = "refused" if who in self.barred else "awaiting_court" if waits else "awaiting_deposit"
        self.regs.append(Reg(who, agent, claim, status, self.deposit, seal, claim != "ordinary"))
        return None

    def decide(self, n: int, approve: bool, rank: int, claim_fen: int) -> str | None:
        reg = self.regs[n]
        represented = reg.agent and reg.status == "awaiting_court"
        if not (represented or reg.undecided) or reg.status not in LIVE:
            return "wrong_state"
        if represented and self.now >= self.opens:
            return "too_late_agent"
        if reg.undecided and self.now >= self.end:
            return "auction_closed"
        if reg.undecided and approve:
            if reg.claim == "preferential":
                reg.rank = rank
            else:
                reg.due = max(0, self.deposit - claim_fen)
                self.give_excess_back(n)
        reg.undecided = False
        if represented and not approve:
            self.let_go(n, "refused")
        elif reg.status == "awaiting_court":
            reg.status = "awaiting_deposit"
            if self.held(n) >= reg.due:
                self.qualify(n)
        return None

    def qualify(self, n: int) -> None:
        if self.regs[n].who in self.barred:
            self.let_go(n, "refused")
        else:
            self.regs[n].status = "qualified"

    def let_go(self, n: int, status: str, since: datetime | None = None) -> None:
        self.regs[n].status = status
        if self.regs[n].state == "held":
            self.release(n, (since or self.now) + DAY)

    def leave(self, n: int) -> str | None:
        reg = self.regs[n]
        if reg.status not in LIVE or reg.has_bid or self.now >= self.opens:
            return "wrong_state"
        self.let_go(n, "released")
        return None

    def acknowledge(self, n: int, seal: int) -> str | None:
        if self.regs[n].status not in LIVE:
            return "wrong_state"
        if seal != self.seal:
            return "stale_disclosure"
        self.regs[n].seal = seal
        return None

    # Money

    def release(self, n: int, by: datetime) -> None:
        pay = next(pay for pay in self.pays if (pay.reg, pay.purpose, pay.status) == (n, "deposit", "paid"))
        pay.status, pay.back, pay.back_by = "refunding", self.held(n), by
        self.move(("held", n), ("back", n), self.held(n))
        self.regs[n].state = "refund_due"

    def give_excess_back(self, n: int) -> None:
        reg, excess = self.regs[n], self.held(n) - self.regs[n].due
        if reg.state != "held" or excess <= 0:
            return
        if reg.due == 0:
            self.release(n, self.now + DAY)
            return
        self.move(("held", n), ("back", n), excess)
        self.pays.append(Pay(n, "excess", excess, "refunding", excess, self.now + DAY))

    def takes_deposits(self) -> bool:
        if self.status == "suspended":
            return not self.closed
        return self.status in ("announced", "open") and self.now < self.end

    def asks(self, n: int) -> bool:
        reg = self.regs[n]
        waiting = reg.status == "awaiting_deposit" or (reg.status == "awaiting_court" and not reg.agent)
        return reg.due > 0 and waiting

    def owes(self, n: int) -> bool:
        won = self.status == "sold" and self.taken[-1].reg == n
        return won and self.settlement in ("balance_due", "overdue")

    def balance(self) -> int:
        return self.taken[-1].fen - self.held(self.taken[-1].reg)

    def request(self, n: int, purpose: str) -> str | None:
        """Afterwards the payment in question is the live one, if there is no refusal."""
        due = self.regs[n].due if purpose == "deposit" else 0
        live = self.live(n, purpose)
        if live and (purpose == "balance" or live.status == "paid" or live.fen == due):
            return None
        if purpose == "deposit" and not self.takes_deposits():
            return "auction_closed"
        if not (self.asks(n) if purpose == "deposit" else self.owes(n)):
            return "wrong_state"
        if live:
            live.status = "failed"
        self.pays.append(Pay(n, purpose, due if purpose == "deposit" else self.balance()))
        return None

    def live(self, n: int, purpose: str) -> Pay | None:
        asked = (pay for pay in self.pays if (pay.reg, pay.purpose) == (n, purpose))
        return next((pay for pay in asked if pay.status in ("pending", "paid")), None)

    def notice(self, pay: Pay, paid: bool, right_payer: bool, fen: int) -> None:
        if pay.status in SETTLED:
            return
        if not paid:
            pay.status = "failed"
            return
        reg = self.regs[pay.reg]
        if pay.purpose == "balance":
            wanted = self.owes(pay.reg)
        else:
            wanted = self.asks(pay.reg) and self.takes_deposits() and pay.fen >= reg.due and reg.state == "awaited"
        if not right_payer or fen != pay.fen or not wanted:
            pay.status = "wrong_payer" if not right_payer else "wrong_amount" if fen != pay.fen else "refunding"
            pay.back, pay.back_by = fen, self.now + DAY
            self.move(("bank", 0), ("back", pay.reg), fen)
            return
        pay.status = "paid"
        if pay.purpose == "deposit":
            self.move(("bank", 0), ("held", pay.reg), fen)
            reg.state = "held"
            self.give_excess_back(pay.reg)
            self.qualify(pay.reg)
        else:
            self.move(("bank", 0), ("price", 0), fen)
            self.settle()

    def settle(self) -> None:
        n = self.taken[-1].reg
        if self.regs[n].state == "held":
            self.move(("held", n), ("price", 0), self.held(n))
            self.regs[n].state = "applied"
        self.regs[n].status, self.settlement = "applied", "paid"

    def send_back(self, pay: Pay) -> None:
        assert pay.back is not None
        self.move(("back", pay.reg), ("bank", 0), pay.back)
        pay.sent = True
        if pay.status == "refunding":
            pay.status = "refunded"

    # Bidding

    def bid(self, who: int, fen: int, arrived: datetime, key: str, own: bool, sure: bool) -> str | None:
        n = self.latest(who)
        known = self.regs[n].keys.get(key) if n is not None else None
        if known:
            return known[1] if known[0] == fen else "idempotency_conflict"
        if self.status == "announced" and arrived >= self.opens:
            self.open()
        code = self.refusal(n, fen, arrived, own, sure)
        if n is None:
            return code
        self.regs[n].keys[key] = (fen, code)
        if code is None:
            self.regs[n].has_bid = True
            at = max([arrived] + [bid.at for bid in self.taken])
            self.taken.append(Taken(n, fen, self.regs[n].rank, at))
            if at > self.end - FIVE:
                self.end, self.extensions = at + FIVE, self.extensions + 1
        return code

    def refusal(self, n: int | None, fen: int, arrived: datetime, own: bool, sure: bool) -> str | None:
        state = {"sold": "closed", "unsold": "closed", "suspended": "suspended", "withdrawn": "not_open"}
        if self.status in state:
            return state[self.status]
        if arrived < self.opens:
            return "not_started"
        if arrived >= self.end:
            return "closed"
        if n is None or self.regs[n].status in ("refused", "released"):
            return "not_registered"
        reg = self.regs[n]
        if reg.who in self.barred:
            return "barred_interest"
        if reg.status != "qualified":
            return "deposit_unpaid"
        if reg.seal != self.seal:
            return "stale_disclosure"
        if fen < self.reserve:
            return "below_reserve"
        if (fen - self.reserve) % self.step:
            return "not_whole_increment"
        price = self.reserve
        if self.taken:
            lead = self.taken[-1]
            price = lead.fen
            if lead.reg == n and not own:
                return "already_leading"
            equals = fen == price and reg.rank is not None
            if equals and lead.rank is not None and reg.rank is not None and lead.rank <= reg.rank:
                return "equal_not_preferred"
            if fen < price + self.step and not equals:
                return "below_minimum"
        return "implausible_amount" if not sure and (fen > price + 20 * self.step or fen > 2 * self.reference) else None

    # The life of the sale

    def open(self) -> None:
        self.status = "open"
        for n, reg in enumerate(self.regs):
            if reg.agent and reg.status == "awaiting_court":
                self.let_go(n, "refused")

    def open_if_due(self) -> None:
        if self.status == "announced" and self.now >= self.opens:
            self.open()

    def close(self, settled: bool) -> None:
        self.open_if_due()
        if self.status != "open" or self.now < self.end or (not settled and self.now < self.end + timedelta(seconds=1)):
            return
        winner = self.taken[-1].reg if self.taken else None
        barred = winner is not None and self.regs[winner].who in self.barred
        self.closed, self.status = True, "unsold" if winner is None else "suspended" if barred else "sold"
        self.let_all_go(winner, self.end)
        if self.status == "sold":
            self.settlement = "balance_due"
            if self.balance() == 0:
                self.settle()

    def let_all_go(self, keep: int | None, since: datetime) -> None:
        for n, reg in enumerate(self.regs):
            if reg.status in LIVE and n != keep:
                self.let_go(n, "released", since)

    def suspend(self, kind: str) -> str | None:
        ended = self.status == "open" and self.now >= self.end and kind != "fault"
        if ended or self.status not in ("announced", "open"):
            return "wrong_state"
        self.status, self.left = "suspended", max(self.end - max(self.now, self.opens), timedelta(0))
        self.unopened = self.now < self.opens
        return None

    def next_opening(self) -> datetime:
        return max(self.opens, self.now + DAY) if self.unopened else self.opens

    def earliest_end(self) -> datetime:
        assert self.left is not None
        whole = timedelta(seconds=-(-self.left // timedelta(seconds=1)))  # nobody loses a part of a second
        return max(self.now + DAY, max(self.now, self.next_opening()) + max(whole, 2 * FIVE))

    def resume(self, end: datetime) -> str | None:
        if self.status != "suspended" or self.closed:
            return "wrong_state"
        if end < self.earliest_end():
            return "invalid"
        self.opens, self.end, self.left, self.status = self.next_opening(), end, None, "announced"
        self.open_if_due()
        return None

    def withdraw(self) -> str | None:
        ended = self.status == "open" and self.now >= self.end
        held = self.closed and self.status == "suspended"  # for a barred winner: confirmed or revoked, nothing else
        if ended or held or self.status not in ("announced", "open", "suspended"):
            return "wrong_state"
        self.status, self.closed = "withdrawn", True
        self.let_all_go(None, self.now)
        return None

    def overdue(self) -> None:
        if self.settlement == "balance_due" and self.due_at is not None and self.now > self.due_at:
            self.settlement = "overdue"

    def rule(self) -> str | None:
        if self.status != "sold" or self.settlement != "paid":
            return "wrong_state"
        if self.regs[self.taken[-1].reg].who in self.barred:
            return "barred_interest"
        self.settlement = "ruled"
        return None
