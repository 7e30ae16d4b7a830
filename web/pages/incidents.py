"""Disturbances, for everybody: when nobody could bid, what that did to sales, and how many offers were turned away."""

from flask import Blueprint, render_template

from auction.rules.ruleset import load
from bidding.queries.outages import incidents

from ..auth import house, policy
from . import labels

blueprint = Blueprint("disturbances", __name__)


@blueprint.get("/incidents")
@policy("public.read")
def show() -> str:
    """Every outage with its times, the sales it touched and the effect; the rule that decides it."""
    numbers = load(house().settings.ruleset)
    return render_template(
        "incidents.html",
        **house().read(incidents),
        effects=labels.OUTAGE_EFFECT,
        rule={
            "stretch": numbers.seconds("outage_last_stretch") // 60,
            "moves": numbers.seconds("outage_moves_from"),
            "suspends": numbers.seconds("outage_suspends_over"),
            "anywhere": numbers.seconds("outage_suspends_anywhere_over") // 3600,
            "recovery": numbers.seconds("outage_recovery") // 60,
        },
    )
