"""What is told to an account, and its sending by mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..kernel.db import Base


class Message(Base):
    """Something told to an account: `kind` names its sentence, `subject` the facts that fill it.

    The same `key` is told an account once. `at` is platform time; one that lies ahead is not shown before.
    """

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str]
    subject: Mapped[dict[str, Any]]
    key: Mapped[str]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        Index("ix_messages_account_id", "account_id", "at"),
    )


class Mail(Base):
    """The sending of a message by mail. Times are machine time.

    `state`: waiting, sending (a process has taken it), sent, dead (the server will never take it, or did not for too
    long), unsure (the connection broke after the whole of it was sent: it is not sent a second time).
    """

    __tablename__ = "mails"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_mails_state", "state", "due_at"),)
