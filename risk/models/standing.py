"""The record of a bidder: what happened, entry by entry, and what the bidder says against an entry."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only


@insert_only
class StandingEntry(Base):
    """One thing on record of a person: `kind`, about which auction, with the facts it rests on. Never changed.

    `id_match` is the person's keyed hash, so that a second account of the same identity has the same record. `number`
    is its journal entry's in the person's stream: it orders what happened at one moment.
    """

    __tablename__ = "standing_entries"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    id_match: Mapped[str]
    kind: Mapped[str]
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"))
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    facts: Mapped[dict[str, Any]]
    number: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_standing_entries_person_id", "person_id"),
        Index("ix_standing_entries_id_match", "id_match"),
    )


class StandingObjection(Base):
    """What a bidder says against an entry of the own record, once, and the answer.

    `status`: filed, accepted (the entry counts no more), rejected. `due_at`: until when it is to be answered.
    """

    __tablename__ = "standing_objections"

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("standing_entries.id"), unique=True)
    court_code: Mapped[str] = mapped_column(ForeignKey("courts.code"))
    grounds: Mapped[str]
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str | None]
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(status = 'filed') = (answered_at IS NULL)", "answered_or_filed"),
        Index("ix_standing_objections_court_code", "court_code", "status"),
    )
