"""Where witnesses are asked for cosignatures and how it went; alerts of the platform that concern no court."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_STRICT, _FREE = "court_code TEXT NOT NULL", "court_code TEXT"


def upgrade() -> None:
    op.add_column("witnesses", sa.Column("url", sa.Text(), nullable=True))
    op.add_column("witnesses", sa.Column("unanswered_since", INSTANT, nullable=True))
    op.add_column("witnesses", sa.Column("refused_at", INSTANT, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("alerts", "court_code", nullable=True)
    else:
        _remake(_STRICT, _FREE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("alerts", "court_code", nullable=False)
    else:
        _remake(_FREE, _STRICT)
    for name in ("url", "unanswered_since", "refused_at"):
        op.drop_column("witnesses", name)


def _remake(before: str, after: str) -> None:
    """SQLite changes no column: the table is made anew as it was made, in its own words, which the batch mode of Alembic
    would put in another order each time. Nothing refers to it."""
    stored = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = 'alerts' AND sql IS NOT NULL ORDER BY type DESC")
    made, *indexes = op.get_bind().scalars(stored).all()
    body = made[made.index("(") :].replace(before, after, 1)
    op.execute(f"CREATE TABLE alerts_anew {body}")
    op.execute("INSERT INTO alerts_anew SELECT * FROM alerts")
    op.execute("DROP TABLE alerts")
    op.execute("ALTER TABLE alerts_anew RENAME TO alerts")
    for index in indexes:
        op.execute(index)
