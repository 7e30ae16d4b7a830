"""Who is signed in, and where."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..kernel.crypto import Vault, sha256_hex
from ..kernel.errors import invalid
from ..models import Account, Court, LoginSession
from ..rules.access import Actor


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: who acts, whether a second factor was shown, and when it was last used as far as is kept."""

    actor: Actor
    username: str
    second_factor: bool
    expires_at: datetime
    id: str
    used_at: datetime


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A live session as its holder sees it: `address` and `browser` are empty where they were not kept."""

    id: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime
    second_factor: bool
    address: str
    browser: str


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
        .where(LoginSession.ended_at.is_(None))
    )
    for opened, account in rows:
        found[hashes[opened.token_hash]] = SignedIn(
            account.actor,
            account.username,
            opened.second_factor,
            opened.expires_at,
            opened.token_hash,
            opened.used_at or opened.created_at,
        )
    return found


def own_sessions(session: Session, vault: Vault, account_id: str, machine_now: datetime) -> list[OwnSession]:
    """The account's live sessions, the latest first."""
    rows = session.scalars(
        select(LoginSession)
        .where(LoginSession.account_id == account_id, LoginSession.ended_at.is_(None))
        .where(LoginSession.expires_at > machine_now)
        .order_by(LoginSession.created_at.desc(), LoginSession.token_hash)
    )
    return [_own(row, vault) for row in rows]


def _own(row: LoginSession, vault: Vault) -> OwnSession:
    address, browser = origin_of(row, vault)
    return OwnSession(row.token_hash, row.created_at, row.used_at, row.expires_at, row.second_factor, address, browser)


def origin_of(row: LoginSession, vault: Vault) -> tuple[str, str]:
    """Address and browser a session was opened with; empty where they are not kept, or no more."""
    if row.origin is None:
        return "", ""
    address, browser = json.loads(vault.open_platform(f"session:{row.token_hash}", row.origin))
    return address, browser


def expiries(session: Session, ids: Collection[str]) -> dict[str, datetime]:
    """When the live ones among some sessions end: a bidder's may have been prolonged."""
    rows = session.execute(
        select(LoginSession.token_hash, LoginSession.expires_at).where(
            LoginSession.token_hash.in_(ids), LoginSession.ended_at.is_(None)
        )
    )
    return {row.token_hash: row.expires_at for row in rows}


def ended_since(session: Session, since: datetime) -> dict[str, str]:
    """The ids of the sessions that were ended from a moment of machine time on, with the reasons."""
    rows = session.execute(
        select(LoginSession.token_hash, LoginSession.ended_reason).where(LoginSession.ended_at >= since)
    )
    return {token_hash: str(reason) for token_hash, reason in rows}


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
