"""Following lots and courts, saved searches. Whoever is signed in may."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from bidding.queries.following import followed, search_dict, searches
from bidding.services import following as services

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.base import PageQuery
from ..schemas.bidding import Nothing
from ..schemas.following import FollowOut, FollowsOut, SearchesOut, SearchIn, SearchOut
from .listing import created, listed
from .spec import Blueprint

blueprint = Blueprint("following", __name__, description="Following lots and courts, saved searches")


@blueprint.post("/lots/<lot_id>/follow")
@policy("follow.own")
@blueprint.arguments(Nothing)
@blueprint.response(201, FollowOut)
def follow_lot(_: dict[str, Any], lot_id: str) -> Response:
    """Follow a lot: its opening, changes and further rounds are told by messages."""
    act(services.follow_lot, me(), lot_id)
    return created({"following": True})


@blueprint.delete("/lots/<lot_id>/follow")
@policy("follow.own")
@blueprint.response(204)
def unfollow_lot(lot_id: str) -> None:
    """Follow it no longer."""
    house().perform(services.unfollow_lot, me(), lot_id)


@blueprint.post("/courts/<code>/follow")
@policy("follow.own")
@blueprint.arguments(Nothing)
@blueprint.response(201, FollowOut)
def follow_court(_: dict[str, Any], code: str) -> Response:
    """Follow a court: what it announces is told by messages."""
    act(services.follow_court, me(), code)
    return created({"following": True})


@blueprint.delete("/courts/<code>/follow")
@policy("follow.own")
@blueprint.response(204)
def unfollow_court(code: str) -> None:
    """Follow it no longer."""
    house().perform(services.unfollow_court, me(), code)


@blueprint.get("/me/follows")
@policy("follow.own")
@blueprint.response(200, FollowsOut)
def list_follows() -> Response:
    """The lots and courts one follows."""
    return jsonify(house().read(followed, me().id))


@blueprint.get("/me/searches")
@policy("follow.own")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, SearchesOut)
def list_searches(query: dict[str, Any]) -> Response:
    """One's saved searches."""
    return jsonify(listed(house().read(searches, me().id), query))


@blueprint.post("/me/searches")
@policy("follow.own")
@blueprint.arguments(SearchIn)
@blueprint.response(201, SearchOut)
def save_search(data: dict[str, Any]) -> Response:
    """Save a search: lots announced from now on that match are told by messages."""

    def save(unit: Unit) -> dict[str, Any]:
        return search_dict(services.save_search(unit, me(), data["name"], data["query"]))

    return created(act(save))


@blueprint.delete("/me/searches/<search_id>")
@policy("follow.own")
@blueprint.response(204)
def drop_search(search_id: str) -> None:
    """Give a saved search up."""
    house().perform(services.drop_search, me(), search_id)
