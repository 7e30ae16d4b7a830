"""The record of an agency, for courts and regulators, and for the agency itself."""

from flask import Blueprint, render_template

from bidding.queries.agencies import record_of

from ..auth import house, me, policy
from .auxiliary_view import record_view

blueprint = Blueprint("agencies", __name__, url_prefix="/agencies")


@blueprint.get("/<uscc>")
@policy("agency.record")
def record(uscc: str) -> str:
    """What the agency was asked to do and what became of it."""
    found = house().read(record_of, me(), uscc, house().now())
    return render_template("agency/record.html", record=record_view(found))
