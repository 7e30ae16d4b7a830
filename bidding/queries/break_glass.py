"""Break-glass: the proposals to open one identity before the end, and what came of them. Never an identity itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Account, Approval, Auction, Lot
from auction.rules.access import COURT_ROLES, Actor
from auction.rules.ruleset import Ruleset

BREAK_GLASS = "break_glass"


def opened_until(approval: Approval, numbers: Ruleset) -> datetime | None:
    """Until when an approved opening may be looked at; None while it is not approved."""
    if approval.status != "approved" or approval.decided_at is None:
        return None
    return approval.decided_at + numbers.span("break_glass_open")


def openings(
    session: Session, actor: Actor, numbers: Ruleset, now: datetime, auction_id: str | None = None
) -> list[dict[str, Any]]:
    """What was proposed, the latest first; a court's member sees his court's only.

    {"approval_id", "auction_id", "lot_id", "lot_title", "bidder_code", "reason", "status", "proposed_by", "mine",
    "proposed_at", "decided_at", "until", "open"}; `open`: who proposed it may look now.
    """
    wanted = (
        select(Approval, Account.display_name, Lot.id.label("lot_id"), Lot.title)
        .join(Account, Account.id == Approval.proposed_by)
        .join(Auction, Auction.id == Approval.subject_id)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Approval.kind == BREAK_GLASS)
        .order_by(Approval.proposed_at.desc(), Approval.id.desc())
    )
    if actor.role in COURT_ROLES:
        wanted = wanted.where(Approval.court_code == actor.court_code)
    if auction_id is not None:
        wanted = wanted.where(Approval.subject_id == auction_id)
    return [
        {
            "approval_id": approval.id,
            "auction_id": approval.subject_id,
            "lot_id": lot_id,
            "lot_title": title,
            "bidder_code": approval.proposal["bidder_code"],
            "reason": approval.reason,
            "status": approval.status,
            "proposed_by": name,
            "mine": approval.proposed_by == actor.id,
            "proposed_at": iso(approval.proposed_at),
            "decided_at": iso(approval.decided_at) if approval.decided_at else None,
            "until": iso(until) if (until := opened_until(approval, numbers)) else None,
            "open": until is not None and now < until,
        }
        for approval, name, lot_id, title in session.execute(wanted)
    ]


def approved_openings(session: Session, auction_id: str) -> list[Approval]:
    """The openings that were approved for a sale."""
    wanted = _of(auction_id).where(Approval.status == "approved")
    return list(session.scalars(wanted.order_by(Approval.id)))


def has_openings(session: Session, auction_id: str) -> bool:
    """Whether an opening was ever proposed for a sale."""
    return session.scalar(_of(auction_id).limit(1)) is not None


def _of(auction_id: str) -> Select[Approval]:
    return select(Approval).where(Approval.kind == BREAK_GLASS, Approval.subject_id == auction_id)
