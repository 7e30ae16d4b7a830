"""Material changes of an announced sheet: drafting them, the panel's choice (PRECISIONS 11)."""

from typing import Any

from flask import Response, jsonify

from bidding.queries.changes import change_of
from bidding.queries.kept import Part
from bidding.services import changes
from disclosure.services.drafting import publish_draft

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.approvals import ProposedOut
from ..schemas.bidding import Nothing
from ..schemas.changes import ChangeProposalIn, DraftedChangeOut
from ..schemas.sheets import ItemIn, WrittenItemOut
from .listing import proposed, tagged, written
from .sheets import written_item
from .spec import Blueprint

blueprint = Blueprint("changes", __name__, description="Changes of an announced sheet")


@blueprint.put("/auctions/<auction_id>/disclosure-change/items/<code>")
@policy("lot.edit")
@blueprint.arguments(ItemIn)
@blueprint.response(200, WrittenItemOut)
def draft_item(data: dict[str, Any], auction_id: str, code: str) -> Response:
    """Draft one item as it is to become. Nothing of it is public; what was proposed on the draft before is void."""
    done, tag = written(Part("draft", auction_id, code), changes.draft_item, auction_id, code, data)
    return tagged(written_item(done), tag)


@blueprint.delete("/auctions/<auction_id>/disclosure-change/items/<code>")
@policy("lot.edit")
@blueprint.response(200, DraftedChangeOut)
def drop_item(auction_id: str, code: str) -> Response:
    """Take an item out of the draft; the answer is what is left."""
    house().perform(changes.drop_item, me(), auction_id, code)
    return _change(auction_id)


@blueprint.get("/auctions/<auction_id>/disclosure-change")
@policy("lot.read_draft")
@blueprint.response(200, DraftedChangeOut)
def get_change(auction_id: str) -> Response:
    """The drafted change, what the panel may choose, and what was proposed."""
    return _change(auction_id)


def _change(auction_id: str) -> Response:
    wired = house()
    return jsonify(wired.read(change_of, me(), auction_id, wired.now()))


@blueprint.post("/auctions/<auction_id>/disclosure-change/publication")
@policy("sheet.publish")
@blueprint.arguments(Nothing)
@blueprint.response(200, DraftedChangeOut)
def publish_change(_: dict[str, Any], auction_id: str) -> Response:
    """Publish a draft of which nothing is material, at once; the answer is what is drafted then: nothing."""
    act(publish_draft, me(), auction_id)
    return _change(auction_id)


@blueprint.post("/auctions/<auction_id>/disclosure-change")
@policy("auction.change")
@blueprint.arguments(ChangeProposalIn)
@blueprint.response(202, ProposedOut)
def propose_change(data: dict[str, Any], auction_id: str) -> Response:
    """Propose a choice to the panel: withdraw and announce anew, or a supplement. Its majority carries it out.

    Until then a sale under way is suspended, and one not yet open does not open; a refusal lets it resume.
    """
    return proposed(act(changes.propose_change, me(), auction_id, **data))
