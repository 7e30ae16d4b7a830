"""Many lots of a kind for sale at once: what counts as a kind, how fast the platform sells it, when the ends may lie.

A kind is the same type of asset at the same place: the community an attribute names, else the address without
building, entrance and room. The advice is the court's practice: it warns, it never refuses.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

#: Attributes that name the place, in the order they are looked for.
_NAMED = ("community", "project", "building")
_UNIT = re.compile(
    r"(?:地下|负)?[0-9A-Za-z一二三四五六七八九十百零\-#]+(?:号楼|幢|栋|座|单元|层|楼|室|户|车位|号车位|商铺|铺).*$"
    r"|(?:building|block|unit|room|flat|no\.?)\s*[0-9a-z]+.*$",
    re.IGNORECASE,
)
_BLANK = re.compile(r"[\s,，、·（）()]+")
_WEEK = timedelta(days=7)


class Kind(NamedTuple):
    """What lots of a kind have in common."""

    asset_type: str
    region: str
    place: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What is known of selling many lots of a kind at once.

    `together`: rounds of the kind that end around the same time, this one included; `crowded`: those that end within
    the gap of this one; `ended`, `sold`: the platform's own rounds in the period before; `a_month`: how many it sells
    in 30 days, None where too few have ended to say; `months`: how long `together` would take at that pace, in tenths;
    `free_end`: the first end at or after the planned one that keeps the gap and the pace.
    """

    together: int
    crowded: int
    ended: int
    sold: int
    a_month: int | None
    months_tenths: int | None
    free_end: datetime


def kind_of(asset_type: str, region: str, address: str, attributes: Mapping[str, Any]) -> Kind:
    """The kind of a lot."""
    named = next((str(attributes[name]) for name in _NAMED if isinstance(attributes.get(name), str | int)), "")
    place = _BLANK.sub("", named) or _BLANK.sub("", _UNIT.sub("", address)) or _BLANK.sub("", address)
    return Kind(asset_type, region, place.casefold())


def advise(
    end: datetime,
    others: Iterable[datetime],
    *,
    ended: int,
    sold: int,
    around: timedelta,
    period: timedelta,
    gap: timedelta,
    sales_min: int,
) -> Advice:
    """Advice on a round that ends at `end` beside the ends of `others` of its kind; the numbers are the ruleset's."""
    near = sorted(other for other in others if abs(other - end) <= around)
    pace = None if ended < sales_min else round(sold * timedelta(days=30) / period)
    together = len(near) + 1
    months = None if not pace else -(-together * 10 // pace)
    return Advice(
        together=together,
        crowded=sum(abs(other - end) < gap for other in near),
        ended=ended,
        sold=sold,
        a_month=pace,
        months_tenths=months,
        free_end=_free(end, near, gap=gap, a_week=None if pace is None else max(1, pace * 7 // 30)),
    )


def _free(end: datetime, others: list[datetime], *, gap: timedelta, a_week: int | None) -> datetime:
    """The first end from `end` on, in steps of the gap within an hour's reach and then of a week, that is free."""
    candidate = end
    while True:
        for step in range(8):
            tried = candidate + step * gap
            week = sum(abs(other - tried) < _WEEK / 2 for other in others)
            if all(abs(other - tried) >= gap for other in others) and (a_week is None or week < a_week):
                return tried
        candidate += _WEEK
