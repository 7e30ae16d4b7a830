"""Bid patterns found after a close."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bid_screenings",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("history", sa.Integer(), nullable=False),
        sa.Column("limits", JSON, nullable=False),
        sa.Column("pairs", JSON, nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_bid_screenings_auction_id")),
        sa.PrimaryKeyConstraint("auction_id", name=op.f("pk_bid_screenings")),
    )
    op.create_table(
        "bid_patterns",
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("bidder_code", sa.Text(), nullable=False),
        sa.Column("score_permille", sa.Integer(), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("features", JSON, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.CheckConstraint("score_permille BETWEEN 0 AND 1000", name=op.f("ck_bid_patterns_score_in_range")),
        sa.ForeignKeyConstraint(["auction_id"], ["bid_screenings.auction_id"], name=op.f("fk_bid_patterns_auction_id")),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_bid_patterns")),
    )
    op.create_index(op.f("ix_bid_patterns_auction_id"), "bid_patterns", ["auction_id"])
    op.create_index("ix_auctions_closed_at", "auctions", ["closed_at"])
    guard("bid_screenings", "bid_patterns")


def downgrade() -> None:
    op.drop_index("ix_auctions_closed_at", "auctions")
    op.drop_table("bid_patterns")
    op.drop_table("bid_screenings")
