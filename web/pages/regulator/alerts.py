"""The regulator's alerts: a list to sift, and each alert with its reasons and its resolution."""

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.models import Court
from bidding.queries.alerted import persons_behind
from bidding.queries.look_ups import look_ups_of
from bidding.services.alerted import Behind, look_up_persons
from risk.queries.alerts import AlertFilter, alert_dict, alert_kinds, alerts_page
from risk.services.alerts import assign_alert, resolve_alert

from ... import errors
from ...alert_words import kind_title, said_alert
from ...auth import house, me, policy
from ...journal_words import said_kind
from ...schemas.alerts import AlertQuery, PurposeIn, ResolutionIn
from .. import forms
from ..desk.court import attempt
from ..forms import Entry
from ..language import _, language
from .frame import blueprint

_PAGE_SIZE = 20
_FILTERS = ("status", "kind", "court", "assigned")


@blueprint.get("/")
@policy("alert.read")
def home() -> Any:
    """The first of the regulator's pages."""
    return redirect(url_for("regulator.alerts"))


@blueprint.get("/alerts")
@policy("alert.read")
def alerts() -> str:
    """The alerts that fit, the latest first; at first those that wait."""
    asked = {name: request.args.get(name, "open" if name == "status" and not request.args else "") for name in _FILTERS}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value}
    query = forms.load(AlertQuery(), given | {"page": request.args.get("page", "1"), "page_size": str(_PAGE_SIZE)})
    mine = me().id if query.pop("assigned", None) else None
    page, size = query.pop("page"), query.pop("page_size")
    items, total = house().read(alerts_page, AlertFilter(**query, assigned_to=mine), page=page, page_size=size)
    tongue = language()
    return render_template(
        "regulator/alerts.html",
        form=Entry(asked),
        items=[said_alert(item, tongue) for item in items],
        list={"page": page, "page_size": size, "total": total},
        kinds={kind: kind_title(kind, tongue) for kind in house().read(alert_kinds)},
        courts=house().read(_courts),
        link=lambda number: url_for("regulator.alerts", **given, page=number),
    )


def _courts(session: Session) -> dict[str, str]:
    return {court.code: court.name for court in session.scalars(select(Court).order_by(Court.code))}


@blueprint.get("/alerts/<alert_id>")
@policy("alert.read")
def alert(alert_id: str) -> str:
    """One alert."""
    return _page(alert_id, Entry())


def _page(alert_id: str, form: Entry, persons: Sequence[Behind] = ()) -> str:
    found = house().read(alert_dict, alert_id)
    if found is None:
        raise DomainError("not_found")
    return render_template(
        "regulator/alert.html",
        form=form,
        alert=said_alert(found, language()),
        courts=house().read(_courts),
        behind=house().read(persons_behind, found),
        persons=persons,
        looked=[one | {"title": said_kind(one["kind"], language())} for one in house().read(look_ups_of, found)],
    )


@blueprint.post("/alerts/<alert_id>/assignment")
@policy("alert.resolve")
def assign(alert_id: str) -> Any:
    """Take an alert over."""
    return attempt(
        lambda: house().perform(assign_alert, me(), alert_id),
        lambda form: _page(alert_id, form),
        (),
        lambda _done: url_for("regulator.alert", alert_id=alert_id),
        _("已由您处理。"),
    )


@blueprint.post("/alerts/<alert_id>/resolution")
@policy("alert.resolve")
def resolve(alert_id: str) -> Any:
    """Say what became of it."""

    def act() -> Any:
        payload, wrong = forms.read({"outcome": forms.text, "reason": forms.text})
        return house().perform(resolve_alert, me(), alert_id, **forms.load(ResolutionIn(), payload, wrong))

    return attempt(
        act,
        lambda form: _page(alert_id, form),
        ("outcome", "reason"),
        lambda _done: url_for("regulator.alert", alert_id=alert_id),
        _("处理结果已记录。"),
    )


@blueprint.post("/alerts/<alert_id>/persons")
@policy("alert.identify")
def look_up(alert_id: str) -> Any:
    """Show, this once, who stands behind the registrations; the look-up is kept on record."""
    payload, wrong = forms.read({"purpose": forms.text})
    try:
        data = forms.load(PurposeIn(), payload, wrong)
        persons = house().perform(look_up_persons, me(), alert_id, **data)
    except DomainError as error:
        if error.code in ("not_found", "unauthenticated", "fault"):
            raise
        return _page(alert_id, forms.refused(error, ("purpose",))), errors.status_of(error.code)
    return _page(alert_id, Entry(), persons)
