"""Days told while a year's holidays were not published: provisional, moved by the schedule, never to anybody's harm."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import chinese_calendar.constants as schedules
import pytest

from auction.kernel.clock import parse
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules import published_holidays
from auction.rules.calendar import PeriodEnd, midnight
from bidding.queries.auctions import settlement
from bidding.queries.audit import verify_all
from bidding.queries.objections import objection_dict
from bidding.queries.reneges import clock_of
from bidding.queries.rooms import ruleset_of
from bidding.services import takings
from bidding.services.closing import close
from bidding.services.settlement import mark_overdue
from tests.bidding.hall import RESERVE, Hall, refused_with
from tests.bidding.services.test_objections import Case
from tests.bidding.services.unsold import an_unsold_lot

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
Publish = Callable[[], None]


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """The schedule of 2027 comes out: Spring Festival is off from its eve, 5 February, to Friday 12 February."""
    weekdays = [date(2027, 1, 1), *(date(2027, 2, 5) + number * DAY for number in range(8))]

    def come_out() -> None:
        monkeypatch.setattr(schedules, "holidays", {**schedules.holidays, **dict.fromkeys(weekdays, "")})
        published_holidays._calendar.cache_clear()

    yield come_out
    monkeypatch.undo()
    published_holidays._calendar.cache_clear()


def told(hall: Hall, auction_id: str) -> tuple[str, str, bool]:
    now = hall.clock.moment
    found = hall.house.read(lambda session: settlement(session, session.get_one(Auction, auction_id), now))
    assert found is not None
    return found["status"], str((parse(found["due_at"]) + timedelta(hours=8)).date()), found["provisional"]


def test_a_balance_due_in_spring_festival_is_put_off_by_the_schedule_and_nobody_is_late_before(
    hall: Hall, publish: Publish
) -> None:
    auction_id = hall.auction()
    buyer = hall.bidder(auction_id)
    assert hall.bid(buyer, RESERVE).outcome == "accepted"
    hall.closes_in(auction_id, seconds=-2)
    closes_on = (hall.row(auction_id).closes_at + timedelta(hours=8)).date()

    def far(unit: Unit) -> None:
        unit.session.get_one(Auction, auction_id).balance_days = (date(2027, 2, 5) - closes_on).days

    hall.house.perform(far)
    assert hall.house.perform(close, auction_id, settled=True) == "sold"
    assert told(hall, auction_id) == ("balance_due", "2027-02-09", True)  # off by the measures alone: 5, 8 February
    publish()
    assert told(hall, auction_id) == ("balance_due", "2027-02-15", False)
    hall.clock.moment = midnight(date(2027, 2, 10))
    hall.house.perform(mark_overdue, auction_id)
    row = hall.row(auction_id)
    assert (row.settlement, row.balance_due_at) == ("balance_due", midnight(date(2027, 2, 16)) - SECOND)
    clock = hall.house.read(lambda session: clock_of(row, ruleset_of(session, session.get_one(Auction, auction_id))))
    assert clock is not None and clock.due_at == row.balance_due_at
    assert "BalancePutOff" in hall.kinds(auction_id)
    failures = hall.house.read(verify_all, hall.house.vault.public_key).failures
    assert not [one for one in failures if "balance_due_at" in one.what]
    hall.clock.moment = midnight(date(2027, 2, 16))
    hall.house.perform(mark_overdue, auction_id)
    assert told(hall, auction_id) == ("overdue", "2027-02-15", False)


def test_creditors_may_answer_until_the_day_as_published(
    hall: Hall, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takings, "answers_end", lambda *_: PeriodEnd(date(2027, 2, 9), provisional=True))
    story = an_unsold_lot(hall, "applicant", with_accounts=False)
    (applicant,) = story.creditors
    hall.clock.moment = midnight(date(2027, 2, 10))
    assert refused_with(story.answer, applicant) == "taking_late"
    publish()
    hall.clock.moment = midnight(date(2027, 2, 16)) - SECOND
    assert story.answer(applicant).status == "willing"
    hall.clock.advance(seconds=1)
    assert refused_with(story.answer, applicant) == "taking_late"


def test_an_objection_filed_before_spring_festival_says_that_its_day_is_provisional(
    hall: Hall, publish: Publish
) -> None:
    case = Case(hall, opens_at=midnight(date(2027, 3, 1)), status="announced")
    hall.clock.moment = midnight(date(2027, 1, 21))  # the fifteenth day is the eve
    row = case.file("conduct")

    def shown() -> tuple[str, bool]:
        found = hall.house.read(lambda session: objection_dict(session, row, hall.clock.moment))
        return found["due_on"], found["provisional"]

    assert shown() == ("2027-02-09", True)
    publish()
    assert shown() == ("2027-02-15", False)
