"""After an unsold round: debt-for-asset, the debtor's own sale, the return of the lot; groups of lots."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from auction.models import Approval, Lot, Taking
from auction.rules.ruleset import load
from bidding.queries.payments import payment_dict
from bidding.queries.unsold_view import (
    disposal_of,
    group_dict,
    group_resource,
    own_sale_dict,
    taking_dict,
    takings_of,
)
from bidding.services import groups, own_sales, takings
from bidding.services.returning import return_lot

from ..auth import house, me, policy
from ..idempotency import act
from ..paying import ask_difference
from ..schemas.bidding import Nothing, PaymentOut
from ..schemas.reneges import PartIn, ReasonIn
from ..schemas.unsold import (
    AwardIn,
    DisposalOut,
    LotGroupChangeIn,
    LotGroupIn,
    LotGroupOut,
    OwnSaleIn,
    OwnSaleOut,
    OwnSalePriceIn,
    ReturnIn,
    TakingIn,
    TakingOut,
    TakingsOut,
)
from .listing import created, proposed
from .spec import Blueprint

blueprint = Blueprint("unsold", __name__, description="After an unsold round")


def _question(auction_id: str, status: int = 200) -> Response:
    wired = house()
    response = jsonify(wired.read(takings_of, me(), auction_id, load(wired.settings.ruleset), wired.now()))
    response.status_code = status
    return response


@blueprint.get("/auctions/<auction_id>/takings")
@policy("taking.read")
@blueprint.response(200, TakingsOut)
def get_takings(auction_id: str) -> Response:
    """The creditors asked whether one takes the lot at the failed reserve, and their answers (SALE 16)."""
    return _question(auction_id)


def _taking(service: Callable[..., Taking], *args: str, **data: Any) -> dict[str, Any]:
    def do(unit: Unit) -> dict[str, Any]:
        return taking_dict(unit.session, service(unit, me(), *args, **data))

    return act(do)


@blueprint.post("/auctions/<auction_id>/takings")
@policy("taking.answer")
@blueprint.arguments(TakingIn)
@blueprint.response(201, TakingOut)
def create_taking(data: dict[str, Any], auction_id: str) -> Response:
    """Answer for a creditor: the court records it, or the creditor itself.

    It may be changed until the last day, or until lots are drawn. 202 with the approval it needs where a judge states
    another legal rank than that of the party's role: the answer is recorded at the rank it has.
    """

    def do(unit: Unit) -> dict[str, Any] | Approval:
        done = takings.answer(unit, me(), auction_id, **data)
        return done if isinstance(done, Approval) else taking_dict(unit.session, done)

    done = act(do)
    return proposed(done) if isinstance(done, Approval) else created(done)


@blueprint.post("/auctions/<auction_id>/takings/drawing")
@policy("auction.unsold")
@blueprint.arguments(Nothing)
@blueprint.response(201, TakingsOut)
def draw(_: dict[str, Any], auction_id: str) -> Response:
    """Draw lots among willing creditors of one rank; the seed committed to is published with it (SALE 16(2))."""
    act(takings.draw_lots, me(), auction_id)
    return _question(auction_id, 201)


@blueprint.post("/auctions/<auction_id>/takings/<taking_id>/award")
@policy("auction.unsold")
@blueprint.arguments(AwardIn)
@blueprint.response(200, TakingOut)
def award(data: dict[str, Any], auction_id: str, taking_id: str) -> Response:
    """Give the lot to the first in legal rank, or in the lots drawn; what its claim leaves of the price it pays in."""
    return jsonify(_taking(takings.award, auction_id, taking_id, **data))


@blueprint.post("/auctions/<auction_id>/takings/<taking_id>/refusal")
@policy("auction.unsold")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, TakingOut)
def refuse(data: dict[str, Any], auction_id: str, taking_id: str) -> Response:
    """Decide that a willing creditor cannot be given the lot."""
    return jsonify(_taking(takings.refuse, auction_id, taking_id, **data))


@blueprint.post("/auctions/<auction_id>/takings/<taking_id>/difference")
@policy("registration.own")
@blueprint.arguments(PartIn)
@blueprint.response(201, PaymentOut)
def ask_payment(data: dict[str, Any], auction_id: str, taking_id: str) -> Response:
    """The taker's payment of the difference, or of a part of it."""
    return created(payment_dict(ask_difference(me(), auction_id, taking_id, data.get("amount_fen"))))


@blueprint.post("/auctions/<auction_id>/takings/<taking_id>/lapse")
@policy("auction.unsold")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, TakingOut)
def lapse(data: dict[str, Any], auction_id: str, taking_id: str) -> Response:
    """The difference was not paid in time: what came of it goes back, the next creditor may take the lot."""
    return jsonify(_taking(takings.lapse, auction_id, taking_id, **data))


@blueprint.post("/auctions/<auction_id>/takings/<taking_id>/ruling")
@policy("auction.unsold")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, TakingOut)
def rule(data: dict[str, Any], auction_id: str, taking_id: str) -> Response:
    """Record the ruling by which the lot passes to its taker, once nothing is owed (SALE 20)."""
    return jsonify(_taking(takings.rule_taking, auction_id, taking_id, **data))


def _own_sale(service: Callable[..., Any], auction_id: str, data: dict[str, Any]) -> dict[str, Any]:
    def do(unit: Unit) -> dict[str, Any]:
        return own_sale_dict(service(unit, me(), auction_id, **data))

    return act(do)


@blueprint.post("/auctions/<auction_id>/own-sale")
@policy("auction.unsold")
@blueprint.arguments(OwnSaleIn)
@blueprint.response(201, OwnSaleOut)
def allow_own_sale(data: dict[str, Any], auction_id: str) -> Response:
    """Let the debtor sell the lot himself above the failed price; taking and further rounds wait meanwhile."""
    return created(_own_sale(own_sales.allow, auction_id, data))


@blueprint.post("/auctions/<auction_id>/own-sale/sale")
@policy("auction.unsold")
@blueprint.arguments(OwnSalePriceIn)
@blueprint.response(200, OwnSaleOut)
def record_own_sale(data: dict[str, Any], auction_id: str) -> Response:
    """Record that the debtor sold the lot and its price is in the court's account."""
    return jsonify(_own_sale(own_sales.record_sale, auction_id, data))


@blueprint.post("/auctions/<auction_id>/own-sale/end")
@policy("auction.unsold")
@blueprint.arguments(ReasonIn)
@blueprint.response(200, OwnSaleOut)
def end_own_sale(data: dict[str, Any], auction_id: str) -> Response:
    """End the debtor's own sale before its last day."""
    return jsonify(_own_sale(own_sales.end_early, auction_id, data))


@blueprint.post("/auctions/<auction_id>/return")
@policy("auction.unsold")
@blueprint.arguments(ReturnIn)
@blueprint.response(201, DisposalOut)
def create_return(data: dict[str, Any], auction_id: str) -> Response:
    """Decide what becomes of a lot nobody bought or takes: returned, or other measures (SALE 24, 25; CPLI 490)."""

    def decide(unit: Unit) -> dict[str, Any] | None:
        row = return_lot(unit, me(), auction_id, **data)
        return disposal_of(unit.session, unit.session.get_one(Lot, row.lot_id))

    return created(act(decide))


@blueprint.post("/lot-groups")
@policy("lot.group")
@blueprint.arguments(LotGroupIn)
@blueprint.response(201, LotGroupOut)
def create_group(data: dict[str, Any]) -> Response:
    """Put lots of a case into one group: no more of them are sold than claim and costs need (SALE 14)."""

    def make(unit: Unit) -> dict[str, Any]:
        return group_dict(unit.session, groups.make_group(unit, me(), **data))

    return created(act(make))


@blueprint.get("/lot-groups/<group_id>")
@policy("lot.group")
@blueprint.response(200, LotGroupOut)
def get_group(group_id: str) -> Response:
    """A group of lots, and what they brought."""
    return jsonify(house().read(group_resource, me(), group_id))


@blueprint.patch("/lot-groups/<group_id>")
@policy("lot.group")
@blueprint.arguments(LotGroupChangeIn)
@blueprint.response(200, LotGroupOut)
def change_group(data: dict[str, Any], group_id: str) -> Response:
    """Enter another claim, other costs, or whether the debtor agrees that all is sold."""

    def change(unit: Unit) -> dict[str, Any]:
        return group_dict(unit.session, groups.change_group(unit, me(), group_id, **data))

    return jsonify(house().perform(change))
