"""`/sessions`, `/bidders`, `/me` and second factors."""

from dataclasses import asdict
from typing import Any

import pyotp
from flask import Response, current_app, jsonify, request
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.unit import Unit
from auction.models import Account, Passkey, Person
from auction.queries.sessions import account_named, own_sessions
from auction.rules.access import STAFF, Actor
from auction.services import accounts, recovery
from auction.services import passkeys as passkey_services
from bidding.queries.own_data import own_data
from bidding.services.messages import tell

from .. import auth
from ..auth import house, me, policy
from ..passkeys import challenge_of, enrolled, enrolment, holds, site
from ..passkeys import request as key_request
from ..schemas.bidding import Nothing
from ..schemas.people import (
    BidderIn,
    BidderOut,
    Credentials,
    FactorInForceOut,
    FactorOut,
    FactorShownIn,
    FactorsOut,
    MeOut,
    OtpIn,
    OwnDataOut,
    OwnSessionsOut,
    PasskeyIn,
    PasskeyNameIn,
    PasskeyOptionsOut,
    PasskeyOut,
    PasskeySignInIn,
    PasswordIn,
    SessionOut,
)
from .spec import Blueprint

blueprint = Blueprint("sessions", __name__, description="Signing in, accounts, second factors")
_LONGEST_BROWSER = 200


def sign_in(
    username: str,
    password: str,
    otp: str | None,
    credential: dict[str, Any] | None = None,
    recovery_code: str | None = None,
) -> accounts.Opened:
    """Open a session, or raise the refusal; shared by the interface and the sign-in page. `credential`: what a security
    key has signed instead of a one-time code; `recovery_code` stands for either, once, and its owner is told.
    """
    account = house().read(account_named, username)
    matches = auth.password_matches(account, password)
    if account is None:
        raise DomainError("unauthenticated", reason="bad_credentials")

    def open_session(unit: Unit) -> accounts.Opened | str:
        def code_holds(found: Account) -> bool | None:
            if recovery_code is not None:
                return recovery.use_code(unit, found, recovery_code)
            return was_shown(unit, found, otp, credential, challenge)

        opened = accounts.open_session(unit, account.id, matches=matches, code_holds=code_holds, origin=origin)
        if recovery_code is not None and isinstance(opened, accounts.Opened) and opened.session.second_factor:
            left = len(recovery.codes_left(unit.session, account.id))
            told = {"at": iso(unit.now), "left": left}
            tell(unit, account.id, "recovery_code_used", told, f"recovery_code_used:{unit.new_id()}")
        return opened

    origin = (request.remote_addr or "", request.user_agent.string[:_LONGEST_BROWSER])
    challenge = signed_challenge(account.id, None, credential) if credential is not None and matches else None
    opened = house().perform(open_session)
    if opened == "otp_invalid" and credential is not None:
        raise DomainError("webauthn_invalid")
    if isinstance(opened, str):
        raise _refusal(opened)
    return opened


def _refusal(reason: str) -> DomainError:
    if reason == "bad_credentials":
        return DomainError("unauthenticated", reason=reason)
    return DomainError("forbidden", reason=reason) if reason == "account_disabled" else DomainError(reason)


def was_shown(
    unit: Unit, found: Account, otp: str | None, credential: dict[str, Any] | None, challenge: bytes | None
) -> bool | None:
    """Whether a locked account's factor was shown: by a key that signed the challenge, or by a one-time code, used up
    here. None where neither was given.
    """
    if credential is not None:
        return challenge is not None and holds(unit, found, credential, challenge)
    if otp is None or found.factor is None or not found.factor_confirmed:
        return None
    secret = unit.vault.open_platform(f"factor:{found.id}", found.factor)
    step = auth.otp_step(secret, otp, unit.machine_now.timestamp(), found.factor_step)
    if step is not None:
        found.factor_step = step
    return step is not None


def signed_challenge(account_id: str, session_id: str | None, credential: dict[str, Any]) -> bytes | None:
    """The challenge a key has signed, used up here: whatever becomes of it, it is signed once."""
    challenge = challenge_of(credential)
    good = challenge is not None and house().perform(passkey_services.use_challenge, account_id, session_id, challenge)
    return challenge if good else None


def this_session() -> str:
    session = auth.signed_in_now()
    return session.id if session else ""


def ask_enrolment() -> dict[str, Any]:
    """What the browser is to ask a new security key of whoever is signed in."""
    site(house().settings)

    def ask(unit: Unit) -> dict[str, Any]:
        account = passkey_services.check_proven(unit, me().id, this_session())
        known = passkey_services.passkeys(unit.session, account.id)
        challenge = passkey_services.issue_challenge(unit, account.id, this_session())
        return enrolment(unit.settings, account, known, challenge)

    return house().perform(ask)


def enrol_passkey(name: str, credential: dict[str, Any]) -> Passkey:
    """Put a security key in force by what it has signed, or raise the refusal; shared by the interface and the page."""
    challenge = signed_challenge(me().id, this_session(), credential)
    found = enrolled(house().settings, credential, challenge) if challenge is not None else None
    if found is None:
        raise invalid("credential", "webauthn_invalid")
    key_id, public_key, count = found
    return house().perform(
        passkey_services.add_passkey,
        me().id,
        this_session(),
        key_id=key_id,
        name=name,
        public_key=public_key,
        sign_count=count,
    )


def remove_passkey(key_id: str) -> None:
    """Take an own security key out of force; the last factor of staff stays where one is required."""
    required = house().settings.staff_mfa and me().role in STAFF
    house().perform(passkey_services.remove_passkey, me().id, this_session(), key_id, required=required)


def own_factors() -> dict[str, Any]:
    """The second factors of whoever asks."""
    account = house().read(lambda session: session.get_one(Account, me().id))
    return {
        "totp": account.factor_confirmed,
        "webauthn": house().read(passkey_services.passkeys, me().id),
        "recovery_codes": len(house().read(recovery.codes_left, me().id)),
    }


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
    given = credentials.get("otp"), credentials.get("webauthn"), credentials.get("recovery_code")
    opened = sign_in(credentials["username"], credentials["password"], *given)
    return {"token": opened.token, "role": opened.account.role, "expires_at": opened.session.expires_at}


@blueprint.post("/sessions/webauthn")
@policy("session.open")
@blueprint.arguments(PasskeySignInIn)
@blueprint.response(200, PasskeyOptionsOut)
def ask_to_sign_in(credentials: dict[str, Any]) -> dict[str, Any]:
    """Begin to sign in with a security key: what it is to sign, for five minutes, once."""
    site(house().settings)
    account = house().read(account_named, credentials["username"])
    matches = auth.password_matches(account, credentials["password"])
    if account is None:
        raise _refusal("bad_credentials")
    asked = house().perform(accounts.ask_passkey, account.id, matches=matches)
    if isinstance(asked, str):
        raise DomainError("wrong_state", reason=asked) if asked == "no_passkey" else _refusal(asked)
    return key_request(house().settings, house().read(passkey_services.passkeys, account.id), asked)


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


@blueprint.get("/me/factors")
@policy("factor.enrol")
@blueprint.response(200, FactorsOut)
def get_factors() -> dict[str, Any]:
    """My second factors."""
    return own_factors()


@blueprint.post("/me/factors/webauthn")
@policy("factor.enrol")
@blueprint.arguments(Nothing)
@blueprint.response(201, PasskeyOptionsOut)
def offer_passkey(_: dict[str, Any]) -> dict[str, Any]:
    """Begin to enrol a security key: what it is to sign, for five minutes, once, in this session."""
    return ask_enrolment()


@blueprint.post("/me/factors/webauthn/confirmation")
@policy("factor.enrol")
@blueprint.arguments(PasskeyIn)
@blueprint.response(201, PasskeyOut)
def confirm_passkey(data: dict[str, Any]) -> Passkey:
    """Put a security key in force by what it has signed; this session then has the second factor."""
    return enrol_passkey(**data)


@blueprint.put("/me/factors/webauthn/<key_id>")
@policy("factor.enrol")
@blueprint.arguments(PasskeyNameIn)
@blueprint.response(200, PasskeyOut)
def name_passkey(data: dict[str, Any], key_id: str) -> Passkey:
    """Name a security key of mine."""
    return house().perform(passkey_services.rename_passkey, me().id, key_id, data["name"])


@blueprint.delete("/me/factors/webauthn/<key_id>")
@policy("factor.enrol")
@blueprint.response(204)
def delete_passkey(key_id: str) -> None:
    """Take a security key of mine out of force."""
    remove_passkey(key_id)


@blueprint.post("/me/factors/totp")
@policy("factor.enrol")
@blueprint.arguments(FactorShownIn)
@blueprint.response(201, FactorOut)
def offer_factor(data: dict[str, Any]) -> dict[str, Any]:
    """Begin to enrol one-time codes; to replace those in force takes a factor in force, which stays so until then."""
    return offer_codes(data.get("otp"), data.get("webauthn"))


def offer_codes(otp: str | None, credential: dict[str, Any] | None) -> dict[str, Any]:
    """New one-time codes for whoever asks: {"id","secret","uri"}, or the refusal; shared by the interface and the page.

    A wrong factor shown to replace codes counts like a failed sign-in.
    """
    secret = pyotp.random_base32()
    challenge = signed_challenge(me().id, None, credential) if credential is not None else None

    def offer(unit: Unit) -> str | None:
        found = unit.session.get_one(Account, me().id, with_for_update=True, populate_existing=True)
        if accounts.waits(found, unit.machine_now):
            raise DomainError("rate_limited")
        shown = found.factor_confirmed and was_shown(unit, found, otp, credential, challenge)
        if shown is False and found.factor_confirmed:
            accounts.count_wrong(unit, found)
            return None
        return accounts.offer_factor(unit, found.id, this_session(), secret, shown=bool(shown))

    factor_id = house().perform(offer)
    if factor_id is None:
        raise invalid("otp", "webauthn_invalid" if credential is not None else "otp_invalid")
    return {"id": factor_id, "secret": secret, "uri": otp_address(secret)}


def otp_address(secret: str) -> str:
    """What an authenticator app reads from the picture."""
    session = auth.signed_in_now()
    return pyotp.TOTP(secret).provisioning_uri(name=session.username if session else "", issuer_name="Fapai")


def confirm_codes(otp: str) -> str:
    """Put the codes on offer in force by one of them; answers their id. Shared by the interface and the page."""

    def confirm(unit: Unit) -> str:
        def step_of(secret: str) -> int | None:
            return auth.otp_step(secret, otp, unit.machine_now.timestamp(), 0)

        return accounts.confirm_factor(unit, me().id, auth.token_at_the_door() or "", step_of)

    return house().perform(confirm)


@blueprint.post("/me/factors/totp/confirmation")
@policy("factor.enrol")
@blueprint.arguments(OtpIn)
@blueprint.response(200, FactorInForceOut)
def confirm_factor(data: dict[str, Any]) -> dict[str, Any]:
    """Put the offered factor in force by one of its codes; this session then has it too."""
    return {"id": confirm_codes(data["otp"])}
