"""Outages as they are found, and what they do to the sales they touched (PRECISIONS 21)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from auction.kernel.clock import iso
from bidding.models import Outage, OutageTouch
from bidding.queries.audit import contradictions
from bidding.queries.due import due_acts
from bidding.services.closing import close
from bidding.services.intake import LEASE, hand_back_lease, take_lease
from risk.models import Alert
from tests.bidding.hall import RESERVE, Hall
from web.timekeeping import tick

S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MICRO = timedelta(microseconds=1)


def beat(hall: Hall, process: str = "one") -> None:
    hall.house.perform(take_lease, process, hall.clock.moment)


def down(hall: Hall, length: timedelta, *, before: str = "one", after: str = "two") -> None:
    """A process is killed now; another takes bids again so long after the lease of the first ran out."""
    beat(hall, before)
    hall.clock.moment += LEASE + length
    beat(hall, after)


def outages(hall: Hall) -> Sequence[Outage]:
    return hall.house.read(lambda session: session.scalars(select(Outage).order_by(Outage.since)).all())


def told(hall: Hall, auction_id: str) -> list[dict[str, Any]]:
    """What the auction's stream says of outages."""
    rows = hall.journal(f"auction:{auction_id}")
    return [orjson.loads(row.entry)["body"] for row in rows if row.kind == "OutageRecorded"]


def near_the_end(hall: Hall, before: timedelta) -> tuple[str, datetime]:
    """A told sale with a bid, so long before its end (and before the killed process's lease runs out)."""
    auction_id = hall.auction()
    hall.tell(auction_id)
    assert hall.bid(hall.bidder(auction_id), RESERVE).outcome == "accepted"
    end = hall.row(auction_id).closes_at
    hall.clock.moment = end - before - LEASE
    return auction_id, end


@pytest.mark.parametrize(("gap", "found"), [(timedelta(0), 0), (MICRO, 1), (5 * S, 1)])
def test_an_outage_begins_when_the_last_lease_runs_out(hall: Hall, gap: timedelta, found: int) -> None:
    down(hall, gap)
    assert [one.ended_at - one.began_at for one in outages(hall)] == [gap] * found
    hall.clock.moment += LEASE + MICRO
    beat(hall, "two")  # it lives on: its own lease had run out all the same
    assert len(outages(hall)) == found + 1


def test_a_clean_stop_is_an_outage_too_and_only_while_nobody_else_holds_a_lease(hall: Hall) -> None:
    beat(hall, "one")
    beat(hall, "two")
    hall.house.perform(hand_back_lease, "one")
    hall.clock.moment += S
    beat(hall, "two")
    assert outages(hall) == []
    hall.house.perform(hand_back_lease, "two")
    stopped = hall.clock.moment
    hall.clock.moment += 11 * S
    beat(hall, "three")
    (found,) = outages(hall)
    assert (found.began_at, found.ended_at) == (stopped, stopped + 11 * S)
    body = orjson.loads(hall.journal("intake")[-1].entry)["body"]
    assert body == {"outage_id": found.id, "from": iso(stopped), "to": iso(stopped + 11 * S), "seconds": 11}


def test_where_nobody_ever_took_bids_there_is_no_outage(hall: Hall) -> None:
    beat(hall)
    assert outages(hall) == []


@pytest.mark.parametrize(
    ("length", "effect", "moved"),
    [(9 * S, "event", None), (10 * S, "extension", 10 * M + 5 * S), (600 * S, "extension", 595 * S + 10 * M)],
)
def test_an_outage_over_the_end_is_decided_before_the_sale_closes(
    hall: Hall, length: timedelta, effect: str, moved: timedelta | None
) -> None:
    auction_id, end = near_the_end(hall, 5 * S)
    began = end - 5 * S
    beat(hall)
    hall.clock.moment = began + length - MICRO
    if hall.clock.moment > end:
        assert hall.house.perform(close, auction_id, settled=True) is None  # nobody takes bids: it waits
    hall.clock.moment = began + length
    beat(hall, "two")
    closes_at = end + (moved or timedelta(0))
    assert hall.house.perform(close, auction_id, settled=True) == (None if moved else "suspended")
    assert [one["effect"] for one in told(hall, auction_id)] == [effect]
    row = hall.row(auction_id)
    assert (row.closes_at, row.extensions) == (closes_at, 0)
    if moved is None:  # too short to move the end, and what the dead process had taken nobody knows (PRECISIONS 7)
        assert row.suspension is not None
        assert row.suspension["cause"] == "intake_lost"
        return
    event = [one.data for one in hall.events(auction_id) if one.type == "extension"][-1]
    assert event == {"closes_at": iso(closes_at), "extensions": 0, "cause": "outage"}


def test_a_long_outage_near_the_end_suspends_as_a_fault_and_leaves_the_time_it_took(hall: Hall) -> None:
    auction_id, _ = near_the_end(hall, 5 * M)
    down(hall, 601 * S)
    tick(hall.house)
    row = hall.row(auction_id)
    assert row.status == "suspended"
    assert row.suspension is not None
    assert (row.suspension["kind"], row.suspension["cause"]) == ("fault", "outage")
    assert row.suspension["remaining_seconds"] == 300
    assert hall.kinds(auction_id)[-2:] == ["OutageRecorded", "AuctionSuspended"]


def test_due_work_does_it_once_to_every_sale_it_touched_and_to_no_other(hall: Hall) -> None:
    touched, end = near_the_end(hall, 8 * H)
    later = hall.auction(status="announced", opens_at=hall.clock.moment + 9 * H, closes_at=end + 20 * H)
    opening = hall.auction(status="announced", opens_at=hall.clock.moment + 5 * S, closes_at=end + 20 * H)
    stopped = hall.auction(
        status="suspended", suspension={"kind": "stay", "reason": "示例", "cause": None, "at": iso(end)}
    )
    down(hall, 30 * S)
    (found,) = outages(hall)
    assert [due.subject_id for due in hall.house.read(due_acts, hall.clock.moment) if due.act == "outage"] == [found.id]
    tick(hall.house)
    tick(hall.house)

    def touches(session: Any) -> dict[str, str]:
        return {each.auction_id: each.effect for each in session.scalars(select(OutageTouch))}

    mine = {touched, later, opening, stopped}
    effects = {key: value for key, value in hall.house.read(touches).items() if key in mine}
    assert effects == {touched: "event", opening: "event"}
    assert [one["seconds"] for one in told(hall, touched)] == [30]
    assert hall.row(opening).status == "open"
    notice = [one.data for one in hall.events(touched) if one.type == "notice"]
    assert [(one["notice"], one["seconds"], one["effect"]) for one in notice] == [("outage", 30, "event")]
    alerts = hall.house.read(
        lambda session: session.scalars(select(Alert).where(Alert.kind == "outage", Alert.auction_id == touched)).all()
    )
    assert [alert.reasons for alert in alerts] == [[{"code": "outage_event", "facts": {"seconds": 30}, "who": {}}]]
    assert outages(hall)[0].applied_at is not None


def test_a_sale_that_was_suspended_meanwhile_is_not_held_to_it_when_it_goes_on(hall: Hall) -> None:
    auction_id = hall.auction()
    hall.bid(hall.bidder(auction_id), RESERVE)
    hall.closes_in(auction_id, minutes=5)
    hall.change(auction_id, status="suspended")
    down(hall, 3 * H)
    tick(hall.house)
    hall.change(auction_id, status="open", closes_at=hall.clock.moment + S)
    hall.clock.moment += 2 * S
    beat(hall, "two")
    assert hall.house.perform(close, auction_id, settled=True) == "sold"
    assert told(hall, auction_id) == []


def test_the_audit_makes_the_moved_end_again_from_the_entries(hall: Hall) -> None:
    auction_id, _ = near_the_end(hall, 5 * M)
    down(hall, 10 * S)
    tick(hall.house)
    assert told(hall, auction_id)[0]["effect"] == "extension"

    def found() -> list[str]:
        report = hall.house.read(contradictions, auction_id)
        return [failure.where for failure in report.failures if failure.where.startswith("auctions")]

    assert found() == []
    end = hall.row(auction_id).closes_at
    hall.change(auction_id, closes_at=end + S)
    assert len(found()) == 1
    hall.change(auction_id, closes_at=end)
