"""Old and new program side by side (F19): what a migration may do while a sale runs, and that what runs goes on."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import OperationalError

from auction.kernel.clock import FixedClock
from auction.kernel.db import open_engine
from auction.kernel.migrate import _config, current, head, migrate
from auction.kernel.settings import SettingsError
from auction.kernel.unit import House
from auction.services.log import seal
from bidding.queries.audit import verify_all
from tests.bidding.hall import an_empty_database
from tests.bidding.sale import RESERVE, STEP, a_contest, an_open_sale, bid, hammer
from web.wiring import check

#: The last migration of the last release; what came before the first one never ran under a sale. None: no release yet.
RELEASED: str | None = None
#: What a statement on a table that others use must not do, with the way round (docs/operating.md).
HEAVY = {
    r"\bDROP (TABLE|COLUMN)\b": "drops what the old program reads: contract a release later",
    r"\bRENAME\b": "renames what the old program reads: add the new, write both, drop a release later",
    r"\bALTER COLUMN \S+ (SET DATA )?TYPE\b": "rewrites the table: add a column, fill it in parts",
    r"\bALTER COLUMN \S+ SET NOT NULL\b": "reads the whole table under its strongest lock: CHECK … NOT VALID first",
    r"\bADD COLUMN (?!.*\bDEFAULT\b).*\bNOT NULL\b": "refuses what the old program writes: give it a default",
    r"\bADD (CONSTRAINT \S+ )?(FOREIGN KEY|CHECK)\b(?!.*\bNOT VALID\b)": "reads the whole table: NOT VALID before",
    r"\bADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY)\b": "builds an index under a lock: by hand before, CONCURRENTLY",
    r"^\s*CREATE (UNIQUE )?INDEX (?!IF NOT EXISTS\b)": "stops writing while it is built: by hand before, CONCURRENTLY",
    r"^\s*(UPDATE|DELETE)\b": "holds its rows until the end: in parts, by the program",
    r"\bLOCK TABLE\b|\bTRUNCATE\b|\bCLUSTER\b|\bVACUUM FULL\b": "locks everybody out",
}


def heavy(statements: Iterable[str], shared: set[str]) -> list[str]:
    """What statements do that must not be done to tables that were there before (`shared`)."""
    found = []
    for statement in statements:
        one = " ".join(statement.split())
        named = re.search(
            r"\b(?:TABLE|ON|UPDATE|DELETE FROM|VACUUM FULL|CLUSTER|TRUNCATE) (?:ONLY |TABLE )?\"?(\w+)", one, re.I
        )
        if named is None or named[1] not in shared:
            continue
        found += [f"{one[:80]}: {why}" for pattern, why in HEAVY.items() if re.search(pattern, one, re.I)]
    return found


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("ALTER TABLE bids ADD COLUMN device TEXT", True),
        ("ALTER TABLE bids ADD COLUMN device TEXT DEFAULT '' NOT NULL", True),
        ("ALTER TABLE bids ADD COLUMN device TEXT NOT NULL", False),
        ("ALTER TABLE bids DROP COLUMN code", False),
        ("DROP TABLE bids", False),
        ("DROP TABLE drafts", True),
        ("ALTER TABLE bids RENAME COLUMN code TO reason", False),
        ("ALTER TABLE bids ALTER COLUMN seq TYPE BIGINT", False),
        ("ALTER TABLE bids ALTER COLUMN code SET NOT NULL", False),
        ("ALTER TABLE bids ADD CONSTRAINT few CHECK (seq < 10)", False),
        ("ALTER TABLE bids ADD CONSTRAINT few CHECK (seq < 10) NOT VALID", True),
        ("ALTER TABLE bids VALIDATE CONSTRAINT few", True),
        ("ALTER TABLE bids ADD FOREIGN KEY(lot_id) REFERENCES lots (id)", False),
        ("ALTER TABLE bids ADD CONSTRAINT one UNIQUE (code)", False),
        ("CREATE INDEX ix ON bids (code)", False),
        ("CREATE INDEX IF NOT EXISTS ix ON bids (code)", True),
        ("CREATE UNIQUE INDEX ix ON drafts (code)", True),
        ("UPDATE bids SET code = ''", False),
        ("LOCK TABLE bids", False),
    ],
)
def test_what_a_migration_may_do_to_a_table_in_use(statement: str, allowed: bool) -> None:
    assert (heavy([statement], {"bids"}) == []) is allowed


@pytest.mark.slow
def test_no_migration_of_a_release_locks_out_the_program_that_runs(tmp_path: Path) -> None:
    revisions = [one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
    statements: list[str] = []
    found: dict[str, list[str]] = {}
    with an_empty_database("postgresql", tmp_path) as url:
        engine = open_engine(url)
        event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_: statements.append(statement))
        for revision in revisions:
            shared = set(inspect(engine).get_table_names()) - {"alembic_version"}
            statements.clear()
            migrate(engine, revision)
            found[revision] = heavy(statements, shared)
        engine.dispose()
    assert any(found.values()), "before the first release there were such, and they are seen"
    released = revisions.index(RELEASED) + 1 if RELEASED else len(revisions)
    assert {revision: found[revision] for revision in revisions[released:] if found[revision]} == {}


def test_a_migration_that_has_to_wait_gives_up_and_has_changed_nothing(postgresql_url: str) -> None:
    engine, other = open_engine(postgresql_url), open_engine(postgresql_url)
    with other.connect() as holding:
        holding.exec_driver_sql("LOCK TABLE alembic_version IN SHARE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate(engine, "0035")
        assert current(engine) == head()
    for one in (engine, other):
        one.dispose()


def expand(engine: Engine) -> None:
    """What the next release may do: add columns the old program does not know, and a table."""
    with engine.begin() as connection:
        for statement in (
            "ALTER TABLE auctions ADD COLUMN later TEXT",
            "ALTER TABLE bids ADD COLUMN later TEXT DEFAULT '' NOT NULL",
            "CREATE TABLE later_things (id INTEGER PRIMARY KEY)",
            "UPDATE alembic_version SET version_num = '9999'",
        ):
            connection.execute(text(statement))


def test_a_sale_goes_on_in_the_old_program_after_the_new_ones_migration(
    house: House, client: FlaskClient, clock: FixedClock
) -> None:
    auction_id, accounts = house.perform(an_open_sale)
    a_contest(house, clock, auction_id, accounts)
    expand(house.engine)
    assert client.get("/readyz").status_code == 200
    assert bid(house, clock, auction_id, accounts[0], RESERVE + 6 * STEP).outcome == "accepted"
    assert hammer(house, clock, auction_id) == "sold"
    house.perform(seal)
    assert house.read(verify_all, house.vault.public_key).failures == []
    with pytest.raises(SettingsError, match="schema 9999"):
        check(house)
