"""What an outage does to a sale: nothing, a public event, a later end, or a suspension as a fault. Pure.

An outage is a time in which no process held an intake lease, so that nobody could bid (PRECISIONS 21). The numbers are
the court's practice and come from the ruleset; a platform's fault is a ground to suspend (OJA 28) and may be one to
revoke (OJA 31), which a later end averts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from auction.rules.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class OutageSpan:
    """From when on nobody could bid to when somebody could again, platform time; its length is machine time."""

    began_at: datetime
    ended_at: datetime

    @property
    def length(self) -> timedelta:
        return self.ended_at - self.began_at


@dataclass(frozen=True, slots=True)
class OutageRules:
    """The numbers of one ruleset that outages need. `stretch`: before the end, an extension's length at least."""

    stretch: timedelta
    moves_from: timedelta
    suspends_over: timedelta
    suspends_anywhere_over: timedelta
    recovery: timedelta

    @classmethod
    def of(cls, ruleset: Ruleset) -> "OutageRules":
        """Read them from the ruleset copied onto the auction.

        In an extension the end is never further off than what extended it set, and in an outage nobody moves it: so
        whatever touches an extension touches a stretch at least as long.
        """
        return cls(
            stretch=max(
                ruleset.span("outage_last_stretch"), ruleset.span("extension_length"), ruleset.span("outage_recovery")
            ),
            moves_from=ruleset.span("outage_moves_from"),
            suspends_over=ruleset.span("outage_suspends_over"),
            suspends_anywhere_over=ruleset.span("outage_suspends_anywhere_over"),
            recovery=ruleset.span("outage_recovery"),
        )


@dataclass(frozen=True, slots=True)
class OutageEffect:
    """`event`: told, and nothing else; `extension`: the end moves to `closes_at`; `suspension`: stopped as a fault."""

    kind: Literal["event", "extension", "suspension"]
    closes_at: datetime


def outage_effect(rules: OutageRules, span: OutageSpan, opens_at: datetime, closes_at: datetime) -> OutageEffect | None:
    """What the outage does to a sale with this window; None where it touched no moment of it.

    Near the end its whole length counts; elsewhere what of it fell into the window.
    """
    if span.ended_at <= opens_at or span.began_at >= closes_at:
        return None
    near = span.ended_at > closes_at - rules.stretch
    inside = span.ended_at - max(span.began_at, opens_at)
    if (near and span.length > rules.suspends_over) or inside > rules.suspends_anywhere_over:
        return OutageEffect("suspension", closes_at)
    end = max(closes_at, span.ended_at + rules.recovery)
    if near and span.length >= rules.moves_from and end > closes_at:
        return OutageEffect("extension", end)
    return OutageEffect("event", closes_at)
