"""Times in which nobody could bid, and what they did to the sales they touched."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("applied_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sa.UniqueConstraint("since", name=op.f("uq_outages_since")),
    )
    op.create_table(
        "outage_touches",
        sa.Column("outage_id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outages.id"], name=op.f("fk_outage_touches_outage_id")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_outage_touches_auction_id")),
        sa.PrimaryKeyConstraint("outage_id", "auction_id", name=op.f("pk_outage_touches")),
    )
    op.create_index(op.f("ix_outage_touches_auction_id"), "outage_touches", ["auction_id"])


def downgrade() -> None:
    op.drop_table("outage_touches")
    op.drop_table("outages")
