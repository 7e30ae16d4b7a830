"""A served house for the stories, once per database: made from nothing by the command line."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

pytest.register_assert_rewrite("tests.flows.bidders", "tests.flows.court", "tests.flows.evidence", "tests.flows.room")

from tests.conftest import POSTGRESQL  # noqa: E402 - what is asserted in the modules above is to be explained
from tests.flows import court  # noqa: E402
from tests.flows.server import Place, Server, serving  # noqa: E402


@contextmanager
def _empty_postgresql() -> Iterator[str]:
    url, name = make_url(POSTGRESQL), f"fapai_story_{uuid.uuid4().hex[:12]}"
    admin = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _house(place: Place) -> Iterator[Server]:
    place.fapai("db", "upgrade")
    court.staff(place)
    with serving(place) as running:
        yield running
        running.process.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A house with a court, an agency and their people. Its stories share it, and its clock only goes forward."""
    folder = tmp_path_factory.mktemp("house")
    if request.param == "sqlite":
        with _house(Place(folder)) as running:
            yield running
    else:
        with _empty_postgresql() as url, _house(Place(folder, url)) as running:
            yield running
