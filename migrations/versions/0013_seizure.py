"""The day on which a lot was seized: from it the time runs to start fixing its reference price (REF 1)."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lots", sa.Column("seized_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("lots", "seized_on")
