"""A PostgreSQL database kept for all tests of a worker: emptied between two, made anew where its schema changed.

To copy a template for each test, and to drop the copy, takes longer than most tests.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

#: Of a database by its name: commits do not wait for the disk, for no test cuts the power.
UNHURRIED = 'ALTER DATABASE "{}" SET synchronous_commit = off'

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
#: Everything a test may have done to the schema: tables, columns, constraints, triggers and whether they fire.
_SCHEMA = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull, attnum) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS found(line)
"""
_EMPTY = """
DO $$
DECLARE
    name text;
    number record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
    END LOOP;
    FOR number IN SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public' LOOP
        PERFORM setval(format('public.%I', number.sequencename)::regclass, number.start_value, false);
    END LOOP;
END $$
"""
_ALONE = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class _Fresh:
    """What a database is after its migrations: its schema, and the rows of each table that has some."""

    schema: str
    rows: dict[str, bytes]


class KeptDatabase:
    """Gives the name of a migrated database that no earlier test has left anything in."""

    def __init__(self, server: str, template: str) -> None:
        """`server`: the address of a database to connect to; `template`: the migrated database to copy."""
        self._server, self._template = server, template
        self._connection: psycopg.Connection[Any] | None = None
        self._fresh: _Fresh | None = None
        self.name = f"fapai_test_{uuid.uuid4().hex[:12]}"

    def open(self) -> str:
        """The database, made if there is none."""
        if self._connection is None:
            self._on_server(f'CREATE DATABASE "{self.name}" TEMPLATE "{self._template}"')
            self._on_server(UNHURRIED.format(self.name))
            address = psycopg.conninfo.conninfo_to_dict(self._server) | {"dbname": self.name}
            self._connection = psycopg.connect(**address, autocommit=True)  # type: ignore[arg-type]
            if self._fresh is None:
                self._fresh = _Fresh(self._schema(), self._rows())
        return self.name

    def empty(self) -> None:
        """Forget what a test has done: cut its connections, put every row as it was; a changed schema goes whole."""
        assert self._connection is not None and self._fresh is not None
        self._connection.execute(_ALONE)
        if self._schema() != self._fresh.schema:
            self.drop()
            return
        with self._connection.transaction():
            self._connection.execute(_EMPTY)
            self._connection.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self._fresh.rows.items():
                with self._connection.cursor().copy(
                    sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
                ) as copy:
                    copy.write(rows)

    def drop(self) -> None:
        """Drop the database, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._on_server(f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def _schema(self) -> str:
        assert self._connection is not None
        found = self._connection.execute(_SCHEMA).fetchone()
        assert found is not None
        return str(found[0])

    def _rows(self) -> dict[str, bytes]:
        assert self._connection is not None
        rows = {}
        for (table,) in self._connection.execute(_TABLES).fetchall():
            with self._connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                if found := b"".join(bytes(part) for part in copy):
                    rows[table] = found
        return rows

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]
