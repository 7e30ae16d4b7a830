"""Alembic's way into the house: the connection is handed in by `web.wiring.upgrade`; there is no alembic.ini."""

from alembic import context

import auction.models  # noqa: F401
import bidding.models  # noqa: F401
import disclosure.models  # noqa: F401
import risk.models  # noqa: F401
from auction.kernel.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
