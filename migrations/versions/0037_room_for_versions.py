"""Leave room beside rows that every batch of bids changes: a new version then stays on its page and out of the indexes.

Without it each change of a round's price or a stream's head is entered anew into every index, and whoever looks the row
up passes all the dead entries. New pages are filled so; old ones drain by themselves. SQLite changes rows in place.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_CHANGING = ("auctions", "streams")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _CHANGING:
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _CHANGING:
            op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
