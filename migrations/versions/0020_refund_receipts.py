"""The bank's receipt of each refund, by its hash; nothing for what was sent back before."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("refund_receipt_sha256", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("payments", "refund_receipt_sha256")
