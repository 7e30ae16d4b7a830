"""The page of messages: what one was told, and marking it as read."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bidding.queries.messages import messages, unread_count
from bidding.services.messages import read_all, read_message

from ..auth import house, me, policy
from ..told_words import message_dict
from .language import language

blueprint = Blueprint("told", __name__)

_SHOWN = 30


@blueprint.get("/me/messages")
@policy("message.own")
def show() -> str:
    """My messages, the latest first."""
    wired, page = house(), max(1, request.args.get("page", 1, type=int))
    now, unread = wired.now(), request.args.get("unread") == "1"
    rows, total = wired.read(messages, me().id, now, min(page, 10_000), _SHOWN, unread=unread)
    return render_template(
        "messages/list.html",
        list={"page": page, "page_size": _SHOWN, "total": total},
        items=[message_dict(row, language()) for row in rows],
        unread=unread,
        waiting=wired.read(unread_count, me().id, now),
        mailed=wired.settings.smtp_url is not None,
    )


@blueprint.post("/me/messages/<message_id>")
@policy("message.own")
def follow(message_id: str) -> Response:
    """Mark a message as read and go to what it is about."""
    read = house().perform(read_message, me(), message_id)
    return redirect(message_dict(read, language())["address"] or url_for("told.show"), 303)


@blueprint.post("/me/messages")
@policy("message.own")
def read_them() -> Response:
    """Mark all as read."""
    house().perform(read_all, me())
    return redirect(url_for("told.show"), 303)
