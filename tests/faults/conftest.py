"""A place for a served house on a migrated database of either kind, whose court's people are there already."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "tests.flows.bidders", "tests.flows.court", "tests.flows.evidence", "tests.faults.crowd", "tests.faults.setting"
)

from tests.faults.setting import staffed  # noqa: E402 - what is asserted in the modules above is to be explained
from tests.flows.server import Place  # noqa: E402


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    """Where the server of a test is started, killed and started again."""
    staffed(database_url, tmp_path)
    return Place(tmp_path, database_url)
