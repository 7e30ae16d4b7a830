"""The change feed: what a copy of the public data needs to keep up."""

from typing import Any

from flask import Response, jsonify

from bidding.queries.changes_feed import changes

from ..auth import house, policy
from ..schemas.open_data import ChangesOut, ChangesQuery
from .spec import Blueprint

blueprint = Blueprint("open_data", __name__, description="Open data")


@blueprint.get("/changes")
@policy("public.read")
@blueprint.arguments(ChangesQuery, location="query")
@blueprint.response(200, ChangesOut)
def list_changes(query: dict[str, Any]) -> Response:
    """What has changed of announced lots since a cursor: nothing is left out, and the order never changes."""
    return jsonify(house().read(changes, query["cursor"], query["page_size"]))
