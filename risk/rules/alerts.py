"""What an alert may say, and from when on it may say of whom.

Until an auction has ended nobody learns who stands behind it, whatever the role (OJA 18(2)): what leads to a person
is kept apart from what may be told at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from auction.rules.lot import ENDED

OUTCOMES = ("confirmed", "unfounded", "no_action")

#: What a fact's text may be: code words, a decimal number, a day, a moment. No name, id or bidder code is one.
_TELLABLE = re.compile(
    r"[a-z][a-z_]{0,39}( [a-z][a-z_]{0,39}){0,9}|\d{1,4}(\.\d{1,6})?|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?"
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of an alert: a `code` whose sentence the door knows, and what it rests on.

    `facts` may be told at once: counts, amounts, days, code words. `who` leads to persons (ids of registrations,
    bidder codes) and is shown after the end only.
    """

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    who: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """As it is stored."""
        return {"code": self.code, "facts": dict(self.facts), "who": dict(self.who)}


def check_facts(reason: Reason) -> None:
    """ValueError for a fact that might tell who somebody is: it belongs into `who`."""
    for name, value in reason.facts.items():
        if value is None or isinstance(value, bool | int):
            continue
        if not isinstance(value, str) or not _TELLABLE.fullmatch(value):
            raise ValueError(f"the fact {name} of {reason.code} may identify somebody")


def may_tell_who(status: str | None, closed_at: datetime | None) -> bool:
    """Whether an auction of this status has ended, so that an alert may lead to persons; True without an auction."""
    return status is None or closed_at is not None or status in ENDED
