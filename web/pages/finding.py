"""Finding lots: the home page, and the list of what was looked for, by a form that needs no scripts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from auction.kernel.errors import DomainError
from auction.kernel.money import MOST_FEN, parse_yuan, yuan
from auction.models import Court
from bidding.queries.finding import SECTIONS, LotFilter, as_meant, facets
from bidding.queries.market import Card, Found, courts, market
from bidding.rules.find import FARTHEST_KM, FLAGS

from ..auth import house, policy
from ..schemas.public import box_in, place_in
from . import labels
from .kept import kept
from .language import _, distance, month, percent, today, weekday
from .public import blueprint

#: Cards of a section of the home page, and of a list of its own.
_GLIMPSE = {"running": 12, "coming": 30, "ended": 10}
_PAGE = 24
#: What a list may be sorted by. The soonest opening or end is asked of lots that still open or end.
_SORTS = ("closes_at", "opens_at", "price_fen", "-price_fen", "-announced_at", "-followers")
_SOONEST = {"closes_at": "running", "opens_at": "coming"}
_ORDER = {"running": "closes_at", "open": "closes_at", "coming": "opens_at", "announced": "opens_at"}
#: The fields of the form, as the address has them.
_FIELDS = ("q", "asset_type", "court", "region", "round", "status", "min", "max", "near", "within_km", "box", "sort")


@blueprint.get("/")
@policy("public.read")
def home() -> Response | str:
    """Running, coming and ended lots; or, by GET, what was looked for."""
    return kept(house().clock.machine, _home)  # anew every second: every bid changes it


def _home() -> str:
    asked = Asked()
    now = house().now()
    known = house().read(courts)
    sections: dict[str, Any] = {"running": None, "coming": None, "listed": None}
    if asked.chosen:
        wanted = asked.wanted = house().read(as_meant, asked.wanted, now)
        found: Found = house().read(market, now, wanted, asked.page, _PAGE)
        sections["listed"] = _section(found, wanted.status or "", _("找到的标的"), paged=True)
    else:
        for name, most in _GLIMPSE.items():
            wanted = LotFilter(status=name, sort=_ORDER.get(name, "-closes_at"))
            found = house().read(market, now, wanted, 1, most)
            if name == "coming":
                sections[name] = _section(found, name, "", days=_days(found.items, now))
            elif name == "ended":
                sections["listed"] = _section(found, name, _("近期结束与中止")) if found.total else None
            else:
                sections[name] = _section(found, name, "")
    return render_template(
        "home.html",
        **sections,
        now=now,
        courts=known,
        asked=asked,
        counts=house().read(facets, asked.wanted, now),
        summary=summary(asked, known),
        filter_link=asked.link,
        subscribed=feeds_of(asked),
        page_link=lambda number: asked.link(page=str(number)),
    )


class Asked:
    """What the address asks for: `typed` as it was typed, `wrong` by field, `wanted` without what was wrong."""

    def __init__(self, source: MultiDict[str, str] | None = None, *, page: str = "site.home") -> None:
        """`source`: the fields of a form where it is not the address that asks. `page`: whose address it is."""
        self.page_of = page
        given = request.args if source is None else source
        self.typed = {name: _plain(given, name, 100) for name in _FIELDS}
        for name, values in (
            ("asset_type", labels.ASSET_TYPE),
            ("round", labels.ROUND),
            ("status", {**labels.STATUS, **dict.fromkeys(SECTIONS)}),
            ("sort", dict.fromkeys(_SORTS)),
        ):
            self.typed[name] = self.typed[name] if self.typed[name] in values else ""
        self.flags = tuple(flag for flag in FLAGS if flag in ",".join(given.getlist("flags")).split(","))
        self.wrong: dict[str, str] = {}
        self.wanted = self._wanted()
        self.page = min(100_000, max(1, given.get("page", 1, type=int)))

    def _wanted(self) -> LotFilter:
        typed = self.typed
        near = self._read("near", place_in, _("位置应写作“纬度,经度”，如 32.06,118.79。"))
        status = typed["status"] or _SOONEST.get(typed["sort"])
        wanted = LotFilter(
            q=typed["q"],
            asset_type=typed["asset_type"] or None,
            court=typed["court"] or None,
            region=typed["region"],
            round=typed["round"] or None,
            status=status,
            min_fen=self._read("min", _fen, _("请填金额（元），如 500000。")),
            max_fen=self._read("max", _fen, _("请填金额（元），如 500000。")),
            flags=self.flags,
            near=near,
            box=self._read("box", box_in, _("范围应写作“南,西,北,东”四个度数，如 31,118,33,120。")),
        )
        within = self._read("within_km", _km, _("请填 0.1 至 %(most)s 之间的公里数。", most=FARTHEST_KM)) or 10.0
        order = typed["sort"] or _ORDER.get(status or "", "-announced_at")
        return replace(wanted, within_km=within, sort=order)

    def _read(self, name: str, convert: Any, sentence: str) -> Any:
        if not self.typed[name]:
            return None
        try:
            return convert(self.typed[name])
        except (ValueError, DomainError):
            self.wrong[name] = sentence
            return None

    @property
    def chosen(self) -> dict[str, str]:
        """What was chosen, by the names of the address."""
        found = {name: value for name, value in self.typed.items() if value}
        if "near" not in found:
            found.pop("within_km", None)
        if self.flags:
            found["flags"] = ",".join(self.flags)
        return found

    def link(self, **changes: str) -> str:
        """The same search with changes, on that page; an empty value takes one away."""
        query = {name: value for name, value in {**self.chosen, **changes}.items() if value}
        return url_for(self.page_of) + (f"?{urlencode(query)}" if query else "")


def _plain(given: MultiDict[str, str], name: str, most: int) -> str:
    """A word of the query, without what no database can look for."""
    return "".join(filter(str.isprintable, given.get(name, "")[:most])).strip()


def _fen(typed: str) -> int:
    found = parse_yuan(typed)
    if not 0 <= found <= MOST_FEN:
        raise ValueError(typed)
    return found


def _km(typed: str) -> float:
    found = float(typed)
    if not 0.1 <= found <= FARTHEST_KM:
        raise ValueError(typed)
    return found


def _title(status: str) -> str:
    sections = {"running": _("正在竞价"), "coming": _("即将开拍"), "ended": _("近期结束与中止")}
    return sections.get(status) or str(labels.STATUS.get(status) or labels.DISPOSAL[status])


def _section(found: Found, status: str, title: str, *, paged: bool = False, **more: Any) -> dict[str, Any]:
    shown = [{**{name: getattr(card, name) for name in card.__slots__}, "ratio": _ratio(card)} for card in found.items]
    return {
        "items": shown,
        "total": found.total,
        "count": f"{found.total:,}+" if found.meant.more else f"{found.total:,}",
        "page": found.page,
        "page_size": found.page_size,
        "status": status,
        "title": title,
        "paged": paged,
        **more,
    }


def _ratio(card: Card) -> str | None:
    return percent(card.price_fen or card.reserve_price_fen, card.reference_price_fen)


def _days(cards: list[Card], now: datetime) -> list[dict[str, Any]]:
    """Coming lots by the day on which they open."""
    days = []
    for day, items in groupby(cards, lambda card: today(card.opens_at)):
        name = _("%(month)s 月 %(weekday)s", month=month(day), weekday=weekday(day))
        days.append({"number": day.day, "name": name, "distance": distance(day, today(now)), "items": list(items)})
    return days


def said(wanted: LotFilter, known: Sequence[Court]) -> list[tuple[str, str, str]]:
    """What a filter asks for: by which field of the address, its value there, and in words."""
    found: list[tuple[str, str, str]] = []
    if wanted.q:
        found.append(("q", wanted.q, _("“%(words)s”", words=wanted.q)))
    for name, words in (
        ("asset_type", labels.ASSET_TYPE),
        ("court", {court.code: court.name for court in known}),
        ("region", {}),
        ("round", labels.ROUND),
    ):
        if value := getattr(wanted, name):
            found.append((name, value, str(words.get(value, value))))
    if wanted.status:
        found.append(("status", wanted.status, _title(wanted.status)))
    if wanted.min_fen is not None:
        found.append(("min", yuan(wanted.min_fen), _("%(yuan)s 元以上", yuan=yuan(wanted.min_fen))))
    if wanted.max_fen is not None:
        found.append(("max", yuan(wanted.max_fen), _("%(yuan)s 元以下", yuan=yuan(wanted.max_fen))))
    if wanted.near is not None:
        place, km = f"{wanted.near.latitude:g},{wanted.near.longitude:g}", f"{wanted.within_km:g}"
        found.append(("near", place, _("%(place)s 周围 %(km)s 公里", place=place, km=km)))
    if wanted.box is not None:
        found.append(("box", ",".join(f"{edge:g}" for edge in wanted.box), _("图中范围")))
    return found + [("flags", flag, str(labels.FLAG[flag])) for flag in wanted.flags]


def summary(asked: Asked, known: Sequence[Court]) -> list[dict[str, str]]:
    """What was chosen, in words, each with the address of the same search without it."""
    chips = []
    for name, value, text in said(replace(asked.wanted, q=asked.typed["q"]), known):
        if name == "flags":
            others = ",".join(one for one in asked.flags if one != value)
            chips.append({"text": text, "without": asked.link(flags=others, page="")})
        elif asked.typed[name]:  # a status may come of the order that was chosen
            chips.append({"text": text, "without": asked.link(**{name: "", "page": ""})})
    return chips


def feeds_of(asked: Asked) -> dict[str, str]:
    """The addresses of a search as a feed and as a calendar, by the names the feeds take; without what was wrong."""
    query: dict[str, Any] = {
        name: value for name, value in asked.chosen.items() if name not in ("min", "max", "sort", *asked.wrong)
    }
    for name in ("min_fen", "max_fen"):
        if (fen := getattr(asked.wanted, name)) is not None:
            query[name] = str(fen)
    if "near" not in query:
        query.pop("within_km", None)
    return {"atom": url_for("data.lots_atom", **query), "calendar": url_for("data.lots_calendar", **query)}
