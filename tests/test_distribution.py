"""Whether the schema could be spread over several machines (Citus), and exactly what stands in the way.

`python -m tests.test_distribution` writes the table of `docs/scale.md`: a key that comes or goes has to be told there.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, UniqueConstraint

import auction.models  # noqa: F401 - the models make the metadata
import bidding.models  # noqa: F401
import disclosure.models  # noqa: F401
import risk.models  # noqa: F401
from auction.kernel.db import Base

#: What a bid's transaction writes or locks, with the column that tells whose auction a row is of.
BID_PATH = {
    "auctions": "id",
    "bids": "auction_id",
    "room_events": "auction_id",
    "registrations": "auction_id",
    "registered_identities": "auction_id",
    "acknowledgements": "auction_id",
    "streams": "auction_id",
    "journal": "auction_id",
}
#: What every machine would hold a copy of: seldom written, and referred to by the bid path.
EVERYWHERE = {"accounts", "persons", "courts", "agencies", "lots", "cases", "platform", "intake"}
SCALE = Path(__file__).parents[1] / "docs" / "scale.md"
_BEGIN, _END = "<!-- made by tests/test_distribution.py -->\n", "<!-- end -->\n"


def obstacles(metadata: MetaData, spread: Mapping[str, str], everywhere: set[str]) -> Iterator[tuple[str, str, str]]:
    """What Citus refuses if the tables of `spread` are distributed by their column: (table, kind, what).

    A distributed table needs its column in every unique key; a foreign key between distributed tables has to contain
    both columns; other tables may not refer to distributed ones; distributed ones may refer to copied ones only.
    """
    for table in metadata.sorted_tables:
        column = spread.get(table.name)
        if column is not None:
            if column not in table.c:
                yield table.name, "column", f"has no {column}"
            for name, columns in _unique(table):
                if column not in columns:
                    yield table.name, "unique", f"{name} ({', '.join(columns)})"
        for key in table.foreign_keys:
            target = key.column.table.name
            if not _may_refer(table, key.constraint, spread, everywhere):
                yield table.name, "reference", f"{key.parent.name} → {target}"


def _unique(table: Table) -> Iterator[tuple[str, list[str]]]:
    yield "primary key", [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield "unique", [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield "unique index", [column.name for column in index.columns]


def _may_refer(table: Table, key: ForeignKeyConstraint | None, spread: Mapping[str, str], everywhere: set[str]) -> bool:
    assert key is not None
    target = key.referred_table.name
    if table.name not in spread:
        return target not in spread and not (table.name in everywhere and target not in everywhere)
    if target not in spread:
        return target in everywhere
    pairs = {(element.parent.name, element.column.name) for element in key.elements}
    return (spread[table.name], spread[target]) in pairs


def written(by_shard: list[tuple[str, str, str]], by_auction: list[tuple[str, str, str]]) -> str:
    """The part of the document that is made from the models."""
    counted = {name: Counter(kind for _, kind, _ in found) for name, found in (("s", by_shard), ("a", by_auction))}
    lines = ["| what Citus refuses | by `shard` | by the auction's id |", "|---|---|---|"]
    words = {
        "column": "a table of the bid path lacks the column",
        "unique": "a unique key without it",
        "reference": "a foreign key that crosses",
    }
    lines += [f"| {text} | {counted['s'][kind]} | {counted['a'][kind]} |" for kind, text in words.items()]
    lines += ["", "By the auction's id, one by one:", ""]
    own = [f"- `{table}`: {what}" for table, kind, what in by_auction if kind != "reference" or table in BID_PATH]
    others = Counter(
        what.split(" → ")[1] for table, kind, what in by_auction if kind == "reference" and table not in BID_PATH
    )
    lines += sorted(own)
    lines += [f"- {count} foreign keys of other tables to `{table}`" for table, count in sorted(others.items())]
    return "\n".join(lines) + "\n"


def now() -> str:
    by_shard = list(obstacles(Base.metadata, dict.fromkeys(BID_PATH, "shard"), EVERYWHERE))
    return written(by_shard, list(obstacles(Base.metadata, BID_PATH, EVERYWHERE)))


def test_what_stands_in_the_way_is_what_the_document_says() -> None:
    kept = re.search(re.escape(_BEGIN) + "(.*)" + re.escape(_END), SCALE.read_text("utf-8"), re.S)
    assert kept is not None and kept[1] == now(), "run python -m tests.test_distribution"


def test_every_table_of_the_bid_path_and_every_copied_one_is_there() -> None:
    assert (set(BID_PATH) | EVERYWHERE) - set(Base.metadata.tables) == set()


@pytest.mark.parametrize(
    ("bids", "found"),
    [
        ([Column("shard", Integer, primary_key=True), Column("id", Integer, primary_key=True)], []),
        ([Column("shard", Integer), Column("id", Integer, primary_key=True)], [("unique", "primary key (id)")]),
        ([Column("id", Integer, primary_key=True)], [("column", "has no shard"), ("unique", "primary key (id)")]),
    ],
)
def test_a_distributed_table_needs_its_column_in_every_unique_key(
    bids: list[Column[int]], found: list[tuple[str, str]]
) -> None:
    metadata = MetaData()
    Table("bids", metadata, *bids)
    assert [one[1:] for one in obstacles(metadata, {"bids": "shard"}, set())] == found


def test_references_may_only_go_along_the_column_or_to_what_every_machine_has() -> None:
    metadata = MetaData()
    keys = [Column("shard", Integer, primary_key=True), Column("id", Integer, primary_key=True)]
    Table("auctions", metadata, *keys)
    Table("people", metadata, Column("id", Integer, primary_key=True))
    Table("drafts", metadata, Column("id", Integer, primary_key=True))

    def refers(name: str, target: str, *columns: str) -> None:
        own = [Column("shard", Integer, primary_key=True), Column("n", Integer, primary_key=True)]
        given = ["shard" if column == "shard" else "n" for column in columns]
        key = ForeignKeyConstraint(given, [f"{target}.{column}" for column in columns])
        Table(name, metadata, *own, key)

    refers("good", "auctions", "shard", "id")
    refers("person", "people", "id")
    refers("local", "drafts", "id")
    refers("outside", "auctions", "shard", "id")
    spread = dict.fromkeys(("auctions", "good", "person", "local"), "shard")
    found = {table for table, kind, _ in obstacles(metadata, spread, {"people"}) if kind == "reference"}
    assert found == {"local", "outside"}


if __name__ == "__main__":
    text = SCALE.read_text("utf-8")
    before, rest = text.split(_BEGIN)
    SCALE.write_text(before + _BEGIN + now() + _END + rest.split(_END)[1], "utf-8")
