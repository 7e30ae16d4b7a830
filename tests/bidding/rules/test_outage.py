"""What an outage does, one second on each side of every limit (PRECISIONS 21)."""

from datetime import UTC, datetime, timedelta

import pytest

from auction.rules import ruleset
from bidding.rules.outage import OutageEffect, OutageRules, OutageSpan, outage_effect

SPC = OutageRules.of(ruleset.load("spc-2016"))
OPENS = datetime(2026, 4, 2, 2, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=24)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def effect(began_at: datetime, length: timedelta) -> OutageEffect | None:
    return outage_effect(SPC, OutageSpan(began_at, began_at + length), OPENS, CLOSES)


@pytest.mark.parametrize(
    ("began_at", "length", "kind", "moved"),
    [
        # outside the window: nobody's bid was in the way
        (OPENS - 10 * S, 10 * S, None, None),
        (OPENS - 10 * S, 11 * S, "event", None),
        (CLOSES, 10 * S, None, None),
        (CLOSES - S, 9 * S, "event", None),
        (CLOSES - S, 10 * S, "extension", 9 * S + 10 * M),
        # how long it lasted near the end
        (CLOSES - 5 * M, 9 * S, "event", None),
        (CLOSES - 5 * M, 10 * S, "extension", 5 * M + 10 * S),
        (CLOSES - 5 * M, 600 * S, "extension", 15 * M),
        (CLOSES - 5 * M, 601 * S, "suspension", None),
        (CLOSES - S, 600 * S, "extension", 599 * S + 10 * M),
        (CLOSES - S, 601 * S, "suspension", None),
        # the last thirty minutes: touched in their first moment or not at all
        (CLOSES - 30 * M - 601 * S, 601 * S, "event", None),
        (CLOSES - 30 * M - 600 * S, 601 * S, "suspension", None),
        (CLOSES - 30 * M - 600 * S, 600 * S, "event", None),
        # an end that leaves ten minutes already stays
        (CLOSES - 10 * M - 10 * S, 10 * S, "event", None),
        (CLOSES - 10 * M - 9 * S, 10 * S, "extension", S),
        # two hours anywhere, counted within the window
        (OPENS + H, 2 * H, "event", None),
        (OPENS + H, 2 * H + S, "suspension", None),
        (OPENS - 8 * H, 10 * H, "event", None),
        (OPENS - 8 * H, 10 * H + S, "suspension", None),
    ],
)
def test_what_an_outage_does(began_at: datetime, length: timedelta, kind: str | None, moved: timedelta | None) -> None:
    found = effect(began_at, length)
    assert (found and found.kind) == kind
    if found:
        assert found.closes_at == CLOSES + (moved or timedelta(0))


def test_every_number_is_of_the_ruleset() -> None:
    rules = OutageRules(stretch=M, moves_from=S, suspends_over=3 * S, suspends_anywhere_over=5 * S, recovery=2 * M)

    def kind(began_at: datetime, length: timedelta) -> str | None:
        found = outage_effect(rules, OutageSpan(began_at, began_at + length), OPENS, CLOSES)
        return found and found.kind

    assert [kind(CLOSES - 50 * S, n * S) for n in (0.5, 1, 3, 4)] == ["event", "extension", "extension", "suspension"]
    assert [kind(OPENS + H, n * S) for n in (5, 6)] == ["event", "suspension"]
