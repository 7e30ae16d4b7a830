"""Witnesses of the public log, and their cosignatures under its checkpoints."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, guard

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

_SIZE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "witnesses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("named_at", INSTANT, nullable=False),
        sa.Column("dropped_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_witnesses")),
    )
    op.create_table(
        "cosignatures",
        sa.Column("size", _SIZE, nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_cosignatures")),
        sa.ForeignKeyConstraint(["size"], ["checkpoints.size"], name=op.f("fk_cosignatures_size")),
        sa.ForeignKeyConstraint(["witness"], ["witnesses.name"], name=op.f("fk_cosignatures_witness")),
    )
    op.create_index(op.f("ix_cosignatures_witness_size"), "cosignatures", ["witness", "size"])
    guard("cosignatures")


def downgrade() -> None:
    op.drop_table("cosignatures")
    op.drop_table("witnesses")
