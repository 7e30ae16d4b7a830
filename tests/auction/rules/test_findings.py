"""What each finding says, word for word: the facts from which pages make their sentences in two languages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from auction.rules.calendar import HolidayCalendar
from auction.rules.findings import Finding
from auction.rules.lot import AssetType, AuctionStatus, PartyRole
from auction.rules.notices import Addressee, NoticeRecipient, NoticeStatus
from auction.rules.panel import PanelMember
from auction.rules.reference_price import PriceMethod, PriceResult, PriceStep, ReferencePrice, entry_findings
from auction.rules.rounds import EarlierRound, board_warning
from auction.rules.ruleset import Ruleset
from auction.rules.terms import Proposal

SHANGHAI = ZoneInfo("Asia/Shanghai")
Change = Callable[..., Proposal]
Found = Callable[[Proposal], tuple[Finding, ...]]
Told = tuple[str, str, str, str, dict[str, int | str]]


def told(found: tuple[Finding, ...]) -> list[Told]:
    return [(each.code, each.severity, each.field, each.basis.code, dict(each.facts)) for each in found]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"reserve_price_fen": 69_999_999},
            (
                "reserve_below_floor",
                "error",
                "reserve_price_fen",
                "OJA 10(2)",
                {"reserve_price_fen": 69_999_999, "minimum_fen": 70_000_000},
            ),
        ),
        (
            {"deposit_fen": 1},
            (
                "deposit_out_of_range",
                "error",
                "deposit_fen",
                "OJA 17(1)",
                {"deposit_fen": 1, "minimum_fen": 3_500_000, "maximum_fen": 14_000_000},
            ),
        ),
        (
            {"increment_fen": 0},
            ("increment_invalid", "error", "increment_fen", "OJA 20(1), 27", {"increment_fen": 0, "minimum_fen": 1}),
        ),
        (
            {"increment_fen": 34_999},
            (
                "increment_invalid",
                "warning",
                "increment_fen",
                "court's practice",
                {"increment_fen": 34_999, "minimum_fen": 35_000, "maximum_fen": 14_000_000},
            ),
        ),
        (
            {"increment_fen": 14_000_001},
            (
                "increment_invalid",
                "warning",
                "increment_fen",
                "court's practice",
                {"increment_fen": 14_000_001, "minimum_fen": 35_000, "maximum_fen": 14_000_000},
            ),
        ),
        (
            {"balance_days": 0},
            ("balance_days_invalid", "error", "balance_days", "OJA 25", {"days": 0, "minimum": 1, "usual": 60}),
        ),
        (
            {"balance_days": 61},
            (
                "balance_days_unusual",
                "warning",
                "balance_days",
                "court's practice",
                {"days": 61, "minimum": 1, "usual": 60},
            ),
        ),
        (
            {"opens_at": at("2026-04-01T10:00")},
            (
                "notice_too_short",
                "error",
                "opens_at",
                "OJA 12(1)",
                {"required": 30, "days": 29, "earliest": "2026-04-01T16:00:00.000000+00:00"},
            ),
        ),
        (
            {"closes_at": at("2026-04-02T23:59:59")},
            (
                "bidding_too_short",
                "error",
                "closes_at",
                "OJA 20(2)",
                {"required_seconds": 86_400, "seconds": 86_399, "exact": 0},
            ),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_a_finding_on_the_terms_of_a_first_auction(
    found: Found, with_terms: Change, changes: dict[str, object], expected: Told
) -> None:
    assert told(found(with_terms(**changes))) == [expected]


def test_the_findings_on_a_second_auction(found: Found, second: Proposal, with_terms: Change) -> None:
    late = {"act": "opening", "last_day": "2026-03-26", "provisional": 0}
    broken = with_terms(
        second,
        reserve_price_fen=55_999_999,
        opens_at=at("2026-03-27T00:00"),
        closes_at=at("2026-03-28T00:00"),
    )
    assert told(found(broken)) == [
        (
            "cut_above_limit",
            "error",
            "reserve_price_fen",
            "OJA 26(1)",
            {"reserve_price_fen": 55_999_999, "minimum_fen": 56_000_000},
        ),
        ("relist_too_late", "error", "opens_at", "OJA 26(1)", late),
    ]
    excused = with_terms(broken, reserve_price_fen=56_000_000, late_reason="other", late_reason_text="等待批复")
    assert told(found(excused)) == [
        ("relist_too_late", "warning", "opens_at", "OJA 26(1)", late | {"late_reason": "other"})
    ]


def test_the_findings_on_a_sell_off(found: Found, sell_off: Proposal, with_terms: Change) -> None:
    ended = replace(sell_off.earlier[1], ended_at=datetime(2026, 2, 2, tzinfo=UTC))
    broken = with_terms(
        replace(sell_off, earlier=(sell_off.earlier[0], ended)),
        reserve_price_fen=60_000_000,
        deposit_fen=1,
        forfeit_fen=2,
        closes_at=sell_off.terms.opens_at + timedelta(days=61),
        opens_at=sell_off.terms.opens_at - timedelta(seconds=1),
    )
    practice = "court's practice"
    assert told(found(broken)) == [
        (
            "reserve_below_floor",
            "error",
            "reserve_price_fen",
            practice,
            {"reserve_price_fen": 60_000_000, "minimum_fen": 56_000_000, "exact_fen": 56_000_000},
        ),
        (
            "deposit_out_of_range",
            "error",
            "deposit_fen",
            practice,
            {"deposit_fen": 1, "minimum_fen": 60_000_000, "maximum_fen": 60_000_000},
        ),
        (
            "deposit_out_of_range",
            "error",
            "forfeit_fen",
            practice,
            {"forfeit_fen": 2, "minimum_fen": 3_000_000, "maximum_fen": 12_000_000},
        ),
        (
            "notice_too_short",
            "error",
            "opens_at",
            practice,
            {"required": 15, "days": 14, "earliest": "2026-03-17T16:00:00.000000+00:00"},
        ),
        (
            "bidding_too_short",
            "error",
            "closes_at",
            practice,
            {"required_seconds": 5_184_000, "seconds": 5_270_401, "exact": 1},
        ),
        (
            "relist_too_late",
            "error",
            "late_reason",
            practice,
            {"act": "announcement", "last_day": "2026-02-24", "provisional": 0},
        ),
    ]
    silent = told(found(with_terms(sell_off, forfeit_fen=None)))
    assert silent[0][4] == {"forfeit_fen": 0, "minimum_fen": 2_800_000, "maximum_fen": 11_200_000}


def test_the_finding_on_a_resale_below_the_floor_of_a_first_sale(
    found: Found, second: Proposal, second_unsold: EarlierRound
) -> None:
    reneged = replace(second_unsold, status=AuctionStatus.SOLD, reneged=True)
    resale = told(found(replace(second, earlier=(*second.earlier, reneged))))
    assert resale[0] == (
        "reserve_below_floor",
        "error",
        "reserve_price_fen",
        "court's practice",
        {"reserve_price_fen": 56_000_000, "minimum_fen": 70_000_000},
    )


def test_the_finding_on_a_ship(found: Found, lawful: Proposal) -> None:
    (finding,) = told(found(replace(lawful, asset_type=AssetType.VESSEL)))
    facts = {"reserve_price_fen": 70_000_000, "minimum_fen": 80_000_000}
    assert finding == ("reserve_below_floor", "error", "reserve_price_fen", "SHIP 12", facts)


@pytest.mark.parametrize(
    ("stories", "facts"),
    [
        ("open", {"round": "first", "expected": "", "reason": "live"}),
        ("sold", {"round": "first", "expected": "", "reason": "sold"}),
        ("unsold", {"round": "first", "expected": "second"}),
    ],
)
def test_the_finding_on_a_round_out_of_order(
    found: Found, lawful: Proposal, first_unsold: EarlierRound, stories: str, facts: dict[str, int | str]
) -> None:
    earlier = (replace(first_unsold, status=AuctionStatus(stories)),)
    findings = told(found(replace(lawful, earlier=earlier)))
    assert findings[0] == ("round_out_of_order", "error", "round", "OJA 26(1)", facts)


def test_the_findings_on_a_panel(found: Found, lawful: Proposal) -> None:
    pair = (PanelMember("judge1", "judge", "3201"), PanelMember("clerk1", "clerk", "3201"))
    assert told(found(replace(lawful, panel=pair))) == [
        ("panel_incomplete", "error", "panel", "OJA 27", {"reason": "too_few", "members": 2, "required": 3}),
        ("panel_incomplete", "error", "panel", "CPL 40(1)", {"reason": "even", "members": 2}),
        ("panel_incomplete", "error", "panel.1", "OJA 27", {"reason": "not_judge", "member": "clerk1"}),
    ]


def test_the_findings_on_a_reference_price(found: Found, lawful: Proposal, price: ReferencePrice) -> None:
    broken = replace(
        price,
        effective_on=date(2024, 12, 1),
        valid_until=date(2026, 3, 1),
        results=(PriceResult("", 100_000_000, date(2026, 1, 5)),),
        steps=(
            PriceStep("report_served", date(2026, 2, 25)),
            PriceStep("objection_filed", date(2026, 3, 1)),
        ),
    )
    at_fault = "reference_price_expired", "error", "reference_price"
    steps = "reference_price.steps"
    order = "REF 4(1), 5(1), 7(1), 14"
    assert told(found(replace(lawful, reference_price=broken))) == [
        (
            *at_fault,
            "REF 27(3)",
            {"reason": "announced_after_validity", "valid_until": "2026-03-01", "announced_on": "2026-03-02"},
        ),
        (*at_fault, "REF 27(1)", {"reason": "validity_too_long", "limit": "2025-12-01", "valid_until": "2026-03-01"}),
        (*at_fault, "REF 22(2), 23(1)", {"reason": "objection_open", "open": 1}),
        (
            "reference_price_results_missing",
            "warning",
            "reference_price.results.0",
            order,
            {"method": "network_inquiry", "number": 1},
        ),
        ("reference_price_steps_missing", "warning", steps, order, {"steps": "network_inquiry_asked"}),
        ("reference_price_steps_missing", "warning", steps, order, {"steps": "report_received"}),
        ("reference_price_method_skipped", "warning", steps, order, {"method": "agreement"}),
        ("reference_price_method_skipped", "warning", steps, order, {"method": "directed_inquiry"}),
        (
            "reference_price_objection_period",
            "warning",
            steps,
            "REF 22(1), 23(1)",
            {"last_day": "2026-03-02", "provisional": 0},
        ),
    ]


def test_the_findings_on_a_price_that_is_missing_or_too_old(
    found: Found, lawful: Proposal, price: ReferencePrice
) -> None:
    at_fault = "reference_price_expired", "error", "reference_price"
    assert told(found(replace(lawful, reference_price=None))) == [(*at_fault, "REF 1", {"reason": "missing"})]
    old = replace(price, effective_on=date(2025, 4, 1), valid_until=date(2025, 10, 1))
    late = {"reason": "opens_too_late", "limit": "2026-04-01", "opens_on": "2026-04-02"}
    assert told(found(replace(lawful, reference_price=old)))[1] == (*at_fault, "REF 27(3)", late)


def test_the_findings_on_a_price_as_entered(ruleset: Ruleset, calendar: HolidayCalendar, price: ReferencePrice) -> None:
    order = "REF 4(1), 5(1), 7(1), 14"
    wrong = replace(
        price,
        amount_fen=0,
        valid_until=date(2026, 1, 4),
        results=(PriceResult("平台甲", 0, date(2026, 1, 4)), PriceResult("平台乙", 7, date(2026, 1, 4))),
    )
    assert told(entry_findings(wrong, ruleset, calendar)) == [
        ("amount_out_of_range", "error", "reference_price.amount_fen", order, {"minimum_fen": 1}),
        ("validity_reversed", "error", "reference_price.valid_until", "REF 27(1)", {}),
        ("result_out_of_range", "error", "reference_price.results.0.amount_fen", order, {"minimum_fen": 1}),
        ("not_the_mean", "error", "reference_price.amount_fen", "REF 13(1)", {"mean_fen": 4}),
    ]


def test_the_findings_on_steps_and_results_that_are_not_there(
    found: Found, lawful: Proposal, price: ReferencePrice
) -> None:
    bare = replace(price, method=PriceMethod.APPRAISAL, results=(), steps=price.steps[:2])
    order = "REF 4(1), 5(1), 7(1), 14"
    assert told(found(replace(lawful, reference_price=bare)))[:4] == [
        ("reference_price_results_missing", "warning", "reference_price.results", order, {"method": "appraisal"}),
        ("reference_price_steps_missing", "warning", "reference_price.steps", order, {"steps": "appraisal_asked"}),
        ("reference_price_steps_missing", "warning", "reference_price.steps", order, {"steps": "report_received"}),
        (
            "reference_price_steps_missing",
            "warning",
            "reference_price.steps",
            "REF 21(1)",
            {"steps": "report_published report_served"},
        ),
    ]


def test_the_findings_on_notices(found: Found, second: Proposal) -> None:
    def recipient(name: str, status: str, moment: str | None) -> NoticeRecipient:
        when = at(moment) if moment else None
        return NoticeRecipient(name, PartyRole.PREFERENTIAL, NoticeStatus(status), when, proof_file="回证")

    recipients = (
        recipient("甲", "to_notify", None),
        recipient("乙", "received", None),
        recipient("丙", "sent", "2026-02-26T10:00"),
        recipient("丁", "received", "2026-02-27T10:00"),
        recipient("戊", "unreachable_published", "2026-02-25T10:00"),
        recipient("己", "received", "2026-02-20T10:00"),
    )
    proposal = replace(
        second,
        asset_type=AssetType.EQUITY,
        recipients=recipients,
        addressees=(Addressee("王某", PartyRole.DEBTOR),),
    )

    def outstanding(number: int | None, basis: str, name: str, reason: str, **facts: int | str) -> Told:
        role = "debtor" if number is None else "preferential"
        field = "notices" if number is None else f"notices.{number}"
        return ("notice_outstanding", "error", field, basis, {"name": name, "role": role, "reason": reason} | facts)

    def shares(number: int, name: str, last_day: str, earliest: str) -> Told:
        facts: dict[str, int | str] = {"required": 20, "last_day": last_day, "provisional": 0, "earliest": earliest}
        return outstanding(number, "COMP 85", name, "shareholders_time", **facts)

    assert told(found(proposal)) == [
        outstanding(None, "OJA 16(1)", "王某", "missing"),
        outstanding(0, "OJA 16(1)", "甲", "to_notify"),
        outstanding(1, "OJA 16(1)", "乙", "undated"),
        outstanding(2, "OJA 16(1)", "丙", "receipt_unproven"),
        shares(2, "丙", "2026-03-18", "2026-03-18T16:00:00.000000+00:00"),
        outstanding(
            3, "OJA 16(1)", "丁", "too_recent", required=3, days=2, earliest="2026-03-02T16:00:00.000000+00:00"
        ),
        shares(3, "丁", "2026-03-19", "2026-03-19T16:00:00.000000+00:00"),
        outstanding(
            4, "OJA 16(1)", "戊", "too_recent", required=8, days=4, earliest="2026-03-05T16:00:00.000000+00:00"
        ),
        shares(4, "戊", "2026-03-23", "2026-03-23T16:00:00.000000+00:00"),
        (
            "notice_outstanding",
            "warning",
            "notices.5",
            "OJA 16(1)",
            {"name": "己", "role": "preferential", "reason": "before_last_round"},
        ),
    ]


def test_the_warning_on_the_board(
    ruleset: Ruleset, calendar: HolidayCalendar, first_unsold: EarlierRound, second_unsold: EarlierRound
) -> None:
    first = board_warning((first_unsold,), date(2026, 3, 21), ruleset, calendar)
    second = board_warning((first_unsold, second_unsold), date(2026, 3, 21), ruleset, calendar)
    assert first is not None
    assert second is not None
    assert told((first, second)) == [
        (
            "relist_too_late",
            "warning",
            "opens_at",
            "OJA 26(1)",
            {"act": "opening", "last_day": "2026-03-26", "provisional": 0},
        ),
        (
            "relist_too_late",
            "warning",
            "late_reason",
            "court's practice",
            {"act": "announcement", "last_day": "2026-03-13", "provisional": 0},
        ),
    ]
