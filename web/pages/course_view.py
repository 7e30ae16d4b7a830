"""The course of a room as its page shows it: a chart's data, and the same as a table."""

from typing import Any

from auction.kernel.clock import iso
from bidding.queries.room_page import RoomPage

from .language import _

#: Rows of the table on the page; the page of all bids has the rest.
_ROWS = 100


def course_view(page: RoomPage) -> dict[str, Any]:
    """`chart` for the script, `rows` the newest first, and every extension."""
    found = page.course
    own = page.registration.bidder_code if page.registration else None
    # An extension carries the moment of the bid that moved the end.
    moved = {each.at: each.number for each in found.extensions}
    return {
        "chart": {
            "bids": [[iso(bid.received_at), bid.amount_fen, bid.bidder_code] for bid in found.bids],
            "extensions": [[iso(each.at), each.number, iso(each.closes_at)] for each in found.extensions],
        },
        "rows": [
            {"bid": bid, "extension": moved.get(bid.received_at), "mine": own is not None and bid.bidder_code == own}
            for bid in reversed(found.bids[-_ROWS:])
        ],
        "extensions": list(reversed(found.extensions)),
    }


def course_words() -> dict[str, str]:
    """What the chart's script says."""
    return {
        "none": _("还没有出价。"),
        "summary": _("{n} 次出价，自 {first} 元升至 {last} 元；延时 {extensions} 次。"),
        "extension": _("第 {n} 次延时"),
        "until": _("延至 {time}"),
    }
