"""Accounts: persons who bid, staff who run sales, their sessions and second factors.

Password hashes are made at the door (they take long); this module only stores and compares what it is given.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from ..kernel.crypto import sha256_hex
from ..kernel.errors import DomainError, invalid
from ..kernel.unit import Unit
from ..models import Account, Agency, Court, LoginSession, Person
from ..rules import identity
from ..rules.access import COURT_ROLES, ROLES, STAFF
from ..rules.calendar import shanghai_day
from ..rules.letters import says_something
from .passkeys import check_proven, has_factor, issue_challenge, passkeys

#: A session ends this long after signing in, whatever happens. Machine time.
SESSION = timedelta(hours=12)
#: After this many failures in a row an account waits; the wait doubles with every further failure.
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
#: How long an ended session's row stays: long enough for every process to hear of it.
_ENDED_STAYS = timedelta(days=1)
#: Uses of sessions are written once a minute by each process.
_UNWRITTEN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class BidderFacts:
    """A person who asks for an account; numbers as typed."""

    username: str
    name: str
    id_type: str
    id_number: str
    phone: str | None = None
    email: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened: the token is shown once and kept only as its hash."""

    token: str
    session: LoginSession
    account: Account


def create_bidder(unit: Unit, facts: BidderFacts, password_hash: str, role: str = "bidder") -> Account:
    """Make an account for a person whose identity number holds (GB 11643, GB 32100).

    A second account for one identity is made like any other (PRECISIONS 31). In the sandbox the identity counts
    as confirmed at once. DomainError invalid with the field: required, identity_invalid, taken.
    """
    _said(username=facts.username, name=facts.name)
    number = identity.check(facts.id_type, facts.id_number, shanghai_day(unit.now))
    _free(unit, facts.username)
    person_id = unit.new_id()
    key = unit.vault.new_person_key(person_id)

    def sealed(column: str, value: str | None) -> bytes | None:
        return unit.vault.seal(key, person_id, column, value) if value else None

    person = Person(
        id=person_id,
        wrapped_key=key,
        id_type=facts.id_type,
        id_match=unit.vault.match_key(facts.id_type, number),
        name=sealed("name", facts.name),
        id_number=sealed("id_number", number),
        phone=sealed("phone", facts.phone),
        email=sealed("email", facts.email),
        address=sealed("address", facts.address),
        verified=unit.settings.sandbox,
        created_at=unit.now,
    )
    unit.session.add(person)
    unit.session.flush()
    account = _account(unit, facts.username, role, facts.username, password_hash)
    account.person_id = person_id
    unit.record(
        "PersonRegistered", stream=f"person:{person_id}", private=True, body={"account_id": account.id, "role": role}
    )
    return account


def create_staff(
    unit: Unit,
    *,
    username: str,
    role: str,
    name: str,
    password_hash: str,
    court: str | None = None,
    agency: str | None = None,
) -> Account:
    """Make a staff account. Court roles name their court, agency staff their agency; others neither.

    DomainError invalid naming username, name, role, court or agency.
    """
    _said(username=username, name=name)
    if role not in ROLES or role not in STAFF:
        raise invalid("role", "unknown_role", value=role)
    if (role in COURT_ROLES) != (court is not None):
        raise invalid("court", "required" if role in COURT_ROLES else "not_allowed", role=role)
    if (role == "agency") != (agency is not None):
        raise invalid("agency", "required" if role == "agency" else "not_allowed", role=role)
    if court is not None and unit.session.get(Court, court) is None:
        raise invalid("court", "unknown_court", value=court)
    if agency is not None and unit.session.get(Agency, agency) is None:
        raise invalid("agency", "unknown_agency", value=agency)
    _free(unit, username)
    account = _account(unit, username, role, name, password_hash)
    account.court_code, account.agency_uscc = court, agency
    unit.record("StaffAdded", stream="system", private=True, body={"account_id": account.id, "role": role})
    return account


def _said(**names: str) -> None:
    """Refuse the first name in which nothing can be seen: DomainError invalid, required."""
    for field, name in names.items():
        if not says_something(name):
            raise invalid(field, "required")


def _free(unit: Unit, username: str) -> None:
    if unit.session.scalar(select(Account.id).where(Account.username == username)):
        raise invalid("username", "taken", value=username)


def _account(unit: Unit, username: str, role: str, name: str, password_hash: str) -> Account:
    account = Account(
        id=unit.new_id(),
        username=username,
        password_hash=password_hash,
        role=role,
        display_name=name,
        failures=0,
        factor_confirmed=False,
        factor_step=0,
        created_at=unit.now,
    )
    unit.session.add(account)
    unit.session.flush()
    return account


def add_court(unit: Unit, code: str, name: str) -> Court:
    """Enter a court. DomainError invalid: required, taken."""
    _said(code=code, name=name)
    if unit.session.get(Court, code) is not None:
        raise invalid("code", "taken", value=code)
    court = Court(code=code, name=name)
    unit.session.add(court)
    unit.record("CourtAdded", stream="system", body={"code": code, "name": name})
    return court


def add_agency(unit: Unit, uscc: str, name: str) -> Agency:
    """Enter an auxiliary agency by its social credit code. DomainError invalid: required, identity_invalid, taken."""
    _said(name=name)
    number = identity.check("uscc", uscc, shanghai_day(unit.now), "uscc")
    if unit.session.get(Agency, number) is not None:
        raise invalid("uscc", "taken", value=number)
    agency = Agency(uscc=number, name=name)
    unit.session.add(agency)
    unit.record("AgencyAdded", stream="system", body={"uscc": number, "name": name})
    return agency


def open_session(
    unit: Unit,
    account_id: str,
    *,
    matches: bool,
    code_holds: Callable[[Account], bool | None],
    origin: tuple[str, str] | None = None,
) -> Opened | str:
    """Open a session after the door has compared the password (`matches`).

    Answers the session, or the reason of a refusal that must be kept: bad_credentials, otp_required, otp_invalid,
    rate_limited, account_disabled. `code_holds` answers None when no code was given. `origin`: address and browser,
    shown to nobody but the account's holder.
    """
    account = unit.session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    now = unit.machine_now
    if waits(account, now):
        return "rate_limited"
    factor = has_factor(unit.session, account)
    code = code_holds(account) if matches and factor else True
    if not matches or code is False:
        _failed(account, now)
        return "otp_invalid" if matches else "bad_credentials"
    if code is None:
        return "otp_required"
    if account.disabled_at is not None:
        return "account_disabled"
    account.failures, account.locked_until, account.seen_at = 0, None, unit.now
    token = unit.ids.token()
    token_hash = sha256_hex(token.encode())
    session = LoginSession(
        token_hash=token_hash,
        account_id=account.id,
        created_at=now,
        expires_at=now + SESSION,
        second_factor=factor,
        origin=unit.vault.seal_platform(f"session:{token_hash}", json.dumps(origin)) if origin else None,
    )
    over = now - _ENDED_STAYS
    gone = or_(LoginSession.expires_at < over, LoginSession.ended_at < over)
    unit.session.execute(delete(LoginSession).where(LoginSession.account_id == account.id, gone))
    unit.session.add(session)
    unit.record("SessionOpened", stream="system", private=True, body={"account_id": account.id, "role": account.role})
    return Opened(token, session, account)


def waits(account: Account, now: datetime) -> bool:
    """Whether too many wrong secrets keep an account waiting still."""
    return account.locked_until is not None and now < account.locked_until


def _failed(account: Account, now: datetime) -> None:
    """Count a wrong secret; after some in a row the account waits."""
    account.failures += 1
    if account.failures >= FREE_FAILURES:
        wait = FIRST_WAIT * 2 ** min(account.failures - FREE_FAILURES, 10)
        account.locked_until = now + min(wait, LONGEST_WAIT)


def close_session(unit: Unit, token: str) -> None:
    """Sign out: end a session at once, if it lives."""
    token_hash = sha256_hex(token.encode())
    session = unit.session.get(LoginSession, token_hash)
    if session is not None:
        _end(unit, session.account_id, "signed_out", LoginSession.token_hash == token_hash)


def end_session(unit: Unit, account_id: str, session_id: str) -> None:
    """End one of the account's sessions at once. DomainError not_found where it has no such live one."""
    if not _end(unit, account_id, "ended_elsewhere", LoginSession.token_hash == session_id):
        raise DomainError("not_found")


def end_other_sessions(unit: Unit, account_id: str, token: str) -> int:
    """End all of the account's sessions but this one; answers how many there were."""
    unit.session.get_one(Account, account_id, with_for_update=True)
    return _end(unit, account_id, "ended_elsewhere", LoginSession.token_hash != sha256_hex(token.encode()))


def end_all_sessions(unit: Unit, account_id: str, reason: str) -> int:
    """End every session of an account at once; answers how many."""
    return _end(unit, account_id, reason)


def present_password(unit: Unit, account: Account, *, matches: bool) -> str | None:
    """Take the present password of a locked account, asked for before what cannot be taken back.

    Answers None, or the reason of a refusal that must be kept: bad_credentials, rate_limited.
    """
    if waits(account, unit.machine_now):
        return "rate_limited"
    if not matches:
        _failed(account, unit.machine_now)
        return "bad_credentials"
    account.failures, account.locked_until = 0, None
    return None


def count_wrong(unit: Unit, account: Account) -> None:
    """Count a wrong secret of a locked account, as at signing in; only signing in forgets them."""
    _failed(account, unit.machine_now)


def change_password(unit: Unit, account_id: str, token: str, *, matches: bool, password_hash: str) -> str | None:
    """Put another password in force and end every other session; a wrong present one counts like a failed sign-in.

    Answers None, or the reason of a refusal that must be kept: bad_credentials, rate_limited.
    """
    account = unit.session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    refusal = present_password(unit, account, matches=matches)
    if refusal is not None:
        return refusal
    account.password_hash = password_hash
    unit.record("PasswordChanged", stream="system", private=True, body={"account_id": account.id})
    _end(unit, account.id, "password_changed", LoginSession.token_hash != sha256_hex(token.encode()))
    return None


def disable_account(unit: Unit, username: str, reason: str) -> Account:
    """Take an account's role away: it signs in no more, and every session of it ends at once.

    DomainError invalid (username: unknown_account; reason: required), wrong_state when it is disabled already.
    """
    _said(reason=reason)
    account = _account_named(unit, username)
    if account.disabled_at is not None:
        raise DomainError("wrong_state", reason="account_disabled")
    account.disabled_at = unit.machine_now
    unit.record(
        "AccountDisabled", stream="system", private=True, body={"account_id": account.id, "reason": reason.strip()}
    )
    _end(unit, account.id, "account_disabled")
    return account


def enable_account(unit: Unit, username: str, reason: str) -> Account:
    """Give a disabled account its role back. DomainError as `disable_account`."""
    _said(reason=reason)
    account = _account_named(unit, username)
    if account.disabled_at is None:
        raise DomainError("wrong_state", reason="account_enabled")
    account.disabled_at = None
    unit.record(
        "AccountEnabled", stream="system", private=True, body={"account_id": account.id, "reason": reason.strip()}
    )
    return account


def _account_named(unit: Unit, username: str) -> Account:
    account = unit.session.scalar(select(Account).where(Account.username == username).with_for_update())
    if account is None:
        raise invalid("username", "unknown_account", value=username)
    return account


def note_uses(unit: Unit, uses: Mapping[str, datetime]) -> None:
    """Keep when sessions were last used: their ids with moments of machine time."""
    unit.rewrite(LoginSession, [{"token_hash": one, "used_at": at} for one, at in uses.items()], key="token_hash")


def end_idle(unit: Unit) -> int:
    """End the sessions of staff that nobody has used for as long as the settings allow; answers how many.

    What processes know of uses and have not written yet is waited for: the door itself refuses an idle one in time.
    """
    if unit.settings.staff_idle is None:
        return 0
    before = unit.machine_now - unit.settings.staff_idle - _UNWRITTEN
    idle = unit.session.execute(
        select(LoginSession.token_hash, LoginSession.account_id)
        .join(Account, Account.id == LoginSession.account_id)
        .where(Account.role.in_(STAFF), LoginSession.ended_at.is_(None), LoginSession.expires_at > unit.machine_now)
        .where(func.coalesce(LoginSession.used_at, LoginSession.created_at) <= before)
        .order_by(LoginSession.token_hash)
    ).all()
    return sum(_end(unit, row.account_id, "idle", LoginSession.token_hash == row.token_hash) for row in idle)


def end_idle_session(unit: Unit, account_id: str, session_id: str) -> None:
    """End one session that the door has found idle; nothing where it has ended meanwhile."""
    _end(unit, account_id, "idle", LoginSession.token_hash == session_id)


def _end(unit: Unit, account_id: str, reason: str, *which: ColumnElement[bool]) -> int:
    """End an account's live sessions, or those for which `which` holds, and say so to their sockets."""
    now = unit.machine_now
    lives = (LoginSession.account_id == account_id, LoginSession.ended_at.is_(None), LoginSession.expires_at > now)
    ended = unit.session.scalars(
        update(LoginSession)
        .where(*lives, *which)
        .values(ended_at=now, ended_reason=reason, origin=None)
        .returning(LoginSession.token_hash)
    ).all()
    if ended:
        body = {"account_id": account_id, "reason": reason, "count": len(ended)}
        unit.record("SessionsEnded", stream="system", private=True, body=body)
        unit.publish("sessions_ended", ids=list(ended), reason=reason)
    return len(ended)


def ask_passkey(unit: Unit, account_id: str, *, matches: bool) -> bytes | str:
    """A challenge to sign in with, after the door has compared the password.

    Answers the challenge, or the reason of a refusal that must be kept: bad_credentials, rate_limited, no_passkey.
    """
    account = unit.session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    if waits(account, unit.machine_now):
        return "rate_limited"
    if not matches:
        _failed(account, unit.machine_now)
        return "bad_credentials"
    return issue_challenge(unit, account.id, None) if passkeys(unit.session, account.id) else "no_passkey"


def offer_factor(unit: Unit, account_id: str, session_id: str, secret: str, *, shown: bool = False) -> str:
    """Keep new one-time codes, not yet in force; answers their id. What is in force stays so until they are confirmed.

    `shown`: whether a factor in force was shown just now, as replacing codes in force takes. DomainError
    wrong_state where it was not, forbidden from a session that has not shown the factor there is.
    """
    account = check_proven(unit, account_id, session_id)
    if account.factor_confirmed and not shown:
        raise DomainError("wrong_state", status="factor_in_force")
    factor_id = unit.new_id()
    account.factor_offered = unit.vault.seal_platform(f"offered:{account.id}", json.dumps([factor_id, secret]))
    return factor_id


def offered_factor(unit: Unit, account: Account) -> tuple[str, str] | None:
    """Id and secret of the codes on offer; None where there are none."""
    if account.factor_offered is None:
        return None
    factor_id, secret = json.loads(unit.vault.open_platform(f"offered:{account.id}", account.factor_offered))
    return factor_id, secret


def confirm_factor(unit: Unit, account_id: str, token: str, step_of: Callable[[str], int | None]) -> str:
    """Put the codes on offer in force, in the place of earlier ones, once one of them was shown; answers their id.

    `step_of` answers the time step of the code that was typed, given the secret; None for a wrong one. DomainError
    wrong_state where nothing is on offer, invalid: otp.
    """
    account = unit.session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    offered = offered_factor(unit, account)
    if offered is None:
        raise DomainError("wrong_state", status="no_factor_offered")
    factor_id, secret = offered
    step = step_of(secret)
    if step is None:
        raise invalid("otp", "otp_invalid")
    kind = "SecondFactorReplaced" if account.factor_confirmed else "SecondFactorEnrolled"
    account.factor, account.factor_id = unit.vault.seal_platform(f"factor:{account.id}", secret), factor_id
    account.factor_offered, account.factor_confirmed, account.factor_step = None, True, step
    session = unit.session.get(LoginSession, sha256_hex(token.encode()))
    if session is not None:
        session.second_factor = True
    unit.record(kind, stream="system", private=True, body={"account_id": account.id, "factor": "totp"})
    return factor_id
