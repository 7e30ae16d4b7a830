"""Auxiliary work: how tasks end, what agencies report, viewings, questions."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tasks()
    _reports()
    _viewings()
    _questions()
    guard("task_ends", "task_ratings", "task_reports", "report_parts", "part_decisions", "answers")


def _tasks() -> None:
    op.create_table(
        "task_ends",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'cancelled')", name=op.f("ck_task_ends_outcome_known")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_task_ends_by")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_ends_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task_ends")),
    )
    op.create_table(
        "task_ratings",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_task_ratings_rating_in_range")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_task_ratings_by")),
        sa.ForeignKeyConstraint(["task_id"], ["task_ends.task_id"], name=op.f("fk_task_ratings_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task_ratings")),
    )


def _reports() -> None:
    op.create_table(
        "task_reports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_task_reports_by")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_reports_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_reports")),
    )
    op.create_index(op.f("ix_task_reports_task_id"), "task_reports", ["task_id"])
    op.create_table(
        "report_parts",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["task_reports.id"], name=op.f("fk_report_parts_report_id")),
        sa.PrimaryKeyConstraint("report_id", "code", name=op.f("pk_report_parts")),
    )
    op.create_table(
        "part_decisions",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_part_decisions_by")),
        sa.ForeignKeyConstraint(
            ["report_id", "code"],
            ["report_parts.report_id", "report_parts.code"],
            name=op.f("fk_part_decisions_report_id_code"),
        ),
        sa.PrimaryKeyConstraint("report_id", "code", name=op.f("pk_part_decisions")),
    )


def _viewings() -> None:
    op.create_table(
        "viewings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("offered_at", INSTANT, nullable=False),
        sa.Column("offered_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("cancelled_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("starts_at < ends_at AND places > 0", name=op.f("ck_viewings_slot_sensible")),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_reason IS NULL)", name=op.f("ck_viewings_cancelled_with_reason")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_viewings_lot_id")),
        sa.ForeignKeyConstraint(["offered_by"], ["accounts.id"], name=op.f("fk_viewings_offered_by")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_viewings_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewings")),
    )
    op.create_index(op.f("ix_viewings_lot_id"), "viewings", ["lot_id"])
    op.create_index(op.f("ix_viewings_task_id"), "viewings", ["task_id"])
    op.create_table(
        "viewing_bookings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("viewing_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("booked_at", INSTANT, nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_viewing_bookings_person_id")),
        sa.ForeignKeyConstraint(["viewing_id"], ["viewings.id"], name=op.f("fk_viewing_bookings_viewing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewing_bookings")),
        sa.UniqueConstraint("viewing_id", "code", name=op.f("uq_viewing_bookings_viewing_id_code")),
    )
    op.create_index(op.f("ix_viewing_bookings_person_id"), "viewing_bookings", ["person_id"])


def _questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("machine_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_questions_lot_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_questions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_lot_id"), "questions", ["lot_id"])
    op.create_index("ix_questions_person_id_machine_at", "questions", ["person_id", "machine_at"])
    waiting = sa.text("answered_at IS NULL AND told_at IS NULL")
    op.create_index("ix_questions_waiting", "questions", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "answers",
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("agency_uscc", sa.Text(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agency_uscc"], ["agencies.uscc"], name=op.f("fk_answers_agency_uscc")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_answers_by")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_answers_question_id")),
        sa.PrimaryKeyConstraint("question_id", "version", name=op.f("pk_answers")),
    )


def downgrade() -> None:
    for table in (
        "answers",
        "questions",
        "viewing_bookings",
        "viewings",
        "part_decisions",
        "report_parts",
        "task_reports",
        "task_ratings",
        "task_ends",
    ):
        op.drop_table(table)
