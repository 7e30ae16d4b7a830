"""The agencies and their records, among the regulator's pages."""

from flask import render_template

from bidding.queries.agencies import records

from ...auth import house, policy
from .frame import blueprint


@blueprint.get("/agencies")
@policy("alert.read")
def agencies() -> str:
    """All agencies with what they did in time and late."""
    return render_template("regulator/agencies.html", records=house().read(records, house().now()))
