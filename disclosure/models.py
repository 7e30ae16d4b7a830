"""The sheet being filled, its sealed versions, files, a court's own items; agencies' reports, viewings, questions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only


class SheetItem(Base):
    """What is known of one item of a lot: state, statement, data, with source, checker and date."""

    __tablename__ = "sheet_items"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    statement: Mapped[str]
    data: Mapped[dict[str, Any]]
    source: Mapped[str]
    checker: Mapped[str]
    checked_on: Mapped[date | None]
    attachments: Mapped[list[Any]]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


class DraftedItem(Base):
    """An item of an announced sheet as it is to be changed, until the panel has chosen how (PRECISIONS 11).

    The sheet in force and the one being filled stay as they are; only the lot's court sees this.
    """

    __tablename__ = "drafted_items"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    statement: Mapped[str]
    data: Mapped[dict[str, Any]]
    source: Mapped[str]
    checker: Mapped[str]
    checked_on: Mapped[date | None]
    attachments: Mapped[list[Any]]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


@insert_only
class SheetVersion(Base):
    """A sealed version of a sheet: `facts` is exactly what `seal` is the hash of."""

    __tablename__ = "sheet_versions"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    seal: Mapped[str]
    facts: Mapped[dict[str, Any]]
    material: Mapped[bool]
    at: Mapped[datetime]


@insert_only
class FormerAnnouncement(Base):
    """The announcement, bidder notice and special notices of a round as they stood before the sheet changed.

    `document` is what stood on the auction from `written_at` to `replaced_at`; the latest edition stands there.
    `sheet_version`: the last version of the sheet it stood on.
    """

    __tablename__ = "former_announcements"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    sheet_version: Mapped[int]
    document: Mapped[dict[str, Any]]
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


@insert_only
class Attachment(Base):
    """A file of a lot, kept under its content hash; only its hash enters seals and entries."""

    __tablename__ = "attachments"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    content: Mapped[bytes]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


@insert_only
class TaskReport(Base):
    """What an agency found out for a task. It changes no sheet: the court takes over each part of it, or refuses it."""

    __tablename__ = "task_reports"

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    note: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


@insert_only
class ReportPart(Base):
    """One item of a report as it was sent (`code` of the catalogue), or its photos (`code` photos: `attachments`)."""

    __tablename__ = "report_parts"

    report_id: Mapped[str] = mapped_column(ForeignKey("task_reports.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    facts: Mapped[dict[str, Any]]


@insert_only
class PartDecision(Base):
    """The court's answer to one part of a report, given once."""

    __tablename__ = "part_decisions"

    report_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    accepted: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    __table_args__ = (ForeignKeyConstraint(["report_id", "code"], ["report_parts.report_id", "report_parts.code"]),)


class Viewing(Base):
    """A time at which a lot is shown, with so many places. Cancelled with a reason, it stays in the list."""

    __tablename__ = "viewings"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    places: Mapped[int]
    offered_at: Mapped[datetime]
    offered_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("starts_at < ends_at AND places > 0", "slot_sensible"),
        CheckConstraint("(cancelled_at IS NULL) = (cancelled_reason IS NULL)", "cancelled_with_reason"),
    )


class ViewingBooking(Base):
    """A place at a viewing. Whoever shows the lot knows the visitor by `code` alone (OJA 18(2))."""

    __tablename__ = "viewing_bookings"

    id: Mapped[str] = mapped_column(primary_key=True)
    viewing_id: Mapped[str] = mapped_column(ForeignKey("viewings.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    code: Mapped[str]
    booked_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("viewing_id", "code"),)


class Question(Base):
    """A written question on a lot. Who asked it never leaves this row (OJA 18(2)).

    `machine_at` is machine time, by which asking is limited. `due_at`: the first moment at which it is too late to
    answer. `told_at`: when the regulator was told that it was.
    """

    __tablename__ = "questions"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    wording: Mapped[str]
    asked_at: Mapped[datetime]
    machine_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_questions_person_id_machine_at", "person_id", "machine_at"),
        Index(
            "ix_questions_waiting",
            "due_at",
            sqlite_where=text("answered_at IS NULL AND told_at IS NULL"),
            postgresql_where=text("answered_at IS NULL AND told_at IS NULL"),
        ),
    )


@insert_only
class Answer(Base):
    """An answer as published; a corrected one is the next `version`. `question` is the wording it was published with.

    `item` is the item of the sheet it has to do with; the sheet itself does not change by it. `agency_uscc` None: the
    court answered. `reason`: why it tells nothing the sheet lacks, for the court and its agencies; None where the sheet
    was changed first.
    """

    __tablename__ = "answers"

    question_id: Mapped[str] = mapped_column(ForeignKey("questions.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str]
    answer: Mapped[str]
    item: Mapped[str | None]
    reason: Mapped[str | None]
    agency_uscc: Mapped[str | None] = mapped_column(ForeignKey("agencies.uscc"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


class HeldAnswer(Base):
    """An answer that tells a fact the sheet lacks: published with the version in which `item` tells it, not before.

    `outcome`: None while it is held, `published`, or `replaced` by another answer. One is held of a question at a time.
    """

    __tablename__ = "held_answers"

    question_id: Mapped[str] = mapped_column(ForeignKey("questions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"))
    question: Mapped[str]
    answer: Mapped[str]
    item: Mapped[str]
    agency_uscc: Mapped[str | None] = mapped_column(ForeignKey("agencies.uscc"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_held_answers_held",
            "lot_id",
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
    )


@insert_only
class QuestionMerge(Base):
    """That a question asks what another of the lot asks: it is answered with that one, and not shown to the public."""

    __tablename__ = "question_merges"

    question_id: Mapped[str] = mapped_column(ForeignKey("questions.id"), primary_key=True)
    into_id: Mapped[str] = mapped_column(ForeignKey("questions.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    __table_args__ = (CheckConstraint("question_id <> into_id", "another"),)


@insert_only
class CourtItem(Base):
    """A version of an item a court adds to the catalogue of a kind of lot; the latest holds while it is `in_use`.

    `item` has the keys of an entry of `catalogue/*.toml`.
    """

    __tablename__ = "court_items"

    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"), primary_key=True)
    asset_type: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    in_use: Mapped[bool]
    item: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
