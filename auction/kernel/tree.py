"""The Merkle tree of the public log: pure functions on hashes, no storage (RFC 9162 section 2.1, SHA-256).

A *node* is named (level, index) and stands for the leaves ``[index << level, (index + 1) << level)``; level 0 are the
leaf hashes. Only nodes whose subtree is complete are stored: they never change. The hash of the incomplete subtree at
the right edge is folded from complete ones when it is asked for. So a proof over n leaves reads O(log n) stored nodes,
and `inclusion_nodes` and `consistency_nodes` say beforehand which, so that a database can fetch them in one query.

Hashes are 32 raw bytes here and lower-case hex at the border.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, TypeAlias

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 9162 section 2.1.1: the hash of an empty list of leaves

Node: TypeAlias = tuple[int, int]
"""(level, index) of a complete subtree."""

Span: TypeAlias = tuple[int, int]
"""(start, end): the leaves start <= i < end below one vertex of the tree."""


class NodeReader(Protocol):
    """Gives the hash of a stored complete subtree; raises LookupError where there is none."""

    def __call__(self, level: int, index: int) -> bytes: ...


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf with these bytes: SHA-256(0x00 || data), RFC 9162 section 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right), RFC 9162 section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over all leaf hashes in order; EMPTY_ROOT of none."""
    return Frontier().extend(leaf_hashes)[0].root()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What must be known of a tree to let it grow: its size and its complete subtrees, left to right, largest first.

    There is one hash for each 1-bit of the size. Raises ValueError when size and hashes do not fit together.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or self.size.bit_count() != len(self.hashes):
            raise ValueError(f"a tree of {self.size} leaves cannot have {len(self.hashes)} complete subtrees")

    def extend(self, leaf_hashes: Iterable[bytes]) -> "tuple[Frontier, list[tuple[int, int, bytes]]]":
        """Append leaves. Gives the new frontier and every node completed on the way, (level, index, hash), leaves
        included, in order of completion: O(1) hashes a leaf on average, O(log n) at most.
        """
        size, stack = self.size, list(self.hashes)
        completed: list[tuple[int, int, bytes]] = []
        for carried in leaf_hashes:
            if len(carried) != HASH_BYTES:
                raise ValueError(f"a leaf hash has {HASH_BYTES} bytes, not {len(carried)}")
            level, index = 0, size
            completed.append((0, index, carried))
            while index & 1:
                carried = node_hash(stack.pop(), carried)
                level, index = level + 1, index >> 1
                completed.append((level, index, carried))
            stack.append(carried)
            size += 1
        return Frontier(size, tuple(stack)), completed

    def root(self) -> bytes:
        """The root of the tree at this size."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT


def frontier_nodes(size: int) -> list[Node]:
    """The nodes a stored tree of this size must give to make its Frontier again, left to right.

    Raises ValueError for a negative size.
    """
    if size < 0:
        raise ValueError(f"a tree cannot have {size} leaves")
    return list(_cover((0, size)))


def inclusion_nodes(index: int, size: int) -> set[Node]:
    """The stored nodes `inclusion_path` will read. Raises ValueError as it does."""
    return {node for span in _inclusion_spans(index, size) for node in _cover(span)}


def inclusion_path(index: int, size: int, get_node: NodeReader) -> list[bytes]:
    """The audit path of leaf `index` in the tree of the first `size` leaves, from the leaf upwards.

    RFC 9162 section 2.1.3.1. Raises ValueError unless 0 <= index < size; LookupError where the reader has no such node.
    """
    return [_span_hash(span, get_node) for span in _inclusion_spans(index, size)]


def consistency_nodes(first: int, second: int) -> set[Node]:
    """The stored nodes `consistency_path` will read. Raises ValueError as it does."""
    return {node for span in _consistency_spans(first, second) for node in _cover(span)}


def consistency_path(first: int, second: int, get_node: NodeReader) -> list[bytes]:
    """The proof that the tree of `second` leaves only appends to the tree of `first`.

    RFC 9162 section 2.1.4.1. It is empty for equal sizes and for an empty first tree, to which everything appends.
    Raises ValueError unless 0 <= first <= second; LookupError where the reader has no such node.
    """
    return [_span_hash(span, get_node) for span in _consistency_spans(first, second)]


def multiproof_vertices(indexes: Iterable[int], size: int) -> list[Node]:
    """What somebody who has only the leaves at `indexes` lacks to compute the root, each hash once for all of them.

    Vertices are (level, index), level by level from the leaves; one at the right edge may span fewer leaves than its
    level says. Raises ValueError for an index outside the tree.
    """
    known, width, level = set(indexes), size, 0
    if known and (min(known) < 0 or max(known) >= size):
        raise ValueError(f"there is no leaf {min(known)} or {max(known)} in a tree of {size}")
    lacking: list[Node] = []
    while known and width > 1:
        lacking += [(level, index ^ 1) for index in sorted(known) if index ^ 1 < width and index ^ 1 not in known]
        known = {index >> 1 for index in known}
        width, level = (width + 1) >> 1, level + 1
    return lacking


def multiproof_nodes(vertices: Iterable[Node], size: int) -> set[Node]:
    """The stored nodes `multiproof` will read for these vertices of a tree of this size."""
    return {node for vertex in vertices for node in _cover(_vertex_span(vertex, size))}


def multiproof(vertices: Iterable[Node], size: int, get_node: NodeReader) -> dict[Node, bytes]:
    """The hashes of vertices of a tree of this size. LookupError where the reader has no such node."""
    return {vertex: _span_hash(_vertex_span(vertex, size), get_node) for vertex in vertices}


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf hash stands at `index` of the tree with this size and root.

    RFC 9162 section 2.1.3.2. The size is not bound by the path alone: take it from the signed checkpoint.
    """
    if not 0 <= index < size:
        return False
    position, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the second tree holds the first one unchanged at its beginning.

    RFC 9162 section 2.1.4.2, with the two cases it leaves out: equal sizes, and an empty first tree.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    hashes = list(path)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    if not hashes:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root


def _inclusion_spans(index: int, size: int) -> list[Span]:
    """The vertices of the audit path as spans of leaves, from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _consistency_spans(first: int, second: int) -> list[Span]:
    """The vertices of the consistency proof as spans of leaves, in the order of the RFC."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {first} leaves cannot grow into one of {second}")
    if first in (0, second):
        return []
    spans: list[Span] = []
    start, end = 0, second
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start > 0:  # else the vertex reached is the whole first tree, whose root the verifier has
        spans.append((start, end))
    return spans[::-1]


def _vertex_span(vertex: Node, size: int) -> Span:
    level, index = vertex
    return index << level, min((index + 1) << level, size)


def _split(width: int) -> int:
    """The largest power of two below the width: where RFC 9162 divides a tree."""
    return 1 << (width - 1).bit_length() - 1


def _cover(span: Span) -> Iterator[Node]:
    """The complete subtrees below a vertex of the tree, left to right, largest first.

    The start of such a vertex is a multiple of the power of two that holds its width, so each piece is aligned.
    """
    start, end = span
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _span_hash(span: Span, get_node: NodeReader) -> bytes:
    return _fold([get_node(level, index) for level, index in _cover(span)])


def _fold(hashes: Sequence[bytes]) -> bytes:
    """One hash of adjacent complete subtrees: the smaller ones at the right are joined first."""
    result = hashes[-1]
    for left in hashes[-2::-1]:
        result = node_hash(left, result)
    return result
