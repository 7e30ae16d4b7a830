"""Recomputing the whole journal and the whole log from what the database holds: `fapai audit verify`.

Every chain, commitment, leaf, node, root and checkpoint signature is made again and compared. Entries not yet sealed
are right when their chain is: a process that died leaves up to two seconds of them (PRECISIONS 38). What nobody could
tell is a tail cut off before it was sealed: that is what a bidder's receipt is for.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import and_, func, select, text, tuple_
from sqlalchemy.orm import Session

from ..kernel.checkpoint import NoteError, VerifierKey, cosigned_at, open_checkpoint, open_note, parse_note
from ..kernel.clock import iso
from ..kernel.crypto import canonical, sha256_hex
from ..kernel.db import is_postgresql
from ..kernel.errors import DomainError
from ..kernel.journal import NO_HASH
from ..kernel.tree import EMPTY_ROOT, Frontier, frontier_nodes, leaf_hash, node_hash
from ..models import Checkpoint, Cosignature, JournalRow, LogLeaf, LogNode, Salt, Stream, Witness
from .log import log_keys, sealed_leaf

#: Rows read at once.
_PAGE = 2000
#: Failures told one by one.
_SHOWN = 200


class Failure(NamedTuple):
    """A check that failed: where, and what is wrong there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class Report:
    """What was checked, how often, and what failed. `failed` counts all failures, `failures` holds the first 200."""

    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    checked: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return not self.failed

    def that(self, right: object, where: str, what: str) -> None:
        """Note a failure unless `right`."""
        if not right:
            self.failed += 1
            if len(self.failures) < _SHOWN:
                self.failures.append(Failure(where, what))

    def as_data(self) -> dict[str, Any]:
        """For `--json`: {"ok", "failed", "failures": [{"where", "what"}], "checked": {what: count}}."""
        return {
            "ok": self.ok,
            "failed": self.failed,
            "failures": [failure._asdict() for failure in self.failures],
            "checked": dict(self.checked),
        }


def steady(session: Session) -> None:
    """Let the whole transaction read one state of the database. Must come before anything is read in it."""
    if is_postgresql(session):
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def verify_database(session: Session, public_key: bytes) -> Report:
    """Check every stream, the tree and the checkpoints against the log's public key (32 raw bytes).

    The session must not have read anything yet: all is checked at one state of the database. Memory grows by about
    100 bytes an entry.
    """
    steady(session)
    report = Report()
    leaves = _Chains(report).walk(session)
    levels = _check_tree(session, report, leaves)
    _check_checkpoints(session, report, levels, public_key)
    return report


class Line(NamedTuple):
    """One entry with its leaf and salt, where it has them."""

    stream: str
    number: int
    kind: str
    at: datetime
    private: bool
    entry: str
    hash: str
    leaf_index: int | None
    commitment: str | None
    leaf_hash: str | None
    salt: bytes | None


def lines(session: Session, *streams: str) -> Iterator[Line]:
    """All entries (or those of some streams), stream by stream, each in order, with leaf and salt."""
    last: tuple[str, int] | None = None
    query = (
        select(
            JournalRow.stream,
            JournalRow.number,
            JournalRow.kind,
            JournalRow.at,
            JournalRow.private,
            JournalRow.entry,
            JournalRow.hash,
            LogLeaf.index,
            LogLeaf.commitment,
            LogLeaf.hash,
            Salt.salt,
        )
        .outerjoin(LogLeaf, and_(LogLeaf.stream == JournalRow.stream, LogLeaf.number == JournalRow.number))
        .outerjoin(Salt, and_(Salt.stream == JournalRow.stream, Salt.number == JournalRow.number))
        .order_by(JournalRow.stream, JournalRow.number)
        .limit(_PAGE)
    )
    if streams:
        query = query.where(JournalRow.stream.in_(streams))
    place = tuple_(JournalRow.stream, JournalRow.number)
    while True:
        page = session.execute(query if last is None else query.where(place > last)).all()
        for row in page:
            yield Line(*row)
        if len(page) < _PAGE:
            return
        last = (page[-1][0], page[-1][1])


class _Chains:
    """Walks the streams: numbers, hashes, times, columns, commitments; gathers the leaves."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.stream: str | None = None
        self.number, self.hash, self.at = 0, NO_HASH, ""
        self.sealed, self.open, self.salts = 0, False, 0
        self.heads: dict[str, Stream] = {}

    def walk(self, session: Session) -> dict[int, bytes]:
        """Check everything; gives the leaf hashes by index."""
        self.heads = {head.stream: head for head in session.scalars(select(Stream).where(Stream.number > 0))}
        leaves: dict[int, bytes] = {}
        for line in lines(session):
            if line.stream != self.stream:
                self._end()
                self.stream = line.stream
                self.number, self.hash, self.at, self.sealed, self.open = 0, NO_HASH, "", 0, False
            where = f"journal {line.stream} {line.number}"
            self._entry(where, line)
            self._leaf(where, line, leaves)
            self.report.checked["entries"] += 1
        self._end()
        for stream in self.heads:
            self.report.that(False, f"streams {stream}", "has a head but no entries")
        stored = session.scalar(select(func.count()).select_from(LogLeaf))
        self.report.that(stored == len(leaves), "log_leaves", f"{stored} rows stand for {len(leaves)} entries")
        salts = session.scalar(select(func.count()).select_from(Salt))
        self.report.that(salts == self.salts, "journal_salts", f"{salts} rows stand for {self.salts} entries")
        return leaves

    def _entry(self, where: str, line: Line) -> None:
        that = self.report.that
        that(line.number == self.number + 1, where, f"stands where entry {self.number + 1} must")
        that(sha256_hex(line.entry.encode()) == line.hash, where, "its hash is not that of its bytes")
        try:
            data = orjson.loads(line.entry)
            that(canonical(data) == line.entry.encode(), where, "is not in canonical form")
            told = (data["stream"], data["number"], data["kind"], data["at"])
            columns = (line.stream, line.number, line.kind, iso(line.at))
            that(told == columns, where, f"its columns say other than {told}")
            that(data["prev"] == self.hash, where, "does not carry the hash of the entry before it")
            that(data["at"] >= self.at, where, "is dated before the entry before it")
            self.at = data["at"]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            that(False, where, f"is no entry: {error}")
        self.number, self.hash = line.number, line.hash

    def _leaf(self, where: str, line: Line, leaves: dict[int, bytes]) -> None:
        that = self.report.that
        self.salts += line.salt is not None
        that(line.private or line.salt is None, where, "is public, but has a salt")
        if line.leaf_index is None:
            self.open = True
            self.report.checked["unsealed"] += 1
            that(not line.private or line.salt, where, "is private, but has neither leaf nor salt")
            return
        that(not self.open, where, "is sealed, but the entry before it is not")
        that(line.private == (line.commitment is not None), where, "is private and public at once")
        written = line.entry.encode()
        if line.private and line.salt is None:
            self.report.checked["erased"] += 1
        elif line.private and line.salt is not None:
            that(sha256(line.salt + written).hexdigest() == line.commitment, where, "does not fit its commitment")
            self.report.checked["commitments"] += 1
        digest = leaf_hash(sealed_leaf(line.commitment) if line.commitment else written)
        that(digest.hex() == line.leaf_hash, where, f"leaf {line.leaf_index} is not its hash")
        leaves[line.leaf_index] = digest
        self.sealed = line.number

    def _end(self) -> None:
        """The stream is over: does its head agree?"""
        if self.stream is None:
            return
        that, where, head = self.report.that, f"streams {self.stream}", self.heads.pop(self.stream, None)
        self.report.checked["streams"] += 1
        if head is None:
            that(False, where, "has entries but no head")
            return
        told = (head.number, head.hash, iso(head.at))
        that(told == (self.number, self.hash, self.at), where, "its head is not its last entry")
        that(head.unsealed or not self.open, where, "has unsealed entries but no mark")
        that(head.sealed_number <= self.sealed, where, "is marked as sealed further than it is")


def _check_tree(session: Session, report: Report, leaves: dict[int, bytes]) -> list[list[bytes]]:
    """Compare every stored node with the one made of the leaves; gives the complete subtrees, level by level."""
    gap = next((index for index in range(len(leaves)) if index not in leaves), None)
    report.that(gap is None, "log_leaves", f"leaf {gap} is missing")
    level = [leaves[index] for index in sorted(leaves)]
    levels = [level]
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        levels.append(level)
    per_level = session.execute(select(LogNode.level, func.count()).group_by(LogNode.level))
    counts = {height: count for height, count in per_level}  # noqa: C416 - a result is no mapping
    for height in sorted(counts.keys() | set(range(1, len(levels)))):
        made = levels[height] if 0 < height < len(levels) else []
        stored = counts.get(height, 0)
        where = f"log_nodes level {height}"
        report.that(stored == len(made), where, f"{stored} nodes are stored, {len(made)} are right")
        for index, digest in _nodes(session, height):
            right = index < len(made) and made[index].hex() == digest
            report.that(right, f"{where} index {index}", "is not the hash of its leaves")
            report.checked["nodes"] += 1
    report.checked["leaves"] += len(leaves)
    return levels


def _nodes(session: Session, level: int) -> Iterator[tuple[int, str]]:
    last = -1
    while True:
        query = select(LogNode.index, LogNode.hash).where(LogNode.level == level, LogNode.index > last)
        page = session.execute(query.order_by(LogNode.index).limit(_PAGE)).all()
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1][0]


def _check_checkpoints(session: Session, report: Report, levels: list[list[bytes]], public_key: bytes) -> None:
    """Each checkpoint: signed by the key, and the root of its first leaves. So each is consistent with every other."""
    size = len(levels[0])
    newest = -1
    try:
        keys = log_keys(session, public_key)
    except (DomainError, NoteError) as error:
        report.that(not size, "checkpoints", f"the log has no name, or no key: {error}")
        return
    for row in session.scalars(select(Checkpoint).order_by(Checkpoint.size)):
        where, newest = f"checkpoints {row.size}", row.size
        report.checked["checkpoints"] += 1
        try:
            head = open_checkpoint(row.note, [keys.of_head(row.size)])
        except NoteError as error:
            report.that(False, where, str(error))
            continue
        report.that((head.size, head.root.hex()) == (row.size, row.root), where, "its note tells another size or root")
        if 0 < row.size <= size:
            edge = tuple(levels[level][index] for level, index in frontier_nodes(row.size))
            root = Frontier(row.size, edge).root()
        else:
            root = EMPTY_ROOT
        report.that(row.size <= size and root == head.root, where, "its root is not that of its leaves")
        _check_cosignatures(session, report, row)
    told = newest == size or (newest < 0 and not size)
    report.that(told, "checkpoints", f"the newest is over {newest} of {size} leaves")


def _check_cosignatures(session: Session, report: Report, row: Checkpoint) -> None:
    """The cosignatures under one checkpoint: each by the key of its witness."""
    found = session.execute(
        select(Cosignature, Witness.key).join(Witness).where(Cosignature.size == row.size).order_by(Cosignature.witness)
    )
    for cosignature, key in found:
        where = f"cosignatures {row.size} {cosignature.witness}"
        report.checked["cosignatures"] += 1
        try:
            text, signers = open_note(f"{parse_note(row.note).text}\n{cosignature.line}", [VerifierKey.parse(key)])
        except NoteError as error:
            report.that(False, where, str(error))
            continue
        seen = cosigned_at(parse_note(f"{text}\n{cosignature.line}").signatures[0])
        report.that(signers == (cosignature.witness,), where, "is not the witness's")
        report.that(seen == cosignature.seen_at.timestamp(), where, "its row tells another time")
