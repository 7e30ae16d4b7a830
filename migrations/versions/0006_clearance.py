"""Clearance assessments, plans, outcomes."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clearance_assessments",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("sheet_version", sa.Integer(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("factors", JSON, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("plan_required", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("band IN ('A', 'B', 'C', 'D', 'E')", name=op.f("ck_clearance_assessments_band_known")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_clearance_assessments_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", "sheet_version", name=op.f("pk_clearance_assessments")),
    )
    op.create_table(
        "clearance_models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("intercept", sa.Float(), nullable=False),
        sa.Column("weights", JSON, nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("beats_card", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearance_models")),
    )
    op.create_table(
        "clearance_outcomes",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=True),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("band", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("promised", sa.Boolean(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "result IN ('on_time', 'late', 'not_applicable')", name=op.f("ck_clearance_outcomes_result_known")
        ),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_clearance_outcomes_auction_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_clearance_outcomes_court_code")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_clearance_outcomes_lot_id")),
        sa.PrimaryKeyConstraint("auction_id", name=op.f("pk_clearance_outcomes")),
    )
    op.create_index(
        "ix_clearance_outcomes_court_code_result", "clearance_outcomes", ["court_code", "result"], unique=False
    )
    op.create_table(
        "clearance_plans",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("steps", JSON, nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_clearance_plans_by")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_clearance_plans_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", "version", name=op.f("pk_clearance_plans")),
    )
    guard("clearance_assessments", "clearance_models", "clearance_outcomes", "clearance_plans")


def downgrade() -> None:
    op.drop_table("clearance_plans")
    op.drop_table("clearance_outcomes")
    op.drop_table("clearance_models")
    op.drop_table("clearance_assessments")
