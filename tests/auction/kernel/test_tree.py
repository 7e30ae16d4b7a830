"""The Merkle tree against RFC 9162: known vectors, an independent library, and every flipped bit."""

from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_nodes,
    consistency_path,
    frontier_nodes,
    inclusion_nodes,
    inclusion_path,
    leaf_hash,
    multiproof,
    multiproof_nodes,
    multiproof_vertices,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and the roots of their first 0..8, as published with the reference implementation of RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

sizes = st.integers(min_value=1, max_value=300)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(f"leaf {i}".encode()) for i in range(size)]


class Store:
    """Complete subtrees as a database keeps them, counting what is read."""

    def __init__(self, leaf_hashes: list[bytes]) -> None:
        self.frontier, completed = Frontier().extend(leaf_hashes)
        self.nodes = {(level, index): value for level, index, value in completed}
        self.read: list[tuple[int, int]] = []

    def __call__(self, level: int, index: int) -> bytes:
        self.read.append((level, index))
        return self.nodes[level, index]


def root_by_definition(hashes: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1 word for word: split at the largest power of two below the size."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + root_by_definition(hashes[:k]) + root_by_definition(hashes[k:])).digest()


def flips(hashes: list[bytes]) -> list[list[bytes]]:
    """The list with every single bit of every hash flipped in turn."""
    spoilt = []
    for position, value in enumerate(hashes):
        for bit in range(8 * len(value)):
            changed = bytearray(value)
            changed[bit // 8] ^= 1 << bit % 8
            spoilt.append([*hashes[:position], bytes(changed), *hashes[position + 1 :]])
    return spoilt


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert root([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


def test_inclusion_and_consistency_proofs_are_those_of_the_published_vectors() -> None:
    store = Store([leaf_hash(leaf) for leaf in LEAVES])
    assert [value.hex() for value in inclusion_path(5, 8, store)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [value.hex() for value in consistency_path(6, 8, store)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(sizes)
def test_the_root_is_the_recursive_definition_s(size: int) -> None:
    hashes = leaves(size)
    assert root(hashes) == root_by_definition(hashes)


@given(sizes, st.data())
def test_growing_in_pieces_gives_the_same_tree_as_at_once(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    cut = data.draw(st.integers(0, size))
    whole, completed = Frontier().extend(hashes)
    part, first = Frontier().extend(hashes[:cut])
    grown, then = part.extend(hashes[cut:])
    assert grown == whole and first + then == completed
    stored = {(level, index): value for level, index, value in completed}
    assert whole == Frontier(size, tuple(stored[node] for node in frontier_nodes(size)))


@given(sizes)
def test_every_completed_node_is_the_hash_of_its_leaves(size: int) -> None:
    hashes = leaves(size)
    nodes = Store(hashes).nodes
    assert set(nodes) == {(level, i) for level in range(size.bit_length()) for i in range(size >> level)}
    for (level, index), value in nodes.items():
        assert value == root_by_definition(hashes[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", range(1, 41))
def test_every_inclusion_proof_of_small_trees_verifies_and_says_what_it_reads(size: int) -> None:
    store = Store(leaves(size))
    for index in range(size):
        store.read.clear()
        path = inclusion_path(index, size, store)
        assert set(store.read) == inclusion_nodes(index, size) and len(store.read) <= 2 * size.bit_length()
        assert verify_inclusion(store.nodes[0, index], index, size, path, store.frontier.root())


@pytest.mark.parametrize("second", range(41))
def test_every_consistency_proof_of_small_trees_verifies_and_says_what_it_reads(second: int) -> None:
    store = Store(leaves(second))
    for first in range(second + 1):
        store.read.clear()
        path = consistency_path(first, second, store)
        assert set(store.read) == consistency_nodes(first, second)
        first_root = root_by_definition(leaves(first))
        assert verify_consistency(first, second, first_root, store.frontier.root(), path)


@given(st.integers(1, 10**15), st.data())
def test_proofs_of_a_huge_tree_read_a_logarithm_of_it(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    assert len(inclusion_nodes(first, size)) <= 2 * size.bit_length()
    assert len(consistency_nodes(first, size)) <= 2 * size.bit_length()
    assert all((index + 1) << level <= size for level, index in inclusion_nodes(first, size))


@given(sizes, st.data())
def test_pymerkle_gives_the_same_roots_and_proofs(size: int, data: st.DataObject) -> None:
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    entries = [f"leaf {i}".encode() for i in range(size)]
    for entry in entries:
        oracle.append_entry(entry)
    store = Store([leaf_hash(entry) for entry in entries])
    tree_root = store.frontier.root()
    assert tree_root == oracle.get_root()
    index = data.draw(st.integers(0, size - 1))
    theirs = oracle.prove_inclusion(index + 1).serialize()["path"]
    assert theirs[0] == store.nodes[0, index].hex()
    assert [value.hex() for value in inclusion_path(index, size, store)] == theirs[1:]
    first = data.draw(st.integers(1, size))
    pymerkle.verify_consistency(oracle.get_root(first), tree_root, oracle.prove_consistency(first, size))
    assert verify_consistency(first, size, oracle.get_root(first), tree_root, consistency_path(first, size, store))


@given(st.integers(2, 70), st.data())
def test_a_flipped_bit_anywhere_in_an_inclusion_proof_is_found(size: int, data: st.DataObject) -> None:
    store = Store(leaves(size))
    index = data.draw(st.integers(0, size - 1))
    leaf, tree_root = store.nodes[0, index], store.frontier.root()
    path = inclusion_path(index, size, store)
    for spoilt in flips([leaf, tree_root, *path]):
        assert not verify_inclusion(spoilt[0], index, size, spoilt[2:], spoilt[1])


@given(sizes, st.data())
def test_an_inclusion_proof_holds_for_no_other_place_and_no_other_length(size: int, data: st.DataObject) -> None:
    store = Store(leaves(size))
    index = data.draw(st.integers(0, size - 1))
    leaf, tree_root = store.nodes[0, index], store.frontier.root()
    path = inclusion_path(index, size, store)
    for other in range(-1, size + 2):
        assert verify_inclusion(leaf, other, size, path, tree_root) == (other == index)
    assert not verify_inclusion(leaf, index, size, [*path, leaf], tree_root)
    assert not verify_inclusion(leaf, index, size, [leaf, *path], tree_root)
    if path:
        assert not verify_inclusion(leaf, index, size, path[:-1], tree_root)
        assert not verify_inclusion(leaf, index, size, path[1:], tree_root)


@given(st.integers(2, 70), st.data())
def test_a_flipped_bit_anywhere_in_a_consistency_proof_is_found(second: int, data: st.DataObject) -> None:
    store = Store(leaves(second))
    first = data.draw(st.integers(1, second - 1))
    roots = [root(leaves(first)), store.frontier.root()]
    path = consistency_path(first, second, store)
    for spoilt in flips([*roots, *path]):
        assert not verify_consistency(first, second, spoilt[0], spoilt[1], spoilt[2:])
    assert not verify_consistency(first, second, *roots, [*path, roots[0]])
    assert not verify_consistency(first, second, *roots, path[:-1])


@given(st.integers(2, 70), st.data())
def test_a_rewritten_past_has_no_consistency_proof(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second - 1))
    changed = data.draw(st.integers(0, first - 1))
    honest = leaves(second)
    rewritten = Store([*honest[:changed], leaf_hash(b"rewritten"), *honest[changed + 1 :]])
    path = consistency_path(first, second, rewritten)
    assert not verify_consistency(first, second, root(honest[:first]), rewritten.frontier.root(), path)


@given(sizes, st.data())
def test_a_multiproof_gives_just_what_lacks_to_the_root(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    store = Store(hashes)
    indexes = data.draw(st.sets(st.integers(0, size - 1), min_size=1))
    vertices = multiproof_vertices(indexes, size)
    given_hashes = multiproof(vertices, size, store)
    assert set(store.read) == multiproof_nodes(vertices, size)
    known, width, level = {index: hashes[index] for index in indexes}, size, 0
    while width > 1:
        here = known | {index: value for (at, index), value in given_hashes.items() if at == level}
        assert not any((level, index) in given_hashes for index in known)
        known = {
            index >> 1: node_hash(here[index & ~1], here[index | 1]) if index | 1 < width else here[index]
            for index in known
        }
        width, level = (width + 1) >> 1, level + 1
    assert known == {0: store.frontier.root()}


def test_a_multiproof_of_all_leaves_or_of_none_is_empty_and_one_outside_the_tree_an_error() -> None:
    assert multiproof_vertices(range(13), 13) == multiproof_vertices([], 13) == multiproof_vertices([], 0) == []
    for index in (-1, 13):
        with pytest.raises(ValueError, match="no leaf"):
            multiproof_vertices([index, 3], 13)


def test_an_empty_tree_grows_into_anything_and_equal_trees_need_no_proof() -> None:
    some = root(leaves(3))
    assert verify_consistency(0, 3, EMPTY_ROOT, some, [])
    assert not verify_consistency(0, 3, some, some, [])
    assert verify_consistency(3, 3, some, some, [])
    assert not verify_consistency(3, 3, some, EMPTY_ROOT, [])
    assert not verify_consistency(3, 3, some, some, [some])
    assert not verify_consistency(3, 5, some, some, [])
    assert not verify_consistency(4, 3, some, some, [])
    assert not verify_consistency(-1, 3, some, some, [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (5, 3), (0, -1)])
def test_an_inclusion_proof_outside_the_tree_is_an_error(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_path(index, size, Store([]))
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_nodes(index, size)
    assert not verify_inclusion(EMPTY_ROOT, index, size, [], EMPTY_ROOT)


@pytest.mark.parametrize(("first", "second"), [(-1, 3), (4, 3), (0, -1)])
def test_a_consistency_proof_of_a_shrinking_tree_is_an_error(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="cannot grow"):
        consistency_path(first, second, Store([]))
    with pytest.raises(ValueError, match="cannot grow"):
        consistency_nodes(first, second)


def test_a_frontier_that_does_not_fit_its_size_is_an_error() -> None:
    for size, count in ((3, 1), (0, 1), (4, 0), (-1, 1)):
        with pytest.raises(ValueError, match="complete subtrees"):
            Frontier(size, (EMPTY_ROOT,) * count)
    with pytest.raises(ValueError, match="leaf hash"):
        Frontier().extend([b"short"])
    with pytest.raises(ValueError, match="leaves"):
        frontier_nodes(-1)


def test_leaves_and_nodes_are_hashed_apart() -> None:
    left, right = leaves(2)
    assert node_hash(left, right) != leaf_hash(left + right)
    assert leaf_hash(b"").hex() == ROOTS[1]
