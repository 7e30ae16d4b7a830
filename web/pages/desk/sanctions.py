"""The court's sanctions: proposing one from a reneged sale, what became of each, contested records."""

from typing import Any

from ...auth import policy
from .. import sanction_desk
from .court import blueprint

sanction_desk.routes(blueprint)


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
    return sanction_desk.lift(sanction_id)
