"""Recovery codes; a one-time code that is offered while another is in force lies apart from it."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_account_id"), "recovery_codes", ["account_id"])
    op.add_column("accounts", sa.Column("factor_offered", sa.LargeBinary(), nullable=True))
    accounts = sa.table("accounts", sa.column("factor"), sa.column("factor_id"), sa.column("factor_confirmed"))
    unconfirmed = sa.update(accounts).where(accounts.c.factor_confirmed.is_(sa.false()))
    op.execute(unconfirmed.values(factor=None, factor_id=None))  # offered before and never confirmed: offered anew


def downgrade() -> None:
    op.drop_column("accounts", "factor_offered")
    op.drop_table("recovery_codes")
