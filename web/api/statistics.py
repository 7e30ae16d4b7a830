"""Statistics of closed sales, for everybody."""

from flask import Response, jsonify

from bidding.queries.statistics import Period, read_statistics

from .. import statistics
from ..auth import house, policy
from ..schemas.statistics import StatisticsOut, StatisticsQuery
from .spec import Blueprint

blueprint = Blueprint("statistics", __name__, description="Statistics of closed sales")


@blueprint.get("/statistics")
@policy("public.read")
@blueprint.arguments(StatisticsQuery, location="query")
@blueprint.response(200, StatisticsOut)
def get_statistics(period: Period) -> Response:
    """Rounds sold and unsold, turnover, premium, days, reneges, clearances; of a court or all, by day of the end."""
    return jsonify(statistics.data(house().read(read_statistics, period, house().now())))
