"""An account's messages, as they are shown to it; and what is to be seen of their mail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from auction.models import Mail, Message, Platform

#: What the house does by itself: tell what happened, and carry out what is due.
Work = Literal["telling", "due"]
#: The rows of `platform` that say how often some of it failed and was passed over.
FAILED: Mapping[Work, str] = {"telling": "failed_tellings", "due": "failed_acts"}


def messages(
    session: Session, account_id: str, now: datetime, page: int, size: int, *, unread: bool = False
) -> tuple[list[Message], int]:
    """A page of an account's messages, the latest first, and how many there are; `unread`: only those."""
    shown = _shown(account_id, now, unread=unread)
    total = session.scalar(select(func.count()).select_from(Message).where(*shown)) or 0
    rows = select(Message).where(*shown).order_by(Message.at.desc(), Message.id.desc())
    return list(session.scalars(rows.offset((page - 1) * size).limit(size))), total


def unread_count(session: Session, account_id: str, now: datetime) -> int:
    """How many messages an account has not read."""
    shown = _shown(account_id, now, unread=True)
    return session.scalar(select(func.count()).select_from(Message).where(*shown)) or 0


def _shown(account_id: str, now: datetime, *, unread: bool) -> list[ColumnElement[bool]]:
    shown = [Message.account_id == account_id, Message.at <= now]
    return [*shown, Message.read_at.is_(None)] if unread else shown


def mails_by_state(session: Session) -> dict[str, int]:
    """How many mails there are in each state."""
    counted = select(Mail.state, func.count()).group_by(Mail.state)
    return {str(state): count for state, count in session.execute(counted)}


def failures(session: Session) -> dict[Work, int]:
    """How often the house's own work failed and was passed over."""
    rows = session.execute(select(Platform.key, Platform.value).where(Platform.key.in_(FAILED.values())))
    counted = {key: int(value) for key, value in rows}
    return {work: counted.get(FAILED[work], 0) for work in get_args(Work)}
