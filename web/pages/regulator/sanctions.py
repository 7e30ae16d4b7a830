"""The sanctions of all courts, their reviews, and contested records."""

from typing import Any

from ...auth import policy
from .. import sanction_desk
from .frame import blueprint


@blueprint.get("/sanctions")
@policy("sanction.read")
def sanctions() -> str:
    """The sanctions of all courts and contested records."""
    return sanction_desk.overview("regulator")


@blueprint.get("/sanctions/<sanction_id>")
@policy("sanction.read")
def sanction(sanction_id: str) -> str:
    """One sanction."""
    return sanction_desk.one("regulator", sanction_id)


@blueprint.post("/sanctions/<sanction_id>/review")
@policy("sanction.review")
def review_sanction(sanction_id: str) -> Any:
    """Record a review's decision."""
    return sanction_desk.review("regulator", sanction_id)


@blueprint.post("/standing/<objection_id>")
@policy("standing.answer")
def answer_standing(objection_id: str) -> Any:
    """Answer an objection to an entry of a record."""
    return sanction_desk.answer("regulator", objection_id)
