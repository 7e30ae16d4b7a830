"""A served house for the long story, once per database; for the others copies of one house with an announced flat."""

import random
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

pytest.register_assert_rewrite(
    "tests.flows.bidders", "tests.flows.court", "tests.flows.evidence", "tests.flows.room", "tests.flows.stage"
)

from auction.kernel.clock import FixedClock  # noqa: E402 - what is asserted in the modules above is to be explained
from auction.kernel.ids import Ids  # noqa: E402
from auction.kernel.unit import House  # noqa: E402
from tests.conftest import POSTGRESQL, START, settings_for  # noqa: E402
from tests.flows import court  # noqa: E402
from tests.flows.server import Place, Server, serving  # noqa: E402
from tests.flows.stage import BIDDERS, Cast, Stage  # noqa: E402
from tests.kept import UNHURRIED  # noqa: E402
from tests.web.doors import doors  # noqa: E402
from web.wiring import open_house  # noqa: E402


@contextmanager
def _empty_postgresql() -> Iterator[str]:
    url, name = make_url(POSTGRESQL), f"fapai_story_{uuid.uuid4().hex[:12]}"
    admin = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(UNHURRIED.format(name))
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


@contextmanager
def _opened(folder: Path, seed: int) -> Iterator[House]:
    """The house kept in a folder; the ids it makes follow from the seed."""
    url, ids = f"sqlite:///{folder / 'fapai.db'}", Ids(random.Random(seed).randbytes)
    opened = open_house(settings_for(url, folder), clock=FixedClock(START), ids=ids)
    yield opened
    opened.engine.dispose()
    opened.reader.dispose()


@pytest.fixture(scope="session")
def announced_flat(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A database with a flat announced for its first round and two bidders qualified, and its people."""
    folder, cast = tmp_path_factory.mktemp("announced"), Cast()
    shutil.copy(sqlite_template, folder / "fapai.db")
    with _opened(folder, 1) as made, doors(made) as app:
        stage = Stage(app, made, cast)
        stage.announced()
        for name in BIDDERS:
            stage.register(name)
        cast.lot_id, cast.auction_id = stage.lot_id, stage.auction_id
    return folder / "fapai.db", cast


@pytest.fixture
def stage(announced_flat: tuple[Path, Cast], tmp_path: Path) -> Iterator[Stage]:
    """A flat announced for its first round, in a house of its own."""
    kept, cast = announced_flat
    shutil.copy(kept, tmp_path / "fapai.db")
    with _opened(tmp_path, 2) as copied, doors(copied) as app:
        yield Stage(app, copied, deepcopy(cast))


@pytest.fixture
def empty_stage(house: House) -> Iterator[Stage]:
    """The people alone, on either database."""
    with doors(house) as app:
        yield Stage(app, house, Cast())
