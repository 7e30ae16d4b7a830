"""`fapai audit` at the terminal: evidence that contradicts its own journal is not written, unless it is marked."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

import web.commands
from auction.kernel.clock import FixedClock
from auction.kernel.unit import House
from auction.models import Auction
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
