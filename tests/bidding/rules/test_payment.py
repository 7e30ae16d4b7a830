"""Which money counts: payer, amount, time, and what was said before."""

from datetime import UTC, datetime, timedelta

import pytest

from bidding.rules.payment import (
    SETTLED,
    Expected,
    PaymentNotice,
    judge_payment,
    may_pay_deposit,
    name_key,
    takes_deposits,
)

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def notice(outcome: str = "paid", amount_fen: int = 1000) -> PaymentNotice:
    return PaymentNotice("n1", "p1", outcome, amount_fen, "张三", "320102198501010012")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "wanted", "outcome", "amount", "known", "verdict"),
    [
        ("pending", True, "paid", 1000, True, "paid"),
        ("pending", True, "paid", 1000, False, "wrong_payer"),
        ("pending", True, "paid", 999, True, "wrong_amount"),
        ("pending", True, "paid", 1001, True, "wrong_amount"),
        ("pending", True, "paid", 999, False, "wrong_payer"),
        ("pending", True, "failed", 1000, False, "failed"),
        ("pending", False, "failed", 1000, False, "failed"),
        ("pending", False, "paid", 1000, True, "refunding"),
        ("pending", False, "paid", 1000, False, "wrong_payer"),
        ("failed", True, "paid", 1000, True, "paid"),  # the notices came in the wrong order
        ("failed", False, "paid", 1000, True, "refunding"),
        ("failed", True, "failed", 1000, False, "unchanged"),
    ],
)
def test_what_becomes_of_a_payment(
    status: str, wanted: bool, outcome: str, amount: int, known: bool, verdict: str
) -> None:
    assert judge_payment(Expected(status, 1000, wanted), notice(outcome, amount), payer_known=known) == verdict


@pytest.mark.parametrize("status", sorted(SETTLED))
@pytest.mark.parametrize("outcome", ["paid", "failed"])
@pytest.mark.parametrize("known", [True, False])
def test_a_payment_takes_money_once(status: str, outcome: str, known: bool) -> None:
    assert judge_payment(Expected(status, 1000, True), notice(outcome), payer_known=known) == "unchanged"


@pytest.mark.parametrize(
    ("status", "closed", "now", "takes"),
    [
        ("announced", None, NOW - timedelta(days=9), True),
        ("open", None, NOW - TICK, True),
        ("open", None, NOW, False),  # the window is half open
        ("open", None, NOW + TICK, False),
        ("suspended", None, NOW + TICK, True),  # it will be resumed with a later end
        ("suspended", NOW, NOW + TICK, False),  # it was suspended when it closed
        ("sold", NOW, NOW - TICK, False),
        ("unsold", NOW, NOW, False),
        ("withdrawn", NOW, NOW - TICK, False),
        ("revoked", NOW, NOW, False),
        ("draft", None, NOW - TICK, False),
    ],
)
def test_a_deposit_counts_until_the_end_of_bidding(
    status: str, closed: datetime | None, now: datetime, takes: bool
) -> None:
    assert takes_deposits(status, NOW, closed, now) is takes


@pytest.mark.parametrize(
    ("status", "capacity", "due", "asked"),
    [
        ("awaiting_deposit", "self", 1, True),
        ("awaiting_deposit", "agent", 1, True),
        ("awaiting_court", "self", 1, True),
        ("awaiting_court", "agent", 1, False),
        ("awaiting_court", "joint", 1, False),
        ("awaiting_deposit", "self", 0, False),
        ("qualified", "self", 1, False),
        ("refused", "self", 1, False),
        ("released", "self", 1, False),
        ("applied", "self", 1, False),
        ("forfeited", "self", 1, False),
    ],
)
def test_a_deposit_is_asked_only_of_who_may_still_qualify(status: str, capacity: str, due: int, asked: bool) -> None:
    assert may_pay_deposit(status, capacity, due) is asked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张三", " 张 三 "),
        ("ＡＢＣ有限公司", "abc有限公司"),
        ("买买提·艾力", "买买提•艾力"),
        ("买买提·艾力", "买买提・艾力"),
        ("南京（长江）公司", "南京(长江)公司"),
    ],
)
def test_a_name_is_the_same_however_it_was_typed(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("张三", "张二"), ("张三", ""), ("李四", "李肆")])
def test_another_name_is_another_name(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
