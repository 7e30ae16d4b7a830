"""A place for a served house on a migrated database of either kind, whose court's people are there already."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "tests.flows.bidders", "tests.flows.court", "tests.flows.evidence", "tests.faults.crowd", "tests.faults.setting"
)
pytest.register_assert_rewrite("tests.faults.lots", "tests.faults.own_servers")

from auction.kernel.clock import FixedClock  # noqa: E402 - what is asserted above is to be explained
from auction.kernel.ids import Ids  # noqa: E402
from tests.bidding.hall import Hall  # noqa: E402
from tests.conftest import START, settings_for  # noqa: E402
from tests.faults.mortal import plain_log  # noqa: E402
from tests.faults.own_servers import Cluster, postgres_bin  # noqa: E402
from tests.faults.setting import staffed  # noqa: E402 - what is asserted in the modules above is to be explained
from tests.flows.server import Place  # noqa: E402
from web.wiring import open_house  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _plain_log() -> None:
    plain_log()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the module's own."""
    programs = postgres_bin()
    if programs is None:
        pytest.skip("PostgreSQL's own programs are not here")
    own = Cluster(programs)
    yield own
    own.remove()


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    """Where the server of a test is started, killed and started again."""
    staffed(database_url, tmp_path)
    return Place(tmp_path, database_url)


@pytest.fixture
def hall_of(tmp_path: Path) -> Iterator[Callable[[str], Hall]]:
    """Opens a hall on a database; its ids are chance, for others write there too."""
    with ExitStack() as stack:

        def opened(url: str) -> Hall:
            clock = FixedClock(START)
            house = open_house(settings_for(url, tmp_path), clock=clock, ids=Ids())
            for engine in (house.engine, house.reader):
                stack.callback(engine.dispose)
            return Hall(house, clock)

        yield opened
