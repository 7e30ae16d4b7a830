"""The first sale: every table of the house, and the triggers that keep evidence insert-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

#: Evidence: rows that nobody changes or deletes.
INSERT_ONLY = (
    "acknowledgements",
    "after_sale_steps",
    "attachments",
    "bids",
    "checkpoints",
    "confirmations",
    "gateway_notices",
    "journal",
    "log_leaves",
    "log_nodes",
    "postings",
    "room_events",
    "sheet_versions",
)


def guard() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on the insert-only tables, in the database itself."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END $$"
        )
        for table in INSERT_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in INSERT_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )


def upgrade() -> None:
    op.create_table(
        "agencies",
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uscc", name=op.f("pk_agencies")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "courts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_courts")),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "method", "path", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "intake",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("mark", INSTANT, nullable=False),
        sa.Column("beat_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_intake")),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("stream", "number", name=op.f("uq_journal_stream_number")),
    )
    op.create_table(
        "journal_salts",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "number", name=op.f("pk_journal_salts")),
    )
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_nodes")),
    )
    op.create_table(
        "persons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("id_type", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    op.create_index(op.f("ix_persons_id_match"), "persons", ["id_match"], unique=False)
    op.create_table(
        "platform",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_platform")),
    )
    op.create_table(
        "registry_versions",
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_registry_versions")),
    )
    op.create_table(
        "relatives",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("relative_match", sa.Text(), nullable=False),
        sa.Column("relative_name", sa.LargeBinary(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("from_version", sa.BigInteger(), nullable=False),
        sa.Column("until_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relatives")),
    )
    op.create_index("ix_relatives_id_match", "relatives", ["id_match"], unique=False)
    op.create_index("ix_relatives_relative_match", "relatives", ["relative_match"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("body_type", sa.Text(), nullable=False),
        sa.Column("body_code", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("from_version", sa.BigInteger(), nullable=False),
        sa.Column("until_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_index("ix_staff_body", "staff", ["body_type", "body_code"], unique=False)
    op.create_index("ix_staff_id_match", "staff", ["id_match"], unique=False)
    op.create_table(
        "streams",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("unsealed", sa.Boolean(), nullable=False),
        sa.Column("sealed_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_streams")),
    )
    op.create_index("ix_streams_unsealed", "streams", ["unsealed"], unique=False, postgresql_where=sa.text("unsealed"))
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("court_code", sa.Text(), nullable=True),
        sa.Column("agency_uscc", sa.Text(), nullable=True),
        sa.Column("factor", sa.LargeBinary(), nullable=True),
        sa.Column("factor_id", sa.Text(), nullable=True),
        sa.Column("factor_confirmed", sa.Boolean(), nullable=False),
        sa.Column("factor_step", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["agency_uscc"], ["agencies.uscc"], name=op.f("fk_accounts_agency_uscc")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_accounts_court_code")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_accounts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_index(op.f("ix_accounts_person_id"), "accounts", ["person_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_cases_court_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("court_code", "number", name=op.f("uq_cases_court_code_number")),
    )
    op.create_table(
        "log_leaves",
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream", "number"], ["journal.stream", "journal.number"], name=op.f("fk_log_leaves_stream_number")
        ),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("stream", "number", name=op.f("uq_log_leaves_stream_number")),
    )
    op.create_table(
        "lots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("court_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "attributes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("sheet_version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_lots_case_id")),
        sa.ForeignKeyConstraint(["court_code"], ["courts.code"], name=op.f("fk_lots_court_code")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_lots_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
    )
    op.create_index(op.f("ix_lots_asset_type"), "lots", ["asset_type"], unique=False)
    op.create_index(op.f("ix_lots_case_id"), "lots", ["case_id"], unique=False)
    op.create_index(op.f("ix_lots_court_code"), "lots", ["court_code"], unique=False)
    op.create_table(
        "parties",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=True),
        sa.Column("id_match", sa.Text(), nullable=True),
        sa.Column("claim_fen", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parties_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
    )
    op.create_index(op.f("ix_parties_case_id"), "parties", ["case_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_attachments_lot_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["accounts.id"], name=op.f("fk_attachments_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_lot_id"), "attachments", ["lot_id"], unique=False)
    op.create_table(
        "auctions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("round", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reserve_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("increment_fen", sa.BigInteger(), nullable=False),
        sa.Column("deposit_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("opens_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("scheduled_closes_at", INSTANT, nullable=False),
        sa.Column("balance_days", sa.Integer(), nullable=False),
        sa.Column("forfeit_fen", sa.BigInteger(), nullable=True),
        sa.Column("late_reason", sa.Text(), nullable=True),
        sa.Column("late_reason_text", sa.Text(), nullable=True),
        sa.Column("resale_of", sa.Text(), nullable=True),
        sa.Column("ruleset_name", sa.Text(), nullable=True),
        sa.Column(
            "ruleset", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column("seal", sa.Text(), nullable=True),
        sa.Column("announced_at", INSTANT, nullable=True),
        sa.Column(
            "announcement", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("leader_registration_id", sa.Text(), nullable=True),
        sa.Column("leader_code", sa.Text(), nullable=True),
        sa.Column("leader_rank", sa.Integer(), nullable=True),
        sa.Column("last_bid_at", INSTANT, nullable=True),
        sa.Column("bid_count", sa.BigInteger(), nullable=False),
        sa.Column("extensions", sa.BigInteger(), nullable=False),
        sa.Column(
            "suspension", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("balance_fen", sa.BigInteger(), nullable=True),
        sa.Column("balance_due_at", INSTANT, nullable=True),
        sa.Column("settlement", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("increment_fen > 0", name=op.f("ck_auctions_increment_positive")),
        sa.CheckConstraint("reserve_price_fen > 0", name=op.f("ck_auctions_reserve_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_auctions_created_by")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_auctions_lot_id")),
        sa.ForeignKeyConstraint(["resale_of"], ["auctions.id"], name=op.f("fk_auctions_resale_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auctions")),
    )
    op.create_index(op.f("ix_auctions_lot_id"), "auctions", ["lot_id"], unique=False)
    op.create_index("ix_auctions_status", "auctions", ["status", "closes_at"], unique=False)
    op.create_table(
        "notices",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_notices_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", "position", name=op.f("pk_notices")),
    )
    op.create_table(
        "reference_prices",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "results", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "steps", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_reference_prices_lot_id")),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_reference_prices_set_by")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_reference_prices")),
    )
    op.create_table(
        "sheet_items",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column(
            "data", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column(
            "attachments", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_sheet_items_lot_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["accounts.id"], name=op.f("fk_sheet_items_updated_by")),
        sa.PrimaryKeyConstraint("lot_id", "code", name=op.f("pk_sheet_items")),
    )
    op.create_table(
        "sheet_versions",
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_sheet_versions_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", "version", name=op.f("pk_sheet_versions")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("agency_uscc", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["agency_uscc"], ["agencies.uscc"], name=op.f("fk_tasks_agency_uscc")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_tasks_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_agency_uscc"), "tasks", ["agency_uscc"], unique=False)
    op.create_index(op.f("ix_tasks_lot_id"), "tasks", ["lot_id"], unique=False)
    op.create_table(
        "after_sale_steps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_after_sale_steps_auction_id")),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_after_sale_steps_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_after_sale_steps")),
    )
    op.create_index(op.f("ix_after_sale_steps_auction_id"), "after_sale_steps", ["auction_id"], unique=False)
    op.create_table(
        "confirmations",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column(
            "document", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_confirmations_auction_id")),
        sa.PrimaryKeyConstraint("auction_id", name=op.f("pk_confirmations")),
    )
    op.create_table(
        "panel_members",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("approve", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("voted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_panel_members_account_id")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_panel_members_auction_id")),
        sa.PrimaryKeyConstraint("auction_id", "account_id", name=op.f("pk_panel_members")),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("claim_status", sa.Text(), nullable=True),
        sa.Column("claim_fen", sa.BigInteger(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("bidder_code", sa.Text(), nullable=True),
        sa.Column("deposit_due_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "undertakings",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("cleared_version", sa.BigInteger(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=False),
        sa.Column("barred", sa.Text(), nullable=True),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("has_bid", sa.Boolean(), nullable=False),
        sa.Column("release_due_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_registrations_account_id")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_registrations_auction_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_registrations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("auction_id", "bidder_code", name=op.f("uq_registrations_auction_id_bidder_code")),
    )
    op.create_index(op.f("ix_registrations_account_id"), "registrations", ["account_id"], unique=False)
    op.create_index("ix_registrations_auction_id", "registrations", ["auction_id", "account_id"], unique=False)
    op.create_table(
        "room_events",
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column(
            "data", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_room_events_auction_id")),
        sa.PrimaryKeyConstraint("auction_id", "version", name=op.f("pk_room_events")),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_acknowledgements_registration_id")
        ),
        sa.PrimaryKeyConstraint("registration_id", "seal", name=op.f("pk_acknowledgements")),
    )
    op.create_table(
        "bids",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("bidder_code", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("arrived_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=True),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("journal_number", sa.BigInteger(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.CheckConstraint("(seq IS NULL) = (outcome <> 'accepted')", name=op.f("ck_bids_seq_iff_accepted")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_bids_auction_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_bids_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bids")),
        sa.UniqueConstraint("auction_id", "seq", name=op.f("uq_bids_auction_id_seq")),
        sa.UniqueConstraint("registration_id", "key", name=op.f("uq_bids_registration_id_key")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=True),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.Column("refund_fen", sa.BigInteger(), nullable=True),
        sa.Column("refund_due_at", INSTANT, nullable=True),
        sa.Column("refunded_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_payments_auction_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_payments_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_auction_id"), "payments", ["auction_id"], unique=False)
    op.create_index(op.f("ix_payments_registration_id"), "payments", ["registration_id"], unique=False)
    op.create_table(
        "postings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_postings_amount_positive")),
        sa.CheckConstraint("source <> destination", name=op.f("ck_postings_two_sides")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_postings_auction_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_postings_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    op.create_index(op.f("ix_postings_auction_id"), "postings", ["auction_id"], unique=False)
    op.create_index(op.f("ix_postings_destination"), "postings", ["destination"], unique=False)
    op.create_index(op.f("ix_postings_registration_id"), "postings", ["registration_id"], unique=False)
    op.create_index(op.f("ix_postings_source"), "postings", ["source"], unique=False)
    op.create_table(
        "registered_identities",
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("id_match", sa.Text(), nullable=False),
        sa.Column("auction_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=False),
        sa.Column("share", sa.Text(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_registered_identities_auction_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registered_identities_registration_id")
        ),
        sa.PrimaryKeyConstraint("registration_id", "id_match", name=op.f("pk_registered_identities")),
    )
    op.create_index("ix_registered_identities_id_match", "registered_identities", ["id_match"], unique=False)
    op.create_index(
        "uq_registered_identities_live",
        "registered_identities",
        ["auction_id", "id_match"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "gateway_notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_gateway_notices_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_notices")),
    )
    guard()


def downgrade() -> None:
    op.drop_table("gateway_notices")
    op.drop_index(
        "uq_registered_identities_live",
        table_name="registered_identities",
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.drop_index("ix_registered_identities_id_match", table_name="registered_identities")
    op.drop_table("registered_identities")
    op.drop_index(op.f("ix_postings_source"), table_name="postings")
    op.drop_index(op.f("ix_postings_registration_id"), table_name="postings")
    op.drop_index(op.f("ix_postings_destination"), table_name="postings")
    op.drop_index(op.f("ix_postings_auction_id"), table_name="postings")
    op.drop_table("postings")
    op.drop_index(op.f("ix_payments_registration_id"), table_name="payments")
    op.drop_index(op.f("ix_payments_auction_id"), table_name="payments")
    op.drop_table("payments")
    op.drop_table("bids")
    op.drop_table("acknowledgements")
    op.drop_table("room_events")
    op.drop_index("ix_registrations_auction_id", table_name="registrations")
    op.drop_index(op.f("ix_registrations_account_id"), table_name="registrations")
    op.drop_table("registrations")
    op.drop_table("panel_members")
    op.drop_table("confirmations")
    op.drop_index(op.f("ix_after_sale_steps_auction_id"), table_name="after_sale_steps")
    op.drop_table("after_sale_steps")
    op.drop_index(op.f("ix_tasks_lot_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_agency_uscc"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_table("sheet_versions")
    op.drop_table("sheet_items")
    op.drop_table("reference_prices")
    op.drop_table("notices")
    op.drop_index("ix_auctions_status", table_name="auctions")
    op.drop_index(op.f("ix_auctions_lot_id"), table_name="auctions")
    op.drop_table("auctions")
    op.drop_index(op.f("ix_attachments_lot_id"), table_name="attachments")
    op.drop_table("attachments")
    op.drop_index(op.f("ix_sessions_account_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_parties_case_id"), table_name="parties")
    op.drop_table("parties")
    op.drop_index(op.f("ix_lots_court_code"), table_name="lots")
    op.drop_index(op.f("ix_lots_case_id"), table_name="lots")
    op.drop_index(op.f("ix_lots_asset_type"), table_name="lots")
    op.drop_table("lots")
    op.drop_table("log_leaves")
    op.drop_table("cases")
    op.drop_index(op.f("ix_accounts_person_id"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_index("ix_streams_unsealed", table_name="streams", postgresql_where=sa.text("unsealed"))
    op.drop_table("streams")
    op.drop_index("ix_staff_id_match", table_name="staff")
    op.drop_index("ix_staff_body", table_name="staff")
    op.drop_table("staff")
    op.drop_index("ix_relatives_relative_match", table_name="relatives")
    op.drop_index("ix_relatives_id_match", table_name="relatives")
    op.drop_table("relatives")
    op.drop_table("registry_versions")
    op.drop_table("platform")
    op.drop_index(op.f("ix_persons_id_match"), table_name="persons")
    op.drop_table("persons")
    op.drop_table("log_nodes")
    op.drop_table("journal_salts")
    op.drop_table("journal")
    op.drop_table("intake")
    op.drop_index("ix_idempotency_created_at", table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("courts")
    op.drop_table("checkpoints")
    op.drop_table("agencies")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
