"""How the answers to a proposal count: everybody it needs approves, one refusal ends it (PRECISIONS 25)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["pending", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Need:
    """How many persons of a role must approve, the proposer not counted.

    `among`: only these accounts may, where anybody is named; `but`: these may not, their own act is in question.
    """

    role: str
    count: int = 1
    among: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()

    def told(self) -> dict[str, Any]:
        """As it is answered: nobody's account."""
        return {"role": self.role, "count": self.count}

    def as_data(self) -> dict[str, Any]:
        """As it is stored."""
        named = {"among": sorted(self.among), "but": sorted(self.but)}
        return self.told() | {key: accounts for key, accounts in named.items() if accounts}

    def takes(self, account_id: str, role: str) -> bool:
        """Whether an answer of this account in this role counts here."""
        return role == self.role and account_id not in self.but and (not self.among or account_id in self.among)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answered, in which role."""

    role: str
    approve: bool


def needs_of(stored: Iterable[dict[str, Any]]) -> tuple[Need, ...]:
    """The needs as they were stored."""
    return tuple(
        Need(need["role"], need["count"], frozenset(need.get("among", ())), frozenset(need.get("but", ())))
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
    if any(not answer.approve for answer in answers):
        return "rejected"
    return "pending" if still_needed(needs, answers) else "approved"
