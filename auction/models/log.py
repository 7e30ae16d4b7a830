"""The public log: leaves in order, the tree's complete subtrees, signed checkpoints, and who witnesses them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..kernel.db import Base, insert_only

_BIG = BigInteger().with_variant(Integer(), "sqlite")


@insert_only
class LogLeaf(Base):
    """The leaf at `index`: one journal entry, or (`commitment`) what the log shows of a private one."""

    __tablename__ = "log_leaves"

    index: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    stream: Mapped[str]
    number: Mapped[int] = mapped_column(BigInteger)
    commitment: Mapped[str | None]
    hash: Mapped[str]

    __table_args__ = (
        UniqueConstraint("stream", "number"),
        ForeignKeyConstraint(["stream", "number"], ["journal.stream", "journal.number"]),
    )


@insert_only
class LogNode(Base):
    """The hash of a complete subtree of 2^level leaves, the `index`-th at that level."""

    __tablename__ = "log_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    hash: Mapped[str]


@insert_only
class Checkpoint(Base):
    """A signed note over the first `size` leaves."""

    __tablename__ = "checkpoints"

    size: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    root: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime]


class Witness(Base):
    """Somebody outside who keeps the log's last head and cosigns only what appends to it.

    `key`: the verifier key (C2SP), whose name is the witness's. Cosignatures count up to `dropped_at`. `url`: where it
    is asked, None where it looks by itself. Since `unanswered_since` (machine time) it answers nothing that counts;
    `refused_at`: when it said that a head does not append to what it knew. Once it cosigns again both are over.
    """

    __tablename__ = "witnesses"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    named_at: Mapped[datetime]
    dropped_at: Mapped[datetime | None]
    url: Mapped[str | None]
    unanswered_since: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]


@insert_only
class Cosignature(Base):
    """A witness's signature line under the checkpoint of `size`. `seen_at`: when the witness says that it saw it."""

    __tablename__ = "cosignatures"

    size: Mapped[int] = mapped_column(ForeignKey("checkpoints.size"), primary_key=True)
    witness: Mapped[str] = mapped_column(ForeignKey("witnesses.name"), primary_key=True)
    line: Mapped[str]
    seen_at: Mapped[datetime]

    __table_args__ = (Index(None, "witness", "size"),)
