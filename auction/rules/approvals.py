"""How the answers to a proposal count: everybody it needs approves, one refusal ends it (PRECISIONS 25).

A panel decides by majority instead: only a majority of the whole panel against ends it (PRECISIONS 34).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["pending", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Need:
    """How many persons of a role must approve, the proposer not counted.

    `among`: only these accounts may, where anybody is named; `but`: these may not, their own act is in question.
    `panel`: how many sit on the panel whose majority decides, 0 where it is not a panel that is asked.
    """

    role: str
    count: int = 1
    among: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()
    panel: int = 0

    def told(self) -> dict[str, Any]:
        """As it is answered: nobody's account."""
        return {"role": self.role, "count": self.count}

    def as_data(self) -> dict[str, Any]:
        """As it is stored."""
        named = {"among": sorted(self.among), "but": sorted(self.but)}
        size = {"panel": self.panel} if self.panel else {}
        return self.told() | {key: accounts for key, accounts in named.items() if accounts} | size

    def takes(self, account_id: str, role: str) -> bool:
        """Whether an answer of this account in this role counts here."""
        return role == self.role and account_id not in self.but and (not self.among or account_id in self.among)

    def is_refused(self, refusals: int) -> bool:
        """Whether so many refusals in this role end the proposal."""
        return 2 * refusals > self.panel if self.panel else refusals > 0


def majority_of(panel: Collection[str]) -> Need:
    """What a proposal of one of the panel needs: with the proposer's voice, a majority of the whole panel."""
    return Need("judge", max(1, len(panel) // 2), among=frozenset(panel), panel=len(panel))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answered, in which role."""

    role: str
    approve: bool


def needs_of(stored: Iterable[dict[str, Any]]) -> tuple[Need, ...]:
    """The needs as they were stored."""
    return tuple(
        Need(
            need["role"],
            need["count"],
            frozenset(need.get("among", ())),
            frozenset(need.get("but", ())),
            need.get("panel", 0),
        )
        for need in stored
    )


def still_needed(needs: Sequence[Need], answers: Iterable[Answer]) -> dict[str, int]:
    """How many approvals each role still owes; roles that owe none are left out."""
    open_ = {need.role: need.count for need in needs}
    for answer in answers:
        if answer.approve and answer.role in open_:
            open_[answer.role] -= 1
    return {role: count for role, count in open_.items() if count > 0}


def tally(needs: Sequence[Need], answers: Sequence[Answer]) -> Outcome:
    """Where the answers so far put a proposal. ValueError for needs that ask for nobody."""
    if not needs or any(need.count < 1 for need in needs):
        raise ValueError("an approval needs somebody")
    refusals = Counter(answer.role for answer in answers if not answer.approve)
    asked = {need.role: need for need in needs}
    if any(role not in asked or asked[role].is_refused(count) for role, count in refusals.items()):
        return "rejected"
    return "pending" if still_needed(needs, answers) else "approved"
