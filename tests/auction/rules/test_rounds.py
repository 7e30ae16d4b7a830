"""Which round follows which, and by when (OJA 26; sell-off: the court's practice)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from auction.rules.calendar import HolidayCalendar
from auction.rules.lot import AuctionStatus, Round
from auction.rules.rounds import (
    EarlierRound,
    board_warning,
    failed_round,
    next_round,
    order_findings,
    relist_due,
    relist_findings,
    stayed_days,
)
from auction.rules.ruleset import Ruleset

#: Ends on Monday 2 March 2026, 10:00 in Shanghai.
END = datetime(2026, 3, 2, 2, tzinfo=UTC)


def held(story: str) -> tuple[EarlierRound, ...]:
    """The rounds of a story such as "first:unsold second:sold!" (! for a buyer who reneged, ~ for a draft given up)."""
    return tuple(
        EarlierRound(
            auction_id=f"a{number}",
            round=Round(word.split(":")[0]),
            status=AuctionStatus(word.split(":")[1].rstrip("!~")),
            reserve_price_fen=1000 + number,
            deposit_fen=100 + number,
            announced_at=None if word.endswith("~") else END,
            ended_at=END,
            reneged=word.endswith("!"),
        )
        for number, word in enumerate(story.split())
    )


@pytest.mark.parametrize(
    ("story", "expected", "after_renege", "reason"),
    [
        ("", "first", False, ""),
        ("first:draft first:in_review first:approved", "first", False, ""),
        ("first:announced", None, False, "live"),
        ("first:open", None, False, "live"),
        ("first:suspended", None, False, "live"),
        ("first:unsold", "second", False, ""),
        ("first:unsold second:draft", "second", False, ""),
        ("first:unsold second:unsold", "sell_off", False, ""),
        ("first:unsold second:unsold sell_off:unsold", None, False, "exhausted"),
        ("first:sold", None, False, "sold"),
        ("first:sold!", "first", True, ""),
        ("first:unsold second:sold!", "second", True, ""),
        ("first:unsold second:unsold sell_off:sold!", "sell_off", True, ""),
        ("first:sold! first:unsold", "second", False, ""),
        ("first:sold! first:withdrawn", "first", True, ""),
        ("first:sold! first:withdrawn~", "first", True, ""),
        ("second:sold first:withdrawn~", None, False, "sold"),
        ("first:withdrawn", "first", False, ""),
        ("first:revoked", "first", False, ""),
        ("first:unsold second:withdrawn", "second", False, ""),
        ("first:unsold second:revoked", "second", False, ""),
        ("first:unsold second:unsold sell_off:revoked", "sell_off", False, ""),
        ("second:withdrawn", "second", False, ""),
        ("first:unsold second:open", None, False, "live"),
    ],
)
def test_the_next_round_follows_from_the_story_so_far(
    story: str, expected: str | None, after_renege: bool, reason: str
) -> None:
    following = next_round(held(story))
    assert (following.round, following.after_renege, following.reason) == (expected, after_renege, reason)


@pytest.mark.parametrize("wanted", list(Round))
@pytest.mark.parametrize("story", ["", "first:unsold", "first:unsold second:unsold", "first:sold", "first:open"])
def test_any_other_round_is_out_of_order(ruleset: Ruleset, story: str, wanted: Round) -> None:
    expected = next_round(held(story))
    found = order_findings(wanted, held(story), ruleset)
    if wanted == expected.round:
        assert found == ()
    else:
        (finding,) = found
        assert (finding.code, finding.is_error, finding.field) == ("round_out_of_order", True, "round")
        assert finding.facts["round"] == wanted
        assert finding.facts["expected"] == (expected.round or "")
        assert finding.facts.get("reason", "") == expected.reason


@pytest.mark.parametrize("story", ["first:open", "first:sold", "first:sold!", "first:unsold"])
def test_the_next_round_knows_what_it_follows(story: str) -> None:
    assert next_round(held(story)).base == held(story)[0]


def test_the_failed_round_is_the_latest_that_went_unsold() -> None:
    story = held("first:unsold first:sold! first:unsold second:withdrawn")
    assert failed_round(story, Round.FIRST) == story[2]
    assert failed_round(story, Round.SECOND) is None


# By when


@pytest.mark.parametrize(
    ("story", "act", "warn_on", "last_day"),
    [
        ("first:unsold", "opening", "2026-03-27", "2026-04-01"),
        ("first:unsold second:withdrawn", "opening", "2026-03-27", "2026-04-01"),
        ("first:unsold second:unsold", "announcement", "2026-03-12", "2026-03-17"),
    ],
    ids=["OJA 26(1) 30 days", "OJA 26(1) runs on through a withdrawal", "court's practice 15 days"],
)
def test_the_time_for_the_next_round_runs_from_the_unsold_one(
    ruleset: Ruleset, calendar: HolidayCalendar, story: str, act: str, warn_on: str, last_day: str
) -> None:
    due = relist_due(held(story), ruleset, calendar)
    assert due is not None
    assert (due.act, due.warn_on, due.last_day, due.provisional) == (
        act,
        date.fromisoformat(warn_on),
        date.fromisoformat(last_day),
        False,
    )


@pytest.mark.parametrize(
    "story",
    ["", "first:sold", "first:sold!", "first:withdrawn", "first:unsold second:open", "first:unsold second:sold"],
)
def test_no_time_runs_unless_the_last_round_went_unsold(
    ruleset: Ruleset, calendar: HolidayCalendar, story: str
) -> None:
    assert relist_due(held(story), ruleset, calendar) is None


def test_no_time_runs_after_an_unsold_sell_off_or_without_an_end(ruleset: Ruleset, calendar: HolidayCalendar) -> None:
    assert relist_due(held("first:unsold second:unsold sell_off:unsold"), ruleset, calendar) is None
    assert relist_due((replace(held("first:unsold")[0], ended_at=None),), ruleset, calendar) is None


def test_the_last_day_moves_off_a_holiday(ruleset: Ruleset, calendar: HolidayCalendar) -> None:
    ended = replace(held("first:unsold")[0], ended_at=datetime(2026, 9, 1, 2, tzinfo=UTC))
    due = relist_due((ended,), ruleset, calendar)
    assert due is not None
    assert (due.warn_on, due.last_day) == (date(2026, 9, 26), date(2026, 10, 8))


def test_days_under_a_stay_do_not_count(ruleset: Ruleset, calendar: HolidayCalendar) -> None:
    first, second = held("first:unsold second:withdrawn")
    story = (replace(first, paused_days=2), replace(second, paused_days=5))
    due = relist_due(story, ruleset, calendar)
    assert due is not None
    assert (due.warn_on, due.last_day) == (date(2026, 4, 3), date(2026, 4, 8))
    earlier_pause = (replace(first, status=AuctionStatus.WITHDRAWN, paused_days=9), first)
    plain = relist_due(earlier_pause, ruleset, calendar)
    assert plain is not None
    assert plain.last_day == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("story", "today", "warned"),
    [
        ("first:unsold", "2026-03-26", False),
        ("first:unsold", "2026-03-27", True),
        ("first:unsold second:unsold", "2026-03-11", False),
        ("first:unsold second:unsold", "2026-03-12", True),
        ("first:sold", "2026-12-01", False),
    ],
    ids=["day 24", "day 25", "day 9", "day 10", "sold"],
)
def test_the_board_warns_before_it_is_too_late(
    ruleset: Ruleset, calendar: HolidayCalendar, story: str, today: str, warned: bool
) -> None:
    finding = board_warning(held(story), date.fromisoformat(today), ruleset, calendar)
    assert (finding is not None) is warned
    if finding:
        assert (finding.code, finding.severity) == ("relist_too_late", "warning")
        assert finding.facts["last_day"] in {"2026-04-01", "2026-03-17"}


@pytest.mark.parametrize(
    ("story", "today", "opens", "severity", "basis"),
    [
        ("first:unsold", "2026-03-10", "2026-04-01", None, ""),
        ("first:unsold", "2026-03-10", "2026-04-02", "error", "OJA 26(1)"),
        ("first:unsold", "2026-05-01", "2026-04-01", None, ""),
        ("first:unsold second:unsold", "2026-03-17", "2026-06-01", None, ""),
        ("first:unsold second:unsold", "2026-03-18", "2026-06-01", "error", "court's practice"),
        ("", "2026-03-18", "2026-06-01", None, ""),
    ],
    ids=[
        "OJA 26(1) opens on day 30",
        "OJA 26(1) opens on day 31",
        "OJA 26(1) the opening counts, not today",
        "sell-off announced on day 15",
        "sell-off announced on day 16",
        "first round",
    ],
)
def test_the_second_round_opens_and_the_sell_off_is_announced_in_time(
    ruleset: Ruleset,
    calendar: HolidayCalendar,
    story: str,
    today: str,
    opens: str,
    severity: str | None,
    basis: str,
) -> None:
    found = relist_findings(
        held(story),
        today=date.fromisoformat(today),
        opens_on=date.fromisoformat(opens),
        reason=None,
        reason_text=None,
        ruleset=ruleset,
        calendar=calendar,
    )
    assert [(finding.code, finding.severity, finding.basis.code) for finding in found] == (
        [("relist_too_late", severity, basis)] if severity else []
    )


@pytest.mark.parametrize(
    ("reason", "text", "severity"),
    [
        (None, None, "error"),
        ("", "", "error"),
        ("holidays", "春节", "error"),
        ("stay", None, "warning"),
        ("objection", None, "warning"),
        ("reference_price", "", "warning"),
        ("parties", None, "warning"),
        ("other", None, "error"),
        ("other", "  ", "error"),
        ("other", "等待省高院批复", "warning"),
    ],
)
def test_a_recorded_reason_turns_lateness_into_a_warning(
    ruleset: Ruleset, calendar: HolidayCalendar, reason: str | None, text: str | None, severity: str
) -> None:
    (finding,) = relist_findings(
        held("first:unsold"),
        today=date(2026, 3, 10),
        opens_on=date(2026, 5, 1),
        reason=reason,
        reason_text=text,
        ruleset=ruleset,
        calendar=calendar,
    )
    assert finding.severity == severity
    assert finding.facts.get("late_reason") == (reason if severity == "warning" else None)
    assert finding.facts["act"] == "opening"


# Around the long holidays: the day of the warning never moves, the last day does (CPL 85)


@pytest.mark.parametrize(
    ("story", "ended", "warn_on", "last_day"),
    [
        ("first:unsold", "2026-01-17", "2026-02-11", "2026-02-24"),
        ("first:unsold", "2026-01-25", "2026-02-19", "2026-02-24"),
        ("first:unsold", "2026-01-26", "2026-02-20", "2026-02-25"),
        ("first:unsold", "2026-08-31", "2026-09-25", "2026-09-30"),
        ("first:unsold", "2026-09-01", "2026-09-26", "2026-10-08"),
        ("first:unsold second:unsold", "2026-01-31", "2026-02-10", "2026-02-24"),
        ("first:unsold second:unsold", "2026-09-15", "2026-09-25", "2026-09-30"),
        ("first:unsold second:unsold", "2026-09-16", "2026-09-26", "2026-10-08"),
    ],
)
def test_the_time_for_the_next_round_across_spring_festival_and_national_day(
    ruleset: Ruleset, calendar: HolidayCalendar, story: str, ended: str, warn_on: str, last_day: str
) -> None:
    at = datetime.fromisoformat(f"{ended}T10:00:00+08:00")
    ended_rounds = tuple(replace(one, ended_at=at) for one in held(story))
    due = relist_due(ended_rounds, ruleset, calendar)
    assert due is not None
    assert (due.base_id, due.warn_on, due.last_day) == (
        ended_rounds[-1].auction_id,
        date.fromisoformat(warn_on),
        date.fromisoformat(last_day),
    )
    day = date.fromisoformat(warn_on)
    assert board_warning(ended_rounds, day - timedelta(days=1), ruleset, calendar) is None
    assert board_warning(ended_rounds, day, ruleset, calendar) is not None
    for opens_on, late in ((due.last_day, False), (due.last_day + timedelta(days=1), True)):
        nothing = {"reason": None, "reason_text": None, "ruleset": ruleset, "calendar": calendar}
        assert bool(relist_findings(ended_rounds, today=opens_on, opens_on=opens_on, **nothing)) is late


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-03-02T00:00:00+08:00", "2026-03-02T23:59:59+08:00", 0),
        ("2026-03-02T23:59:59+08:00", "2026-03-03T00:00:00+08:00", 1),
        ("2026-03-02T16:00:00Z", "2026-03-05T15:59:59Z", 2),  # the 3rd to the 5th in Shanghai
    ],
)
def test_days_under_a_stay_are_counted_in_shanghai(start: str, end: str, days: int) -> None:
    span = (datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert stayed_days([span]) == days
    assert stayed_days([span, span]) == 2 * days
