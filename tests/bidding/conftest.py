"""A house that lasts for a file of tests, on each database: the tests share its tables, never its rows."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from auction.kernel.clock import FixedClock
from auction.kernel.ids import Ids
from tests.bidding.hall import Hall, a_house
from tests.bidding.sale import false_evidence
from tests.conftest import START


@pytest.fixture(scope="session", autouse=True)
def _plain_log() -> None:
    """One line to an event: drawing tracebacks with everything in sight takes seconds."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def _hall(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    clock = FixedClock(START)
    ids = Ids(random.Random(20260302).randbytes)
    with a_house(request.param, tmp_path_factory.mktemp("hall"), clock, ids) as house:
        yield Hall(house, clock)


@pytest.fixture
def hall(_hall: Hall, tmp_path: Path) -> Iterator[Hall]:
    """The file's hall, as each test finds it; of every auction it has told, the evidence holds in the end."""
    yield _hall.begin()
    for auction_id in sorted(_hall.told):
        assert false_evidence(_hall.house, tmp_path / f"evidence-{auction_id}", auction_id) == []
