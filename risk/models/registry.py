"""The registry of those who may not bid: staff of courts, provider and agencies, and their near relatives.

Identities are kept as keyed hashes (`id_match`) and names sealed under the registry's own key; rows of an
earlier import stay with the version that ended them, so that history can be read. `birth_match` is a keyed hash of name
and day of birth, by which a namesake born the same day is noticed without opening any name; `born_match` one of the day
alone, which finds the few whose names are opened to be compared.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base

_BIG = BigInteger().with_variant(Integer(), "sqlite")


class Staff(Base):
    """A term of office of one person in one body (court, provider, agency). `to_on` None: still in office."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    body_type: Mapped[str]
    body_code: Mapped[str]
    id_match: Mapped[str]
    name: Mapped[bytes]
    position: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    from_version: Mapped[int] = mapped_column(BigInteger)
    until_version: Mapped[int | None] = mapped_column(BigInteger)
    birth_match: Mapped[str | None] = mapped_column(index=True)
    born_match: Mapped[str | None] = mapped_column(index=True)

    __table_args__ = (
        Index("ix_staff_id_match", "id_match"),
        Index("ix_staff_body", "body_type", "body_code"),
    )


class Relative(Base):
    """A near relation as recorded from one side; it counts both ways.

    `relation` says what the relative is to the person.
    """

    __tablename__ = "relatives"

    id: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    id_match: Mapped[str]
    relative_match: Mapped[str]
    relative_name: Mapped[bytes]
    relation: Mapped[str]
    from_version: Mapped[int] = mapped_column(BigInteger)
    until_version: Mapped[int | None] = mapped_column(BigInteger)
    birth_match: Mapped[str | None] = mapped_column(index=True)
    born_match: Mapped[str | None] = mapped_column(index=True)

    __table_args__ = (
        Index("ix_relatives_id_match", "id_match"),
        Index("ix_relatives_relative_match", "relative_match"),
    )


class RegistryVersion(Base):
    """One row per import; the highest version is the registry in force, read anew by every check."""

    __tablename__ = "registry_versions"

    version: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    rows: Mapped[int] = mapped_column(BigInteger)
    file_hash: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]
