"""Terms of a first auction: every limit of the law, a unit on each side of it, and all breaches at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.rules.calendar import HolidayCalendar
from auction.rules.findings import Finding, errors
from auction.rules.lot import AssetType, PartyRole, Round
from auction.rules.notices import Addressee
from auction.rules.reference_price import ReferencePrice
from auction.rules.rounds import EarlierRound
from auction.rules.ruleset import Ruleset, load
from auction.rules.terms import Proposal, check_terms, deposit_range, notice_days

SHANGHAI = ZoneInfo("Asia/Shanghai")
Change = Callable[..., Proposal]
Found = Callable[[Proposal], tuple[Finding, ...]]
Codes = Callable[[Proposal], list[str]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_terms_at_every_limit_are_lawful(found: Found, lawful: Proposal, second: Proposal, sell_off: Proposal) -> None:
    assert found(lawful) == ()
    assert found(second) == ()
    assert found(sell_off) == ()


# OJA 10(2): the floor of a first auction


@pytest.mark.parametrize(
    ("reference", "reserve", "lawful_reserve"),
    [
        (100_000_000, 70_000_000, True),
        (100_000_000, 69_999_999, False),
        (100_000_000, 70_000_001, True),
        (101, 71, True),
        (101, 70, False),
        (1, 1, True),
        (1, 0, False),
        (10**15, 7 * 10**14, True),
        (10**15, 7 * 10**14 - 1, False),
    ],
    ids=lambda value: f"OJA 10(2) {value}" if isinstance(value, int) else None,
)
def test_a_first_reserve_is_seven_tenths_of_the_reference_price(
    found: Found,
    with_terms: Change,
    price: ReferencePrice,
    reference: int,
    reserve: int,
    lawful_reserve: bool,
) -> None:
    proposal = replace(with_terms(reserve_price_fen=reserve), reference_price=replace(price, amount_fen=reference))
    breaches = [each for each in found(proposal) if each.code == "reserve_below_floor"]
    assert (breaches == []) is lawful_reserve
    for breach in breaches:
        assert (breach.field, breach.basis.code, breach.severity) == ("reserve_price_fen", "OJA 10(2)", "error")
        assert breach.facts["reserve_price_fen"] == reserve
        assert breach.facts["minimum_fen"] == -(-7 * reference // 10)


def test_without_a_reference_price_only_the_missing_price_is_told(codes: Codes, lawful: Proposal) -> None:
    assert codes(replace(lawful, reference_price=None)) == ["reference_price_expired"]


def test_without_a_reference_price_a_reserve_is_still_an_amount(found: Found, codes: Codes, with_terms: Change) -> None:
    nothing = replace(with_terms(reserve_price_fen=0, deposit_fen=0), reference_price=None)
    assert codes(nothing) == ["reserve_below_floor", "reference_price_expired"]
    assert found(nothing)[0].facts == {"reserve_price_fen": 0, "minimum_fen": 1}


@pytest.mark.parametrize(("reserve", "allowed"), [(69_999_999, False), (79_999_999, False), (80_000_000, True)])
def test_a_first_reserve_of_a_ship_is_eight_tenths_of_its_valuation(
    found: Found, lawful: Proposal, with_terms: Change, reserve: int, allowed: bool
) -> None:
    ship = with_terms(
        replace(lawful, asset_type=AssetType.VESSEL), reserve_price_fen=reserve, deposit_fen=reserve // 10
    )
    breaches = [each for each in found(ship) if each.code == "reserve_below_floor"]
    assert [(breach.severity, breach.basis.code) for breach in breaches] == ([] if allowed else [("error", "SHIP 12")])


def test_a_ship_is_cut_by_a_fifth_at_most(found: Found, second: Proposal, with_terms: Change) -> None:
    ship = replace(second, asset_type=AssetType.VESSEL)
    assert [each for each in found(ship) if each.code == "cut_above_limit"] == []
    lower = ship.terms.reserve_price_fen - 1
    told = [each for each in found(with_terms(ship, reserve_price_fen=lower)) if each.code == "cut_above_limit"]
    assert [(each.severity, each.basis.code) for each in told] == [("error", "SHIP 12")]


# OJA 17(1): the deposit


@pytest.mark.parametrize(
    ("reserve", "deposit", "allowed"),
    [
        (70_000_000, 3_500_000, True),
        (70_000_000, 3_499_999, False),
        (70_000_000, 3_500_001, True),
        (70_000_000, 14_000_000, True),
        (70_000_000, 14_000_001, False),
        (70_000_000, 13_999_999, True),
        (70_000_001, 3_500_000, False),
        (70_000_001, 3_500_001, True),
        (70_000_004, 14_000_000, True),
        (70_000_004, 14_000_001, False),
        (70_000_000, 0, False),
    ],
    ids=lambda value: f"OJA 17(1) {value}" if isinstance(value, int) else None,
)
def test_a_deposit_is_a_twentieth_to_a_fifth_of_the_reserve(
    found: Found, with_terms: Change, reserve: int, deposit: int, allowed: bool
) -> None:
    breaches = errors(found(with_terms(reserve_price_fen=reserve, deposit_fen=deposit)))
    assert [(breach.code, breach.basis.code) for breach in breaches] == (
        [] if allowed else [("deposit_out_of_range", "OJA 17(1)")]
    )


@given(st.integers(1, 10**15))
def test_the_deposit_range_is_exact(reserve: int) -> None:
    least, most = deposit_range(Round.FIRST, reserve, load("spc-2016"))
    assert 20 * (least - 1) < reserve <= 20 * least
    assert 5 * most <= reserve < 5 * (most + 1)
    assert deposit_range(Round.SELL_OFF, reserve, load("spc-2016")) == (reserve, reserve)


# OJA 12(1), 26(1): notice

IMMOVABLE = ("real_estate", "land_use_right", "equity", "intellectual_property", "receivable", "other")
MOVABLE = ("vehicle", "machinery", "goods", "vessel")
DAYS = {"first": (30, 15), "second": (15, 7), "sell_off": (15, 7)}


@pytest.mark.parametrize("asset_type", IMMOVABLE + MOVABLE)
@pytest.mark.parametrize("round_", DAYS)
def test_notice_depends_on_round_and_kind(ruleset: Ruleset, round_: str, asset_type: str) -> None:
    days, key = notice_days(Round(round_), AssetType(asset_type), ruleset)
    assert days == DAYS[round_][asset_type in MOVABLE]
    assert (
        ruleset.basis(key).code == {"first": "OJA 12(1)", "second": "OJA 26(1)", "sell_off": "court's practice"}[round_]
    )
    after_renege, _ = notice_days(Round(round_), AssetType(asset_type), ruleset, after_renege=True)
    assert after_renege == DAYS["first"][asset_type in MOVABLE]


@pytest.mark.parametrize(
    ("asset_type", "opens", "allowed"),
    [
        ("real_estate", "2026-04-02T00:00:00", True),
        ("real_estate", "2026-04-01T23:59:59", False),
        ("vehicle", "2026-03-18T00:00:00", True),
        ("vehicle", "2026-03-17T23:59:59", False),
        ("other", "2026-04-01T23:59:59", False),
        ("real_estate", "2026-02-01T00:00:00", False),
    ],
    ids=lambda value: f"OJA 12(1) {value}" if isinstance(value, str) else None,
)
def test_the_whole_days_of_notice_lie_between_announcing_and_opening(
    found: Found,
    lawful: Proposal,
    with_terms: Change,
    asset_type: str,
    opens: str,
    allowed: bool,
) -> None:
    opens_at = at(opens)
    base = replace(lawful, asset_type=AssetType(asset_type))
    breaches = errors(found(with_terms(base, opens_at=opens_at, closes_at=opens_at + timedelta(days=1))))
    assert [breach.code for breach in breaches] == ([] if allowed else ["notice_too_short"])


def test_too_short_a_notice_says_how_short_and_until_when(found: Found, with_terms: Change) -> None:
    opens_at = at("2026-03-31T10:00")
    (breach,) = found(with_terms(opens_at=opens_at, closes_at=opens_at + timedelta(days=1)))
    assert breach.field == "opens_at"
    assert breach.facts == {"required": 30, "days": 28, "earliest": "2026-04-01T16:00:00.000000+00:00"}


# OJA 20(2): the window


@pytest.mark.parametrize(("seconds", "allowed"), [(86_399, False), (86_400, True), (86_401, True), (-1, False)])
def test_bidding_lasts_a_day_at_least(
    found: Found, lawful: Proposal, with_terms: Change, seconds: int, allowed: bool
) -> None:
    closes_at = lawful.terms.opens_at + timedelta(seconds=seconds)
    breaches = errors(found(with_terms(closes_at=closes_at)))
    assert [(breach.code, breach.basis.code) for breach in breaches] == (
        [] if allowed else [("bidding_too_short", "OJA 20(2)")]
    )
    assert all(breach.facts == {"required_seconds": 86_400, "seconds": seconds, "exact": 0} for breach in breaches)


# The increment


@pytest.mark.parametrize(
    ("increment", "severity"),
    [
        (0, "error"),
        (-1, "error"),
        (1, "warning"),
        (34_999, "warning"),
        (35_000, None),
        (14_000_000, None),
        (14_000_001, "warning"),
    ],
)
def test_an_increment_is_a_fen_at_least_and_sensible(
    found: Found, with_terms: Change, increment: int, severity: str | None
) -> None:
    findings = found(with_terms(increment_fen=increment))
    assert [(finding.code, finding.severity) for finding in findings] == (
        [("increment_invalid", severity)] if severity else []
    )
    assert all(finding.basis.by_law is (severity == "error") for finding in findings)


# The balance


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, [("balance_days_invalid", "error")]),
        (0, [("balance_days_invalid", "error")]),
        (1, []),
        (60, []),
        (61, [("balance_days_unusual", "warning")]),
    ],
)
def test_the_balance_has_a_day_at_least(
    found: Found, with_terms: Change, days: int, expected: list[tuple[str, str]]
) -> None:
    assert [(finding.code, finding.severity) for finding in found(with_terms(balance_days=days))] == expected


# Everything at once


def test_all_breaches_come_at_once_in_the_order_of_the_public_list(
    found: Found, lawful: Proposal, price: ReferencePrice, with_terms: Change, first_unsold: EarlierRound
) -> None:
    opens_at = at("2026-03-03T00:00")
    broken = with_terms(
        replace(
            lawful,
            reference_price=replace(price, valid_until=date(2026, 3, 1)),
            panel=lawful.panel[:2],
            addressees=(*lawful.addressees, Addressee("王某", PartyRole.PREFERENTIAL)),
            earlier=(replace(first_unsold, ended_at=datetime(2026, 1, 5, tzinfo=UTC), announced_at=None),),
        ),
        reserve_price_fen=1,
        deposit_fen=1_000,
        increment_fen=0,
        opens_at=opens_at,
        closes_at=opens_at + timedelta(hours=1),
        balance_days=0,
    )
    findings = found(broken)
    told = list(dict.fromkeys(finding.code for finding in errors(findings)))
    assert told == [
        "reserve_below_floor",
        "deposit_out_of_range",
        "notice_too_short",
        "bidding_too_short",
        "increment_invalid",
        "reference_price_expired",
        "panel_incomplete",
        "notice_outstanding",
        "round_out_of_order",
        "relist_too_late",
        "balance_days_invalid",
    ]
    assert [finding.severity for finding in findings] == sorted(finding.severity for finding in findings)


def test_a_finding_becomes_a_breach_of_the_refusal(found: Found, with_terms: Change) -> None:
    (finding,) = found(with_terms(deposit_fen=1))
    breach = finding.breach()
    assert (breach.code, breach.field) == ("deposit_out_of_range", "deposit_fen")
    assert breach.basis is not None
    assert breach.basis.zh == "《最高人民法院关于人民法院网络司法拍卖若干问题的规定》第十七条第一款"
    assert breach.basis.en.endswith("Online Judicial Auctions (2016), article 17, paragraph 1")
    assert breach.facts == {"deposit_fen": 1, "minimum_fen": 3_500_000, "maximum_fen": 14_000_000}


@given(hours=st.lists(st.integers(0, 24 * 600), min_size=2, max_size=2).map(sorted))
def test_opening_later_only_ever_helps_the_notice_and_hurts_the_price(
    ruleset: Ruleset, calendar: HolidayCalendar, now: datetime, lawful: Proposal, hours: list[int]
) -> None:
    sooner, later = (
        {
            (finding.code, finding.facts.get("reason", ""))
            for finding in check_terms(
                replace(
                    lawful,
                    terms=replace(
                        lawful.terms,
                        opens_at=now + timedelta(hours=wait),
                        closes_at=now + timedelta(hours=wait + 24),
                    ),
                ),
                ruleset=ruleset,
                calendar=calendar,
                now=now,
            )
        }
        for wait in hours
    )
    assert sooner | later <= {("notice_too_short", ""), ("reference_price_expired", "opens_too_late")}
    assert ("notice_too_short", "") not in later - sooner
    assert ("reference_price_expired", "opens_too_late") not in sooner - later


@given(
    reserve=st.integers(0, 2 * 10**8),
    deposit=st.integers(0, 4 * 10**7),
    increment=st.integers(-1, 10**8),
    days=st.integers(-2, 90),
)
def test_terms_pass_exactly_when_every_inequality_of_the_law_holds(
    ruleset: Ruleset,
    calendar: HolidayCalendar,
    now: datetime,
    lawful: Proposal,
    reserve: int,
    deposit: int,
    increment: int,
    days: int,
) -> None:
    terms = replace(
        lawful.terms,
        reserve_price_fen=reserve,
        deposit_fen=deposit,
        increment_fen=increment,
        balance_days=days,
    )
    told = errors(check_terms(replace(lawful, terms=terms), ruleset=ruleset, calendar=calendar, now=now))
    holds = (
        10 * reserve >= 7 * 100_000_000
        and reserve <= 20 * deposit
        and 5 * deposit <= reserve
        and increment >= 1
        and days >= 1
    )
    assert (told == ()) is holds
