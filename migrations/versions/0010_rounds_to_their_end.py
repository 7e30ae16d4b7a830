"""Rounds to their end: debt-for-asset, the debtor's own sale, the return of a lot, groups of lots."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _fen(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, INSTANT, nullable=nullable)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.add_column("lots", _text("disposal", nullable=True))
    op.create_table(
        "taking_questions",
        _text("auction_id"),
        _text("seed"),
        _text("commitment"),
        _at("asked_at"),
        sa.Column("until_on", sa.Date(), nullable=False),
        _to("taking_questions", "auction_id", "auctions.id"),
        sa.PrimaryKeyConstraint("auction_id", name=op.f("pk_taking_questions")),
    )
    op.create_table(
        "takings",
        _text("id"),
        _text("auction_id"),
        _text("lot_id"),
        _text("party_id"),
        _text("status"),
        sa.Column("rank", sa.Integer(), nullable=False),
        _fen("price_fen"),
        _fen("claim_fen", nullable=True),
        _fen("difference_fen", nullable=True),
        _at("due_at", nullable=True),
        _text("registration_id", nullable=True),
        _text("answered_by"),
        _at("answered_at"),
        _text("decided_by", nullable=True),
        _at("decided_at", nullable=True),
        _text("reason", nullable=True),
        _to("takings", "auction_id", "auctions.id"),
        _to("takings", "lot_id", "lots.id"),
        _to("takings", "party_id", "parties.id"),
        _to("takings", "answered_by", "accounts.id"),
        _to("takings", "decided_by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takings")),
        sa.UniqueConstraint("auction_id", "party_id", name=op.f("uq_takings_auction_id_party_id")),
    )
    op.create_index(op.f("ix_takings_auction_id"), "takings", ["auction_id"])
    op.create_index(op.f("ix_takings_lot_id"), "takings", ["lot_id"])
    op.create_table(
        "lot_drawings",
        _text("auction_id"),
        sa.Column("rank", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("drawn", JSON, nullable=False),
        _text("by"),
        _at("at"),
        _to("lot_drawings", "auction_id", "auctions.id"),
        _to("lot_drawings", "by", "accounts.id"),
        sa.PrimaryKeyConstraint("auction_id", "rank", name=op.f("pk_lot_drawings")),
    )
    op.create_table(
        "own_sales",
        _text("id"),
        _text("auction_id"),
        _text("lot_id"),
        _fen("above_fen"),
        _fen("offer_fen"),
        sa.Column("until_on", sa.Date(), nullable=False),
        _at("ends_at"),
        _text("status"),
        _text("reason"),
        _text("allowed_by"),
        _at("allowed_at"),
        _fen("price_fen", nullable=True),
        _text("ended_by", nullable=True),
        _at("ended_at", nullable=True),
        _text("ended_reason", nullable=True),
        _to("own_sales", "auction_id", "auctions.id"),
        _to("own_sales", "lot_id", "lots.id"),
        _to("own_sales", "allowed_by", "accounts.id"),
        _to("own_sales", "ended_by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_sales")),
    )
    op.create_index(op.f("ix_own_sales_auction_id"), "own_sales", ["auction_id"])
    op.create_index(op.f("ix_own_sales_lot_id"), "own_sales", ["lot_id"])
    allowed = sa.text("status = 'allowed'")
    op.create_index(
        "uq_own_sales_allowed", "own_sales", ["lot_id"], unique=True, sqlite_where=allowed, postgresql_where=allowed
    )
    op.create_index("ix_own_sales_status", "own_sales", ["status", "ends_at"])
    op.create_table(
        "lot_returns",
        _text("lot_id"),
        _text("auction_id"),
        _text("kind"),
        _text("reason"),
        _text("by"),
        _at("at"),
        _to("lot_returns", "lot_id", "lots.id"),
        _to("lot_returns", "auction_id", "auctions.id"),
        _to("lot_returns", "by", "accounts.id"),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_returns")),
    )
    op.create_table(
        "lot_groups",
        _text("id"),
        _text("case_id"),
        _fen("claim_fen"),
        _fen("costs_fen"),
        sa.Column("sell_all", sa.Boolean(), nullable=False),
        _at("check_at", nullable=True),
        _text("created_by"),
        _at("created_at"),
        _to("lot_groups", "case_id", "cases.id"),
        _to("lot_groups", "created_by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_groups")),
    )
    op.create_index(op.f("ix_lot_groups_case_id"), "lot_groups", ["case_id"])
    op.create_index(op.f("ix_lot_groups_check_at"), "lot_groups", ["check_at"])
    op.create_table(
        "lot_group_members",
        _text("lot_id"),
        _text("group_id"),
        _to("lot_group_members", "lot_id", "lots.id"),
        _to("lot_group_members", "group_id", "lot_groups.id"),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_group_members")),
    )
    op.create_index(op.f("ix_lot_group_members_group_id"), "lot_group_members", ["group_id"])
    guard("taking_questions", "lot_drawings", "lot_returns")


def downgrade() -> None:
    for table in (
        "lot_group_members",
        "lot_groups",
        "lot_returns",
        "own_sales",
        "lot_drawings",
        "takings",
        "taking_questions",
    ):
        op.drop_table(table)
    op.drop_column("lots", "disposal")
