"""What one test does to the kept database reaches no other."""

import psycopg
import pytest

from tests.conftest import POSTGRESQL
from tests.kept import KeptDatabase

_SEEN = """
SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM bids WHERE key IS NULL),
    (SELECT string_agg(key || value, ' ' ORDER BY key) FROM platform), (SELECT version_num FROM alembic_version),
    (SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'), (SELECT last_value FROM journal_id_seq)
"""


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO journal (stream,number,kind,at,private,entry,hash) VALUES ('s', 1, 'k', now(), true, '', '')",
        "UPDATE platform SET value = 'other'",
        "DELETE FROM alembic_version",
        "ALTER TABLE bids RENAME TO elsewhere",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "ALTER TABLE bids DROP COLUMN key CASCADE",
    ],
)
def test_whatever_a_test_leaves_behind_is_gone(postgresql_template: str, change: str) -> None:
    server = POSTGRESQL.replace("+psycopg", "")
    kept = KeptDatabase(server, postgresql_template)

    def look() -> list[tuple[object, ...]]:
        address = psycopg.conninfo.conninfo_to_dict(server) | {"dbname": kept.open()}
        with psycopg.connect(**address, autocommit=True) as connection:  # type: ignore[arg-type]
            state = connection.execute(_SEEN).fetchall()
            connection.execute(change)  # type: ignore[arg-type]
        return state

    try:
        first = look()
        kept.empty()
        assert look() == first
        kept.empty()
    finally:
        kept.drop()
