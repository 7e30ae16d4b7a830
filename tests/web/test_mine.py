"""What is mine: the next step of each registration, the clock of a refund, the papers of a sale."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction
from bidding.models import Payment, Registration
from tests.bidding.sale import bid
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
    assert "下一步：等待退款" in page.text and '<span class="amb">¥100,000 退款中' in page.html
    assert "还有" in page.text and "data-until" in page.html
    clock.advance(hours=27)
    reader = signed_in(app, house, sale.bidders[0])
    page = reader.get("/me")
    assert '<span class="red">¥100,000 应于' in page.html and "已逾期 3 小时" in page.text
    reader.get(f"/registrations/{sale.registrations[0]}")
    assert reader.page.link("签名的拍卖结果") == f"/api/v1/auctions/{sale.auction_id}/result"
