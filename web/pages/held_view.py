"""A sale held for its barred winner, as its court's page shows it: by when to decide, and what was proposed."""

from datetime import datetime
from typing import Any

from bidding.queries.court import RoundDesk
from bidding.queries.held import held_sale

from ..auth import house, me


def held_view(desk: RoundDesk, now: datetime) -> dict[str, Any] | None:
    """What the page of a round says of the decision still to be made; None unless the sale is held."""
    found = house().read(held_sale, desk.auction)
    if found is None:
        return None
    seated = any(seat.account.id == me().id for seat in desk.panel)
    return {
        "due_at": found.due_at,
        "provisional": found.provisional,
        "late": now > found.due_at,
        "proposals": found.proposals,
        "may_propose": seated and not found.pending,
    }
