"""Recovery codes: what gets a person in once who has lost the second factor. Kept as hashes, each used once."""

from base64 import b32encode
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ..kernel.crypto import sha256_hex
from ..kernel.errors import DomainError
from ..kernel.unit import Unit
from ..models import Account, RecoveryCode
from .passkeys import check_proven, has_factor

#: How many are made at once, and of how many random bytes: 80 bits cannot be guessed, so that a plain hash keeps them.
CODES, _BYTES = 10, 10


def make_codes(unit: Unit, account_id: str, session_id: str) -> list[str]:
    """Fresh codes in the place of all earlier ones, to be shown this once. The caller has seen password and factor.

    DomainError forbidden (see `check_proven`), wrong_state/no_factor where there is no factor that could be lost.
    """
    account = check_proven(unit, account_id, session_id)
    if not has_factor(unit.session, account):
        raise DomainError("wrong_state", reason="no_factor")
    drop_codes(unit, account_id)
    codes = ["-".join(_groups(b32encode(unit.ids.bytes(_BYTES)).decode())) for _ in range(CODES)]
    unit.session.add_all(
        RecoveryCode(id=_hash(account_id, code), account_id=account_id, made_at=unit.machine_now) for code in codes
    )
    unit.record("RecoveryCodesMade", stream="system", private=True, body={"account_id": account_id, "count": CODES})
    return codes


def use_code(unit: Unit, account: Account, typed: str) -> bool:
    """Use a code of a locked account up; whether it was one of his and unused. Capitals and dashes do not matter."""
    code = unit.session.get(RecoveryCode, _hash(account.id, typed), with_for_update=True, populate_existing=True)
    if code is None or code.used_at is not None:
        return False
    code.used_at = unit.machine_now
    unit.session.flush()
    left = len(codes_left(unit.session, account.id))
    unit.record("RecoveryCodeUsed", stream="system", private=True, body={"account_id": account.id, "left": left})
    return True


def codes_left(session: Session, account_id: str) -> list[datetime]:
    """When each code that may still be used was made."""
    unused = select(RecoveryCode.made_at).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return list(session.scalars(unused))


def drop_codes(unit: Unit, account_id: str) -> None:
    """Make all codes of an account void."""
    unit.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def _groups(letters: str) -> list[str]:
    return [letters[start : start + 4] for start in range(0, len(letters), 4)]


def _hash(account_id: str, typed: str) -> str:
    letters = "".join(mark for mark in typed.upper() if mark.isalnum())
    return sha256_hex(f"{account_id}\0{letters}".encode())
