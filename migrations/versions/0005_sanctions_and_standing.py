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
        sa.Column("number", sa.BigInteger(), nullable=False),
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
    op.create_table(
        "sanctions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("law", JSON, nullable=False),
        sa.Column("factors", JSON, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("served_at", INSTANT, nullable=True),
        sa.Column("review_until", INSTANT, nullable=True),
        sa.Column("in_force_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions")),
        sa.UniqueConstraint("number", name=op.f("uq_sanctions_number")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_sanctions_person_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sanctions_account_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_sanctions_court_code")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_sanctions_auction_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name=op.f("fk_sanctions_proposed_by")),
        sa.CheckConstraint(
            "status IN ('proposed', 'approved', 'in_force', 'lifted', 'expired')",
            name=op.f("ck_sanctions_status_known"),
        ),
        sa.CheckConstraint(
            "(status = 'proposed') = (served_at IS NULL)", name=op.f("ck_sanctions_served_once_approved")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (status IN ('proposed', 'approved', 'in_force'))",
            name=op.f("ck_sanctions_ended_iff_over"),
        ),
    )
    op.create_index("ix_sanctions_person_id", "sanctions", ["person_id"])
    op.create_index("ix_sanctions_id_match", "sanctions", ["id_match", "status"])
    op.create_index("ix_sanctions_auction_id", "sanctions", ["auction_id"])
    op.create_index("ix_sanctions_court_code", "sanctions", ["court_code", "status"])
    op.create_index("ix_sanctions_status", "sanctions", ["status", "until"])
    op.create_table(
        "sanction_reviews",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sanction_id", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_reviews")),
        sa.UniqueConstraint("sanction_id", name=op.f("uq_sanction_reviews_sanction_id")),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanctions.id"], name=op.f("fk_sanction_reviews_sanction_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_sanction_reviews_decided_by")),
        sa.CheckConstraint(
            "(status = 'filed') = (decided_at IS NULL)", name=op.f("ck_sanction_reviews_decided_or_filed")
        ),
    )
    op.create_table(
        "written_rules",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_written_rules")),
    )
    guard("standing_entries", "written_rules")


def downgrade() -> None:
    for table in ("written_rules", "sanction_reviews", "sanctions"):
        op.drop_table(table)
    op.drop_table("standing_objections")
    op.drop_table("standing_entries")
