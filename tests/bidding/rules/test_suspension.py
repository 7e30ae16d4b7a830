"""When a sale that was stopped opens and ends (OJA 28)."""

from datetime import UTC, datetime, timedelta

import pytest

from auction.rules.ruleset import load
from bidding.rules.suspension import earliest_end, next_opening

RULES = load("spc-2016")
OPENS = datetime(2026, 4, 1, 2, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("stopped", "now", "opens"),
    [
        (OPENS - SECOND, OPENS - DAY - SECOND, OPENS),
        (OPENS - SECOND, OPENS - DAY, OPENS),
        (OPENS - SECOND, OPENS - DAY + SECOND, OPENS + SECOND),
        (OPENS - SECOND, OPENS, OPENS + DAY),
        (OPENS - SECOND, OPENS + 9 * DAY, OPENS + 10 * DAY),
        (OPENS, OPENS + 9 * DAY, OPENS),
        (OPENS + SECOND, OPENS + 9 * DAY, OPENS),
    ],
)
def test_a_sale_stopped_before_its_opening_opens_after_the_notice_of_going_on(
    stopped: datetime, now: datetime, opens: datetime
) -> None:
    assert next_opening(now, OPENS, stopped, RULES) == opens


def test_the_end_moves_with_the_opening() -> None:
    now = OPENS + 9 * DAY
    assert earliest_end(now, now + DAY, 2 * 86400, RULES) == now + 3 * DAY
