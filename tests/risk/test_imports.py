"""Registry files put in force: all at once or not at all, with history kept and nothing readable stored."""

import json
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.journal import JournalRow
from auction.kernel.unit import House, Unit
from auction.models import Platform
from risk.imports import Report, import_control, import_file, import_relatives, import_staff, storing
from risk.models import Control, RegistryVersion, Relative, Staff
from risk.queries.interest import in_force, registry_key, registry_version

STAFF = "body_type,body_code,name,id_number,position,from,to"
RELATIVES = "id_number,relative_name,relative_id_number,relation"
CONTROL = "company_uscc,company_name,holder_id,role,share,from,to"
AGENCY, HOLDING = "91350100M000100Y43", "91110000600037341L"

pytestmark = pytest.mark.usefixtures("bodies")

Number = Callable[[int], str]
Writer = Callable[..., Path]


def judges(number: Number, *orders: int, to: str = "", name: str = "张三") -> list[str]:
    return [f"court,C1,{name},{number(order)},法官,2020-01-01,{to}" for order in orders]


def staff(session: Session, version: int | None = None) -> list[tuple[str, date | None]]:
    """Who is on the staff in a version, and until when."""
    at = registry_version(session) if version is None else version
    rows = session.scalars(select(Staff).where(in_force(Staff, at)).order_by(Staff.id))
    return [(row.id_match, row.to_on) for row in rows]


def everything(session: Session) -> list[dict[str, Any]]:
    """All rows of the registry and its versions, staged and ended ones too."""
    tables: list[Any] = [Staff, Relative, Control, RegistryVersion]
    return [
        {column.name: getattr(row, column.name) for column in table.__table__.columns}
        for table in tables
        for row in session.scalars(select(table).order_by(*table.__table__.primary_key.columns))
    ]


def marks(session: Session) -> list[str]:
    return list(session.scalars(select(Platform.key).where(Platform.key == storing.MARK)))


def journal(session: Session) -> list[tuple[bool, dict[str, Any]]]:
    rows = session.scalars(select(JournalRow).where(JournalRow.kind == "RegistryImported").order_by(JournalRow.number))
    return [(row.private, json.loads(row.entry)["body"]) for row in rows]


def matches(house: House, number: Number, *orders: int) -> list[str]:
    return [house.vault.match_key("resident_id", number(order)) for order in orders]


def test_a_file_comes_into_force_as_one_version(house: House, write: Writer, number: Number) -> None:
    heard: list[dict[str, Any]] = []
    house.subscribe("registry", lambda message: heard.append(message.payload))
    path = write(STAFF, *judges(number, 1, 2), f"agency,{AGENCY},王,{number(3)},valuer,2021-01-01,2022-01-01")
    assert import_file(house, "staff", path) == Report(3, (), 1, 3)
    people = matches(house, number, 1, 2, 3)
    assert house.read(staff) == [(people[0], None), (people[1], None), (people[2], date(2022, 1, 1))]
    assert heard == [{"version": 1}]
    assert house.read(marks) == []


def test_an_import_is_journaled_with_the_hash_of_its_file_and_without_names(
    house: House, write: Writer, number: Number
) -> None:
    path = write(STAFF, *judges(number, 1, 2), "court,C1,张三,1,法官,2020-01-01,")
    import_staff(house, path, partial=True)
    assert house.read(journal) == [
        (
            True,
            {
                "ended": 0,
                "file": sha256(path.read_bytes()).hexdigest(),
                "kind": "staff",
                "refused": 1,
                "rows": 2,
                "stored": 2,
                "version": 1,
            },
        )
    ]
    row = house.read(lambda session: session.scalars(select(RegistryVersion)).one())
    assert (row.version, row.kind, row.rows, row.at) == (1, "staff", 2, house.now())
    assert row.file_hash == sha256(path.read_bytes()).hexdigest()


def test_names_are_sealed_and_numbers_kept_as_keyed_hashes_only(house: House, write: Writer, number: Number) -> None:
    import_staff(house, write(STAFF, *judges(number, 1)))
    import_relatives(house, write(RELATIVES, f"{number(1)},李四,{number(2)},spouse"))
    rows = house.read(everything)
    shown = repr(rows) + repr([row["name"] for row in rows if "name" in row])
    assert "张三" not in shown and "李四" not in shown and number(1) not in shown and number(2) not in shown
    key = house.read(registry_key)
    assert key is not None
    person, relation = (
        house.read(lambda session, t=table: session.scalars(select(t)).one()) for table in (Staff, Relative)
    )
    assert house.vault.open(key, storing.SEALED_FOR, "staff.name", person.name) == "张三"
    assert house.vault.open(key, storing.SEALED_FOR, "relatives.relative_name", relation.relative_name) == "李四"


@pytest.mark.parametrize("kind", ["staff", "relatives", "control"])
def test_the_same_file_again_changes_nothing(house: House, write: Writer, number: Number, kind: str) -> None:
    if kind == "staff":
        path = write(STAFF, *judges(number, 1, 2), *judges(number, 2))
    elif kind == "control":
        path = write(CONTROL, *(f"{AGENCY},某公司,{number(n)},shareholder,0.1,2020-01-01," for n in (2, 3, 2)))
    else:
        path = write(RELATIVES, *(f"{number(1)},李四,{number(n)},child" for n in (2, 3, 2)))
    assert import_file(house, kind, path) == Report(3, (), 1, 2)
    before, entries = house.read(everything), house.read(journal)
    heard: list[object] = []
    house.subscribe("registry", heard.append)
    assert import_file(house, kind, path) == Report(3, (), 1, 0)
    assert (house.read(everything), house.read(journal), heard, house.read(marks)) == (before, entries, [], [])


def test_another_end_of_office_is_a_correction_that_keeps_history(house: House, write: Writer, number: Number) -> None:
    import_staff(house, write(STAFF, *judges(number, 1, 2)))
    left = import_staff(house, write(STAFF, *judges(number, 1, to="2025-12-31")))
    back = import_staff(house, write(STAFF, *judges(number, 1)))
    assert (left, back) == (Report(1, (), 2, 1), Report(1, (), 3, 1))
    one, two = matches(house, number, 1, 2)
    assert house.read(staff, 1) == [(one, None), (two, None)]
    assert house.read(staff, 2) == [(two, None), (one, date(2025, 12, 31))]
    assert house.read(staff, 3) == [(two, None), (one, None)]
    rows = house.read(lambda session: list(session.scalars(select(Staff).order_by(Staff.id))))
    assert [(row.from_version, row.until_version) for row in rows] == [(1, 2), (1, None), (2, 3), (3, None)]


@pytest.mark.parametrize(
    "other",
    ["court,C2,张三,{},法官,2020-01-01,", "court,C1,张三,{},庭长,2020-01-01,", "court,C1,张三,{},法官,2021-01-01,"],
)
def test_another_body_position_or_first_day_is_another_office(
    house: House, write: Writer, number: Number, other: str
) -> None:
    import_staff(house, write(STAFF, *judges(number, 1)))
    import_staff(house, write(STAFF, other.format(number(1))))
    assert len(house.read(staff)) == 2


def test_a_corrected_name_or_relation_replaces_the_old_one(house: House, write: Writer, number: Number) -> None:
    import_staff(house, write(STAFF, *judges(number, 1)))
    assert import_staff(house, write(STAFF, *judges(number, 1, name="张山"))).stored == 1
    assert len(house.read(staff)) == 1
    import_relatives(house, write(RELATIVES, f"{number(1)},李四,{number(2)},sibling"))
    import_relatives(house, write(RELATIVES, f"{number(1)},李四,{number(2)},spouse"))
    rows = house.read(lambda session: list(session.scalars(select(Relative).order_by(Relative.id))))
    assert [(row.relation, row.from_version, row.until_version) for row in rows] == [
        ("sibling", 3, 4),
        ("spouse", 4, None),
    ]


def test_one_refused_row_keeps_the_whole_file_out(house: House, write: Writer, number: Number) -> None:
    import_staff(house, write(STAFF, *judges(number, 1)))
    before = house.read(everything)
    report = import_staff(
        house, write(STAFF, *judges(number, 1, 2, to="2025-01-01"), "court,C1,张三,1,法官,2020-01-01,")
    )
    assert (report.accepted, report.stored, report.version) == (0, 0, 1)
    assert [(row.line, row.field, row.code) for row in report.refused] == [(4, "id_number", "identity_invalid")]
    assert (house.read(everything), house.read(marks)) == (before, [])


def test_a_partial_import_stores_the_good_rows(house: House, write: Writer, number: Number) -> None:
    path = write(STAFF, "court,C1,张三,1,法官,2020-01-01,", *judges(number, 1), "court,C9,张三,2,法官,2020-01-01")
    report = import_staff(house, path, partial=True)
    assert (report.accepted, report.stored, report.version) == (1, 1, 1)
    assert [row.line for row in report.refused] == [2, 4]


def test_a_court_or_agency_that_the_platform_does_not_know_is_a_refused_row(
    house: House, write: Writer, number: Number
) -> None:
    lines = [
        f"court,C9,张三,{number(1)},法官,2020-01-01,",
        f"court,{AGENCY},张三,{number(1)},法官,2020-01-01,",
        f"agency,91350211M000100Y4X,张三,{number(1)},valuer,2020-01-01,",
        f"agency,C1,张三,{number(1)},valuer,2020-01-01,",
        f"agency,{AGENCY.lower()},张三,{number(1)},valuer,2020-01-01,",
        f"provider,PLATFORM,张三,{number(1)},engineer,2020-01-01,",
    ]
    report = import_staff(house, write(STAFF, *lines), partial=True)
    assert [(row.line, row.field, row.code) for row in report.refused] == [
        (2, "body_code", "unknown_court"),
        (3, "body_code", "unknown_court"),
        (4, "body_code", "unknown_agency"),
        (5, "body_code", "unknown_agency"),
    ]
    assert report.accepted == 2


def test_a_wrong_header_keeps_even_a_partial_import_out(house: House, write: Writer, number: Number) -> None:
    report = import_relatives(house, write(STAFF, *judges(number, 1)), partial=True)
    assert (report.accepted, report.version, [row.line for row in report.refused]) == (0, 0, [1])
    assert house.read(everything) == []


def stakes(session: Session, version: int | None = None) -> list[tuple[str, str, str, int | None, date | None]]:
    """Who is what in which company in a version."""
    at = registry_version(session) if version is None else version
    rows = session.scalars(select(Control).where(in_force(Control, at)).order_by(Control.id))
    return [(row.company_match, row.holder_match, row.role, row.share, row.to_on) for row in rows]


def test_a_control_file_comes_into_force_and_a_changed_share_is_a_correction(
    house: House, write: Writer, number: Number
) -> None:
    lines = [
        f"{AGENCY},某公司,{number(1)},shareholder,{{}},2020-01-01,",
        f"{AGENCY},某公司,{HOLDING},director,,2020-01-01,",
    ]
    first = write(CONTROL, lines[0].format("0.6"), lines[1])
    assert import_file(house, "control", first) == Report(2, (), 1, 2)
    company, holding = (house.vault.match_key("uscc", code) for code in (AGENCY, HOLDING))
    (person,) = matches(house, number, 1)
    director = (company, holding, "director", None, None)
    assert house.read(stakes) == [(company, person, "shareholder", 600_000, None), director]
    assert import_control(house, write(CONTROL, lines[0].format("0.4"))) == Report(1, (), 2, 1)
    sold = write(CONTROL, lines[0].format("0.4") + "2026-01-31")
    assert import_control(house, sold) == Report(1, (), 3, 1)
    assert house.read(stakes, 1) == [(company, person, "shareholder", 600_000, None), director]
    assert house.read(stakes, 2) == [director, (company, person, "shareholder", 400_000, None)]
    assert house.read(stakes) == [director, (company, person, "shareholder", 400_000, date(2026, 1, 31))]
    shown = repr(house.read(everything))
    assert "某公司" not in shown and AGENCY not in shown and HOLDING not in shown and number(1) not in shown


def test_one_refused_row_keeps_a_control_file_out_unless_partial(house: House, write: Writer, number: Number) -> None:
    path = write(
        CONTROL, f"{AGENCY},某公司,{number(1)},shareholder,0.6,2020-01-01,", f"{AGENCY},某公司,1,director,,2020-01-01,"
    )
    report = import_control(house, path)
    assert (report.accepted, report.version, [row.line for row in report.refused]) == (0, 0, [3])
    assert house.read(stakes) == [] and house.read(everything) == []
    assert import_control(house, path, partial=True).accepted == 1
    assert len(house.read(stakes)) == 1


@pytest.mark.parametrize(
    ("earlier", "lines", "wrong"),
    [
        ([], ["1,0.6,2020-01-01,", "2,0.400002,2020-01-01,", "3,,2020-01-01,"], [2, 3, 4]),
        ([], ["1,0.6,2020-01-01,2024-12-31", "2,0.6,2025-01-01,", "3,0.4,2019-01-01,"], []),
        ([], ["1,0.6,2020-01-01,2024-12-31", "2,0.6,2024-12-31,"], [2, 3]),
        ([], ["1,0.6,2020-01-01,", "1,0.7,2022-01-01,", "2,0.3,2020-01-01,"], []),
        ([], [f"{n},0.1666667,2020-01-01," for n in range(1, 7)], []),
        (["1,0.6,2020-01-01,"], ["2,0.5,2021-01-01,"], [2]),
        (["1,0.6,2020-01-01,"], ["1,0.6,2020-01-01,2020-12-31", "2,0.5,2021-01-01,"], []),
        (["1,0.6,2020-01-01,"], ["1,0.5,2020-01-01,", "2,0.7,2021-01-01,"], [2, 3]),
    ],
    ids=["sum", "after", "on-a-day", "risen", "sixths", "earlier-file", "ended", "corrected"],
)
def test_nobody_holds_of_a_company_what_others_hold(
    house: House, write: Writer, number: Number, earlier: list[str], lines: list[str], wrong: list[int]
) -> None:
    def rows(some: list[str]) -> list[str]:
        cells = [line.split(",", 1) for line in some]
        return [f"{AGENCY},某公司,{number(int(holder))},shareholder,{rest}" for holder, rest in cells]

    import_control(house, write(CONTROL, *rows(earlier)))
    before = house.read(everything)
    director = f"{AGENCY},某公司,{HOLDING},director,,2020-01-01,"
    path = write(CONTROL, *rows(lines), director)
    report = import_control(house, path)
    assert [row.line for row in report.refused] == wrong
    assert {(row.field, row.code) for row in report.refused} == ({("share", "above_whole")} if wrong else set())
    if wrong:
        assert (report.accepted, report.stored, house.read(everything)) == (0, 0, before)
        rest = import_control(house, path, partial=True)
        assert (rest.accepted, rest.stored, [row.line for row in rest.refused]) == (1, 1, wrong)
        assert [stake[2] for stake in house.read(stakes)] == ["shareholder"] * len(earlier) + ["director"]
        assert house.read(journal)[-1][1]["ended"] == 0
    else:
        assert report.accepted == len(lines) + 1


def test_a_namesake_born_the_same_day_has_the_same_mark_however_the_name_is_typed(
    house: House, write: Writer, number: Number
) -> None:
    import_staff(house, write(STAFF, *judges(number, 1, name="Li Si·A"), *judges(number, 2, name="ＬＩ－ｓｉａ")))
    import_relatives(house, write(RELATIVES, f"{number(1)},li sia,{number(3)},child"))
    import_staff(house, write(STAFF, *judges(number, 1001, 1002, name="李四")))

    def marked(session: Session) -> list[str | None]:
        return [
            *session.scalars(select(Staff.birth_match).order_by(Staff.id)),
            *session.scalars(select(Relative.birth_match)),
        ]

    one, two, other, again, child = house.read(marked)
    assert one == two == child and None not in (one, other)
    assert other == again and other != one


def test_what_is_to_happen_with_a_new_version_happens_in_its_transaction(
    house: House, write: Writer, number: Number
) -> None:
    seen: list[int] = []
    path = write(STAFF, *judges(number, 1))

    def fails(unit: Unit) -> None:
        seen.append(registry_version(unit.session))
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        import_staff(house, path, switched=fails)
    assert (seen, house.read(registry_version)) == ([1], 0)
    import_staff(house, path, switched=lambda unit: seen.append(registry_version(unit.session)))
    assert (seen, house.read(registry_version)) == ([1, 1], 1)
    import_staff(house, path, switched=fails)  # nothing changed, so nothing is asked


def test_a_missing_file_is_the_callers_error(house: House, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        import_staff(house, tmp_path / "nowhere.csv")
    assert house.read(marks) == []


@pytest.mark.parametrize("broken", ["_write", "_put_in_force"])
def test_an_import_that_breaks_in_the_middle_never_comes_into_force(
    house: House, write: Writer, number: Number, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(storing, "CHUNK", 2)
    import_staff(house, write(STAFF, *judges(number, 1, 2)))
    before, standing = house.read(everything), house.read(staff)
    whole, calls = getattr(storing, broken), 0

    def breaks(*args: object) -> object:
        nonlocal calls
        calls += 1
        if broken == "_put_in_force" or calls == 3:
            raise OSError("the machine stopped")
        return whole(*args)

    with monkeypatch.context() as patch:
        patch.setattr(storing, broken, breaks)
        with pytest.raises(OSError, match="the machine stopped"):
            import_staff(house, write(STAFF, *judges(number, 1, 3, 4, 5, 6, 7, to="2025-01-01")))
    assert len(house.read(everything)) > len(before)
    assert house.read(staff) == standing and house.read(registry_version) == 1

    report = import_relatives(house, write(RELATIVES, f"{number(1)},李四,{number(2)},spouse"))
    assert report.version == 2
    assert house.read(staff) == standing
    rows = [row for row in house.read(everything) if "body_type" in row]
    assert rows == [row for row in before if "body_type" in row]


def test_an_import_that_another_one_has_overtaken_stores_nothing(
    house: House, write: Writer, number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "CHUNK", 1)
    slow = write(STAFF, *judges(number, 1, 2, 3), name="slow.csv")
    quick = write(STAFF, *judges(number, 4), name="quick.csv")
    write_rows, calls = storing._write, 0

    def overtaken(*args: Any) -> None:
        nonlocal calls
        calls += 1
        write_rows(*args)

    real_stage = storing._stage

    def stage(house: House, *args: Any) -> tuple[int, int]:
        if calls == 2:
            with monkeypatch.context() as patch:
                patch.setattr(storing, "_stage", real_stage)
                assert import_staff(house, quick).version == 1
        return real_stage(house, *args)

    monkeypatch.setattr(storing, "_write", overtaken)
    monkeypatch.setattr(storing, "_stage", stage)
    with pytest.raises(DomainError, match="wrong_state"):
        import_staff(house, slow)
    (fourth,) = matches(house, number, 4)
    assert house.read(staff) == [(fourth, None)]
    assert len(house.read(everything)) == 2


def test_readers_see_the_old_registry_until_the_switch(
    house: House, write: Writer, number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "CHUNK", 2)
    import_staff(house, write(STAFF, *judges(number, 1, 2, 3)))
    old, seen = house.read(staff), []
    write_rows = storing._write

    def look(unit: Unit, *args: Any) -> None:
        seen.append((staff(unit.session), registry_version(unit.session)))
        write_rows(unit, *args)
        seen.append((staff(unit.session), registry_version(unit.session)))

    monkeypatch.setattr(storing, "_write", look)
    import_staff(house, write(STAFF, *judges(number, 1, 2, 3, 4, to="2025-01-01")))
    assert len(seen) == 4 and all(found == (old, 1) for found in seen)
    assert [to for _, to in house.read(staff)] == [date(2025, 1, 1)] * 4


def test_a_file_of_many_chunks_in_gbk_comes_in_whole(house: House, write: Writer, number: Number) -> None:
    path = write(STAFF, *judges(number, *range(2500)), encoding="gbk", end="\r\n")
    assert import_staff(house, path) == Report(2500, (), 1, 2500)
    assert import_staff(house, path) == Report(2500, (), 1, 0)
