"""`fapai audit` at the terminal: evidence that contradicts its own journal is not written, unless it is marked."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, insert, select, update

import web.commands
from auction.kernel.clock import FixedClock
from auction.kernel.db import Base
from auction.kernel.unit import House, Unit
from auction.models import Auction
from auction.queries.log import latest_checkpoint
from auction.services.log import seal
from tests.bidding.queries.test_audit import remove_guards
from tests.bidding.sale import a_contest, an_open_sale, hammer
from web.commands import fapai


def run(house: House, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(web.commands, "the_house", lambda: house)
    return CliRunner().invoke(fapai, ["audit", *arguments], catch_exceptions=False)


def test_a_false_reserve_is_named_and_refused_and_only_written_with_its_mark(
    house: House, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    auction_id, accounts = house.perform(an_open_sale)
    a_contest(house, clock, auction_id, accounts)
    hammer(house, clock, auction_id)
    asked = ("export", str(tmp_path / "evidence"), "--auction", auction_id)
    assert run(house, monkeypatch, "verify").exit_code == 0
    false = update(Auction).where(Auction.id == auction_id).values(reserve_price_fen=1)
    house.perform(lambda unit: unit.session.execute(false))
    named = f"auctions {auction_id}: its reserve_price_fen is 1, its entries say 100000000"
    found = run(house, monkeypatch, "verify")
    assert (found.exit_code, found.stdout.splitlines()) == (1, [named, "FAILED: 1"])
    refused = run(house, monkeypatch, *asked)
    assert (refused.exit_code, refused.stderr.splitlines()[0]) == (1, named)
    assert not (tmp_path / "evidence").exists()
    assert run(house, monkeypatch, *asked, "--anyway").exit_code == 0
    assert json.loads((tmp_path / "evidence" / "manifest.json").read_text())["contradictions"] == [named]


def test_a_tail_cut_off_whole_is_found_with_a_head_kept_outside(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [Base.metadata.tables[name] for name in ("journal", "journal_salts", "streams", "log_leaves", "log_nodes")]
    tables.append(Base.metadata.tables["checkpoints"])

    def a_day(unit: Unit) -> None:
        unit.record("DayOver", stream="system", body={})
        unit.flush()

    def sealed() -> str:
        house.perform(a_day)
        while house.perform(seal):
            pass
        return house.read(lambda session: latest_checkpoint(session).note)  # type: ignore[union-attr]

    early, late = tmp_path / "early.note", tmp_path / "late.json"
    early.write_text(sealed(), "utf-8")
    kept = {
        table: house.read(lambda session, table=table: [dict(row) for row in session.execute(select(table)).mappings()])
        for table in tables
    }
    late.write_text(json.dumps({"note": sealed()}), "utf-8")
    assert run(house, monkeypatch, "verify", "--head", str(late)).exit_code == 0
    with house.engine.begin() as connection:
        remove_guards(connection)
        for table in reversed(tables):
            connection.execute(delete(table))
        for table in tables:
            if kept[table]:
                connection.execute(insert(table), kept[table])
    assert run(house, monkeypatch, "verify").exit_code == 0
    assert run(house, monkeypatch, "verify", "--head", str(early)).exit_code == 0
    found = run(house, monkeypatch, "verify", "--head", str(late))
    told = "signed head (the one seen outside): covers 2 leaves, here are 1: what the 1 others tell is lost"
    assert (found.exit_code, found.stdout.splitlines()) == (1, [told, "FAILED: 1"])
