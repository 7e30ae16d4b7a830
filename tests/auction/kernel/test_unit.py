"""One owner of begin, commit and publish; the journal is part of the same transaction."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.db import INSERT_ONLY
from auction.kernel.journal import NO_HASH, JournalRow, Salt, Stream
from auction.kernel.unit import House, Unit
from auction.models import Court, Platform
from tests.conftest import settings_for
from web.wiring import open_house


def note(unit: Unit, stream: str, kind: str = "Noted", private: bool = False, **body: object) -> None:
    unit.record(kind, stream=stream, body=body, private=private)


def rows(session: Session) -> list[JournalRow]:
    return list(session.scalars(select(JournalRow).order_by(JournalRow.stream, JournalRow.number)))


def test_a_unit_that_returns_is_committed_and_published_afterwards(house: House) -> None:
    seen: list[int] = []
    house.subscribe("told", lambda message: seen.append(len(house.read(rows))))

    def service(unit: Unit) -> str:
        note(unit, "system", what="a")
        unit.publish("told")
        assert seen == []
        return "done"

    assert house.perform(service) == "done"
    assert seen == [1]


def test_a_unit_that_raises_leaves_nothing(house: House) -> None:
    def service(unit: Unit) -> None:
        unit.session.add(Court(code="C1", name="one"))
        note(unit, "system")
        unit.publish("told")
        raise ValueError

    house.subscribe("told", lambda message: pytest.fail("published without a commit"))
    with pytest.raises(ValueError):
        house.perform(service)
    assert house.read(rows) == []
    assert house.read(lambda session: session.get(Court, "C1")) is None


def test_entries_of_a_stream_are_numbered_without_gaps_and_chained(house: House) -> None:
    for n in range(3):
        house.perform(note, "system", n=n)
        house.perform(note, "lot:x", n=n)
    for stream in ("lot:x", "system"):
        chain = [row for row in house.read(rows) if row.stream == stream]
        assert [row.number for row in chain] == [1, 2, 3]
        previous = NO_HASH
        for row in chain:
            assert f'"prev":"{previous}"' in row.entry
            assert sha256_hex(row.entry.encode()) == row.hash
            previous = row.hash
        head = house.read(lambda session, name=stream: session.get(Stream, name))
        assert head is not None and (head.number, head.hash, head.unsealed) == (3, previous, True)


def test_an_entry_is_never_dated_before_the_last_of_its_stream(house: House, clock: object) -> None:
    house.perform(note, "system")
    clock.advance(seconds=-30)  # type: ignore[attr-defined]
    house.perform(note, "system")
    first, second = house.read(rows)
    assert second.at == first.at


def test_only_private_entries_get_a_salt(house: House) -> None:
    house.perform(note, "system", private=True)
    house.perform(note, "system")
    assert [(salt.number, len(salt.salt)) for salt in house.read(lambda s: list(s.scalars(select(Salt))))] == [(1, 32)]


def test_an_entry_refuses_what_has_no_canonical_form() -> None:
    for value in (1.5, {"é": 1}, 2**53, {1: 2}, b"x", float("nan")):
        with pytest.raises(TypeError):
            canonical(value)


def test_threads_on_one_stream_lose_no_entry(house: House) -> None:
    def work() -> None:
        for _ in range(10):
            house.perform(note, "system")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.number for row in house.read(rows)] == list(range(1, 81))


def test_the_database_itself_refuses_to_change_evidence(house: House) -> None:
    house.perform(note, "system")
    for statement in ("UPDATE journal SET kind = 'x'", "DELETE FROM journal"):
        with pytest.raises(DBAPIError, match="insert-only"):
            house.perform(lambda unit, sql=statement: unit.session.execute(text(sql)))
    assert len(house.read(rows)) == 1


def test_every_insert_only_table_has_its_triggers(house: House) -> None:
    def triggers(session: Session) -> set[str]:
        if session.get_bind().dialect.name == "postgresql":
            return set(
                session.execute(
                    text("SELECT relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal")
                ).scalars()
            )
        names = session.execute(
            text("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name HAVING count(*) >= 2")
        )
        return set(names.scalars())

    assert house.read(triggers) == INSERT_ONLY | {"journal", "room_events"}


def test_a_connection_lost_amid_questions_is_told_and_the_next_unit_goes_on(
    postgresql_url: str, tmp_path: Path, clock: FixedClock
) -> None:
    house = open_house(settings_for(postgresql_url, tmp_path), clock=clock)

    def lose(unit: Unit) -> None:
        own = unit.session.scalar(text("SELECT pg_backend_pid()"))
        with house.reader.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
        unit.ask(growing=["system"])

    with pytest.raises(OperationalError):
        house.perform(lose)
    entry = house.perform(lambda unit: unit.record("Something", stream="system", body={}))
    assert entry.number == 1
    house.engine.dispose()
    house.reader.dispose()


def test_a_clash_amid_set_wise_writes_is_tried_again(postgresql_url: str, tmp_path: Path, clock: FixedClock) -> None:
    house = open_house(settings_for(postgresql_url, tmp_path), clock=clock)
    tries = []

    def clash(unit: Unit) -> None:
        tries.append(1)
        unit.write(Platform, [{"key": "a" if len(tries) > 1 else "clock_offset_us", "value": "1"}])

    house.perform(clash)
    assert len(tries) == 2
    house.engine.dispose()
    house.reader.dispose()
