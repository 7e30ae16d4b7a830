"""What follows an unsold round: the creditors' answers, the debtor's own sale, the return; and groups of lots."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..kernel.db import Base, insert_only


@insert_only
class TakingQuestion(Base):
    """The enforcement creditors of a lot were asked whether one takes it at the unsold round's reserve (SALE 16).

    `seed` is drawn before anybody answers; its SHA-256, the `commitment`, is public at once, it itself with a drawing.
    """

    __tablename__ = "taking_questions"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    seed: Mapped[str]
    commitment: Mapped[str]
    asked_at: Mapped[datetime]
    until_on: Mapped[date]


class Taking(Base):
    """A creditor's answer, and what became of it. One for each creditor and round.

    `status`: declined, willing, refused (the court could not give it the lot), awarded (the difference is owed), taken
    (it is paid, or none was owed), ruled, lapsed (not paid in time). `rank`: legal rank, 1 first.
    """

    __tablename__ = "takings"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    party_id: Mapped[str] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str]
    rank: Mapped[int]
    price_fen: Mapped[int] = mapped_column(BigInteger)
    claim_fen: Mapped[int | None] = mapped_column(BigInteger)
    difference_fen: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[datetime | None]
    registration_id: Mapped[str | None]
    answered_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]

    __table_args__ = (UniqueConstraint("auction_id", "party_id"),)


@insert_only
class LotDrawing(Base):
    """A drawing among creditors of one rank: their places in the case, in the order drawn."""

    __tablename__ = "lot_drawings"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    drawn: Mapped[list[Any]]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


class OwnSale(Base):
    """The debtor may sell the lot himself above the failed price. `status`: allowed, sold, lapsed, ended."""

    __tablename__ = "own_sales"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    above_fen: Mapped[int] = mapped_column(BigInteger)
    offer_fen: Mapped[int] = mapped_column(BigInteger)
    until_on: Mapped[date]
    ends_at: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str]
    allowed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    allowed_at: Mapped[datetime]
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_own_sales_allowed",
            "lot_id",
            unique=True,
            sqlite_where=text("status = 'allowed'"),
            postgresql_where=text("status = 'allowed'"),
        ),
        Index("ix_own_sales_status", "status", "ends_at"),
    )


@insert_only
class LotReturn(Base):
    """What the court decided when nobody bought or took a lot: returned, or other_measures (SALE 24, 25; CPLI 490)."""

    __tablename__ = "lot_returns"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


class LotGroup(Base):
    """Lots of one case of which no more are sold than claim and costs need, unless the debtor agrees (SALE 14).

    `check_at`: since when the proceeds are to be counted again; None while nothing has changed.
    """

    __tablename__ = "lot_groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    claim_fen: Mapped[int] = mapped_column(BigInteger)
    costs_fen: Mapped[int] = mapped_column(BigInteger)
    sell_all: Mapped[bool]
    check_at: Mapped[datetime | None] = mapped_column(index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime]


class LotGroupMember(Base):
    """A lot's place in its group: at most one."""

    __tablename__ = "lot_group_members"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey("lot_groups.id"), index=True)
