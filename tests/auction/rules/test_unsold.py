"""What may follow an unsold round: who takes it, the debtor's own sale, the return, when enough is sold."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import permutations

import pytest

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.rules.calendar import HolidayCalendar
from auction.rules.lot import AssetType, Round
from auction.rules.ruleset import Ruleset
from auction.rules.unsold import (
    Asked,
    Candidate,
    GroupLot,
    Standstill,
    answers_end,
    check_answerable,
    check_own_price,
    check_returnable,
    commitment,
    difference,
    draw,
    first_taker,
    group_end_findings,
    is_answerable,
    is_asked,
    is_paid,
    is_satisfied,
    legal_rank,
    own_sale_end,
    standstill_findings,
    to_stop,
)
from tests.bidding.hall import refused_with

DAY = timedelta(days=1)
UNTIL = date(2026, 3, 12)


@pytest.mark.parametrize(
    ("role", "claim", "expected"),
    [
        ("applicant", None, True),
        ("secured_creditor", None, True),
        ("other", 1, True),
        ("other", None, False),
        ("debtor", 1, False),
        ("lessee", 1, False),
    ],
)
def test_enforcement_creditors_are_asked(role: str, claim: int | None, expected: bool) -> None:
    assert is_asked(role, claim) is expected


@pytest.mark.parametrize(
    ("asked_on", "until"),
    [
        ("2026-03-02", "2026-03-12"),
        ("2026-02-06", "2026-02-24"),  # the 16th lies in Spring Festival, which is worked again from the 24th
        ("2026-09-22", "2026-10-08"),  # the 2nd lies in National Day
        ("2026-03-05", "2026-03-16"),  # the 15th is a Sunday
    ],
)
def test_creditors_have_ten_days_that_end_on_a_worked_day(
    ruleset: Ruleset, calendar: HolidayCalendar, asked_on: str, until: str
) -> None:
    assert answers_end(date.fromisoformat(asked_on), ruleset, calendar).last_day == date.fromisoformat(until)


def test_the_secured_come_first_and_all_others_alike(ruleset: Ruleset) -> None:
    assert [legal_rank(role, ruleset) for role in ("secured_creditor", "applicant", "other")] == [1, 2, 2]


def test_the_better_rank_takes_and_equals_must_draw() -> None:
    secured, applicant, other = Candidate("s", 2, 1), Candidate("a", 0, 2), Candidate("o", 4, 2)
    assert first_taker([applicant, secured, other], {}) == secured
    with pytest.raises(DomainError) as refused:
        first_taker([applicant, other], {})
    assert (refused.value.code, refused.value.facts["count"]) == ("taking_undrawn", 2)
    assert first_taker([applicant, other], {2: [4, 0]}) == other
    assert first_taker([applicant, other], {2: [0, 4]}) == applicant
    assert refused_with(first_taker, [applicant, other], {2: [0]}) == "taking_undrawn"


def test_anybody_can_compute_a_drawing_again_from_the_seed_that_was_committed_to() -> None:
    seed = "5e" * 32
    assert commitment(seed) == sha256(seed.encode()).hexdigest()
    least = sorted((sha256(f"{seed}:a1:{place}".encode()).hexdigest(), place) for place in (0, 3, 7))
    for order in permutations((0, 3, 7)):
        assert draw(seed, "a1", order) == tuple(place for _, place in least)
    firsts = {draw(f"{n:064x}", "a1", (0, 3, 7))[0] for n in range(40)}
    assert firsts == {0, 3, 7}


@pytest.mark.parametrize(
    ("today", "drawn", "code"),
    [
        (UNTIL, False, None),
        (UNTIL + DAY, False, "taking_late"),
        (UNTIL - DAY, True, "taking_drawn"),
        (UNTIL + DAY, True, "taking_drawn"),
    ],
)
def test_an_answer_stands_once_lots_were_drawn_or_the_last_day_is_over(
    today: date, drawn: bool, code: str | None
) -> None:
    assert is_answerable(UNTIL, today, drawn=drawn) is (code is None)
    if code is None:
        check_answerable(UNTIL, today, drawn=drawn)
    else:
        assert refused_with(check_answerable, UNTIL, today, drawn=drawn) == code


@pytest.mark.parametrize(("claim", "owed"), [(0, 100), (99, 1), (100, 0), (101, 0)])
def test_a_taker_pays_what_its_claim_leaves_of_the_price(claim: int, owed: int) -> None:
    assert difference(100, claim) == owed


@pytest.mark.parametrize(
    ("asked", "today", "is_open"),
    [
        (Asked(UNTIL, 2, 1, 0), UNTIL, True),
        (Asked(UNTIL, 2, 1, 0), UNTIL + DAY, False),
        (Asked(UNTIL, 2, 2, 0), UNTIL - DAY, False),
        (Asked(UNTIL, 2, 2, 1), UNTIL + DAY, True),
    ],
    ids=["last day", "a day later", "all answered", "somebody willing is undecided"],
)
def test_the_question_stands_against_the_next_round_until_it_is_settled(
    ruleset: Ruleset, asked: Asked, today: date, is_open: bool
) -> None:
    assert asked.is_open(today) is is_open
    found = standstill_findings(Standstill(asked=asked), today, UNTIL, ruleset)
    assert [finding.code for finding in found] == (["taking_open"] if is_open else [])


@pytest.mark.parametrize(
    ("willing", "opens_on", "severity"),
    [(0, UNTIL, "error"), (0, UNTIL + DAY, "warning"), (1, UNTIL + DAY, "error")],
)
def test_meanwhile_a_round_may_be_announced_that_opens_after_the_answers(
    ruleset: Ruleset, willing: int, opens_on: date, severity: str
) -> None:
    standstill = Standstill(asked=Asked(UNTIL, 3, 1, willing))
    (finding,) = standstill_findings(standstill, UNTIL - DAY, opens_on, ruleset)
    assert (finding.code, finding.severity) == ("taking_open", severity)


def test_whatever_stands_against_a_further_round_is_told_at_once_with_its_basis(ruleset: Ruleset) -> None:
    all_ = Standstill("taken", Asked(UNTIL, 1, 1, 1), UNTIL, satisfied=True)
    found = {finding.code: str(finding.basis) for finding in standstill_findings(all_, UNTIL, UNTIL + DAY, ruleset)}
    assert found == {
        "lot_disposed": "SALE 16(1)",
        "taking_open": "SALE 16(1)",
        "own_sale_open": "court's practice",
        "group_satisfied": "SALE 14",
    }
    assert list(standstill_findings(Standstill(), UNTIL, UNTIL, ruleset)) == []


END = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((), None),
        ((END + HOUR, END - HOUR), None),
        ((END,), END),
        ((END + HOUR - SECOND,), END + HOUR - SECOND),
        ((END - HOUR + SECOND, END - 2 * HOUR), END - HOUR + SECOND),
        ((END - 30 * SECOND, END + 20 * SECOND), END + 20 * SECOND),
    ],
    ids=["alone", "an hour apart", "together", "a second too near", "before it", "the nearest is told"],
)
def test_lots_of_a_group_that_end_too_close_together_are_told_with_ends_that_would_do(
    ruleset: Ruleset, others: tuple[datetime, ...], told: datetime | None
) -> None:
    found = list(group_end_findings(END, others, ruleset))
    assert [(one.code, one.severity, one.field, str(one.basis)) for one in found] == (
        [("group_ends_close", "warning", "closes_at", "SALE 14")] if told else []
    )
    for one in found:
        assert told is not None
        times = {"other": iso(told), "before": iso(told - HOUR), "after": iso(told + HOUR)}
        assert one.facts == {"required": 60, **times}


@pytest.mark.parametrize(
    ("kind", "until", "code"),
    [
        (AssetType.REAL_ESTATE, "2026-03-02", "must_be_later"),
        (AssetType.REAL_ESTATE, "2026-05-01", None),
        (AssetType.REAL_ESTATE, "2026-05-02", "too_far"),
        (AssetType.EQUITY, "2026-06-02", None),
        (AssetType.EQUITY, "2026-06-03", "too_far"),
    ],
)
def test_a_debtors_own_sale_has_a_longest_term(
    ruleset: Ruleset, calendar: HolidayCalendar, kind: AssetType, until: str, code: str | None
) -> None:
    """60 days by the court's practice, three months for equity (EQ 10)."""
    args = (date.fromisoformat(until), date(2026, 3, 2), kind, ruleset, calendar)
    if code is None:
        assert own_sale_end(*args).last_day >= date.fromisoformat(until)
    else:
        with pytest.raises(DomainError) as refused:
            own_sale_end(*args)
        assert [breach.code for breach in refused.value.errors] == [code]


@pytest.mark.parametrize(
    ("price", "reference", "code"),
    [
        (100, 150, "not_above_failed"),
        (101, 150, None),
        (300, 150, None),
        (301, 150, "own_sale_implausible"),
        (200, None, None),
        (201, None, "own_sale_implausible"),
        (10**15, 150, "own_sale_implausible"),
    ],
)
def test_a_debtor_may_sell_only_above_the_failed_price_and_not_for_any_number(
    ruleset: Ruleset, price: int, reference: int | None, code: str | None
) -> None:
    found = None
    try:
        check_own_price(price, 100, reference, ruleset, "offer_fen")
    except DomainError as refused:
        (breach,) = refused.errors
        found = breach.code
    assert found == code


@pytest.mark.parametrize(
    ("round_", "kind", "refused"),
    [
        (Round.FIRST, AssetType.REAL_ESTATE, True),
        (Round.SECOND, AssetType.REAL_ESTATE, True),
        (Round.SELL_OFF, AssetType.REAL_ESTATE, False),
        (Round.FIRST, AssetType.VEHICLE, True),
        (Round.SECOND, AssetType.VEHICLE, False),
        (Round.SELL_OFF, AssetType.VEHICLE, False),
    ],
)
def test_a_lot_goes_back_after_the_sell_off_and_a_movable_after_the_second(
    round_: Round, kind: AssetType, refused: bool
) -> None:
    """SALE 24, 25(2)."""
    if refused:
        assert refused_with(check_returnable, round_, "unsold", kind, None, UNTIL) == "return_too_early"
    else:
        check_returnable(round_, "unsold", kind, None, UNTIL)
        waits = Asked(UNTIL, 1, 0, 0)
        assert refused_with(check_returnable, round_, "unsold", kind, waits, UNTIL) == "taking_open"
        check_returnable(round_, "unsold", kind, waits, UNTIL + DAY)
        assert refused_with(check_returnable, round_, "withdrawn", kind, None, UNTIL) == "return_too_early"


@pytest.mark.parametrize(
    ("brought", "sell_all", "expected"), [(109, False, False), (110, False, True), (111, True, False)]
)
def test_enough_is_sold_once_claim_and_costs_are_covered_unless_the_debtor_agreed_to_all(
    brought: int, sell_all: bool, expected: bool
) -> None:
    """SALE 14."""
    lots = [GroupLot("l1", brought - 9, 0), GroupLot("l2", 9, 0), GroupLot("l3", 0, 0)]
    assert is_satisfied(lots, 100, 10, sell_all=sell_all) is expected
    assert not is_paid(lots, 100, 10, sell_all=sell_all)  # nobody has paid yet
    paid = [GroupLot("l1", brought, brought - 9), GroupLot("l2", 9, 9), GroupLot("l3", 0, 0)]
    assert is_paid(paid, 100, 10, sell_all=sell_all) is expected


@pytest.mark.parametrize(
    ("status", "held", "stopped"),
    [
        ("draft", False, False),
        ("announced", False, True),
        ("open", False, True),
        ("suspended", False, True),
        ("suspended", True, False),
        ("sold", False, False),
        ("unsold", False, False),
    ],
)
def test_whatever_has_not_closed_is_stopped(status: str, held: bool, stopped: bool) -> None:
    assert to_stop([GroupLot("l", 0, 0, "a", status, held)]) == (("a",) if stopped else ())
    assert to_stop([GroupLot("l", 0, 0)]) == ()
