"""The life of an announced auction: announcement, opening, suspension, resumption, withdrawal.

Timers are hints and the stored time is the truth: opening locks the row, does nothing when it is not due or already
done, and may be called by anybody any number of times.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from auction.kernel.clock import iso, parse
from auction.kernel.errors import DomainError, invalid
from auction.kernel.journal import Entry
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.queries.approvals import is_proposed
from auction.queries.unsold import bars_resumption
from auction.rules.access import Actor, require
from auction.rules.calendar import shanghai_day
from auction.rules.lot import PRIVATE, AuctionStatus, check_transition
from auction.rules.published_holidays import published_calendar
from auction.services.locking import lock_auction, lock_round
from disclosure.models import Viewing
from disclosure.queries.sheets import latest_version
from disclosure.rules.changing import SHEET_CHANGE
from disclosure.services.announcing import rewrite
from disclosure.services.publish import publish
from disclosure.services.viewings import call_off_ahead
from risk.rules.alerts import Reason
from risk.services.alerts import raise_alert

from ..models import Registration
from ..queries.held import WINNER_BARRED, is_held, resume_day
from ..queries.objections import barring_objection, refuse_barred
from ..queries.rooms import ruleset_of
from ..rules.objection import ACCEPTED
from ..rules.registration import STANDING
from ..rules.supplement import Window
from ..rules.suspension import (
    check_late_resumption,
    earliest_end,
    next_opening,
    remaining_seconds,
    resume_after_supplement,
    resume_by,
)
from ..rules.withdrawal import WITHDRAWAL_GROUNDS
from .looks import await_look, end
from .noting import moment
from .release import release_registration
from .resume_watch import await_resumption, tell_late_resumption

#: Why a sale stands still while an outsider's claim keeps the lot.
OWNERSHIP_OBJECTION = "ownership_objection"
CLAIMED_REASON = "案外人对拍卖标的主张权利，审查和诉讼期间暂缓拍卖"
#: Why a sale stands still while its panel decides on a material change of the sheet.
CHANGING = "disclosure_change_under_way"
_CHANGING_REASON = "调查情况表拟作重大变更，合议庭评议期间暂缓竞价"


def change_status(unit: Unit, auction: Auction, status: str, **data: Any) -> None:
    """Move the auction to `status` and tell its room. DomainError wrong_state when that step does not exist."""
    check_transition(AuctionStatus(auction.status), AuctionStatus(status))
    auction.status = status
    unit.tell(auction, "status", status=status, **data)


def record_close(unit: Unit, auction: Auction, status: str) -> Entry:
    """Journal how the bidding ended: the entry that a confirmation rests on."""
    return unit.record(
        "AuctionClosed",
        stream=f"auction:{auction.id}",
        body={
            "status": status,
            "price_fen": auction.price_fen,
            "bidder_code": auction.leader_code,
            "bids": auction.bid_count,
            "extensions": auction.extensions,
            "closes_at": iso(auction.closes_at),
            "closed_at": moment(auction.closed_at),
        },
    )


def announce(unit: Unit, actor: Actor, auction_id: str) -> Auction:
    """Announce a round as `disclosure.services.publish` does.

    DomainError first of a claim to the lot that is examined, was accepted, or that may be or is sued over.
    """
    auction = lock_round(unit, actor, auction_id, "auction.announce")
    refuse_barred(unit.session, auction.lot_id, auction.id, unit.now)
    return publish(unit, actor, auction_id)


def open_auction(unit: Unit, auction: Auction) -> None:
    """Open a locked auction whose time has come; agents and joint bidders not confirmed by now are refused (OJA 14).

    While a material change of its sheet waits for the panel it is suspended instead: nobody bids on the old facts; and
    while an outsider's claim, received in whichever round, keeps the lot.
    """
    if auction.status != "announced" or unit.now < auction.opens_at:
        return
    if is_proposed(unit.session, SHEET_CHANGE, auction.id):
        stop_for_change(unit, auction)
        return
    if barring_objection(unit.session, auction.lot_id, auction.id, unit.now, received=True) is not None:
        suspend_locked(unit, auction, kind="stay", reason=CLAIMED_REASON, cause=OWNERSHIP_OBJECTION)
        return
    change_status(unit, auction, "open")
    unit.record("AuctionOpened", stream=f"auction:{auction.id}", body={"opens_at": iso(auction.opens_at)})
    _refuse_undecided(unit, auction)


def _refuse_undecided(unit: Unit, auction: Auction) -> None:
    undecided = unit.session.scalars(
        select(Registration).where(
            Registration.auction_id == auction.id,
            Registration.status == "awaiting_court",
            Registration.capacity.in_(("agent", "joint")),
        )
    )
    for registration in undecided:
        release_registration(unit, auction, registration, status="refused", refusal="unconfirmed_agent")


def open_due(unit: Unit, auction_id: str) -> None:
    """Open one auction if it is due."""
    open_auction(unit, lock_auction(unit, auction_id))


def suspend(unit: Unit, actor: Actor, auction_id: str, *, kind: str, reason: str) -> Auction:
    """Stop a sale for a public reason: `stay`, `halt` or `fault` (OJA 28). Bids keep their places."""
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.stop", court=auction.lot.court_code)
    suspend_locked(unit, auction, kind=kind, reason=reason)
    return auction


def suspend_locked(
    unit: Unit, auction: Auction, *, kind: str, reason: str, cause: str | None = None, since: datetime | None = None
) -> None:
    """Suspend an auction whose row is already locked, on the court's or the platform's own motion.

    The time to bid that was left counts from `since` where nobody could bid from then on.
    """
    if auction.status == "open" and unit.now >= auction.closes_at and kind != "fault" and cause is None:
        raise DomainError("wrong_state", status="ended")
    auction.suspension = {
        "kind": kind,
        "reason": reason,
        "cause": cause,
        "at": iso(unit.now),
        "remaining_seconds": remaining_seconds(since or unit.now, auction.opens_at, auction.closes_at),
    }
    change_status(unit, auction, "suspended", kind=kind, reason=reason, cause=cause)
    unit.record(
        "AuctionSuspended",
        stream=f"auction:{auction.id}",
        body={**auction.suspension, "closed_at": moment(auction.closed_at)},
    )
    if kind == "fault" and cause != "outage":  # an outage is told with what it did to each sale
        raise_alert(
            unit,
            "sale_fault",
            key=f"sale_fault:{auction.id}:{iso(unit.now)}",
            reasons=[Reason("fault_found" if cause else "fault_stated")],
            court_code=auction.lot.court_code,
            lot_id=auction.lot_id,
            auction_id=auction.id,
        )


def stop_for_change(unit: Unit, auction: Auction) -> None:
    """Let a locked auction stand still while a change of its sheet is decided on; what it is stays with the court.

    One that stands still for a cause that has ended stands still for this one. One not yet due to open goes on: it
    is suspended at its opening.
    """
    if auction.status == "suspended":
        if "resume_by" in (auction.suspension or {}):
            restate(unit, auction, reason=_CHANGING_REASON, cause=CHANGING)
    elif unit.now >= auction.opens_at:
        suspend_locked(unit, auction, kind="stay", reason=_CHANGING_REASON, cause=CHANGING)


def resume(
    unit: Unit, actor: Actor, auction_id: str, *, closes_at: datetime, reason: str, late_reason: str = ""
) -> Auction:
    """Resume a suspended sale with a newly announced end; after the last day to, with the reason for that too.

    One that had not opened when it was stopped opens after the ruleset's notice at the earliest. At least the time
    that was left, at least the ruleset's notice and minutes of bidding remain; else DomainError invalid on
    `closes_at` with the earliest end allowed. `supplement_running` while a change of the sheet has not been public
    for its days, `change_waiting` while the panel decides on one, `objection_open`, `suit_days` or `suit_pending`
    while a claim keeps the lot from being sold, `group_satisfied` while its group needs it sold no more; invalid as
    the rule `check_late_resumption`.
    """
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.stop", court=auction.lot.court_code)
    if auction.status != "suspended" or auction.suspension is None:
        raise DomainError("wrong_state", status=auction.status)
    if is_held(auction):
        raise DomainError("wrong_state", status=WINNER_BARRED)
    until = auction.suspension.get("not_before")
    if until is not None and unit.now < parse(until):
        raise DomainError("supplement_running", earliest=until)
    _check_unbarred(unit, auction)
    numbers, left = ruleset_of(unit.session, auction), auction.suspension["remaining_seconds"]
    opens_at = next_opening(unit.now, auction.opens_at, parse(auction.suspension["at"]), numbers)
    earliest = earliest_end(unit.now, opens_at, left, numbers)
    if closes_at < earliest:
        raise invalid("closes_at", "too_early", earliest=iso(earliest))
    last_day = resume_day(auction)
    late = check_late_resumption(last_day, shanghai_day(unit.now), late_reason)
    if late and last_day is not None:
        tell_late_resumption(unit, auction, last_day)
    said = {"closes_at": iso(closes_at), "reason": reason}
    if late:
        said |= {"resume_by": str(last_day), "late_reason": late_reason}
    if opens_at != auction.opens_at:
        said["opens_at"] = iso(opens_at)
    _resume_locked(unit, auction, Window(opens_at, closes_at), said)
    return auction


def _resume_locked(unit: Unit, auction: Auction, window: Window, said: dict[str, str]) -> None:
    """Put the auction into the window announced for it, whose texts are written anew where its opening moved."""
    moved = window.opens_at != auction.opens_at
    auction.opens_at, auction.closes_at, auction.suspension = *window, None
    if moved:
        auction.scheduled_closes_at = window.closes_at
    change_status(unit, auction, "open" if unit.now >= auction.opens_at else "announced", **said)
    unit.record("AuctionResumed", stream=f"auction:{auction.id}", body={**said, "status": auction.status})
    if auction.status == "open":  # it may have been stopped at its opening, before that was done
        _refuse_undecided(unit, auction)
    version = latest_version(unit.session, auction.lot_id) if moved else None
    if version is not None:
        rewrite(unit, auction, version, former_version=version.version)


def end_suspension(unit: Unit, actor: Actor, auction_id: str, *, reason: str) -> Auction:
    """Record that why a sale was stopped has ended: the days within which it resumes run from now (OJA 28(4)).

    DomainError wrong_state unless the sale is suspended, or where that was recorded before; change_waiting,
    objection_open, suit_days, suit_pending or group_satisfied where that still keeps it; a sale held for its winner
    does not resume.
    """
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.stop", court=auction.lot.court_code)
    if auction.status != "suspended" or auction.suspension is None or is_held(auction):
        raise DomainError("wrong_state", status=WINNER_BARRED if is_held(auction) else auction.status)
    if "ended_at" in auction.suspension:
        raise DomainError("wrong_state", status="cause_ended")
    _check_unbarred(unit, auction)
    end_cause(unit, auction, reason=reason)
    return auction


def _check_unbarred(unit: Unit, auction: Auction) -> None:
    """DomainError of what keeps the lot: a change being decided on, an objection, a group that has enough."""
    if is_proposed(unit.session, SHEET_CHANGE, auction.id):
        raise DomainError("change_waiting")
    refuse_barred(unit.session, auction.lot_id, auction.id, unit.now)
    if bars_resumption(unit.session, auction.lot_id):
        raise DomainError("group_satisfied")


def restate(unit: Unit, auction: Auction, *, reason: str, cause: str) -> None:
    """Give a locked, suspended auction another public reason: a cause that had ended has not any more."""
    assert auction.suspension is not None  # noqa: S101 - a suspended auction has one
    stands = {name: value for name, value in auction.suspension.items() if name not in ("ended_at", "resume_by")}
    auction.suspension = {**stands, "reason": reason, "cause": cause}
    unit.tell(auction, "status", status="suspended", kind=auction.suspension["kind"], reason=reason, cause=cause)
    unit.record("SuspensionRestated", stream=f"auction:{auction.id}", body={"reason": reason, "cause": cause})


def end_cause(unit: Unit, auction: Auction, *, reason: str, kept_until: datetime | None = None) -> None:
    """Let the days to resume a locked, suspended auction run from now, or from the last full day before `kept_until`.

    That is 00:00 of a day, from which nothing keeps it any more.
    """
    assert auction.suspension is not None  # noqa: S101 - a suspended auction has one
    numbers = ruleset_of(unit.session, auction)
    calendar = published_calendar(numbers)
    due = resume_by(unit.now, numbers, calendar).last_day
    if kept_until is not None:
        due = resume_after_supplement(kept_until, numbers, calendar).last_day
    until = auction.suspension.get("not_before")
    if until is not None:  # a supplement still runs: its own days come after it
        due = max(due, resume_after_supplement(parse(until), numbers, calendar).last_day)
    ended = {"ended_at": iso(unit.now), "resume_by": due.isoformat()}
    auction.suspension = {**auction.suspension, **ended}
    await_resumption(unit, auction, due)
    unit.tell(auction, "notice", notice="suspension_ended", resume_by=due.isoformat())
    unit.record(
        "SuspensionCauseEnded",
        stream=f"auction:{auction.id}",
        body={"reason": reason, **ended},
    )


def withdraw(unit: Unit, actor: Actor, auction_id: str, *, ground: str, reason: str) -> Auction:
    """Take the lot out of the sale before it is sold (SALE 17); every deposit goes back.

    DomainError invalid for a ground not in `WITHDRAWAL_GROUNDS`; wrong_state as `withdraw_locked`.
    """
    auction = lock_round(unit, actor, auction_id, "auction.stop")
    if ground not in WITHDRAWAL_GROUNDS:
        raise invalid("ground", "not_one_of", allowed=WITHDRAWAL_GROUNDS)
    withdraw_locked(unit, auction, ground=ground, reason=reason)
    return auction


def withdraw_locked(unit: Unit, auction: Auction, *, ground: str, reason: str) -> None:
    """Withdraw an auction whose row is already locked. DomainError wrong_state after the end of bidding.

    One that is held for its winner is withdrawn only for an objection that was accepted. A draft has nothing to take
    back from the public: wrong_state `not_announced`, it is discarded.
    """
    if auction.status in PRIVATE:
        raise DomainError("wrong_state", status=auction.status, reason="not_announced")
    if auction.status == "open" and unit.now >= auction.closes_at:
        raise DomainError("wrong_state", status="ended")
    barring = barring_objection(unit.session, auction.lot_id, auction.id, unit.now)
    accepted = barring is not None and barring.code in ACCEPTED
    if is_held(auction) and not accepted:  # the bidding is over: he is confirmed, or it is revoked
        raise DomainError("wrong_state", status=WINNER_BARRED)
    change_status(unit, auction, "withdrawn", ground=ground, reason=reason)
    auction.ended_reason = ground
    end(unit, auction)
    await_look(unit, "relist", auction.lot_id)  # the time for a round after an unsold one runs on
    unit.record(
        "AuctionWithdrawn",
        stream=f"auction:{auction.id}",
        body={"ground": ground, "reason": reason, "closed_at": moment(auction.closed_at)},
    )
    call_off_ahead(unit, Viewing.lot_id == auction.lot_id, f"拍卖已撤回：{reason}")
    release_all(unit, auction, keep=None)


def release_all(unit: Unit, auction: Auction, keep: str | None, since: datetime | None = None) -> None:
    """Release every live registration but `keep`; the money goes back within the ruleset's hours (OJA 23)."""
    live = unit.session.scalars(
        select(Registration)
        .where(Registration.auction_id == auction.id, Registration.status.in_(STANDING))
        .order_by(Registration.id)
    )
    for registration in live:
        if registration.id != keep:
            release_registration(unit, auction, registration, status="released", since=since)
