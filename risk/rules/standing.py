"""What a bidder's record says: points, each with its reason, fading with age.

Pure. Nothing here bars anybody: the points inform the bidder, and a judge after a sale has ended. No text gives such
points; every number is the ruleset's, named there as the court's practice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from auction.rules.ruleset import Ruleset

#: What an entry can say happened, and whether it adds to the points (1) or takes from them (-1).
KINDS: Mapping[str, int] = {"paid_in_time": 1, "paid_late": -1, "reneged": -1, "reneged_maliciously": -1}
#: The entry that cancels the renege entered before it for the same auction: the declaration was revoked.
REVOKED = "renege_revoked"
#: The entries that a declaration makes.
RENEGES = ("reneged", "reneged_maliciously")
_YEAR = timedelta(days=365)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Scale:
    """The numbers of one ruleset that points are made of."""

    start: int
    most: int
    points: Mapping[str, int]
    half_life: timedelta
    kept: timedelta
    contested: Fraction

    @classmethod
    def of(cls, ruleset: Ruleset) -> "Scale":
        """Read them from a ruleset."""
        return cls(
            start=ruleset.count("standing_start"),
            most=ruleset.count("standing_most"),
            points={kind: sign * ruleset.count(f"standing_{kind}") for kind, sign in KINDS.items()},
            half_life=timedelta(days=ruleset.days("standing_half_life")),
            kept=ruleset.years("standing_kept") * _YEAR,
            contested=ruleset.ratio("standing_contested"),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a record, about the auction `subject_id`; `number` orders entries of one moment.

    `objection`: None, filed, accepted or rejected.
    """

    id: str
    kind: str
    subject_id: str
    at: datetime
    objection: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What an entry counts now. `full` is what it counted on its day.

    `state`: counts, contested (counts in part until answered), struck (the objection was accepted), cancelled (the
    declaration was revoked), replaced (a graver finding on the same renege followed), faded (too old), note (counts
    nothing by its kind).
    """

    entry: Entry
    full: int
    points: int
    state: str


@dataclass(frozen=True, slots=True)
class Score:
    """The points of a record and the lines they are the sum of, oldest first; never outside 0 and the scale's most."""

    points: int
    lines: tuple[Line, ...]


def score(scale: Scale, entries: Iterable[Entry], now: datetime) -> Score:
    """The points of a record at a moment: the scale's start and, for each entry, what it still counts."""
    rows = sorted(entries, key=lambda entry: (entry.at, entry.number, entry.id))
    fate = _fates(rows)
    lines = tuple(_line(scale, entry, fate.get(entry.id), now) for entry in rows)
    total = scale.start + sum(line.points for line in lines)
    return Score(min(max(total, 0), scale.most), lines)


def decayed(points: int, age: timedelta, half_life: timedelta) -> Fraction:
    """What `points` count at an age: half after each half-life, and in between on the straight line.

    Exact, and never rising; an entry dated after now counts in full.
    """
    halvings, rest = divmod(max(age, timedelta(0)), half_life)
    return Fraction(points, 2**halvings) * (1 - Fraction(rest // _TICK, 2 * (half_life // _TICK)))


def _fates(rows: list[Entry]) -> dict[str, str]:
    """The reneges that count no more, by id: `cancelled` by a revocation, or `replaced` by a later finding."""
    standing: dict[str, str] = {}
    fates: dict[str, str] = {}
    for entry in rows:
        earlier = standing.pop(entry.subject_id, None) if entry.kind in (*RENEGES, REVOKED) else None
        if earlier is not None:
            fates[earlier] = "cancelled" if entry.kind == REVOKED else "replaced"
        if entry.kind in RENEGES:
            standing[entry.subject_id] = entry.id
    return fates


def _line(scale: Scale, entry: Entry, fate: str | None, now: datetime) -> Line:
    full = scale.points.get(entry.kind, 0)
    if fate is not None:
        return Line(entry, full, 0, fate)
    if entry.objection == "accepted":
        return Line(entry, full, 0, "struck")
    if full == 0:
        return Line(entry, 0, 0, "note")
    if now - entry.at >= scale.kept:
        return Line(entry, full, 0, "faded")
    count = decayed(full, now - entry.at, scale.half_life)
    if entry.objection == "filed":
        return Line(entry, full, _whole(count * scale.contested), "contested")
    return Line(entry, full, _whole(count), "counts")


def _whole(points: Fraction) -> int:
    """Whole points, halves away from zero, so that gains and losses are rounded alike."""
    magnitude = int(abs(points) + Fraction(1, 2))
    return magnitude if points > 0 else -magnitude
