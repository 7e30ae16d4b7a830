"""An index on the few journal entries that tell of a look-up: whoever looks up unusually much is told of."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_LOOK_UPS = sa.text("kind IN ('IdentityLookedUp', 'ConflictsLookedUp', 'EntryLookedUp', 'IdentityOpened')")


def upgrade() -> None:
    op.create_index("ix_journal_look_ups", "journal", ["at"], postgresql_where=_LOOK_UPS, sqlite_where=_LOOK_UPS)


def downgrade() -> None:
    op.drop_index("ix_journal_look_ups", "journal")
