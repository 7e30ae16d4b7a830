"""The sealer: committed journal entries become leaves of the public log, and the grown tree is signed.

It runs beside everything else, every second or two, and may run in several processes at once. What is sealed already is
read from the leaves themselves; the marks on the streams are hints that spare looking. It locks its own row and never
waits for a stream, so no bid waits for it and it waits for no bid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from sqlalchemy import Row, and_, func, or_, select

from ..kernel.checkpoint import Checkpoint as Head
from ..kernel.checkpoint import VerifierKey, format_checkpoint, sign_note
from ..kernel.db import insert_new, update_rows, write_rows
from ..kernel.errors import DomainError
from ..kernel.tree import Frontier, frontier_nodes, leaf_hash
from ..kernel.unit import Unit
from ..models import Checkpoint, JournalRow, LogLeaf, LogNode, Platform, Salt, Stream
from ..queries.log import ORIGIN, latest_checkpoint, read_nodes, sealed_leaf

#: Streams looked at in one query.
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class _Unsealed:
    stream: str
    number: int
    id: int
    private: bool
    entry: str
    salt: bytes | None


def seal(unit: Unit, most: int = 2000) -> int:
    """Append up to `most` committed entries to the log and sign a checkpoint if it grew; answers how many.

    Public entries come in the order they were written, each stream's in its own order; private ones follow, shuffled,
    as commitments that tell nothing of stream, number or time (PRECISIONS 4). The first call on an empty database signs
    the empty tree. Call again while it answers `most`.
    """
    origin = lock_sealer(unit)
    checkpoint = latest_checkpoint(unit.session)
    size = checkpoint.size if checkpoint else 0
    dirty = _dirty(unit)
    entries = _unsealed(unit, dirty, most)
    if entries or checkpoint is None:
        leaves = [_leaf(unit, size + position, entry) for position, entry in enumerate(_in_order(unit, entries))]
        _append(unit, origin, size, leaves)
    sealed = {row.stream: row.sealed for row in dirty}
    for entry in entries:
        sealed[entry.stream] = max(sealed[entry.stream], entry.number)
    _mark(unit, sealed)
    return len(entries)


def lock_sealer(unit: Unit) -> str:
    """Hold the sealer's row until the end of the transaction; gives the log's name, chosen once for ever.

    DomainError log_key_replaced for a process that still has a key which another has taken the place of.
    """
    host = urlsplit(unit.settings.public_url or "").netloc or "fapai.localhost"
    insert_new(unit.session, Platform, key=ORIGIN, value=f"{host}/{unit.vault.key_id}")
    origin = unit.session.scalars(select(Platform.value).where(Platform.key == ORIGIN).with_for_update()).one()
    key_id = unit.session.scalar(select(Platform.value).where(Platform.key == "key_id:log"))
    if key_id not in (None, unit.vault.key_id):
        raise DomainError("log_key_replaced")
    return origin


def _dirty(unit: Unit) -> Sequence[Row[tuple[str, int]]]:
    """The streams marked as grown, each with the number of its last sealed entry, as the leaves tell it."""
    sealed = (
        select(func.coalesce(func.max(LogLeaf.number), 0))
        .where(LogLeaf.stream == Stream.stream)
        .scalar_subquery()
        .label("sealed")
    )
    return unit.session.execute(select(Stream.stream, sealed).where(Stream.unsealed).order_by(Stream.stream)).all()


def _unsealed(unit: Unit, dirty: Sequence[Row[tuple[str, int]]], most: int) -> list[_Unsealed]:
    """Committed entries that have no leaf yet, at most `most`: of each stream the next ones, without a gap."""
    found: list[_Unsealed] = []
    for start in range(0, len(dirty), _TOGETHER):
        after = or_(
            *(
                and_(JournalRow.stream == row.stream, JournalRow.number > row.sealed)
                for row in dirty[start : start + _TOGETHER]
            )
        )
        rows = unit.session.execute(
            select(JournalRow.stream, JournalRow.number, JournalRow.id, JournalRow.private, JournalRow.entry, Salt.salt)
            .outerjoin(Salt, and_(Salt.stream == JournalRow.stream, Salt.number == JournalRow.number))
            .where(after)
            .order_by(JournalRow.stream, JournalRow.number)
            .limit(most - len(found))
        )
        found += [_Unsealed(*row) for row in rows]
        if len(found) == most:
            break
    return found


def _in_order(unit: Unit, entries: Iterable[_Unsealed]) -> list[_Unsealed]:
    public = sorted((entry for entry in entries if not entry.private), key=lambda entry: entry.id)
    shuffled = sorted((unit.ids.bytes(16), entry.id, entry) for entry in entries if entry.private)
    return public + [entry for _, _, entry in shuffled]


def _leaf(unit: Unit, index: int, entry: _Unsealed) -> dict[str, object]:
    """The row of a leaf. A private entry whose salt was destroyed before it was sealed gets one nobody ever knew."""
    commitment = None
    if entry.private:
        commitment = sha256((entry.salt or unit.ids.bytes(32)) + entry.entry.encode()).hexdigest()
    data = sealed_leaf(commitment) if commitment else entry.entry.encode()
    return {
        "index": index,
        "stream": entry.stream,
        "number": entry.number,
        "commitment": commitment,
        "hash": leaf_hash(data).hex(),
    }


def _append(unit: Unit, origin: str, size: int, leaves: list[dict[str, object]]) -> None:
    """Write leaves, the nodes they complete, and the checkpoint over them."""
    session = unit.session
    right_edge = frontier_nodes(size)
    stored = read_nodes(session, right_edge)
    frontier, completed = Frontier(size, tuple(stored[node] for node in right_edge)).extend(
        bytes.fromhex(str(leaf["hash"])) for leaf in leaves
    )
    nodes = [{"level": level, "index": index, "hash": digest.hex()} for level, index, digest in completed if level]
    write_rows(session, LogLeaf, leaves)
    write_rows(session, LogNode, nodes)
    root = frontier.root()
    key = VerifierKey(origin, unit.vault.public_key)
    note = sign_note(format_checkpoint(Head(origin, frontier.size, root)), key, unit.vault.sign_raw)
    session.add(Checkpoint(size=frontier.size, root=root.hex(), note=note, at=unit.now))
    unit.publish("checkpoint", size=frontier.size, root=root.hex())


def _mark(unit: Unit, sealed: dict[str, int]) -> None:
    """Take the marks off the streams; one that a bid holds right now keeps its mark until the next time."""
    names = sorted(sealed)
    for start in range(0, len(names), _TOGETHER):
        free = unit.session.execute(
            select(Stream.stream, Stream.number)
            .where(Stream.stream.in_(names[start : start + _TOGETHER]))
            .order_by(Stream.stream)
            .with_for_update(skip_locked=True)
        ).all()
        marks = [
            {"stream": row.stream, "sealed_number": sealed[row.stream], "unsealed": row.number > sealed[row.stream]}
            for row in free
        ]
        update_rows(unit.session, Stream, marks, key="stream")
