"""How a sale that was stopped goes on (OJA 28): when it may end at the earliest, and by when it has to. Pure.

It ends no sooner than the notice of the new end, the time that was left, and a least time of bidding allow, and one
that had not opened opens no sooner than after that notice (court's practice); it resumes within the days of OJA 28(4)
once the cause has ended, the last of them a working day (CPL 85).
"""

from datetime import date, datetime, timedelta

from auction.kernel.errors import invalid
from auction.rules.calendar import PeriodEnd, WorkingDays, period_end, shanghai_day
from auction.rules.ruleset import Ruleset

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)


def remaining_seconds(now: datetime, opens_at: datetime, closes_at: datetime) -> int:
    """How much of the bidding was left at `now`, in whole seconds, so that no part of one is lost."""
    left = max(closes_at - max(now, opens_at), timedelta(0))
    return -(-left // _SECOND)


def earliest_end(now: datetime, opens_at: datetime, remaining: int, ruleset: Ruleset) -> datetime:
    """The earliest end that may be announced now: after the notice, and with the time left, or the least, to bid in."""
    bidding = max(timedelta(seconds=remaining), ruleset.span("resume_bidding_min"))
    return max(now + ruleset.span("resume_notice_min"), max(now, opens_at) + bidding)


def next_opening(now: datetime, opens_at: datetime, stopped_at: datetime, ruleset: Ruleset) -> datetime:
    """When bidding opens in a sale stopped at `stopped_at` that may go on from now.

    One stopped before its opening opens after the notice at the earliest, whatever its day had been; the opening of
    any other stays.
    """
    return opens_at if stopped_at >= opens_at else max(opens_at, now + ruleset.span("resume_notice_min"))


def resume_by(ended_at: datetime, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd:
    """The last day on which the sale resumes, its cause having ended at that moment."""
    return period_end(shanghai_day(ended_at), ruleset.days("resume"), calendar)


def check_late_resumption(last_day: date | None, today: date, late_reason: str) -> bool:
    """Whether a sale resumes after its last day; then it needs its own recorded reason (OJA 28(4)).

    DomainError `invalid` on `late_reason`: `required` (fact `last_day`) without one, `not_allowed` where it is in time.
    """
    late = last_day is not None and today > last_day
    if late and not late_reason.strip():
        raise invalid("late_reason", "resume_late", last_day=str(last_day))
    if late_reason.strip() and not late:
        raise invalid("late_reason", "not_allowed")
    return late


def resume_after_supplement(not_before: datetime, ruleset: Ruleset, calendar: WorkingDays) -> PeriodEnd:
    """The same where a supplement is public up to `not_before`, 00:00: its last full day is the day before."""
    return period_end(shanghai_day(not_before) - _DAY, ruleset.days("resume"), calendar)
