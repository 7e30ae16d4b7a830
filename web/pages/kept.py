"""Public pages kept as they were rendered, for readers who are nobody in particular.

A page is rendered anew when its version has changed (what was journaled of what it shows), and every few seconds in any
case, because it also tells of the clock, of looks and of neighbours. Its version is looked at once a second at most; an
act at this process's own door has it looked at before the next answer.

Kept are only pages of readers without a session, a token or a form; what differs among them (language, appearance, the
site's name) is part of the key. Nothing personal is rendered for them, and what carries a form's token is not kept.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from flask import Flask, Response, current_app, request, session

from ..answering import language
from ..auth import house, token_at_the_door
from .language import machine
from .sharing import site_address

#: Seconds between two looks at the version of a page, and between two renderings of an unchanged one.
FRESH, OLDEST = 1.0, 5.0
#: Pages kept at most, about 100 kB each.
_MOST = 300
_LOOK = {"theme": ("light", "dark"), "size": ("large",)}
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
#: Where a page says the server's time, by which its countdowns run: it must be that of the answer.
_CLOCK, _COUNTDOWN = b'data-server-time="', b"data-until="


@dataclass(slots=True)
class Page:
    """A rendered page; `clock`: where the server's time stands in it. `made` and `checked` in monotonic seconds."""

    body: bytes
    clock: tuple[int, int] | None
    version: Any = None
    made: float = 0.0
    checked: float = 0.0


Version = Callable[[], Hashable]
Making = Callable[[], Page | None]


class KeptPages:
    """The pages of one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._turns: dict[Hashable, threading.Lock] = {}
        self._doubted = float("-inf")

    def doubt(self) -> None:
        """Something was done here: look at the version of every page before it is shown again."""
        self._doubted = self._monotonic()

    def page(self, key: Hashable, version: Version, make: Making) -> Page | None:
        """The page of that key, made anew if need be; None where what was made must not be kept.

        While one request looks others are shown what there is, unless something was done here.
        """
        page, turn = self._pages.get(key), self._turns.setdefault(key, threading.Lock())
        if page is None or page.checked <= self._doubted:
            turn.acquire()
        elif self._monotonic() - page.checked < FRESH or not turn.acquire(blocking=False):
            return page
        try:
            return self._looked_at(key, version, make)
        finally:
            self._turns.pop(key, None)
            turn.release()

    def _looked_at(self, key: Hashable, version: Version, make: Making) -> Page | None:
        page, now = self._pages.get(key), self._monotonic()
        if page is not None and page.checked > self._doubted and now - page.checked < FRESH:
            return page  # somebody else has looked while this one waited
        found = version()
        if page is None or page.version != found or now - page.made >= OLDEST:
            page = make()
            if page is None:
                self._pages.pop(key, None)
                return None
            page.version, page.made = found, now
            self._pages[key] = page
            if len(self._pages) > _MOST:
                self._pages.popitem(last=False)
        page.checked = now
        self._pages.move_to_end(key)
        return page


def join(app: Flask) -> None:
    """Have pages looked at again after each act at this process's door."""

    @app.after_request
    def _doubt(response: Response) -> Response:
        pages: KeptPages | None = app.extensions.get("kept_pages")
        if pages is not None and request.method not in _SAFE:
            pages.doubt()
        return response


def kept(version: Version, render: Callable[[], str], seen: Callable[[Any], None] | None = None) -> Response | str:
    """The page at this address: the kept one where the reader is nobody in particular, else rendered for this reader.

    `version` answers, cheaply, what tells two states of the page apart, and is asked once a second at most; `seen` is
    called with it when a kept page is shown.
    """
    pages: KeptPages | None = current_app.extensions["kept_pages"]
    if pages is None or not _is_nobody_in_particular():
        return render()
    rendered: list[str] = []
    sandbox = house().settings.sandbox

    def whole_version() -> tuple[timedelta, Hashable]:
        return house().offset() if sandbox else timedelta(0), version()

    def make() -> Page | None:
        rendered.append(render())
        return None if session.modified else _page(rendered[0].encode())

    look = tuple(value if (value := request.cookies.get(name, "")) in known else "" for name, known in _LOOK.items())
    key = (site_address(), request.path, language(), *look)
    page = pages.page(key, whole_version, make)
    if page is None:
        return rendered[0]
    offset, told = page.version
    if not rendered and seen is not None:
        seen(told)
    return _answer(page, key, house().clock.machine() + offset)


def _is_nobody_in_particular() -> bool:
    """Whether the request has nothing by which its page would be its own."""
    asks = request.args.keys() - {"lang"} or request.cookies.get("terminal") == "1"
    known = token_at_the_door() or current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    return not asks and not known


def _page(body: bytes) -> Page:
    start = body.find(_CLOCK)
    if start < 0:
        return Page(body, None)
    start += len(_CLOCK)
    return Page(body, (start, body.index(b'"', start)))


def _answer(page: Page, key: Hashable, now: datetime) -> Response:
    body = page.body
    if page.clock is not None:
        start, end = page.clock
        body = body[:start] + machine(now).encode() + body[end:]
    response = Response(body, mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language, Authorization"
    if _COUNTDOWN not in body:  # a countdown of an older answer would be late by its age
        told = repr((key, page.version, now.replace(minute=0, second=0, microsecond=0)))
        response.set_etag(blake2b(told.encode(), digest_size=16).hexdigest(), weak=True)
        response.make_conditional(request)
    return response
