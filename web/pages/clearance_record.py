"""The record of clearing in time, for everybody: by band and by court, and the model beside the card."""

from flask import Blueprint, render_template

from auction.rules.ruleset import load

from ..auth import house, policy
from .clearance_view import of_platform, report_view

blueprint = Blueprint("clearance_record", __name__)


@blueprint.get("/clearance")
@policy("public.read")
def show() -> str:
    """The record of clearing in time."""
    found = house().read(of_platform, load(house().settings.ruleset))
    return render_template("clearance/record.html", report=report_view(found))
