"""The published confirmation of a sale."""

from typing import Any

from sqlalchemy.orm import Session

from ..models import Confirmation


def confirmation_page(session: Session, auction_id: str) -> dict[str, Any] | None:
    """The document of an auction's confirmation and when it was published; None before a sale."""
    row = session.get(Confirmation, auction_id)
    if row is None:
        return None
    return {"document": row.document, "published_at": row.at}
