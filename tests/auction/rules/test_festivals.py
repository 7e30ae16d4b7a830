"""Every count of days the linter of terms makes, across the Spring Festival and the National Day of 2026.

Off are 15 to 23 February, with work on Saturday the 14th, and 1 to 7 October. A period within which somebody must act
moves behind them (CPL 85(3)); a wait between two acts never moves (PRECISIONS 16).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from auction.kernel.clock import SHANGHAI, parse
from auction.rules.calendar import HolidayCalendar, shanghai_day
from auction.rules.findings import Finding
from auction.rules.lot import AssetType, AuctionStatus, PartyRole, Round
from auction.rules.notices import Addressee, NoticeMoments, NoticeRecipient, NoticeStatus, notice_findings, service_of
from auction.rules.reference_price import PriceStep, ReferencePrice, objections_end
from auction.rules.rounds import EarlierRound, relist_due
from auction.rules.ruleset import Ruleset
from auction.rules.terms import Proposal, check_terms

DAY = timedelta(days=1)
#: The plain end of a period, and the last day on which one may act.
ENDS = [
    ("2026-02-13", "2026-02-13"),
    ("2026-02-14", "2026-02-14"),
    ("2026-02-15", "2026-02-24"),
    ("2026-02-23", "2026-02-24"),
    ("2026-02-24", "2026-02-24"),
    ("2026-02-25", "2026-02-25"),
    ("2026-09-30", "2026-09-30"),
    ("2026-10-01", "2026-10-08"),
    ("2026-10-07", "2026-10-08"),
    ("2026-10-08", "2026-10-08"),
    ("2026-10-09", "2026-10-09"),
]


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), SHANGHAI)


def unsold(round_: Round, ended: date) -> EarlierRound:
    return EarlierRound("a", round_, AuctionStatus.UNSOLD, 70_000_000, 7_000_000, noon(ended - 40 * DAY), noon(ended))


def served(code: str, price: ReferencePrice, start: date, ruleset: Ruleset, calendar: HolidayCalendar) -> date:
    end = objections_end(replace(price, steps=(PriceStep(code, start),)), ruleset, calendar)
    assert end is not None
    return end.last_day


def shares(status: str, start: date, ruleset: Ruleset, calendar: HolidayCalendar) -> date:
    told = NoticeRecipient("王某", PartyRole.PREFERENTIAL, NoticeStatus(status), noon(start))
    opening = service_of(told, AssetType.EQUITY, ruleset, calendar).open_from
    assert opening is not None
    return shanghai_day(opening) - DAY


def relist(rounds: tuple[Round, ...], start: date, ruleset: Ruleset, calendar: HolidayCalendar) -> date:
    due = relist_due([unsold(each, start) for each in rounds], ruleset, calendar)
    assert due is not None
    return due.last_day


#: The days of each period, its article, and how the linter counts it from its start.
PERIODS: dict[str, tuple[int, Callable[..., date]]] = {
    "REF 22(1) objection, report served": (5, lambda price, *at: served("report_served", price, *at)),
    "REF 21(2), 22(1) objection, report published": (20, lambda price, *at: served("report_published", price, *at)),
    "COMP 85 shareholder notified": (20, lambda _price, *at: shares("received", *at)),
    "OJA 16(1), COMP 85 shareholder by publicity": (26, lambda _price, *at: shares("unreachable_published", *at)),
    "OJA 26(1) second round": (30, lambda _price, *at: relist((Round.FIRST,), *at)),
    "sell-off announced": (15, lambda _price, *at: relist((Round.FIRST, Round.SECOND), *at)),
}


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize(("plain", "last"), ENDS)
def test_a_period_ends_on_a_day_that_is_worked(
    name: str, plain: str, last: str, price: ReferencePrice, ruleset: Ruleset, calendar: HolidayCalendar
) -> None:
    days, ends = PERIODS[name]
    assert ends(price, date.fromisoformat(plain) - days * DAY, ruleset, calendar) == date.fromisoformat(last)


#: Whole days between notifying and announcing, by how somebody was notified.
NOTIFIED = {"received": 3, "unreachable_published": 8}
#: Whole days between announcing and opening.
ANNOUNCED = [
    (AssetType.REAL_ESTATE, (), 30),
    (AssetType.VEHICLE, (), 15),
    (AssetType.REAL_ESTATE, (Round.FIRST,), 15),
    (AssetType.VEHICLE, (Round.FIRST,), 7),
    (AssetType.REAL_ESTATE, (Round.FIRST, Round.SECOND), 15),
    (AssetType.VEHICLE, (Round.FIRST, Round.SECOND), 7),
]


def earliest(found: tuple[Finding, ...], code: str) -> list[date]:
    return [shanghai_day(parse(str(one.facts["earliest"]))) for one in found if one.code == code and one.is_error]


@pytest.mark.parametrize("status", NOTIFIED)
@pytest.mark.parametrize("end", [end for end, _ in ENDS])
def test_no_holiday_moves_the_days_after_a_notice(
    status: str, end: str, ruleset: Ruleset, calendar: HolidayCalendar
) -> None:
    first, debtor = date.fromisoformat(end), Addressee("李某", PartyRole.DEBTOR)
    told = NoticeRecipient(
        "李某", PartyRole.DEBTOR, NoticeStatus(status), noon(first - (NOTIFIED[status] + 1) * DAY), None, "回证"
    )
    for day, expected in ((first - DAY, [first]), (first, []), (first + DAY, [])):
        moments = NoticeMoments(noon(day), noon(first + 40 * DAY))
        found = notice_findings((told,), (debtor,), AssetType.REAL_ESTATE, moments, ruleset, calendar)
        assert earliest(found, "notice_outstanding") == expected


@pytest.mark.parametrize(("asset_type", "rounds", "days"), ANNOUNCED)
@pytest.mark.parametrize("end", [end for end, _ in ENDS])
def test_no_holiday_moves_the_days_before_an_opening(
    lawful: Proposal,
    asset_type: AssetType,
    rounds: tuple[Round, ...],
    days: int,
    end: str,
    ruleset: Ruleset,
    calendar: HolidayCalendar,
) -> None:
    first = date.fromisoformat(end)
    now = noon(first - (days + 1) * DAY)
    for day, expected in ((first - DAY, [first]), (first, []), (first + DAY, [])):
        terms = replace(lawful.terms, round=list(Round)[len(rounds)], opens_at=noon(day), closes_at=noon(day + DAY))
        earlier = tuple(unsold(each, shanghai_day(now) - 5 * DAY) for each in rounds)
        asked = replace(lawful, terms=terms, asset_type=asset_type, earlier=earlier)
        found = check_terms(asked, ruleset=ruleset, calendar=calendar, now=now)
        assert earliest(found, "notice_too_short") == expected
