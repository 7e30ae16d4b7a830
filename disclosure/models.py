"""The disclosure sheet as it is being filled, its sealed versions, and attachments."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
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
