"""Who controls companies, and what the interest bar found and what was lifted of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only

_BIG = BigInteger().with_variant(Integer(), "sqlite")


class Control(Base):
    """What one holder is in one company: `role` is legal_representative, shareholder, actual_controller or director.

    Both are keyed hashes of their numbers. `share` in parts per million, None where nobody knows it; `to_on` None:
    still so. Rows an import ended stay, with the version that ended them.
    """

    __tablename__ = "control"

    id: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    company_match: Mapped[str]
    company_name: Mapped[bytes]
    holder_match: Mapped[str]
    role: Mapped[str]
    share: Mapped[int | None] = mapped_column(BigInteger)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    from_version: Mapped[int] = mapped_column(BigInteger)
    until_version: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_control_company_match", "company_match"),
        Index("ix_control_holder_match", "holder_match"),
    )


@insert_only
class InterestFinding(Base):
    """One hit on a registration, of the interest bar or of the practice on companies of who reneged on its lot, as it
    was found: evidence, and what a regulator may look up.

    `hit_key` names the exact hit on its lot; `hit` is what it says, in keyed hashes. `review_due_at` is set where the
    way leads through a company: a court's practice, so it is reviewed at once (PRECISIONS 12).
    """

    __tablename__ = "interest_findings"

    registration_id: Mapped[str] = mapped_column(primary_key=True)
    hit_key: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str]
    auction_id: Mapped[str]
    id_match: Mapped[str]
    ground: Mapped[str]
    hit: Mapped[dict[str, Any]]
    registry_version: Mapped[int] = mapped_column(BigInteger)
    found_at: Mapped[datetime]
    review_due_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_interest_findings_lot_id", "lot_id", "id_match"),)


@insert_only
class LiftedHit(Base):
    """A hit two regulators lifted as mistaken: it bars this person from this lot no more, and lifts no other hit."""

    __tablename__ = "lifted_hits"

    lot_id: Mapped[str] = mapped_column(primary_key=True)
    hit_key: Mapped[str] = mapped_column(primary_key=True)
    id_match: Mapped[str]
    approval_id: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


@insert_only
class InterestReview(Base):
    """What a refused bidder says against the refusal, sealed under the own key."""

    __tablename__ = "interest_reviews"

    id: Mapped[str] = mapped_column(primary_key=True)
    registration_id: Mapped[str]
    text: Mapped[bytes]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_interest_reviews_registration_id", "registration_id"),)
