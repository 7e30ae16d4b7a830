"""Sanctions against malicious reneging, their review, and the texts a bar for a term rests on."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only


class Sanction(Base):
    """One sanction against one person, resting on the finding of malice in the sale `auction_id`.

    `status`: proposed, approved (served, not yet in effect), in_force, lifted, expired. `basis` and `reason` are the
    judge's words; `law` is the ruleset's citation {"code", "zh", "en"}, and for a term bar {"dated", "file"} too.
    `factors`: the finding's. `review_until`: from when no review can be asked for. `until`: last day of the term.
    """

    __tablename__ = "sanctions"

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str | None]
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    id_match: Mapped[str]
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    kind: Mapped[str]
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    until: Mapped[date | None]
    scope: Mapped[str | None]
    basis: Mapped[str]
    reason: Mapped[str]
    law: Mapped[dict[str, Any]]
    factors: Mapped[list[Any]]
    status: Mapped[str]
    proposed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime]
    served_at: Mapped[datetime | None]
    review_until: Mapped[datetime | None]
    in_force_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("status IN ('proposed', 'approved', 'in_force', 'lifted', 'expired')", "status_known"),
        CheckConstraint("(status = 'proposed') = (served_at IS NULL)", "served_once_approved"),
        CheckConstraint("(ended_at IS NULL) = (status IN ('proposed', 'approved', 'in_force'))", "ended_iff_over"),
        Index("ix_sanctions_person_id", "person_id"),
        Index("ix_sanctions_id_match", "id_match", "status"),
        Index("ix_sanctions_court_code", "court_code", "status"),
        Index("ix_sanctions_status", "status", "until"),
    )


class SanctionReview(Base):
    """The one review of a sanction its subject may ask for (CPL 119). `status`: filed, upheld, lifted.

    It is decided outside; who records the decision gives its reason.
    """

    __tablename__ = "sanction_reviews"

    id: Mapped[str] = mapped_column(primary_key=True)
    sanction_id: Mapped[str] = mapped_column(ForeignKey("sanctions.id"), unique=True)
    grounds: Mapped[str]
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("(status = 'filed') = (decided_at IS NULL)", "decided_or_filed"),)


@insert_only
class WrittenRule(Base):
    """The text of a written rule that a ruleset names by its SHA-256; public."""

    __tablename__ = "written_rules"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes]
    at: Mapped[datetime]
