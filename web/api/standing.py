"""`/me/standing` and what becomes of an objection to an entry of it."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from auction.rules.ruleset import load
from bidding.queries import registrations
from bidding.queries.standing import buyer_record
from bidding.services.standing import answer_objection
from risk.models import StandingObjection
from risk.queries.standing import Contested, Record, contested, own_record
from risk.services.standing import object_to_entry

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.base import PageQuery
from ..schemas.standing import (
    BuyerStandingOut,
    ContestedListOut,
    GroundsIn,
    ObjectionOut,
    StandingAnswerIn,
    StandingOut,
)
from .listing import created, listed
from .spec import Blueprint

blueprint = Blueprint("standing", __name__, description="The record of a bidder")


@blueprint.get("/me/standing")
@policy("standing.own")
@blueprint.response(200, StandingOut)
def get_standing() -> Response:
    """What is on record of me as a bidder: the points, and every entry with its reason."""
    wired, actor = house(), me()
    counts = wired.read(registrations.standing, actor.id)
    return jsonify(counts | _record(wired.read(own_record, _rules(), actor.person_id or "", wired.now())))


def _rules() -> Any:
    return load(house().settings.ruleset)


def _record(record: Record) -> dict[str, Any]:
    return {
        "score": {
            "points": record.score.points,
            "start": record.scale.start,
            "most": record.scale.most,
            "half_life_days": record.scale.half_life.days,
        },
        "entries": [
            {
                "id": one.entry.id,
                "kind": one.entry.kind,
                "at": iso(one.entry.at),
                "auction_id": one.entry.auction_id,
                "lot_id": one.lot_id,
                "title": one.title,
                "facts": one.entry.facts,
                "full": one.line.full,
                "points": one.line.points,
                "state": one.line.state,
                "objection": _objection(one.objection) if one.objection is not None else None,
            }
            for one in record.entries
        ],
    }


def _objection(objection: StandingObjection) -> dict[str, Any]:
    return {
        "id": objection.id,
        "entry_id": objection.entry_id,
        "grounds": objection.grounds,
        "status": objection.status,
        "filed_at": iso(objection.filed_at),
        "due_at": iso(objection.due_at),
        "reason": objection.reason,
        "answered_at": iso(objection.answered_at) if objection.answered_at else None,
    }


@blueprint.post("/me/standing/<entry_id>/objections")
@policy("standing.own")
@blueprint.arguments(GroundsIn)
@blueprint.response(201, ObjectionOut)
def object_to(data: dict[str, Any], entry_id: str) -> Response:
    """Contest an entry of the own record; until it is answered the entry counts only in part."""
    return created(_objection(act(object_to_entry, me(), entry_id, data["grounds"])))


@blueprint.get("/standing/objections")
@policy("standing.answer")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, ContestedListOut)
def list_objections(query: dict[str, Any]) -> Response:
    """The objections that wait for the court, or for the regulator those of all courts; the most urgent first."""
    return jsonify(listed([_contested(one) for one in house().read(contested, me().court_code)], query))


def _contested(one: Contested) -> dict[str, Any]:
    return {
        "id": one.objection.id,
        "entry_id": one.entry.id,
        "court": one.objection.court_code,
        "kind": one.entry.kind,
        "auction_id": one.entry.auction_id,
        "title": one.title,
        "facts": one.entry.facts,
        "grounds": one.objection.grounds,
        "filed_at": iso(one.objection.filed_at),
        "due_at": iso(one.objection.due_at),
    }


@blueprint.post("/standing/objections/<objection_id>/answer")
@policy("standing.answer")
@blueprint.arguments(StandingAnswerIn)
@blueprint.response(200, ObjectionOut)
def answer(data: dict[str, Any], objection_id: str) -> Response:
    """Answer an objection: a judge of the court of that sale, or a regulator; never who declared what it is about."""
    return jsonify(_objection(act(answer_objection, me(), objection_id, **data)))


@blueprint.get("/auctions/<auction_id>/buyer-standing")
@policy("standing.read")
@blueprint.response(200, BuyerStandingOut)
def get_buyer_standing(auction_id: str) -> Response:
    """The buyer's record, for the court of a sale that has ended; it informs and decides nothing."""
    record = house().read(buyer_record, _rules(), me(), auction_id, house().now())
    return jsonify({"auction_id": auction_id} | _record(record))
