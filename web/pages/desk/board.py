"""The board: what is late and due on a court's lots, each with its article, and every lot by stage."""

from datetime import datetime
from typing import Any

from flask import render_template, request, url_for

from auction.kernel.money import yuan
from auction.models import Court
from auction.rules.access import decide
from auction.rules.ruleset import load
from bidding.queries.board import BoardItem, board
from bidding.queries.changes import published_lately
from bidding.rules.clocks import OF_DISPOSAL, STATES, Clock
from bidding.rules.stages import Stage
from risk.queries.bulk import groups

from ... import board_words
from ...auth import house, me, policy
from ...schemas.desk import BoardFilter
from .. import clearance_view, labels
from ..language import _, language, today, weekday
from ..lot_view import round_view
from .court import blueprint

_URGENCY = {"late": "stop", "today": "warn", "soon": "acc", "later": "", "waiting": "", "open": "warn"}
#: What the list of clocks shows unless another state is asked for.
_PRESSING = ("late", "today", "soon", "open")
#: Lines of that list, so that a page stays a page; the rest is on the lots and in `GET /desk/board`.
_MOST = 60


@blueprint.get("/", endpoint="board")
@policy("desk.read")
def show() -> str:
    """Every lot of the court by stage, and above them whatever presses."""
    actor, now = me(), house().now()
    court = actor.court_code or ""
    ruleset = load(house().settings.ruleset)
    soon = ruleset.days("board_soon")
    items = house().read(board, court, ruleset, now)
    wanted = _wanted()
    shown = [item for item in items if wanted.matches(item, now, soon)]
    views = {stage: [_view(item, now) for item in shown if item.stage == stage] for stage in Stage}
    day = today(now)
    tongue = language()
    lines = _lines(shown, wanted, now, soon)
    return render_template(
        "desk/board.html",
        now=now,
        may_enter=decide(actor, "lot.create") is None,
        court_name=house().read(_court_name, court),
        day=_(
            "%(year)s 年 %(month)s 月 %(day)s 日 %(weekday)s",
            year=day.year,
            month=day.month,
            day=day.day,
            weekday=weekday(day),
        ),
        figures=_figures(items, now, soon),
        total=len(shown),
        wanted=wanted,
        stages=[(stage.value, board_words.word("stages", stage.value, tongue)) for stage in Stage],
        states=[(state, board_words.word("states", state, tongue)) for state in STATES],
        lines=lines[:_MOST],
        more=max(0, len(lines) - _MOST),
        columns=[
            {"stage": stage.value, "title": board_words.word("stages", stage.value, tongue), "items": views[stage]}
            for stage in Stage
            if views[stage] and stage is not Stage.DONE
        ],
        done=views[Stage.DONE],
        published=house().read(published_lately, court, now),
        bulk=clearance_view.bulk(house().read(groups, court, ruleset, now)),
    )


def _wanted() -> BoardFilter:
    """What is looked for; a value that is none is passed over, as on every page that only shows."""
    stage, state = request.args.get("stage", ""), request.args.get("state", "")
    return BoardFilter(
        stage=stage if stage in set(Stage) else "",
        state=state if state in STATES else "",
        q=request.args.get("q", "").strip()[:100],
    )


def _court_name(session: Any, code: str) -> str:
    court = session.get(Court, code)
    return court.name if court else code


def _figures(items: list[BoardItem], now: datetime, soon: int) -> list[tuple[str, int, str]]:
    states = [clock.state(now, soon) for item in items for clock in item.clocks]
    return [
        (_("在办标的"), sum(item.stage is not Stage.DONE for item in items), ""),
        (_("已逾期"), states.count("late"), "red"),
        (_("今天到期"), states.count("today"), "amb"),
        (_("竞价中"), sum(item.stage is Stage.RUNNING for item in items), ""),
    ]


def _lines(items: list[BoardItem], wanted: BoardFilter, now: datetime, soon: int) -> list[dict[str, Any]]:
    """The clocks that press, over all lots, the most urgent first."""
    asked = (wanted.state,) if wanted.state else _PRESSING
    found = [
        {**board_words.said_clock(clock, now, soon, language()), "item": item, "href": _where(item, clock)}
        for item in items
        for clock in item.clocks
        if clock.state(now, soon) in asked
    ]
    found.sort(key=lambda line: (STATES.index(line["state"]), line["due_at"] or "", line["item"].lot.id))
    for line in found:
        line["tone"] = _URGENCY[line["state"]]
        line["badge"] = _badge(line)
    return found


def _badge(line: dict[str, Any]) -> str:
    if line["state"] == "late":
        return _("逾期 %(n)s 天", n=-line["days"]) if line["days"] else _("今天已过时")
    return board_words.word("states", line["state"], language())


def _where(item: BoardItem, clock: Clock) -> str:
    """The page on which a clock is dealt with."""
    if clock.code == "question_answer":
        return url_for("desk.lot", lot_id=item.lot.id, _anchor="auxiliary")
    if clock.code in OF_DISPOSAL and clock.auction_id is not None:
        return url_for("desk.unsold", auction_id=clock.auction_id, _anchor="handover")
    if clock.auction_id is not None:
        return url_for("desk.objections", auction_id=clock.auction_id)
    return _href(item)


def _href(item: BoardItem) -> str:
    if item.auction is None:
        return url_for("desk.lot", lot_id=item.lot.id)
    return url_for("desk.round", auction_id=item.auction.id)


def _view(item: BoardItem, now: datetime) -> dict[str, Any]:
    auction = item.auction
    view: dict[str, Any] = {
        "title": item.lot.title,
        "case_number": item.case_number,
        "href": _href(item),
        "lot_href": url_for("desk.lot", lot_id=item.lot.id),
        "tone": "",
    }
    if auction is None:
        badge = _("缺 %(n)s 项", n=item.gaps) if item.gaps else _("情况表齐全")
        return {**view, "badge": badge, "tone": "warn" if item.gaps else "ok"}
    shown = round_view(auction, now)
    kind = str(labels.ROUND_SHORT[auction.round])
    if item.stage is Stage.PANEL:
        note = _("已同意 %(yes)s / %(all)s", yes=item.votes[0], all=item.votes[1])
        gaps = "·" + _("缺 %(n)s 项", n=item.gaps) if item.gaps else ""
        return {**view, "badge": f"{kind}·{labels.STATUS[auction.status]}", "note": note + gaps, "tone": "warn"}
    if item.stage is Stage.ANNOUNCED:
        note = _("报名 %(n)s 人", n=item.registrations)
        return {**view, "badge": _("距开拍"), "until": auction.opens_at, "tone": "acc", "note": note}
    if item.stage is Stage.SUSPENDED:
        return {**view, "badge": str(labels.STATUS["suspended"]), "tone": "warn"}
    if item.stage is Stage.RUNNING:
        note = _("延时 %(n)s 次·%(m)s 次出价", n=auction.extensions, m=auction.bid_count)
        until = None if shown["ended"] else auction.closes_at
        badge = _("已截止") if shown["ended"] else _("剩")
        return {**view, "badge": badge, "until": until, "tone": "live", "note": note}
    if item.lot.disposal:
        return {**view, "badge": str(labels.DISPOSAL[item.lot.disposal]), "tone": "ok", "note": kind}
    badge = labels.SETTLEMENT.get(auction.settlement or "", labels.STATUS[auction.status])
    tone = labels.SETTLEMENT_TONE.get(auction.settlement or "", "")
    note = f"¥{yuan(auction.price_fen)}" if auction.price_fen else kind
    return {**view, "badge": str(badge), "tone": tone, "note": note}
