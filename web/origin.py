"""Where a request comes from: its address, and the mark a browser was given when somebody signed in with it.

Both are only kept as keyed hashes, beside a registration, and only compared once its auction has ended.
"""

from typing import Any

from flask import current_app, request

from auction.kernel.unit import House
from bidding.rules.signals import Origin

COOKIE = "fapai_device"
#: How long a browser keeps its mark.
_KEPT_SECONDS = 400 * 86400
_LONGEST = 64


def origin_here() -> Origin:
    """The origin of this request. A mark that is none of ours is passed over."""
    mark = request.cookies.get(COOKIE, "")
    ours = mark.isascii() and mark.isalnum() and len(mark) <= _LONGEST
    return Origin(ip=request.remote_addr, device=mark if ours else None)


def mark_device(answer: Any) -> None:
    """Give a browser its mark, if it has none: a random one that says nothing of it."""
    if request.cookies.get(COOKIE):
        return
    house: House = current_app.extensions["house"]
    answer.set_cookie(
        COOKIE,
        house.ids.token(),
        max_age=_KEPT_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
