"""The court's sanctions: proposing one from a reneged sale, what became of each, contested records."""

from typing import Any

from ...auth import policy
from .. import sanction_desk
from .court import blueprint


@blueprint.get("/sanctions")
@policy("sanction.read")
def sanctions() -> str:
    """The court's sanctions and contested records."""
    return sanction_desk.overview("desk")


@blueprint.get("/sanctions/<sanction_id>")
@policy("sanction.read")
def sanction(sanction_id: str) -> str:
    """One sanction."""
    return sanction_desk.one("desk", sanction_id)


@blueprint.get("/auctions/<auction_id>/sanctions")
@policy("sanction.propose")
def propose_sanction(auction_id: str) -> str:
    """The form to propose a sanction."""
    return sanction_desk.proposing(auction_id)


@blueprint.post("/auctions/<auction_id>/sanctions")
@policy("sanction.propose")
def put_sanction(auction_id: str) -> Any:
    """Propose a sanction."""
    return sanction_desk.propose(auction_id)


@blueprint.post("/sanctions/<sanction_id>/lifting")
@policy("sanction.propose")
def lift_sanction(sanction_id: str) -> Any:
    """Propose to lift one."""
    return sanction_desk.lift("desk", sanction_id)


@blueprint.post("/sanctions/<sanction_id>/review")
@policy("sanction.review")
def review_sanction(sanction_id: str) -> Any:
    """Record a review's decision."""
    return sanction_desk.review("desk", sanction_id)


@blueprint.post("/standing/<objection_id>")
@policy("standing.answer")
def answer_standing(objection_id: str) -> Any:
    """Answer an objection to an entry of a record."""
    return sanction_desk.answer("desk", objection_id)
