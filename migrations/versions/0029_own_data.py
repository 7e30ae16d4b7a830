"""Corrections of personal data, papers sealed under their owner's key and no longer for ever, when an account was used.

What papers there are stay as they are: their key is not here. They go with their owner, or by the retention of papers.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("wanted", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("status IN ('filed', 'accepted', 'rejected')", name=op.f("ck_corrections_status_known")),
        sa.CheckConstraint("(status = 'filed') = (decided_at IS NULL)", name=op.f("ck_corrections_decided_or_filed")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_corrections_person_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_corrections_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_person_id"), "corrections", ["person_id"])
    op.create_index(op.f("ix_corrections_status"), "corrections", ["status", "filed_at"])
    op.add_column("accounts", sa.Column("seen_at", INSTANT, nullable=True))
    op.add_column("persons", sa.Column("erased_at", INSTANT, nullable=True))
    op.add_column("papers", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER papers_insert_only ON papers")
    else:
        op.execute("DROP TRIGGER papers_no_update")
        op.execute("DROP TRIGGER papers_no_delete")


def downgrade() -> None:
    op.drop_column("papers", "sealed")
    op.drop_column("persons", "erased_at")
    op.drop_column("accounts", "seen_at")
    op.drop_table("corrections")
    guard("papers")
