"""Outages and offers turned away, for everybody."""

from flask import Response, jsonify

from bidding.queries.outages import incidents

from ..auth import house, policy
from ..schemas.incidents import IncidentsOut
from .spec import Blueprint

blueprint = Blueprint("incidents", __name__, description="Disturbances of the platform")


@blueprint.get("/incidents")
@policy("public.read")
@blueprint.response(200, IncidentsOut)
def list_incidents() -> Response:
    """When nobody could bid, which sales that touched and what it did to them; and offers that were turned away."""
    return jsonify(house().read(incidents))
