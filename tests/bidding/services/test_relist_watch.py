"""The regulators are told from day 25 (for a sell-off day 10) while no further round is announced (PRECISIONS 17)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from auction.kernel.unit import Unit
from auction.models import Lot
from auction.queries.proposals import earlier_rounds
from auction.rules.calendar import midnight, shanghai_day
from bidding.queries.due import due_acts
from bidding.services.life import resume, suspend, withdraw
from bidding.services.relist_watch import watch_relist
from risk.models import Alert
from tests.bidding.hall import RESERVE, Hall
from tests.bidding.services.unsold import DAY, Unsold, an_unsold_lot
from tests.factories import an_auction

SECOND = timedelta(seconds=1)


def look(story: Unsold) -> None:
    """What the scheduler does, once."""
    for due in story.hall.house.read(due_acts, story.hall.clock.moment):
        if (due.act, due.subject_id) == ("relist", story.lot_id):
            story.perform(watch_relist, story.lot_id)


def told(story: Unsold) -> list[str]:
    wanted = select(Alert).where(Alert.kind == "relist_due", Alert.lot_id == story.lot_id)
    rows = story.hall.house.read(lambda session: list(session.scalars(wanted)))
    return [str(row.reasons[0]["facts"]["last_day"]) for row in rows]


@pytest.mark.parametrize(("round_", "days"), [("first", 25), ("second", 10)])
def test_the_regulators_are_told_from_the_day_on_and_once(hall: Hall, round_: str, days: int) -> None:
    story = an_unsold_lot(hall, round_=round_)
    warn_at = midnight(shanghai_day(hall.row(story.auction_id).closes_at) + days * DAY)
    look(story)
    hall.clock.moment = warn_at - SECOND
    look(story)
    assert told(story) == []
    hall.clock.moment = warn_at
    look(story)
    assert len(told(story)) == 1
    hall.clock.advance(days=3)
    look(story)
    assert len(told(story)) == 1


def test_nobody_is_told_once_the_lot_is_taken_or_the_next_round_announced(hall: Hall) -> None:
    for taken in (True, False):
        story = an_unsold_lot(hall, "applicant")
        if taken:
            story.award(story.answer(story.creditors[0]), RESERVE)
        else:
            hall.house.perform(lambda unit, s=story: another(unit, s))
        look(story)
        hall.clock.advance(days=29)
        look(story)
        assert told(story) == []


def another(unit: Unit, story: Unsold) -> str:
    lot = unit.session.get_one(Lot, story.lot_id)
    opens = {"opens_at": unit.now + 20 * DAY, "created_at": unit.now + SECOND}
    return an_auction(unit, lot=lot, round="second", status="announced", **opens).id


def test_days_under_a_stay_of_the_withdrawn_second_round_do_not_count(hall: Hall) -> None:
    story = an_unsold_lot(hall)
    end = hall.row(story.auction_id).closes_at
    look(story)
    second = hall.house.perform(lambda unit: another(unit, story))
    hall.clock.moment = end + 3 * DAY
    hall.house.perform(suspend, story.judge, second, kind="stay", reason="r")
    hall.clock.moment = end + 7 * DAY
    closes_at = hall.row(second).closes_at + DAY
    hall.house.perform(resume, story.judge, second, closes_at=closes_at, reason="r")
    hall.clock.moment = end + 9 * DAY
    hall.house.perform(suspend, story.judge, second, kind="stay", reason="r")
    hall.clock.moment = end + 11 * DAY
    hall.house.perform(withdraw, story.judge, second, ground="other", reason="r")
    paused = hall.house.read(lambda session: [one.paused_days for one in earlier_rounds(session, story.lot_id)])
    assert paused == [0, 6]
    look(story)
    warn_at = midnight(shanghai_day(end) + (25 + 6) * DAY)
    hall.clock.moment = warn_at - SECOND
    look(story)
    assert told(story) == []
    hall.clock.moment = warn_at
    look(story)
    assert len(told(story)) == 1
