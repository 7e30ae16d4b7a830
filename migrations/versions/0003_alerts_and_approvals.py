"""Alerts, approvals by several eyes, and the signals of straw men."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("proposal", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("needs", JSON, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.CheckConstraint("(decided_at IS NULL) = (status = 'pending')", name=op.f("ck_approvals_decided_iff_over")),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'lapsed')", name=op.f("ck_approvals_status_known")
        ),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_approvals_court_code")),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name=op.f("fk_approvals_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_status", "approvals", ["status", "court_code"])
    op.create_index("ix_approvals_subject", "approvals", ["kind", "subject_id"])
    op.create_table(
        "approval_votes",
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_approval_votes_account_id")),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_approval_votes_approval_id")),
        sa.PrimaryKeyConstraint("approval_id", "account_id", name=op.f("pk_approval_votes")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=True),
        sa.Column("auction_id", sa.Text(), nullable=True),
        sa.Column("registration_id", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("resolution_reason", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.CheckConstraint("status IN ('open', 'resolved')", name=op.f("ck_alerts_status_known")),
        sa.CheckConstraint("outcome IN ('confirmed', 'unfounded', 'no_action')", name=op.f("ck_alerts_outcome_known")),
        sa.CheckConstraint(
            "(status = 'resolved') = (outcome IS NOT NULL)", name=op.f("ck_alerts_outcome_iff_resolved")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alerts_account_id")),
        sa.ForeignKeyConstraint(["assigned_to"], ["accounts.id"], name=op.f("fk_alerts_assigned_to")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_alerts_auction_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_alerts_court_code")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_alerts_lot_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["accounts.id"], name=op.f("fk_alerts_resolved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_alerts_key")),
    )
    op.create_index(op.f("ix_alerts_auction_id"), "alerts", ["auction_id"])
    op.create_index(op.f("ix_alerts_lot_id"), "alerts", ["lot_id"])
    op.create_index("ix_alerts_status", "alerts", ["status", "raised_at"])
    op.create_table(
        "registration_signals",
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_match", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("person_match", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_registration_signals_auction_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registration_signals_registration_id")
        ),
        sa.PrimaryKeyConstraint("registration_id", "kind", "value_match", name=op.f("pk_registration_signals")),
    )
    op.create_index(op.f("ix_registration_signals_at"), "registration_signals", ["at"])
    op.create_index(op.f("ix_registration_signals_auction_id"), "registration_signals", ["auction_id"])
    op.create_index("ix_registration_signals_value", "registration_signals", ["kind", "value_match"])
    op.create_table(
        "awaited_looks",
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("act", "subject_id", name=op.f("pk_awaited_looks")),
    )
    waiting = sa.text("done_at IS NULL")
    op.create_index(
        "ix_awaited_looks_due",
        "awaited_looks",
        ["act", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.add_column("persons", sa.Column("address", sa.LargeBinary(), nullable=True))
    for table in ("staff", "relatives"):
        op.add_column(table, sa.Column("born_match", sa.Text(), nullable=True))
        op.create_index(f"ix_{table}_born_match", table, ["born_match"])
    guard("approval_votes")


def downgrade() -> None:
    for table in ("staff", "relatives"):
        op.drop_index(f"ix_{table}_born_match", table)
        op.drop_column(table, "born_match")
    op.drop_column("persons", "address")
    op.drop_table("awaited_looks")
    op.drop_table("registration_signals")
    op.drop_table("alerts")
    op.drop_table("approval_votes")
    op.drop_table("approvals")
