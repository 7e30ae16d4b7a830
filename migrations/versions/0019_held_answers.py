"""Answers that tell what the sheet lacks: held until the sheet tells it; why an answer tells nothing new."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT

revision = "0019"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("reason", sa.Text(), nullable=True))
    op.create_table(
        "held_answers",
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("agency_uscc", sa.Text(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_held_answers_question_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_held_answers_lot_id")),
        sa.ForeignKeyConstraint(["agency_uscc"], ["agencies.uscc"], name=op.f("fk_held_answers_agency_uscc")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_held_answers_by")),
        sa.PrimaryKeyConstraint("question_id", "number", name=op.f("pk_held_answers")),
    )
    held = sa.text("outcome IS NULL")
    op.create_index("ix_held_answers_held", "held_answers", ["lot_id"], sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    op.drop_table("held_answers")
    op.drop_column("answers", "reason")
