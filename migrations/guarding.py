"""What migrations share: the types of columns, and the triggers that keep evidence insert-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

#: As `auction.kernel.db.Instant` and `Json` store them.
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def guard(*tables: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on insert-only tables, in the database itself; they fall with the table."""
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:  # the function is of revision 0001
            op.execute(
                f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )
