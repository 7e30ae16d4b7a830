"""Who is signed in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..kernel.crypto import sha256_hex
from ..models import Account, LoginSession
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
    row = session.execute(
        select(LoginSession, Account)
        .join(Account, Account.id == LoginSession.account_id)
        .where(LoginSession.token_hash == sha256_hex(token.encode()))
    ).one_or_none()
    if row is None or row.LoginSession.expires_at <= machine_now:
        return None
    return SignedIn(
        row.Account.actor, row.Account.username, row.LoginSession.second_factor, row.LoginSession.expires_at
    )


def account_named(session: Session, username: str) -> Account | None:
    """The account of a username."""
    return session.scalar(select(Account).where(Account.username == username))
