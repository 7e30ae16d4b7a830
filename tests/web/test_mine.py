"""What is mine: the next step of each registration, the clock of a refund, the papers of a sale."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction
from bidding.models import Payment, Registration
from tests.bidding.sale import bid, hammer
from tests.web.sale import RESERVE, STEP, a_sale
from tests.web.test_pages import signed_in


def test_the_next_step_follows_the_bidding(app: Flask, house: House, clock: FixedClock) -> None:
    sale = house.perform(a_sale)
    first, second = (signed_in(app, house, account) for account in sale.bidders)
    assert "下一步：可以出价。" in first.get("/me").text
    bid(house, clock, sale.auction_id, sale.bidders[0].id, RESERVE)
    assert "下一步：您领先" in first.get("/me").text and "可以出价" in second.get("/me").text
    bid(house, clock, sale.auction_id, sale.bidders[1].id, RESERVE + STEP)
    assert "已被超越，可以再次出价" in first.get("/me").text
    first.get(f"/registrations/{sale.registrations[0]}")
    receipt = first.page.link("出价凭证：第 1 次，¥1,000,000")
    assert app.test_client().get(receipt).get_json()["entry"]["body"]["amount_fen"] == RESERVE
    assert not [label for label, _ in first.page.links if "签名的拍卖结果" in label]


def test_a_refund_has_a_clock_that_turns_red_when_its_time_is_over(app: Flask, house: House, clock: FixedClock) -> None:
    sale = house.perform(a_sale)

    def unsold(unit: Unit) -> None:
        unit.session.get_one(Auction, sale.auction_id).status = "unsold"
        unit.session.get_one(Registration, sale.registrations[0]).status = "released"
        payment = unit.session.scalars(select(Payment).where(Payment.registration_id == sale.registrations[0])).one()
        payment.status, payment.refund_fen = "refunding", payment.amount_fen
        payment.refund_due_at = unit.now + timedelta(hours=24)

    house.perform(unsold)
    reader = signed_in(app, house, sale.bidders[0])
    page = reader.get("/me")
    assert "下一步：等待退款" in page.text and '<span class="amb">保证金 ¥100,000 退款中' in page.html
    assert "还有" in page.text and "data-until" in page.html
    clock.advance(hours=27)
    reader = signed_in(app, house, sale.bidders[0])
    page = reader.get("/me")
    assert '<span class="red">保证金 ¥100,000 应于' in page.html and "已逾期 3 小时" in page.text
    reader.get(f"/registrations/{sale.registrations[0]}")
    assert reader.page.link("签名的拍卖结果") == f"/api/v1/auctions/{sale.auction_id}/result"


@pytest.mark.parametrize(
    ("released_after", "status", "refunded", "told"),
    [
        (timedelta(0), "sold", False, "未竞得·保证金退还中"),
        (timedelta(seconds=1), "sold", True, "未竞得·保证金已退"),
        (timedelta(0), "unsold", False, "报名已结束·保证金退还中"),
        (timedelta(seconds=-1), "sold", True, "已退出"),
        (timedelta(seconds=-1), "sold", False, "已退出"),
    ],
)
def test_who_lost_is_not_told_that_he_left(
    app: Flask, house: House, released_after: timedelta, status: str, refunded: bool, told: str
) -> None:
    sale = house.perform(a_sale)

    def over(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, sale.auction_id)
        auction.status, auction.closed_at = status, auction.closes_at + timedelta(seconds=4)
        row = unit.session.get_one(Registration, sale.registrations[0])
        row.status = "released"
        row.release_due_at = auction.closes_at + released_after + timedelta(hours=24)
        payment = unit.session.scalars(select(Payment).where(Payment.registration_id == row.id)).one()
        payment.status, payment.refund_fen = "refunding", payment.amount_fen
        payment.refund_due_at = row.release_due_at
        if refunded:
            payment.status, payment.refunded_at = "refunded", auction.closes_at + timedelta(hours=1)

    house.perform(over)
    reader = signed_in(app, house, sale.bidders[0])
    page = reader.get("/me")
    assert told in page.text
    assert ("已退出" in page.text) is (told == "已退出")
    shown = reader.get(f"/registrations/{sale.registrations[0]}").text
    assert told in shown and ("已退出" in shown) is (told == "已退出")


def test_after_the_end_a_changed_sheet_stands_in_nobodys_way(app: Flask, house: House, clock: FixedClock) -> None:
    """The winner is sent to pay, whether or not he acknowledged; money sent back before is told for what it was."""
    sale = house.perform(a_sale)
    bid(house, clock, sale.auction_id, sale.bidders[0].id, RESERVE)

    def changed(unit: Unit) -> None:
        unit.session.get_one(Auction, sale.auction_id).seal = "0" * 64
        back = {"refund_fen": 10_000_000, "refund_due_at": unit.now, "refunded_at": unit.now, "created_at": unit.now}
        of = {"registration_id": sale.registrations[0], "auction_id": sale.auction_id, "account": "62"}
        stray = Payment(id=unit.new_id(), purpose="deposit", amount_fen=10_000_000, status="wrong_payer", **of, **back)
        unit.session.add(stray)

    house.perform(changed)
    reader = signed_in(app, house, sale.bidders[0])
    page = reader.get("/me")
    assert page.link("确认新版情况表") and "付款人不符、未计入的付款 ¥100,000 已于" in page.text
    assert "须确认后才能出价" in reader.get(f"/registrations/{sale.registrations[0]}").text

    assert hammer(house, clock, sale.auction_id) == "sold"
    reader = signed_in(app, house, sale.bidders[0])
    page = reader.get("/me")
    assert page.link("付款与手续") and "确认新版情况表" not in page.text
    shown = reader.get(f"/registrations/{sale.registrations[0]}").text
    assert "付尾款" in shown and "须确认后才能出价" not in shown
