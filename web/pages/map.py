"""Lots by where they lie: a list, and beside it a sketch of places, which scripts draw and which the list follows."""

from dataclasses import replace

from flask import render_template

from bidding.queries.finding import LotFilter, facets
from bidding.queries.market import Found, courts, market

from ..auth import house, policy
from .finding import Asked, summary
from .place_view import point, sketch_words
from .public import blueprint

#: Lots on one page of the map.
_SHOWN = 200


@blueprint.get("/map")
@policy("public.read")
def map_page() -> str:
    """Announced lots whose place is known, by the questions of the home page."""
    asked, now = Asked(page="site.map_page"), house().now()
    wanted: LotFilter = replace(asked.wanted, placed=True)
    found: Found = house().read(market, now, wanted, asked.page, _SHOWN)
    known = house().read(courts)
    return render_template(
        "map.html",
        now=now,
        asked=asked,
        courts=known,
        counts=house().read(facets, wanted, now),
        summary=summary(asked, known),
        found=found,
        points=[point(card) for card in found.items],
        sketch={**sketch_words(), "near": _circle(wanted), "box": wanted.box},
        page_link=lambda number: asked.link(page=str(number)),
    )


def _circle(wanted: LotFilter) -> list[float] | None:
    """Where is looked around: latitude, longitude, metres."""
    if wanted.near is None:
        return None
    return [wanted.near.latitude, wanted.near.longitude, wanted.within_km * 1000]
