"""The journal: what happened, written in the transaction in which it happened.

Entries lie in streams (`auction:ID`, `lot:ID`, `person:ID`, `system`), numbered without gaps and hash-chained;
the entry's canonical JSON is what is hashed, signed and sealed into the log. A private entry is shown in the
public log only as a salted commitment (PRECISIONS 4); its salt lies apart, so that it can be destroyed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .clock import iso
from .crypto import SUITE, canonical, sha256_hex
from .db import Base, Question, Write, ask, insert_new, insert_only
from .ids import Ids

#: `prev` of the first entry of a stream.
NO_HASH = "0" * 64
#: Entries that tell of a look-up of somebody's data. Their index is the model's, so that their names stand here.
LOOKED_UP = ("IdentityLookedUp", "ConflictsLookedUp", "EntryLookedUp", "IdentityOpened")
#: The same as a condition, literally as the index has it: it is found by no other.
ARE_LOOK_UPS = text("kind IN ('IdentityLookedUp', 'ConflictsLookedUp', 'EntryLookedUp', 'IdentityOpened')")


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

    __table_args__ = (
        UniqueConstraint("stream", "number"),
        Index("ix_journal_look_ups", "at", postgresql_where=ARE_LOOK_UPS, sqlite_where=ARE_LOOK_UPS),
    )


class Salt(Base):
    """The salt of a private entry's commitment. Destroying it makes the commitment say nothing for ever."""

    __tablename__ = "journal_salts"

    stream: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    salt: Mapped[bytes]


_HEADS = Question(
    ("stream",),
    lambda rows, given: (
        select(Stream.stream, Stream.number, Stream.hash, Stream.at)
        .join_from(rows, Stream, Stream.stream == given["stream"])
        .order_by(Stream.stream)
        .with_for_update(of=Stream)
    ),
)


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
    """The entries of one unit of work: heads are locked at the first entry of a stream, rows leave together."""

    def __init__(self, session: Session, ids: Ids) -> None:
        self._session, self._ids = session, ids
        self._heads: dict[str, tuple[int, str, datetime]] = {}
        self._rows: list[dict[str, Any]] = []
        self._salts: list[dict[str, Any]] = []

    def append(self, stream: str, kind: str, body: Mapping[str, Any], now: datetime, *, private: bool) -> Entry:
        """Add an entry. Its time is `now`, but never behind the stream's last entry. TypeError outside the domain."""
        if stream not in self._heads:
            self._lock(stream, now)
        number, previous, last = self._heads[stream]
        at = max(now, last)
        data = {
            "at": iso(at),
            "body": dict(sorted(body.items())),
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

    @staticmethod
    def heads(streams: Iterable[str]) -> tuple[Question, list[dict[str, str]]]:
        """The question that locks the heads of streams, in order of name; `found` takes its answer."""
        return _HEADS, [{"stream": stream} for stream in streams]

    def found(self, heads: Iterable[Any]) -> None:
        """Take heads that are locked. A stream that has none yet begins with its first entry."""
        for row in heads:
            self._heads[row.stream] = (row.number, row.hash, row.at)

    def _lock(self, stream: str, now: datetime) -> None:
        """Lock the head of one stream, which begins here if it is not there yet."""
        self.found(ask(self._session, self.heads([stream]))[0])
        if stream not in self._heads:
            fresh = {"number": 0, "hash": NO_HASH, "at": now, "unsealed": False, "sealed_number": 0}
            insert_new(self._session, Stream, stream=stream, **fresh)
            self._lock(stream, now)

    def leaving(self) -> list[Write]:
        """What was appended, to be written now: entries, salts and heads."""
        if not self._rows:
            return []
        heads = [
            {"stream": stream, "number": self._heads[stream][0], "hash": self._heads[stream][1],
             "at": self._heads[stream][2], "unsealed": True}
            for stream in {row["stream"] for row in self._rows}
        ]  # fmt: skip
        writes = [Write(JournalRow, self._rows), Write(Salt, self._salts), Write(Stream, heads, "stream")]
        self._rows, self._salts = [], []
        return writes
