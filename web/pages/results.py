"""What was sold, and for how much: for everybody, the latest first, each with its signed result."""

import re
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from flask import render_template, request, url_for

from auction.rules.calendar import midnight
from bidding.queries.finding import LotFilter
from bidding.queries.market import Card, Found, courts, market
from bidding.queries.results import Outcome, outcomes

from ..auth import house, policy
from . import labels
from .forms import Entry
from .language import _, percent, today
from .public import blueprint

_SHOWN = 50
_FIELDS = ("asset_type", "court", "region", "month")
#: Months the form offers, back from the present one.
_MONTHS = 24
_MONTH = re.compile(r"(20\d\d|21\d\d)-(0[1-9]|1[0-2])")


@blueprint.get("/results")
@policy("public.read")
def results() -> str:
    """Sold lots by kind, court, region and the month in which bidding ended; a month that is none is said."""
    given = {name: "".join(filter(str.isprintable, request.args.get(name, "")[:50])).strip() for name in _FIELDS}
    page = min(100_000, max(1, request.args.get("page", 1, type=int)))
    now, wrong = house().now(), {}
    if given["asset_type"] not in labels.ASSET_TYPE:
        given["asset_type"] = ""
    month = _MONTH.fullmatch(given["month"])
    if given["month"] and not month:
        wrong["month"] = (_("月份应写作“年-月”，如 2026-11。"),)
    first = date(int(month[1]), int(month[2]), 1) if month else None
    wanted = LotFilter(
        status="sold",
        sort="-closes_at",
        asset_type=given["asset_type"] or None,
        court=given["court"] or None,
        region=given["region"],
        closes_from=midnight(first) if first else None,
        closes_to=midnight(_after(first)) if first else None,
    )
    found: Found = house().read(market, now, wanted, page, _SHOWN)
    became = house().read(outcomes, [card.auction_id for card in found.items])
    kept: dict[str, Any] = {name: value for name, value in given.items() if value}
    return render_template(
        "results.html",
        form=Entry(given, wrong),
        courts=[(court.code, court.name) for court in house().read(courts)],
        months=_months(now, given["month"] if month else ""),
        found=found,
        rows=[_row(card, became[card.auction_id]) for card in found.items],
        chosen=bool(kept),
        page_link=lambda number: url_for("site.results", **kept, page=number),
    )


def _row(card: Card, outcome: Outcome) -> dict[str, Any]:
    over = (card.price_fen or 0) - card.reserve_price_fen
    return {"card": card, **asdict(outcome), "premium": percent(over, card.reserve_price_fen) or "0%"}


def _after(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _months(now: datetime, asked: str) -> list[tuple[str, str]]:
    """The months of the form, the present one first; also the one that is asked for."""
    this = today(now)
    counted = (divmod(this.year * 12 + this.month - 1 - back, 12) for back in range(_MONTHS))
    months = [f"{year:04}-{index + 1:02}" for year, index in counted]
    return [(month, month) for month in ([*months, asked] if asked and asked not in months else months)]
