"""The calendar of sales: a month with its openings and closings, and the lots of one day."""

import calendar as months
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for

from auction.rules.calendar import midnight
from bidding.queries.finding import LotFilter
from bidding.queries.market import courts, market
from bidding.queries.sale_days import sale_days

from ..auth import house, policy
from .language import _, month, today
from .public import blueprint

#: Lots of a day shown of each kind.
_SHOWN = 100
#: Years there is a calendar of.
_YEARS = range(2000, 2201)


@blueprint.get("/calendar")
@policy("public.read")
def calendar() -> str:
    """A month, and what opens and ends on a day of it; of one court where it is chosen."""
    now, known = house().now(), house().read(courts)
    here = today(now)
    court = request.args.get("court", "")
    court = court if court in {one.code for one in known} else ""
    day = _day(request.args.get("day", ""))
    first = (_day(f"{request.args.get('month', '')}-01") or day or here).replace(day=1)
    if day is None or day.replace(day=1) != first:
        day = here if here.replace(day=1) == first else first
    last = first.replace(day=months.monthrange(first.year, first.month)[1])
    days = {one.day: one for one in house().read(sale_days, first, last, court or None)}
    since, until = midnight(day), midnight(day + timedelta(days=1))
    opening = LotFilter(court=court or None, opens_from=since, opens_to=until, sort="opens_at")
    closing = LotFilter(court=court or None, closes_from=since, closes_to=until, sort="closes_at")
    return render_template(
        "calendar.html",
        now=now,
        here_day=here,
        day=day,
        weeks=[[(one, days.get(one)) for one in week] for week in months.Calendar().monthdatescalendar(*_of(first))],
        month_name=_("%(year)s 年 %(month)s 月", year=first.year, month=month(first)),
        courts=known,
        court=court,
        opening=house().read(market, now, opening, 1, _SHOWN),
        closing=house().read(market, now, closing, 1, _SHOWN),
        before=_link(first - timedelta(days=1), court) if first.year > _YEARS[0] else None,
        after=_link(last + timedelta(days=1), court) if last.year < _YEARS[-1] else None,
        link=lambda one: url_for("site.calendar", day=one.isoformat(), court=court or None, _anchor="day"),
        month_value=f"{first:%Y-%m}",
    )


def _of(first: date) -> tuple[int, int]:
    return first.year, first.month


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def _link(one: date, court: str) -> Any:
    return url_for("site.calendar", month=f"{one:%Y-%m}", court=court or None)
