"""Who is at the door: sessions, passwords, second factors, and the policy every route must declare."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import orjson
import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Request, current_app, g, request

from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.models import Account
from auction.queries.sessions import SignedIn, signed_in
from auction.rules.access import POLICY, STAFF, Actor, decide, require
from auction.rules.sessions import is_idle
from auction.services.accounts import end_idle_session, note_uses

COOKIE = "fapai_session"
View = TypeVar("View", bound=Callable[..., Any])
HASHER = PasswordHasher()
#: Compared with when there is no such account, so that both cases take the same work.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43
#: What a session that still has to enrol its second factor may do.
_ENROLLING = frozenset(("factor.enrol", "session.close", "session.own", "public.read", "session.open"))
#: Here a bearer token need not be a session's.
_NO_SESSION = frozenset(("session.open", "metrics.read"))


class Uses:
    """When sessions were last used since the last taking: written once a minute, so that no request waits for it."""

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}

    def saw(self, session_id: str, now: datetime) -> None:
        """A session was used."""
        self._last[session_id] = now

    def last(self, session_id: str, kept: datetime | None) -> datetime | None:
        """When a session was last used, as far as this process knows and the database has `kept`."""
        return self._last.get(session_id, kept)

    def take(self) -> dict[str, datetime]:
        """The uses since the last taking."""
        taken, self._last = self._last, {}
        return taken


def policy(action: str) -> Callable[[View], View]:
    """Declare the action a view performs; it is decided before the view runs. KeyError for an unknown action."""
    POLICY[action]

    def mark(view: View) -> View:
        view.policy = action  # type: ignore[attr-defined]
        return view

    return mark


def house() -> House:
    """The wired house of this application."""
    wired: House = current_app.extensions["house"]
    return wired


def token_at_the_door() -> str | None:
    """The bearer token of the request, else its session cookie."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(COOKIE)


def by_cookie() -> bool:
    """Whether the request is authorised by the browser's cookie alone, and so needs the page's CSRF token."""
    return "Authorization" not in request.headers and COOKIE in request.cookies


def signed_in_now() -> SignedIn | None:
    """The session of this request, looked up once."""
    if "signed_in" not in g:
        token = token_at_the_door()
        wired = house()
        now = wired.clock.machine()
        g.signed_in = wired.read(signed_in, token, now) if token else None
        if g.signed_in is not None:
            g.signed_in = _used(wired, g.signed_in, now)
    found: SignedIn | None = g.signed_in
    return found


def _used(wired: House, session: SignedIn, now: datetime) -> SignedIn | None:
    """The session, of whose use note is taken; None where it ended here for lack of use.

    Other processes hear of uses within a minute: one after a long rest is written at once, so that none of them takes
    the session for idle.
    """
    uses: Uses = current_app.extensions["uses"]
    idle, last = wired.settings.staff_idle, uses.last(session.id, session.used_at) or session.used_at
    last = max(last, session.used_at)
    if is_idle(session.actor.role, last, now, idle):
        wired.perform(end_idle_session, session.actor.id, session.id)
        g.idle = True
        return None
    uses.saw(session.id, now)
    if idle is not None and is_idle(session.actor.role, last, now, idle / 2):
        wired.perform(note_uses, {session.id: now})
    return session


def current_actor() -> Actor | None:
    """Who acts; None when nobody is signed in."""
    session = signed_in_now()
    return session.actor if session else None


def me() -> Actor:
    """Who acts; DomainError unauthenticated when nobody is signed in."""
    actor = current_actor()
    if actor is None:
        raise DomainError("unauthenticated")
    return actor


def admit(action: str, session: SignedIn | None, *, second_factor_required: bool) -> None:
    """Decide an action for a session at any door (HTTP, socket). Raises DomainError with the refusal's code."""
    require(session.actor if session else None, action)
    if (
        session is not None
        and second_factor_required
        and session.actor.role in STAFF
        and not session.second_factor
        and action not in _ENROLLING
    ):
        raise DomainError("mfa_enrolment_required")


def guard(app: Flask) -> None:
    """Decide every request before its view, and refuse to start with a view that declares no policy."""

    @app.before_request
    def _decide() -> None:
        endpoint = request.endpoint
        if endpoint is None:
            return
        action = policies[endpoint]
        token = token_at_the_door()
        if token and request.headers.get("Authorization") and action not in _NO_SESSION and signed_in_now() is None:
            raise DomainError("unauthenticated", reason="idle") if g.get("idle") else DomainError("unauthenticated")
        admit(action, signed_in_now(), second_factor_required=house().settings.staff_mfa)

    policies: dict[str, str] = {}
    app.extensions["policies"] = policies

    def check() -> None:
        for rule in app.url_map.iter_rules():
            policies[rule.endpoint] = _policy_of(app, rule.endpoint)

    app.extensions["check_policies"] = check


def may_open(endpoint: str) -> bool:
    """Whether the role of whoever acts may use a route, by the policy the route declares."""
    return decide(current_actor(), current_app.extensions["policies"][endpoint]) is None


def _policy_of(app: Flask, endpoint: str) -> str:
    view: Any = app.view_functions[endpoint]
    while view is not None:
        if hasattr(view, "policy"):
            return str(view.policy)
        view = getattr(view, "__wrapped__", None)
    if endpoint == "static" or endpoint.endswith(".static") or endpoint.startswith("api-docs."):
        return "public.read"
    raise RuntimeError(f"the route {endpoint} declares no policy")


def hash_password(password: str) -> str:
    """An Argon2id hash; runs beside the event loop where there is one."""
    return str(_offload(HASHER.hash, password))


def password_matches(account: Account | None, password: str) -> bool:
    """Whether the password is the account's; takes the same work when there is no account."""

    def verify() -> bool:
        try:
            HASHER.verify(account.password_hash if account else _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
        return account is not None

    return bool(_offload(verify))


def _offload(work: Callable[..., Any], *args: Any) -> Any:
    beside: Callable[..., Any] = current_app.extensions["beside"]
    return beside(work, *args)


def otp_step(secret: str, otp: str, machine_seconds: float, last_step: int) -> int | None:
    """The time step a one-time code belongs to: the present one or one to either side, later than `last_step`."""
    totp = pyotp.TOTP(secret)
    present = int(machine_seconds) // totp.interval
    for step in (present, present - 1, present + 1):
        if step > last_step and totp.verify(otp, for_time=step * totp.interval):
            return step
    return None


def request_hash(asked: Request) -> str:
    """What an idempotency key is bound to: the meaning of a body, not its bytes.

    The order of a JSON object's members, its spaces, and the boundary between the parts of a form do not matter.
    """
    if asked.mimetype == "multipart/form-data":
        parts: list[Any] = [[name, value] for name, value in asked.form.items(multi=True)]
        for name, file in asked.files.items(multi=True):
            parts.append([name, file.filename, file.mimetype, hashlib.sha256(file.read()).hexdigest()])
            file.seek(0)
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()
    body = asked.get_data()
    with suppress(orjson.JSONDecodeError):  # what is not JSON means its bytes
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()
