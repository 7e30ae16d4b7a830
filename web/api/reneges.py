"""A buyer who does not pay: the debt, the declaration, objections, the use of the deposit, top-up orders."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from auction.models import Approval
from bidding.queries.auctions import auction_resource
from bidding.queries.payments import payment_dict
from bidding.queries.renege_view import debt_of, objection_dict
from bidding.services import allocation, renege, renege_objections

from ..auth import house, me, policy
from ..idempotency import act
from ..paying import ask_top_up
from ..schemas.approvals import ProposedOut
from ..schemas.bidding import PaymentOut
from ..schemas.public import AuctionOut
from ..schemas.reneges import (
    AllocationIn,
    DebtOut,
    PartIn,
    ReasonIn,
    RenegeIn,
    RenegeObjectionIn,
    RenegeObjectionOut,
    RevocationIn,
    TopUpIn,
)
from .listing import created, proposed
from .spec import Blueprint

blueprint = Blueprint("reneges", __name__, description="A buyer who does not pay")


@blueprint.get("/auctions/<auction_id>/renege")
@policy("renege.read")
@blueprint.response(200, DebtOut)
def get_debt(auction_id: str) -> Response:
    """What the buyer owes and until when, and what became of it: for the buyer and the court."""
    return _debt(auction_id)


def _debt(auction_id: str, status: int = 200) -> Response:
    wired = house()
    response = jsonify(wired.read(debt_of, me(), auction_id, wired.now()))
    response.status_code = status
    return response


@blueprint.post("/auctions/<auction_id>/renege")
@policy("auction.renege")
@blueprint.arguments(RenegeIn)
@blueprint.response(201, AuctionOut)
@blueprint.alt_response(202, schema=ProposedOut, description="Waits for a second judge")
def declare(data: dict[str, Any], auction_id: str) -> Response:
    """Declare that the buyer reneged, once the grace is over. With factors of malice: a proposal."""
    done = act(renege.declare, me(), auction_id, **data)
    if isinstance(done, Approval):
        return proposed(done)
    wired = house()
    return created(wired.read(auction_resource, auction_id, wired.now(), me()))


@blueprint.post("/auctions/<auction_id>/renege/objections")
@policy("renege.object")
@blueprint.arguments(RenegeObjectionIn)
@blueprint.response(201, RenegeObjectionOut)
def object_to(data: dict[str, Any], auction_id: str) -> Response:
    """Object to the declaration: the buyer, or somebody the buyer stands for. The answer says when it is decided."""

    def file(unit: Unit) -> dict[str, Any]:
        return objection_dict(renege_objections.file_objection(unit, me(), auction_id, **data))

    return created(act(file))


@blueprint.post("/auctions/<auction_id>/renege/objections/<objection_id>/rejection")
@policy("auction.renege")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, RenegeObjectionOut)
def reject(data: dict[str, Any], auction_id: str, objection_id: str) -> Response:
    """Reject an objection: a judge other than the one who declared."""

    def decide(unit: Unit) -> dict[str, Any]:
        return objection_dict(
            renege_objections.reject_objection(unit, me(), auction_id, objection_id, reason=data["reason"])
        )

    return jsonify(act(decide))


@blueprint.post("/auctions/<auction_id>/renege/revocation")
@policy("auction.renege")
@blueprint.arguments(RevocationIn)
@blueprint.response(202, ProposedOut)
def revoke(data: dict[str, Any], auction_id: str) -> Response:
    """Propose to accept an objection and revoke the declaration; a second judge approves."""
    return proposed(act(renege_objections.propose_revocation, me(), auction_id, **data))


def _then_debt(service: Callable[..., Any], auction_id: str, status: int = 200, **data: Any) -> Response:
    act(service, me(), auction_id, **data)
    return _debt(auction_id, status)


@blueprint.put("/auctions/<auction_id>/allocation")
@policy("auction.renege")
@blueprint.arguments(AllocationIn)
@blueprint.response(200, DebtOut)
def enter_allocation(data: dict[str, Any], auction_id: str) -> Response:
    """Enter costs and debts that the forfeited deposit is to serve; the answer shows the lines it gives."""
    return _then_debt(allocation.enter_allocation, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/allocation/decision")
@policy("auction.renege")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, DebtOut)
def decide_allocation(data: dict[str, Any], auction_id: str) -> Response:
    """Put the forfeited deposit to its use, for good."""
    return _then_debt(allocation.decide_allocation, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/top-up")
@policy("auction.renege")
@blueprint.arguments(TopUpIn)
@blueprint.response(201, DebtOut)
def order_top_up(data: dict[str, Any], auction_id: str) -> Response:
    """Order the buyer to make up costs and shortfall beyond the deposit (SALE 22(2)): the court's choice."""
    return _then_debt(allocation.order_top_up, auction_id, 201, **data)


@blueprint.post("/auctions/<auction_id>/top-up/enforcement")
@policy("auction.renege")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, DebtOut)
def enforce_top_up(data: dict[str, Any], auction_id: str) -> Response:
    """Record that an order not paid in time goes to compulsory enforcement."""
    return _then_debt(allocation.enforce_top_up, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/top-up/enforcement-end")
@policy("auction.renege")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, DebtOut)
def give_up_top_up(data: dict[str, Any], auction_id: str) -> Response:
    """Record that enforcement ended in vain: the rest is asked no more, and who reneged earlier stands in for it."""
    return _then_debt(allocation.give_up_top_up, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/top-up/cancellation")
@policy("auction.renege")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, DebtOut)
def cancel_top_up(data: dict[str, Any], auction_id: str) -> Response:
    """Take an order back on which nothing was paid."""
    return _then_debt(allocation.cancel_top_up, auction_id, **data)


@blueprint.post("/auctions/<auction_id>/top-up/payment")
@policy("registration.own")
@blueprint.arguments(PartIn)
@blueprint.response(201, PaymentOut)
def pay_top_up(data: dict[str, Any], auction_id: str) -> Response:
    """Ask where to pay what a top-up order asks, or a part of it: for the buyer who reneged."""
    return created(payment_dict(ask_top_up(me(), auction_id, data.get("amount_fen"))))
