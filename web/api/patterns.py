"""`/auctions/{id}/patterns`: what the bids of an ended auction looked like."""

from flask import Response, jsonify

from bidding.queries.patterns import patterns_of

from ..alert_words import said_reasons
from ..auth import house, policy
from ..schemas.patterns import PatternsOut
from .spec import Blueprint, language

blueprint = Blueprint("patterns", __name__, description="Patterns of bidding, after the end")


@blueprint.get("/auctions/<auction_id>/patterns")
@policy("pattern.read")
@blueprint.response(200, PatternsOut)
def get_patterns(auction_id: str) -> Response:
    """Findings per bidder code, and pairs, once the auction has ended; before that `wrong_state` (OJA 8(2))."""
    found = house().read(patterns_of, auction_id)
    findings = [{**one, "reasons": said_reasons(one["reasons"], language())} for one in found["findings"]]
    return jsonify({**found, "findings": findings})
