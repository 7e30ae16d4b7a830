"""The panel (合议庭) that decides price, cut, increment and deposit (OJA 27), and how its votes count."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .findings import Finding
from .lot import AuctionStatus
from .ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class PanelMember:
    """A member as the panel is composed: account name, role, court, and whether the interest bar (OJA 34) hits."""

    username: str
    role: str
    court_code: str | None
    barred: bool = False


def panel_findings(members: Sequence[PanelMember], court_code: str, ruleset: Ruleset) -> tuple[Finding, ...]:
    """`panel_incomplete`, once for each fault; fact `reason`: `too_few`, `even`, `duplicate`, `not_judge`,
    `other_court`, `barred`, the last four with `member`. Distinct members are what is counted.
    """
    found = []
    times = Counter(member.username for member in members)
    size = len(times)
    if size < ruleset.count("panel_min"):
        facts: dict[str, int | str] = {"reason": "too_few", "members": size, "required": ruleset.count("panel_min")}
        found.append(Finding("panel_incomplete", "error", "panel", ruleset.basis("panel_required"), facts))
    if size and size % 2 == 0 and ruleset.flag("panel_odd"):
        facts = {"reason": "even", "members": size}
        found.append(Finding("panel_incomplete", "error", "panel", ruleset.basis("panel_odd"), facts))
    for index, member in enumerate(members):
        for reason in _faults(member, court_code, times):
            facts = {"reason": reason, "member": member.username}
            basis = ruleset.basis("panel_required")
            found.append(Finding("panel_incomplete", "error", f"panel.{index}", basis, facts))
    return tuple(found)


def tally(votes: Mapping[str, bool], size: int) -> AuctionStatus:
    """Where the votes given so far put an auction: a majority of the *whole* panel decides.

    `votes` maps each member who has voted to approval. No vote: draft; a majority for: approved; a majority against:
    draft; otherwise in_review. ValueError for more votes than members.
    """
    if len(votes) > size:
        raise ValueError("more votes than members")
    approving = sum(votes.values())
    if 2 * approving > size:
        return AuctionStatus.APPROVED
    if not votes or 2 * (len(votes) - approving) > size:
        return AuctionStatus.DRAFT
    return AuctionStatus.IN_REVIEW


def _faults(member: PanelMember, court_code: str, times: Counter[str]) -> tuple[str, ...]:
    faults = {
        "duplicate": times[member.username] > 1,
        "not_judge": member.role != "judge",
        "other_court": member.court_code != court_code,
        "barred": member.barred,
    }
    return tuple(reason for reason, holds in faults.items() if holds)
