"""The database: one declarative base, two dialects, and the transaction habits each of them needs.

SQLite's driver defaults lose updates (a SELECT before the first write holds no lock), so a writing unit begins
with BEGIN IMMEDIATE; the log is WAL and every commit is synced, because an acknowledged bid must survive a
power cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Dialect,
    Engine,
    MetaData,
    Table,
    Text,
    bindparam,
    create_engine,
    event,
    insert,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC moment to the microsecond: timestamptz on PostgreSQL, integer microseconds on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MICRO

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment: datetime = value.astimezone(UTC)
            return moment
        return _EPOCH + timedelta(microseconds=value)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """All tables of the house; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: Json, list[Any]: Json, str: Text}


#: Rows of these tables are never changed or deleted; triggers in both databases see to it (migrations).
INSERT_ONLY: set[str] = set()


def insert_only(table: type[Base]) -> type[Base]:
    """Mark a table as insert-only: evidence, not state."""
    INSERT_ONLY.add(table.__tablename__)
    return table


def write_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that share their keys, set-wise: on PostgreSQL one statement and one parameter for all of them."""
    if not rows:
        return
    table = model.metadata.tables[model.__tablename__]
    if session.get_bind().dialect.name != "postgresql":
        session.execute(insert(table), list(rows))
        return
    session.connection().exec_driver_sql(_insert_all(table, tuple(rows[0])), {"rows": _as_json(rows)})


def update_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Update rows found by their `key` column, set-wise like `write_rows`. Objects of the session are not refreshed."""
    if not rows:
        return
    table = model.metadata.tables[model.__tablename__]
    names = tuple(rows[0])
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(_update_all(table, names, key), {"rows": _as_json(rows)})
        return
    others = [name for name in names if name != key]
    statement = (
        update(table)
        .where(table.c[key] == bindparam("by_key"))
        .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in others})
    )
    session.connection().execute(
        statement, [{"by_key": row[key], **{f"new_{name}": row[name] for name in others}} for row in rows]
    )


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Send the set-wise writes inside without waiting for each answer (PostgreSQL); errors come at the end."""
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    driver = session.connection().connection.driver_connection
    with driver.pipeline():  # type: ignore[union-attr]
        yield


def _as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows), default=lambda value: f"\\x{value.hex()}").decode()


# Every name spliced into the two statements below is a column or table of our own models.


@cache
def _insert_all(table: Table, names: tuple[str, ...]) -> str:
    columns, given = _given(table, names)
    return f"INSERT INTO {table.name} ({', '.join(columns.values())}) SELECT * FROM {given}"  # noqa: S608


@cache
def _update_all(table: Table, names: tuple[str, ...], key: str) -> str:
    columns, given = _given(table, names)
    changes = ", ".join(f"{column} = given.{column}" for name, column in columns.items() if name != key)
    return f"UPDATE {table.name} SET {changes} FROM {given} WHERE {table.name}.{columns[key]} = given.{columns[key]}"  # noqa: S608


def _given(table: Table, names: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """The columns as SQL spells them, and the parameter `rows` as a table of their types."""
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    columns = {name: dialect.identifier_preparer.quote(name) for name in names}
    kinds = ", ".join(
        f"{column} {table.c[name].type.dialect_impl(dialect).compile(dialect)}" for name, column in columns.items()
    )
    return columns, f"json_to_recordset(%(rows)s::json) AS given({kinds})"


def open_engine(url: str, *, writing: bool = True) -> Engine:
    """An engine for `url`. `writing=False` gives one whose transactions only read (SQLite: BEGIN, not IMMEDIATE)."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 0, "check_same_thread": False}, pool_size=8)
        _sqlite(engine, "BEGIN IMMEDIATE" if writing else "BEGIN")
        return engine
    return create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5000 -c statement_timeout=30000"},
    )


def _sqlite(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def database_now(engine: Engine) -> datetime:
    """PostgreSQL's own clock."""
    with engine.connect() as connection:
        moment: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return moment.astimezone(UTC)
