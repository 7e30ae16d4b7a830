"""A stopped sale resumes within five days of the end of its cause; later with a reason, and a regulator is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from auction.rules.calendar import midnight
from bidding.queries.due import due_acts
from bidding.queries.held import resume_day
from bidding.services import life
from bidding.services.resume_watch import watch_resumption
from risk.models import Alert
from tests.bidding.hall import Hall
from tests.bidding.services.test_objections import DAY, SECOND, Case, refuses


def look(case: Case) -> None:
    """What the scheduler does, once."""
    for due in case.hall.house.read(due_acts, case.hall.clock.moment):
        if (due.act, due.subject_id) == ("resume", case.auction_id):
            case.do(watch_resumption, case.auction_id)


def told(case: Case) -> list[str]:
    wanted = select(Alert).where(Alert.kind == "resume_late", Alert.auction_id == case.auction_id)
    rows = case.hall.house.read(lambda session: list(session.scalars(wanted)))
    return [str(row.reasons[0]["facts"]["last_day"]) for row in rows]


def stopped(hall: Hall) -> Case:
    """A sale that was stopped, and whose cause ended: it resumes by 9 March (the fifth day is a Saturday)."""
    case = Case(hall)
    case.do(life.suspend, case.judge, case.auction_id, kind="stay", reason="公开的原因")
    case.do(life.end_suspension, case.judge, case.auction_id, reason="事由消失")
    last_day = resume_day(hall.row(case.auction_id))
    assert last_day is not None and str(last_day) == "2026-03-09"
    hall.clock.moment = midnight(last_day + DAY) - SECOND
    look(case)
    assert told(case) == []
    return case


def resume(case: Case, **more: str) -> None:
    end = case.hall.clock.moment + 30 * DAY
    case.do(life.resume, case.judge, case.auction_id, closes_at=end, reason="恢复", **more)


def test_in_the_last_second_of_the_last_day_it_resumes_without_more(hall: Hall) -> None:
    case = stopped(hall)
    assert refuses("invalid", resume, case, late_reason="不需要").errors[0].field == "late_reason"
    resume(case)
    hall.clock.advance(seconds=1)
    look(case)
    assert told(case) == []


@pytest.mark.parametrize("looked", [True, False], ids=["the scheduler came first", "the judge came first"])
def test_a_second_later_it_needs_a_recorded_reason_and_a_regulator_is_told_once(hall: Hall, looked: bool) -> None:
    case = stopped(hall)
    hall.clock.moment += timedelta(seconds=1)
    if looked:
        look(case)
        assert told(case) == ["2026-03-09"]
    for reason in ("", "  "):
        breach = refuses("invalid", resume, case, late_reason=reason).errors[0]
        assert (breach.code, breach.field, breach.facts) == ("resume_late", "late_reason", {"last_day": "2026-03-09"})
    resume(case, late_reason="等候上级法院指示")
    look(case)
    assert told(case) == ["2026-03-09"] and hall.row(case.auction_id).status == "open"
    body = hall.journal(f"auction:{case.auction_id}")[-1].entry
    assert "等候上级法院指示" in body
