"""When what is listed of a lot last changed; nothing for what was listed before, until it next does."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT

revision = "0021"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lot_listings", sa.Column("changed_at", INSTANT, nullable=True))


def downgrade() -> None:
    op.drop_column("lot_listings", "changed_at")
