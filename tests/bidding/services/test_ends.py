"""The other ends of an unsold lot: the debtor's own sale, the return; and groups that stop when enough is sold."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Auction, Lot, LotGroup, OwnSale
from auction.queries.unsold import standstill
from auction.rules.access import Actor
from auction.rules.calendar import shanghai_day
from auction.rules.unsold import Standstill
from bidding.models import Payment, Registration
from bidding.queries.audit import verify_all
from bidding.queries.due import due_acts
from bidding.queries.payments import balances
from bidding.rules.ledger import court_price
from bidding.rules.payment import PaymentNotice
from bidding.services import groups, life, own_sales, payments, takings
from bidding.services.closing import close
from bidding.services.renege import declare
from bidding.services.returning import return_lot
from bidding.services.settlement import balance_confirmed, mark_overdue
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, refused_with
from tests.bidding.sale import tell_auction, tell_registration
from tests.bidding.services.unsold import DAY, Unsold, an_unsold_lot
from tests.factories import a_bidder, a_case, a_lot, a_paid_deposit, a_registration, an_account, an_actor, an_auction

SECOND = timedelta(seconds=1)


def sound(hall: Hall) -> None:
    assert hall.house.read(verify_all, hall.house.vault.public_key).failures == []


def standing(story: Unsold) -> Standstill:
    return story.hall.house.read(lambda session: standstill(session, session.get_one(Lot, story.lot_id)))


def allowed(story: Unsold, **how: Any) -> OwnSale:
    facts = {"offer_fen": RESERVE + 1, "until_on": shanghai_day(story.hall.clock.moment) + 30 * DAY, "reason": "有买家"}
    sale: OwnSale = story.perform(own_sales.allow, story.judge, story.auction_id, **(facts | how))
    return sale


def tick(hall: Hall, act: str) -> list[str]:
    return [due.subject_id for due in hall.house.read(due_acts, hall.clock.moment) if due.act == act]


# The debtor's own sale


def test_an_own_sale_holds_back_taking_and_return_until_its_price_is_in_the_courts_account(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant", round_="sell_off")
    taking = story.answer(story.creditors[0])
    assert refused_with(allowed, story, offer_fen=RESERVE) == "invalid"
    sale = allowed(story)
    assert refused_with(allowed, story) == "own_sale_open"
    assert standing(story).own_sale_until == sale.until_on
    assert refused_with(story.award, taking, RESERVE) == "own_sale_open"
    end = {"kind": "returned", "reason": "r"}
    assert refused_with(story.perform, return_lot, story.judge, story.auction_id, **end) == "own_sale_open"
    record = (own_sales.record_sale, story.judge, story.auction_id)
    assert refused_with(story.perform, *record, price_fen=RESERVE, reason="r") == "invalid"
    story.perform(*record, price_fen=RESERVE + STEP, reason="款已到账")
    assert story.lot().disposal == "own_sale"
    assert hall.house.read(balances, story.auction_id)[court_price(story.auction_id)] == RESERVE + STEP
    assert hall.kinds(story.auction_id)[-2:] == ["OwnSaleAllowed", "OwnSaleRecorded"]
    assert refused_with(story.award, taking, RESERVE) == "lot_disposed"
    sound(hall)


def test_an_own_sale_lapses_with_its_last_day_and_taking_goes_on(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant")
    taking = story.answer(story.creditors[0])
    sale = allowed(story)
    hall.clock.moment = sale.ends_at - SECOND
    story.perform(own_sales.lapse_own_sale, sale.id)
    assert standing(story).own_sale_until is not None and sale.id not in tick(hall, "own_sale")
    hall.clock.advance(seconds=1)
    record = (own_sales.record_sale, story.judge, story.auction_id)
    assert refused_with(story.perform, *record, price_fen=RESERVE + STEP, reason="r") == "wrong_state"
    assert tick(hall, "own_sale") == [sale.id]
    story.perform(own_sales.lapse_own_sale, sale.id)
    assert tick(hall, "own_sale") == [] and standing(story).own_sale_until is None
    assert story.award(taking, RESERVE).status == "taken"
    sound(hall)


def test_the_court_may_end_an_own_sale_early_and_allow_another(hall: Hall) -> None:
    story = an_unsold_lot(hall)
    sale = allowed(story)
    story.perform(own_sales.end_early, story.judge, story.auction_id, reason="买家反悔")
    assert standing(story).own_sale_until is None
    again = allowed(story)
    assert again.id != sale.id
    assert refused_with(allowed, story, until_on=date(2020, 1, 1)) == "own_sale_open"


# The return


@pytest.mark.parametrize("kind", ["returned", "other_measures"])
def test_a_lot_nobody_takes_is_returned_once_and_in_public(hall: Hall, kind: str) -> None:
    story = an_unsold_lot(hall, "applicant", round_="sell_off")
    facts = {"kind": kind, "reason": "无人接受抵债"}
    assert refused_with(story.perform, return_lot, story.judge, story.auction_id, **facts) == "taking_open"
    taking = story.answer(story.creditors[0])
    assert refused_with(story.perform, return_lot, story.judge, story.auction_id, **facts) == "taking_open"
    story.answer(story.creditors[0], "decline")
    assert refused_with(story.award, taking, RESERVE) == "wrong_state"
    story.perform(return_lot, story.judge, story.auction_id, **facts)
    assert story.lot().disposal == kind
    assert [event.data for event in hall.events(story.auction_id)][-1] == {"notice": kind}
    assert refused_with(story.perform, return_lot, story.judge, story.auction_id, **facts) == "lot_disposed"
    sound(hall)


def test_a_flat_is_not_returned_before_its_sell_off_and_a_car_is_after_the_second(hall: Hall) -> None:
    facts = {"kind": "returned", "reason": "r"}
    flat = an_unsold_lot(hall, round_="second")
    assert refused_with(flat.perform, return_lot, flat.judge, flat.auction_id, **facts) == "return_too_early"
    car = an_unsold_lot(hall, round_="second", asset_type="vehicle")
    car.perform(return_lot, car.judge, car.auction_id, **facts)
    assert car.lot().disposal == "returned"


# Groups


class Group:
    """A case with lots in one group: one about to be sold, others announced, open, bid on."""

    def __init__(self, hall: Hall, *, claim_fen: int, sell_all: bool = False) -> None:
        self.hall = hall
        self.bidders: dict[str, Bidder] = {}

        def rows(unit: Unit) -> tuple[Actor, dict[str, str], str]:
            case = a_case(unit)
            judge = an_actor(an_account(unit, "judge"))
            made, lots = {}, []
            for name, status in (("first", "open"), ("announced", "announced"), ("quiet", "open"), ("bid_on", "open")):
                lot = a_lot(unit, case=case, created_by=judge.id)
                hours = 25 if name == "first" else 48
                terms = {} if status == "announced" else {"closes_at": unit.now + timedelta(hours=hours)}
                made[name] = an_auction(unit, lot=lot, status=status, **terms).id
                lots.append(lot.id)
            made["lots"] = ",".join(lots)
            return judge, made, case.number

        self.judge, self.auctions, number = hall.house.perform(rows)
        self.lots = self.auctions.pop("lots").split(",")
        for name, auction_id in self.auctions.items():
            hall.tell(auction_id)
            self.bidders[name] = hall.bidder(auction_id)
        amounts = {"claim_fen": claim_fen, "costs_fen": 1, "sell_all": sell_all}
        self.group: LotGroup = hall.house.perform(
            groups.make_group, self.judge, case_number=number, lots=self.lots, **amounts
        )
        self.number = number
        self.count()
        for name in ("first", "bid_on"):
            assert hall.bid(self.bidders[name], RESERVE).outcome == "accepted"
        hall.clock.moment = hall.row(self.auctions["first"]).closes_at
        assert hall.house.perform(close, self.auctions["first"], settled=True) == "sold"

    def pay(self) -> None:
        """The buyer of the first pays the balance."""
        hall, first = self.hall, self.bidders["first"]

        def pay(unit: Unit) -> Payment:
            auction = unit.session.get_one(Auction, first.auction_id)
            registration = unit.session.get_one(Registration, first.registration_id)
            return payments.request_balance(unit, auction, registration, account="6222")

        asked = hall.house.perform(pay)
        notice = PaymentNotice(f"{asked.id}-1", asked.id, "paid", asked.amount_fen, "张三", first.id_number)
        hall.house.perform(payments.receive_notice, notice, on_balance=balance_confirmed)

    def count(self) -> None:
        for group_id in tick(self.hall, "satisfy"):
            self.hall.house.perform(groups.count_group, group_id)

    def statuses(self) -> dict[str, str]:
        return {name: self.hall.row(auction_id).status for name, auction_id in self.auctions.items()}


STOPPED = {"first": "sold", "announced": "suspended", "quiet": "suspended", "bid_on": "suspended"}


def test_what_is_sold_for_enough_stops_the_rest_and_what_is_paid_withdraws_it(hall: Hall) -> None:
    group = Group(hall, claim_fen=RESERVE - 1)
    assert group.statuses()["announced"] == "announced"  # the closing itself stops nothing else
    group.count()
    assert group.statuses() == STOPPED
    quiet = group.auctions["quiet"]
    assert (hall.row(quiet).suspension or {})["cause"] == "satisfied"
    assert hall.registration(group.bidders["quiet"]).status == "qualified"
    for act in (life.resume, life.end_suspension):
        more = {"closes_at": hall.clock.moment + timedelta(days=9)} if act is life.resume else {}
        assert refused_with(hall.house.perform, act, group.judge, quiet, reason="r", **more) == "group_satisfied"
    group.pay()
    group.count()
    assert group.statuses() == STOPPED | dict.fromkeys(("announced", "quiet", "bid_on"), "withdrawn")
    assert hall.row(quiet).ended_reason == "satisfied"
    assert hall.registration(group.bidders["quiet"]).status == "released"
    assert hall.registration(group.bidders["bid_on"]).status == "released"
    assert hall.row(group.auctions["bid_on"]).bid_count == 1  # the bid stays in the log
    assert tick(hall, "satisfy") == []

    def blocked(lot_id: str) -> bool:
        return hall.house.read(lambda session: standstill(session, session.get_one(Lot, lot_id)).satisfied)

    assert blocked(group.lots[2])
    hall.house.perform(groups.change_group, group.judge, group.group.id, claim_fen=10 * RESERVE)
    assert not blocked(group.lots[2])
    sound(hall)


def test_the_ends_of_a_groups_other_lots_are_told_where_it_stops_when_it_has_enough(hall: Hall) -> None:
    group = Group(hall, claim_fen=10 * RESERVE)  # the first is sold; three are announced or under way
    lots = dict(zip(group.auctions, group.lots, strict=True))

    def ends(name: str) -> tuple[datetime, ...]:
        return hall.house.read(lambda session: standstill(session, session.get_one(Lot, lots[name])).group_ends)

    end = {name: hall.row(auction_id).closes_at for name, auction_id in group.auctions.items()}
    assert ends("quiet") == tuple(sorted((end["announced"], end["bid_on"])))
    hall.house.perform(life.suspend, group.judge, group.auctions["bid_on"], kind="stay", reason="r")
    assert ends("quiet") == (end["announced"],)
    hall.house.perform(groups.change_group, group.judge, group.group.id, sell_all=True)
    assert ends("quiet") == ()
    sound(hall)


@pytest.mark.parametrize(
    ("gap", "claim_fen", "later"),
    [(0, RESERVE - 1, "suspended"), (1, RESERVE - 1, "suspended"), (0, RESERVE, "sold")],
)
def test_lots_of_a_group_that_end_together_close_one_after_the_other(
    hall: Hall, gap: int, claim_fen: int, later: str
) -> None:
    def rows(unit: Unit) -> tuple[Actor, str, list[str], list[str]]:
        case, judge = a_case(unit), an_actor(an_account(unit, "judge"))
        lots = [a_lot(unit, case=case, created_by=judge.id) for _ in range(2)]
        end = unit.now + timedelta(hours=25)
        ids = sorted(an_auction(unit, lot=lot, status="open", closes_at=end).id for lot in lots)
        return judge, case.number, [lot.id for lot in lots], ids

    judge, number, lots, (first, second) = hall.house.perform(rows)

    def set_end(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, second)
        auction.closes_at = auction.scheduled_closes_at = auction.closes_at + timedelta(seconds=gap)

    hall.house.perform(set_end)
    for auction_id in (first, second):
        hall.tell(auction_id)
        assert hall.bid(hall.bidder(auction_id), RESERVE).outcome == "accepted"
    facts = {"case_number": number, "lots": lots, "claim_fen": claim_fen, "costs_fen": 1}
    hall.house.perform(groups.make_group, judge, **facts)
    hall.clock.moment = hall.row(second).closes_at
    assert hall.house.perform(close, second, settled=True) is None  # the other is decided first
    assert hall.row(second).status == "open"
    assert [one for one in tick(hall, "close") if one in (first, second)] == [first, second]
    assert hall.house.perform(close, first, settled=True) == "sold"
    assert hall.house.perform(close, second, settled=True) == later
    stopped = hall.row(second)
    assert (stopped.bid_count, (stopped.suspension or {}).get("cause")) == (1, None if later == "sold" else "satisfied")
    sound(hall)


def test_where_the_buyer_reneges_the_rest_goes_on_after_the_notice(hall: Hall) -> None:
    group = Group(hall, claim_fen=RESERVE - 1)
    group.count()
    first = group.auctions["first"]
    hall.clock.moment = (hall.row(first).balance_due_at or hall.clock.moment) + timedelta(seconds=2)
    hall.house.perform(mark_overdue, first)
    hall.clock.advance(days=12)
    hall.house.perform(declare, group.judge, first, reason="逾期未付")
    group.count()
    quiet, announced = group.auctions["quiet"], group.auctions["announced"]
    assert "resume_by" in (hall.row(quiet).suspension or {})
    end = hall.clock.moment + timedelta(days=9)
    for auction_id in (quiet, announced):
        hall.house.perform(life.resume, group.judge, auction_id, closes_at=end, reason="恢复")
    assert (group.statuses()["quiet"], group.statuses()["announced"]) == ("open", "announced")
    group.count()
    assert group.statuses()["quiet"] == "open"
    sound(hall)


def test_where_the_cause_of_another_stop_ends_the_group_still_stops_it(hall: Hall) -> None:
    group = Group(hall, claim_fen=RESERVE - 1)
    quiet = group.auctions["quiet"]
    hall.house.perform(life.suspend, group.judge, quiet, kind="stay", reason="暂缓执行")
    group.count()
    assert (hall.row(quiet).suspension or {})["cause"] is None
    hall.house.perform(groups.change_group, group.judge, group.group.id, costs_fen=2)
    hall.house.perform(life.end_suspension, group.judge, quiet, reason="期满")
    group.count()
    assert (hall.row(quiet).suspension or {})["cause"] is None  # a fen short: nothing else keeps it
    hall.house.perform(groups.change_group, group.judge, group.group.id, costs_fen=1)
    group.count()
    suspension = hall.row(quiet).suspension or {}
    assert suspension["cause"] == "satisfied" and "resume_by" not in suspension
    sound(hall)


@pytest.mark.parametrize(("claim_fen", "sell_all"), [(RESERVE, False), (RESERVE - 1, True)])
def test_a_fen_short_or_by_the_debtors_consent_all_goes_on(hall: Hall, claim_fen: int, sell_all: bool) -> None:
    group = Group(hall, claim_fen=claim_fen, sell_all=sell_all)
    group.count()
    assert group.statuses() == {"first": "sold", "announced": "announced", "quiet": "open", "bid_on": "open"}
    if sell_all:
        hall.house.perform(groups.change_group, group.judge, group.group.id, sell_all=False)
    else:
        hall.house.perform(groups.change_group, group.judge, group.group.id, costs_fen=0)
    group.count()
    assert group.statuses()["quiet"] == "suspended"
    sound(hall)


def test_a_taken_lot_counts_toward_its_group(hall: Hall) -> None:
    story = an_unsold_lot(hall, "applicant")

    def beside(unit: Unit) -> tuple[str, str, str]:
        lot = unit.session.get_one(Lot, story.lot_id)
        other = a_lot(unit, case=lot.case, created_by=story.judge.id)
        auction = an_auction(unit, lot=other, status="announced")
        registration = a_registration(unit, auction, a_bidder(unit), status="qualified")
        tell_auction(unit, auction)
        tell_registration(unit, registration, a_paid_deposit(unit, registration))
        return lot.case.number, other.id, auction.id

    number, other, auction_id = hall.house.perform(beside)
    facts = {"case_number": number, "lots": [story.lot_id, other], "claim_fen": RESERVE, "costs_fen": 0}
    story.perform(groups.make_group, story.judge, **facts)
    assert refused_with(story.perform, groups.make_group, story.judge, **facts) == "invalid"
    taking = story.award(story.answer(story.creditors[0]), RESERVE)
    for group_id in tick(hall, "satisfy"):
        story.perform(groups.count_group, group_id)
    assert hall.row(auction_id).status == "withdrawn"
    story.perform(takings.rule_taking, story.judge, story.auction_id, taking.id, reason="r")
    sound(hall)


def test_a_group_is_of_lots_of_one_case_each_once(hall: Hall) -> None:
    group = Group(hall, claim_fen=RESERVE)
    stranger = an_unsold_lot(hall)

    def codes(lots: list[str], number: str) -> list[str]:
        try:
            hall.house.perform(groups.make_group, group.judge, case_number=number, lots=lots, claim_fen=1, costs_fen=0)
        except Exception as error:  # a DomainError: its breaches are what is asked for
            return [breach.code for breach in error.errors]  # type: ignore[attr-defined]
        return []

    assert codes([stranger.lot_id, group.lots[0]], group.number) == ["unknown_lot", "in_a_group"]
    number = hall.house.read(lambda s: s.scalar(select(Lot).where(Lot.id == stranger.lot_id)).case.number)
    assert codes([stranger.lot_id, stranger.lot_id], number) == ["too_few_lots", "duplicate"]
