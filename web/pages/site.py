"""Joining the pages to the application: blueprints, what every template knows, filters."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, redirect, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from auction.kernel.errors import DomainError
from auction.kernel.money import in_words, yuan
from auction.queries.approvals import approvals_waiting
from auction.queries.log import latest_checkpoint
from auction.rules.access import STAFF, Actor
from auction.rules.sessions import WARNING
from bidding.queries.messages import unread_count

from ..answering import answer_for
from ..auth import current_actor, house
from . import (
    agencies,
    agency,
    approvals,
    calendar,
    clearance_record,
    data,
    drafts,
    enrol,
    figures,
    finding,
    following,
    guide,
    incidents,
    labels,
    map,
    messages,
    objections,
    own_data,
    people,
    practice,
    public,
    results,
    room,
    sanctions,
    sessions,
    standing,
    takings,
    valuation_view,
    verify,
    visits,
)
from .desk import (
    auxiliary,
    board,
    break_glass,
    catalogue,
    changes,
    corrections,
    debts,
    groups,
    identities,
    imports,
    letters,
    lots,
    pricing,
    rounds,
    sheet,
    terms,
    unsold,
    unwinding,
)
from .desk import objections as desk_objections
from .desk import sanctions as desk_sanctions
from .forms import Entry
from .kept import join as join_kept
from .language import _, language, left, local, machine, percent, said, size, zh
from .regulator import agencies as regulator_agencies
from .regulator import alerts as regulator_alerts
from .regulator import approvals as regulator_approvals
from .regulator import break_glass as regulator_break_glass
from .regulator import clearance as regulator_clearance
from .regulator import conflicts as regulator_conflicts
from .regulator import corrections as regulator_corrections
from .regulator import journal as regulator_journal
from .regulator import overview as regulator_overview
from .regulator import patterns as regulator_patterns
from .regulator import sanctions as regulator_sanctions

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: The public pages share one blueprint, too.
_SITE = (public, finding, calendar, map, results, guide)
#: The judge's pages share one blueprint; importing them has put their routes onto it.
_DESK = (
    board,
    corrections,
    break_glass,
    catalogue,
    lots,
    groups,
    imports,
    letters,
    pricing,
    rounds,
    changes,
    unsold,
    debts,
    unwinding,
    desk_objections,
    sheet,
    terms,
    identities,
    auxiliary,
    desk_sanctions,
)
#: So do the regulator's.
_REGULATOR = (
    regulator_alerts,
    regulator_corrections,
    regulator_break_glass,
    regulator_conflicts,
    regulator_patterns,
    regulator_journal,
    regulator_overview,
    regulator_approvals,
    regulator_clearance,
    regulator_sanctions,
    regulator_agencies,
)
_BLUEPRINTS = (
    _SITE[0].blueprint,
    visits.blueprint,
    following.blueprint,
    people.blueprint,
    sessions.blueprint,
    enrol.blueprint,
    objections.blueprint,
    messages.blueprint,
    own_data.blueprint,
    room.blueprint,
    practice.blueprint,
    standing.blueprint,
    takings.blueprint,
    sanctions.blueprint,
    clearance_record.blueprint,
    figures.blueprint,
    incidents.blueprint,
    valuation_view.blueprint,
    verify.blueprint,
    data.blueprint,
    _DESK[0].blueprint,
    agency.blueprint,
    agencies.blueprint,
    approvals.blueprint,
    _REGULATOR[0].blueprint,
)
_COURT = ("judge", "clerk", "president")
_APPEARANCE = {"theme": ("light", "dark"), "size": ("large",)}
#: The cookie of a public terminal: it ends with the browser.
_TERMINAL = "terminal"


def join(app: Flask) -> None:
    """Register the pages' blueprints, filters and globals."""
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.jinja_env.filters.update(
        yuan=yuan, words=in_words, local=local, machine=machine, percent=percent, said=said, octets=size, zh=zh
    )
    app.jinja_env.globals.update(left=left, labels=labels.ALL, static=_static)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_frame)
    app.after_request(_keep_terminal)
    join_kept(app)


def _refused(error: DomainError) -> Any:
    """A refusal as a page; who is not signed in and only wants to see something is asked to sign in first."""
    if error.code == "unauthenticated" and request.method == "GET":
        return redirect(url_for("people.login", next=_here()))
    if error.code == "unauthenticated" and not error.facts and (draft := drafts.typed()):
        return render_template("people/login.html", form=Entry(), next="", draft=draft), 401
    return answer_for(error)


def _static(path: str) -> str:
    return url_for("static", filename=path)


def _frame() -> dict[str, Any]:
    """What `base.html` needs: who is here, where they may go, how the page looks and speaks."""
    tongue = language()
    actor = _if_possible(current_actor)
    return {
        "page_lang": "en" if tongue == "en" else "zh-CN",
        "look": {name: _kept(name) for name in _APPEARANCE} | ({"size": "large"} if is_terminal() else {}),
        "terminal": is_terminal(),
        "actor": actor,
        "idle": _idle(actor),
        "navigation": _navigation(actor),
        "switch_language": _other_language(tongue),
        "here": _here(),
        "back": _back(),
        "checkpoint": _if_possible(lambda: house().read(latest_checkpoint)),
        "now": _if_possible(house().now) or house().clock.machine(),
    }


def _idle(actor: Actor | None) -> dict[str, int] | None:
    """After how many seconds without use the session ends, and how long before the page says so; None: it does not."""
    idle = house().settings.staff_idle
    if actor is None or idle is None or actor.role not in STAFF:
        return None
    return {"after": int(idle.total_seconds()), "warning": int(min(WARNING, idle / 2).total_seconds())}


def _if_possible(ask: Callable[[], T]) -> T | None:
    """What the frame can do without: a page that says what is wrong must not fail on it again."""
    try:
        return ask()
    except (SQLAlchemyError, DomainError):
        log.warning("the frame of a page is incomplete", exc_info=True)
        return None


def is_terminal() -> bool:
    """Whether the page is shown on a public terminal: as the address says, else as it said before (PRECISIONS 23)."""
    return request.args.get(_TERMINAL, request.cookies.get(_TERMINAL, "")) == "1"


def _keep_terminal(response: Response) -> Response:
    """Stay a terminal from `?terminal=1` on, until `?terminal=0` or the browser's end."""
    said = request.args.get(_TERMINAL)
    if said == "1":
        response.set_cookie(_TERMINAL, "1", samesite="Lax", secure=request.is_secure, httponly=True)
    elif said == "0":
        response.delete_cookie(_TERMINAL)
    return response


def _kept(name: str) -> str:
    value = request.cookies.get(name, "")
    return value if value in _APPEARANCE[name] else ""


def _here() -> str:
    """The address of this page, to come back to: what was posted to is not one."""
    if request.method != "GET":
        return request.path
    query = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return f"{request.path}?{urlencode(query)}" if query else request.path


def _back() -> str | None:
    """Where to go after signing in: this page, or what the pages of signing in were opened for."""
    if (request.endpoint or "").startswith("people."):
        try:
            return request.values.get("next") or None
        except HTTPException:  # a form that is too large, or does not end: the page that says so goes nowhere
            return None
    return _here()


def _other_language(tongue: str) -> dict[str, str]:
    code, lang, label = ("zh", "zh-CN", "中文") if tongue == "en" else ("en", "en", "English")
    return {"href": url_for("site.speak", code=code, next=_here()), "lang": lang, "label": label}


def _navigation(actor: Actor | None) -> list[dict[str, Any]]:
    role = actor.role if actor else None
    links: list[tuple[str, str, tuple[str, ...]]] = [
        (_("标的"), "site.home", ("site.home", "site.auction", "site.lot", "site.all_bids", "room")),
        (_("日历"), "site.calendar", ("site.calendar",)),
        (_("地图"), "site.map_page", ("site.map_page",)),
        (_("成交结果"), "site.results", ("site.results",)),
    ]
    if role in ("bidder", "party"):
        links.append((_("我的竞买"), "enrol.mine", ("enrol", "record", "objecting", "taking")))
    if role in ("bidder", "party") or _waiting(actor, "told.show"):  # staff are told little, and then it matters
        links.append((_("消息"), "told.show", ("told",)))
    if role is not None:
        links.append((_("我的关注"), "watch.mine", ("watch",)))
    if role in _COURT:
        links.append((_("案台"), "desk.board", ("desk",)))
    if role == "agency":
        links.append((_("机构工作台"), "agency.show", ("agency", "agencies")))
    if role in ("judge", "president"):
        links.append((_("待我批准"), "approving.show", ("approving",)))
    if role == "regulator":
        links.append((_("监管台"), "regulator.alerts", ("regulator",)))
    links.append((_("日志与校验"), "site.log", ("site.log",)))
    links.append((_("帮助"), "site.guide", ("site.guide",)))
    endpoint = request.endpoint or ""
    return [
        {
            "label": label,
            "href": url_for(target),
            "current": endpoint in own or endpoint.split(".")[0] in own,
            "count": _waiting(actor, target),
        }
        for label, target, own in links
    ]


def _waiting(actor: Actor | None, target: str) -> int:
    """How many proposals or messages wait for the visitor on a page."""
    if actor is None:
        return 0
    if target == "approving.show":
        return _if_possible(lambda: house().read(approvals_waiting, actor)) or 0
    if target == "told.show":
        return _if_possible(lambda: house().read(unread_count, actor.id, house().now())) or 0
    return 0


for _blueprint in _BLUEPRINTS:
    _blueprint.register_error_handler(DomainError, _refused)
