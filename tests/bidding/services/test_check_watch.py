"""A registry that cannot be read stops running sales after the ruleset's time (PRECISIONS 13)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from auction.kernel.unit import Unit
from risk.models import Alert
from tests.bidding.hall import RESERVE, Hall
from web.timekeeping import CheckWatch

S = timedelta(seconds=1)


def rename(unit: Unit, old: str, new: str) -> None:
    unit.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_a_check_that_fails_for_a_minute_stops_what_runs_and_nothing_else(hall: Hall) -> None:
    running, coming = hall.auction(), hall.auction(status="announced")
    assert hall.bid(hall.bidder(running), RESERVE).outcome == "accepted"
    watch = CheckWatch(hall.house)
    watch()
    hall.house.perform(rename, "staff", "gone")
    watch()
    hall.clock.moment += 60 * S
    watch()
    assert hall.row(running).status == "open", "a minute is borne"
    hall.clock.moment += S
    watch()
    watch()
    row = hall.row(running)
    assert row.status == "suspended" and row.suspension is not None
    assert (row.suspension["kind"], row.suspension["cause"]) == ("fault", "check_failed")
    assert hall.row(coming).status == "announced"
    hall.house.perform(rename, "gone", "staff")
    raised = hall.house.read(lambda session: session.scalars(select(Alert.kind)).all())
    assert raised == ["sale_fault"]


def test_a_check_that_answers_again_in_time_stops_nothing(hall: Hall) -> None:
    running, watch = hall.auction(), CheckWatch(hall.house)
    for _ in range(3):
        hall.house.perform(rename, "relatives", "gone")
        watch()
        hall.clock.moment += 50 * S
        hall.house.perform(rename, "gone", "relatives")
        watch()
    assert hall.row(running).status == "open"


def test_a_database_that_is_away_is_no_failing_check(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    running, watch = hall.auction(), CheckWatch(hall.house)
    hall.house.perform(rename, "staff", "gone")
    watch()
    hall.clock.moment += 50 * S

    def away(*_args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(hall.house, "perform", away)
        watch()
    hall.clock.moment += 50 * S
    watch()
    assert hall.row(running).status == "open"
    hall.clock.moment += 61 * S
    watch()
    assert hall.row(running).status == "suspended"
    hall.house.perform(rename, "gone", "staff")
