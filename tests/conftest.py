"""The house under test: a migrated database of its own on SQLite and on PostgreSQL, a clock moved by hand, seeded ids."""

import base64
import os
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import Keys
from auction.kernel.ids import Ids
from auction.kernel.settings import Settings
from auction.kernel.unit import House
from web.wiring import open_house, upgrade

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
KEYS = Keys(master=b"m" * 32, match=b"k" * 32, log=b"l" * 32)
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


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


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def ids() -> Ids:
    seeded = random.Random(20260302)
    return Ids(seeded.randbytes)


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A database of its own on the test PostgreSQL, dropped afterwards."""
    server = make_url(POSTGRESQL)
    name = f"fapai_test_{uuid.uuid4().hex[:12]}"
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path / 'fapai.db'}"


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: FixedClock, ids: Ids) -> Iterator[House]:
    """A wired house on a fresh migrated database, once per database kind."""
    opened = open_house(settings_for(database_url, tmp_path), clock=clock, ids=ids)
    upgrade(opened)
    yield opened
    opened.engine.dispose()
    opened.reader.dispose()


@pytest.fixture
def key_base64() -> str:
    return base64.b64encode(KEYS.log).decode()
