"""What is due on a lot and from when it is late: each clock one second, or one day, on either side of its end."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.lot import AssetType, AuctionStatus, PartyRole, Round
from auction.rules.notices import Addressee, NoticeRecipient, NoticeStatus
from auction.rules.pricing import Step
from auction.rules.published_holidays import published_calendar
from auction.rules.reference_price import PriceMethod, PriceStep, ReferencePrice
from auction.rules.rounds import EarlierRound
from auction.rules.ruleset import load
from bidding.rules.clocks import OF_DISPOSAL, STATES, Clock, DisposalFacts, LotFacts, OpenObjection, SaleFacts, clocks
from bidding.rules.handover import Way
from bidding.rules.stages import Stage, stage

RULES = load("spc-2016")
CALENDAR = published_calendar(RULES)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SOON = 3


def at(text: str) -> datetime:
    """A Shanghai wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def sale(**changes: Any) -> SaleFacts:
    opens_at = at("2026-04-10T10:00")
    whole = SaleFacts("a", Round.FIRST, AuctionStatus.ANNOUNCED, opens_at, opens_at + DAY)
    return replace(whole, **changes)


def lot(**changes: Any) -> LotFacts:
    return replace(LotFacts(AssetType.REAL_ESTATE, at("2026-01-05T10:00")), **changes)


def sold(**changes: Any) -> LotFacts:
    return lot(announced_on=date(2026, 1, 6), sale=sale(status=AuctionStatus.SOLD, **changes))


def unsold(round_: Round, ended: str) -> LotFacts:
    end = at(ended)
    held = EarlierRound("a", round_, AuctionStatus.UNSOLD, 100, 10, end - 40 * DAY, end)
    first = EarlierRound("0", Round.FIRST, AuctionStatus.UNSOLD, 100, 10, end - 90 * DAY, end - 50 * DAY)
    earlier = (held,) if round_ is Round.FIRST else (first, held)
    return lot(announced_on=date(2025, 11, 1), earlier=earlier, sale=sale(round=round_, status=AuctionStatus.UNSOLD))


def price(**changes: Any) -> ReferencePrice:
    whole = ReferencePrice(PriceMethod.APPRAISAL, 100, date(2026, 2, 6), date(2026, 10, 3))
    return replace(whole, **changes)


def told(name: str, role: PartyRole, status: NoticeStatus, when: str) -> NoticeRecipient:
    return NoticeRecipient(name, role, status, at(when))


def running(facts: LotFacts, now: datetime) -> dict[str, Clock]:
    return {clock.code: clock for clock in clocks(facts, now, RULES, CALENDAR)}


def gone(way: Way, status: str, **changes: Any) -> LotFacts:
    """A lot taken, or sold by its owner, after an unsold round; nothing is owed since 9 March 2026."""
    facts = replace(DisposalFacts("a", way, status, paid_on=date(2026, 3, 9)), **changes)
    return lot(announced_on=date(2026, 1, 6), disposed=True, disposal=facts, sale=sale(status=AuctionStatus.UNSOLD))


def steps(**days: int) -> dict[str, date]:
    return {code: date(2026, 3, day) for code, day in days.items()}


ASKED = ("network_inquiry_asked", date(2026, 2, 12))
#: Facts, the clock, its last second or the moment its wait is over, the article. The Spring Festival of 2026 is
#: 15-23 February with work on the 14th and 28th; the National Day 1-7 October with work on 20 September and the 10th.
ENDS: dict[str, tuple[LotFacts, str, str, str]] = {
    "the price holds to its own day, holiday or not": (lot(price=price()), "price_validity", "2026-10-03", "REF 27(3)"),
    "announced in time, it serves six months more": (
        lot(price=price(), announced_on=date(2026, 3, 1), sale=sale(status=AuctionStatus.UNSOLD)),
        "price_usable",
        "2027-04-03",
        "REF 27(3)",
    ),
    "platforms have three days, over the festival": (
        lot(pricing=(Step("1", "law_requires", date(2026, 2, 1), "x"), Step("2", *ASKED))),
        "network_reports",
        "2026-02-24",
        "REF 11(1)",
    ),
    "a report is sent on within three days": (
        lot(pricing=(Step("1", "report_received", date(2026, 9, 29)),)),
        "report_service",
        "2026-10-08",
        "REF 21(1)",
    ),
    "ten days after the price end in the festival and move behind it": (
        lot(price=price()),
        "sale_start",
        "2026-02-24",
        "REF 30",
    ),
    "ten days after the price end on a make-up Saturday and stay": (
        lot(price=price(effective_on=date(2026, 2, 4))),
        "sale_start",
        "2026-02-14",
        "REF 30",
    ),
    "the balance is due when the announcement says": (
        sold(settlement="balance_due", balance_due_at=at("2026-04-20T23:59:59")),
        "balance",
        "2026-04-20",
        "OJA 25",
    ),
    "the ruling, ten days": (sold(settlement="paid", paid_on=date(2026, 3, 2)), "ruling", "2026-03-12", "SALE 20"),
    "the ruling, over the National Day": (
        sold(settlement="paid", paid_on=date(2026, 9, 21)),
        "ruling",
        "2026-10-08",
        "SALE 20",
    ),
    "the handover, fifteen days": (
        sold(settlement="ruled", ruled_on=date(2026, 3, 2)),
        "handover",
        "2026-03-17",
        "SALE 27",
    ),
    "the handover, over the Spring Festival": (
        sold(settlement="ruled", ruled_on=date(2026, 2, 1)),
        "handover",
        "2026-02-24",
        "SALE 27",
    ),
    "the handover, on a make-up Saturday after the National Day": (
        sold(settlement="ruled", ruled_on=date(2026, 9, 25)),
        "handover",
        "2026-10-10",
        "SALE 27",
    ),
    "the promised day is a promise": (
        sold(settlement="ruled", ruled_on=date(2026, 9, 25), promised_on=date(2026, 10, 4)),
        "clearance",
        "2026-10-04",
        "court's practice",
    ),
    "relisting, thirty days": (unsold(Round.FIRST, "2026-03-10T10:00"), "relist", "2026-04-09", "OJA 26(1)"),
    "relisting, thirty days that end in the National Day": (
        unsold(Round.FIRST, "2026-09-03T10:00"),
        "relist",
        "2026-10-08",
        "OJA 26(1)",
    ),
    "the sell-off's announcement": (
        unsold(Round.SECOND, "2026-02-01T10:00"),
        "sell_off_announcement",
        "2026-02-24",
        "court's practice",
    ),
    "what stopped a sale is over, and it goes on by the day recorded then": (
        lot(
            sale=sale(
                status=AuctionStatus.SUSPENDED,
                suspended_at=at("2026-04-01T11:00"),
                resume_by=date(2026, 4, 15),
            )
        ),
        "resume",
        "2026-04-15",
        "OJA 28(4)",
    ),
    "a held winner, five working days": (
        lot(sale=sale(status=AuctionStatus.SUSPENDED, suspended_at=at("2026-09-28T11:00"), held=True)),
        "winner_decision",
        "2026-10-10",
        "court's practice",
    ),
    "pricing starts within thirty days of the seizure": (
        lot(seized_on=date(2026, 1, 5)),
        "pricing_start",
        "2026-02-04",
        "REF 1",
    ),
    "which end on a worked day": (
        lot(seized_on=date(2026, 1, 16)),
        "pricing_start",
        "2026-02-24",
        "REF 1",
    ),
    "an objection to a renege": (
        sold(settlement="reneged"),
        "renege_objection",
        "2026-05-06",
        "CPL 236",
    ),
    "an objection to the sale, the first of two": (
        lot(
            sale=sale(status=AuctionStatus.SUSPENDED),
            sale_objections=tuple(OpenObjection("a", "decide", date(2026, 5, day)) for day in (8, 6)),
        ),
        "sale_objection",
        "2026-05-06",
        "CPL 236",
    ),
    "an objection that nobody has received": (
        lot(sale=sale(), sale_objections=(OpenObjection("a", "receive", date(2026, 5, 6)),)),
        "sale_objection_receipt",
        "2026-05-06",
        "CPL 236",
    ),
    "an outsider's claim to the lot": (
        lot(sale=sale(), sale_objections=(OpenObjection("a", "decide", date(2026, 5, 6), "ownership"),)),
        "sale_objection",
        "2026-05-06",
        "CPL 238",
    ),
    "an objection that the higher court reviews": (
        lot(sale=sale(), sale_objections=(OpenObjection("a", "review", date(2026, 5, 6)),)),
        "sale_objection_review",
        "2026-05-06",
        "EXEC 8",
    ),
    "questions, the first of them": (
        lot(sale=sale(), questions=2, questions_due_at=at("2026-03-06T00:00")),
        "question_answer",
        "2026-03-05",
        "court's practice",
    ),
    "thirty days of notice before a planned opening": (
        lot(sale=sale(status=AuctionStatus.DRAFT)),
        "announce_by",
        "2026-03-10",
        "OJA 12(1)",
    ),
    "fifteen for the second round": (
        lot(sale=sale(status=AuctionStatus.IN_REVIEW, round=Round.SECOND)),
        "announce_by",
        "2026-03-25",
        "OJA 26(1)",
    ),
    "who is not told yet is told three whole days before that": (
        lot(
            sale=sale(status=AuctionStatus.DRAFT),
            addressees=(Addressee("某银行", PartyRole.APPLICANT),),
        ),
        "notices_to_give",
        "2026-03-06",
        "OJA 16(1)",
    ),
    "the difference of a taking": (
        gone(Way.TAKING, "awarded", paid_on=None, difference_due_at=at("2026-03-19T23:59:59")),
        "taking_difference",
        "2026-03-19",
        "court's practice",
    ),
    "the ruling of a taking, ten days after nothing is owed": (
        gone(Way.TAKING, "taken"),
        "taking_ruling",
        "2026-03-19",
        "SALE 20",
    ),
    "its service, within the same days": (
        gone(Way.TAKING, "ruled", steps=steps(ruling=12)),
        "taking_service",
        "2026-03-19",
        "SALE 20",
    ),
    "the handover to a taker, fifteen days after the service": (
        gone(Way.TAKING, "ruled", steps=steps(ruling=12, ruling_served=16, notice_served=17)),
        "taking_handover",
        "2026-03-31",
        "SALE 27",
    ),
    "the day promised to the public holds for a taker": (
        gone(Way.TAKING, "taken", promised_on=date(2026, 4, 20)),
        "taking_clearance",
        "2026-04-20",
        "court's practice",
    ),
    "the seizure, ten days after the own sale was paid": (
        gone(Way.OWN_SALE, "sold"),
        "own_sale_release",
        "2026-03-19",
        "court's practice",
    ),
    "what the debtor sold, fifteen days after the seizure was lifted": (
        gone(Way.OWN_SALE, "sold", steps=steps(unsealed=16)),
        "own_sale_handover",
        "2026-03-31",
        "SALE 27",
    ),
}
ENDS["an objection to a renege"] = (
    replace(ENDS["an objection to a renege"][0], objections=1, objections_due_on=date(2026, 5, 6)),
    *ENDS["an objection to a renege"][1:],
)


@pytest.mark.parametrize("name", ENDS)
def test_a_deadline_is_late_from_the_second_after_its_last_day(name: str) -> None:
    facts, code, day, basis = ENDS[name]
    last = at(f"{day}T23:59:59")
    clock = running(facts, last)[code]
    assert (clock.due_at, clock.basis.code, clock.day) == (last, basis, date.fromisoformat(day))
    shown = {moment: replace(running(facts, moment)[code], warn_on=None) for moment in _around(last)}
    states = {moment: clock.state(moment, SOON) for moment, clock in shown.items()}
    assert list(states.values()) == ["late", "today", "today", "soon", "soon", "later"]


@pytest.mark.parametrize(
    ("round_", "ended", "warned"),
    [(Round.FIRST, "2026-03-10T10:00", "2026-04-04"), (Round.SECOND, "2026-02-01T10:00", "2026-02-11")],
)
def test_a_further_round_is_near_from_the_day_the_board_warns(round_: Round, ended: str, warned: str) -> None:
    """PRECISIONS 17."""
    facts, code = unsold(round_, ended), "relist" if round_ is Round.FIRST else "sell_off_announcement"
    first = at(f"{warned}T00:00")
    states = [running(facts, moment)[code].state(moment, SOON) for moment in (first - SECOND, first)]
    assert states == ["later", "soon"]


def _around(last: datetime) -> list[datetime]:
    midnight = last + SECOND - DAY
    return [last + SECOND, last, midnight, midnight - SECOND, midnight - SOON * DAY, midnight - SOON * DAY - SECOND]


HOURS: dict[str, tuple[LotFacts, str, datetime, str]] = {
    "a deposit, twenty-four hours": (
        lot(sale=sale(status=AuctionStatus.UNSOLD), refunds=2, refunds_due_at=at("2026-10-02T10:00")),
        "refund",
        at("2026-10-02T10:00"),
        "OJA 23",
    ),
    "the opening": (lot(sale=sale()), "opening", at("2026-04-10T10:00"), "OJA 20(2)"),
    "agents, before the opening": (
        lot(sale=sale(undecided=1)),
        "registrations_to_decide",
        at("2026-04-10T10:00") - SECOND,
        "OJA 14(2)",
    ),
    "the end": (lot(sale=sale(status=AuctionStatus.OPEN)), "closing", at("2026-04-11T10:00"), "OJA 20(2)"),
}


@pytest.mark.parametrize("name", HOURS)
def test_what_runs_in_hours_is_late_a_second_after(name: str) -> None:
    facts, code, due_at, basis = HOURS[name]
    clock = running(facts, due_at)[code]
    assert (clock.due_at, clock.basis.code) == (due_at, basis)
    assert [clock.state(due_at + shift, SOON) for shift in (SECOND, SECOND * 0, -SECOND)] == ["late", "today", "today"]


DEBTOR = Addressee("示例甲", PartyRole.DEBTOR)
HOLDER = Addressee("示例乙", PartyRole.PREFERENTIAL)
WAITS: dict[str, tuple[LotFacts, str, str, str]] = {
    "three whole days after notifying, festival or not": (
        lot(
            addressees=(DEBTOR,),
            recipients=(told("示例甲", PartyRole.DEBTOR, NoticeStatus.RECEIVED, "2026-02-15T09:00"),),
        ),
        "notice_wait",
        "2026-02-19",
        "OJA 16(1)",
    ),
    "five days of publicity and three": (
        lot(
            addressees=(DEBTOR,),
            recipients=(told("示例甲", PartyRole.DEBTOR, NoticeStatus.UNREACHABLE_PUBLISHED, "2026-10-01T09:00"),),
        ),
        "notice_wait",
        "2026-10-10",
        "OJA 16(1)",
    ),
    "twenty days of a shareholder, moved behind the National Day": (
        lot(
            asset_type=AssetType.EQUITY,
            addressees=(HOLDER,),
            recipients=(told("示例乙", PartyRole.PREFERENTIAL, NoticeStatus.RECEIVED, "2026-09-13T09:00"),),
            sale=sale(status=AuctionStatus.DRAFT, opens_at=at("2026-09-25T10:00")),
        ),
        "shareholders_wait",
        "2026-10-09",
        "COMP 85",
    ),
    "five days to object to a report": (
        lot(price=price(steps=(PriceStep("report_served", date(2026, 2, 11)),))),
        "report_objection",
        "2026-02-25",
        "REF 22(1), 23(1)",
    ),
    "fifteen days of publicity before them": (
        lot(price=price(steps=(PriceStep("report_published", date(2026, 2, 2)),))),
        "report_objection",
        "2026-02-25",
        "REF 22(1), 23(1)",
    ),
    "the grace after the balance": (
        sold(settlement="overdue", balance_due_at=at("2026-02-12T23:59:59")),
        "renege_grace",
        "2026-02-25",
        "court's practice",
    ),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_is_over_at_midnight(name: str) -> None:
    facts, code, day, basis = WAITS[name]
    over = at(f"{day}T00:00")
    waiting = running(facts, over - SECOND)
    assert (waiting[code].due_at, waiting[code].basis.code) == (over, basis)
    assert waiting[code].state(over - SECOND, SOON) == "waiting"
    later = running(facts, over)
    assert code not in later or code == "shareholders_wait"  # held against the planned opening, not against now
    if code == "renege_grace":
        assert later["renege_decision"].state(over, SOON) == "open"


def test_what_was_stopped_for_a_reason_only_a_judge_knows_has_no_day() -> None:
    stopped = lot(sale=sale(status=AuctionStatus.SUSPENDED, suspended_at=at("2026-04-01T10:00")))
    clock = running(stopped, at("2026-06-01T10:00"))["resume"]
    assert (clock.due_at, clock.state(at("2026-06-01T10:00"), SOON)) == (None, "open")


def test_a_lot_that_was_returned_has_no_clock_but_of_what_is_owed_to_others() -> None:
    facts = replace(unsold(Round.FIRST, "2026-03-10T10:00"), disposed=True, price=price(), refunds=1)
    facts = replace(facts, refunds_due_at=at("2026-03-11T10:00"))
    assert set(running(facts, at("2026-03-20T10:00"))) == {"refund"}


def test_a_lot_that_is_sold_has_no_clock_of_its_price_and_one_handed_over_none_at_all() -> None:
    assert "price_usable" not in running(replace(sold(settlement="paid"), price=price()), at("2026-03-01T10:00"))
    assert running(sold(settlement="handed_over"), at("2026-03-01T10:00")) == {}


@given(st.lists(st.sampled_from([*ENDS.values(), *HOURS.values(), *WAITS.values()]), min_size=1), st.integers(0, 300))
def test_the_most_urgent_comes_first(several: list[Any], days: int) -> None:
    now = at("2026-01-10T12:00") + days * DAY
    for facts, *_ in several:
        shown = [clock.state(now, 0) for clock in clocks(facts, now, RULES, CALENDAR)]
        states = [STATES.index("soon" if state == "later" else state) for state in shown]
        assert states == sorted(states)


STAGES: list[tuple[Stage, LotFacts]] = [
    (Stage.ENTERED, lot()),
    (Stage.PRICE, lot(sheet_begun=True)),
    (Stage.SHEET, lot(price=price(), gaps=3)),
    (Stage.NOTICES, lot(price=price(), addressees=(DEBTOR,))),
    (Stage.PANEL, WAITS["three whole days after notifying, festival or not"][0]),
    (Stage.PANEL, lot(sale=sale(status=AuctionStatus.DRAFT), gaps=3)),
    (Stage.ANNOUNCED, lot(sale=sale())),
    (Stage.RUNNING, lot(sale=sale(status=AuctionStatus.OPEN))),
    (Stage.SUSPENDED, lot(sale=sale(status=AuctionStatus.SUSPENDED))),
    (Stage.BALANCE, sold(settlement="balance_due")),
    (Stage.BALANCE, sold(settlement="overdue")),
    (Stage.RULING, sold(settlement="paid")),
    (Stage.HANDOVER, sold(settlement="ruled")),
    (Stage.DONE, sold(settlement="handed_over")),
    (Stage.RENEGED, sold(settlement="reneged")),
    (Stage.DONE, lot(disposed=True, sale=sale(status=AuctionStatus.UNSOLD))),
    (Stage.BALANCE, gone(Way.TAKING, "awarded")),
    (Stage.RULING, gone(Way.TAKING, "taken")),
    (Stage.HANDOVER, gone(Way.TAKING, "ruled", steps=steps(ruling=12))),
    (Stage.DONE, gone(Way.TAKING, "ruled", steps=steps(ruling=12, handed_over=20))),
    (Stage.HANDOVER, gone(Way.OWN_SALE, "sold")),
    (Stage.DONE, gone(Way.OWN_SALE, "sold", steps=steps(unsealed=12, handed_over=20))),
    (Stage.UNSOLD, lot(sale=sale(status=AuctionStatus.UNSOLD))),
    (Stage.STOPPED, lot(sale=sale(status=AuctionStatus.WITHDRAWN))),
    (Stage.STOPPED, lot(sale=sale(status=AuctionStatus.REVOKED))),
]


@pytest.mark.parametrize(("wanted", "facts"), STAGES, ids=[f"{n}-{wanted}" for n, (wanted, _) in enumerate(STAGES)])
def test_a_lot_stands_in_one_stage(wanted: Stage, facts: LotFacts) -> None:
    if wanted is Stage.PANEL and facts.sale is None:
        facts = replace(facts, price=price())
    assert stage(facts, at("2026-03-01T10:00"), RULES, CALENDAR) is wanted


def test_every_stage_is_in_the_table() -> None:
    assert {wanted for wanted, _ in STAGES} == set(Stage)


def test_after_a_taking_or_an_own_sale_only_what_is_not_done_is_due() -> None:
    def codes(way: Way, status: str, **changes: Any) -> set[str]:
        return set(running(gone(way, status, **changes), at("2026-03-18T10:00"))) & OF_DISPOSAL

    served = steps(ruling=12, ruling_served=16)
    promised = date(2026, 4, 20)
    assert codes(Way.TAKING, "ruled", steps=served, promised_on=promised) == {
        *("taking_notice", "taking_handover", "taking_clearance")
    }
    cleared = served | steps(notice_served=17, cleared=18)
    assert codes(Way.TAKING, "ruled", steps=cleared, promised_on=promised) == {"taking_handover"}
    assert codes(Way.TAKING, "ruled", steps=cleared | steps(handed_over=18), promised_on=promised) == set()
    assert codes(Way.OWN_SALE, "sold", steps=steps(unsealed=16)) == {"own_sale_notice", "own_sale_handover"}
    assert codes(Way.OWN_SALE, "sold", steps=steps(unsealed=16, notice_served=17)) == {"own_sale_handover"}
    assert codes(Way.OWN_SALE, "sold", steps=steps(unsealed=16, handed_over=17)) == set()


@pytest.mark.parametrize(("day", "provisional"), [("2026-04-20", False), ("2027-04-20", True)])
def test_what_was_told_is_provisional_while_its_years_holidays_are_not_published(day: str, provisional: bool) -> None:
    due_at = at(f"{day}T23:59:59")
    owed = running(sold(settlement="balance_due", balance_due_at=due_at), at(f"{day}T10:00"))["balance"]
    taken = running(gone(Way.TAKING, "awarded", difference_due_at=due_at), at(f"{day}T10:00"))["taking_difference"]
    assert (owed.provisional, taken.provisional) == (provisional, provisional)
