"""The panel of a round as its court sees it: who sits on it, and how they have voted."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..kernel.clock import iso
from ..models import Account, PanelMember


def panel_votes(session: Session, auction_id: str) -> list[dict[str, Any]]:
    """The members in their order: {"username", "name", "approve", "reason", "voted_at"}, votes null until given."""
    rows = session.execute(
        select(Account.username, Account.display_name, PanelMember)
        .join(Account, Account.id == PanelMember.account_id)
        .where(PanelMember.auction_id == auction_id)
        .order_by(PanelMember.position)
    )
    return [
        {
            "username": username,
            "name": name,
            "approve": member.approve,
            "reason": member.reason,
            "voted_at": iso(member.voted_at) if member.voted_at else None,
        }
        for username, name, member in rows
    ]
