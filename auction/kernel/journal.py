"""The journal: what happened, written in the transaction in which it happened.

Entries lie in streams (`auction:ID`, `lot:ID`, `person:ID`, `system`), numbered without gaps and hash-chained;
the entry's canonical JSON is what is hashed, signed and sealed into the log. A private entry is shown in the
public log only as a salted commitment (PRECISIONS 4); its salt lies apart, so that it can be destroyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from .clock import iso
from .crypto import SUITE, canonical, sha256_hex
from .db import Base, insert_only, write_rows
from .ids import Ids

#: `prev` of the first entry of a stream.
NO_HASH = "0" * 64


class Stream(Base):
    """The head of one stream. `unsealed` tells the sealer that it grew."""

    __tablename__ = "streams"

    stream: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]
    at: Mapped[datetime]
    unsealed: Mapped[bool]
    sealed_number: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (Index("ix_streams_unsealed", "unsealed", postgresql_where=text("unsealed")),)


@insert_only
class JournalRow(Base):
    """One entry; `entry` is its canonical JSON."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    stream: Mapped[str]
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    at: Mapped[datetime]
    private: Mapped[bool]
    entry: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (UniqueConstraint("stream", "number"),)


class Salt(Base):
    """The salt of a private entry's commitment. Destroying it makes the commitment say nothing for ever."""

    __tablename__ = "journal_salts"

    stream: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    salt: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry as made: `data` is what is signed and shown, `text` its canonical bytes, `hash` theirs."""

    data: Mapping[str, Any]
    text: bytes
    hash: str

    @property
    def number(self) -> int:
        return int(self.data["number"])


class Journal:
    """The entries of one unit of work: heads are locked at the first entry of a stream, rows written at `flush`."""

    def __init__(self, session: Session, ids: Ids) -> None:
        self._session, self._ids = session, ids
        self._heads: dict[str, tuple[int, str, datetime]] = {}
        self._rows: list[dict[str, Any]] = []
        self._salts: list[dict[str, Any]] = []

    def append(self, stream: str, kind: str, body: Mapping[str, Any], now: datetime, *, private: bool) -> Entry:
        """Add an entry. Its time is `now`, but never behind the stream's last entry. TypeError outside the domain."""
        number, previous, last = self._heads.get(stream) or self._lock(stream, now)
        at = max(now, last)
        data = {
            "at": iso(at),
            "body": dict(body),
            "kind": kind,
            "number": number + 1,
            "prev": previous,
            "stream": stream,
            "suite": SUITE,
        }
        written = canonical(data)
        entry = Entry(data, written, sha256_hex(written))
        self._heads[stream] = (number + 1, entry.hash, at)
        self._rows.append(
            {
                "stream": stream,
                "number": number + 1,
                "kind": kind,
                "at": at,
                "private": private,
                "entry": written.decode(),
                "hash": entry.hash,
            }
        )
        if private:
            self._salts.append({"stream": stream, "number": number + 1, "salt": self._ids.bytes(32)})
        return entry

    def flush(self) -> None:
        """Write what was appended: entries, salts and heads, each in one statement."""
        if not self._rows:
            return
        write_rows(self._session, JournalRow, self._rows)
        write_rows(self._session, Salt, self._salts)
        for stream, (number, digest, at) in self._heads.items():
            self._session.execute(
                update(Stream)
                .where(Stream.stream == stream)
                .values(number=number, hash=digest, at=at, unsealed=True)
                .execution_options(synchronize_session=False)
            )
        self._rows, self._salts = [], []

    def _lock(self, stream: str, now: datetime) -> tuple[int, str, datetime]:
        head = select(Stream.number, Stream.hash, Stream.at).where(Stream.stream == stream).with_for_update()
        row = self._session.execute(head).one_or_none()
        if row is None:
            dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
            self._session.execute(
                dialect.insert(Stream)
                .values(stream=stream, number=0, hash=NO_HASH, at=now, unsealed=False, sealed_number=0)
                .on_conflict_do_nothing()
            )
            row = self._session.execute(head).one()
        return row.number, row.hash, row.at
