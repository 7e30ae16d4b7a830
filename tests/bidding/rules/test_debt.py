"""The clock of a buyer's debt: due, overdue, grace, and from when a renege may be declared."""

from datetime import UTC, date, datetime, timedelta

import pytest

from auction.kernel.errors import DomainError
from auction.rules.calendar import midnight
from auction.rules.lot import Round
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import load
from bidding.rules.debt import (
    Known,
    check_declarable,
    check_due_on,
    check_factors,
    check_facts,
    debt_clock,
    forfeited,
    stage,
    still_owed,
)

RULES = load("spc-2016")
CALENDAR = published_calendar(RULES)
SECOND = timedelta(seconds=1)


def end_of(day: date) -> datetime:
    return midnight(day + timedelta(days=1)) - SECOND


@pytest.mark.parametrize(
    ("due", "last"),
    [
        (date(2026, 3, 9), date(2026, 3, 12)),  # Monday, so Thursday
        (date(2026, 3, 11), date(2026, 3, 16)),  # three days on is Saturday: Monday
        (date(2026, 4, 1), date(2026, 4, 7)),  # into the days of tomb sweeping, which end on a Monday
        (date(2026, 2, 11), date(2026, 2, 14)),  # a Saturday worked to make up for the spring festival
        (date(2026, 2, 12), date(2026, 2, 24)),  # over the spring festival
    ],
)
def test_the_last_day_of_the_grace_is_a_working_day(due: date, last: date) -> None:
    clock = debt_clock(end_of(due), RULES, CALENDAR)
    assert clock.grace.last_day == last
    assert clock.declarable_at == midnight(last + timedelta(days=1))


CLOCK = debt_clock(end_of(date(2026, 3, 9)), RULES, CALENDAR)
FREE = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)  # 13 March, 00:00 in Shanghai


@pytest.mark.parametrize("settlement", ["balance_due", "overdue"])
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (CLOCK.due_at, "balance_due"),
        (CLOCK.due_at + timedelta(microseconds=1), "overdue"),
        (FREE - timedelta(microseconds=1), "overdue"),
        (FREE, "declarable"),
    ],
)
def test_the_stored_times_say_where_a_debt_stands(settlement: str, now: datetime, expected: str) -> None:
    assert stage(settlement, CLOCK, now) == expected
    if expected == "declarable":
        check_declarable(settlement, CLOCK, now)
        return
    with pytest.raises(DomainError) as caught:
        check_declarable(settlement, CLOCK, now)
    assert caught.value.code == "renege_too_early"
    assert caught.value.facts["day"] == "2026-03-13"
    assert caught.value.facts["earliest"] == "2026-03-12T16:00:00.000000+00:00"


@pytest.mark.parametrize("settlement", ["paid", "ruled", "handed_over", "reneged", None])
def test_what_is_not_owed_cannot_be_reneged_on(settlement: str | None) -> None:
    with pytest.raises(DomainError, match="wrong_state"):
        check_declarable(settlement, CLOCK, FREE)


def test_only_the_listed_factors_may_be_found() -> None:
    assert check_factors(["collusion", "no_means", "no_means"], RULES) == ("no_means", "collusion")
    with pytest.raises(DomainError) as caught:
        check_factors(["no_means", "bad_face"], RULES)
    (breach,) = caught.value.errors
    assert (breach.field, breach.code) == ("malicious_factors.1", "not_one_of")
    assert breach.facts == {"allowed": RULES.texts("malicious_factors")}


@pytest.mark.parametrize(
    ("factors", "known", "wrong"),
    [
        (["no_means", "repeated"], Known(100, 40, reneged_before=True), []),
        (
            ["no_means", "repeated"],
            Known(100, 40, reneged_before=False),
            [("malicious_factors.1", "no_earlier_renege")],
        ),
        (["price_above_twice_valuation"], Known(81, 40, reneged_before=False), []),
        (
            ["price_above_twice_valuation"],
            Known(80, 40, reneged_before=False),
            [("malicious_factors.0", "price_not_above")],
        ),
        (
            ["price_above_twice_valuation"],
            Known(80, None, reneged_before=False),
            [("malicious_factors.0", "no_reference_price")],
        ),
        (["delay_for_debtor", "collusion"], Known(1, None, reneged_before=False), []),  # for the judges to find
    ],
)
def test_factors_are_held_against_what_the_platform_knows(
    factors: list[str], known: Known, wrong: list[tuple[str, str]]
) -> None:
    if not wrong:
        check_facts(factors, known, RULES)
        return
    with pytest.raises(DomainError) as caught:
        check_facts(factors, known, RULES)
    assert (caught.value.code, [(one.field, one.code) for one in caught.value.errors]) == ("invalid", wrong)


def test_a_judge_sets_a_day_to_come_and_not_too_far() -> None:
    today = date(2026, 3, 13)  # FREE lies in it, in Shanghai
    for days, code in ((-1, "must_be_later"), (0, "must_be_later"), (1, None), (60, None), (61, "too_far")):
        if code is None:
            check_due_on(today + timedelta(days=days), FREE, RULES)
            continue
        with pytest.raises(DomainError) as caught:
            check_due_on(today + timedelta(days=days), FREE, RULES)
        assert [(one.field, one.code) for one in caught.value.errors] == [("due_on", code)]
        assert caught.value.errors[0].facts.get("latest") == ("2026-05-12" if code == "too_far" else None)


@pytest.mark.parametrize(
    ("round_", "held", "forfeit", "kept"),
    [
        (Round.FIRST, 100, None, 100),
        (Round.SECOND, 100, 10, 100),
        (Round.SELL_OFF, 1000, 200, 200),
        (Round.SELL_OFF, 150, 200, 150),  # held again after a revocation
        (Round.FIRST, 0, None, 0),  # a creditor whose claim covered the deposit
    ],
)
def test_the_deposit_is_kept_and_of_a_sell_off_its_announced_part(
    round_: Round, held: int, forfeit: int | None, kept: int
) -> None:
    assert forfeited(round_, held, forfeit) == kept


def test_what_is_owed_is_the_price_less_what_is_there() -> None:
    assert still_owed(1000, 100, 0) == 900
    assert still_owed(1000, 100, 900) == 0
    for wrong in ((1000, 100, 901), (1000, -1, 0), (1000, 0, -1)):
        with pytest.raises(ValueError, match="do not fit"):
            still_owed(*wrong)
