"""The record of clearing in time, among the regulator's pages."""

from flask import render_template

from auction.rules.ruleset import load

from ...auth import house, policy
from ..clearance_view import of_platform, report_view
from .frame import blueprint


@blueprint.get("/clearance")
@policy("alert.read")
def clearance() -> str:
    """How the card of clearance risk has done, by band and by court."""
    found = house().read(of_platform, load(house().settings.ruleset))
    return render_template("regulator/clearance.html", report=report_view(found))
