"""The sandbox: payments that only pretend, and a clock that can be moved forward. Not routed anywhere else."""

from datetime import timedelta
from typing import Any

from flask import Response, current_app, jsonify

from auction.kernel.clock import iso
from bidding.queries.payments import payment_dict

from ..auth import house, policy
from ..gateway import notice_from_json
from ..idempotency import act
from ..paying import sandbox_gateway, take_notice
from ..schemas.bidding import ClockIn, ClockOut, PaymentOut, SimulatedPaymentIn
from ..timekeeping import advance
from .spec import Blueprint

blueprint = Blueprint("sandbox", __name__, description="Sandbox only")


@blueprint.post("/sandbox/payments/<payment_id>")
@policy("sandbox.pay")
@blueprint.arguments(SimulatedPaymentIn)
@blueprint.response(200, PaymentOut)
def pay(data: dict[str, Any], payment_id: str) -> Response:
    """Let a payment arrive, or fail, as the gateway would tell it."""
    told = notice_from_json({"id": "-", "payment_id": payment_id, **data})
    notice = sandbox_gateway().notice(
        payment_id,
        outcome=told.outcome,
        amount_fen=told.amount_fen,
        payer_name=told.payer_name,
        payer_id_number=told.payer_id_number,
        payer_account=told.payer_account,
    )
    return jsonify(payment_dict(take_notice(notice)))


@blueprint.get("/sandbox/clock")
@policy("public.read")
@blueprint.response(200, ClockOut)
def get_clock() -> Response:
    """The platform's time."""
    return _clock()


@blueprint.post("/sandbox/clock")
@policy("sandbox.clock")
@blueprint.arguments(ClockIn)
@blueprint.response(200, ClockOut)
def move_clock(data: dict[str, Any]) -> Response:
    """Move the platform's clock forward in every process; what falls due on the way is done before this answers."""
    act(lambda _: None)  # a key is claimed before the clock moves: due acts are transactions of their own
    advance(house(), data["advance_seconds"], current_app.extensions["beside"])
    return _clock()


def _clock() -> Response:
    wired = house()
    offset = wired.offset()
    whole = offset % timedelta(seconds=1) == timedelta(0)
    seconds = offset // timedelta(seconds=1) if whole else offset.total_seconds()
    return jsonify({"now": iso(wired.clock.machine() + offset), "offset_seconds": seconds})
