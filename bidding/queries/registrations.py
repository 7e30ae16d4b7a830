"""Registrations for their owner: everything about the own one, nothing about anybody else's."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.crypto import Vault
from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules.identity import mask

from ..models import Bid, Payment, Registration
from ..rules.payment import LIVE
from .conflicts import reviews_of
from .held import WINNER_BARRED, decision_due, identity_due
from .identities import identities
from .payments import payment_dict, payments, refund_dict


def own_registration(
    session: Session, vault: Vault, account_id: str, registration_id: str, now: datetime
) -> dict[str, Any]:
    """One registration of the account; DomainError not_found for anybody else's."""
    registration = session.get(Registration, registration_id)
    if registration is None or registration.account_id != account_id:
        raise DomainError("not_found")
    return registration_dict(session, vault, registration, now)


def own_registrations(
    session: Session, vault: Vault, account_id: str, now: datetime, page: int, page_size: int
) -> dict[str, Any]:
    """The account's registrations, the latest first: {"items", "page", "page_size", "total"}."""
    mine = select(Registration).where(Registration.account_id == account_id)
    total = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    rows = session.scalars(
        mine.order_by(Registration.created_at.desc(), Registration.id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return {
        "items": [registration_dict(session, vault, row, now) for row in rows],
        "page": page,
        "page_size": page_size,
        "total": total,
    }


def registration_dict(session: Session, vault: Vault, registration: Registration, now: datetime) -> dict[str, Any]:
    """A registration as its owner sees it, bidder code included. `current`: the sheet in force was acknowledged."""
    auction = session.get_one(Auction, registration.auction_id)
    asked = payments(session, registration.id)
    due = decision_due(session, auction) if auction.leader_registration_id == registration.id else None
    decided_by = due[0] if due else identity_due(session, auction, registration)
    return {
        "id": registration.id,
        "auction_id": registration.auction_id,
        "lot_id": auction.lot_id,
        "status": registration.status,
        "refusal": registration.refusal,
        "hold": WINNER_BARRED if due else registration.hold,
        "decision_due_at": iso(decided_by) if decided_by else None,
        "review": _review(session, registration.id),
        "capacity": registration.capacity,
        "claim": registration.claim,
        "claim_status": registration.claim_status,
        "claim_fen": registration.claim_fen,
        "rank": registration.rank,
        "bidder_code": registration.bidder_code,
        "deposit_due_fen": registration.deposit_due_fen,
        "payment": _latest(asked, "deposit"),
        "balance": _latest(asked, "balance"),
        "refunds": [
            {"payment_id": payment.id, "purpose": payment.purpose, **refund}
            for payment in asked
            if (refund := refund_dict(payment, now)) is not None
        ],
        "undertakings": registration.undertakings,
        "seal": registration.seal,
        "current": registration.seal == auction.seal,
        "has_bid": registration.has_bid,
        "buyer": auction.status == "sold" and auction.leader_registration_id == registration.id,
        "identities": [
            {
                "part": one.part,
                "name": one.name,
                "id_type": one.id_type,
                "id_number": mask(one.id_type, one.id_number),
                "share": one.share,
            }
            for one in identities(session, vault, registration)
        ],
        "release_due_at": iso(registration.release_due_at) if registration.release_due_at else None,
        "decision_reason": registration.decision_reason,
        "created_at": iso(registration.created_at),
    }


def _review(session: Session, registration_id: str) -> dict[str, Any] | None:
    """The last request for a review of a refusal for the interest bar, and where it stands."""
    reviews = reviews_of(session, registration_id)
    if not reviews:
        return None
    last = reviews[-1]
    answered_at = iso(last.answered_at) if last.answered_at else None
    return {"asked_at": iso(last.review.at), "state": last.state, "answered_at": answered_at}


def _latest(asked: list[Payment], purpose: str) -> dict[str, Any] | None:
    """The payment that matters now for a purpose: the one that stands, else the last."""
    those = [payment for payment in asked if payment.purpose == purpose]
    standing = [payment for payment in those if payment.status in LIVE]
    return next((payment_dict(payment) for payment in reversed(standing or those)), None)


def standing(session: Session, account_id: str) -> dict[str, Any]:
    """What is on record of the account's person as a bidder: counts, no score."""
    mine = Registration.account_id == account_id
    by_status = select(Registration.status, func.count()).where(mine).group_by(Registration.status)
    won = (
        select(Auction.settlement, func.count())
        .join(Registration, Registration.id == Auction.leader_registration_id)
        .where(mine, Auction.status == "sold")
        .group_by(Auction.settlement)
    )
    accepted = (
        select(func.count())
        .select_from(Bid)
        .join(Registration, Registration.id == Bid.registration_id)
        .where(mine, Bid.seq.is_not(None))
    )
    sales = {str(settlement): count for settlement, count in session.execute(won)}
    return {
        "registrations": {str(status): count for status, count in session.execute(by_status)},
        "accepted_bids": session.scalar(accepted) or 0,
        "won": sum(sales.values()),
        "reneged": sales.get("reneged", 0),
    }
