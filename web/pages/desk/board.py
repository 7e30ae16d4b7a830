"""The board: a court's lots by stage."""

from datetime import date, datetime
from typing import Any

from flask import render_template, url_for

from auction.kernel.money import yuan
from auction.models import Court
from auction.rules.access import decide
from auction.rules.ruleset import load
from bidding.queries.clocks import Clock, clocks
from bidding.queries.court import STAGES, BoardItem, board
from risk.queries.bulk import groups

from ... import errors
from ...auth import house, me, policy
from .. import auxiliary_view, clearance_view, labels
from ..language import _, language, today, weekday
from ..lot_view import round_view
from .court import blueprint

_TONES = {"overdue": "stop", "balance_due": "warn", "paid": "acc", "handed_over": "ok"}


@blueprint.get("/", endpoint="board")
@policy("desk.read")
def show() -> str:
    """Every lot of the court, by stage."""
    actor, now = me(), house().now()
    court = actor.court_code or ""
    ruleset = load(house().settings.ruleset)
    items = house().read(board, court, now, ruleset)
    titles = {
        "pricing": _("定参考价"),
        "disclosure": _("调查公示"),
        "panel": _("合议签署"),
        "notice": _("公告期"),
        "bidding": _("竞价中"),
        "settlement": _("结算交付"),
    }
    views = {stage: [_view(item, now) for item in items if item.stage == stage] for stage in STAGES}
    day = today(now)
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
        figures=_figures(items),
        total=len(items),
        columns=[{"stage": stage, "title": title, "items": views[stage]} for stage, title in titles.items()],
        done=views["done"],
        questions=house().read(auxiliary_view.waiting_questions, actor, now),
        late=[_late(item, day) for item in items if item.warning],
        clocks=[_clock_view(one) for one in house().read(clocks, court, now)],
        bulk=clearance_view.bulk(house().read(groups, court, ruleset, now)),
    )


def _late(item: BoardItem, today: date) -> dict[str, Any]:
    """A lot whose next round is about to be late, with the sentence that says by when."""
    assert item.warning is not None  # noqa: S101 - only those are listed
    facts = item.warning.facts
    last = date.fromisoformat(str(facts["last_day"]))
    if facts["act"] == "opening":
        text = _("第二次拍卖最迟应于 %(day)s 开始竞价。", day=last)
    else:
        text = _("变卖最迟应于 %(day)s 公告。", day=last)
    if today > last:
        text += " " + _("已逾期限，公告时须记录理由。")
    return {
        "title": item.lot.title,
        "case_number": item.case_number,
        "href": url_for("desk.lot", lot_id=item.lot.id),
        "text": text,
        "basis": errors.cited(item.warning.basis, language()),
    }


def _clock_view(clock: Clock) -> dict[str, Any]:
    """Something to do by a day, with the page where it is done."""
    page = "desk.round" if clock.act == "resume" else "desk.objections"
    return {
        "label": labels.CLOCK[clock.act],
        "title": clock.title,
        "due_on": clock.due_on,
        "late": clock.late,
        "href": url_for(page, auction_id=clock.auction_id),
    }


def _court_name(session: Any, code: str) -> str:
    court = session.get(Court, code)
    return court.name if court else code


def _figures(items: list[BoardItem]) -> list[tuple[str, int, str]]:
    auctions = [item.auction for item in items if item.auction]
    disposed = {item.lot.id for item in items if item.lot.disposal}
    return [
        (_("在办标的"), sum(item.stage != "done" for item in items), ""),
        (_("竞价中"), sum(item.stage == "bidding" for item in items), ""),
        (_("尾款逾期"), sum(auction.settlement == "overdue" for auction in auctions), "red"),
        (_("流拍待续"), sum(one.status == "unsold" for one in auctions if one.lot_id not in disposed), "amb"),
    ]


def _view(item: BoardItem, now: datetime) -> dict[str, Any]:
    auction = item.auction
    href = url_for("desk.lot", lot_id=item.lot.id)
    view: dict[str, Any] = {"title": item.lot.title, "case_number": item.case_number, "href": href, "tone": ""}
    if auction is None:
        badge = _("缺 %(n)s 项", n=item.gaps) if item.gaps else _("情况表齐全")
        return {**view, "badge": badge, "tone": "warn" if item.gaps else "ok"}
    view["href"] = url_for("desk.round", auction_id=auction.id)
    shown = round_view(auction, now)
    kind = str(labels.ROUND_SHORT[auction.round])
    if item.stage == "panel":
        note = _("已同意 %(yes)s / %(all)s", yes=item.votes[0], all=item.votes[1])
        gaps = "·" + _("缺 %(n)s 项", n=item.gaps) if item.gaps else ""
        return {**view, "badge": f"{kind}·{labels.STATUS[auction.status]}", "note": note + gaps, "tone": "warn"}
    if item.stage == "notice":
        note = _("报名 %(n)s 人", n=item.registrations)
        return {**view, "badge": _("距开拍"), "until": auction.opens_at, "tone": "acc", "note": note}
    if item.stage == "bidding" and auction.status == "suspended":
        return {**view, "badge": str(labels.STATUS["suspended"]), "tone": "warn"}
    if item.stage == "bidding":
        note = _("延时 %(n)s 次·%(m)s 次出价", n=auction.extensions, m=auction.bid_count)
        until = None if shown["ended"] else auction.closes_at
        badge = _("已截止") if shown["ended"] else _("剩")
        return {**view, "badge": badge, "until": until, "tone": "live", "note": note}
    if item.lot.disposal:
        return {**view, "badge": str(labels.DISPOSAL[item.lot.disposal]), "tone": "ok", "note": kind}
    badge = labels.SETTLEMENT.get(auction.settlement or "", labels.STATUS[auction.status])
    tone = _TONES.get(auction.settlement or "", "")
    note = f"¥{yuan(auction.price_fen)}" if auction.price_fen else kind
    return {**view, "badge": str(badge), "tone": tone, "note": note}
