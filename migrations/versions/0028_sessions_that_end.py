"""Where sessions were opened, when they were last used and why they ended; accounts whose role was taken away."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT

revision = "0028"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("used_at", INSTANT, nullable=True))
    op.add_column("sessions", sa.Column("origin", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("ended_at", INSTANT, nullable=True))
    op.add_column("sessions", sa.Column("ended_reason", sa.Text(), nullable=True))
    op.create_index(op.f("ix_sessions_ended_at"), "sessions", ["ended_at"])
    op.add_column("accounts", sa.Column("disabled_at", INSTANT, nullable=True))


def downgrade() -> None:
    op.drop_column("accounts", "disabled_at")
    op.drop_index(op.f("ix_sessions_ended_at"), "sessions")
    for name in ("ended_reason", "ended_at", "origin", "used_at"):
        op.drop_column("sessions", name)
