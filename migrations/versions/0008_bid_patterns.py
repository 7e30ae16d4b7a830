"""Bid patterns found after a close."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from auction.kernel.clock import SystemClock
from auction.kernel.db import Instant
from migrations.guarding import INSTANT, JSON, guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Auctions that ended so long before are looked at, too; older ones were passed over for good reasons.
_LOOK_BACK = timedelta(days=90)
_AUCTIONS = sa.table("auctions", sa.column("id"), sa.column("bid_count"), sa.column("closed_at", Instant()))
_LOOKS = sa.table("awaited_looks", sa.column("act"), sa.column("subject_id"), sa.column("due_at", Instant()))


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
    op.create_index("ix_auctions_settlement", "auctions", ["settlement", "balance_due_at"])
    op.execute(
        _LOOKS.insert().from_select(
            ["act", "subject_id", "due_at"],
            sa.select(sa.literal("patterns"), _AUCTIONS.c.id, _AUCTIONS.c.closed_at).where(
                _AUCTIONS.c.bid_count > 0, _AUCTIONS.c.closed_at >= SystemClock().machine() - _LOOK_BACK
            ),
        )
    )
    guard("bid_screenings", "bid_patterns")


def downgrade() -> None:
    op.execute(_LOOKS.delete().where(_LOOKS.c.act == "patterns"))
    op.drop_index("ix_auctions_settlement", "auctions")
    op.drop_index("ix_auctions_closed_at", "auctions")
    op.drop_table("bid_patterns")
    op.drop_table("bid_screenings")
