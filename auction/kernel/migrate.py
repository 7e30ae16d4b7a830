"""Bringing a database to the present schema, and checking that it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

_FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade (or, to an earlier revision or `base`, downgrade) in one transaction.

    On PostgreSQL it waits a second at most for a table: every bid would wait behind it. Then nothing has changed.
    """
    present = current(engine) or ""
    order = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
    down = revision == "base" or (present in order and revision in order[: order.index(present)])
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
        (command.downgrade if down else command.upgrade)(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """The revision the database is at; None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision this program needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def known() -> set[str]:
    """The revisions this program knows, its own and those before it."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
