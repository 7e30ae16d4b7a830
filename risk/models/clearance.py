"""Clearance: assessments as they were sealed, plans in all their versions, outcomes, and models learned from them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only


@insert_only
class ClearanceAssessment(Base):
    """What the card said of a lot when a version of its sheet was sealed: the card, the facts used, the result."""

    __tablename__ = "clearance_assessments"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    sheet_version: Mapped[int] = mapped_column(primary_key=True)
    seal: Mapped[str]
    card: Mapped[str]
    facts: Mapped[dict[str, Any]]
    factors: Mapped[list[Any]]
    score: Mapped[int]
    band: Mapped[str]
    plan_required: Mapped[bool]
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("band IN ('A', 'B', 'C', 'D', 'E')", "band_known"),)


@insert_only
class ClearancePlan(Base):
    """A version of the plan to clear a lot. `steps`: [{"what", "on"}], days in ISO."""

    __tablename__ = "clearance_plans"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    promised_on: Mapped[date]
    steps: Mapped[list[Any]]
    resources: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


@insert_only
class ClearanceOutcome(Base):
    """How the clearing of a sold lot went: `result` on_time, late or not_applicable; `manner` voluntary or forced.

    `due_on` is the day promised, or that of the law where none was; `facts`, `score` and `band` are those of the
    assessment the sale was announced under.
    """

    __tablename__ = "clearance_outcomes"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"))
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    card: Mapped[str | None]
    facts: Mapped[dict[str, Any]]
    score: Mapped[int | None]
    band: Mapped[str | None]
    result: Mapped[str]
    manner: Mapped[str | None]
    due_on: Mapped[date | None]
    promised: Mapped[bool]
    cleared_on: Mapped[date | None]
    days_late: Mapped[int | None]
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_clearance_outcomes_court_code_result", "court_code", "result"),
        CheckConstraint("result IN ('on_time', 'late', 'not_applicable')", "result_known"),
    )


@insert_only
class ClearanceModel(Base):
    """A logistic model trained on outcomes, as numbers, with how it did against the card. It never sets a band."""

    __tablename__ = "clearance_models"

    id: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[str]
    outcomes: Mapped[int]
    late: Mapped[int]
    intercept: Mapped[float] = mapped_column(Float)
    weights: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    beats_card: Mapped[bool]
    at: Mapped[datetime]
