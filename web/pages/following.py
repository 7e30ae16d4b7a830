"""Following lots and courts and saving searches, by forms."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from auction.kernel.errors import DomainError
from auction.models import Court
from bidding.queries.following import followed, searches
from bidding.queries.market import cards, courts
from bidding.services import following as services

from .. import errors
from ..auth import house, me, policy
from .finding import Asked, said
from .language import _, language
from .public import local_address

blueprint = Blueprint("watch", __name__)

#: The longest name of a saved search.
_LONGEST = 60


@blueprint.post("/lots/<lot_id>/follow")
@policy("follow.own")
def lot(lot_id: str) -> Response:
    """Follow a lot, or no longer."""
    return _follow(services.follow_lot, services.unfollow_lot, lot_id)


@blueprint.post("/courts/<code>/follow")
@policy("follow.own")
def court(code: str) -> Response:
    """Follow a court, or no longer."""
    return _follow(services.follow_court, services.unfollow_court, code)


def _follow(follow: Any, unfollow: Any, subject: str) -> Response:
    stops = request.form.get("do") == "stop"
    try:
        house().perform(unfollow if stops else follow, me(), subject)
    except DomainError as error:
        if error.code != "too_many":
            raise
        flash(errors.sentence(error.code, error.facts, language()), "out")
    else:
        flash(_("已取消关注。") if stops else _("已关注，开拍前和有变化时会有站内消息。"), "lead")
    return redirect(local_address(request.form.get("next", "")), 303)


@blueprint.get("/me/follows")
@policy("follow.own")
def mine() -> str:
    """What I follow, and my saved searches."""
    found = house().read(followed, me().id)
    saved, now = house().read(searches, me().id), house().now()
    shown = house().read(cards, [one["auction_id"] for one in found["lots"]], now)
    lots = [{"card": card, "followed_at": one["followed_at"]} for card, one in zip(shown, found["lots"], strict=True)]
    known = house().read(courts)
    saved = [_shown(one, known) for one in saved]
    return render_template("following/mine.html", lots=lots, courts=found["courts"], searches=saved, now=now)


def _shown(search: dict[str, Any], known: Sequence[Court]) -> dict[str, Any]:
    """With what it asks for, in words, and the address of its list."""
    asked = said(services.filter_of(search["query"]), known)
    query: dict[str, Any] = {}
    for name, value, _text in asked:
        query[name] = f"{query[name]},{value}" if name in query else value
    if "near" in query:
        query["within_km"] = f"{search['query']['within_km']:g}"
    return {**search, "asked": _joined(asked), "href": url_for("site.home", **query)}


def _joined(asked: Sequence[tuple[str, str, str]]) -> str:
    return "·".join(text for _name, _value, text in asked)


@blueprint.post("/me/searches")
@policy("follow.own")
def save() -> Response:
    """Save the search of the list it came from."""
    asked = Asked(request.form)
    wanted = replace(asked.wanted, status=asked.typed["status"] or None)
    name = "".join(filter(str.isprintable, request.form.get("name", ""))).strip()
    name = name or _joined(said(wanted, house().read(courts))) or _("我的搜索")
    name = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    try:
        house().perform(services.save_search, me(), name, services.query_of(wanted))
    except DomainError as error:
        if error.code != "too_many":
            raise
        flash(errors.sentence(error.code, error.facts, language()), "out")
    else:
        flash(_("已保存搜索，有新公告的标的符合时会有站内消息。"), "lead")
    return redirect(url_for("watch.mine"), 303)


@blueprint.post("/me/searches/<search_id>/removal")
@policy("follow.own")
def drop(search_id: str) -> Response:
    """Give a saved search up."""
    house().perform(services.drop_search, me(), search_id)
    flash(_("已删除保存的搜索。"), "lead")
    return redirect(url_for("watch.mine"), 303)
