"""`/alerts`: what the regulator should look at, and what became of it."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from bidding.queries.look_ups import look_ups_of
from bidding.services.alerted import look_up_persons
from risk.models import Alert
from risk.queries.alerts import AlertFilter, alert_dict, alerts_page
from risk.services.alerts import assign_alert, resolve_alert

from ..alert_words import said_alert
from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.alerts import (
    AlertListOut,
    AlertOut,
    AlertQuery,
    AssignmentIn,
    BehindListOut,
    OneAlertOut,
    PurposeIn,
    ResolutionIn,
)
from .listing import listed
from .spec import Blueprint, language

blueprint = Blueprint("alerts", __name__, description="Alerts to the regulator")


@blueprint.get("/alerts")
@policy("alert.read")
@blueprint.arguments(AlertQuery, location="query")
@blueprint.response(200, AlertListOut)
def list_alerts(query: dict[str, Any]) -> Response:
    """Alerts, the latest first; before the end of an auction without anything that leads to a person."""
    page, size = query.pop("page"), query.pop("page_size")
    mine = me().id if query.pop("assigned", None) else None
    wanted = AlertFilter(**query, assigned_to=mine)
    items, total = house().read(alerts_page, wanted, page=page, page_size=size)
    shown = [said_alert(item, language()) for item in items]
    return jsonify({"items": shown, "page": page, "page_size": size, "total": total})


@blueprint.get("/alerts/<alert_id>")
@policy("alert.read")
@blueprint.response(200, OneAlertOut)
def get_alert(alert_id: str) -> Response:
    """One alert."""
    found = house().read(alert_dict, alert_id)
    if found is None:
        raise DomainError("not_found")
    return jsonify(said_alert(found, language()) | {"look_ups": house().read(look_ups_of, found)})


@blueprint.post("/alerts/<alert_id>/assignment")
@policy("alert.resolve")
@blueprint.arguments(AssignmentIn)
@blueprint.response(200, AlertOut)
def assign(data: dict[str, Any], alert_id: str) -> Response:
    """Give an alert to a regulator, or take it over."""
    return jsonify(act(lambda unit: _after(unit, assign_alert(unit, me(), alert_id, **data))))


@blueprint.post("/alerts/<alert_id>/resolution")
@policy("alert.resolve")
@blueprint.arguments(ResolutionIn)
@blueprint.response(200, AlertOut)
def resolve(data: dict[str, Any], alert_id: str) -> Response:
    """Say what became of an alert."""
    return jsonify(act(lambda unit: _after(unit, resolve_alert(unit, me(), alert_id, **data))))


@blueprint.post("/alerts/<alert_id>/persons")
@policy("alert.identify")
@blueprint.arguments(PurposeIn)
@blueprint.response(200, BehindListOut)
def look_up(data: dict[str, Any], alert_id: str) -> Response:
    """Who stands behind the registrations of an alert, after the end; the look-up is kept on record."""
    found = house().perform(look_up_persons, me(), alert_id, **data)  # not `act`: no name is kept with a key
    items = [
        {
            "registration_id": one.registration_id,
            "bidder_code": one.code,
            "part": one.part,
            "name": one.name,
            "id_type": one.id_type,
            "masked_number": one.masked_number,
        }
        for one in found
    ]
    return jsonify(listed(items))


def _after(unit: Unit, alert: Alert) -> dict[str, Any]:
    unit.session.flush()
    found = alert_dict(unit.session, alert.id)
    assert found is not None  # noqa: S101 - it is there, and locked
    return said_alert(found, language())
