"""`/sessions`, `/bidders`, `/me` and second factors."""

from typing import Any

import pyotp
from flask import Response, jsonify
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Account, Person
from auction.queries.sessions import account_named
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
    SessionOut,
)
from .spec import Blueprint

blueprint = Blueprint("sessions", __name__, description="Signing in, accounts, second factors")


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

        return accounts.open_session(unit, account.id, matches=matches, code_holds=code_holds)

    opened = house().perform(open_session)
    if opened == "bad_credentials":
        raise DomainError("unauthenticated", reason=opened)
    if isinstance(opened, str):
        raise DomainError(opened)
    return opened


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
