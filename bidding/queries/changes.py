"""The change drafted for a round under way, as its court sees it: the difference, the ways open, what was proposed."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.queries.approvals import approval_dict, proposals_about
from auction.rules.access import Actor, require
from auction.rules.lot import LIVE
from disclosure.queries import drafted_change
from disclosure.rules.changing import SHEET_CHANGE, choices
from disclosure.rules.diff import needs_a_word

from ..rules.supplement import earliest_bidding
from .rooms import ruleset_of


def change_of(session: Session, actor: Actor | None, auction_id: str, now: datetime) -> dict[str, Any]:
    """The draft of a round and what was ever proposed on one, the latest first. DomainError not_found."""
    auction = session.get(Auction, auction_id)
    if auction is None:
        raise DomainError("not_found")
    require(actor, "lot.read_draft", court=auction.lot.court_code)
    drafted = drafted_change(session, auction) if auction.status in LIVE else None
    changes = drafted.changes if drafted else ()
    live = auction.status in LIVE
    return {
        "auction_id": auction.id,
        "sheet_version": drafted.version if drafted else auction.lot.sheet_version,
        "items": [change.as_data() for change in changes],
        "choices": list(choices(changes)),
        "needs_word": needs_a_word(changes),
        "earliest_at": iso(earliest_bidding(now, ruleset_of(session, auction))) if live else None,
        "proposals": [approval_dict(session, one) for one in proposals_about(session, SHEET_CHANGE, auction.id)],
    }
