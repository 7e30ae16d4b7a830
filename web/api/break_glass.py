"""Break-glass at the door: proposing to open one identity before the end, and looking at it once it is approved."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from auction.rules.ruleset import load
from bidding.queries.break_glass import openings
from bidding.services.break_glass import open_identity, propose_opening

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ProposedOut
from ..schemas.bidding import Nothing
from ..schemas.break_glass import OpenedOut, OpeningIn, OpeningListOut, OpeningsQuery
from .listing import listed, proposed
from .spec import Blueprint

blueprint = Blueprint("break_glass", __name__, description="An identity before the end: two persons, a short time")


@blueprint.post("/auctions/<auction_id>/identities")
@policy("identity.open")
@blueprint.arguments(OpeningIn)
@blueprint.response(202, ProposedOut)
def propose(data: dict[str, str], auction_id: str) -> Response:
    """Propose to open the identity behind one bidder code before the end; a regulator approves."""
    return proposed(act(propose_opening, me(), auction_id, **data))


@blueprint.get("/identities")
@policy("identity.openings")
@blueprint.arguments(OpeningsQuery, location="query")
@blueprint.response(200, OpeningListOut)
def list_openings(query: dict[str, Any]) -> Response:
    """What was proposed, the latest first: a court's member sees his court's, a regulator all. Never an identity."""
    numbers, auction_id = load(house().settings.ruleset), query.pop("auction_id", None)
    return jsonify(listed(house().read(openings, me(), numbers, house().now(), auction_id), query))


@blueprint.post("/identities/<approval_id>")
@policy("identity.open")
@blueprint.arguments(Nothing)
@blueprint.response(200, OpenedOut)
def look(data: dict[str, Any], approval_id: str) -> Response:
    """Who stands behind the code, for the judge who proposed it, while the approval lasts. Each look is journaled.

    The answer is kept under no Idempotency-Key: a name is nowhere in the clear.
    """
    found = house().perform(open_identity, me(), approval_id)
    people = [
        {"part": one.part, "name": one.name, "id_type": one.id_type, "masked_number": one.masked_number}
        for one in found.people
    ]
    return jsonify(bidder_code=found.bidder_code, until=iso(found.until), people=people)
