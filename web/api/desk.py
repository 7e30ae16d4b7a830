"""The court's desk: the board."""

from collections import Counter
from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.rules.ruleset import load
from bidding.queries.board import board
from bidding.queries.changes import published_lately
from bidding.rules.clocks import STATES
from bidding.rules.stages import Stage

from ..auth import house, me, policy
from ..board_words import said_item
from ..schemas.desk import BoardOut, BoardQuery
from .listing import listed
from .spec import Blueprint, language

blueprint = Blueprint("board", __name__, description="The court's desk")


@blueprint.get("/desk/board")
@policy("desk.read")
@blueprint.arguments(BoardQuery, location="query")
@blueprint.response(200, BoardOut)
def get_board(query: dict[str, Any]) -> Response:
    """The lots of the caller's court by urgency, each with its stage and every clock: article, day, how late."""
    wired, actor = house(), me()
    if actor.court_code is None:
        raise DomainError("forbidden")
    now, ruleset = wired.now(), load(wired.settings.ruleset)
    soon, tongue = ruleset.days("board_soon"), language()
    items = wired.read(board, actor.court_code, ruleset, now)
    wanted = query.pop("wanted")
    found = [said_item(item, now, soon, tongue) for item in items if wanted.matches(item, now, soon)]
    stages = Counter(item.stage.value for item in items)
    states = Counter(clock.state(now, soon) for item in items for clock in item.clocks)
    return jsonify(
        {
            **listed(found, query),
            "stages": {each.value: stages[each.value] for each in Stage},
            "states": {each: states[each] for each in STATES},
            "published": [
                {
                    "lot_id": one.lot.id,
                    "lot_title": one.lot.title,
                    "version": one.version,
                    "at": iso(one.at),
                    "items": [title if tongue == "zh" else title_en for title, title_en in one.titles],
                    "by": one.by,
                }
                for one in wired.read(published_lately, actor.court_code, now)
            ],
            "server_time": iso(now),
        }
    )
