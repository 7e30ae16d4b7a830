"""Which round may follow which, and by when (OJA 26; sell-off: the court's practice)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from .calendar import WorkingDays, period_end, shanghai_day
from .findings import Finding
from .lot import LIVE, PRIVATE, AuctionStatus, Round
from .ruleset import Ruleset

_AFTER_UNSOLD = {Round.FIRST: Round.SECOND, Round.SECOND: Round.SELL_OFF}


@dataclass(frozen=True, slots=True)
class EarlierRound:
    """Another auction of the same lot.

    `reneged`: sold, but its buyer was declared to have reneged. `paused_days`: days since its end on which the sale was
    stayed, which do not count towards the time for the next round (PRECISIONS 17).
    """

    auction_id: str
    round: Round
    status: AuctionStatus
    reserve_price_fen: int
    deposit_fen: int
    announced_at: datetime | None
    ended_at: datetime | None
    reneged: bool = False
    paused_days: int = 0


@dataclass(frozen=True, slots=True)
class NextRound:
    """What may be announced next: `round`, or None with the reason `live`, `sold` or `exhausted`.

    `base` is the auction it follows: the failed one, or the one whose buyer reneged (`after_renege`).
    """

    round: Round | None
    after_renege: bool = False
    base: EarlierRound | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RelistDue:
    """By when the next round must open (`opening`) or be announced (`announcement`), and from when the board warns.

    `base_id`: the unsold auction from whose end the time runs.
    """

    base_id: str
    act: Literal["opening", "announcement"]
    warn_on: date
    last_day: date
    provisional: bool
    basis: str

    @property
    def field(self) -> str:
        """The input that makes it late."""
        return "opens_at" if self.act == "opening" else "late_reason"


def next_round(earlier: Sequence[EarlierRound]) -> NextRound:
    """The round that comes next, from the lot's other auctions in order of time; drafts are passed over.

    A withdrawn or revoked round is repeated; so is one whose buyer reneged (PRECISIONS 14, 26).
    """
    known = held(earlier)
    live = next((each for each in known if each.status in LIVE), None)
    if live:
        return NextRound(None, base=live, reason="live")
    decided = [each for each in known if each.status in (AuctionStatus.SOLD, AuctionStatus.UNSOLD)]
    if not decided:
        return NextRound(known[-1].round if known else Round.FIRST)
    last = decided[-1]
    if last.status is AuctionStatus.SOLD:
        if last.reneged:
            return NextRound(last.round, after_renege=True, base=last)
        return NextRound(None, base=last, reason="sold")
    following = _AFTER_UNSOLD.get(last.round)
    return NextRound(following, base=last, reason="" if following else "exhausted")


def held(earlier: Sequence[EarlierRound]) -> list[EarlierRound]:
    """The rounds the public has known: neither drafts nor a draft given up (withdrawn and never announced)."""
    return [
        each
        for each in earlier
        if each.status not in PRIVATE and not (each.status is AuctionStatus.WITHDRAWN and each.announced_at is None)
    ]


def failed_round(earlier: Sequence[EarlierRound], which: Round) -> EarlierRound | None:
    """The latest auction of that round that ended unsold."""
    return next(
        (each for each in reversed(earlier) if each.round is which and each.status is AuctionStatus.UNSOLD), None
    )


def relist_due(earlier: Sequence[EarlierRound], ruleset: Ruleset, calendar: WorkingDays) -> RelistDue | None:
    """The time limit for what follows an unsold round; None where none runs."""
    following = next_round(earlier)
    base = following.base
    if base is None or base.ended_at is None or base.status is not AuctionStatus.UNSOLD or following.round is None:
        return None
    since = earlier[list(earlier).index(base) :]
    paused = sum(each.paused_days for each in since)
    start = shanghai_day(base.ended_at)
    act: Literal["opening", "announcement"]
    if following.round is Round.SECOND:
        act, limit, warn = "opening", "relist", "relist_warn"
    else:
        act, limit, warn = "announcement", "sell_off_announce", "sell_off_announce_warn"
    end = period_end(start, ruleset.days(limit) + paused, calendar)
    warn_on = date.fromordinal(start.toordinal() + ruleset.days(warn) + paused)
    return RelistDue(base.auction_id, act, warn_on, end.last_day, end.provisional, limit)


def stayed_days(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """The Shanghai days on which a sale was stayed, from when to when: the day on which a stay began still counts."""
    return sum((shanghai_day(end) - shanghai_day(start)).days for start, end in spans)


def board_warning(
    earlier: Sequence[EarlierRound], today: date, ruleset: Ruleset, calendar: WorkingDays
) -> Finding | None:
    """The warning on the board and to the regulator while nothing has been announced in time (PRECISIONS 17)."""
    due = relist_due(earlier, ruleset, calendar)
    if due is None or today < due.warn_on:
        return None
    return Finding("relist_too_late", "warning", due.field, ruleset.basis(due.basis), _due_facts(due))


def order_findings(wanted: Round, earlier: Sequence[EarlierRound], ruleset: Ruleset) -> tuple[Finding, ...]:
    """`round_out_of_order` unless the wanted round is the one that comes next."""
    following = next_round(earlier)
    if following.round is wanted:
        return ()
    facts: dict[str, int | str] = {"round": wanted.value, "expected": following.round.value if following.round else ""}
    if following.reason:
        facts["reason"] = following.reason
    return (Finding("round_out_of_order", "error", "round", ruleset.basis("relist"), facts),)


def relist_findings(
    earlier: Sequence[EarlierRound],
    *,
    today: date,
    opens_on: date,
    reason: str | None,
    reason_text: str | None,
    ruleset: Ruleset,
    calendar: WorkingDays,
) -> tuple[Finding, ...]:
    """`relist_too_late`: an error while no reason is recorded, then a warning; `other` needs its text."""
    due = relist_due(earlier, ruleset, calendar)
    if due is None or (opens_on if due.act == "opening" else today) <= due.last_day:
        return ()
    recorded = reason in ruleset.texts("late_reasons") and (reason != "other" or bool((reason_text or "").strip()))
    facts = _due_facts(due)
    if recorded and reason:
        facts["late_reason"] = reason
    severity: Literal["error", "warning"] = "warning" if recorded else "error"
    return (Finding("relist_too_late", severity, due.field, ruleset.basis(due.basis), facts),)


def _due_facts(due: RelistDue) -> dict[str, int | str]:
    return {"act": due.act, "last_day": due.last_day.isoformat(), "provisional": int(due.provisional)}
