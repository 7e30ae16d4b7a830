"""Hostile input: few of everything with one seed in `make test`, the full numbers in `make soak`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "tests.flows.bidders", "tests.flows.court", "tests.faults.setting", "tests.hostile.target"
)

# What is asserted in the modules above is to be explained.
from tests.faults.setting import HOT, announced_lots, opened, registered, some_bidders, staffed  # noqa: E402
from tests.flows.server import Place, serving  # noqa: E402
from tests.hostile.target import Target  # noqa: E402
from tests.web.conftest import app, sign_in  # noqa: E402, F401 - fixtures


@pytest.fixture(scope="session")
def target(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A served sale under way, to which everything hostile is sent."""
    folder = tmp_path_factory.mktemp("target")
    shutil.copy(sqlite_template, folder / "fapai.db")
    url = f"sqlite:///{folder / 'fapai.db'}"
    staffed(url, folder)
    with serving(Place(folder, url)) as server:
        people = some_bidders(server, 2)
        court = announced_lots(server, 1, facts=HOT)[0]
        registered(server, court, people)
        opened(server, court)
        yield Target(server, court, people)
