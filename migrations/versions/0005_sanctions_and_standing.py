"""Sanctions, their reviews, and the standing of bidders."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standing_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_entries")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_standing_entries_person_id")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_standing_entries_auction_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_standing_entries_court_code")),
    )
    op.create_index("ix_standing_entries_person_id", "standing_entries", ["person_id"])
    op.create_index("ix_standing_entries_id_match", "standing_entries", ["id_match"])
    op.create_table(
        "standing_objections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_objections")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_standing_objections_entry_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["standing_entries.id"], name=op.f("fk_standing_objections_entry_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_standing_objections_court_code")),
        sa.ForeignKeyConstraint(["answered_by"], ["accounts.id"], name=op.f("fk_standing_objections_answered_by")),
        sa.CheckConstraint(
            "(status = 'filed') = (answered_at IS NULL)", name=op.f("ck_standing_objections_answered_or_filed")
        ),
    )
    op.create_index("ix_standing_objections_court_code", "standing_objections", ["court_code", "status"])
    guard("standing_entries")


def downgrade() -> None:
    op.drop_table("standing_objections")
    op.drop_table("standing_entries")
