"""The payment gateway's door: signed notices of payments, each taken once."""

from flask import Response, jsonify, request

from ..auth import house, policy
from ..gateway import SIGNATURE_HEADER, notice_from_body, verify
from ..paying import take_notice
from ..schemas.bidding import NoticeIn, NoticeOut
from .spec import Blueprint

blueprint = Blueprint("gateway", __name__, description="The payment gateway")


@blueprint.post("/gateway/notifications")
@policy("gateway.notify")
@blueprint.doc(
    parameters=[
        {
            "in": "header",
            "name": SIGNATURE_HEADER,
            "required": True,
            "schema": {"type": "string"},
            "description": "t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, t + '.' + body)>",
        }
    ],
    requestBody={"required": True, "content": {"application/json": {"schema": NoticeIn}}},
)
@blueprint.response(200, NoticeOut)
def take_notification() -> Response:
    """Take a notice. Its signature is checked before anything else is looked at."""
    wired = house()
    body = request.get_data()
    verify(wired.settings.gateway_secret, request.headers.get(SIGNATURE_HEADER), body, wired.clock.machine())
    payment = take_notice(notice_from_body(body))
    return jsonify({"payment_id": payment.id, "status": payment.status})
