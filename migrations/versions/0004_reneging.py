"""Reneging: declarations, objections to them, the use of what was forfeited, top-up orders, deposits of resales."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _fen(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "reneges",
        _text("id"),
        _text("auction_id"),
        _text("lot_id"),
        _text("registration_id"),
        _text("status"),
        _fen("price_fen"),
        _fen("forfeited_fen"),
        _fen("returned_fen"),
        sa.Column("factors", JSON, nullable=False),
        _text("reason"),
        _text("declared_by"),
        sa.Column("declared_at", INSTANT, nullable=False),
        _text("revoked_by", nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        _text("revocation_reason", nullable=True),
        _to("reneges", "auction_id", "auctions.id"),
        _to("reneges", "lot_id", "lots.id"),
        _to("reneges", "registration_id", "registrations.id"),
        _to("reneges", "declared_by", "accounts.id"),
        _to("reneges", "revoked_by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reneges")),
    )
    op.create_index(op.f("ix_reneges_auction_id"), "reneges", ["auction_id"])
    op.create_index(op.f("ix_reneges_lot_id"), "reneges", ["lot_id"])
    in_force = sa.text("status = 'in_force'")
    op.create_index(
        "uq_reneges_in_force", "reneges", ["auction_id"], unique=True, sqlite_where=in_force, postgresql_where=in_force
    )
    op.create_table(
        "renege_objections",
        _text("id"),
        _text("renege_id"),
        _text("account_id"),
        _text("grounds"),
        _text("status"),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        _text("decided_by", nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        _text("decision_reason", nullable=True),
        _to("renege_objections", "renege_id", "reneges.id"),
        _to("renege_objections", "account_id", "accounts.id"),
        _to("renege_objections", "decided_by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renege_objections")),
    )
    op.create_index(op.f("ix_renege_objections_renege_id"), "renege_objections", ["renege_id"])
    op.create_table(
        "allocation_entries",
        _text("id"),
        _text("renege_id"),
        sa.Column("costs", JSON, nullable=False),
        _fen("case_debt_fen"),
        sa.Column("related_debts", JSON, nullable=False),
        _fen("final_fen", nullable=True),
        _text("reason"),
        _text("by"),
        sa.Column("at", INSTANT, nullable=False),
        _to("allocation_entries", "renege_id", "reneges.id"),
        _to("allocation_entries", "by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_entries")),
    )
    op.create_index(op.f("ix_allocation_entries_renege_id"), "allocation_entries", ["renege_id"])
    op.create_table(
        "allocations",
        _text("renege_id"),
        _fen("final_fen"),
        _fen("liable_fen"),
        sa.Column("lines", JSON, nullable=False),
        _text("reason"),
        _text("by"),
        sa.Column("at", INSTANT, nullable=False),
        _to("allocations", "renege_id", "reneges.id"),
        _to("allocations", "by", "accounts.id"),
        sa.PrimaryKeyConstraint("renege_id", name=op.f("pk_allocations")),
    )
    op.create_table(
        "top_up_orders",
        _text("id"),
        _text("renege_id"),
        sa.Column("lines", JSON, nullable=False),
        _fen("amount_fen"),
        sa.Column("due_at", INSTANT, nullable=False),
        _text("status"),
        _text("reason"),
        _text("ordered_by"),
        sa.Column("ordered_at", INSTANT, nullable=False),
        _text("ended_by", nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        _text("ended_reason", nullable=True),
        _to("top_up_orders", "renege_id", "reneges.id"),
        _to("top_up_orders", "ordered_by", "accounts.id"),
        _to("top_up_orders", "ended_by", "accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_up_orders")),
    )
    op.create_index(op.f("ix_top_up_orders_renege_id"), "top_up_orders", ["renege_id"])
    standing = sa.text("status <> 'cancelled'")
    op.create_index(
        "uq_top_up_orders_standing",
        "top_up_orders",
        ["renege_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "resale_deposits",
        _text("auction_id"),
        _fen("deposit_fen"),
        _text("reason"),
        _text("by"),
        sa.Column("at", INSTANT, nullable=False),
        _to("resale_deposits", "auction_id", "auctions.id"),
        _to("resale_deposits", "by", "accounts.id"),
        sa.PrimaryKeyConstraint("auction_id", name=op.f("pk_resale_deposits")),
    )
    guard("allocation_entries", "allocations", "resale_deposits")


def downgrade() -> None:
    for table in (
        "resale_deposits",
        "top_up_orders",
        "allocations",
        "allocation_entries",
        "renege_objections",
        "reneges",
    ):
        op.drop_table(table)
