"""Stopping, going on and leaving around the opening: cases that random sales found, one by one."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor
from bidding.models import Registration
from bidding.rules.payment import PaymentNotice
from bidding.rules.registration import Application
from bidding.services import life, payments, registration
from bidding.services.closing import close
from risk.imports import import_staff
from tests.bidding.hall import RESERVE, STEP, Bidder, Hall, refused_with
from tests.factories import a_bidder, an_account, an_actor

MICRO, SECOND = timedelta(microseconds=1), timedelta(seconds=1)
DAY = timedelta(hours=24)


@pytest.fixture
def judge(hall: Hall) -> Actor:
    return hall.house.perform(lambda unit: an_actor(an_account(unit, "judge")))


def owner(bidder: Bidder) -> Actor:
    return Actor(bidder.account_id, "bidder", "竞买人")


def suspend(hall: Hall, judge: Actor, auction_id: str) -> None:
    hall.house.perform(life.suspend, judge, auction_id, kind="stay", reason="案外人异议")


def resume(hall: Hall, judge: Actor, auction_id: str, closes_at: datetime) -> Auction:
    return hall.house.perform(life.resume, judge, auction_id, closes_at=closes_at, reason="恢复")


def test_a_sale_whose_opening_passed_while_it_was_stopped_opens_after_the_notice_with_all_of_its_bidding(
    hall: Hall, judge: Actor
) -> None:
    auction_id = hall.auction(status="announced")
    agent = hall.bidder(auction_id, status="awaiting_court", paid=False, capacity="agent")
    before = hall.row(auction_id)
    suspend(hall, judge, auction_id)
    hall.clock.moment = before.opens_at + timedelta(hours=1)
    opening = hall.clock.moment + DAY
    end = opening + (before.closes_at - before.opens_at)
    assert refused_with(resume, hall, judge, auction_id, end - SECOND) == "invalid"
    resume(hall, judge, auction_id, end)
    row = hall.row(auction_id)
    assert (row.status, row.opens_at, row.closes_at) == ("announced", opening, end)
    assert row.scheduled_closes_at == end
    hall.clock.moment = opening - SECOND
    hall.house.perform(life.open_due, auction_id)
    assert hall.registration(agent).status == "awaiting_court"  # there was time to confirm him
    hall.clock.moment = opening
    hall.house.perform(life.open_due, auction_id)
    assert hall.row(auction_id).status == "open"
    assert (hall.registration(agent).status, hall.registration(agent).refusal) == ("refused", "unconfirmed_agent")


def test_an_agent_nobody_confirmed_is_refused_where_a_sale_was_stopped_just_as_it_should_have_opened(
    hall: Hall, judge: Actor
) -> None:
    auction_id = hall.auction(status="announced")
    agent = hall.bidder(auction_id, status="awaiting_court", paid=False, capacity="agent")
    hall.clock.moment = opens_at = hall.row(auction_id).opens_at
    suspend(hall, judge, auction_id)
    resume(hall, judge, auction_id, hall.row(auction_id).closes_at + 2 * DAY)
    assert (hall.row(auction_id).status, hall.row(auction_id).opens_at) == ("open", opens_at)
    assert (hall.registration(agent).status, hall.registration(agent).refusal) == ("refused", "unconfirmed_agent")


def test_an_agent_may_still_be_confirmed_when_a_suspension_ends_before_the_opening(hall: Hall, judge: Actor) -> None:
    auction_id = hall.auction(status="announced")
    agent = hall.bidder(auction_id, status="awaiting_court", paid=False, capacity="agent")
    suspend(hall, judge, auction_id)
    resume(hall, judge, auction_id, hall.row(auction_id).closes_at + DAY)
    assert (hall.row(auction_id).status, hall.registration(agent).status) == ("announced", "awaiting_court")


def test_a_suspension_takes_no_part_of_a_second_from_the_time_that_was_left(hall: Hall, judge: Actor) -> None:
    auction_id = hall.auction(closes_at=hall.clock.moment + 3 * DAY)
    hall.clock.advance(seconds=0.25)
    suspend(hall, judge, auction_id)
    suspension = hall.row(auction_id).suspension
    assert suspension is not None
    assert suspension["remaining_seconds"] == 3 * 86400
    hall.clock.advance(hours=5)
    too_early = hall.clock.moment + 3 * DAY - timedelta(seconds=0.25) - MICRO
    assert refused_with(resume, hall, judge, auction_id, too_early) == "invalid"
    resume(hall, judge, auction_id, hall.clock.moment + 3 * DAY)


def test_who_has_not_bid_may_leave_a_sale_that_was_suspended_before_it_opened(hall: Hall, judge: Actor) -> None:
    auction_id = hall.auction(status="announced")
    ann, bo = hall.bidders(auction_id, None, None)
    suspend(hall, judge, auction_id)
    hall.clock.moment = hall.row(auction_id).opens_at - MICRO
    left = hall.house.perform(registration.leave, owner(ann), ann.registration_id)
    assert left.status == "released"
    hall.clock.advance(microseconds=1)
    assert refused_with(hall.house.perform, registration.leave, owner(bo), bo.registration_id) == "wrong_state"


def test_nobody_registers_any_more_for_a_sale_held_for_its_barred_winner(hall: Hall, tmp_path: Path) -> None:
    auction_id = hall.auction()
    ann = hall.bidder(auction_id)
    assert hall.bid(ann, RESERVE).outcome == "accepted"
    path = tmp_path / "staff.csv"
    path.write_text(
        f"body_type,body_code,name,id_number,position,from,to\ncourt,3201,张三,{ann.id_number},法官,2020-01-01,\n",
        encoding="utf-8",
    )
    assert not import_staff(hall.house, path).refused
    hall.closes_in(auction_id, seconds=-2)
    assert hall.house.perform(close, auction_id) == "suspended"
    actor = hall.house.perform(lambda unit: an_actor(a_bidder(unit)))
    seal = hall.row(auction_id).seal or ""
    application = Application("self", "ordinary", seal, ("full_capacity", "not_barred", "accept_defects"))
    assert refused_with(hall.house.perform, registration.register, actor, auction_id, application) == "auction_closed"


def test_a_creditor_who_had_paid_before_the_claim_was_confirmed_can_pay_the_whole_price(
    hall: Hall, judge: Actor
) -> None:
    auction_id = hall.auction()
    deposit = hall.row(auction_id).deposit_fen
    ann = hall.bidder(auction_id, claim="creditor", claim_status="pending")
    decision = {"approve": True, "reason": "依法", "claim_fen": deposit}
    hall.house.perform(registration.decide, judge, ann.registration_id, **decision)
    assert (hall.registration(ann).status, hall.registration(ann).deposit_due_fen) == ("qualified", 0)
    assert hall.bid(ann, RESERVE + STEP).outcome == "accepted"
    hall.closes_in(auction_id, seconds=-2)
    assert hall.house.perform(close, auction_id) == "sold"
    assert hall.row(auction_id).balance_fen == RESERVE + STEP

    def pay(unit: Unit) -> None:
        buyer = unit.session.get_one(Registration, ann.registration_id)
        asked = payments.request_balance(unit, hall.row(auction_id), buyer, account="1")
        notice = PaymentNotice("n1", asked.id, "paid", asked.amount_fen, "张三", ann.id_number)
        payments.receive_notice(unit, notice)

    hall.house.perform(pay)
    assert hall.row(auction_id).settlement == "paid"
    assert hall.registration(ann).status == "applied"
