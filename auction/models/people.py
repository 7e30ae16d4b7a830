"""Courts, agencies, persons (sealed) and the correction of their data, accounts and their sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..kernel.db import Base
from ..rules.access import Actor


class Court(Base):
    """An enforcing court."""

    __tablename__ = "courts"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Agency(Base):
    """An auxiliary agency, known by its social credit code."""

    __tablename__ = "agencies"

    uscc: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Person(Base):
    """Who stands behind an account. Every field that identifies is sealed under the person's own key.

    `erased_at`: when that key was destroyed; `wrapped_key` is None from then on.
    """

    __tablename__ = "persons"

    id: Mapped[str] = mapped_column(primary_key=True)
    wrapped_key: Mapped[bytes | None]
    id_type: Mapped[str]
    id_match: Mapped[str] = mapped_column(index=True)
    name: Mapped[bytes]
    id_number: Mapped[bytes]
    phone: Mapped[bytes | None]
    email: Mapped[bytes | None]
    address: Mapped[bytes | None]
    verified: Mapped[bool]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Correction(Base):
    """A change of a person's data: his own of how he is reached, or one of his identity that others decide (PIPL 46).

    `fields` names what it is about; `before`, `wanted`, `reason`, `decision_reason` are sealed under the person's key
    (`before` and `wanted` as JSON by field), so that the history goes with him. `status`: filed, accepted, rejected.
    """

    __tablename__ = "corrections"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    fields: Mapped[list[Any]]
    before: Mapped[bytes]
    wanted: Mapped[bytes]
    reason: Mapped[bytes | None]
    attachments: Mapped[list[Any]]
    status: Mapped[str]
    filed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("status IN ('filed', 'accepted', 'rejected')", "status_known"),
        CheckConstraint("(status = 'filed') = (decided_at IS NULL)", "decided_or_filed"),
        Index("ix_corrections_status", "status", "filed_at"),
    )


class Account(Base):
    """A way to sign in, with one role. Staff belong to a court or an agency. `seen_at`: the last signing in.

    `factor` is the secret of the one-time codes in force, `factor_offered` of those not yet confirmed, with its id.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    display_name: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"), index=True)
    court_code: Mapped[str | None] = mapped_column(ForeignKey("courts.code"))
    agency_uscc: Mapped[str | None] = mapped_column(ForeignKey("agencies.uscc"))
    factor: Mapped[bytes | None]
    factor_id: Mapped[str | None]
    factor_confirmed: Mapped[bool] = mapped_column(default=False)
    factor_step: Mapped[int] = mapped_column(default=0)
    factor_offered: Mapped[bytes | None]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]

    @property
    def actor(self) -> Actor:
        """The account as one who acts."""
        return Actor(
            id=self.id,
            role=self.role,
            name=self.display_name,
            person_id=self.person_id,
            court_code=self.court_code,
            agency_uscc=self.agency_uscc,
        )


class LoginSession(Base):
    """A signed-in session; only the hash of its token is kept. Times are machine time.

    `used_at` is None until it was used a while after its opening. `origin` (address and browser, sealed) is kept while
    the session lives; an ended one stays a day, so that every process hears of its end.
    """

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor: Mapped[bool]
    used_at: Mapped[datetime | None]
    origin: Mapped[bytes | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_reason: Mapped[str | None]


class Passkey(Base):
    """A security key in force as a second factor. `id` is its credential id, base64url; times are machine time."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str]
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A challenge not yet signed, known by its hash. `session_id` is None for one to sign in with."""

    __tablename__ = "passkey_challenges"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    session_id: Mapped[str | None]
    expires_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that stands for a lost second factor, once. `id` is its hash; times are machine time."""

    __tablename__ = "recovery_codes"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Idempotency(Base):
    """The first answer to a keyed request, kept 24 hours (PRECISIONS 30). Times are machine time."""

    __tablename__ = "idempotency"

    account_id: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    status: Mapped[int | None]
    answer: Mapped[str | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_created_at", "created_at"),)
