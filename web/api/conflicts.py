"""The interest bar at the door: a regulator's look-up, lifting a hit, the applicant's remedy, revoking a held sale."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from bidding.services import lifting, revocation

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ProposedOut
from ..schemas.conflicts import (
    ConflictsOut,
    HitLiftingIn,
    PurposeQuery,
    ReviewAskedOut,
    ReviewIn,
    SaleRevocationIn,
)
from .listing import created, proposed
from .spec import Blueprint

blueprint = Blueprint("conflicts", __name__, description="The interest bar")


@blueprint.get("/bidders/<bidder_id>/conflicts/<lot_id>")
@policy("conflict.read")
@blueprint.arguments(PurposeQuery, location="query")
@blueprint.response(200, ConflictsOut)
def get_conflicts(query: dict[str, str], bidder_id: str, lot_id: str) -> Response:
    """Why a bidder is barred from a lot: each chain with its sources. The look-up and its purpose are journaled.

    Before the end only for who was refused or is held for the bar, or was barred meanwhile and asked for a review;
    everybody else is not found.
    """
    return jsonify(house().perform(lifting.look_up_conflicts, me(), bidder_id, lot_id, query["purpose"]))


@blueprint.post("/bidders/<bidder_id>/conflicts/<lot_id>/lifting")
@policy("conflict.lift")
@blueprint.arguments(HitLiftingIn)
@blueprint.response(202, ProposedOut)
def lift(data: dict[str, str], bidder_id: str, lot_id: str) -> Response:
    """Propose to lift one mistaken hit; another regulator approves. Every other hit stands."""
    return proposed(act(lifting.propose_lifting, me(), bidder_id, lot_id, **data))


@blueprint.post("/registrations/<registration_id>/review")
@policy("registration.own")
@blueprint.arguments(ReviewIn)
@blueprint.response(201, ReviewAskedOut)
def ask_review(data: dict[str, str], registration_id: str) -> Response:
    """Ask for a review of an own refusal for the interest bar; while bidding runs it tells the regulator who asks."""
    review = act(lifting.ask_review, me(), registration_id, data["text"])
    return created({"id": review.id, "at": iso(review.at)})


@blueprint.post("/auctions/<auction_id>/revocation")
@policy("auction.revoke")
@blueprint.arguments(SaleRevocationIn)
@blueprint.response(202, ProposedOut)
def revoke(data: dict[str, Any], auction_id: str) -> Response:
    """Propose to revoke a sale: on a ground of OJA 31, or held for a barred winner. Its panel's majority decides."""
    return proposed(act(revocation.propose_revocation, me(), auction_id, **data))
