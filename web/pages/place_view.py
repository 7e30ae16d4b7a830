"""Where a lot lies, on its own page: its place in words, a small sketch, the lots on sale around it."""

import math
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from auction.models import Lot
from auction.rules.place import Place, place_of
from bidding.queries.finding import LotFilter
from bidding.queries.market import Card, market
from bidding.rules.find import DEGREE_KM

from . import labels
from .language import _, language

#: How far around a lot others are looked for, in kilometres; how many are listed, and looked at of each section.
_AROUND_KM, _LISTED, _LOOKED_AT = 20, 4, 24


def of_lot(session: Session, lot: Lot, now: datetime) -> dict[str, Any] | None:
    """What the lot's page shows of its place; None where no place was entered."""
    place = place_of(lot.attributes)
    if place is None:
        return None
    cards = [card for section in ("running", "coming") for card in _around(session, place, section, now)]
    others = ((_km(place, card), card) for card in cards if card.lot_id != lot.id)
    near = sorted(others, key=lambda one: one[0])[:_LISTED]
    at = f"{place.latitude},{place.longitude}"
    return {
        "latitude": f"{place.latitude:.4f}".rstrip("0").rstrip("."),
        "longitude": f"{place.longitude:.4f}".rstrip("0").rstrip("."),
        "near": [{"card": card, "km": f"{km:.1f}"} for km, card in near],
        "href": url_for("site.map_page", near=at, within_km=_AROUND_KM),
        "points": [point(card) for _, card in near],
        "sketch": {**sketch_words(), "own": [place.latitude, place.longitude], "title": lot.title},
    }


def _around(session: Session, place: Place, section: str, now: datetime) -> list[Card]:
    wanted = LotFilter(near=place, within_km=_AROUND_KM, status=section)
    return market(session, now, wanted, 1, _LOOKED_AT).items


def _km(place: Place, card: Card) -> float:
    """Kilometres on a plane that touches the earth at the place."""
    up = ((card.latitude or 0) - place.latitude) * DEGREE_KM
    right = ((card.longitude or 0) - place.longitude) * DEGREE_KM * math.cos(math.radians(place.latitude))
    return math.hypot(up, right)


def sketch_words() -> dict[str, str]:
    """What the sketch itself says, in the page's language."""
    return {"language": language(), "in": _("放大"), "out": _("缩小"), "close": _("关闭")}


def point(card: Card) -> dict[str, object]:
    """A lot as the sketch draws it; its card must have a place."""
    kind = str(labels.ASSET_TYPE[card.asset_type])
    return {
        "id": card.auction_id,
        "title": card.title,
        "kind": kind,
        "href": url_for("site.auction", auction_id=card.auction_id),
        "at": [card.latitude, card.longitude],
    }
