"""The house under test: a migrated database of its own on each kind, a clock moved by hand, seeded ids."""

import base64
import gc
import os
import random
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Dialect, Engine, event, make_url
from sqlalchemy.util import LRUCache

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import Keys
from auction.kernel.db import open_engine
from auction.kernel.ids import Ids
from auction.kernel.settings import Settings
from auction.kernel.unit import House
from tests.kept import UNHURRIED, KeptDatabase
from web import auth, wiring
from web.wiring import open_house, upgrade

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
KEYS = Keys(master=b"m" * 32, match=b"k" * 32, log=b"l" * 32)
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

# What tests keep is kept in memory where there is room. They kill programs, never the machine: nothing a disk
# would have kept is lost, and every commit waits for a disk longer than it works.
_MEMORY, _ROOM = Path("/dev/shm"), 2 * 2**30  # noqa: S108 - pytest makes a folder there that is its own
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# What tests hash, and signing in with it, takes no work: that is what the product's own hasher is for, held to it in
# tests/web/test_sessions.py. It costs more processor time than most tests.
PRODUCT_HASHER = auth.HASHER
auth.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

#: Of each kind of database its dialect, once it has seen a server, and the statements it has put into words: a quarter
#: of a test's work, which a served house does once. All houses of a worker know them.
_SAID: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


def _engine_that_has_spoken(url: str, *, writing: bool = True) -> Engine:
    engine = open_engine(url, writing=writing)
    kind = engine.dialect.name
    if kind in _SAID:
        engine.dialect, engine._compiled_cache = _SAID[kind]
    else:

        @event.listens_for(engine, "engine_connect")
        def _has_seen_a_server(_connection: object) -> None:
            _SAID.setdefault(kind, (engine.dialect, LRUCache(3000)))

    return engine


wiring.open_engine = _engine_that_has_spoken

# Thousands of modules and tests stay until the end: to look through them again and again for garbage, and for each
# test's few rows, takes a sixth of all the work.
gc.disable()

# A busy machine takes its time: how long an example lasts says nothing about it.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def settings_for(url: str, data: Path, **changes: object) -> Settings:
    """Sandbox settings on `url`."""
    values: dict[str, object] = {
        "data": data,
        "database_url": url,
        "secret_key": "s" * 43,
        "keys": KEYS,
        "sandbox": True,
        "gateway_secret": "g" * 43,
        "staff_mfa": False,
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
    gc.enable()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def ids() -> Ids:
    seeded = random.Random(20260302)
    return Ids(seeded.randbytes)


def _server() -> str:
    return make_url(POSTGRESQL).set(drivername="postgresql").render_as_string(hide_password=False)


def _on_server(*statements: str) -> None:
    with psycopg.connect(_server(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def _migrated(url: str, data: Path) -> None:
    opened = open_house(settings_for(url, data), clock=FixedClock(START))
    upgrade(opened)
    opened.engine.dispose()
    opened.reader.dispose()


def _url_of(name: str) -> str:
    return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file made once by the real migrations, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    _migrated(f"sqlite:///{folder / 'fapai.db'}", folder)
    return folder / "fapai.db"


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same on PostgreSQL: the name of a database to be used as a template."""
    name = f"fapai_template_{uuid.uuid4().hex[:12]}"
    _on_server(f'CREATE DATABASE "{name}"', UNHURRIED.format(name))
    _migrated(_url_of(name), tmp_path_factory.mktemp("template"))
    yield name
    _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def kept_postgresql(postgresql_template: str) -> Iterator[KeptDatabase]:
    """The worker's own database on PostgreSQL."""
    kept = KeptDatabase(_server(), postgresql_template)
    yield kept
    kept.drop()


@pytest.fixture
def postgresql_url(kept_postgresql: KeptDatabase) -> Iterator[str]:
    """A migrated database on the test PostgreSQL, in which no other test has left anything."""
    yield _url_of(kept_postgresql.open())
    kept_postgresql.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of either kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "fapai.db")
    return f"sqlite:///{tmp_path / 'fapai.db'}"


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: FixedClock, ids: Ids) -> Iterator[House]:
    """A wired house on a fresh migrated database, once per database kind."""
    opened = open_house(settings_for(database_url, tmp_path), clock=clock, ids=ids)
    yield opened
    opened.engine.dispose()
    opened.reader.dispose()


@pytest.fixture
def key_base64() -> str:
    return base64.b64encode(KEYS.log).decode()
