"""Money coming in, on both databases: each notice once, the right payer, the right amount, in time."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction, Person
from bidding.models import GatewayNotice, Payment, Posting, Registration
from bidding.services import payments
from tests.bidding.services.till import COMPANY, DAY, DEPOSIT, NAME, NUMBER, OTHER, Till, at_once, refuses
from tests.factories import (
    a_bidder,
    a_registration,
    a_resident_id,
)


@pytest.fixture
def till(house: House) -> Till:
    return Till(house)


# Asking


def test_asking_twice_for_a_deposit_gives_the_same_payment(till: Till) -> None:
    first = till.open().request()
    assert (first.amount_fen, first.status, first.account) == (DEPOSIT, "pending", "模拟账户 1")
    assert till.request().id == first.id
    till.pay(first)
    assert till.request().id == first.id
    assert till.count(Payment) == 1


def test_no_deposit_is_asked_of_an_ended_registration(house: House) -> None:
    for status in ("refused", "released", "applied", "forfeited"):
        refuses("wrong_state", Till(house).open(status=status).request)


def test_no_deposit_is_asked_where_none_is_due(till: Till) -> None:
    till.open(claim="creditor", deposit_due_fen=0)
    refuses("wrong_state", till.request)


def test_who_waits_for_the_court_may_pay_unless_represented(house: House) -> None:
    assert Till(house).open(status="awaiting_court", claim="preferential").request().status == "pending"
    for capacity in ("agent", "joint"):
        refuses("wrong_state", Till(house).open(status="awaiting_court", capacity=capacity).request)


def test_no_deposit_is_asked_after_the_end_of_bidding(till: Till, clock: FixedClock) -> None:
    till.open()
    clock.advance(hours=24)
    refuses("auction_closed", till.request)


# Being paid


def test_a_deposit_that_is_paid_is_held_and_confirmed(till: Till) -> None:
    paid = till.pay(till.open().request())
    assert (paid.status, paid.paid_fen) == ("paid", DEPOSIT)
    assert paid.paid_at is not None
    assert till.confirmed == 1
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": DEPOSIT}
    assert till.journal() == ["DepositRequested", "DepositPaid"]


def test_a_notice_fifty_times_is_a_notice_once(till: Till) -> None:
    notice = till.notice(till.open().request())
    answers = [till.take(notice) for _ in range(50)]
    assert {(answer.id, answer.status) for answer in answers} == {(notice.payment_id, "paid")}
    assert (till.confirmed, till.count(Posting), till.count(GatewayNotice)) == (1, 1, 1)
    assert till.journal() == ["DepositRequested", "DepositPaid"]


def test_fifty_notices_of_one_payment_move_money_once(till: Till) -> None:
    payment = till.open().request()
    for _ in range(50):
        assert till.pay(payment).status == "paid"
    assert (till.confirmed, till.count(Posting), till.count(GatewayNotice)) == (1, 1, 50)


def test_notices_that_come_at_once_are_taken_once(till: Till) -> None:
    payment = till.open().request()
    same = till.notice(payment)
    at_once(lambda: till.house.perform(payments.receive_notice, same, on_deposit=till.qualify))
    others = [till.notice(payment) for _ in range(8)]
    at_once(lambda: till.house.perform(payments.receive_notice, others.pop(), on_deposit=till.qualify))
    till.check_books()
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": DEPOSIT}
    assert (till.confirmed, till.count(Posting), till.count(GatewayNotice)) == (1, 1, 9)


def test_a_notice_id_with_other_content_is_refused(till: Till) -> None:
    notice = till.notice(till.open().request())
    till.take(notice)
    refuses("idempotency_conflict", till.take, replace(notice, outcome="failed"))
    refuses("idempotency_conflict", till.take, replace(notice, amount_fen=1))
    assert till.count(Posting) == 1


def test_a_failure_told_after_the_payment_changes_nothing(till: Till) -> None:
    payment = till.open().request()
    till.pay(payment)
    assert till.pay(payment, outcome="failed", amount_fen=0).status == "paid"
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": DEPOSIT}


def test_a_payment_told_after_its_failure_counts(till: Till) -> None:
    payment = till.open().request()
    assert till.pay(payment, outcome="failed", amount_fen=0).status == "failed"
    assert till.pay(payment).status == "paid"
    assert till.confirmed == 1


def test_after_a_failure_a_new_payment_may_be_asked_for(till: Till) -> None:
    failed = till.open().request()
    till.pay(failed, outcome="failed")
    fresh = till.request()
    assert fresh.id != failed.id
    assert till.pay(fresh).status == "paid"
    # The first one was paid after all: nobody asks for that money any more.
    assert till.pay(failed).status == "refunding"
    assert till.confirmed == 1
    assert till.balances() == {"bank_clearing": -2 * DEPOSIT, "deposit_held:R": DEPOSIT, "refund_due:R": DEPOSIT}


def test_an_amount_no_payment_can_have_is_refused(till: Till) -> None:
    payment = till.open().request()
    for amount in (0, -1, 10**15 + 1, 10**30):
        error = refuses("invalid", till.take, till.notice(payment, amount_fen=amount))
        assert [(breach.field, breach.code) for breach in error.errors] == [("amount_fen", "amount_invalid")]
    assert till.count(GatewayNotice) == 0


def test_a_notice_of_an_unknown_payment_is_refused(till: Till) -> None:
    payment = till.open().request()
    refuses("not_found", till.take, till.notice(payment, payment_id="nobody"))


def test_notices_in_any_order_and_number_give_the_same_ledger(till: Till) -> None:
    till.open()
    wrong, right = till.request(), None
    till.pay(wrong, payer_name="李四")
    right = till.request()
    told = [till.notice(right), till.notice(right, outcome="failed"), till.notice(wrong), till.notice(right)]
    shuffled = told * 5
    random.Random(11).shuffle(shuffled)
    for notice in shuffled:
        till.take(notice)
    assert till.balances() == {"bank_clearing": -2 * DEPOSIT, "deposit_held:R": DEPOSIT, "refund_due:R": DEPOSIT}
    assert (till.confirmed, till.count(GatewayNotice)) == (1, 5)


# Who paid, and how much


PAYERS = [
    (NAME, NUMBER, "paid"),
    (" 张 三", "".join(chr(ord(digit) + 0xFEE0) for digit in NUMBER), "paid"),  # typed in full width
    ("李四", NUMBER, "wrong_payer"),  # the number alone does not make the payer
    (NAME, OTHER, "wrong_payer"),
    ("李四", OTHER, "wrong_payer"),
    (NAME, "", "wrong_payer"),
    ("", "", "wrong_payer"),
]


def test_the_payer_is_the_registrant_by_name_and_number(house: House) -> None:
    for name, number, status in PAYERS:
        till = Till(house).open()
        payment = till.pay(till.request(), payer_name=name, payer_id_number=number)
        assert payment.status == status, (name, number)
        assert till.confirmed == (status == "paid")


REPRESENTED = [
    ("agent", [("李四", "resident_id", OTHER)], ("李四", OTHER), "paid"),
    ("agent", [("某公司", "uscc", COMPANY)], ("某公司", COMPANY), "paid"),
    ("agent", [("JOHN SMITH", "passport", "X1234567")], ("John Smith", "x1234567"), "paid"),
    ("agent", [("李四", "resident_id", OTHER)], (NAME, NUMBER), "paid"),
    ("joint", [("李四", "resident_id", OTHER)], ("李四", OTHER), "paid"),
    ("joint", [("李四", "resident_id", OTHER)], (NAME, OTHER), "wrong_payer"),  # one's name with another's number
    ("joint", [("李四", "resident_id", OTHER)], ("王五", a_resident_id(9)), "wrong_payer"),
]


def test_a_principal_or_joint_bidder_may_pay(house: House) -> None:
    for capacity, principals, payer, status in REPRESENTED:
        till = Till(house).open(capacity=capacity, principals=principals)
        payment = till.pay(till.request(), payer_name=payer[0], payer_id_number=payer[1])
        assert payment.status == status, (capacity, principals, payer)


def test_another_bidder_of_the_same_auction_is_another_payer(till: Till) -> None:
    till.open()

    def rival(unit: Unit) -> None:
        auction = unit.session.get_one(Auction, till.auction_id)
        a_registration(unit, auction, a_bidder(unit, name="李四", id_number=OTHER))

    till.house.perform(rival)
    assert till.pay(till.request(), payer_name="李四", payer_id_number=OTHER).status == "wrong_payer"


@pytest.mark.parametrize(
    ("change", "status", "came"),
    [
        ({"payer_name": "李四"}, "wrong_payer", DEPOSIT),
        ({"amount_fen": DEPOSIT - 1}, "wrong_amount", DEPOSIT - 1),
        ({"amount_fen": DEPOSIT + 1}, "wrong_amount", DEPOSIT + 1),
    ],
)
def test_wrong_money_goes_back_within_a_day_and_the_deposit_is_still_awaited(
    till: Till, change: dict[str, Any], status: str, came: int
) -> None:
    asked: list[str] = []
    till.house.subscribe("refund", lambda message: asked.append(message.payload["payment_id"]))
    wrong = till.pay(till.open().request(), **change)
    now = till.house.now()
    assert (wrong.status, wrong.paid_fen, wrong.refund_fen, wrong.paid_at) == (status, came, came, None)
    assert wrong.refund_due_at == now + DAY
    assert asked == [wrong.id]
    assert till.confirmed == 0
    assert till.balances() == {"bank_clearing": -came, "refund_due:R": came}
    assert till.house.read(lambda s: s.get_one(Registration, till.registration_id).status) == "awaiting_deposit"

    right = till.request()
    assert right.id != wrong.id
    assert till.pay(right).status == "paid"
    assert till.balances() == {"bank_clearing": -came - DEPOSIT, "refund_due:R": came, "deposit_held:R": DEPOSIT}

    sent = till.perform(payments.refund_executed, wrong.id)
    assert (sent.status, sent.refunded_at) == (status, now)
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": DEPOSIT}


def test_a_payer_whose_key_was_destroyed_is_nobody(till: Till) -> None:
    payment = till.open().request()

    def erase(unit: Unit) -> None:
        registration = unit.session.get_one(Registration, till.registration_id)
        unit.session.get_one(Person, registration.person_id).wrapped_key = None

    till.house.perform(erase)
    assert till.pay(payment).status == "wrong_payer"


# Too late

LATE: list[tuple[str, Callable[[Till, FixedClock], None]]] = [
    ("at the end of bidding", lambda till, clock: clock.advance(hours=24)),
    ("after the sale", lambda till, clock: till.change_auction(status="sold")),
    ("after the withdrawal", lambda till, clock: till.change_auction(status="withdrawn")),
    (
        "held as barred at the close",
        lambda till, clock: till.change_auction(status="suspended", closed_at=till.house.now()),
    ),
    ("refused", lambda till, clock: till.change(status="refused")),
    ("released", lambda till, clock: till.change(status="released")),
    ("covered by a claim", lambda till, clock: till.change(status="qualified", deposit_due_fen=0)),
]


@pytest.mark.parametrize("happens", [row[1] for row in LATE], ids=[row[0] for row in LATE])
def test_a_deposit_that_comes_too_late_goes_back(
    till: Till, clock: FixedClock, happens: Callable[[Till, FixedClock], None]
) -> None:
    payment = till.open().request()
    happens(till, clock)
    late = till.pay(payment)
    assert (late.status, late.refund_fen, late.refund_due_at) == ("refunding", DEPOSIT, till.house.now() + DAY)
    assert till.confirmed == 0
    assert till.balances() == {"bank_clearing": -DEPOSIT, "refund_due:R": DEPOSIT}
    assert till.perform(payments.refund_executed, payment.id).status == "refunded"
    assert till.balances() == {}


def test_a_deposit_counts_in_an_extension_and_in_a_suspended_sale(till: Till, clock: FixedClock) -> None:
    payment = till.open().request()
    clock.advance(hours=24)
    till.change_auction(status="suspended")
    assert till.pay(payment).status == "paid"
