"""Valuation models, their cards, the estimates of lots."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "valuation_models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("data_sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("prices", sa.Text(), nullable=False),
        sa.Column("card", JSON, nullable=False),
        sa.Column("shortfalls", JSON, nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("trained_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuation_models")),
    )
    op.create_index("ix_valuation_models_asset_type", "valuation_models", ["asset_type", "trained_at"], unique=False)
    op.create_table(
        "valuation_estimates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("asked_sha256", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("low_fen", sa.BigInteger(), nullable=True),
        sa.Column("mid_fen", sa.BigInteger(), nullable=True),
        sa.Column("high_fen", sa.BigInteger(), nullable=True),
        sa.Column("coverage_mille", sa.Integer(), nullable=False),
        sa.Column("comparables", JSON, nullable=False),
        sa.Column("drivers", JSON, nullable=False),
        sa.Column("abstained", sa.Text(), nullable=True),
        sa.Column("abstained_facts", JSON, nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_valuation_estimates_lot_id")),
        sa.ForeignKeyConstraint(["model_id"], ["valuation_models.id"], name=op.f("fk_valuation_estimates_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuation_estimates")),
    )
    op.create_index("ix_valuation_estimates_lot_id", "valuation_estimates", ["lot_id", "at"], unique=False)
    guard("valuation_models", "valuation_estimates")


def downgrade() -> None:
    op.drop_table("valuation_estimates")
    op.drop_table("valuation_models")
