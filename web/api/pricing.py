"""The steps to a reference price, for the lot's court."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from auction.queries.pricing import price_lead
from auction.rules.pricing import Lead
from auction.rules.ruleset import load
from auction.services.pricing import take_price_step
from disclosure.queries.sheets import require_drafts

from .. import errors
from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.pricing import LeadOut, PriceStepIn
from .listing import created
from .spec import Blueprint, language

blueprint = Blueprint("pricing", __name__, description="The steps to a reference price")


@blueprint.get("/lots/<lot_id>/price-steps")
@policy("lot.read_draft")
@blueprint.response(200, LeadOut)
def get_price_steps(lot_id: str) -> Response:
    """Where the four methods stand, what may be tried now, what is due, and what the results come to."""
    house().read(require_drafts, me(), lot_id)
    return jsonify(_lead(house().read(price_lead, lot_id, load(house().settings.ruleset))))


@blueprint.post("/lots/<lot_id>/price-steps")
@policy("lot.edit")
@blueprint.arguments(PriceStepIn)
@blueprint.response(201, LeadOut)
def create_price_step(data: dict[str, Any], lot_id: str) -> Response:
    """Record a step as it is taken; out of the order of the law it is refused."""

    def take(unit: Unit) -> dict[str, Any]:
        take_price_step(unit, me(), lot_id, **data)
        unit.session.flush()
        return _lead(price_lead(unit.session, lot_id, load(unit.settings.ruleset)))

    return created(act(take))


def _lead(found: Lead) -> dict[str, Any]:
    return {
        "methods": [
            {
                "method": each.method.value,
                "state": each.state,
                "reason": each.reason,
                "due_on": each.due.last_day.isoformat() if each.due else None,
                "provisional": each.due.provisional if each.due else False,
                "basis": errors.cited(each.basis, language()),
                "results": len(each.results),
                "left_out": [
                    {"source": one.source, "amount_fen": one.amount_fen, "reported_on": str(one.reported_on)}
                    for one in each.late
                ],
            }
            for each in found.methods
        ],
        "method": found.method.value if found.method else None,
        "amount_fen": found.amount_fen,
        "serve_by": found.serve_by.last_day.isoformat() if found.serve_by else None,
        "steps": [
            {
                "id": step.id,
                "code": step.code,
                "on": step.on.isoformat(),
                "detail": step.detail,
                "source": step.source,
                "amount_fen": step.amount_fen,
            }
            for step in found.steps
        ],
    }
