"""Cases with their parties, lots, reference prices and the steps to them, notices and letters, agencies' tasks."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..kernel.db import Base, insert_only


class Case(Base):
    """An enforcement case of one court. `entered_at` stands for its entry (立案), where offices begin to count."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    entered_at: Mapped[datetime]

    parties: Mapped[list["Party"]] = relationship(order_by="Party.position", cascade="all, delete-orphan")

    __table_args__ = (UniqueConstraint("court_code", "number"),)


class Party(Base):
    """A party of a case; the identity is kept only as its keyed hash."""

    __tablename__ = "parties"

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    role: Mapped[str]
    id_type: Mapped[str | None]
    id_match: Mapped[str | None]
    claim_fen: Mapped[int | None] = mapped_column(BigInteger)


class Lot(Base):
    """A thing to be sold. `sheet_version` is the last sealed version of its disclosure sheet, 0 before the first.

    `seized_on`: the day on which this court seized it, where that is recorded. `disposal`: why no further round comes
    without a sale: taken, own_sale, returned or other_measures.
    """

    __tablename__ = "lots"

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"), index=True)
    title: Mapped[str]
    asset_type: Mapped[str] = mapped_column(index=True)
    region: Mapped[str]
    address: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    seized_on: Mapped[date | None]
    sheet_version: Mapped[int] = mapped_column(default=0)
    disposal: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    case: Mapped[Case] = relationship(lazy="select")
    court: Mapped["Court"] = relationship("Court", lazy="select")  # type: ignore[name-defined]  # noqa: F821


class ReferencePrice(Base):
    """The reference price of a lot (处置参考价) and how it came about."""

    __tablename__ = "reference_prices"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    method: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    results: Mapped[list[Any]]
    steps: Mapped[list[Any]]
    effective_on: Mapped[date]
    valid_until: Mapped[date]
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


@insert_only
class PriceStep(Base):
    """A step on the way to a reference price, as it was taken; a result of a source has `source` and `amount_fen`.

    `number` counts the steps of a lot from 1.
    """

    __tablename__ = "price_steps"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"))
    number: Mapped[int]
    code: Mapped[str]
    on: Mapped[date]
    detail: Mapped[str]
    source: Mapped[str | None]
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        CheckConstraint("(source IS NULL) = (amount_fen IS NULL)", "result_whole"),
    )


@insert_only
class LetterTemplate(Base):
    """A version of a court's own wording of a letter; the latest is in use, an empty one returns to what is shipped.

    Also of what the court adds to announcement and bidder notice, in English too (`text_en`), which letters have not.
    """

    __tablename__ = "letter_templates"

    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    text_en: Mapped[str | None]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


class Notice(Base):
    """The notifying of one person about the sale (OJA 16). `proof_file`: the file of the lot that proves it."""

    __tablename__ = "notices"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    status: Mapped[str]
    at: Mapped[datetime | None]
    proof: Mapped[str | None]
    proof_file: Mapped[str | None]


class Task(Base):
    """Auxiliary work on a lot given to an agency: the agency and its staff are barred from that lot (OJA 34).

    That it was finished or called off is a `TaskEnd`; neither lifts the bar. `description`: of other work than the law
    names (OJA 7(1), item 4), for which the judge `signed_by` answers; nobody does for tasks older than that rule.
    """

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    agency_uscc: Mapped[str] = mapped_column(ForeignKey("agencies.uscc"), index=True)
    kind: Mapped[str]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    description: Mapped[str | None]
    signed_by: Mapped[str | None]


@insert_only
class TaskEnd(Base):
    """How a task ended: `done`, as its agency or the court says, or `cancelled` by the court with its reason."""

    __tablename__ = "task_ends"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    __table_args__ = (CheckConstraint("outcome IN ('done', 'cancelled')", "outcome_known"),)


@insert_only
class TaskRating(Base):
    """What the court thinks of a finished task, 1 to 5, once."""

    __tablename__ = "task_ratings"

    task_id: Mapped[str] = mapped_column(ForeignKey("task_ends.task_id"), primary_key=True)
    rating: Mapped[int]
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    __table_args__ = (CheckConstraint("rating BETWEEN 1 AND 5", "rating_in_range"),)
