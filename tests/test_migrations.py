"""The migrations, on each database: up from nothing, down to nothing, up again; and they make what the models say."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import Keys
from auction.kernel.db import INSERT_ONLY, Base, open_engine
from auction.kernel.migrate import current, head, migrate
from auction.kernel.settings import SettingsError
from auction.kernel.unit import House, Unit
from auction.models import Agency, LotListing, Task
from bidding.models import AwaitedLook
from disclosure.models import Attachment, SheetVersion
from tests.bidding.hall import an_empty_database
from tests.conftest import START, settings_for
from tests.factories import a_lot, a_uscc, an_account, an_auction
from web.wiring import check, open_house, upgrade

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with an_empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine on an empty database."""
    opened = open_engine(url)
    yield opened
    opened.dispose()


#: What a database holds, by its own catalogue; the version table apart.
CATALOGUE = {
    "sqlite": """
        SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'
    """,
    "postgresql": """
        SELECT table_name, column_name, concat(data_type, ' ', is_nullable, ' ', column_default)
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE k.connamespace = 'public'::regnamespace
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT c.relname, tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
}


def everything(engine: Engine) -> list[str]:
    """Tables with columns, keys, checks, indexes and triggers; functions."""
    with engine.connect() as connection:
        rows = connection.execute(text(CATALOGUE[engine.dialect.name]))
        return sorted(str(row) for row in rows if "alembic_version" not in row)


def no_grams(name: str | None, kind: str, _parents: object) -> bool:
    """The index of grams is made by hand on each database, and its own tables are SQLite's business."""
    return kind != "table" or not str(name).startswith("lot_grams")


def test_up_from_nothing_down_to_nothing_and_up_again_gives_the_same(engine: Engine) -> None:
    nothing = everything(engine)
    assert current(engine) is None
    migrate(engine)
    first = everything(engine)
    assert current(engine) == head()
    assert first != nothing
    migrate(engine, "base")
    assert (everything(engine), current(engine)) == (nothing, None)
    migrate(engine)
    assert (everything(engine), current(engine)) == (first, head())


def test_migrating_what_is_up_to_date_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    before = everything(engine)
    migrate(engine)
    assert (everything(engine), current(engine)) == (before, head())


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": no_grams}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_the_checks_of_the_models_are_in_the_database(engine: Engine) -> None:
    """What the comparison above does not look at."""
    migrate(engine)
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        wanted = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {str(check["name"]) for check in found.get_check_constraints(table.name)} == wanted, table.name


def test_a_live_identity_stands_behind_one_registration_of_an_auction(engine: Engine) -> None:
    migrate(engine)
    table = Base.metadata.tables["registered_identities"]
    row: dict[str, object] = {"id_match": "m", "auction_id": "a", "part": "applicant", "id_type": "resident_id"}
    row |= {"name": b"", "id_number": b""}
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for registration, live in (("r1", True), ("r2", False), ("r3", False)):
            connection.execute(table.insert(), row | {"registration_id": registration, "live": live})
        with pytest.raises(IntegrityError):
            connection.execute(table.insert(), row | {"registration_id": "r4", "live": True})
        connection.rollback()


def test_insert_only_tables_are_guarded_after_going_down_and_up(engine: Engine) -> None:
    migrate(engine)
    migrate(engine, "base")
    migrate(engine)
    found = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name HAVING count(*) = 2"
    if engine.dialect.name == "postgresql":
        found = "SELECT c.relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal"
    with engine.begin() as connection:
        assert set(connection.scalars(text(found))) == INSERT_ONLY
        if engine.dialect.name == "postgresql":  # its triggers refuse a statement, even where it meets no row
            for name in sorted(INSERT_ONLY):
                table = Base.metadata.tables[name]
                column = next(iter(table.c))
                truncated = text(f"TRUNCATE {name} CASCADE")
                for change in (table.update().values({column: column}), table.delete(), truncated):
                    with pytest.raises(DBAPIError, match="insert-only"), connection.begin_nested():
                        connection.execute(change)


def test_the_bids_of_auctions_that_ended_lately_are_to_be_looked_at(house: House) -> None:
    now = datetime.now(UTC)

    def story(unit: Unit) -> str:
        def ended(days: int, bids: int) -> str:
            return an_auction(unit, status="sold", closed_at=now - timedelta(days=days), bid_count=bids).id

        ended(200, 1)
        ended(1, 0)
        an_auction(unit, bid_count=1)
        return ended(1, 1)

    lately = house.perform(story)
    migrate(house.engine, "0007")
    migrate(house.engine)
    rows = house.read(lambda session: session.execute(select(AwaitedLook.act, AwaitedLook.subject_id)).all())
    assert [tuple(row) for row in rows] == [("patterns", lately)]


def test_work_given_in_free_words_is_kept_word_by_word(house: House) -> None:
    def story(unit: Unit) -> str:
        lot, agency = a_lot(unit), Agency(uscc=a_uscc(), name="示例拍辅")
        unit.session.add(agency)
        unit.session.flush()
        for number, kind in enumerate(("viewing", "photos", "搬运与看管")):
            given = {"agency_uscc": agency.uscc, "due_at": unit.now, "created_at": unit.now}
            told = "搬运与看管" if number == 2 else None
            kind = "other" if told else kind
            unit.session.add(Task(id=f"t{number}", lot_id=lot.id, kind=kind, description=told, **given))
        return lot.id

    house.perform(story)
    kinds = text("SELECT kind FROM tasks ORDER BY id")
    migrate(house.engine, "0012")
    with house.engine.begin() as connection:
        assert list(connection.scalars(kinds)) == ["viewings", "photos", "搬运与看管"]
    migrate(house.engine)
    with house.engine.begin() as connection:
        told = connection.execute(text("SELECT kind, description, signed_by FROM tasks ORDER BY id")).all()
    assert [tuple(row) for row in told] == [
        ("viewing", None, None),
        ("photos", None, None),
        ("other", "搬运与看管", None),
    ]


def test_lots_listed_before_lists_had_photos_get_theirs(house: House) -> None:
    def story(unit: Unit) -> str:
        lot, clerk = a_lot(unit), an_account(unit, "clerk")
        an_auction(unit, lot=lot)
        kept = {"lot_id": lot.id, "size": 1, "content": b"x", "uploaded_by": clerk.id}
        for number, media_type in enumerate(("application/pdf", "image/jpeg", "image/png", "image/png")):
            at, named = unit.now + timedelta(seconds=number), {"filename": "f", "media_type": media_type}
            unit.session.add(Attachment(id=f"f{number}", sha256=f"h{number}", uploaded_at=at, **kept, **named))
        said = dict.fromkeys(("statement", "source", "checker", "checked_on"), "")
        item = {"code": "lease", "state": "none", "data": {}, "attachments": ["h2"], **said}
        facts = {"attachments": ["h0", "h3"], "items": [item]}
        sealed = {"lot_id": lot.id, "version": 1, "seal": "s", "material": False}
        unit.session.add(SheetVersion(**sealed, facts=facts, at=unit.now))
        lot.sheet_version = 1
        return lot.id

    lot_id = house.perform(story)
    migrate(house.engine, "0026")
    migrate(house.engine)
    photos = house.read(lambda session: session.execute(select(LotListing.lot_id, LotListing.photo)).all())
    assert [tuple(row) for row in photos] == [(lot_id, "f2")]


def test_a_program_refuses_a_database_of_another_schema_or_of_other_keys(url: str, tmp_path: Path) -> None:
    house = open_house(settings_for(url, tmp_path), clock=FixedClock(START))
    with pytest.raises(SettingsError, match="schema"):
        check(house)
    upgrade(house)
    check(house)
    others = settings_for(url, tmp_path, keys=Keys(b"x" * 32, b"k" * 32, b"l" * 32))
    stranger = open_house(others, clock=FixedClock(START))
    with pytest.raises(SettingsError, match="FAPAI_MASTER_KEY"):
        check(stranger)
    with pytest.raises(SettingsError, match="FAPAI_MASTER_KEY"):
        upgrade(stranger)
    for one in (house, stranger):
        one.engine.dispose()
        one.reader.dispose()
