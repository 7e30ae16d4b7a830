"""Idempotency keys of POST requests (PRECISIONS 30).

The key is claimed in the same transaction as the effect, so that no crash between the two can repeat or lose it; the
answer is kept beside it afterwards. Scope: account, method, path. Kept 24 hours of machine time. Who repeats a request
while the first is still at work waits for its answer, a bounded time. What was refused and rolled back has claimed
nothing: the same key asks anew.

Before a kept answer is given, the session, its second factor and the policy of the route have been decided anew; an
answer is only ever given to the account that asked first.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Flask, Response, abort, current_app, g, request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Idempotency

from .auth import current_actor, house, request_hash

P = ParamSpec("P")
R = TypeVar("R")
HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
#: Seconds for which a repeated request waits for the answer to the first, and between two looks.
PATIENCE = 5.0
_PAUSE = 0.02
#: Never keyed: signing in, factors, the gateway, anonymous calls; bids have their own key.
_EXEMPT = ("/api/v1/sessions", "/api/v1/me/factors", "/api/v1/gateway", "/api/v1/bidders")
_LONGEST = 200

Claim = tuple[str, str, str, str]


class _Claimed(Exception):
    """Another request has claimed the key meanwhile."""


def act(service: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Perform a service for this request, claiming its idempotency key in the same transaction.

    Where another request has claimed it first, the view ends here with the answer to that one.
    """
    claim: Claim | None = g.get("claim")
    if claim is None:
        return house().perform(service, *args, **kwargs)
    g.claim = None
    asked: str = g.body_hash

    def keyed(unit: Unit) -> R:
        if unit.session.get(Idempotency, claim) is not None:
            raise _Claimed
        unit.session.add(
            Idempotency(
                account_id=claim[0],
                method=claim[1],
                path=claim[2],
                key=claim[3],
                body_hash=asked,
                created_at=unit.machine_now,
            )
        )
        unit.session.flush()
        return service(unit, *args, **kwargs)

    try:
        answer = house().perform(keyed)
    except _Claimed:
        abort(_answer_to_first(claim, asked))
    g.claimed = claim
    return answer


def keep(app: Flask) -> None:
    """Answer repeated keys from what is kept, and keep first answers."""

    @app.before_request
    def _recall() -> Response | None:
        key = request.headers.get(HEADER)
        actor = current_actor()
        if key is None or actor is None or request.method != "POST" or not request.path.startswith("/api/v1/"):
            return None
        if request.path.startswith(_EXEMPT) or request.path.endswith("/bids"):
            return None
        if not key or len(key) > _LONGEST or not key.isascii():
            raise invalid(HEADER, reason="idempotency_key", most=_LONGEST)
        claim = (actor.id, request.method, request.path, key)
        asked = request_hash(request)
        kept = house().read(_kept, claim)
        if kept is not None and kept.created_at >= house().clock.machine() - KEPT:
            return _answer_to_first(claim, asked)
        if kept is not None:
            house().perform(_forget, claim)
        g.claim, g.body_hash = claim, asked
        return None

    @app.after_request
    def _remember(response: Response) -> Response:
        claim = g.pop("claimed", None)
        if claim is not None and response.is_json:
            house().perform(_answered, claim, response.status_code, response.get_data(as_text=True))
        return response


def _answer_to_first(claim: Claim, asked: str) -> Response:
    """The answer kept for a claimed key, waited for where there is none yet.

    DomainError idempotency_conflict where the key was claimed with another body, fault where no answer comes in time.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        kept = house().read(_kept, claim)
        if kept is not None and kept.body_hash != asked:
            raise DomainError("idempotency_conflict")
        if kept is not None and kept.answer is not None:
            kind = "application/json" if (kept.status or 500) < 400 else "application/problem+json"
            return current_app.response_class(kept.answer, kept.status, mimetype=kind)
        if time.monotonic() >= deadline:
            raise DomainError("fault", reason="unanswered")
        time.sleep(_PAUSE)


def _kept(session: Session, claim: Claim) -> Idempotency | None:
    return session.get(Idempotency, claim)


def _forget(unit: Unit, claim: Claim) -> None:
    unit.session.execute(delete(Idempotency).where(Idempotency.created_at < unit.machine_now - KEPT))


def _answered(unit: Unit, claim: Claim, status: int, answer: str) -> Any:
    row = unit.session.get_one(Idempotency, claim)
    row.status, row.answer = status, answer
