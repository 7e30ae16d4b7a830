"""The risk of a lot: how hard it will be to clear, with the reasons; and the court's plan to clear it."""

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.rules.ruleset import load
from bidding.queries.kept import Part, version_tag
from disclosure.queries.clearance import read_clearance, read_plan
from disclosure.services.clearance import put_plan
from risk.models import ClearancePlan, ValuationModel
from risk.queries import clearance as kept
from risk.queries.valuation import estimate_of, model_named

from .. import clearance, valuation
from ..auth import current_actor, house, me, policy
from ..schemas.risk import ClearancePlanIn, ClearancePlanOut, RiskOut
from .listing import tagged, written
from .spec import Blueprint, language

blueprint = Blueprint("risk", __name__, description="The risk of a lot")


@blueprint.get("/lots/<lot_id>/risk")
@policy("public.read")
@blueprint.response(200, RiskOut)
def get_risk(lot_id: str) -> Response:
    """What a lot may be worth, and how hard it will be to clear: band, score and every reason."""
    wired = house()
    ruleset = load(wired.settings.ruleset)
    read = wired.read(read_clearance, current_actor(), lot_id, ruleset)
    worth = wired.read(_worth, lot_id)
    told = RiskOut().dump({"valuation": worth, "clearance": clearance.reading(read, language())})
    return jsonify(told)


def _worth(session: Session, lot_id: str) -> dict[str, Any] | None:
    estimate = estimate_of(session, lot_id)
    model = session.get(ValuationModel, estimate.model_id) if estimate else None
    return valuation.reading(estimate, model, language())


@blueprint.get("/valuation/models/<model_id>")
@policy("public.read")
@blueprint.response(200, {"type": "object"})
def get_model(model_id: str) -> Response:
    """The card of a valuation model: its data, split, errors and coverage, and its limits."""
    model = house().read(model_named, model_id)
    return jsonify(valuation.card(model, language()))


@blueprint.get("/clearance/report")
@policy("public.read")
@blueprint.response(200, {"type": "object"})
def get_report() -> Response:
    """How many lots were cleared by the day promised, by band and by court, and what that says of the card."""
    wired = house()
    report = wired.read(kept.report, load(wired.settings.ruleset))
    return jsonify(clearance.report_data(report, language()))


@blueprint.put("/lots/<lot_id>/clearance-plan")
@policy("lot.edit")
@blueprint.arguments(ClearancePlanIn)
@blueprint.response(200, ClearancePlanOut)
def put_clearance_plan(data: dict[str, Any], lot_id: str) -> Response:
    """Write the plan to clear a lot: who answers for it, the steps, the day promised, the resources.

    With `If-Match` only if it still has the tag named there.
    """
    plan, tag = written(Part("plan", lot_id), put_plan, lot_id, **data)
    return tagged(_plan(lot_id, plan), tag)


@blueprint.get("/lots/<lot_id>/clearance-plan")
@policy("lot.read_draft")
@blueprint.response(200, ClearancePlanOut)
def get_clearance_plan(lot_id: str) -> Response:
    """The plan in force, for the lot's court and agencies; version 0 where there is none."""
    plan = house().read(read_plan, me(), lot_id)
    return tagged(_plan(lot_id, plan), version_tag(plan))


def _plan(lot_id: str, plan: ClearancePlan | None) -> dict[str, Any]:
    return {
        "lot_id": lot_id,
        "version": plan.version if plan else 0,
        "owner": plan.owner if plan else "",
        "promised_on": plan.promised_on.isoformat() if plan else None,
        "steps": plan.steps if plan else [],
        "resources": plan.resources if plan else "",
        "at": iso(plan.at) if plan else None,
    }
