"""The blueprint of the regulator's pages and their navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from auction.queries.approvals import approvals_waiting
from auction.rules.access import Actor
from risk.queries.alerts import open_alerts
from risk.queries.sanctions import waiting_reviews
from risk.queries.standing import waiting_objections

from ...auth import current_actor, house

blueprint = Blueprint("regulator", __name__, url_prefix="/regulator")
_ = lazy_gettext


@dataclass(frozen=True, slots=True)
class Page:
    """An entry of the navigation: `own` are the endpoints it is current for, `count` how much waits there."""

    label: Any
    endpoint: str
    own: tuple[str, ...] = ()
    count: Callable[[Session, Actor], int] | None = None


#: The navigation, in order. Endpoints are those of this blueprint.
PAGES = [
    Page(_("警示"), "alerts", ("alert", "assign", "resolve", "look_up"), lambda session, _actor: open_alerts(session)),
    Page(_("监管概览"), "compare"),
    Page(_("竞价规律"), "patterns", ("pattern",)),
    Page(_("冲突查询"), "conflicts", ("conflict", "lift")),
    Page(_("身份开封"), "unsealing"),
    Page(_("更正申请"), "corrections", ("decide_correction",)),
    Page(_("日志查询"), "journal", ("journal_entry",)),
    Page(_("待我批准"), "approvals", ("answer",), approvals_waiting),
    Page(_("腾空记录"), "clearance"),
    Page(_("拍辅机构"), "agencies"),
    Page(
        _("惩戒与信用"),
        "sanctions",
        ("sanction", "review_sanction", "answer_standing"),
        lambda session, _actor: waiting_reviews(session) + waiting_objections(session),
    ),
]


@blueprint.context_processor
def _navigation() -> dict[str, Any]:
    actor, endpoint = current_actor(), (request.endpoint or "").partition(".")[2]
    if actor is None or actor.role != "regulator":  # the page of a refusal
        return {"tabs": []}

    def tabs(session: Session) -> list[dict[str, Any]]:
        return [
            {
                "label": page.label,
                "href": url_for(f"regulator.{page.endpoint}"),
                "current": endpoint == page.endpoint or endpoint in page.own,
                "count": page.count(session, actor) if page.count else 0,
            }
            for page in PAGES
        ]

    return {"tabs": house().read(tabs)}
