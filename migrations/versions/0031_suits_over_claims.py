"""An outsider's suit after his claim to a lot was rejected: when it was filed, how and when it ended."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, type[sa.types.TypeEngine[object]]] = {
    "suit_filed_on": sa.Date,
    "suit_outcome": sa.Text,
    "suit_ended_on": sa.Date,
    "suit_reason": sa.Text,
}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("sale_objections", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("sale_objections", name)
