"""Who is behind a company, read from the registry in force: by version, by day, in one statement."""

from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from auction.kernel.unit import House, Unit
from risk.models import Control
from risk.queries.interest import stakes_behind
from risk.rules.control import controlled

TODAY = date(2026, 3, 2)


def enter(
    house: House,
    *rows: tuple[str, str, str, int | None],
    first: date = date(2020, 1, 1),
    last: date | None = None,
    version: int = 1,
    until: int | None = None,
) -> None:
    def write(unit: Unit) -> None:
        for company, holder, role, share in rows:
            facts = {"company_match": company, "holder_match": holder, "role": role, "share": share}
            life = {"from_on": first, "to_on": last, "from_version": version, "until_version": until}
            unit.session.add(Control(company_name=b"", **facts, **life))

    house.perform(write)


def companies(house: House, *candidates: str, version: int = 1, today: date = TODAY) -> set[str]:
    stakes = house.read(stakes_behind, candidates, version=version, today=today)
    found = controlled({"j"}, stakes, Fraction(1, 2), among=candidates)
    assert all(chain.seeds == ("j",) for chain in found.values())
    return set(found)


def test_only_candidates_are_answered_however_long_the_way_to_them(house: House) -> None:
    enter(house, ("A", "j", "shareholder", 600_000), *((b, a, "shareholder", 600_000) for a, b in ("AB", "BC", "CD")))
    enter(house, ("E", "x", "shareholder", 600_000), ("D", "A", "director", None))
    assert companies(house, "D", "E", "j", "nobody") == {"D"}
    assert companies(house, "A", "B", "C") == {"A", "B", "C"}
    assert companies(house) == set()


def test_circles_come_to_an_end(house: House) -> None:
    enter(house, ("A", "B", "shareholder", 400_000), ("B", "A", "shareholder", 600_000), ("A", "A", "shareholder", 1))
    assert companies(house, "A", "B") == set()
    enter(house, ("A", "j", "shareholder", 500_001))
    assert companies(house, "B") == {"B"}


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [
        (date(2020, 1, 1), None, True),
        (TODAY, TODAY, True),
        (date(2026, 3, 3), None, False),
        (date(2020, 1, 1), date(2026, 3, 1), False),
    ],
)
def test_what_is_held_today_counts(house: House, first: date, last: date | None, held: bool) -> None:
    enter(house, ("A", "j", "shareholder", 600_000), first=first, last=last)
    assert companies(house, "A") == ({"A"} if held else set())


def test_rows_of_a_coming_version_and_ended_rows_do_not_count(house: House) -> None:
    enter(house, ("A", "j", "actual_controller", None), version=2)
    enter(house, ("B", "j", "actual_controller", None), version=1, until=2)
    assert companies(house, "A", "B", version=1) == {"B"}
    assert companies(house, "A", "B", version=2) == {"A"}


def test_one_statement_reads_everything_above(house: House) -> None:
    enter(house, *((f"c{n + 1}", f"c{n}", "shareholder", 700_000) for n in range(50)))
    statements: list[str] = []
    event.listen(house.reader, "before_cursor_execute", lambda *args: statements.append(args[2]))

    def read(session: Session) -> int:
        return len(stakes_behind(session, ["c50", "c49"], version=1, today=TODAY))

    assert house.read(read) == 50
    assert len([statement for statement in statements if "control" in statement]) == 1
