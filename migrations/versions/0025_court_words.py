"""What a court adds to announcement and bidder notice, in English too."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letter_templates", sa.Column("text_en", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("letter_templates", "text_en")
