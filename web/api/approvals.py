"""`/approvals`: what waits for a second pair of eyes (PRECISIONS 25)."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from auction.queries.approvals import approval_dict, approvals_of
from auction.services.approvals import vote
from bidding.services.approved import ACTS

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ApprovalAnswerIn, ApprovalListOut, ApprovalOut
from ..schemas.base import PageQuery
from .listing import listed
from .spec import Blueprint

blueprint = Blueprint("approvals", __name__, description="Acts that need several eyes")


@blueprint.get("/approvals")
@policy("approval.read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, ApprovalListOut)
def list_approvals(query: dict[str, Any]) -> Response:
    """The proposals that wait for the caller, oldest first."""
    return jsonify(listed(house().read(approvals_of, me()), query))


@blueprint.post("/approvals/<approval_id>")
@policy("approval.answer")
@blueprint.arguments(ApprovalAnswerIn)
@blueprint.response(200, ApprovalOut)
def answer(data: dict[str, Any], approval_id: str) -> Response:
    """Approve or refuse; the last approval needed carries the act out."""

    def give(unit: Unit) -> dict[str, Any]:
        approval = vote(unit, me(), approval_id, acts=ACTS, **data)
        return approval_dict(unit.session, approval)

    return jsonify(act(give))
