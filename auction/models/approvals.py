"""Acts that need more than one pair of eyes (PRECISIONS 25): the proposal, and each answer given to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..kernel.db import Base, insert_only


class Approval(Base):
    """An act proposed, without effect until everybody it needs has approved.

    `kind` names what is to be done, `subject_id` to what, `proposal` how. `needs`: [{"role", "count", "among"?,
    "but"?}] besides the proposer. `status`: pending, approved, rejected, lapsed.
    """

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    proposal: Mapped[dict[str, Any]]
    reason: Mapped[str]
    proposed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime]
    needs: Mapped[list[Any]]
    status: Mapped[str]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'approved', 'rejected', 'lapsed')", "status_known"),
        CheckConstraint("(decided_at IS NULL) = (status = 'pending')", "decided_iff_over"),
        Index("ix_approvals_subject", "kind", "subject_id"),
        Index("ix_approvals_status", "status", "court_code"),
    )


@insert_only
class ApprovalVote(Base):
    """One person's answer to a proposal, and in which role it was given."""

    __tablename__ = "approval_votes"

    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    role: Mapped[str]
    approve: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]
