"""What stands against erasing somebody, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from auction.rules.ruleset import load
from bidding.rules.erasure import Barrier, Standing, barriers

RULES = load("spc-2016")
ENDED = datetime(2026, 3, 2, 10, tzinfo=UTC)
FREE = datetime(2036, 3, 1, 16, tzinfo=UTC)  # midnight of 2 March 2036 in Shanghai
OPEN = {"sale": False, "money": False, "sanction": False, "objection": False}


@pytest.mark.parametrize("why", list(OPEN))
def test_each_reason_stands_by_itself(why: str) -> None:
    standing = Standing(**{**OPEN, why: True}, ended_at=None)
    assert barriers(standing, RULES, ENDED) == [Barrier(why)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended_at", "now", "until"),
    [
        (None, ENDED, None),
        (ENDED, ENDED, FREE),
        (ENDED, FREE - timedelta(microseconds=1), FREE),
        (ENDED, FREE, None),
    ],
)
def test_what_a_sale_made_is_kept_ten_years(ended_at: datetime | None, now: datetime, until: datetime | None) -> None:
    found = barriers(Standing(**OPEN, ended_at=ended_at), RULES, now)
    assert found == ([Barrier("kept", until)] if until else [])


def test_all_reasons_are_told_at_once() -> None:
    found = barriers(Standing(**dict.fromkeys(OPEN, True), ended_at=ENDED), RULES, ENDED)
    assert [one.why for one in found] == [*OPEN, "kept"]
