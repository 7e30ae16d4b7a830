"""Idempotency keys of POST requests (PRECISIONS 30).

The key is claimed in the same transaction as the effect, so that no crash between the two can repeat or lose it; the
answer is kept beside it afterwards. Scope: account, method, path. Kept 24 hours of machine time.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Flask, Response, current_app, g, request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Idempotency

from .auth import body_hash, current_actor, house

P = ParamSpec("P")
R = TypeVar("R")
HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
#: Never keyed: signing in, factors, the gateway, anonymous calls; bids have their own key.
_EXEMPT = ("/api/v1/sessions", "/api/v1/me/factors", "/api/v1/gateway", "/api/v1/bidders")
_LONGEST = 200

Claim = tuple[str, str, str, str]


def act(service: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Perform a service for this request, claiming its idempotency key in the same transaction."""
    claim: Claim | None = g.get("claim")
    if claim is None:
        return house().perform(service, *args, **kwargs)
    g.claim = None

    def keyed(unit: Unit) -> R:
        row = unit.session.get(Idempotency, claim)
        if row is not None:
            raise DomainError("idempotency_conflict")
        unit.session.add(
            Idempotency(
                account_id=claim[0],
                method=claim[1],
                path=claim[2],
                key=claim[3],
                body_hash=g.body_hash,
                created_at=unit.machine_now,
            )
        )
        unit.session.flush()
        return service(unit, *args, **kwargs)

    answer = house().perform(keyed)
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
            raise DomainError("invalid", field=HEADER)
        claim = (actor.id, request.method, request.path, key)
        g.body_hash = body_hash(request.get_data())
        kept = house().read(_kept, claim)
        if kept is None or kept.created_at < house().clock.machine() - KEPT:
            if kept is not None:
                house().perform(_forget, claim)
            g.claim = claim
            return None
        if kept.body_hash != g.body_hash or kept.answer is None:
            raise DomainError("idempotency_conflict")
        kind = "application/json" if (kept.status or 500) < 400 else "application/problem+json"
        return current_app.response_class(kept.answer, kept.status, mimetype=kind)

    @app.after_request
    def _remember(response: Response) -> Response:
        claim = g.pop("claimed", None)
        if claim is not None and response.is_json:
            house().perform(_answered, claim, response.status_code, response.get_data(as_text=True))
        return response


def _kept(session: Session, claim: Claim) -> Idempotency | None:
    return session.get(Idempotency, claim)


def _forget(unit: Unit, claim: Claim) -> None:
    unit.session.execute(delete(Idempotency).where(Idempotency.created_at < unit.machine_now - KEPT))


def _answered(unit: Unit, claim: Claim, status: int, answer: str) -> Any:
    row = unit.session.get_one(Idempotency, claim)
    row.status, row.answer = status, answer
