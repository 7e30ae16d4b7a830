"""The shipped ruleset, the published calendar, and proposals the law allows, to be spoiled one field at a time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from auction.rules.calendar import HolidayCalendar
from auction.rules.findings import Finding, errors
from auction.rules.lot import AssetType, AuctionStatus, PartyRole, Round
from auction.rules.notices import Addressee, NoticeRecipient, NoticeStatus
from auction.rules.panel import PanelMember
from auction.rules.published_holidays import published_calendar
from auction.rules.reference_price import PriceMethod, PriceResult, PriceStep, ReferencePrice
from auction.rules.rounds import EarlierRound
from auction.rules.ruleset import Ruleset, load
from auction.rules.terms import Proposal, Terms, check_terms

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="session")
def ruleset() -> Ruleset:
    return load("spc-2016")


@pytest.fixture(scope="session")
def calendar(ruleset: Ruleset) -> HolidayCalendar:
    return published_calendar(ruleset)


@pytest.fixture(scope="session")
def now() -> datetime:
    """The moment of announcing: Monday 2 March 2026, ten in the morning."""
    return datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


@pytest.fixture(scope="session")
def price() -> ReferencePrice:
    """A network inquiry without a blemish: one million yuan, valid for a year, objections over."""
    return ReferencePrice(
        method=PriceMethod.NETWORK_INQUIRY,
        amount_fen=100_000_000,
        effective_on=date(2026, 1, 5),
        valid_until=date(2027, 1, 5),
        results=(
            PriceResult("平台甲", 99_000_000, date(2026, 1, 4)),
            PriceResult("平台乙", 101_000_000, date(2026, 1, 5)),
        ),
        steps=(
            PriceStep("agreement_failed", date(2025, 12, 10), "双方报价不一致"),
            PriceStep("directed_inquiry_skipped", date(2025, 12, 12), "无计税基准价"),
            PriceStep("network_inquiry_asked", date(2026, 1, 2)),
            PriceStep("report_received", date(2026, 1, 5)),
            PriceStep("report_served", date(2026, 1, 7)),
        ),
    )


@pytest.fixture(scope="session")
def lawful(now: datetime, price: ReferencePrice) -> Proposal:
    """A first auction of a house, announced at `now`, exactly at every limit of the law."""
    opens_at = datetime(2026, 4, 2, tzinfo=SHANGHAI)
    notified = datetime(2026, 2, 26, 17, tzinfo=SHANGHAI)
    return Proposal(
        terms=Terms(
            round=Round.FIRST,
            reserve_price_fen=70_000_000,
            increment_fen=500_000,
            deposit_fen=3_500_000,
            opens_at=opens_at,
            closes_at=opens_at + timedelta(hours=24),
            balance_days=10,
        ),
        asset_type=AssetType.REAL_ESTATE,
        court_code="3201",
        reference_price=price,
        addressees=(Addressee("甲银行", PartyRole.APPLICANT), Addressee("李某", PartyRole.DEBTOR)),
        recipients=(
            NoticeRecipient("甲银行", PartyRole.APPLICANT, NoticeStatus.RECEIVED, notified, proof_file="回证一"),
            NoticeRecipient("李某", PartyRole.DEBTOR, NoticeStatus.RECEIVED, notified, proof_file="回证二"),
        ),
        panel=tuple(PanelMember(name, "judge", "3201") for name in ("judge1", "judge2", "judge3")),
    )


@pytest.fixture(scope="session")
def with_terms(lawful: Proposal) -> Callable[..., Proposal]:
    """The lawful proposal with some of its terms changed."""

    def change(base: Proposal = lawful, **changes: object) -> Proposal:
        return replace(base, terms=replace(base.terms, **changes))  # type: ignore[arg-type]

    return change


@pytest.fixture(scope="session")
def first_unsold() -> EarlierRound:
    """The first auction of the house, which went unsold on 24 February."""
    return EarlierRound(
        auction_id="a1",
        round=Round.FIRST,
        status=AuctionStatus.UNSOLD,
        reserve_price_fen=70_000_000,
        deposit_fen=7_000_000,
        announced_at=datetime(2026, 1, 20, 2, tzinfo=UTC),
        ended_at=datetime(2026, 2, 24, 2, tzinfo=UTC),
    )


@pytest.fixture(scope="session")
def second_unsold(first_unsold: EarlierRound) -> EarlierRound:
    """The second auction, unsold on 26 February (sooner than any notice allows: only its end matters)."""
    return replace(
        first_unsold,
        auction_id="a2",
        round=Round.SECOND,
        reserve_price_fen=56_000_000,
        deposit_fen=5_600_000,
        ended_at=datetime(2026, 2, 26, 2, tzinfo=UTC),
    )


@pytest.fixture(scope="session")
def second(lawful: Proposal, with_terms: Callable[..., Proposal], first_unsold: EarlierRound) -> Proposal:
    """A second auction of the house at every limit: 80 % of the first, 15 days' notice, within 30 days."""
    opens_at = datetime(2026, 3, 18, tzinfo=SHANGHAI)
    return with_terms(
        replace(lawful, earlier=(first_unsold,)),
        round=Round.SECOND,
        reserve_price_fen=56_000_000,
        deposit_fen=2_800_000,
        opens_at=opens_at,
        closes_at=opens_at + timedelta(hours=24),
    )


@pytest.fixture(scope="session")
def sell_off(second: Proposal, with_terms: Callable[..., Proposal], second_unsold: EarlierRound) -> Proposal:
    """A sell-off of the house: the price of the second, prepaid, sixty days."""
    return with_terms(
        replace(second, earlier=(*second.earlier, second_unsold)),
        round=Round.SELL_OFF,
        deposit_fen=56_000_000,
        forfeit_fen=5_600_000,
        closes_at=second.terms.opens_at + timedelta(days=60),
    )


@pytest.fixture(scope="session")
def found(ruleset: Ruleset, calendar: HolidayCalendar, now: datetime) -> Callable[[Proposal], tuple[Finding, ...]]:
    """All findings on announcing a proposal now."""
    return lambda proposal: check_terms(proposal, ruleset=ruleset, calendar=calendar, now=now)


@pytest.fixture(scope="session")
def codes(found: Callable[[Proposal], tuple[Finding, ...]]) -> Callable[[Proposal], list[str]]:
    """Only the codes of the errors."""
    return lambda proposal: [finding.code for finding in errors(found(proposal))]
