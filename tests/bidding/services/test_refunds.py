"""Money moving on, on both databases: a deposit ends once, a refund is sent once, the price comes together."""

from typing import Any

import pytest

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from bidding.models import Payment, Posting, Registration
from bidding.queries import payments as queries
from bidding.services import payments
from tests.bidding.services.till import DAY, DEPOSIT, Till, at_once, refuses


@pytest.fixture
def till(house: House) -> Till:
    return Till(house)


# Going back


def test_a_released_deposit_goes_back_once(till: Till, clock: FixedClock) -> None:
    asked: list[str] = []
    till.house.subscribe("refund", lambda message: asked.append(message.payload["payment_id"]))
    payment = till.pay(till.open().request())
    due = till.house.now() + DAY
    for _ in range(3):
        released = till.release()
        assert released is not None
        assert (released.id, released.status, released.refund_due_at) == (payment.id, "refunding", due)
    assert asked == [payment.id]
    assert till.balances() == {"bank_clearing": -DEPOSIT, "refund_due:R": DEPOSIT}

    clock.advance(hours=1)
    sent = till.house.now()
    for _ in range(50):
        refunded = till.perform(payments.refund_executed, payment.id)
        assert (refunded.status, refunded.refunded_at) == ("refunded", sent)
        clock.advance(seconds=1)
    assert till.balances() == {}
    assert till.release() is not None
    assert till.count(Posting) == 3
    assert till.journal() == ["DepositRequested", "DepositPaid", "DepositReleased", "RefundExecuted"]


def test_the_hash_of_the_banks_receipt_is_kept_with_the_refund_and_told_to_the_payer(till: Till) -> None:
    payment = till.open().request()
    till.pay(payment)
    till.release()
    for wrong in ("", "ab", "A" * 64, "0" * 65):
        with pytest.raises(DomainError, match="invalid"):
            till.perform(payments.refund_executed, payment.id, receipt_sha256=wrong)
    assert till.payment(payment).refunded_at is None
    till.perform(payments.refund_executed, payment.id, receipt_sha256="a" * 64)
    till.perform(payments.refund_executed, payment.id, receipt_sha256="b" * 64)
    told = queries.refund_dict(till.payment(payment), till.house.now())
    assert told is not None and told["receipt_sha256"] == "a" * 64


def test_where_no_deposit_is_held_nothing_is_released(till: Till) -> None:
    till.open()
    assert till.release() is None
    assert till.count(Posting) == 0


def test_a_refund_nobody_ordered_is_refused(till: Till) -> None:
    payment = till.open().request()
    refuses("wrong_state", till.perform, payments.refund_executed, payment.id)
    till.pay(payment)
    refuses("wrong_state", till.perform, payments.refund_executed, payment.id)
    refuses("not_found", till.perform, payments.refund_executed, "nobody")
    assert till.payment(payment).refunded_at is None
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": DEPOSIT}


def test_an_applied_deposit_is_never_released(till: Till) -> None:
    till.pay(till.open().request())

    def apply(unit: Unit) -> int:
        return payments.apply_deposit(unit, unit.session.get_one(Registration, till.registration_id))

    assert till.perform(apply) == DEPOSIT
    assert till.perform(apply) == 0
    assert till.balances() == {"bank_clearing": -DEPOSIT, "court_price:A": DEPOSIT}
    refuses("wrong_state", till.release)


def test_a_released_deposit_is_never_applied(till: Till) -> None:
    till.pay(till.open().request())
    till.release()

    def apply(unit: Unit) -> int:
        return payments.apply_deposit(unit, unit.session.get_one(Registration, till.registration_id))

    refuses("wrong_state", till.perform, apply)
    assert till.balances() == {"bank_clearing": -DEPOSIT, "refund_due:R": DEPOSIT}


def test_a_refund_confirmed_by_many_at_once_is_posted_once(till: Till) -> None:
    payment = till.pay(till.open().request())
    till.release()
    at_once(lambda: till.house.perform(payments.refund_executed, payment.id))
    till.check_books()
    assert till.balances() == {}
    assert till.count(Posting) == 3


# Creditors


@pytest.mark.parametrize("claim", [1, 2_500_000, DEPOSIT - 1])
def test_a_confirmed_creditor_gets_back_what_was_paid_too_much(till: Till, claim: int) -> None:
    payment = till.pay(till.open(claim="creditor", status="awaiting_court").request())
    till.change(deposit_due_fen=DEPOSIT - claim)

    def excess(unit: Unit) -> Payment | None:
        registration = unit.session.get_one(Registration, till.registration_id)
        return payments.refund_excess(unit, registration, due_at=unit.now + DAY)

    part = till.perform(excess)
    assert (part.purpose, part.amount_fen, part.refund_fen, part.status) == ("excess", claim, claim, "refunding")
    assert part.account == payment.account
    assert till.perform(excess) is None
    held = DEPOSIT - claim
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": held, "refund_due:R": claim}

    # Lost after all: the rest goes back too, each part once, in whatever order the gateway sends them.
    assert till.release().refund_fen == held
    assert till.perform(payments.refund_executed, payment.id).status == "refunded"
    assert till.balances() == {"bank_clearing": -claim, "refund_due:R": claim}
    assert till.perform(payments.refund_executed, part.id).status == "refunded"
    assert till.balances() == {}


def test_a_creditor_whose_claim_covers_the_deposit_gets_all_of_it_back(till: Till) -> None:
    payment = till.pay(till.open(claim="creditor").request())
    till.change(deposit_due_fen=0)

    def excess(unit: Unit) -> Payment | None:
        registration = unit.session.get_one(Registration, till.registration_id)
        return payments.refund_excess(unit, registration, due_at=unit.now + DAY)

    assert till.perform(excess).id == payment.id
    assert till.payment(payment).status == "refunding"
    assert till.perform(excess) is None
    assert till.balances() == {"bank_clearing": -DEPOSIT, "refund_due:R": DEPOSIT}


def test_a_claim_decided_before_the_payment_makes_a_new_request(till: Till) -> None:
    full = till.open(claim="creditor").request()
    till.change(deposit_due_fen=4_000_000)
    less = till.request()
    assert (less.amount_fen, till.payment(full).status) == (4_000_000, "failed")
    assert till.pay(less).status == "paid"
    assert till.pay(full).status == "refunding"


def test_a_payment_of_the_old_amount_counts_and_the_excess_goes_back(till: Till) -> None:
    full = till.open(claim="creditor").request()
    till.change(deposit_due_fen=4_000_000)
    assert till.pay(full).status == "paid"
    excess = DEPOSIT - 4_000_000
    assert till.balances() == {"bank_clearing": -DEPOSIT, "deposit_held:R": 4_000_000, "refund_due:R": excess}


# The price

PRICE = 123_456_700


def test_the_balance_and_the_deposit_make_the_price(till: Till) -> None:
    till.pay(till.open().request())
    till.sell(PRICE)
    balance = till.request_balance()
    assert (balance.amount_fen, balance.purpose) == (PRICE - DEPOSIT, "balance")
    assert till.request_balance().id == balance.id
    assert till.pay(balance).status == "paid"
    assert till.balances() == {"bank_clearing": -PRICE, "court_price:A": PRICE}
    assert till.house.read(queries.price_paid_fen, till.auction_id) == PRICE
    till.pay(balance)
    assert till.house.read(queries.price_paid_fen, till.auction_id) == PRICE
    assert till.confirmed == 2


@pytest.mark.parametrize(
    ("change", "status"), [({"payer_name": "李四"}, "wrong_payer"), ({"amount_fen": PRICE}, "wrong_amount")]
)
def test_a_wrong_balance_goes_back_and_may_be_paid_again(till: Till, change: dict[str, Any], status: str) -> None:
    till.pay(till.open().request())
    till.sell(PRICE)
    wrong = till.pay(till.request_balance(), **change)
    assert wrong.status == status
    assert till.pay(till.request_balance()).status == "paid"
    till.perform(payments.refund_executed, wrong.id)
    assert till.balances() == {"bank_clearing": -PRICE, "court_price:A": PRICE}


def test_a_balance_nobody_asks_for_any_more_goes_back(house: House) -> None:
    for settlement in ("paid", "ruled", "reneged", None):
        till = Till(house)
        till.pay(till.open().request())
        till.sell(PRICE)
        balance = till.request_balance()
        till.change_auction(settlement=settlement)
        assert till.pay(balance).status == "refunding"
        assert till.balances()["refund_due:R"] == PRICE - DEPOSIT


def test_a_balance_is_asked_only_of_the_buyer(till: Till) -> None:
    till.open().request()
    refuses("wrong_state", till.request_balance)
    till.sell(PRICE)
    till.change_auction(leader_registration_id="somebody else")
    refuses("wrong_state", till.request_balance)
    asked = till.house.read(queries.payments, till.registration_id)
    assert [payment.purpose for payment in asked] == ["deposit"]
