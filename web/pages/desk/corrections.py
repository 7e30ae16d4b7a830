"""Corrections of identities that wait for a decision, at the desk: a clerk decides."""

from typing import Any

from ...auth import policy
from .. import corrections as shared
from ..forms import Entry
from .court import blueprint

_TEMPLATE, _ACTION = "desk/corrections.html", "desk.decide_correction"


@blueprint.get("/corrections", endpoint="corrections")
@policy("correction.decide")
def show() -> str:
    """What waits; of who takes part in a sale nothing before it has ended."""
    return shared.page(_TEMPLATE, _ACTION, Entry())


@blueprint.post("/corrections/<correction_id>")
@policy("correction.decide")
def decide_correction(correction_id: str) -> Any:
    """Decide on one."""
    return shared.decided(correction_id, _TEMPLATE, _ACTION, "desk.corrections")
