"""`/me/messages`: what one was told, said in the language asked for."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.unit import Unit
from bidding.queries.messages import messages, unread_count
from bidding.services import messages as services

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.messages import MessagesOut, MessagesQuery, ReadingIn, ReadOut
from ..told_words import message_dict
from .spec import Blueprint, language

blueprint = Blueprint("messages", __name__, description="Messages")


@blueprint.get("/me/messages")
@policy("message.own")
@blueprint.arguments(MessagesQuery, location="query")
@blueprint.response(200, MessagesOut)
def list_messages(query: dict[str, Any]) -> Response:
    """My messages, the latest first; reading the list marks none of them as read."""
    wired, page, size = house(), query["page"], query["page_size"]
    now = wired.now()
    rows, total = wired.read(messages, me().id, now, page, size, unread=query["unread"])
    return jsonify(
        {
            "items": [message_dict(row, language()) for row in rows],
            "page": page,
            "page_size": size,
            "total": total,
            "unread": wired.read(unread_count, me().id, now),
            "mailed": wired.settings.smtp_url is not None,
        }
    )


@blueprint.post("/me/messages/reading")
@policy("message.own")
@blueprint.arguments(ReadingIn)
@blueprint.response(200, ReadOut)
def read_messages(data: dict[str, Any]) -> Response:
    """Mark my messages as read: those named, or all."""

    def read(unit: Unit) -> int:
        if "messages" not in data:
            return services.read_all(unit, me())
        return len([services.read_message(unit, me(), key) for key in dict.fromkeys(data["messages"])])

    return jsonify(read=act(read))
