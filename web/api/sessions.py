"""`/sessions`, `/bidders`, `/me` and second factors."""

from dataclasses import asdict
from typing import Any

import pyotp
from flask import Response, current_app, jsonify, request
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Person
from auction.queries.sessions import account_named, own_sessions
from auction.rules.access import Actor
from auction.services import accounts
from bidding.queries.own_data import own_data

from .. import auth
from ..auth import house, me, policy
from ..schemas.bidding import Nothing
from ..schemas.people import (
    BidderIn,
    BidderOut,
    Credentials,
    FactorInForceOut,
    FactorOut,
    MeOut,
    OtpIn,
    OwnDataOut,
    OwnSessionsOut,
    PasswordIn,
    SessionOut,
)
from .spec import Blueprint

blueprint = Blueprint("sessions", __name__, description="Signing in, accounts, second factors")
_LONGEST_BROWSER = 200


def sign_in(username: str, password: str, otp: str | None) -> accounts.Opened:
    """Open a session, or raise the refusal; shared by the interface and the sign-in page."""
    account = house().read(account_named, username)
    matches = auth.password_matches(account, password)
    if account is None:
        raise DomainError("unauthenticated", reason="bad_credentials")

    def open_session(unit: Unit) -> accounts.Opened | str:
        def code_holds(found: Account) -> bool | None:
            if otp is None or found.factor is None:
                return None
            secret = unit.vault.open_platform(f"factor:{found.id}", found.factor)
            step = auth.otp_step(secret, otp, unit.machine_now.timestamp(), found.factor_step)
            if step is not None:
                found.factor_step = step
            return step is not None

        return accounts.open_session(unit, account.id, matches=matches, code_holds=code_holds, origin=origin)

    origin = (request.remote_addr or "", request.user_agent.string[:_LONGEST_BROWSER])
    opened = house().perform(open_session)
    if isinstance(opened, str):
        raise _refusal(opened)
    return opened


def _refusal(reason: str) -> DomainError:
    if reason == "bad_credentials":
        return DomainError("unauthenticated", reason=reason)
    return DomainError("forbidden", reason=reason) if reason == "account_disabled" else DomainError(reason)


def live_sessions() -> list[dict[str, Any]]:
    """The live sessions of whoever asks, the latest first; `current` marks the one he asks with."""
    wired, this = house(), auth.signed_in_now()
    uses: auth.Uses = current_app.extensions["uses"]
    return [
        {
            **asdict(one),
            "used_at": uses.last(one.id, one.used_at),
            "current": this is not None and one.id == this.id,
        }
        for one in wired.read(own_sessions, wired.vault, me().id, wired.clock.machine())
    ]


def change_password(current: str, password: str) -> None:
    """Change the own password, or raise the refusal; shared by the interface and the page."""
    account = house().read(lambda session: session.get_one(Account, me().id))
    refused = house().perform(
        accounts.change_password,
        account.id,
        auth.token_at_the_door() or "",
        matches=auth.password_matches(account, current),
        password_hash=auth.hash_password(password),
    )
    if refused == "bad_credentials":
        raise invalid("current", "password_wrong")
    if refused is not None:
        raise DomainError(refused)


@blueprint.post("/sessions")
@policy("session.open")
@blueprint.arguments(Credentials)
@blueprint.response(201, SessionOut)
def create_session(credentials: dict[str, Any]) -> dict[str, Any]:
    """Sign in."""
    opened = sign_in(credentials["username"], credentials["password"], credentials.get("otp"))
    return {"token": opened.token, "role": opened.account.role, "expires_at": opened.session.expires_at}


@blueprint.delete("/sessions/current")
@policy("session.close")
@blueprint.response(204)
def delete_session() -> None:
    """Sign out: the token is dead at once."""
    token = auth.token_at_the_door()
    if token:
        house().perform(accounts.close_session, token)


@blueprint.get("/sessions")
@policy("session.own")
@blueprint.response(200, OwnSessionsOut)
def get_sessions() -> dict[str, Any]:
    """Where I am signed in."""
    return {"items": live_sessions()}


@blueprint.delete("/sessions/others")
@policy("session.own")
@blueprint.response(204)
def delete_other_sessions() -> None:
    """End all of my sessions but this one; their sockets lose their rights at once."""
    house().perform(accounts.end_other_sessions, me().id, auth.token_at_the_door() or "")


@blueprint.delete("/sessions/<session_id>")
@policy("session.own")
@blueprint.response(204)
def delete_one_session(session_id: str) -> None:
    """End one of my sessions; its sockets lose their rights at once."""
    house().perform(accounts.end_session, me().id, session_id)


@blueprint.put("/me/password")
@policy("password.change")
@blueprint.arguments(PasswordIn)
@blueprint.response(204)
def put_password(data: dict[str, Any]) -> None:
    """Change my password: every other session of mine ends at once."""
    change_password(**data)


@blueprint.post("/bidders")
@policy("bidder.create")
@blueprint.arguments(BidderIn)
@blueprint.response(201, BidderOut)
def create_bidder(data: dict[str, Any]) -> dict[str, Any]:
    """Make a bidder's account."""
    password_hash = auth.hash_password(data.pop("password"))
    account = house().perform(accounts.create_bidder, accounts.BidderFacts(**data), password_hash)
    return {"id": account.id, "username": account.username, "role": account.role}


@blueprint.get("/me")
@policy("me.read")
@blueprint.response(200, MeOut)
def get_me() -> dict[str, Any]:
    """Who I am."""
    actor, session = me(), auth.signed_in_now()
    return {
        "id": actor.id,
        "username": session.username if session else "",
        "role": actor.role,
        "name": house().read(_own_name, actor),
        "court": actor.court_code,
        "agency": actor.agency_uscc,
    }


def _own_name(session: Session, actor: Actor) -> str:
    """The name behind the account: a bidder's is sealed, and shown to nobody else."""
    person = session.get(Person, actor.person_id) if actor.person_id else None
    if person is None or person.wrapped_key is None:
        return actor.name
    return house().vault.open(person.wrapped_key, person.id, "name", person.name)


@blueprint.get("/me/data")
@policy("me.read")
@blueprint.response(200, OwnDataOut)
def get_data() -> Response:
    """Everything held about me, as one file (PIPL 45): nothing about anybody else, and what is withheld is named."""
    answer = jsonify(house().read(own_data, house().vault, me(), house().now()))
    answer.headers["Content-Disposition"] = 'attachment; filename="fapai-data.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/me/factors/totp")
@policy("factor.enrol")
@blueprint.arguments(Nothing)
@blueprint.response(201, FactorOut)
def offer_factor(_: dict[str, Any]) -> dict[str, Any]:
    """Begin to enrol a second factor."""
    secret = pyotp.random_base32()
    session = auth.signed_in_now()
    factor_id = house().perform(accounts.offer_factor, me().id, secret)
    uri = pyotp.TOTP(secret).provisioning_uri(name=session.username if session else "", issuer_name="Fapai")
    return {"id": factor_id, "secret": secret, "uri": uri}


@blueprint.post("/me/factors/totp/confirmation")
@policy("factor.enrol")
@blueprint.arguments(OtpIn)
@blueprint.response(200, FactorInForceOut)
def confirm_factor(data: dict[str, Any]) -> dict[str, Any]:
    """Put the offered factor in force by one of its codes; this session then has it too."""

    def confirm(unit: Unit) -> str:
        account = unit.session.get_one(Account, me().id)
        step = None
        if account.factor is not None:
            secret = unit.vault.open_platform(f"factor:{account.id}", account.factor)
            step = auth.otp_step(secret, data["otp"], unit.machine_now.timestamp(), account.factor_step)
        accounts.confirm_factor(unit, account.id, auth.token_at_the_door() or "", step)
        return account.factor_id or ""

    return {"id": house().perform(confirm)}
