"""Finding lots: the listing with its text and grams; who follows lots and courts, saved searches, changes to tell of.

The index of grams is a table of its own on each database: FTS5 without content on SQLite, a tsvector under GIN on
PostgreSQL. Neither needs an extension.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import INSTANT, JSON

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: The columns of each index of the listing.
_INDEXES = (
    *(("announced_at", "number"), ("opens_at", "number"), ("closes_at", "number"), ("price_fen", "number")),
    *(("followers", "number"), ("status", "opens_at"), ("status", "closes_at"), ("court_code", "status")),
    *(("asset_type", "status"), ("region",), ("latitude", "longitude")),
)


def upgrade() -> None:
    op.create_table(
        "lot_listings",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("asset_type", "court_code", "region", "round")),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("announced_at", "opens_at", "closes_at")),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("latitude", "longitude")),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("followers", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("made_of", sa.Text(), nullable=False),
        sa.Column("soon_for", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_lot_listings_auction_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_lot_listings_court_code")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_listings_lot_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lot_listings")),
        sa.UniqueConstraint("auction_id", name=op.f("uq_lot_listings_auction_id")),
        sa.UniqueConstraint("lot_id", name=op.f("uq_lot_listings_lot_id")),
    )
    for columns in _INDEXES:
        op.create_index(op.f(f"ix_lot_listings_{'_'.join(columns)}"), "lot_listings", list(columns))
    op.create_table(
        "lot_words",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["lot_listings.number"], name=op.f("fk_lot_words_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lot_words")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE lot_grams (number bigint PRIMARY KEY REFERENCES lot_listings, grams tsvector NOT NULL)"
        )
        # What waits in a list of its own would be read through by every search.
        op.execute("CREATE INDEX ix_lot_grams_grams ON lot_grams USING gin (grams) WITH (fastupdate = off)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE lot_grams USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii')"
        )
    op.create_table(
        "listing_changes",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("lot_id", "auction_id", "kind", "status")),
        sa.Column("at", INSTANT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("stage", "after")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_listing_changes_auction_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_listing_changes_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_changes")),
    )
    for table, column, target in (("lot_follows", "lot_id", "lots.id"), ("court_follows", "court_code", "courts.code")):
        op.create_table(
            table,
            sa.Column(column, sa.Text(), nullable=False),
            sa.Column("account_id", sa.Text(), nullable=False),
            sa.Column("at", INSTANT, nullable=False),
            sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id")),
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}")),
            sa.PrimaryKeyConstraint(column, "account_id", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_account_id"), table, ["account_id"])
    op.create_table(
        "saved_searches",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "account_id", "name")),
        sa.Column("query", JSON, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("asset_type", "court_code")),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_saved_searches_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
    )
    op.create_index(op.f("ix_saved_searches_account_id"), "saved_searches", ["account_id"])


def downgrade() -> None:
    tables = ("saved_searches", "court_follows", "lot_follows", "listing_changes", "lot_grams", "lot_words")
    for table in (*tables, "lot_listings"):
        op.drop_table(table)
