"""Reading the public log: checkpoints, entries, proofs. Everything here is meant for anybody (RFC 9162, C2SP)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ..kernel.checkpoint import NoteError, VerifierKey
from ..kernel.crypto import SUITE, canonical
from ..kernel.errors import DomainError, invalid
from ..kernel.rotation import KIND, read_rotation
from ..kernel.tree import (
    Frontier,
    Node,
    consistency_nodes,
    consistency_path,
    frontier_nodes,
    inclusion_nodes,
    inclusion_path,
    leaf_hash,
)
from ..models import Checkpoint, Cosignature, JournalRow, LogLeaf, LogNode, Platform, Witness

#: The row of `platform` that keeps the log's name, and that the sealer locks.
ORIGIN = "log_origin"
#: The journal stream of the log's own keys.
KEYS_STREAM = "log"
#: Entries in one answer (PRECISIONS 27).
MOST_ENTRIES = 1000
#: What an index can be in the database.
MOST_INDEX = 2**63 - 1
#: Nodes asked for in one query.
_TOGETHER = 400


def sealed_leaf(commitment: str, suite: str = SUITE) -> bytes:
    """The bytes the log holds of a private entry: its commitment (lower-case hex) and nothing else."""
    return canonical({"commitment": commitment, "kind": "sealed", "suite": suite})


def log_key(session: Session, public_key: bytes) -> VerifierKey:
    """The key the log is checked with, under the log's name. DomainError not_found before anything was sealed."""
    origin = session.scalar(select(Platform.value).where(Platform.key == ORIGIN))
    if origin is None:
        raise DomainError("not_found")
    return VerifierKey(origin, public_key)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys of a log, oldest first. `replaced_at[i]`: the leaf that put key i + 1 in the place of key i (None while
    it is not sealed), and the moment of that entry.
    """

    keys: tuple[VerifierKey, ...]
    replaced_at: tuple[tuple[int | None, datetime], ...] = ()

    def of_head(self, size: int) -> VerifierKey:
        """The key that signs the head of so many leaves."""
        return self.keys[sum(1 for index, _ in self.replaced_at if index is not None and index < size)]

    def of_entry(self, at: datetime) -> VerifierKey:
        """The key that signs what was recorded then."""
        return self.keys[sum(1 for _, replaced in self.replaced_at if replaced <= at)]


def log_keys(session: Session, public_key: bytes) -> LogKeys:
    """All keys of the log, the last of which is the one given (32 raw bytes).

    DomainError not_found before anything was sealed; NoteError where an entry that replaced a key is not signed by
    both, or the entries do not lead to the key given.
    """
    current = log_key(session, public_key)
    rows = session.execute(
        select(JournalRow.entry, JournalRow.at, LogLeaf.index.label("leaf"))
        .outerjoin(LogLeaf, and_(LogLeaf.stream == JournalRow.stream, LogLeaf.number == JournalRow.number))
        .where(JournalRow.stream == KEYS_STREAM, JournalRow.kind == KIND)
        .order_by(JournalRow.number)
    ).all()
    rotations = [read_rotation(orjson.loads(row.entry)["body"]) for row in rows]
    keys = (*(one.old for one in rotations), current)
    if any(one.new != key for one, key in zip(rotations, keys[1:], strict=True)):
        raise NoteError("the keys of the log do not follow one from the other")
    return LogKeys(keys, tuple((row.leaf, row.at) for row in rows))


def rotations(session: Session) -> list[dict[str, Any]]:
    """The bodies of the entries that replaced a key, the oldest first."""
    rows = session.scalars(
        select(JournalRow.entry)
        .where(JournalRow.stream == KEYS_STREAM, JournalRow.kind == KIND)
        .order_by(JournalRow.number)
    )
    return [orjson.loads(entry)["body"] for entry in rows]


def verifier_key(session: Session, public_key: bytes) -> str | None:
    """The same as the string that auditors configure; None before anything was sealed."""
    try:
        return str(log_key(session, public_key))
    except DomainError:
        return None


def latest_checkpoint(session: Session) -> Checkpoint | None:
    """The newest signed head; None before anything was sealed. Its size is the number of leaves there are."""
    return session.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).one_or_none()


def checkpoint(session: Session, *, cosigned: bool = False) -> str:
    """The newest signed head (`cosigned`: that a witness has signed too) as a note, with the lines of its witnesses.

    DomainError not_found before anything was sealed, or cosigned.
    """
    newest = latest_cosigned(session) if cosigned else latest_checkpoint(session)
    if newest is None:
        raise DomainError("not_found")
    return with_lines(session, newest)


def with_lines(session: Session, head: Checkpoint) -> str:
    """A signed head as a note, with the lines of its witnesses."""
    lines = select(Cosignature.line).where(Cosignature.size == head.size).order_by(Cosignature.witness)
    return "".join((head.note, *session.scalars(lines)))


def latest_cosigned(session: Session) -> Checkpoint | None:
    """The newest head under which a witness has signed."""
    size = session.scalar(select(func.max(Cosignature.size)))
    return None if size is None else session.get_one(Checkpoint, size)


def witnesses(session: Session) -> list[dict[str, Any]]:
    """The witnesses by name: {"name", "key", "named_at", "dropped_at", "unanswered_since", "refused_at", "asked",
    "size", "seen_at"}, the last two null before they have cosigned anything: the newest head that the witness has
    cosigned, and when it saw it."""
    last = (
        select(Cosignature.witness, func.max(Cosignature.size).label("size")).group_by(Cosignature.witness).subquery()
    )
    rows = session.execute(
        select(Witness, Cosignature.size, Cosignature.seen_at)
        .outerjoin(last, last.c.witness == Witness.name)
        .outerjoin(Cosignature, and_(Cosignature.witness == Witness.name, Cosignature.size == last.c.size))
        .order_by(Witness.name)
    )
    return [
        {
            "name": row.name,
            "key": row.key,
            "named_at": row.named_at,
            "dropped_at": row.dropped_at,
            "unanswered_since": row.unanswered_since,
            "refused_at": row.refused_at,
            "asked": row.url is not None,
            "size": size,
            "seen_at": seen_at,
        }
        for row, size, seen_at in rows
    ]


@dataclass(frozen=True, slots=True)
class Behind:
    """How many leaves a witness has not cosigned, and since when the oldest head with one of them is there (None where
    there is none)."""

    name: str
    asked: bool
    leaves: int
    since: datetime | None


def behind(session: Session) -> list[Behind]:
    """How far each witness is behind the newest head. That it cosigns nothing while nothing grows is no lag."""
    newest = _size(session)
    found = []
    for one in witnesses(session):
        if one["dropped_at"] is None:
            seen = one["size"] or 0
            older = select(Checkpoint.at).where(Checkpoint.size > seen).order_by(Checkpoint.size).limit(1)
            found.append(Behind(one["name"], one["asked"], newest - seen, session.scalar(older)))
    return found


@dataclass(frozen=True, slots=True)
class Uncosigned:
    """The newest head as a note of the log alone, and a witness to be asked for it at `url`.

    `old`: the leaves of the last head it cosigned, 0 where there is none.
    """

    name: str
    url: str
    note: str
    size: int
    old: int


def uncosigned(session: Session, *, newest: bool = False) -> list[Uncosigned]:
    """Whoever has an address and has not cosigned the newest head; `newest`: whether or not it has."""
    head = latest_checkpoint(session)
    if head is None:
        return []
    # One look into the index for each witness, every second: of cosignatures there are as many as heads.
    last = select(func.max(Cosignature.size)).where(Cosignature.witness == Witness.name).scalar_subquery()
    rows = session.execute(
        select(Witness.name, Witness.url, func.coalesce(last, 0))
        .where(Witness.url.is_not(None), Witness.dropped_at.is_(None))
        .order_by(Witness.name)
    ).all()
    return [
        Uncosigned(name, str(url), head.note, head.size, old) for name, url, old in rows if newest or old < head.size
    ]


def entries(session: Session, start: int, end: int) -> list[dict[str, Any]]:
    """Leaves `start` <= index < `end`, at most 1,000, ascending, as {"index", "entry"}; fewer where the log is shorter.

    A private entry shows its commitment only. DomainError invalid for a negative `start` or an `end` before it.
    """
    if start < 0:
        raise invalid("start", "out_of_range", least=0, most=MOST_INDEX)
    if end < start:
        raise invalid("end", "out_of_range", least=start, most=MOST_INDEX)
    end = min(end, start + MOST_ENTRIES, _size(session))
    if start >= end:
        return []
    rows = session.execute(
        select(LogLeaf.index, LogLeaf.commitment, JournalRow.entry)
        .join(JournalRow, and_(JournalRow.stream == LogLeaf.stream, JournalRow.number == LogLeaf.number))
        .where(LogLeaf.index >= start, LogLeaf.index < end)
        .order_by(LogLeaf.index)
    )
    return [
        {"index": index, "entry": orjson.loads(sealed_leaf(commitment) if commitment else entry)}
        for index, commitment, entry in rows
    ]


def leaf(session: Session, index: int) -> dict[str, Any]:
    """One leaf as anybody may check it: {"entry", "bytes", "hash", "proof", "newest"}, that is the text of its bytes,
    and its place in the newest head. DomainError not_found where the log has no such leaf.
    """
    newest = latest_checkpoint(session)
    if newest is None or not 0 <= index < newest.size:
        raise DomainError("not_found")
    [item] = entries(session, index, index + 1)
    data = canonical(item["entry"])
    return {
        "entry": item["entry"],
        "bytes": data.decode(),
        "hash": leaf_hash(data).hex(),
        "proof": inclusion(session, index, newest.size),
        "newest": newest,
    }


def inclusion(session: Session, index: int, size: int | None = None) -> dict[str, Any]:
    """The proof that leaf `index` stands in the tree of the first `size` leaves (all, when not given).

    {"index", "size", "hashes", "root"}, hashes in hex from the leaf upwards. DomainError invalid unless
    0 <= index < size <= leaves, naming the size where it is what is wrong.
    """
    present = _size(session)
    size = present if size is None else size
    if not present:
        raise invalid("index", "out_of_range", reason="empty")
    if not 1 <= size <= present:
        raise invalid("size", "out_of_range", least=1, most=present)
    if not 0 <= index < size:
        raise invalid("index", "out_of_range", least=0, most=size - 1)
    right_edge = frontier_nodes(size)
    nodes = read_nodes(session, inclusion_nodes(index, size).union(right_edge))
    path = inclusion_path(index, size, lambda level, at: nodes[level, at])
    root = Frontier(size, tuple(nodes[node] for node in right_edge)).root()
    return {"index": index, "size": size, "hashes": [value.hex() for value in path], "root": root.hex()}


def consistency(session: Session, first: int, second: int | None = None) -> dict[str, Any]:
    """The proof that the tree of `second` leaves (all, when not given) only appends to that of `first`.

    {"first", "second", "hashes"}. DomainError invalid unless 0 <= first <= second <= leaves.
    """
    present = _size(session)
    second = present if second is None else second
    if not 0 <= second <= present:
        raise invalid("second", "out_of_range", least=0, most=present)
    if not 0 <= first <= second:
        raise invalid("first", "out_of_range", least=0, most=second)
    hashes = [value.hex() for value in consistency_hashes(session, first, second)]
    return {"first": first, "second": second, "hashes": hashes}


def consistency_hashes(session: Session, first: int, second: int) -> list[bytes]:
    """The same proof as bytes, between two sizes that the log has had."""
    nodes = read_nodes(session, consistency_nodes(first, second))
    return list(consistency_path(first, second, lambda level, index: nodes[level, index]))


def entry_proof(session: Session, stream: str, number: int) -> tuple[dict[str, Any] | None, str | None]:
    """The last two parts of a receipt: the inclusion proof of an entry and the checkpoint it refers to, the newest that
    a witness has cosigned where that one holds the entry.

    (None, None) while the entry is not sealed.
    """
    index = session.scalar(select(LogLeaf.index).where(LogLeaf.stream == stream, LogLeaf.number == number))
    newest, cosigned = latest_checkpoint(session), latest_cosigned(session)
    if index is None or newest is None or index >= newest.size:
        return None, None
    head = cosigned if cosigned is not None and index < cosigned.size else newest
    return inclusion(session, index, head.size), with_lines(session, head)


def read_nodes(session: Session, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of stored complete subtrees. LookupError when one is not there."""
    asked = set(wanted)
    found: dict[Node, bytes] = {}
    leaves = sorted(index for level, index in asked if level == 0)
    for start in range(0, len(leaves), _TOGETHER):
        rows = select(LogLeaf.index, LogLeaf.hash).where(LogLeaf.index.in_(leaves[start : start + _TOGETHER]))
        found |= {(0, index): bytes.fromhex(digest) for index, digest in session.execute(rows)}
    inner = sorted(node for node in asked if node[0])
    for start in range(0, len(inner), _TOGETHER):
        levels: dict[int, list[int]] = {}
        for level, index in inner[start : start + _TOGETHER]:
            levels.setdefault(level, []).append(index)
        # Spelled out level by level: SQLite finds no index for a list of pairs.
        places = or_(*(and_(LogNode.level == level, LogNode.index.in_(at)) for level, at in levels.items()))
        kept = select(LogNode.level, LogNode.index, LogNode.hash).where(places)
        found |= {(level, index): bytes.fromhex(digest) for level, index, digest in session.execute(kept)}
    if lacking := asked - found.keys():
        raise LookupError(f"the log lacks the nodes {sorted(lacking)[:5]}")
    return found


def _size(session: Session) -> int:
    newest = latest_checkpoint(session)
    return newest.size if newest else 0
