"""Company control in the registry, what the interest bar found, and lifted hits."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "control",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("company_match", sa.Text(), nullable=False),
        sa.Column("company_name", sa.LargeBinary(), nullable=False),
        sa.Column("holder_match", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("from_version", sa.BigInteger(), nullable=False),
        sa.Column("until_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control")),
    )
    op.create_index("ix_control_company_match", "control", ["company_match"], unique=False)
    op.create_index("ix_control_holder_match", "control", ["holder_match"], unique=False)
    for table in ("staff", "relatives"):
        op.add_column(table, sa.Column("birth_match", sa.Text(), nullable=True))
        op.create_index(f"ix_{table}_birth_match", table, ["birth_match"], unique=False)
    op.create_table(
        "interest_findings",
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("hit_key", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("hit", JSON, nullable=False),
        sa.Column("registry_version", sa.BigInteger(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("review_due_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("registration_id", "hit_key", name=op.f("pk_interest_findings")),
    )
    op.create_index("ix_interest_findings_lot_id", "interest_findings", ["lot_id", "id_match"], unique=False)
    op.create_table(
        "lifted_hits",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("hit_key", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "hit_key", name=op.f("pk_lifted_hits")),
    )
    op.create_table(
        "interest_reviews",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest_reviews")),
    )
    op.create_index("ix_interest_reviews_registration_id", "interest_reviews", ["registration_id"], unique=False)
    guard("interest_findings", "lifted_hits", "interest_reviews")


def downgrade() -> None:
    op.drop_table("interest_reviews")
    op.drop_table("lifted_hits")
    op.drop_table("interest_findings")
    for table in ("relatives", "staff"):
        op.drop_index(f"ix_{table}_birth_match", table_name=table)
        op.drop_column(table, "birth_match")
    op.drop_table("control")
