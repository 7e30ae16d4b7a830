"""Terms of the rounds after the first: cuts, sell-offs, resales after a renege, lateness, the price over the rounds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from auction.rules.calendar import midnight
from auction.rules.findings import Finding, errors
from auction.rules.lot import AssetType, AuctionStatus, PartyRole, Round
from auction.rules.notices import Addressee
from auction.rules.reference_price import ReferencePrice
from auction.rules.rounds import EarlierRound
from auction.rules.ruleset import Ruleset
from auction.rules.terms import Proposal, default_forfeit, earliest_terms_opening, reserve_floor

SHANGHAI = ZoneInfo("Asia/Shanghai")
Change = Callable[..., Proposal]
Found = Callable[[Proposal], tuple[Finding, ...]]
Codes = Callable[[Proposal], list[str]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# OJA 26(1): the cut of a second auction


@pytest.mark.parametrize(
    ("previous", "reserve", "allowed"),
    [
        (70_000_000, 56_000_000, True),
        (70_000_000, 55_999_999, False),
        (70_000_000, 56_000_001, True),
        (70_000_000, 70_000_000, True),
        (101, 81, True),
        (101, 80, False),
    ],
    ids=lambda value: f"OJA 26(1) {value}" if isinstance(value, int) else None,
)
def test_a_second_reserve_is_cut_by_a_fifth_at_most(
    found: Found,
    second: Proposal,
    with_terms: Change,
    previous: int,
    reserve: int,
    allowed: bool,
    first_unsold: EarlierRound,
) -> None:
    proposal = with_terms(
        replace(second, earlier=(replace(first_unsold, reserve_price_fen=previous),)), reserve_price_fen=reserve
    )
    breaches = [each for each in found(proposal) if each.code in {"cut_above_limit", "reserve_below_floor"}]
    assert (breaches == []) is allowed
    for breach in breaches:
        assert (breach.code, breach.basis.code) == ("cut_above_limit", "OJA 26(1)")
        assert breach.facts["minimum_fen"] == -(-8 * previous // 10)


def test_the_cut_is_measured_from_the_auction_that_failed(
    codes: Codes, second: Proposal, with_terms: Change, first_unsold: EarlierRound
) -> None:
    withdrawn = replace(
        first_unsold, auction_id="a2", round=Round.SECOND, status=AuctionStatus.WITHDRAWN, reserve_price_fen=56_000_000
    )
    again = replace(second, earlier=(first_unsold, withdrawn))
    assert codes(again) == []
    assert codes(with_terms(again, reserve_price_fen=55_999_999)) == ["cut_above_limit"]


# PRECISIONS 19: sell-off


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_sell_off_costs_what_the_second_auction_did(
    found: Found, sell_off: Proposal, with_terms: Change, off: int
) -> None:
    reserve = 56_000_000 + off
    breaches = errors(found(with_terms(sell_off, reserve_price_fen=reserve, deposit_fen=reserve)))
    assert [(breach.code, breach.basis.code) for breach in breaches] == (
        [("reserve_below_floor", "court's practice")] if off else []
    )
    assert all(breach.facts["exact_fen"] == 56_000_000 for breach in breaches)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_sell_off_is_prepaid_in_full(found: Found, sell_off: Proposal, with_terms: Change, off: int) -> None:
    breaches = errors(found(with_terms(sell_off, deposit_fen=56_000_000 + off)))
    assert [(breach.code, breach.field) for breach in breaches] == (
        [("deposit_out_of_range", "deposit_fen")] if off else []
    )


@pytest.mark.parametrize(
    ("forfeit", "allowed"),
    [(2_800_000, True), (2_799_999, False), (11_200_000, True), (11_200_001, False), (None, False)],
)
def test_a_sell_off_says_what_a_reneging_buyer_loses(
    found: Found,
    sell_off: Proposal,
    with_terms: Change,
    forfeit: int | None,
    allowed: bool,
) -> None:
    breaches = errors(found(with_terms(sell_off, forfeit_fen=forfeit)))
    assert [(breach.code, breach.field) for breach in breaches] == (
        [] if allowed else [("deposit_out_of_range", "forfeit_fen")]
    )


def test_the_default_forfeit_is_the_deposit_of_the_failed_second(
    sell_off: Proposal, first_unsold: EarlierRound
) -> None:
    assert default_forfeit(sell_off.earlier) == 5_600_000
    assert default_forfeit((first_unsold,)) is None


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_sell_off_runs_sixty_days_exactly(found: Found, sell_off: Proposal, with_terms: Change, seconds: int) -> None:
    closes_at = sell_off.terms.closes_at + timedelta(seconds=seconds)
    breaches = errors(found(with_terms(sell_off, closes_at=closes_at)))
    assert [breach.code for breach in breaches] == (["bidding_too_short"] if seconds else [])
    assert all(breach.facts["exact"] == 1 for breach in breaches)


def test_the_earliest_opening_of_a_proposal_is_the_one_that_passes(
    ruleset: Ruleset,
    lawful: Proposal,
    second: Proposal,
    now: datetime,
    first_unsold: EarlierRound,
    second_unsold: EarlierRound,
) -> None:
    assert earliest_terms_opening(lawful, ruleset, now) == at("2026-04-02T00:00")
    assert earliest_terms_opening(second, ruleset, now) == at("2026-03-18T00:00")
    vehicle = replace(second, asset_type=AssetType.VEHICLE)
    assert earliest_terms_opening(vehicle, ruleset, now) == at("2026-03-10T00:00")
    resold = replace(second, earlier=(first_unsold, replace(second_unsold, status=AuctionStatus.SOLD, reneged=True)))
    assert earliest_terms_opening(resold, ruleset, now) == at("2026-04-02T00:00")


@pytest.mark.parametrize(("opens", "allowed"), [("2026-03-18T00:00:00", True), ("2026-03-17T23:59:59", False)])
def test_a_second_auction_has_half_the_notice(
    codes: Codes, second: Proposal, with_terms: Change, opens: str, allowed: bool
) -> None:
    proposal = with_terms(second, opens_at=at(opens), closes_at=at(opens) + timedelta(days=1))
    assert codes(proposal) == ([] if allowed else ["notice_too_short"])


# After a renege (court's practice)


def test_after_a_renege_the_round_repeats_with_the_floor_and_notice_of_a_first_sale(
    codes: Codes, second: Proposal, with_terms: Change, first_unsold: EarlierRound, second_unsold: EarlierRound
) -> None:
    reneged = replace(second_unsold, status=AuctionStatus.SOLD, reneged=True)
    resale = replace(second, earlier=(first_unsold, reneged))
    assert codes(resale) == ["reserve_below_floor", "notice_too_short"]
    opens_at = at("2026-04-02T00:00")
    lawful_resale = with_terms(
        resale,
        reserve_price_fen=70_000_000,
        deposit_fen=14_000_000,
        opens_at=opens_at,
        closes_at=opens_at + timedelta(days=1),
    )
    assert codes(lawful_resale) == []
    assert codes(with_terms(lawful_resale, reserve_price_fen=69_999_999, deposit_fen=7_000_000)) == [
        "reserve_below_floor"
    ]


# Rounds and lateness


def test_a_round_out_of_order_is_told_beside_everything_else(
    codes: Codes, second: Proposal, lawful: Proposal, first_unsold: EarlierRound
) -> None:
    assert codes(replace(second, earlier=())) == ["round_out_of_order"]
    assert codes(replace(lawful, earlier=(first_unsold,))) == ["round_out_of_order", "relist_too_late"]


@pytest.mark.parametrize(
    ("opens", "reason", "expected"),
    [
        ("2026-03-26", None, []),
        ("2026-03-27", None, ["relist_too_late"]),
        ("2026-03-27", "parties", []),
        ("2026-03-27", "other", ["relist_too_late"]),
    ],
    ids=lambda value: f"OJA 26(1) {value}" if isinstance(value, str) else None,
)
def test_a_second_auction_opens_within_thirty_days_or_says_why_not(
    codes: Codes, second: Proposal, with_terms: Change, opens: str, reason: str | None, expected: list[str]
) -> None:
    """The first ended on 24 February: thirty days end on 26 March."""
    opens_at = midnight(date.fromisoformat(opens))
    late = with_terms(second, opens_at=opens_at, closes_at=opens_at + timedelta(days=1), late_reason=reason)
    assert codes(late) == expected


# The reference price over the rounds


def test_a_later_round_stands_on_the_announcement_of_the_first(
    codes: Codes, second: Proposal, price: ReferencePrice
) -> None:
    ran_out = replace(price, effective_on=date(2025, 12, 1), valid_until=date(2026, 2, 1))
    assert codes(replace(second, reference_price=ran_out)) == []
    same_day = replace(ran_out, effective_on=date(2026, 1, 20))
    assert codes(replace(second, reference_price=same_day)) == []
    renewed = replace(ran_out, effective_on=date(2026, 1, 21))
    assert codes(replace(second, reference_price=renewed)) == ["reference_price_expired"]


def test_a_withdrawn_first_announcement_does_not_save_an_expired_price(
    codes: Codes, lawful: Proposal, price: ReferencePrice, first_unsold: EarlierRound
) -> None:
    ran_out = replace(price, valid_until=date(2026, 2, 1))
    withdrawn = replace(first_unsold, status=AuctionStatus.WITHDRAWN)
    assert codes(replace(lawful, reference_price=ran_out, earlier=(withdrawn,))) == ["reference_price_expired"]
    revoked = replace(first_unsold, status=AuctionStatus.REVOKED)
    assert codes(replace(lawful, reference_price=ran_out, earlier=(revoked,))) == []


def test_every_fact_is_plain(found: Found, second: Proposal, with_terms: Change, first_unsold: EarlierRound) -> None:
    broken = with_terms(replace(second, panel=(), addressees=(Addressee("王某", PartyRole.LESSEE),)), deposit_fen=1)
    for finding in found(replace(broken, earlier=(replace(first_unsold, status=AuctionStatus.OPEN),))):
        assert all(type(value) in (int, str) for value in finding.facts.values()), finding


def test_the_floor_is_none_where_its_ground_is_missing(
    ruleset: Ruleset, lawful: Proposal, second: Proposal, sell_off: Proposal, first_unsold: EarlierRound
) -> None:
    assert reserve_floor(lawful, ruleset) == 70_000_000
    assert reserve_floor(second, ruleset) == 56_000_000
    assert reserve_floor(sell_off, ruleset) == 56_000_000
    assert reserve_floor(replace(lawful, reference_price=None), ruleset) is None
    assert reserve_floor(replace(second, earlier=()), ruleset) is None
    assert reserve_floor(replace(sell_off, earlier=(first_unsold,)), ruleset) is None
