"""The life of an announced auction: opening, suspension, resumption, withdrawal.

Timers are hints and the stored time is the truth: opening locks the row, does nothing when it is not due or already
done, and may be called by anybody any number of times.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.journal import Entry
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor, require
from auction.rules.lot import AuctionStatus, check_transition

from ..models import Registration
from ..queries.held import WINNER_BARRED, is_held
from ..queries.rooms import ruleset_of
from ..rules.registration import STANDING
from .looks import end
from .noting import moment
from .release import release_registration
from .rooms import lock_auction


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


def open_auction(unit: Unit, auction: Auction) -> None:
    """Open a locked auction whose time has come; agents and joint bidders not confirmed by now are refused (OJA 14)."""
    if auction.status != "announced" or unit.now < auction.opens_at:
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


def suspend_locked(unit: Unit, auction: Auction, *, kind: str, reason: str, cause: str | None = None) -> None:
    """Suspend an auction whose row is already locked, on the court's or the platform's own motion."""
    if auction.status == "open" and unit.now >= auction.closes_at and kind != "fault" and cause is None:
        raise DomainError("wrong_state", status="ended")
    remaining = max(auction.closes_at - max(unit.now, auction.opens_at), timedelta(0))
    auction.suspension = {
        "kind": kind,
        "reason": reason,
        "cause": cause,
        "at": iso(unit.now),
        "remaining_seconds": -(-remaining // timedelta(seconds=1)),  # whole ones, so that no part of one is lost
    }
    change_status(unit, auction, "suspended", kind=kind, reason=reason, cause=cause)
    unit.record(
        "AuctionSuspended",
        stream=f"auction:{auction.id}",
        body={**auction.suspension, "closed_at": moment(auction.closed_at)},
    )


def resume(unit: Unit, actor: Actor, auction_id: str, *, closes_at: datetime, reason: str) -> Auction:
    """Resume a suspended sale with a newly announced end.

    At least the time that was left, at least the ruleset's notice and minutes of bidding remain; else
    DomainError invalid on `closes_at` with the earliest end allowed.
    """
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.stop", court=auction.lot.court_code)
    if auction.status != "suspended" or auction.suspension is None:
        raise DomainError("wrong_state", status=auction.status)
    if is_held(auction):
        raise DomainError("wrong_state", status=WINNER_BARRED)
    numbers = ruleset_of(unit.session, auction)
    notice = unit.now + numbers.span("resume_notice_min")
    left = max(timedelta(seconds=auction.suspension["remaining_seconds"]), numbers.span("resume_bidding_min"))
    earliest = max(notice, max(unit.now, auction.opens_at) + left)
    if closes_at < earliest:
        raise invalid("closes_at", "too_early", earliest=iso(earliest))
    auction.closes_at = closes_at
    auction.suspension = None
    change_status(
        unit,
        auction,
        "open" if unit.now >= auction.opens_at else "announced",
        closes_at=iso(closes_at),
        reason=reason,
    )
    unit.record(
        "AuctionResumed",
        stream=f"auction:{auction.id}",
        body={"closes_at": iso(closes_at), "reason": reason, "status": auction.status},
    )
    if auction.status == "open":  # the time of opening may have passed while the sale was suspended
        _refuse_undecided(unit, auction)
    return auction


def withdraw(unit: Unit, actor: Actor, auction_id: str, *, ground: str, reason: str) -> Auction:
    """Take the lot out of the sale before it is sold (SALE 17); every deposit goes back."""
    auction = lock_auction(unit, auction_id)
    require(actor, "auction.stop", court=auction.lot.court_code)
    withdraw_locked(unit, auction, ground=ground, reason=reason)
    return auction


def withdraw_locked(unit: Unit, auction: Auction, *, ground: str, reason: str) -> None:
    """Withdraw an auction whose row is already locked. DomainError wrong_state after the end of bidding."""
    if auction.status == "open" and unit.now >= auction.closes_at:
        raise DomainError("wrong_state", status="ended")
    if is_held(auction):  # the bidding is over: he is confirmed, or it is revoked
        raise DomainError("wrong_state", status=WINNER_BARRED)
    change_status(unit, auction, "withdrawn", ground=ground, reason=reason)
    auction.ended_reason = ground
    end(unit, auction)
    unit.record(
        "AuctionWithdrawn",
        stream=f"auction:{auction.id}",
        body={"ground": ground, "reason": reason, "closed_at": moment(auction.closed_at)},
    )
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
