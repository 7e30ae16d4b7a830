"""Messages to accounts, and their sending by mail. What happened before is told to nobody belatedly."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", JSON, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_messages_account_id_key")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_messages_account_id")),
    )
    op.create_index("ix_messages_account_id", "messages", ["account_id", "at"])
    op.create_table(
        "mails",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_mails")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_mails_message_id")),
    )
    op.create_index("ix_mails_state", "mails", ["state", "due_at"])
    op.execute("INSERT INTO platform (key, value) SELECT 'told_size', CAST(count(*) AS TEXT) FROM log_leaves")


def downgrade() -> None:
    op.execute("DELETE FROM platform WHERE key = 'told_size'")
    op.drop_table("mails")
    op.drop_table("messages")
