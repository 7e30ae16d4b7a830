"""What courts proposed to open before the end, and what came of it; approving is on the page of approvals."""

from flask import render_template

from auction.rules.ruleset import load
from bidding.queries.break_glass import openings

from ...auth import house, me, policy
from .frame import blueprint


@blueprint.get("/identities")
@policy("identity.openings")
def unsealing() -> str:
    """All openings, the latest first; never an identity."""
    items = house().read(openings, me(), load(house().settings.ruleset), house().now())
    return render_template("regulator/unsealing.html", items=items)
