"""Changes of a sheet after the announcement, objections to a sale, revocations, proofs of qualification."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON, guard

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("auctions", sa.Column("lapsed_seq", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("auctions", sa.Column("material_at", INSTANT, nullable=True))
    op.create_table(
        "drafted_items",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("auction_id", "code", name=op.f("pk_drafted_items")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_drafted_items_auction_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["accounts.id"], name=op.f("fk_drafted_items_updated_by")),
    )
    op.create_table(
        "papers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_papers_account_id")),
    )
    op.create_index("ix_papers_account_id", "papers", ["account_id"])
    op.create_table(
        "qualifications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualifications")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_qualifications_auction_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_qualifications_registration_id")
        ),
    )
    op.create_index("ix_qualifications_auction_id", "qualifications", ["auction_id"])
    op.create_table(
        "revocations",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("barred", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("auction_id", name=op.f("pk_revocations")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_revocations_auction_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_revocations_lot_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_revocations_registration_id")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_revocations_by")),
    )
    op.create_index("ix_revocations_lot_id", "revocations", ["lot_id"])
    op.create_table(
        "sale_objections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("remedy_until", sa.Date(), nullable=True),
        sa.Column("review_status", sa.Text(), nullable=True),
        sa.Column("review_grounds", sa.Text(), nullable=True),
        sa.Column("review_filed_at", INSTANT, nullable=True),
        sa.Column("review_due_on", sa.Date(), nullable=True),
        sa.Column("review_extended", sa.Boolean(), nullable=False),
        sa.Column("review_recorded_by", sa.Text(), nullable=True),
        sa.Column("review_decided_on", sa.Date(), nullable=True),
        sa.Column("review_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_objections")),
        sa.UniqueConstraint(
            "auction_id", "account_id", "kind", name=op.f("uq_sale_objections_auction_id_account_id_kind")
        ),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_sale_objections_auction_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sale_objections_account_id")),
        sa.ForeignKeyConstraint(["received_by"], ["accounts.id"], name=op.f("fk_sale_objections_received_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_sale_objections_decided_by")),
        sa.ForeignKeyConstraint(
            ["review_recorded_by"], ["accounts.id"], name=op.f("fk_sale_objections_review_recorded_by")
        ),
        sa.CheckConstraint("status IN ('filed', 'accepted', 'rejected')", name=op.f("ck_sale_objections_status_known")),
        sa.CheckConstraint(
            "(status = 'filed') = (decided_at IS NULL)", name=op.f("ck_sale_objections_decided_or_filed")
        ),
    )
    op.create_index("ix_sale_objections_auction_id", "sale_objections", ["auction_id"])
    op.create_index("ix_sale_objections_account_id", "sale_objections", ["account_id"])
    op.create_index("ix_sale_objections_status", "sale_objections", ["status", "due_on"])
    guard("papers", "qualifications", "revocations")


def downgrade() -> None:
    for table in ("sale_objections", "revocations", "qualifications", "papers", "drafted_items"):
        op.drop_table(table)
    op.drop_column("auctions", "material_at")
    op.drop_column("auctions", "lapsed_seq")
