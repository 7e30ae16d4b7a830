"""An auction (one round of selling a lot), its panel, and the platform's own rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..kernel.db import Base
from .lots import Lot


class Auction(Base):
    """One round of selling a lot, and the state of its room.

    `closes_at` is the effective end, extensions included; `scheduled_closes_at` the announced one. `ruleset` is
    copied when the auction is announced. `version` numbers the room's public events without gaps. Bids up to number
    `lapsed_seq` fell with a material change of the sheet, the last of which was at `material_at` (PRECISIONS 11).
    """

    __tablename__ = "auctions"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    shard: Mapped[int]
    round: Mapped[str]
    status: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger, default=0)

    reserve_price_fen: Mapped[int] = mapped_column(BigInteger)
    increment_fen: Mapped[int] = mapped_column(BigInteger)
    deposit_fen: Mapped[int] = mapped_column(BigInteger)
    reference_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    scheduled_closes_at: Mapped[datetime]
    balance_days: Mapped[int]
    forfeit_fen: Mapped[int | None] = mapped_column(BigInteger)
    late_reason: Mapped[str | None]
    late_reason_text: Mapped[str | None]
    resale_of: Mapped[str | None] = mapped_column(ForeignKey("auctions.id"))

    ruleset_name: Mapped[str | None]
    ruleset: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    seal: Mapped[str | None]
    announced_at: Mapped[datetime | None]
    announcement: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)

    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    leader_registration_id: Mapped[str | None]
    leader_code: Mapped[str | None]
    leader_rank: Mapped[int | None]
    last_bid_at: Mapped[datetime | None]
    bid_count: Mapped[int] = mapped_column(BigInteger, default=0)
    extensions: Mapped[int] = mapped_column(BigInteger, default=0)
    lapsed_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    material_at: Mapped[datetime | None]

    suspension: Mapped[dict[str, Any] | None]
    ended_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]

    balance_fen: Mapped[int | None] = mapped_column(BigInteger)
    balance_due_at: Mapped[datetime | None]
    settlement: Mapped[str | None]

    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))

    lot: Mapped[Lot] = relationship(lazy="select")
    panel: Mapped[list["PanelMember"]] = relationship(order_by="PanelMember.position", cascade="all, delete-orphan")

    __table_args__ = (
        CheckConstraint("reserve_price_fen > 0", "reserve_positive"),
        CheckConstraint("increment_fen > 0", "increment_positive"),
        Index("ix_auctions_status", "status", "closes_at"),
        Index("ix_auctions_closed_at", "closed_at"),
        Index("ix_auctions_settlement", "settlement", "balance_due_at"),
    )


class PanelMember(Base):
    """A judge of the panel and the vote given; a change of terms or sheet voids it."""

    __tablename__ = "panel_members"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    position: Mapped[int]
    approve: Mapped[bool | None]
    reason: Mapped[str | None]
    voted_at: Mapped[datetime | None]


class Platform(Base):
    """Facts of the installation: key ids, the sandbox clock's offset, the registry's version."""

    __tablename__ = "platform"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Intake(Base):
    """A process that takes bids, and up to when it has judged all it took (PRECISIONS 7).

    `mark` is platform time: no bid that arrived before it is still waiting in that process. `beat_at`, platform time
    too, is when it was last heard of; `lease_until` is machine time. `lost` is set by a closing that found the lease
    run out, or waited in vain; it fences the process, whose later commits fail.
    """

    __tablename__ = "intake"

    process: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[datetime]
    beat_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    lost: Mapped[bool] = mapped_column(default=False)
