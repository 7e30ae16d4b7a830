"""What bidding looked like, once it is over: the screened auctions, and one auction's bids, bidders and pairs."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for

from auction.kernel.clock import parse
from bidding.queries.patterns import BidLine, bids_in_order, patterns_of, screened_page

from ...alert_words import said_reasons
from ...auth import house, policy
from ...schemas.base import PageQuery
from .. import forms
from ..language import language
from .frame import blueprint

_PAGE_SIZE = 20
#: Bids drawn and listed on the page; all of them stand on the auction's own page.
_MOST_BIDS = 300
#: The drawing, in units of its own: a lane a bidder, a step a bid.
_LANE, _STEP, _LEFT, _TOP, _LEAST_WIDTH = 30, 14, 84, 26, 560


@blueprint.get("/patterns")
@policy("pattern.read")
def patterns() -> str:
    """The screened auctions, those worth a look first."""
    query = forms.load(PageQuery(), {"page": request.args.get("page", "1"), "page_size": str(_PAGE_SIZE)})
    items, total = house().read(screened_page, **query)
    return render_template(
        "regulator/patterns.html",
        items=items,
        list={**query, "total": total},
        link=lambda number: url_for("regulator.patterns", page=number),
    )


@blueprint.get("/patterns/<auction_id>")
@policy("pattern.read")
def pattern(auction_id: str) -> str:
    """One auction's bids, and what was found of its bidders."""
    found = house().read(patterns_of, auction_id)
    lot_title, ended, announced_end, bids = house().read(bids_in_order, auction_id, _MOST_BIDS)
    tongue = language()
    return render_template(
        "regulator/pattern.html",
        found={**found, "screened_at": parse(found["screened_at"]) if found["screened_at"] else None},
        findings=[{**one, "reasons": said_reasons(one["reasons"], tongue)} for one in found["findings"]],
        lot_title=lot_title,
        ended=ended,
        bids=bids,
        lanes=lanes(bids, announced_end),
    )


def lanes(bids: Sequence[BidLine], announced_end: Any) -> dict[str, Any]:
    """The drawing: one lane a bidder in order of first bids, the bids left to right in order of arrival.

    `mark`: where the announced end was passed, None if bidding ended before it.
    """
    names = list(dict.fromkeys(bid.code for bid in bids))
    at = {name: _TOP + place * _LANE + _LANE // 2 for place, name in enumerate(names)}
    dots = [{"x": _LEFT + place * _STEP + _STEP // 2, "y": at[bid.code], "bid": bid} for place, bid in enumerate(bids)]
    late = next((place for place, bid in enumerate(bids) if bid.received_at >= announced_end), None)
    return {
        "names": [{"name": name, "y": at[name]} for name in names],
        "dots": dots,
        "path": " ".join(f"{'M' if place == 0 else 'L'}{dot['x']} {dot['y']}" for place, dot in enumerate(dots)),
        "mark": None if late is None else _LEFT + late * _STEP,
        "width": max(_LEAST_WIDTH, _LEFT + len(bids) * _STEP + 8),
        "height": _TOP + len(names) * _LANE + 8,
        "left": _LEFT,
    }
