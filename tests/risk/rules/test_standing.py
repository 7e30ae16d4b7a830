"""The points of a record: what each entry counts, how it fades, and what takes it away."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from auction.rules.ruleset import load
from risk.rules.standing import KINDS, Entry, Scale, decayed, score

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SCALE = Scale.of(load("spc-2016"))


def entry(kind: str, *, days_ago: float = 0, about: str = "a", objection: str | None = None) -> Entry:
    return Entry(f"{kind}-{days_ago}", kind, about, NOW - days_ago * DAY, objection)


def counted(*entries: Entry) -> list[tuple[str, int, str]]:
    return [(line.entry.kind, line.points, line.state) for line in score(SCALE, entries, NOW).lines]


def test_nothing_on_record_is_the_start() -> None:
    assert (score(SCALE, [], NOW).points, score(SCALE, [], NOW).lines) == (80, ())


@pytest.mark.parametrize(
    ("kind", "days_ago", "points"),
    [
        ("paid_in_time", 0, 4),
        ("paid_in_time", 365, 2),
        ("paid_late", 0, -10),
        ("paid_late", 365, -5),
        ("reneged", 0, -40),
        ("reneged", 182.5, -30),
        ("reneged", 365, -20),
        ("reneged", 730, -10),
        ("reneged", 5 * 365 - 1, -1),
        ("reneged", 5 * 365, 0),
        ("reneged_maliciously", 0, -80),
        ("reneged_maliciously", 365, -40),
    ],
)
def test_an_entry_counts_half_after_each_half_life_and_nothing_in_the_end(
    kind: str, days_ago: float, points: int
) -> None:
    state = "faded" if days_ago >= 5 * 365 else "counts"
    assert counted(entry(kind, days_ago=days_ago)) == [(kind, points, state)]
    assert score(SCALE, [entry(kind, days_ago=days_ago)], NOW).points == max(0, 80 + points)


@pytest.mark.parametrize(("objection", "points", "state"), [
    (None, -40, "counts"), ("filed", -20, "contested"), ("accepted", 0, "struck"), ("rejected", -40, "counts"),
])  # fmt: skip
def test_a_contested_entry_counts_as_the_ruleset_says_until_it_is_answered(
    objection: str | None, points: int, state: str
) -> None:
    assert counted(entry("reneged", objection=objection)) == [("reneged", points, state)]


def test_a_revoked_declaration_cancels_its_entry_and_no_other() -> None:
    assert counted(
        entry("reneged", days_ago=9, about="a"),
        entry("reneged", days_ago=8, about="b"),
        entry("renege_revoked", days_ago=7, about="a"),
        entry("reneged", days_ago=0, about="a"),
    ) == [
        ("reneged", 0, "cancelled"),
        ("reneged", -40, "counts"),
        ("renege_revoked", 0, "note"),
        ("reneged", -40, "counts"),
    ]


def test_what_happened_at_one_moment_keeps_its_order() -> None:
    declared = Entry("z", "reneged", "a", NOW, number=1)
    revoked = Entry("y", "renege_revoked", "a", NOW, number=2)
    again = Entry("x", "reneged", "a", NOW, number=3)
    assert counted(again, revoked, declared) == [
        ("reneged", 0, "cancelled"),
        ("renege_revoked", 0, "note"),
        ("reneged", -40, "counts"),
    ]


def test_a_graver_finding_on_the_same_renege_replaces_it() -> None:
    assert counted(entry("reneged", days_ago=9), entry("reneged_maliciously")) == [
        ("reneged", 0, "replaced"),
        ("reneged_maliciously", -80, "counts"),
    ]


def test_points_stay_within_the_scale() -> None:
    good = [Entry(str(n), "paid_in_time", str(n), NOW) for n in range(50)]
    bad = [Entry(str(n), "reneged_maliciously", str(n), NOW) for n in range(9)]
    assert (score(SCALE, good, NOW).points, score(SCALE, bad, NOW).points) == (100, 0)


def test_the_order_in_which_entries_are_read_changes_nothing() -> None:
    rows = [entry("reneged", days_ago=3), entry("paid_late", days_ago=2, about="b"), entry("renege_revoked")]
    assert score(SCALE, rows, NOW) == score(SCALE, rows[::-1], NOW)


def test_fading_never_rises_and_is_exact() -> None:
    year = timedelta(days=365)
    counts = [decayed(40, days * DAY, year) for days in range(0, 1500, 7)]
    assert counts == sorted(counts, reverse=True)
    assert decayed(40, year, year) == 20 and decayed(40, 3 * year, year) == 5
    assert decayed(1, year / 2, year) == Fraction(3, 4)
    assert decayed(40, -DAY, year) == 40


def test_every_kind_has_its_number() -> None:
    assert set(SCALE.points) == set(KINDS)
    assert all(points != 0 for points in SCALE.points.values())
