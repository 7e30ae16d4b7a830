"""The course of a room as its page shows it: a chart's data, and the same as a table."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from auction.kernel.clock import iso
from bidding.queries.course import ExtensionFacts
from bidding.queries.room_page import RoomPage

from .language import _

#: Rows of the table on the page; the page of all bids has the rest.
_ROWS = 100


def course_view(page: RoomPage) -> dict[str, Any]:
    """`chart` for the script, `rows` the newest first, and every extension."""
    found = page.course
    own = page.registration.bidder_code if page.registration else None
    moved = moved_by(found.extensions)
    return {
        "chart": {
            "bids": [[iso(bid.received_at), bid.amount_fen, bid.bidder_code] for bid in found.bids],
            "extensions": [[iso(each.at), each.number, iso(each.closes_at)] for each in found.extensions],
            "reference": page.auction.reference_price_fen,
        },
        "rows": [
            {
                "bid": bid,
                "extension": getattr(moved.get(bid.received_at), "number", None),
                "mine": own is not None and bid.bidder_code == own,
            }
            for bid in reversed(found.bids[-_ROWS:])
        ],
        "extensions": list(reversed(found.extensions)),
        "moved": moved,
    }


def moved_by(extensions: Iterable[ExtensionFacts]) -> dict[datetime, ExtensionFacts]:
    """Extensions by the moment of the bid that moved the end."""
    return {each.at: each for each in extensions}


def course_words() -> dict[str, str]:
    """What the chart's script says."""
    return {
        "none": _("还没有出价。"),
        "summary": _("{n} 次出价，自 {first} 元升至 {last} 元；延时 {extensions} 次。"),
        "extension": _("第 {n} 次延时"),
        "until": _("延至 {time}"),
        "contest": _("变卖竞价开始"),
        "reference": _("参考价"),
    }
