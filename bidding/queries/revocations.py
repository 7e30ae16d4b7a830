"""A sale that was revoked, as its court and its buyer see it; and what was proposed about one that still stands."""

from typing import Any

from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Auction
from auction.queries.approvals import approval_dict, proposals_about

from ..models import Registration, Revocation
from .held import REVOCATION
from .payments import applied_fen, deposit_of, paid_parts


def revocation_of(session: Session, auction_id: str) -> dict[str, Any] | None:
    """The decision: {"ground", "lines", "reason", "barred", "at"}; None where the sale was not revoked under OJA 31."""
    row = session.get(Revocation, auction_id)
    if row is None:
        return None
    return {"ground": row.ground, "lines": row.lines, "reason": row.reason, "barred": row.barred, "at": iso(row.at)}


def proposed_revocations(session: Session, auction_id: str) -> list[dict[str, Any]]:
    """What was ever proposed, the latest first."""
    return [approval_dict(session, one) for one in proposals_about(session, REVOCATION, auction_id)]


def money_of(session: Session, auction: Auction) -> dict[str, int]:
    """How much of the buyer's deposit and balance is here, in fen."""
    winner = session.get(Registration, auction.leader_registration_id or "")
    if winner is None:
        return {"deposit": 0, "balance": 0}
    deposit = deposit_of(session, winner.id).held_fen + applied_fen(session, winner.id)
    return {"deposit": deposit, "balance": sum(one.paid_fen or 0 for one in paid_parts(session, winner.id))}
