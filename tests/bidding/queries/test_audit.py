"""Recomputing the sales: a row changed anywhere that the journal tells of is found, on both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, inspect, select, text, update

import auction.queries.audit as audit
from auction.kernel.clock import FixedClock
from auction.kernel.unit import House, Unit
from auction.models import Auction, JournalRow, LogLeaf, RoomEvent, Salt
from auction.queries.audit import Report
from auction.services.log import seal
from bidding.models import Bid, Confirmation, Registration
from bidding.queries.audit import verify_all
from disclosure.models import SheetVersion
from tests.bidding.sale import a_contest, an_open_sale, bid, hammer

#: What no entry tells: where a bid is stored, the key and the hints its answer held, and what became of the money.
UNTOLD = {"shard", "key", "minimum_fen", "decided_at"}


@pytest.fixture
def sales(house: House, clock: FixedClock) -> House:
    """One auction sold and confirmed, one running; all sealed; triggers removed."""
    sold, accounts = house.perform(an_open_sale)
    a_contest(house, clock, sold, accounts)
    assert hammer(house, clock, sold) == "sold"
    running, others = house.perform(an_open_sale)
    bid(house, clock, running, others[0], 100_000_000)
    bid(house, clock, running, others[0], 90_000_000)
    while house.perform(seal):
        pass
    with house.engine.begin() as connection:
        remove_guards(connection)
    return house


def remove_guards(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for table in inspect(connection).get_table_names():
            for key in inspect(connection).get_foreign_keys(table):
                connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{key["name"]}"'))
            connection.execute(text(f'ALTER TABLE "{table}" DISABLE TRIGGER ALL'))
    else:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))


class Undone(Exception):
    pass


def tampered(house: House, *statements: Any) -> Report:
    """The report on the database with these statements carried out, which are undone afterwards."""
    reports: list[Report] = []

    def attempt(unit: Unit) -> None:
        if unit.session.get_bind().dialect.name == "sqlite":
            unit.session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            unit.session.execute(statement, execution_options={"synchronize_session": False})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(audit, "steady", lambda session: None)  # a snapshot must come first, so not here
            reports.append(verify_all(unit.session, house.vault.public_key))
        raise Undone

    with pytest.raises(Undone):
        house.perform(attempt)
    return reports[0]


def other(name: str, value: Any) -> Any:
    """Some other value the column takes."""
    if name == "outcome":
        return None  # held by a constraint of the table
    if isinstance(value, int):
        return value + 1_000
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, dict):
        return value | {"price_fen": 1, "form": "other", "amount_fen": 7}
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return {"rank": 7, "code": "below_reserve", "seq": 99}.get(name)


def rows(house: House, table: Any) -> list[dict[str, Any]]:
    return house.read(lambda session: [dict(row) for row in session.execute(select(table.__table__)).mappings()])


def place(table: Any, row: dict[str, Any]) -> list[Any]:
    return [key == row[key.name] for key in table.__table__.primary_key.columns]


def edits(house: House, table: Any, columns: set[str]) -> Iterator[tuple[str, Any]]:
    for row in rows(house, table):
        for name in sorted(columns):
            value = other(name, row[name])
            if value is not None and not (name == "seq" and row["outcome"] != "accepted"):
                yield f"{name} of {row}", update(table).where(*place(table, row)).values({name: value})


def test_clean_sales_are_verified_with_every_receipt(sales: House) -> None:
    report = sales.read(verify_all, sales.vault.public_key)
    assert report.failures == [] and report.ok
    expected = {"bids": 10, "receipts": 8, "auctions": 2, "confirmations": 1, "sheets": 2}
    assert {name: report.checked[name] for name in expected} == expected
    assert "receipts" not in sales.read(verify_all, sales.vault.public_key, signatures=False).checked


def test_an_empty_database_is_verified(house: House) -> None:
    assert house.read(verify_all, house.vault.public_key).ok


def test_every_changed_column_of_a_bid_is_found(sales: House) -> None:
    columns = {column.name for column in Bid.__table__.columns} - UNTOLD
    count = 0
    for what, change in edits(sales, Bid, columns):
        accepted = "'outcome': 'accepted'" in what
        if not accepted and what.split()[0] in ("price_fen", "signature", "key_id"):
            continue  # a refused offer's answer repeats what stood then; it has no receipt
        assert tampered(sales, change).failures, what
        count += 1
    assert count > 100


def test_deleted_bids_and_bids_of_another_are_found(sales: House) -> None:
    for row in rows(sales, Bid):
        assert tampered(sales, delete(Bid).where(*place(Bid, row))).failures, row
    taken = next(row for row in rows(sales, Bid) if row["seq"] == 1)
    for row in rows(sales, Registration):
        moved = update(Bid).where(Bid.id == taken["id"]).values(registration_id=row["id"])
        assert bool(tampered(sales, moved).failures) == (row["id"] != taken["registration_id"])


def test_a_changed_price_leader_or_count_of_an_auction_is_found(sales: House) -> None:
    columns = {"price_fen", "leader_code", "leader_rank", "bid_count", "last_bid_at", "version"}
    for what, change in edits(sales, Auction, columns):
        assert tampered(sales, change).failures, what
    assert tampered(sales, update(Auction).where(Auction.status == "open").values(status="sold")).failures


def test_changed_missing_or_invented_confirmations_are_found(sales: House) -> None:
    [row] = rows(sales, Confirmation)
    [*_, (_, change)] = edits(sales, Confirmation, {"document"})
    assert tampered(sales, change).failures
    assert tampered(sales, delete(Confirmation)).failures
    running = sales.read(lambda session: session.scalars(select(Auction.id).where(Auction.status == "open")).one())
    assert tampered(sales, update(Confirmation).values(auction_id=running)).failures
    assert row["document"]["price_fen"] > 0


def test_a_changed_sheet_is_found(sales: House) -> None:
    for what, change in edits(sales, SheetVersion, {"facts", "seal"}):
        assert tampered(sales, change).failures, what


def test_changed_or_missing_events_of_a_room_are_found(sales: House) -> None:
    events = rows(sales, RoomEvent)
    for row in events:
        assert tampered(sales, delete(RoomEvent).where(*place(RoomEvent, row))).failures, row
        if row["type"] == "bid":
            change = update(RoomEvent).where(*place(RoomEvent, row))
            assert tampered(sales, change.values(data=row["data"] | {"amount_fen": 1})).failures, row
            assert tampered(sales, change.values(type="notice")).failures, row
    assert sum(row["type"] == "bid" for row in events) == 8


def test_an_entry_of_a_bid_without_a_row_is_found(house: House, clock: FixedClock) -> None:
    auction_id, accounts = house.perform(an_open_sale)
    bid(house, clock, auction_id, accounts[0], 100_000_000)
    body = {
        "bid_id": "b",
        "seq": 2,
        "amount_fen": 100_500_000,
        "bidder_code": "X1",
        "rank": None,
        "received_at": "2026-03-02T09:00:00.000000+00:00",
    }
    house.perform(lambda unit: unit.record("BidAccepted", stream=f"auction:{auction_id}", body=body))
    report = house.read(verify_all, house.vault.public_key)
    assert {failure.where for failure in report.failures} == {"bids", f"auctions {auction_id}"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("BidAccepted", {"seq": 3, "amount_fen": 100_500_000, "rank": None}),
        ("BidAccepted", {"seq": 2, "amount_fen": 100_000_000, "rank": None}),
        ("BidAccepted", {"seq": 2, "amount_fen": 99_000_000, "rank": 1}),
        ("BidAccepted", {"seq": 2, "amount_fen": 100_500_000, "rank": None, "received_at": "2020-01-01"}),
        ("AuctionClosed", {"status": "sold", "price_fen": 1}),
        ("SaleConfirmed", {"price_fen": 100_000_000, "document_sha256": "0" * 64}),
    ],
)
def test_an_entry_that_cannot_follow_the_one_before_it_is_found(
    house: House, clock: FixedClock, kind: str, body: dict[str, Any]
) -> None:
    auction_id, accounts = house.perform(an_open_sale)
    bid(house, clock, auction_id, accounts[0], 100_000_000)
    whole = {"bidder_code": "X1", "received_at": "2026-03-02T09:00:00.000000+00:00"} | body
    house.perform(lambda unit: unit.record(kind, stream=f"auction:{auction_id}", body=whole))
    report = house.read(verify_all, house.vault.public_key)
    number = house.read(
        lambda session: session.scalar(
            select(func.count()).select_from(JournalRow).where(JournalRow.stream == f"auction:{auction_id}")
        )
    )
    assert f"journal auction:{auction_id} {number}" in {failure.where for failure in report.failures}


def test_a_salt_destroyed_without_an_erasure_is_found(sales: House) -> None:
    closed = (LogLeaf.stream == Salt.stream) & (LogLeaf.number == Salt.number)
    query = select(Salt.stream, Salt.number).join(LogLeaf, closed).order_by(Salt.stream, Salt.number)
    salts = sales.read(lambda session: session.execute(query).all())
    assert {stream.partition(":")[0] for stream, _ in salts} >= {"auction", "lot", "person"}
    failures = tampered(sales, delete(Salt)).failures
    gone = [f"journal_salts {stream} {number}" for stream, number in salts]
    assert [failure.where for failure in failures if failure.where.startswith("journal_salts ")] == gone[:200]


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_checked(sales: House) -> None:
    [auction_id, other] = sales.read(lambda session: session.scalars(select(Auction.id).order_by(Auction.id)).all())
    false = update(Auction).where(Auction.id == other).values(price_fen=7)
    if sales.engine.dialect.name == "sqlite":
        broken = text("UPDATE auctions SET announcement = '{' WHERE id = :id").bindparams(id=auction_id)
        assert [str(one) for one in tampered(sales, broken).failures] == [
            f"auctions {auction_id}: its announcement is no JSON"
        ]
    shapeless = update(SheetVersion).values(facts=[])
    failures = tampered(sales, shapeless, false).failures
    assert next(one.what for one in failures if one.where == "rows").startswith("one of them cannot be read: ")
    assert any(one.where == f"auctions {other}" for one in failures)
