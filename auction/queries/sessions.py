"""Who is signed in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..kernel.crypto import sha256_hex
from ..kernel.errors import invalid
from ..models import Account, Court, LoginSession
from ..rules.access import Actor


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: who acts, and whether a second factor was shown."""

    actor: Actor
    username: str
    second_factor: bool
    expires_at: datetime


def signed_in(session: Session, token: str, machine_now: datetime) -> SignedIn | None:
    """The session of a token; None when it is unknown, ended or over."""
    return all_signed_in(session, (token,), machine_now)[token]


def all_signed_in(session: Session, tokens: Collection[str], machine_now: datetime) -> dict[str, SignedIn | None]:
    """The sessions of some tokens, as `signed_in` answers them one by one."""
    hashes = {sha256_hex(token.encode()): token for token in tokens}
    found: dict[str, SignedIn | None] = dict.fromkeys(tokens)
    rows = session.execute(
        select(LoginSession, Account)
        .join(Account, Account.id == LoginSession.account_id)
        .where(LoginSession.token_hash.in_(hashes), LoginSession.expires_at > machine_now)
    )
    for opened, account in rows:
        found[hashes[opened.token_hash]] = SignedIn(
            account.actor, account.username, opened.second_factor, opened.expires_at
        )
    return found


def account_named(session: Session, username: str) -> Account | None:
    """The account of a username."""
    return session.scalar(select(Account).where(Account.username == username))


def staff_named(session: Session, court_code: str, username: str) -> Actor:
    """A judge or clerk of a court, as one who acts. DomainError invalid: `unknown_court`, `unknown_staff`."""
    if session.get(Court, court_code) is None:
        raise invalid("court", "unknown_court", value=court_code)
    account = account_named(session, username)
    if account is None or account.court_code != court_code or account.role not in ("judge", "clerk"):
        raise invalid("as", "unknown_staff", value=username)
    return account.actor
