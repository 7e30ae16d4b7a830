"""What is due on a court's lot, and what is late: one clock for each act that the law gives a day.

Source: REF 1, 27, 30; OJA 12, 14, 16, 23, 25, 26, 28; SALE 20, 22, 27; COMP 85; CPL 236, 238; EXEC 8; what has no
article is the court's practice. A clock says of itself whether somebody must act (`deadline`), nobody may act yet
(`wait`), or time alone brings it about (`event`). A new kind of clock is a new function in `CLOCKS`, its facts a new
field of `LotFacts`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import date, datetime, timedelta
from typing import Literal

from auction.rules.calendar import (
    PeriodEnd,
    WorkingDays,
    midnight,
    period_end,
    shanghai_day,
    standing_end,
    working_days_end,
)
from auction.rules.findings import Facts, Finding
from auction.rules.lot import LIVE, PRIVATE, AssetType, AuctionStatus, Round
from auction.rules.notices import Addressee, NoticeMoments, NoticeRecipient, notice_findings
from auction.rules.pricing import Step, lead
from auction.rules.reference_price import (
    REPORTED,
    PriceMethod,
    ReferencePrice,
    objections_end,
    undecided_objections,
    usable_until,
)
from auction.rules.rounds import EarlierRound, next_round, relist_due
from auction.rules.ruleset import Citation, Ruleset
from auction.rules.terms import notice_days

from .debt import OWING, debt_clock
from .handover import FORCED, HANDED_OVER, LEFT, NOTIFIED, SERVED, UNSEALED, Way
from .objection import CONDUCT, DECISION_DAYS

Nature = Literal["deadline", "wait", "event"]
State = Literal["late", "today", "soon", "later", "waiting", "open"]
#: The order of urgency: what is late first, what has no day last.
STATES: tuple[State, ...] = ("late", "today", "soon", "later", "waiting", "open")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
#: Far enough ahead that no planned opening is too early for a notice that was given.
_NO_OPENING = timedelta(days=3650)
#: What a notice that was given only lacks in time, and the clock that tells of it.
_WAITS = {"too_recent": "notice_wait", "shareholders_time": "shareholders_wait"}


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """Where one round stands. Moments are aware UTC, days are Shanghai days.

    `undecided`: agents and joint bidders the court has to decide on before the opening. `resume_by`: the last day to go
    on with a sale whose suspension has lost its cause, None while it has not. `promised_on`: the day by which the court
    said it would clear.
    """

    auction_id: str
    round: Round
    status: AuctionStatus
    opens_at: datetime
    closes_at: datetime
    undecided: int = 0
    suspended_at: datetime | None = None
    resume_by: date | None = None
    held: bool = False
    settlement: str | None = None
    balance_due_at: datetime | None = None
    paid_on: date | None = None
    ruled_on: date | None = None
    promised_on: date | None = None
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class DisposalFacts:
    """How far a taking or the debtor's own sale after a round has come. `steps`: the latest day of each by code.

    `status`: of a taking awarded (the difference is owed until `difference_due_at`), taken, ruled; of an own sale sold.
    `paid_on`: the day on which nothing was owed any more. `promised_on`: by when the court said it would clear.
    """

    auction_id: str
    way: Way
    status: str
    paid_on: date | None = None
    difference_due_at: datetime | None = None
    promised_on: date | None = None
    steps: Mapping[str, date] = dataclass_field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether the lot was handed over."""
        return HANDED_OVER in self.steps


@dataclass(frozen=True, slots=True)
class OpenObjection:
    """An objection to a sale: its court has to `receive` or `decide` it by `due_on`, or a higher one to `review` it.

    `answer`: it was accepted; the sale has to be withdrawn or revoked, for which no day is set. `sue`: it was rejected,
    and up to the end of `due_on` the lot waits for a suit; `suit`: one is tried, until a judge records its end.
    """

    auction_id: str
    act: Literal["receive", "decide", "review", "answer", "sue", "suit"]
    due_on: date | None
    kind: str = CONDUCT


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What the clocks of a lot rest on; `sale` is its latest round, `earlier` every round, in order of time.

    `seized_on`: where it is recorded.
    `disposed`: taken, sold by its owner or returned, so that no further round comes; `disposal`: how far the court has
    come after the first two. `announced_on`: the day of the
    first announcement, None before it. `gaps`: what the sheet still lacks. `questions` that wait for an answer, and
    the first moment at which it is too late for one. Of all rounds: `refunds` not yet sent back and when the first was
    due, `objections` to declared reneges not yet decided and when the first is due, `sale_objections` to sales,
    `top_up_due_at` of an order not yet paid.
    """

    asset_type: AssetType
    entered_at: datetime
    seized_on: date | None = None
    disposed: bool = False
    disposal: DisposalFacts | None = None
    price: ReferencePrice | None = None
    pricing: tuple[Step, ...] = ()
    addressees: tuple[Addressee, ...] = ()
    recipients: tuple[NoticeRecipient, ...] = ()
    gaps: int = 0
    sheet_begun: bool = False
    announced_on: date | None = None
    earlier: tuple[EarlierRound, ...] = ()
    sale: SaleFacts | None = None
    refunds: int = 0
    refunds_due_at: datetime | None = None
    objections: int = 0
    objections_due_on: date | None = None
    sale_objections: tuple[OpenObjection, ...] = ()
    questions: int = 0
    questions_due_at: datetime | None = None
    top_up_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock. `due_at`: the last second of a deadline, the first moment a wait is over, the moment of an event;
    None where the day is not known.

    `provisional`: a schedule of holidays still to be published may move it. `warn_on`: the day from which it counts as
    near: the board's own day for a relisting, and at once where somebody waits for the court. `auction_id`: the round
    it is about, where that need not be the latest.
    """

    code: str
    nature: Nature
    due_at: datetime | None
    basis: Citation
    provisional: bool = False
    facts: Facts = dataclass_field(default_factory=dict)
    warn_on: date | None = None
    auction_id: str | None = None

    @property
    def day(self) -> date | None:
        """The Shanghai day it falls on."""
        return None if self.due_at is None else shanghai_day(self.due_at)

    def state(self, now: datetime, soon_days: int) -> State:
        """How urgent it is: `soon` within so many days after today; a wait that is not over is `waiting`."""
        if self.due_at is None or self.day is None:
            return "open"
        if self.nature == "wait":
            return "waiting" if now < self.due_at else "open"
        if now > self.due_at:
            return "late"
        today = shanghai_day(now)
        if self.day <= today:
            return "today"
        warned = self.warn_on is not None and today >= self.warn_on
        return "soon" if warned or (self.day - today).days <= soon_days else "later"


@dataclass(frozen=True, slots=True)
class Moment:
    """What every clock is read against: `ruleset` holds today, `announced` is the one the latest round stands under."""

    now: datetime
    ruleset: Ruleset
    announced: Ruleset
    calendar: WorkingDays

    @property
    def today(self) -> date:
        return shanghai_day(self.now)


Source = Callable[[LotFacts, Moment], Iterable[Clock]]


def clocks(
    lot: LotFacts, now: datetime, ruleset: Ruleset, calendar: WorkingDays, announced: Ruleset | None = None
) -> tuple[Clock, ...]:
    """Every clock that runs on a lot, the most urgent first. `announced`: what its latest round was announced under."""
    moment = Moment(now, ruleset, announced or ruleset, calendar)
    return in_order((clock for source in CLOCKS for clock in source(lot, moment)), now)


def in_order(running: Iterable[Clock], now: datetime) -> tuple[Clock, ...]:
    """Clocks by urgency; within a state the earlier first."""
    return tuple(sorted(running, key=lambda clock: urgency(clock, now)))


def urgency(clock: Clock, now: datetime) -> tuple[int, float, str]:
    """What clocks are sorted by; `soon` and `later` need no telling apart, as the day does it."""
    at = clock.due_at.timestamp() if clock.due_at else 0.0
    state = clock.state(now, 0)
    return STATES.index("soon" if state == "later" else state), at, clock.code


def _price(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Steps of the pricing, and how long its result holds (REF 21-23, 27, 30)."""
    price, sale = lot.price, lot.sale
    if price is None or lot.disposed or _over(sale):
        return
    if lot.announced_on is None:
        yield _last("price_validity", price.valid_until, at, "ref_grace")
    elif sale is None or sale.status not in LIVE:
        yield _last("price_usable", usable_until(price, at.ruleset), at, "ref_grace")
    if lot.announced_on is None and sale is None:
        yield _within("sale_start", price.effective_on, at.ruleset, "sale_start", at)
    if lot.announced_on is not None:
        return
    if price.method in REPORTED:
        end = objections_end(price, at.ruleset, at.calendar)
        if end is not None and at.now < end.ends_at:
            yield Clock("report_objection", "wait", end.ends_at, at.ruleset.basis("report_objection"), end.provisional)
    if undecided := undecided_objections(price):
        yield Clock(
            "price_objection", "deadline", None, at.ruleset.basis("price_objection_open"), facts={"open": undecided}
        )


def _pricing(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Starting to fix the price after the seizure; reports asked for, and one that came and has to be sent on, while
    there is no price (REF 1, 11, 19, 21)."""
    if lot.price is not None or lot.disposed:
        return
    if not lot.pricing:
        if lot.seized_on is not None:
            yield _within("pricing_start", lot.seized_on, at.ruleset, "ref_start", at)
        return
    found = lead(lot.pricing, at.ruleset, at.calendar)
    for each in found.methods:
        if each.state == "running" and each.due is not None:
            code = "network_reports" if each.method is PriceMethod.NETWORK_INQUIRY else "appraisal_report"
            yield _deadline(code, each.due, each.basis)
    if found.serve_by is not None:
        yield _deadline("report_service", found.serve_by, at.ruleset.basis("report_service"))


def _notices(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Who has to be told, and from when what was sent carries an announcement (OJA 16, COMP 85)."""
    sale = lot.sale
    if lot.disposed:
        return
    if lot.announced_on is not None and not (sale and sale.status in PRIVATE):
        return
    planned = sale.opens_at if sale and sale.status in PRIVATE else None
    errors = _notice_errors(lot, at, planned)
    if missing := _untold(errors):
        due = None
        if sale is not None and planned is not None:
            due = _end_of(_announce_by(sale, lot, at)[0] - timedelta(days=at.ruleset.days("notify_before") + 1))
        yield Clock("notices_to_give", "deadline", due, missing[0].basis, facts={"open": len(missing)})
    for reason, code in _WAITS.items():
        waiting = [finding for finding in errors if finding.facts["reason"] == reason]
        if waiting:
            latest = max(waiting, key=lambda finding: str(finding.facts["earliest"]))
            until = datetime.fromisoformat(str(latest.facts["earliest"]))
            facts = {"open": len(waiting)}
            yield Clock(code, "wait", until, latest.basis, bool(latest.facts.get("provisional")), facts)


def untold(lot: LotFacts, now: datetime, ruleset: Ruleset, calendar: WorkingDays) -> int:
    """How many of those who must be notified of the sale were not, or not provably (OJA 16)."""
    return len(_untold(_notice_errors(lot, Moment(now, ruleset, ruleset, calendar), None)))


def _notice_errors(lot: LotFacts, at: Moment, planned: datetime | None) -> list[Finding]:
    moments = NoticeMoments(at.now, planned or at.now + _NO_OPENING)
    told = notice_findings(lot.recipients, lot.addressees, lot.asset_type, moments, at.ruleset, at.calendar)
    return [finding for finding in told if finding.is_error]


def _untold(errors: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in errors if finding.facts["reason"] not in _WAITS]


def _planned(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """The last day to announce a round that is still being decided on (OJA 12, 26)."""
    sale = lot.sale
    if sale is not None and sale.status in PRIVATE:
        day, key = _announce_by(sale, lot, at)
        yield Clock("announce_by", "deadline", _end_of(day), at.ruleset.basis(key))


def _bidding(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Opening, closing, who has to be decided on before, and a sale that stands still (OJA 14, 20, 28)."""
    sale = lot.sale
    if sale is None:
        return
    window = at.announced.basis("window_min")
    if sale.status is AuctionStatus.ANNOUNCED:
        yield Clock("opening", "event", sale.opens_at, window)
        if sale.undecided:
            facts = {"open": sale.undecided}
            yield Clock(
                "registrations_to_decide",
                "deadline",
                sale.opens_at - _SECOND,
                at.ruleset.basis("agents_confirmed"),
                facts=facts,
            )
    if sale.status is AuctionStatus.OPEN:
        yield Clock("closing", "event", sale.closes_at, window)
    if sale.status is AuctionStatus.SUSPENDED and sale.suspended_at is not None:
        yield _stopped(sale, sale.suspended_at, at)


def _stopped(sale: SaleFacts, since: datetime, at: Moment) -> Clock:
    """The days to resume in count from the end of the cause, which a judge records; until then there is no day."""
    if sale.held:
        end = working_days_end(shanghai_day(since), at.announced.working_days("winner_barred_decision"), at.calendar)
        return _deadline("winner_decision", end, at.announced.basis("winner_barred_decision"))
    due_at = _end_of(sale.resume_by) if sale.resume_by else None
    return Clock("resume", "deadline", due_at, at.announced.basis("resume"), warn_on=at.today)


def _money(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Deposits that go back, the balance, what follows where it does not come (OJA 23-25; SALE 22)."""
    if lot.refunds and lot.refunds_due_at is not None:
        facts = {"open": lot.refunds}
        yield Clock("refund", "deadline", lot.refunds_due_at, at.announced.basis("deposit_refund"), facts=facts)
    sale = lot.sale
    if sale is not None and sale.settlement in OWING and sale.balance_due_at is not None:
        yield _as_told("balance", sale.balance_due_at, at.announced.basis("balance_set"), at)
        if at.now > sale.balance_due_at:
            yield _renege(sale.balance_due_at, at)
    if lot.objections and lot.objections_due_on is not None:
        facts = {"open": lot.objections}
        basis = at.announced.basis("objection_decision")
        yield Clock("renege_objection", "deadline", _end_of(lot.objections_due_on), basis, facts=facts)
    if lot.top_up_due_at is not None:
        yield Clock("top_up", "deadline", lot.top_up_due_at, at.announced.basis("measure_top_up"))


def _renege(balance_due_at: datetime, at: Moment) -> Clock:
    """Within the grace a judge waits; after it he may declare that the buyer reneged, and has no day for it."""
    clock = debt_clock(balance_due_at, at.announced, at.calendar)
    basis = at.announced.basis("renege_grace")
    if at.now < clock.declarable_at:
        return Clock("renege_grace", "wait", clock.declarable_at, basis, clock.provisional)
    return Clock("renege_decision", "deadline", None, basis)


#: What has to be done -> the clock, and the number of the ruleset it rests on (None: that of the kind).
_OBJECTIONS: Mapping[str, tuple[str, str | None]] = {
    "receive": ("sale_objection_receipt", None),
    "decide": ("sale_objection", None),
    "review": ("sale_objection_review", "objection_review_decision"),
    "answer": ("sale_objection_accepted", None),
    "sue": ("sale_objection_suit_wait", "outsider_suit"),
    "suit": ("sale_objection_suit", "outsider_suit"),
}


def _sale_objections(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Objections to a sale, by kind, what has to be done with them, and their round (CPL 236, 238; EXEC 8)."""
    due: dict[tuple[str, str, str], list[date | None]] = {}
    for each in lot.sale_objections:
        due.setdefault((each.act, each.kind, each.auction_id), []).append(each.due_on)
    for (act, kind, auction_id), days in due.items():
        code, key = _OBJECTIONS[act]
        facts: Facts = {"open": len(days)}
        basis = at.announced.basis(key or DECISION_DAYS[kind])
        first = min((day for day in days if day is not None), default=None)
        if act == "sue" and first is not None:
            over = midnight(max(day for day in days if day is not None) + _DAY)
            yield Clock(code, "wait", over, basis, facts=facts, auction_id=auction_id)
            continue
        due_at = _end_of(first) if first else None
        yield Clock(code, "deadline", due_at, basis, facts=facts, warn_on=at.today, auction_id=auction_id)


def _questions(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Written questions that wait for their answer (court's practice)."""
    if lot.questions and lot.questions_due_at is not None:
        basis = at.ruleset.basis("question_answer")
        due_at, facts = lot.questions_due_at - _SECOND, {"open": lot.questions}
        yield Clock("question_answer", "deadline", due_at, basis, facts=facts, warn_on=at.today)


def _after_sale(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Ruling, handover, the day promised (SALE 20, 27)."""
    sale = lot.sale
    if sale is None or sale.status is not AuctionStatus.SOLD:
        return
    if sale.settlement == "paid" and sale.paid_on is not None:
        yield _within("ruling", sale.paid_on, at.announced, "ruling_service", at)
    if sale.settlement == "ruled" and sale.ruled_on is not None:
        yield _within("handover", sale.ruled_on, at.announced, "handover", at)
    if sale.settlement in ("paid", "ruled") and sale.promised_on is not None and not sale.cleared:
        yield Clock("clearance", "deadline", _end_of(sale.promised_on), at.announced.basis("clearance_plan_bands"))


def _after_taking(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """The difference, the ruling and its service, what the ruling is for (SALE 16, 20, 27; OJA 6)."""
    gone = lot.disposal
    if gone is None or gone.way is not Way.TAKING or gone.over:
        return
    served = gone.steps.get(SERVED)
    if gone.status == "awarded" and gone.difference_due_at is not None:
        basis = at.ruleset.basis("taking_difference")
        yield _of(gone, _as_told("taking_difference", gone.difference_due_at, basis, at))
    elif served is None and gone.paid_on is not None:
        code = "taking_service" if gone.status == "ruled" else "taking_ruling"
        yield _of(gone, _within(code, gone.paid_on, at.ruleset, "ruling_service", at))
    elif served is not None:
        yield from _handing_over("taking", gone, served, at)
    if gone.promised_on is not None and not {LEFT, FORCED} & gone.steps.keys():
        basis = at.ruleset.basis("clearance_plan_bands")
        yield Clock("taking_clearance", "deadline", _end_of(gone.promised_on), basis, auction_id=gone.auction_id)


def _after_own_sale(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """Lifting the seizure of what the debtor sold himself, and what follows (OJA 6; court's practice)."""
    gone = lot.disposal
    if gone is None or gone.way is not Way.OWN_SALE or gone.over or gone.paid_on is None:
        return
    unsealed = gone.steps.get(UNSEALED)
    if unsealed is None:
        yield _of(gone, _within("own_sale_release", gone.paid_on, at.ruleset, "own_sale_release", at))
    else:
        yield from _handing_over("own_sale", gone, unsealed, at)


def _handing_over(way: str, gone: DisposalFacts, since: date, at: Moment) -> Iterator[Clock]:
    """The handover within its days, and the registry's notice, for which no day is set."""
    if NOTIFIED not in gone.steps:
        basis = at.ruleset.basis("assistance_notice")
        yield Clock(f"{way}_notice", "deadline", None, basis, auction_id=gone.auction_id)
    yield _of(gone, _within(f"{way}_handover", since, at.ruleset, "handover", at))


def _of(gone: DisposalFacts, clock: Clock) -> Clock:
    return replace(clock, auction_id=gone.auction_id)


def after_disposal(
    gone: DisposalFacts, asset_type: AssetType, now: datetime, ruleset: Ruleset, calendar: WorkingDays
) -> tuple[Clock, ...]:
    """What is due after a taking or the debtor's own sale alone, the most urgent first."""
    lot, moment = LotFacts(asset_type, now, disposed=True, disposal=gone), Moment(now, ruleset, ruleset, calendar)
    return in_order((*_after_taking(lot, moment), *_after_own_sale(lot, moment)), now)


#: The clocks of a taking and of an own sale, which run on the round after which they came about.
OF_DISPOSAL = frozenset(
    (
        *("taking_difference", "taking_ruling", "taking_service", "taking_notice", "taking_handover"),
        *("taking_clearance", "own_sale_release", "own_sale_notice", "own_sale_handover"),
    )
)


def _relisting(lot: LotFacts, at: Moment) -> Iterator[Clock]:
    """The next round after one that ended unsold (OJA 26), near from the day on which the board warns."""
    due = None if lot.disposed else relist_due(lot.earlier, at.ruleset, at.calendar)
    if due is not None:
        code = "relist" if due.act == "opening" else "sell_off_announcement"
        basis = at.ruleset.basis(due.basis)
        yield Clock(code, "deadline", _end_of(due.last_day), basis, due.provisional, warn_on=due.warn_on)


#: Every kind of clock, each a pure function of the lot's facts.
CLOCKS: tuple[Source, ...] = (
    _pricing,
    _price,
    _notices,
    _planned,
    _bidding,
    _money,
    _sale_objections,
    _questions,
    _after_sale,
    _after_taking,
    _after_own_sale,
    _relisting,
)


def _over(sale: SaleFacts | None) -> bool:
    return sale is not None and sale.status is AuctionStatus.SOLD and sale.settlement != "reneged"


def _announce_by(sale: SaleFacts, lot: LotFacts, at: Moment) -> tuple[date, str]:
    """The last day on which an announcement leaves the whole days of notice before the planned opening; its key."""
    resale = next_round([each for each in lot.earlier if each.auction_id != sale.auction_id]).after_renege
    days, key = notice_days(sale.round, lot.asset_type, at.ruleset, after_renege=resale)
    return shanghai_day(sale.opens_at) - timedelta(days=days + 1), key


def _within(code: str, start: date, ruleset: Ruleset, key: str, at: Moment) -> Clock:
    return _deadline(code, period_end(start, ruleset.days(key), at.calendar), ruleset.basis(key))


def _last(code: str, day: date, at: Moment, key: str) -> Clock:
    return Clock(code, "deadline", _end_of(day), at.ruleset.basis(key))


def _deadline(code: str, end: PeriodEnd, basis: Citation) -> Clock:
    return Clock(code, "deadline", end.ends_at - _SECOND, basis, end.provisional)


def _as_told(code: str, due_at: datetime, basis: Citation, at: Moment) -> Clock:
    """A last moment people were told, which holidays still to be published may move."""
    return Clock(code, "deadline", due_at, basis, standing_end(shanghai_day(due_at), at.calendar).provisional)


def _end_of(day: date) -> datetime:
    """The last second of a Shanghai day."""
    return midnight(day + _DAY) - _SECOND
