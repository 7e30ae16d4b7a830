"""Former announcements; the kinds of auxiliary work as the law lists them; like questions answered together."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KINDS = (
    *("survey", "photos", "viewing", "questions", "samples", "inspection", "valuation", "audit", "storage"),
    *("transport",),
)


def upgrade() -> None:
    op.create_table(
        "former_announcements",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("sheet_version", sa.Integer(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_former_announcements_auction_id")),
        sa.PrimaryKeyConstraint("auction_id", "edition", name=op.f("pk_former_announcements")),
    )
    op.create_table(
        "question_merges",
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("into_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("question_id <> into_id", name=op.f("ck_question_merges_another")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_question_merges_question_id")),
        sa.ForeignKeyConstraint(["into_id"], ["questions.id"], name=op.f("fk_question_merges_into_id")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_question_merges_by")),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_question_merges")),
    )
    op.create_index(op.f("ix_question_merges_into_id"), "question_merges", ["into_id"])
    op.add_column("tasks", sa.Column("description", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("signed_by", sa.Text(), nullable=True))
    tasks = sa.table("tasks", sa.column("kind"), sa.column("description"), sa.column("signed_by"))
    op.execute(tasks.update().where(tasks.c.kind == "viewings").values(kind="viewing"))
    # What was written freely is kept word by word; nobody is made to have signed for it.
    op.execute(tasks.update().where(tasks.c.kind.not_in(_KINDS)).values(kind="other", description=tasks.c.kind))
    guard("former_announcements", "question_merges")


def downgrade() -> None:
    tasks = sa.table("tasks", sa.column("kind"), sa.column("description"))
    op.execute(tasks.update().where(tasks.c.description.is_not(None)).values(kind=tasks.c.description))
    op.execute(tasks.update().where(tasks.c.kind == "viewing").values(kind="viewings"))
    op.drop_column("tasks", "signed_by")
    op.drop_column("tasks", "description")
    op.drop_table("question_merges")
    op.drop_table("former_announcements")
