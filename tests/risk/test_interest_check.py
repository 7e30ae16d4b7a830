"""The bar on a real lot: by the registry in force, at once, set-wise, and never open when it cannot be read."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auction.kernel.clock import FixedClock
from auction.kernel.errors import DomainError
from auction.kernel.unit import House, Unit
from auction.models import Court, Lot
from risk.imports import import_relatives, import_staff
from risk.queries import interest as queries
from risk.rules.interest import Bodies, Body, Clearance, hits, is_current
from risk.services.interest import bodies_of, check_interest

STAFF = "body_type,body_code,name,id_number,position,from,to"
RELATIVES = "id_number,relative_name,relative_id_number,relation"
AGENCY, OTHER_AGENCY = "91350100M000100Y43", "91110000600037341L"

Number = Callable[[int], str]
Writer = Callable[..., Path]


def check(house: House, lot: str, *people: str, id_type: str = "resident_id") -> Clearance:
    """Check some identity numbers against a lot, as a bid does: in a writing unit."""

    def service(unit: Unit) -> Clearance:
        matches = [unit.vault.match_key(id_type, person) for person in people]
        return check_interest(unit, unit.session.get_one(Lot, lot), matches, unit.now)

    return house.perform(service)


def grounds(clearance: Clearance) -> list[tuple[str, str, str]]:
    return [(hit.ground, hit.body_type, hit.relation) for hit in clearance.hits]


def test_the_bodies_of_a_lot_are_its_court_the_provider_and_each_agency_once(house: House, lot: str) -> None:
    found = house.perform(lambda unit: bodies_of(unit, unit.session.get_one(Lot, lot)))
    assert found == Bodies(
        (
            Body("court", "C1"),
            Body("provider", "PLATFORM"),
            Body("agency", AGENCY, house.vault.match_key("uscc", AGENCY)),
        ),
        since=date(2025, 6, 1),
    )


def test_before_any_import_nobody_is_known_and_the_version_says_so(house: House, lot: str, number: Number) -> None:
    assert check(house, lot, number(1)) == Clearance(0, date(2026, 3, 2), ())


OFFICES = [
    ("court,C1,张,{},法官,2020-01-01,", True),
    ("provider,PLATFORM,张,{},engineer,2020-01-01,", True),
    (f"agency,{AGENCY},张,{{}},valuer,2020-01-01,", True),
    ("court,C2,张,{},法官,2020-01-01,", False),
    (f"agency,{OTHER_AGENCY},张,{{}},valuer,2020-01-01,", False),
    ("court,C1,张,{},法官,2020-01-01,2025-05-31", False),  # left the day before the case was entered
    ("court,C1,张,{},法官,2020-01-01,2025-06-01", True),
    ("court,C1,张,{},法官,2020-01-01,2025-07-01", True),  # who seized it and then left is still barred
    ("court,C1,张,{},法官,2026-03-02,", True),
    ("court,C1,张,{},法官,2026-03-03,", False),  # begins tomorrow
]


def test_staff_of_the_bodies_are_barred_while_their_office_counts(
    house: House, lot: str, write: Writer, number: Number
) -> None:
    import_staff(house, write(STAFF, *(line.format(number(n)) for n, (line, _) in enumerate(OFFICES))))
    for n, (line, barred) in enumerate(OFFICES):
        assert check(house, lot, number(n), number(99)).clear is not barred, line
    everybody = check(house, lot, *(number(n) for n in range(len(OFFICES))))
    expected = {house.vault.match_key("resident_id", number(n)) for n, (_, barred) in enumerate(OFFICES) if barred}
    assert {hit.match for hit in everybody.hits} == expected


@pytest.mark.parametrize("by", ["staff", "relative"])
def test_near_relatives_are_barred_from_whichever_side_the_relation_was_recorded(
    house: House, lot: str, write: Writer, number: Number, by: str
) -> None:
    import_staff(house, write(STAFF, f"court,C1,张,{number(1)},法官,2020-01-01,"))
    one, other = (1, 2) if by == "staff" else (2, 1)
    import_relatives(house, write(RELATIVES, f"{number(one)},李,{number(other)},parent"))
    clearance = check(house, lot, number(2))
    assert grounds(clearance) == [("near_relative", "court", "parent" if by == "staff" else "child")]
    assert clearance.hits[0].via == house.vault.match_key("resident_id", number(1))
    assert clearance.version == 2


def test_an_agency_is_barred_itself_by_its_credit_code(house: House, lot: str) -> None:
    assert grounds(check(house, lot, AGENCY, id_type="uscc")) == [("body", "agency", "")]
    assert check(house, lot, OTHER_AGENCY, id_type="uscc").clear


def test_a_change_of_the_registry_counts_at_the_next_check(
    house: House, lot: str, write: Writer, number: Number
) -> None:
    before = check(house, lot, number(1))
    assert before.clear
    import_staff(house, write(STAFF, f"court,C1,张,{number(1)},法官,2020-01-01,"))
    assert not is_current(before.version, before.on, house.read(queries.registry_version), before.on)
    barred = check(house, lot, number(1))
    assert (barred.version, barred.clear) == (1, False)
    import_staff(house, write(STAFF, f"court,C1,张,{number(1)},法官,2020-01-01,2021-01-01"))
    assert check(house, lot, number(1)) == Clearance(2, date(2026, 3, 2), ())


def test_an_office_that_begins_tomorrow_counts_tomorrow_in_shanghai(
    house: House, lot: str, write: Writer, number: Number, clock: FixedClock
) -> None:
    import_staff(house, write(STAFF, f"court,C1,张,{number(1)},法官,2026-03-03,"))
    clock.moment = datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    today = check(house, lot, number(1))
    clock.moment = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    tomorrow = check(house, lot, number(1))
    assert (today.clear, tomorrow.clear) == (True, False)
    assert not is_current(today.version, today.on, tomorrow.version, tomorrow.on)


def test_many_people_are_checked_in_four_statements(house: House, lot: str, write: Writer, number: Number) -> None:
    import_staff(house, write(STAFF, *(f"court,C1,张,{number(n)},法官,2020-01-01," for n in range(0, 60, 3))))
    import_relatives(house, write(RELATIVES, *(f"{number(n)},李,{number(n + 1)},child" for n in range(0, 60, 3))))
    statements: list[str] = []
    people = [house.vault.match_key("resident_id", number(n)) for n in range(60)]

    def query(session: Session) -> Any:
        connection = session.connection()  # begun already: what follows is only the query's own
        event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        facts = queries.find_facts(session, people, date(2026, 3, 2), version=2)
        return hits(people, [Body("court", "C1")], date(2025, 6, 1), date(2026, 3, 2), facts)

    found = house.read(query)
    assert len(statements) == 4
    assert [sum(hit.ground == ground for hit in found) for ground in ("staff", "near_relative")] == [20, 20]


def test_the_check_searches_by_index(house: House) -> None:
    sqlite = house.engine.dialect.name == "sqlite"
    plan: list[str] = []

    def query(session: Session) -> None:
        connection = session.connection()
        if not sqlite:  # which would read a table of no rows from end to end
            connection.execute(text("SET LOCAL enable_seqscan = off"))

        def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
            cursor.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, parameters)
            plan.extend(str(row[-1 if not sqlite else 3]) for row in cursor.fetchall())

        event.listen(connection, "before_cursor_execute", explain)
        queries.find_facts(session, ["a", "b"], date(2026, 1, 1), version=1)
        queries.namesakes(session, {"a": "x"}, version=1)

    house.read(query)
    told = "\n".join(plan)
    indexes = ("id_match", "relative_match", "birth_match")
    for index in ("ix_control_company_match", *(f"ix_relatives_{name}" for name in indexes), "ix_staff_id_match"):
        assert index in told
    scanned = [line for line in plan if "SCAN" in line or "Seq Scan" in line]
    assert all("above" in line for line in scanned), told


def test_a_registry_that_cannot_be_read_clears_nobody(
    house: House, lot: str, number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("registry_version", "find_facts", "lifted_hits"):
        for error in (RuntimeError("no answer"), DomainError("not_found"), LookupError()):

            def fails(*args: object, error: Exception = error, **kwargs: object) -> None:
                raise error

            with monkeypatch.context() as patch, pytest.raises(DomainError) as caught:
                patch.setattr(queries, part, fails)
                check(house, lot, number(1))
            assert caught.value.code == "fault"
    assert check(house, lot, number(1)).clear


def test_a_table_that_is_gone_clears_nobody(house: House, lot: str, number: Number) -> None:
    def rename(unit: Unit, old: str, new: str) -> None:
        unit.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    for table in ("staff", "control", "relatives", "registry_versions", "tasks", "lifted_hits"):
        house.perform(rename, table, "gone")
        with pytest.raises(DomainError) as caught:
            check(house, lot, number(1))
        assert caught.value.code == "fault"
        house.perform(rename, "gone", table)
    assert check(house, lot, number(1)).clear


def test_a_clash_of_the_callers_own_rows_is_not_taken_for_an_unreadable_registry(
    house: House, lot: str, number: Number
) -> None:
    def service(unit: Unit) -> None:
        found = unit.session.get_one(Lot, lot)
        unit.session.add(Court(code="C1", name="again"))
        check_interest(unit, found, [], unit.now)

    with pytest.raises(IntegrityError):
        house.perform(service)
