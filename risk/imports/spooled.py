"""What an import must remember of a file of any length, kept on disk once it is much: earlier lines, refused lines."""

import json
import sqlite3
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from types import TracebackType
from typing import Self

from .lines import Refused, RefusedRow

#: In bytes: what is kept in memory before it goes to disk.
_IN_MEMORY = 1 << 20


class Claims:
    """What each line said of what: a line that says something else of the same than an earlier one is found out.

    Keyed digests in a private temporary database, which vanishes when it is closed.
    """

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute("PRAGMA cache_size = -8192")  # kibibytes
        self._store.execute("CREATE TABLE claims (about BLOB PRIMARY KEY, said BLOB, line INTEGER) WITHOUT ROWID")
        self._store.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._store.close()

    def take(self, line: int, about: Iterable[str], said: Iterable[str]) -> None:
        """Keep what a line says; Refused `contradicts_line` with the earlier line where it says something else."""
        key, value = _digest(about), _digest(said)
        new = self._store.execute("INSERT OR IGNORE INTO claims VALUES (?, ?, ?)", (key, value, line)).rowcount
        if not new:
            earlier, at = self._store.execute("SELECT said, line FROM claims WHERE about = ?", (key,)).fetchone()
            if earlier != value:
                raise Refused("contradicts_line", line=at)


class Refusals:
    """The refused rows of a file in order, however many: the first in memory, more of them in a temporary file."""

    def __init__(self, rows: Iterable[RefusedRow] = ()) -> None:
        self._count = 0
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115 - as long as self
        weakref.finalize(self, self._file.close)
        for row in rows:
            self.add(row)

    def add(self, row: RefusedRow) -> None:
        """Keep one more."""
        self._file.seek(0, 2)
        self._file.write(json.dumps([row.line, row.field, row.code, dict(row.facts)]) + "\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[RefusedRow]:
        self._file.seek(0)
        place = 0
        while line := self._file.readline():
            place = self._file.tell()
            yield RefusedRow(*json.loads(line))
            self._file.seek(place)

    def __contains__(self, row: object) -> bool:
        return any(row == other for other in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self._count} refused rows>"


def _digest(parts: Iterable[str]) -> bytes:
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()
