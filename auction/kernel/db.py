"""The database: one declarative base, two dialects, and the transaction habits each of them needs.

SQLite's driver defaults lose updates (a SELECT before the first write holds no lock), so a writing unit begins
with BEGIN IMMEDIATE; the log is WAL and every commit is synced, because an acknowledged bid must survive a
power cut.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    Engine,
    FromClause,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    insert,
    literal,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
#: Whoever stands still for so many seconds inside a transaction loses it (PostgreSQL): others wait for its locks.
STILL_SECONDS = 15
#: A connection used within so many seconds is taken to be alive.
_REST_SECONDS = 1.0


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


def is_postgresql(session: Session) -> bool:
    """Whether the session's rows lie in PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def overwrite_deleted(session: Session) -> None:
    """Have SQLite overwrite with zeros what this connection deletes or replaces from now on, not only forget it.

    PostgreSQL keeps old rows until they are vacuumed.
    """
    if not is_postgresql(session):
        session.execute(text("PRAGMA secure_delete = ON"))


def insert_new(session: Session, model: type[Base], **row: Any) -> bool:
    """Insert a row unless one with its key is there, or is being put there by another; answers whether it is new."""
    dialect = postgresql if is_postgresql(session) else sqlite
    fresh = dialect.insert(model).values(**row).on_conflict_do_nothing().returning(literal(1))
    return session.execute(fresh).first() is not None


@dataclass(frozen=True, slots=True)
class Write:
    """Rows of one table that share their keys: to be inserted, or found by their column `key` and updated."""

    model: type[Base]
    rows: Sequence[Mapping[str, Any]]
    key: str | None = None


def write_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that share their keys, set-wise."""
    write_all(session, [Write(model, rows)])


def update_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Update rows found by their `key` column, set-wise. Objects of the session are not refreshed."""
    write_all(session, [Write(model, rows, key)])


def write_all(session: Session, writes: Iterable[Write], *, last: bool = False) -> None:
    """Carry out writes: on PostgreSQL in one statement, with one parameter for each, as long as each has its table.

    A statement more costs the driver and the database more than a row more. `last`: nothing follows in the transaction,
    so the commit may go with them and spare a way there and back; the session's own then finds it done.
    """
    postgresql_here, joined = is_postgresql(session), list[Write]()
    for write in writes:
        if not write.rows:
            continue
        if not postgresql_here:
            _write_to_sqlite(session, write)
            continue
        if any(other.model is write.model for other in joined):  # a statement sees nothing of what it writes itself
            _write_joined(session, joined)
            joined = []
        joined.append(write)
    if joined:
        _write_joined(session, joined, commit=last)


def _write_joined(session: Session, writes: Sequence[Write], *, commit: bool = False) -> None:
    statement = _joined(tuple((_table(write.model), tuple(write.rows[0]), write.key) for write in writes))
    rows = {f"r{at}": _as_json(write.rows) for at, write in enumerate(writes)}
    driver = _driver(session)
    with _translated():
        if not commit:
            driver.execute(statement, rows)
            return
        with driver.pipeline():  # left once both are answered; where the statement fails, nothing is committed
            driver.execute(statement, rows)
            driver.execute("COMMIT")


def _write_to_sqlite(session: Session, write: Write) -> None:
    table, rows, key = _table(write.model), write.rows, write.key
    if key is None:
        session.execute(insert(table), list(rows))
        return
    others = [name for name in rows[0] if name != key]
    statement = (
        update(table)
        .where(table.c[key] == bindparam("by_key"))
        .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in others})
    )
    session.connection().execute(
        statement, [{"by_key": row[key], **{f"new_{name}": row[name] for name in others}} for row in rows]
    )


def _table(model: type[Base]) -> Table:
    return model.metadata.tables[model.__tablename__]


#: What a question is about: the rows given to it, and their columns by name.
About = Callable[[FromClause, Mapping[str, ColumnElement[Any]]], Select[*tuple[Any, ...]]]


class Question:
    """A SELECT on the way of a bid, about rows given as one JSON parameter.

    It is compiled once and, on PostgreSQL, sent together with others (`ask`): for a statement this short the way
    there and back, and building it anew, cost more than answering it.
    """

    def __init__(self, names: Sequence[str], build: About) -> None:
        """`names` are the text columns of the given rows; `build` makes the statement over them."""
        dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        self._postgresql = str(build(*_given_to_postgresql(names)).compile(dialect=dialect))
        self._sqlite = build(*_given_to_sqlite(names))

    def ask(self, session: Session, given: str) -> Sequence[Any]:
        """The rows, on SQLite."""
        return session.execute(self._sqlite, {"given": given}).all()

    def send(self, driver: Any, given: str) -> Any:
        """A cursor that will hold the rows, on PostgreSQL."""
        return driver.cursor(row_factory=namedtuple_row).execute(self._postgresql, {"given": given})


#: A planner that takes a table for small, because it filled faster than statistics are gathered, reads all of it.
_BY_KEY = "SELECT {}".format(
    ", ".join(f"set_config('enable_{way}', 'off', true)" for way in ("seqscan", "hashjoin", "mergejoin"))
)


def ask(
    session: Session, *questions: tuple[Question, Sequence[Mapping[str, str]]], by_key: bool = False
) -> list[Sequence[Any]]:
    """The rows each question finds about the rows given to it, in order; on PostgreSQL in one round trip.

    Each sees what was committed before it got its locks. Rows have their columns as attributes. `by_key`: the rest of
    the transaction looks rows up in indexes, whatever the database believes of the size of its tables.
    """
    asked = [(question, orjson.dumps(given).decode()) for question, given in questions]
    if not is_postgresql(session):
        return [question.ask(session, given) for question, given in asked]
    driver = _driver(session)
    with _translated():
        with driver.pipeline():
            if by_key:
                driver.execute(_BY_KEY)
            cursors = [question.send(driver, given) for question, given in asked]
        return [cursor.fetchall() for cursor in cursors]


def _given_to_postgresql(names: Sequence[str]) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    rows = func.json_to_recordset(cast(bindparam("given"), postgresql.JSON))
    table = rows.table_valued(*(Column(name, Text) for name in names)).render_derived("given", with_types=True)
    return table, {name: table.c[name] for name in names}


def _given_to_sqlite(names: Sequence[str]) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    table = func.json_each(bindparam("given")).table_valued("value", name="given")
    return table, {name: func.json_extract(table.c.value, f"$.{name}") for name in names}


def _driver(session: Session) -> Any:
    """The driver's own connection, its transaction under way."""
    return session.connection().connection.driver_connection


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors as the database layer raises them, so that clashes are told and tried again."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise IntegrityError(None, None, error) from error
    except psycopg.OperationalError as error:
        raise OperationalError(None, None, error) from error
    except psycopg.Error as error:
        raise DBAPIError(None, None, error) from error


def _as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows), default=lambda value: f"\\x{value.hex()}").decode()


# Every name spliced into the statements below is a column or table of our own models.


@cache
def _joined(writes: tuple[tuple[Table, tuple[str, ...], str | None], ...]) -> str:
    """One statement for all of them, each as a part of its own; or the only one."""
    parts = [_part(table, names, key, f"r{at}") for at, (table, names, key) in enumerate(writes)]
    if len(parts) == 1:
        return parts[0]
    return f"WITH {', '.join(f'w{at} AS ({part})' for at, part in enumerate(parts))} SELECT 1"


def _part(table: Table, names: tuple[str, ...], key: str | None, rows: str) -> str:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    columns = {name: dialect.identifier_preparer.quote(name) for name in names}
    kinds = ", ".join(
        f"{column} {table.c[name].type.dialect_impl(dialect).compile(dialect)}" for name, column in columns.items()
    )
    given = f"json_to_recordset(%({rows})s::json) AS g({kinds})"
    if key is None:
        put = f"INSERT INTO {table.name} ({', '.join(columns.values())})"
        return f"{put} SELECT * FROM {given}"  # noqa: S608 - names of our own tables
    changes = ", ".join(f"{column} = g.{column}" for name, column in columns.items() if name != key)
    where = f"{table.name}.{columns[key]} = g.{columns[key]}"
    return f"UPDATE {table.name} SET {changes} FROM {given} WHERE {where}"  # noqa: S608 - names of our own columns


def open_engine(url: str, *, writing: bool = True) -> Engine:
    """An engine for `url`. `writing=False` gives one whose transactions only read (SQLite: BEGIN, not IMMEDIATE)."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url, connect_args={"timeout": 0, "check_same_thread": False}, pool_size=8, hide_parameters=True
        )
        _sqlite(engine, "BEGIN IMMEDIATE" if writing else "BEGIN")
        return engine
    options = "-c timezone=UTC -c lock_timeout=5000 -c statement_timeout=30000"
    if writing:
        options += f" -c idle_in_transaction_session_timeout={STILL_SECONDS}s"
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        hide_parameters=True,  # of errors: they go into the program's log
        connect_args={"options": options},
    )
    _ping_after_rest(engine)
    return engine


def _ping_after_rest(engine: Engine) -> None:
    """Try a pooled connection that nobody has used for a second before it is handed out, instead of each time."""

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _try(connection: Any, record: Any, _proxy: Any) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < _REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError from error


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
