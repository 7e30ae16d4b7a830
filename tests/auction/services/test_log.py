"""The sealer and the public log, on both databases: nothing lost, nothing twice, nothing told that is private."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from auction.kernel.checkpoint import (
    COSIGNATURE,
    VerifierKey,
    add_signature,
    cosigned_at,
    format_checkpoint,
    open_checkpoint,
    parse_note,
)
from auction.kernel.checkpoint import Checkpoint as Head
from auction.kernel.clock import FixedClock
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.tree import leaf_hash, root, verify_consistency, verify_inclusion
from auction.kernel.unit import House, Unit
from auction.models import Checkpoint, Cosignature, JournalRow, LogLeaf, LogNode, Salt, Stream
from auction.queries.audit import verify_database
from auction.queries.log import (
    checkpoint,
    consistency,
    entries,
    entry_proof,
    inclusion,
    latest_checkpoint,
    log_key,
    witnesses,
)
from auction.services.log import seal
from auction.services.witnessing import drop_witness, name_witness, take_cosignatures


def note(unit: Unit, stream: str = "system", *, private: bool = False, **body: object) -> None:
    unit.record("Noted", stream=stream, body=body, private=private)


def head(house: House) -> Head:
    return open_checkpoint(house.read(checkpoint), [house.read(log_key, house.vault.public_key)])


def leaf_bytes(house: House) -> list[bytes]:
    return [canonical(item["entry"]) for item in house.read(entries, 0, 1000)]


def places(session: Session) -> list[tuple[str, int]]:
    return [(leaf.stream, leaf.number) for leaf in session.scalars(select(LogLeaf).order_by(LogLeaf.index))]


def marks(session: Session) -> dict[str, tuple[bool, int]]:
    return {row.stream: (row.unsealed, row.sealed_number) for row in session.scalars(select(Stream))}


def test_before_the_first_sealing_there_is_no_log_and_after_it_an_empty_signed_one(house: House) -> None:
    for read in (checkpoint, lambda session: log_key(session, house.vault.public_key)):
        with pytest.raises(DomainError, match="not_found"):
            house.read(read)
    assert house.perform(seal) == 0
    assert head(house) == Head(f"fapai.localhost/{house.vault.key_id}", 0, root([]))
    assert house.read(entries, 0, 10) == []
    assert house.perform(seal) == 0
    assert house.read(lambda session: len(list(session.scalars(select(Checkpoint))))) == 1


def test_public_entries_become_leaves_as_they_were_written(house: House) -> None:
    for n in range(5):
        house.perform(note, f"auction:{n % 2}", n=n, text="出价")
    assert house.perform(seal) == 5
    stored = house.read(lambda s: [row.entry for row in s.scalars(select(JournalRow).order_by(JournalRow.id))])
    assert leaf_bytes(house) == [entry.encode() for entry in stored]
    assert [item["index"] for item in house.read(entries, 0, 1000)] == list(range(5))
    assert head(house).root == root(leaf_hash(entry.encode()) for entry in stored)
    assert house.read(marks) == {"auction:0": (False, 3), "auction:1": (False, 2)}


def test_sealing_again_does_nothing_and_sealing_later_only_appends(house: House) -> None:
    house.perform(note)
    assert [house.perform(seal) for _ in range(3)] == [1, 0, 0]
    first = head(house)
    for n in range(12):
        house.perform(note, n=n)
    assert house.perform(seal) == 12
    second = head(house)
    proof = [bytes.fromhex(value) for value in house.read(consistency, first.size, second.size)["hashes"]]
    assert verify_consistency(first.size, second.size, first.root, second.root, proof)


def test_a_checkpoint_is_published_after_the_commit_that_made_it(house: House) -> None:
    seen: list[dict[str, object]] = []
    house.subscribe("checkpoint", lambda message: seen.append(message.payload))
    house.perform(note)
    house.perform(seal)
    house.perform(seal)
    assert seen == [{"size": 1, "root": head(house).root.hex()}]


def test_a_private_entry_shows_a_commitment_and_nothing_else(house: House) -> None:
    house.perform(note, "person:p1", private=True, secret="canary-17")
    house.perform(seal)
    [item] = house.read(entries, 0, 10)
    row, salt = house.read(lambda s: (s.scalars(select(JournalRow)).one(), s.scalars(select(Salt)).one()))
    commitment = sha256_hex(salt.salt + row.entry.encode())
    assert item == {"index": 0, "entry": {"commitment": commitment, "kind": "sealed", "suite": "intl-1"}}


def test_private_entries_follow_the_public_ones_of_their_batch_shuffled(house: House) -> None:
    for n in range(60):
        house.perform(note, f"person:{n:02d}", private=True)
        house.perform(note, "auction:a", n=n)
    house.perform(seal)
    order = house.read(places)
    assert order[:60] == [("auction:a", n + 1) for n in range(60)]
    assert sorted(order[60:]) == [(f"person:{n:02d}", 1) for n in range(60)] != order[60:]


def test_every_stream_is_sealed_in_its_own_order_however_small_the_batches(house: House) -> None:
    rng = random.Random(5)
    for n in range(90):
        house.perform(note, f"lot:{rng.randrange(6)}", private=rng.random() < 0.3, n=n)
    sizes = []
    while count := house.perform(seal, 7):
        sizes.append(count)
        assert house.read(verify_database, house.vault.public_key).failures == []
    assert sum(sizes) == 90 and max(sizes) == 7
    order = house.read(places)
    sealed: dict[str, int] = {}
    for batch in range(0, 90, 7):
        numbers: dict[str, list[int]] = {}
        for stream, number in order[batch : batch + 7]:
            numbers.setdefault(stream, []).append(number)
        for stream, found in numbers.items():
            first = sealed.get(stream, 0) + 1
            assert sorted(found) == list(range(first, first + len(found)))
            sealed[stream] = max(found)


def test_a_hundred_streams_at_once_are_sealed_together(house: House) -> None:
    def many(unit: Unit) -> None:
        for n in range(250):
            note(unit, f"auction:{n:03d}", n=n)

    house.perform(many)
    assert house.perform(seal) == 250
    assert {mark for mark, _ in house.read(marks).values()} == {False}


def test_an_entry_not_committed_is_not_sealed(house: House) -> None:
    house.perform(note)

    def fails(unit: Unit) -> None:
        note(unit)
        unit.flush()
        raise ValueError

    with pytest.raises(ValueError):
        house.perform(fails)
    assert house.perform(seal) == 1


def test_a_private_entry_erased_before_it_was_sealed_is_sealed_all_the_same(house: House) -> None:
    house.perform(note, private=True)
    house.perform(lambda unit: unit.session.execute(delete(Salt)))
    assert house.perform(seal) == 1
    report = house.read(verify_database, house.vault.public_key)
    assert report.ok and report.checked["erased"] == 1


def test_two_sealers_and_eight_writers_lose_and_double_nothing(house: House) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        return threading.Thread(target=run)

    def write(name: int) -> None:
        for n in range(15):
            house.perform(note, f"auction:{name % 3}", private=n % 4 == 0, writer=name, n=n)

    def sealing() -> None:
        while not stop.is_set():
            house.perform(seal, 10)

    writers = [guarded(lambda name=name: write(name)) for name in range(8)]  # type: ignore[misc]
    sealers = [guarded(sealing) for _ in range(2)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    while house.perform(seal):
        pass
    order = house.read(places)
    assert len(order) == len(set(order)) == 120
    report = house.read(verify_database, house.vault.public_key)
    assert report.failures == [] and report.checked["entries"] == report.checked["leaves"] == 120
    assert report.checked["unsealed"] == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_bid_in_progress_holds_neither_the_sealer_nor_its_stream_s_earlier_entries(house: House) -> None:
    house.perform(note, "auction:a", n=1)
    house.perform(note, "lot:b", n=1)
    holding, release = threading.Event(), threading.Event()

    def bid(unit: Unit) -> None:
        note(unit, "auction:a", n=2)
        unit.flush()
        holding.set()
        release.wait(20)

    thread = threading.Thread(target=lambda: house.perform(bid))
    thread.start()
    assert holding.wait(20)
    try:
        assert house.perform(seal) == 2
        assert house.read(marks) == {"auction:a": (True, 0), "lot:b": (False, 1)}
        assert house.perform(seal) == 0
    finally:
        release.set()
        thread.join()
    assert house.perform(seal) == 1
    assert house.read(marks)["auction:a"] == (False, 2)
    assert house.read(verify_database, house.vault.public_key).failures == []


def test_a_lost_mark_on_a_stream_does_not_double_its_leaves(house: House) -> None:
    house.perform(note)
    house.perform(seal)
    house.perform(lambda unit: unit.session.execute(update(Stream).values(unsealed=True, sealed_number=0)))
    assert house.perform(seal) == 0
    assert house.read(marks) == {"system": (False, 1)}


def test_every_proof_verifies_against_its_checkpoint(house: House) -> None:
    heads = []
    for n in range(20):
        house.perform(note, private=n % 3 == 0, n=n)
        house.perform(seal)
        heads.append(head(house))
    leaves = [leaf_hash(data) for data in leaf_bytes(house)]
    for signed in heads:
        for index in range(signed.size):
            proof = house.read(inclusion, index, signed.size)
            path = [bytes.fromhex(value) for value in proof["hashes"]]
            assert (proof["index"], proof["size"], proof["root"]) == (index, signed.size, signed.root.hex())
            assert verify_inclusion(leaves[index], index, signed.size, path, signed.root)
        for earlier in heads[: signed.size]:
            proof = house.read(consistency, earlier.size, signed.size)
            path = [bytes.fromhex(value) for value in proof["hashes"]]
            assert verify_consistency(earlier.size, signed.size, earlier.root, signed.root, path)
    assert house.read(inclusion, 3) == house.read(inclusion, 3, 20)
    assert house.read(consistency, 3) == house.read(consistency, 3, 20)
    assert house.read(consistency, 0)["hashes"] == []


def test_a_receipt_s_proof_comes_once_its_entry_is_sealed(house: House) -> None:
    house.perform(note, "auction:a", n=1)
    assert house.read(entry_proof, "auction:a", 1) == (None, None)
    house.perform(seal)
    house.perform(note, "auction:a", n=2)
    proof, signed = house.read(entry_proof, "auction:a", 1)
    assert proof == house.read(inclusion, 0, 1) and signed == house.read(checkpoint)
    assert house.read(entry_proof, "auction:a", 2) == (None, None)
    assert house.read(entry_proof, "auction:none", 1) == (None, None)


def test_what_lies_outside_the_log_is_refused_by_field(house: House) -> None:
    for n in range(3):
        house.perform(note, n=n)
    house.perform(seal)
    cases: list[tuple[Callable[..., object], int, int, str]] = [
        (inclusion, -1, 2, "index"),
        (inclusion, 2, 2, "index"),
        (inclusion, 0, 0, "size"),
        (inclusion, 0, 4, "size"),
        (inclusion, 0, -1, "size"),
        (consistency, -1, 2, "first"),
        (consistency, 3, 2, "first"),
        (consistency, 1, 4, "second"),
        (consistency, 1, -1, "second"),
        (entries, -1, 3, "start"),
        (entries, 2, 1, "end"),
    ]
    for query, first, second, field in cases:
        with pytest.raises(DomainError, match="invalid") as caught:
            house.read(query, first, second)
        assert [breach.field for breach in caught.value.errors] == [field]


def test_entries_are_given_from_start_up_to_before_end_and_a_thousand_at_most(house: House) -> None:
    def many(unit: Unit) -> None:
        for n in range(1100):
            note(unit, n=n)

    house.perform(many)
    assert house.perform(seal) == 1100
    assert [item["entry"]["body"]["n"] for item in house.read(entries, 5, 8)] == [5, 6, 7]
    assert [item["index"] for item in house.read(entries, 50, 10**15)] == list(range(50, 1050))
    assert len(house.read(entries, 1000, 2000)) == 100
    assert house.read(entries, 2000, 3000) == [] == house.read(entries, 7, 7) == house.read(entries, 10**30, 10**31)


def test_the_log_keeps_its_name_when_the_address_changes(house: House) -> None:
    house.perform(seal)
    first = head(house).origin
    object.__setattr__(house.settings, "public_url", "https://fapai.example:8443/x")
    house.perform(note)
    house.perform(seal)
    assert head(house).origin == first
    assert str(house.read(log_key, house.vault.public_key)).startswith(f"{first}+")


def test_the_log_is_named_after_the_public_address(house: House) -> None:
    object.__setattr__(house.settings, "public_url", "https://fapai.example:8443")
    house.perform(seal)
    assert head(house).origin == f"fapai.example:8443/{house.vault.key_id}"


def test_a_checkpoint_has_the_platform_s_time(house: House, clock: FixedClock) -> None:
    clock.advance(days=3)
    house.perform(note)
    house.perform(seal)
    newest = house.read(latest_checkpoint)
    assert newest is not None and newest.at == clock.moment


def test_leaves_nodes_and_checkpoints_cannot_be_changed_through_the_program(house: House) -> None:
    house.perform(note)
    house.perform(note)
    house.perform(seal)
    for table in (LogLeaf, LogNode, Checkpoint):
        column = "root" if table is Checkpoint else "hash"
        for statement in (delete(table), update(table).values({column: "x"})):
            with pytest.raises(DBAPIError, match="insert-only"):
                house.perform(lambda unit, change=statement: unit.session.execute(change))


WITNESS_SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = VerifierKey("witness.example/court", WITNESS_SECRET.public_key().public_bytes_raw(), COSIGNATURE)


def cosigned(house: House, at: int) -> str:
    return add_signature(house.read(checkpoint), WITNESS_KEY, WITNESS_SECRET.sign, at)


def test_a_named_witness_s_line_stands_under_the_head_and_is_audited(house: House, clock: FixedClock) -> None:
    house.perform(seal)
    now = int(clock.moment.timestamp())
    with pytest.raises(DomainError) as refused:
        house.perform(take_cosignatures, cosigned(house, now))
    assert refused.value.code == "invalid", "nobody has named it yet"
    assert house.perform(name_witness, str(WITNESS_KEY)) == WITNESS_KEY.name
    assert house.perform(take_cosignatures, cosigned(house, now)) == [WITNESS_KEY.name]
    assert house.perform(take_cosignatures, cosigned(house, now + 9)) == [WITNESS_KEY.name], "again changes nothing"
    first = house.read(checkpoint)
    [_, line] = parse_note(first).signatures
    assert (line.name, cosigned_at(line)) == (WITNESS_KEY.name, now)
    house.perform(seal)
    assert house.read(checkpoint, cosigned=True) == first != house.read(checkpoint)
    [told] = house.read(witnesses)
    assert (told["size"], told["seen_at"], told["dropped_at"]) == (0, clock.moment, None)
    kinds = [item["entry"]["kind"] for item in house.read(entries, 0, 10)]
    assert kinds == ["WitnessNamed"]
    report = house.read(verify_database, house.vault.public_key)
    assert report.ok and report.checked["cosignatures"] == 1


@pytest.mark.parametrize("how", ["a line of another head", "another time"])
def test_an_altered_cosignature_is_found(house: House, clock: FixedClock, how: str) -> None:
    house.perform(seal)
    house.perform(name_witness, str(WITNESS_KEY))
    house.perform(seal)
    now = int(clock.moment.timestamp())
    line = parse_note(cosigned(house, now)).signatures[1]

    def plant(unit: Unit) -> None:
        size = 0 if how == "a line of another head" else 1
        row = Cosignature(size=size, witness=line.name, line=str(line), seen_at=clock.moment)
        row.seen_at += timedelta(seconds=size)
        unit.session.add(row)

    house.perform(plant)
    report = house.read(verify_database, house.vault.public_key)
    assert [failure.where for failure in report.failures] == [f"cosignatures {int(how == 'another time')} {line.name}"]


def test_what_is_no_cosignature_of_this_log_is_refused(house: House, clock: FixedClock) -> None:
    house.perform(seal)
    house.perform(name_witness, str(WITNESS_KEY))
    house.perform(seal)
    now = int(clock.moment.timestamp())
    own = house.read(checkpoint)
    text = parse_note(own).text
    forged = format_checkpoint(Head(head(house).origin, 1, bytes(32)))
    beyond = format_checkpoint(Head(head(house).origin, 10**18, bytes(32)))
    for note_text, at, code in (
        (text, now + 301, "in_future"),
        (text, 10**18, "in_future"),
        (forged, now, "unknown_checkpoint"),
        (beyond, now, "unknown_checkpoint"),
        ("other\n", now, "not_a_cosignature"),
    ):
        with pytest.raises(DomainError) as refused:
            house.perform(take_cosignatures, add_signature(f"{note_text}\n", WITNESS_KEY, WITNESS_SECRET.sign, at))
        assert [breach.code for breach in refused.value.errors] == [code]
    for rubbish in ("", "x", own, f"{own}— {WITNESS_KEY.name} AAAAAAAA\n"):
        with pytest.raises(DomainError):
            house.perform(take_cosignatures, rubbish)
    assert house.perform(take_cosignatures, cosigned(house, now + 300)) == [WITNESS_KEY.name]


def test_a_dropped_witness_counts_no_longer_and_its_name_is_not_given_again(house: House, clock: FixedClock) -> None:
    house.perform(seal)
    house.perform(name_witness, str(WITNESS_KEY))
    house.perform(drop_witness, WITNESS_KEY.name)
    with pytest.raises(DomainError):
        house.perform(take_cosignatures, cosigned(house, int(clock.moment.timestamp())))
    for key, code in ((str(WITNESS_KEY), "witness_named"), ("x", "invalid")):
        with pytest.raises(DomainError) as refused:
            house.perform(name_witness, key)
        assert refused.value.code == code
    with pytest.raises(DomainError):
        house.perform(name_witness, str(VerifierKey("a", WITNESS_KEY.public_key)))
    with pytest.raises(DomainError):
        house.perform(drop_witness, WITNESS_KEY.name)
    assert house.read(witnesses)[0]["dropped_at"] is not None
