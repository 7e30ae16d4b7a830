"""What is due, asked for every second, by indexes only; and what has ended."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from auction.kernel.unit import House, Unit
from bidding.models import AwaitedLook
from bidding.queries.auctions import auction_dict
from bidding.queries.due import due_acts
from bidding.queries.lots import auction_summary
from tests.factories import an_auction


def test_what_is_due_is_found_by_indexes(house: House) -> None:
    sqlite = house.engine.dialect.name == "sqlite"
    plan: list[str] = []
    asked: list[str] = []

    def query(session: Session) -> None:
        connection = session.connection()
        if not sqlite:  # which would read a table of no rows from end to end
            connection.execute(text("SET LOCAL enable_seqscan = off"))

        def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
            asked.append(statement)
            cursor.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, parameters)
            plan.extend(str(row[3 if sqlite else 0]) for row in cursor.fetchall())

        event.listen(connection, "before_cursor_execute", explain)
        due_acts(session, house.now())

    house.read(query)
    told = "\n".join(plan)
    indexes = ("ix_auctions_status", "ix_auctions_settlement", "ix_sanctions_status")
    for index in (*indexes, "ix_questions_waiting", "ix_awaited_looks_due"):
        assert index in told
    scanned = [line for line in plan if "SCAN" in line or "Seq Scan" in line]
    few = ("sanction_reviews", "outages")  # few, and asked only for those that wait
    assert all(any(name in line for name in few) for line in scanned), told
    assert len(asked) == 20, "one for each kind of act"


@pytest.mark.parametrize(("status", "ended"), [("draft", False), ("approved", False), ("unsold", True)])
def test_what_was_never_announced_has_not_ended(house: House, status: str, ended: bool) -> None:
    def told(unit: Unit) -> object:
        past = {"opens_at": unit.now - timedelta(days=2), "closes_at": unit.now - timedelta(days=1)}
        auction = an_auction(unit, status=status, **past)
        unit.session.flush()
        return auction_dict(unit.session, auction, unit.now)["ended"], auction_summary(auction, unit.now)["ended"]

    assert house.perform(told) == (ended, ended)


def test_of_many_looks_that_wait_the_first_are_read(house: House) -> None:
    def story(unit: Unit) -> None:
        for number in range(250):
            due_at = unit.now - timedelta(seconds=number % 100)
            unit.session.add(AwaitedLook(act="patterns", subject_id=f"a{number:03d}", due_at=due_at))
        unit.session.add(AwaitedLook(act="names", subject_id="r", due_at=unit.now))

    house.perform(story)
    due = house.read(due_acts, house.now())
    assert [one.act for one in due] == ["patterns"] * 100 + ["names"]
    assert [one.subject_id for one in due[:3]] == ["a099", "a199", "a098"]
