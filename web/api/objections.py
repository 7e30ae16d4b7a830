"""Objections to a sale (OJA 36): filing, receiving, deciding, the review. Nothing here is public."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from auction.models import Approval
from bidding.models import SaleObjection
from bidding.queries.objections import court_objections, objection_dict, own_objection, own_objections
from bidding.services import objections

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ProposedOut
from ..schemas.base import PageQuery
from ..schemas.bidding import Nothing
from ..schemas.objections import (
    CourtObjectionsOut,
    ObjectionDecisionIn,
    ObjectionIn,
    ObjectionReviewIn,
    ObjectionsOut,
    ReviewRecordIn,
    SaleObjectionOut,
    SuitEndIn,
    SuitIn,
)
from .listing import created, listed, proposed
from .spec import Blueprint

blueprint = Blueprint("objections", __name__, description="Objections to a sale")


def _done(service: Callable[..., SaleObjection], *args: Any, **data: Any) -> dict[str, Any]:
    """Do something to an objection; answers it as it is then."""

    def perform(unit: Unit) -> dict[str, Any]:
        row = service(unit, me(), *args, **data)
        unit.session.flush()
        return objection_dict(unit.session, row, unit.now)

    found: dict[str, Any] = act(perform)
    return found


@blueprint.post("/auctions/<auction_id>/objections")
@policy("objection.file")
@blueprint.arguments(ObjectionIn)
@blueprint.response(201, SaleObjectionOut)
def file_objection(data: dict[str, Any], auction_id: str) -> Response:
    """Object to a sale, or claim the lot. The answer says by when the court decides."""
    return created(_done(objections.file_objection, auction_id, **data))


@blueprint.get("/auctions/<auction_id>/objections")
@policy("objection.read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, CourtObjectionsOut)
def list_objections(query: dict[str, Any], auction_id: str) -> Response:
    """The objections to a sale, for its court, with who objects."""
    wired = house()
    found = wired.read(court_objections, wired.vault, me(), auction_id, wired.now())
    return jsonify(listed(found, query))


@blueprint.get("/me/objections")
@policy("objection.file")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, ObjectionsOut)
def list_my_objections(query: dict[str, Any]) -> Response:
    """My objections, the latest first."""
    wired = house()
    return jsonify(listed(wired.read(own_objections, me().id, wired.now()), query))


@blueprint.get("/objections/<objection_id>")
@policy("objection.file")
@blueprint.response(200, SaleObjectionOut)
def get_objection(objection_id: str) -> Response:
    """An own objection."""
    wired = house()
    return jsonify(wired.read(own_objection, me(), objection_id, wired.now()))


@blueprint.post("/objections/<objection_id>/receipt")
@policy("objection.receive")
@blueprint.arguments(Nothing)
@blueprint.response(200, SaleObjectionOut)
def receive(_: dict[str, Any], objection_id: str) -> Response:
    """A judge has received it: an outsider's claim stops the sale at once (OJA 36(2))."""
    return jsonify(_done(objections.receive_objection, objection_id))


@blueprint.post("/objections/<objection_id>/decision")
@policy("objection.decide")
@blueprint.arguments(ObjectionDecisionIn)
@blueprint.response(202, ProposedOut)
def decide(data: dict[str, Any], objection_id: str) -> Response:
    """Propose the decision; a panel of judges whose own acts are not objected to decides (OBJ 11)."""
    approval: Approval = act(objections.propose_decision, me(), objection_id, **data)
    return proposed(approval)


@blueprint.post("/objections/<objection_id>/review")
@policy("objection.file")
@blueprint.arguments(ObjectionReviewIn)
@blueprint.response(201, SaleObjectionOut)
def ask_for_review(data: dict[str, Any], objection_id: str) -> Response:
    """Ask the higher court to review the decision on one's objection (CPL 236)."""
    return created(_done(objections.ask_for_review, objection_id, **data))


@blueprint.post("/objections/<objection_id>/review-extension")
@policy("objection.record")
@blueprint.arguments(Nothing)
@blueprint.response(200, SaleObjectionOut)
def extend_review(_: dict[str, Any], objection_id: str) -> Response:
    """Record that the higher court extended its time (EXEC 8)."""
    return jsonify(_done(objections.extend_review, objection_id))


@blueprint.post("/objections/<objection_id>/review-decision")
@policy("objection.record")
@blueprint.arguments(ReviewRecordIn)
@blueprint.response(200, SaleObjectionOut)
def record_review(data: dict[str, Any], objection_id: str) -> Response:
    """Record what the higher court decided."""
    return jsonify(_done(objections.record_review, objection_id, **data))


@blueprint.post("/objections/<objection_id>/suit")
@policy("objection.record_suit")
@blueprint.arguments(SuitIn)
@blueprint.response(200, SaleObjectionOut)
def record_suit(data: dict[str, Any], objection_id: str) -> Response:
    """Record that the outsider whose claim was rejected has sued in time: the lot is kept meanwhile (CPLI 313)."""
    return jsonify(_done(objections.record_suit, objection_id, **data))


@blueprint.post("/objections/<objection_id>/suit-end")
@policy("objection.record_suit")
@blueprint.arguments(SuitEndIn)
@blueprint.response(200, SaleObjectionOut)
def end_suit(data: dict[str, Any], objection_id: str) -> Response:
    """Record how the outsider's suit ended."""
    return jsonify(_done(objections.end_suit, objection_id, **data))
