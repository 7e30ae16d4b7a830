"""Lots by where they lie: a list, and beside it a sketch of places, which scripts draw."""

from dataclasses import replace

from flask import render_template

from bidding.queries.finding import LotFilter
from bidding.queries.market import Found, market

from ..auth import house, policy
from .finding import Asked
from .language import language
from .place_view import point
from .public import blueprint

#: Lots on one page of the map.
_SHOWN = 200


@blueprint.get("/map")
@policy("public.read")
def map_page() -> str:
    """Announced lots whose place is known, by the questions of the home page; live ones where no status is chosen."""
    asked, now = Asked(), house().now()
    wanted: LotFilter = replace(asked.wanted, placed=True)
    found: Found = house().read(market, now, wanted, asked.page, _SHOWN)
    return render_template(
        "map.html",
        now=now,
        asked=asked,
        found=found,
        points=[point(card) for card in found.items],
        sketch={"language": language(), "near": _circle(asked.wanted)},
        page_link=lambda number: asked.link("site.map_page", page=str(number)),
    )


def _circle(wanted: LotFilter) -> list[float] | None:
    """Where is looked around: latitude, longitude, metres."""
    if wanted.near is None:
        return None
    return [wanted.near.latitude, wanted.near.longitude, wanted.within_km * 1000]
