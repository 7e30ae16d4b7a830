"""Recomputing the database: every edited, deleted, swapped, invented or rebuilt row of the evidence is found."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, delete, func, insert, inspect, select, text, update

import auction.queries.audit as module
from auction.kernel.checkpoint import Checkpoint as Head
from auction.kernel.checkpoint import VerifierKey, format_checkpoint, sign_note
from auction.kernel.clock import iso
from auction.kernel.crypto import Keys, Vault, canonical, sha256_hex
from auction.kernel.tree import EMPTY_ROOT, Frontier, leaf_hash
from auction.kernel.unit import House, Unit
from auction.models import Checkpoint, JournalRow, LogLeaf, LogNode, Platform, Salt, Stream
from auction.queries.audit import Report, verify_database
from auction.services.log import seal

EVIDENCE = (JournalRow, Salt, Stream, LogLeaf, LogNode, Checkpoint)


def note(unit: Unit, stream: str, private: bool, **body: object) -> None:
    unit.record("Noted", stream=stream, body=body, private=private)


@pytest.fixture
def full(house: House) -> House:
    """A house with 30 sealed entries of four streams under several checkpoints, and 3 not sealed; triggers removed."""
    rng = random.Random(11)
    for n in range(33):
        house.perform(note, f"lot:{rng.randrange(4)}", rng.random() < 0.3, n=n, text="卷宗")
        if n in (2, 9, 20, 29):
            house.perform(seal)
    with house.engine.begin() as connection:
        remove_triggers(connection)
    return house


def remove_triggers(connection: Connection) -> None:
    """What somebody with all rights over the database does first."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
        for table in inspect(connection).get_table_names():
            connection.execute(text(f'ALTER TABLE "{table}" DISABLE TRIGGER ALL'))
        for table in ("log_leaves", "journal"):
            for key in inspect(connection).get_foreign_keys(table):
                connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{key["name"]}"'))
    else:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))


def verify(house: House) -> Report:
    return house.read(verify_database, house.vault.public_key)


class Undone(Exception):
    pass


def tampered(house: House, *statements: Any) -> Report:
    """The report on the database with these statements carried out, which are undone afterwards."""
    reports: list[Report] = []

    def attempt(unit: Unit) -> None:
        if unit.session.get_bind().dialect.name == "sqlite":
            unit.session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            unit.session.execute(statement)
        reports.append(verify_without_snapshot(unit, house.vault.public_key))
        raise Undone

    with pytest.raises(Undone):
        house.perform(attempt)
    return reports[0]


def verify_without_snapshot(unit: Unit, public_key: bytes) -> Report:
    """The same check inside the transaction that tampered; the snapshot it asks for must come first, so not here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auction.queries.audit.steady", lambda session: None)
        return verify_database(unit.session, public_key)


def other(value: Any) -> Any:
    """Some other value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1000  # what is taken already, the database refuses by itself
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, str):
        middle = len(value) // 2
        return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
    return "0" * 64


#: The order of writing, when a head was signed, and two hints to the sealer: no proof rests on them.
UNPROVEN = {(JournalRow, "id"), (Checkpoint, "at"), (Stream, "unsealed"), (Stream, "sealed_number")}


def rows(house: House, table: Any) -> list[dict[str, Any]]:
    return house.read(lambda session: [dict(row) for row in session.execute(select(table.__table__)).mappings()])


def place(table: Any, row: dict[str, Any]) -> list[Any]:
    return [key == row[key.name] for key in table.__table__.primary_key.columns]


def edits(house: House) -> Iterator[tuple[Any, dict[str, Any], str, Any]]:
    """One statement for every column of every evidence row, with a value that differs."""
    for table in EVIDENCE:
        for row in rows(house, table):
            for column, value in row.items():
                if (table, column) not in UNPROVEN:
                    yield table, row, column, update(table).where(*place(table, row)).values({column: other(value)})


def test_a_clean_database_is_verified_with_its_unsealed_tail(full: House) -> None:
    report = verify(full)
    assert report.ok and report.failures == []
    assert report.checked["entries"] == 33 and report.checked["leaves"] == 30 and report.checked["unsealed"] == 3
    assert report.checked["checkpoints"] == 4 and report.checked["streams"] == 4 and report.checked["nodes"] == 26
    assert report.as_data()["ok"] is True
    while full.perform(seal):
        pass
    assert verify(full).ok


def test_an_empty_database_is_verified_before_and_after_its_first_sealing(house: House) -> None:
    assert verify(house).ok
    house.perform(seal)
    report = verify(house)
    assert report.ok and report.checked["checkpoints"] == 1


def test_every_edited_column_of_every_row_of_the_evidence_is_found(full: House) -> None:
    count = 0
    joined = (LogLeaf.stream == Salt.stream) & (LogLeaf.number == Salt.number)
    salts = select(Salt).outerjoin(LogLeaf, joined).where(LogLeaf.index.is_(None))
    unsealed = full.read(lambda session: [(salt.stream, salt.number, salt.salt) for salt in session.scalars(salts)])
    for table, row, column, change in edits(full):
        if (table, column) == (Salt, "salt") and tuple(row.values()) in unsealed:
            continue  # nobody was given a commitment yet
        assert tampered(full, change).failures, (table, row, column)
        count += 1
    assert count > 500


def test_every_deleted_row_of_the_evidence_is_found(full: House) -> None:
    for table in EVIDENCE:
        if table is Salt:
            continue  # erasure is allowed, see below
        for row in rows(full, table):
            report = tampered(full, delete(table).where(*place(table, row)))
            forgotten = table is Checkpoint and row["size"] != 30  # an older signature may be forgotten
            assert bool(report.failures) != forgotten, (table, row)


def test_destroying_a_salt_is_erasure_and_not_tampering(full: House) -> None:
    sealed = select(Salt.stream).join(LogLeaf, (LogLeaf.stream == Salt.stream) & (LogLeaf.number == Salt.number))
    stream, number = full.read(lambda session: session.execute(sealed.add_columns(Salt.number)).first())
    report = tampered(full, delete(Salt).where(Salt.stream == stream, Salt.number == number))
    assert report.ok and report.checked["erased"] == 1


def test_an_erased_entry_can_still_not_change_its_commitment_or_its_chain(full: House) -> None:
    row = full.read(
        lambda session: session.execute(
            select(LogLeaf.index, LogLeaf.stream, LogLeaf.number).where(LogLeaf.commitment.is_not(None))
        ).first()
    )
    erase = delete(Salt).where(Salt.stream == row[1], Salt.number == row[2])
    commitment = "0" * 64
    assert tampered(full, erase, update(LogLeaf).where(LogLeaf.index == row[0]).values(commitment=commitment)).failures
    entry = update(JournalRow).where(JournalRow.stream == row[1], JournalRow.number == row[2])
    assert tampered(full, erase, entry.values(entry="{}")).failures
    assert tampered(full, erase, update(LogLeaf).where(LogLeaf.index == row[0]).values(commitment=None)).failures


def test_swapped_and_shifted_rows_are_found(full: House) -> None:
    def swap(table: Any, column: Any, first: Any, second: Any) -> list[Any]:
        return [
            update(table).where(column == first).values({column.key: -1}),
            update(table).where(column == second).values({column.key: first}),
            update(table).where(column == -1).values({column.key: second}),
        ]

    for a, b in ((0, 1), (5, 20), (28, 29)):
        assert tampered(full, *swap(LogLeaf, LogLeaf.index, a, b)).failures, (a, b)
    assert tampered(full, *swap(Checkpoint, Checkpoint.size, 10, 21)).failures
    numbers = swap(JournalRow, JournalRow.number, 1, 2)
    assert tampered(full, *(change.where(JournalRow.stream == "lot:0") for change in numbers)).failures
    assert tampered(full, update(LogNode).where(LogNode.level == 4).values(level=5)).failures
    renamed = [update(table).where(table.stream == "lot:1").values(stream="lot:9") for table in EVIDENCE[:4]]
    assert tampered(full, *renamed).failures  # type: ignore[arg-type]


def test_an_entry_put_in_its_right_place_without_the_sealer_s_knowing_is_found(full: House) -> None:
    head = full.read(lambda session: session.get_one(Stream, "lot:0"))
    at = head.at + timedelta(seconds=1)
    data = {
        "at": iso(at),
        "body": {},
        "kind": "Noted",
        "number": head.number + 1,
        "prev": head.hash,
        "stream": "lot:0",
        "suite": "intl-1",
    }
    written = canonical(data)
    row = {
        "stream": "lot:0",
        "number": head.number + 1,
        "kind": "Noted",
        "at": at,
        "private": False,
        "entry": written.decode(),
        "hash": sha256_hex(written),
    }
    assert tampered(full, insert(JournalRow).values(row)).failures
    grown = update(Stream).where(Stream.stream == "lot:0").values(number=head.number + 1, hash=row["hash"], at=at)
    assert tampered(full, insert(JournalRow).values(row), grown.values(unsealed=False)).failures
    leaf = {
        "index": 30,
        "stream": "lot:0",
        "number": head.number + 1,
        "commitment": None,
        "hash": leaf_hash(written).hex(),
    }
    assert tampered(full, insert(JournalRow).values(row), grown, insert(LogLeaf).values(leaf)).failures


def test_marks_that_would_hide_entries_from_the_sealer_are_found(full: House) -> None:
    unsealed = full.read(
        lambda session: session.scalars(
            select(JournalRow.stream)
            .outerjoin(LogLeaf, (LogLeaf.stream == JournalRow.stream) & (LogLeaf.number == JournalRow.number))
            .where(LogLeaf.index.is_(None))
        ).first()
    )
    assert tampered(full, update(Stream).where(Stream.stream == unsealed).values(unsealed=False)).failures
    assert tampered(full, update(Stream).values(sealed_number=Stream.number + 1)).failures


def test_a_cut_tail_of_the_log_is_found_as_long_as_any_checkpoint_over_it_is_kept(full: House) -> None:
    cut = [delete(LogLeaf).where(LogLeaf.index >= 21), delete(LogNode).where((LogNode.index + 1) * 2 > 0)]
    assert tampered(full, *cut).failures
    assert tampered(full, delete(LogLeaf), delete(LogNode)).failures
    assert tampered(full, *(delete(table) for table in EVIDENCE if table is not Checkpoint)).failures


def rebuild(house: House, vault: Vault, origin: str) -> list[Any]:
    """Statements that change early entries and make all that follows anew: chains, leaves, tree, signed heads."""
    rows = house.read(
        lambda s: s.execute(select(JournalRow.__table__).order_by(JournalRow.stream, JournalRow.number)).all()
    )
    leaves = house.read(lambda s: s.execute(select(LogLeaf.__table__).order_by(LogLeaf.index)).all())
    sizes = house.read(lambda s: list(s.scalars(select(Checkpoint.size))))
    changes: list[Any] = [delete(Salt)]
    texts: dict[tuple[str, int], bytes] = {}
    prev: dict[str, str] = {}
    for row in rows:
        data = orjson.loads(row.entry)
        if row.number == 1:
            data["body"]["n"] = 999
        data["prev"] = prev.get(row.stream, "0" * 64)
        written = canonical(data)
        prev[row.stream] = sha256_hex(written)
        texts[row.stream, row.number] = written
        changes.append(
            update(JournalRow)
            .where(JournalRow.id == row.id)
            .values(entry=written.decode(), hash=prev[row.stream], private=False)
        )
    changes += [update(Stream).where(Stream.stream == name).values(hash=digest) for name, digest in prev.items()]
    hashes = [leaf_hash(texts[row.stream, row.number]) for row in leaves]
    for position, digest in enumerate(hashes):
        changes.append(update(LogLeaf).where(LogLeaf.index == position).values(commitment=None, hash=digest.hex()))
    for level, index, digest in Frontier().extend(hashes)[1]:
        changes.append(update(LogNode).where(LogNode.level == level, LogNode.index == index).values(hash=digest.hex()))
    key = VerifierKey(origin, vault.public_key)
    for size in sizes:
        root = Frontier().extend(hashes[:size])[0].root() if size else EMPTY_ROOT
        note_ = sign_note(format_checkpoint(Head(origin, size, root)), key, vault.sign_raw)
        changes.append(update(Checkpoint).where(Checkpoint.size == size).values(root=root.hex(), note=note_))
    return changes


def test_a_history_rebuilt_in_full_fails_without_the_log_s_key_only(full: House) -> None:
    origin = full.read(
        lambda session: session.scalars(select(Platform.value).where(Platform.key == "log_origin")).one()
    )
    stranger = Vault(Keys(b"x" * 32, b"y" * 32, b"z" * 32), full.ids.bytes)
    report = tampered(full, *rebuild(full, stranger, origin))
    assert {failure.where for failure in report.failures} == {f"checkpoints {size}" for size in (3, 10, 21, 30)}
    assert tampered(full, *rebuild(full, full.vault, origin)).ok  # the witness's copy is what then differs


def test_another_public_key_verifies_no_checkpoint(full: House) -> None:
    stranger = Vault(Keys(b"x" * 32, b"y" * 32, b"z" * 32), full.ids.bytes)
    report = full.read(verify_database, stranger.public_key)
    assert report.failed == 4 and not report.ok


def test_failures_are_counted_when_they_are_too_many_to_tell(full: House) -> None:
    report = tampered(
        full,
        update(JournalRow).values(hash="0" * 64, kind="X"),
        update(LogNode).values(hash="1" * 64),
        update(LogLeaf).values(hash="2" * 64),
        update(Stream).values(hash="3" * 64),
    )
    assert report.failed >= len(report.failures) > 100


def test_writing_goes_on_while_the_database_is_verified(house: House) -> None:
    """All is read at one state: an entry committed in between is not half seen."""
    for n in range(5):
        house.perform(note, "lot:a", False, n=n)
    house.perform(seal)
    real = module.lines

    def slow(session: Any, *streams: str) -> Iterator[Any]:
        for line in real(session, *streams):
            if line.number == 2:
                house.perform(note, "lot:a", False, n="between")
                house.perform(note, "lot:b", False, n="between")
                house.perform(seal)
            yield line

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "lines", slow)
        report = verify(house)
    assert report.failures == [] and report.checked["entries"] == 5
    assert house.read(lambda session: session.scalar(select(func.count()).select_from(JournalRow))) == 7
    assert verify(house).ok


#: The rows of each table.
Held = dict[Any, list[dict[str, Any]]]


def edited(held: Held, rng: random.Random) -> list[Any]:
    """One column of one row, another value."""
    while True:
        table = rng.choice([table for table in EVIDENCE if table is not Salt])
        row = rng.choice(held[table])
        column = rng.choice([name for name in row if (table, name) not in UNPROVEN])
        if other(row[column]) != row[column]:
            return [update(table).where(*place(table, row)).values({column: other(row[column])})]


def lost(held: Held, rng: random.Random) -> list[Any]:
    """Some rows of one table gone, the latest head kept."""
    table = rng.choice([JournalRow, Stream, LogLeaf, LogNode])
    return [delete(table).where(*place(table, row)) for row in rng.sample(held[table], rng.randint(1, 4))]


def invented(held: Held, rng: random.Random) -> list[Any]:
    """An entry or a leaf nobody wrote: a copy of another under a number of its own."""
    table, key = rng.choice([(JournalRow, "number"), (LogLeaf, "index")])
    row = rng.choice(held[table])
    copied = {**row, "number": row["number"] + 100, key: row[key] + 100 + rng.randrange(1000)}
    if table is JournalRow:
        copied["id"] = 10**6 + rng.randrange(10**6)
    return [insert(table).values(copied)]


def swapped(held: Held, rng: random.Random) -> list[Any]:
    """Two rows of one table with each other's content."""
    table, content = rng.choice([(JournalRow, ("entry", "hash", "at")), (LogLeaf, ("commitment", "hash"))])
    while True:
        one, two = rng.sample(held[table], 2)
        if any(one[name] != two[name] for name in content):
            pairs = ((one, two), (two, one))
            return [update(table).where(*place(table, a)).values({n: b[n] for n in content}) for a, b in pairs]


def cut(held: Held, rng: random.Random) -> list[Any]:
    """The log, or a stream of the journal, ends earlier, with a head to fit."""
    if rng.random() < 0.5:
        return [delete(LogLeaf).where(LogLeaf.index >= rng.randrange(30))]
    sealed = [row for row in held[Stream] if row["sealed_number"] > 1]
    stream = rng.choice(sealed)
    keep = rng.randrange(1, stream["sealed_number"])
    last = next(r for r in held[JournalRow] if (r["stream"], r["number"]) == (stream["stream"], keep))
    head = {"number": keep, "hash": last["hash"], "at": last["at"]}
    return [
        delete(JournalRow).where(JournalRow.stream == stream["stream"], JournalRow.number > keep),
        update(Stream).where(Stream.stream == stream["stream"]).values(head),
    ]


def rebuilt(held: Held, rng: random.Random) -> list[Any]:
    """From one sealed entry on, a stream told anew and chained rightly; the log is left as it was."""
    start = rng.choice(held[LogLeaf])
    told = [r for r in held[JournalRow] if r["stream"] == start["stream"] and r["number"] >= start["number"]]
    changes, previous = [], None
    for row in sorted(told, key=lambda row: int(row["number"])):
        data = orjson.loads(row["entry"])
        data["body"]["n"] = rng.randrange(10**9)
        data["prev"] = previous or data["prev"]
        written = canonical(data)
        previous = sha256_hex(written)
        changes.append(update(JournalRow).where(*place(JournalRow, row)).values(entry=written.decode(), hash=previous))
    return [*changes, update(Stream).where(Stream.stream == start["stream"]).values(hash=previous)]


def another_time(held: Held, rng: random.Random) -> list[Any]:
    """The clock put back or forward under everything from one entry on."""
    by, first = timedelta(seconds=rng.choice([-1, 1]) * rng.randint(1, 10**6)), rng.randint(1, 30)
    told = sorted(held[JournalRow], key=lambda row: int(row["id"]))[first:]
    return [update(JournalRow).where(*place(JournalRow, row)).values(at=row["at"] + by) for row in told]


def another_key(held: Held, rng: random.Random) -> list[Any]:
    """A head over the true root, or over an invented one, signed by somebody else."""
    origin = next(row["value"] for row in held[Platform] if row["key"] == "log_origin")
    stranger = Vault(Keys(rng.randbytes(32), rng.randbytes(32), rng.randbytes(32)), rng.randbytes)
    row = rng.choice(held[Checkpoint])
    root = bytes.fromhex(row["root"]) if rng.random() < 0.5 else rng.randbytes(32)
    head = Head(origin, row["size"], root)
    forged = sign_note(format_checkpoint(head), VerifierKey(origin, stranger.public_key), stranger.sign_raw)
    return [update(Checkpoint).where(*place(Checkpoint, row)).values(root=root.hex(), note=forged)]


TAMPERINGS = (edited, lost, invented, swapped, cut, rebuilt, another_time, another_key)


def test_whatever_is_done_to_the_evidence_at_random_is_found(full: House) -> None:
    """2,000 cases (a tenth of them on PostgreSQL, which is slower), every kind in turn, some with another at once."""
    rng, cases = random.Random(20261129), 2000 if full.engine.dialect.name == "sqlite" else 200
    held = {table: rows(full, table) for table in (*EVIDENCE, Platform)}
    found: Counter[str] = Counter()
    for case in range(cases):
        kinds = [TAMPERINGS[case % len(TAMPERINGS)]]
        if case % 5 == 0:
            kinds.append(another_key)
        changes = [change for kind in kinds for change in kind(held, rng)]
        assert tampered(full, *changes).failures, (case, [kind.__name__ for kind in kinds])
        found[kinds[0].__name__] += 1
    assert set(found.values()) == {cases // len(TAMPERINGS)} and verify(full).ok


def test_no_history_that_was_only_written_is_accused(house: House) -> None:
    rng = random.Random(3)
    for turn in range(150):
        house.perform(note, f"lot:{rng.randrange(9)}", rng.random() < 0.4, n=turn)
        if rng.random() < 0.3:
            house.perform(seal)
        leaves = {(leaf["stream"], leaf["number"]) for leaf in rows(house, LogLeaf)}
        sealed = [salt for salt in rows(house, Salt) if (salt["stream"], salt["number"]) in leaves]
        if sealed and rng.random() < 0.1:  # erased
            with house.engine.begin() as connection:
                connection.execute(delete(Salt).where(*place(Salt, rng.choice(sealed))))
        assert verify(house).failures == [], turn
