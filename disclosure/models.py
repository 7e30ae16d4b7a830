"""The disclosure sheet as it is being filled, its sealed versions, attachments, and a court's own items."""

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
