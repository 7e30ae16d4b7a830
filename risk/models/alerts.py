"""What a regulator should look at, why, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base


class Alert(Base):
    """An alert: it informs and refuses nobody. `key` names the occasion, so that one occasion is told once.

    `court_code` None where the platform itself is concerned.
    `reasons`: [{"code", "facts", "who"}]; `who`, `registration_id` and `account_id` lead to persons and stay closed
    until the auction has ended. `status`: open, resolved; `outcome`: confirmed, unfounded, no_action.
    """

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    court_code: Mapped[str | None] = mapped_column(ForeignKey("courts.code"))
    lot_id: Mapped[str | None] = mapped_column(ForeignKey("lots.id"), index=True)
    auction_id: Mapped[str | None] = mapped_column(ForeignKey("auctions.id"), index=True)
    registration_id: Mapped[str | None]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    reasons: Mapped[list[Any]]
    raised_at: Mapped[datetime]
    status: Mapped[str]
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str | None]
    resolution_reason: Mapped[str | None]
    resolved_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    resolved_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("status IN ('open', 'resolved')", "status_known"),
        CheckConstraint("outcome IN ('confirmed', 'unfounded', 'no_action')", "outcome_known"),
        CheckConstraint("(status = 'resolved') = (outcome IS NOT NULL)", "outcome_iff_resolved"),
        Index("ix_alerts_status", "status", "raised_at"),
    )
