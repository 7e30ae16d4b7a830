"""The court's desk: steps of a pricing, proofs of service, letters of a court, a court's own items of the catalogue."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_steps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("(source IS NULL) = (amount_fen IS NULL)", name=op.f("ck_price_steps_result_whole")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_price_steps_by")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_price_steps_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_steps")),
        sa.UniqueConstraint("lot_id", "number", name=op.f("uq_price_steps_lot_id_number")),
    )
    op.create_table(
        "letter_templates",
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_letter_templates_by")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_letter_templates_court_code")),
        sa.PrimaryKeyConstraint("court_code", "kind", "version", name=op.f("pk_letter_templates")),
    )
    op.create_table(
        "court_items",
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("item", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_court_items_by")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_court_items_court_code")),
        sa.PrimaryKeyConstraint("court_code", "asset_type", "code", "version", name=op.f("pk_court_items")),
    )
    op.add_column("notices", sa.Column("proof_file", sa.Text(), nullable=True))
    guard("price_steps", "letter_templates", "court_items")


def downgrade() -> None:
    op.drop_column("notices", "proof_file")
    op.drop_table("court_items")
    op.drop_table("letter_templates")
    op.drop_table("price_steps")
