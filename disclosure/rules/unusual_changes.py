"""When changes of what the public was told of a lot are so unusual that a regulator is told. They refuse nothing.

Pure. Each change was lawful by itself (PRECISIONS 11); what is told is that they are many, come late or are taken back.
Numbers are the ruleset's (`parameters.supervision`, the court's practice).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from auction.rules.ruleset import Ruleset

from .catalogue import Catalogue
from .diff import diff
from .sheet import Sheet

#: Where a fact comes from may be said anew, and again, without the fact changing.
_PROVENANCE = frozenset(("source", "checker", "checked_on"))


@dataclass(frozen=True, slots=True)
class Version:
    """A sealed version of a sheet, from the one of the first announcement on."""

    number: int
    at: datetime
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Announced:
    """One announcement of a lot: when, of which round, under which terms (amounts and days by name)."""

    at: datetime
    round: str
    terms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Unusual:
    """What is unusual: the reason's `code`, its facts, and the occasion, told once."""

    code: str
    facts: Mapping[str, int]
    occasion: str


def unusual_changes(
    versions: Sequence[Version],
    announced: Sequence[Announced],
    opens_at: datetime,
    now: datetime,
    catalogue: Catalogue,
    rules: Ruleset,
) -> list[Unusual]:
    """What is unusual once the last of the versions, or announcements, has come out, at `now`.

    A round that follows an unsold one counts as no change: its terms and its sheet are those of a new sale.
    """
    found = []
    fresh = {two.at for one, two in pairwise(announced) if one.round != two.round}
    changed = {version.at for version in versions[1:]} - fresh
    changed |= {two.at for one, two in pairwise(announced) if one.round == two.round and one.terms != two.terms}
    most = rules.count("changes_most")
    if len(changed) > most:
        occasion = f"often:{len(changed) // (most + 1)}"
        found.append(Unusual("changed_often", {"count": len(changed), "most": most}, occasion))
    days = rules.days("change_near")
    if now in changed and opens_at - timedelta(days=days) <= now < opens_at:
        hours = int((opens_at - now) / timedelta(hours=1))
        found.append(Unusual("changed_near_opening", {"hours": hours, "days": days}, f"near:{versions[-1].number}"))
    found += _taken_back(versions, catalogue)
    return found


def _taken_back(versions: Sequence[Version], catalogue: Catalogue) -> list[Unusual]:
    """Whether the last change says again what an earlier version said."""
    if len(versions) < 3:
        return []
    *earlier, before, last = versions
    changed = _differing(before, last, catalogue)
    for version in reversed(earlier):
        if again := changed - _differing(version, last, catalogue):
            facts = {"fields": len(again), "version": version.number, "last": last.number}
            return [Unusual("change_taken_back", facts, f"back:{last.number}")]
    return []


def _differing(one: Version, other: Version, catalogue: Catalogue) -> set[tuple[str, str]]:
    changes = diff(one.sheet, other.sheet, catalogue)
    return {(change.code, change.field) for change in changes if change.field not in _PROVENANCE}
