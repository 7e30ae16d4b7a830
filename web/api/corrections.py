"""Correcting personal data: one's own contact, asking for a correction of one's identity, deciding on one (PIPL 46)."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from bidding.queries.corrections import corrections_to_decide, own_corrections
from bidding.services.corrections import ask_correction, change_contact, decide_correction

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.base import PageQuery
from ..schemas.own_data import (
    ContactIn,
    ContactOut,
    CorrectionDecisionIn,
    CorrectionFiledOut,
    CorrectionIn,
    CorrectionListOut,
)
from .listing import created, listed
from .spec import Blueprint

blueprint = Blueprint("corrections", __name__, description="Correcting personal data")


@blueprint.put("/me/contact")
@policy("data.own")
@blueprint.arguments(ContactIn)
@blueprint.response(200, ContactOut)
def put_contact(data: dict[str, Any]) -> Response:
    """Change one's own phone, e-mail or address; what was there before is kept, sealed."""
    return jsonify(changed=house().perform(change_contact, me(), data))


@blueprint.get("/me/corrections")
@policy("data.own")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, CorrectionListOut)
def list_own(query: dict[str, Any]) -> Response:
    """One's own changes and requests, the latest first."""
    person_id = me().person_id or ""
    return jsonify(listed(house().read(own_corrections, house().vault, person_id), query))


@blueprint.post("/me/corrections")
@policy("data.own")
@blueprint.arguments(CorrectionIn)
@blueprint.response(201, CorrectionFiledOut)
def ask(data: dict[str, Any]) -> Response:
    """Ask for a correction of one's name or identity number, with proof; a clerk or a regulator decides."""

    def file(unit: Unit) -> dict[str, str]:
        row = ask_correction(unit, me(), **data)
        return {"id": row.id, "status": row.status}

    return created(act(file))


@blueprint.get("/corrections")
@policy("correction.decide")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, CorrectionListOut)
def list_waiting(query: dict[str, Any]) -> Response:
    """What waits for a decision; of who takes part in a sale nothing before it has ended (OJA 18(2))."""
    return jsonify(listed(house().read(corrections_to_decide, house().vault), query))


@blueprint.post("/corrections/<correction_id>")
@policy("correction.decide")
@blueprint.arguments(CorrectionDecisionIn)
@blueprint.response(200, CorrectionFiledOut)
def decide(data: dict[str, Any], correction_id: str) -> Response:
    """Decide on a correction; the person is told."""

    def settle(unit: Unit) -> dict[str, str]:
        row = decide_correction(unit, me(), correction_id, **data)
        return {"id": row.id, "status": row.status}

    return jsonify(act(settle))
