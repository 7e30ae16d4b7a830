"""What a lot costs its buyer in the end, line by line, at any price."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.errors import invalid
from auction.rules.calendar import shanghai_day
from bidding.queries.lot_page import asking_price
from disclosure.queries.sheets import asset_type_of, read_sheet
from disclosure.rules.cost_rates import load
from disclosure.rules.total_cost import total_cost

from .. import total_cost as told
from ..auth import current_actor, house, policy
from ..schemas.costs import TotalCostOut, TotalCostQuery
from .spec import Blueprint, language

blueprint = Blueprint("costs", __name__, description="What a lot costs")


@blueprint.get("/lots/<lot_id>/total-cost")
@policy("public.read")
@blueprint.arguments(TotalCostQuery, location="query")
@blueprint.response(200, TotalCostOut)
def get_total_cost(query: dict[str, Any], lot_id: str) -> Response:
    """Price, taxes by who owes them by law, arrears and repairs; what is unknown is null and never zero."""
    wired = house()
    sheet = wired.read(read_sheet, current_actor(), lot_id).sheet
    price = query.get("price_fen") or wired.read(asking_price, lot_id)
    if price is None:
        raise invalid("price_fen", "required")
    kind = wired.read(asset_type_of, lot_id)
    cost = total_cost(sheet, kind, price, shanghai_day(wired.now()), load())
    return jsonify(TotalCostOut().dump(told.reading(cost, language())))
