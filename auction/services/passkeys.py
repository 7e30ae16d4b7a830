"""Security keys (WebAuthn) as second factors: their challenges, enrolling, naming and removing them.

The door verifies what an authenticator has signed; this module keeps keys, counts and challenges. A challenge is for
one account and, while signed in, for one session; it is used once and lives five minutes of machine time.
"""

from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from ..kernel.crypto import sha256_hex
from ..kernel.errors import DomainError, invalid
from ..kernel.unit import Unit
from ..models import Account, LoginSession, Passkey, PasskeyChallenge
from ..rules.letters import says_something

CHALLENGE = timedelta(minutes=5)
#: Keys an account may have.
MOST = 10


def passkeys(session: Session, account_id: str) -> list[Passkey]:
    """The account's keys, the first enrolled first."""
    rows = select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.created_at, Passkey.id)
    return list(session.scalars(rows))


def has_factor(session: Session, account: Account) -> bool:
    """Whether a second factor of the account is in force: a one-time code or a key."""
    return account.factor_confirmed or bool(passkeys(session, account.id))


def check_proven(unit: Unit, account_id: str, session_id: str) -> Account:
    """The account, locked. DomainError forbidden where it has a factor that this session has not shown: whoever knows
    the password alone neither adds nor removes one.
    """
    account = unit.session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    session = unit.session.get(LoginSession, session_id)
    if has_factor(unit.session, account) and not (session is not None and session.second_factor):
        raise DomainError("forbidden", reason="factor_unproven")
    return account


def issue_challenge(unit: Unit, account_id: str, session_id: str | None) -> bytes:
    """A fresh challenge for the account (and its session); an earlier one of the same use is void."""
    challenge = unit.ids.bytes(32)
    same = PasskeyChallenge.session_id == session_id if session_id else PasskeyChallenge.session_id.is_(None)
    void = or_(same, PasskeyChallenge.expires_at <= unit.machine_now)
    unit.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.account_id == account_id, void))
    unit.session.add(
        PasskeyChallenge(
            id=sha256_hex(challenge),
            account_id=account_id,
            session_id=session_id,
            expires_at=unit.machine_now + CHALLENGE,
        )
    )
    return challenge


def use_challenge(unit: Unit, account_id: str, session_id: str | None, challenge: bytes) -> bool:
    """Use a challenge up; whether it was one of this account and session, unused and not over."""
    row = unit.session.get(PasskeyChallenge, sha256_hex(challenge), with_for_update=True)
    if row is None or (row.account_id, row.session_id) != (account_id, session_id):
        return False
    in_time: bool = row.expires_at > unit.machine_now
    unit.session.delete(row)
    return in_time


def add_passkey(
    unit: Unit, account_id: str, session_id: str, *, key_id: str, name: str, public_key: bytes, sign_count: int
) -> Passkey:
    """Put a key in force whose signature the door has verified; the session then has the second factor.

    DomainError forbidden (see `check_proven`), invalid: name required, credential taken; wrong_state for too many.
    """
    account = check_proven(unit, account_id, session_id)
    _named(name)
    if unit.session.get(Passkey, key_id) is not None:
        raise invalid("credential", "taken", value=name)
    if len(passkeys(unit.session, account_id)) >= MOST:
        raise DomainError("wrong_state", reason="passkeys_many", most=MOST)
    key = Passkey(
        id=key_id,
        account_id=account.id,
        name=name.strip(),
        public_key=public_key,
        sign_count=sign_count,
        created_at=unit.machine_now,
        used_at=None,
    )
    unit.session.add(key)
    session = unit.session.get_one(LoginSession, session_id)
    session.second_factor = True
    unit.record(
        "SecondFactorEnrolled", stream="system", private=True, body={"account_id": account.id, "factor": "webauthn"}
    )
    return key


def rename_passkey(unit: Unit, account_id: str, key_id: str, name: str) -> Passkey:
    """Give an own key another name. DomainError not_found; invalid: name required."""
    key = _own(unit, account_id, key_id)
    _named(name)
    key.name = name.strip()
    return key


def remove_passkey(unit: Unit, account_id: str, session_id: str, key_id: str, *, required: bool) -> None:
    """Take an own key out of force. DomainError not_found, forbidden (see `check_proven`), and wrong_state for the last
    factor where one is `required`.
    """
    account = check_proven(unit, account_id, session_id)
    key = _own(unit, account_id, key_id)
    if required and not account.factor_confirmed and len(passkeys(unit.session, account_id)) == 1:
        raise DomainError("wrong_state", reason="last_factor")
    unit.session.delete(key)
    unit.record(
        "SecondFactorRemoved", stream="system", private=True, body={"account_id": account.id, "factor": "webauthn"}
    )


def _own(unit: Unit, account_id: str, key_id: str) -> Passkey:
    key = unit.session.get(Passkey, key_id, with_for_update=True)
    if key is None or key.account_id != account_id:
        raise DomainError("not_found")
    return key


def _named(name: str) -> None:
    if not says_something(name):
        raise invalid("name", "required")
