"""A backup is taken while bids come in, comes back elsewhere as it was, and says so; what does not is named (F20)."""

import hashlib
import io
import json
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import Keys
from auction.kernel.settings import Settings, SettingsError
from auction.kernel.unit import House
from auction.models import Checkpoint
from auction.queries.log import checkpoint
from auction.services.log import seal
from bidding.models import Bid
from tests.bidding.hall import an_empty_database
from tests.bidding.sale import RESERVE, STEP, a_contest, an_open_sale, bid
from tests.conftest import settings_for
from web.backup import back_up, restore
from web.wiring import check, open_house


@pytest.fixture
def elsewhere(house: House, tmp_path: Path) -> Iterator[Settings]:
    """Settings with the same keys on an empty database of the same kind."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with an_empty_database(house.engine.dialect.name, folder) as url:
        yield settings_for(url, folder)


@pytest.fixture
def bids(house: House, clock: FixedClock) -> Callable[[int], None]:
    """A sale under way; places so many bids more each time."""
    auction_id, accounts = house.perform(an_open_sale)
    a_contest(house, clock, auction_id, accounts)
    house.perform(seal)
    made = 6

    def some(count: int) -> None:
        nonlocal made
        for _ in range(count):
            made += 1
            assert bid(house, clock, auction_id, accounts[made % 2], RESERVE + made * STEP).outcome == "accepted"

    return some


def test_a_backup_taken_under_load_comes_back_whole_and_verifies(
    house: House, elsewhere: Settings, bids: Callable[[int], None], tmp_path: Path
) -> None:
    path, over = tmp_path / "fapai.backup", threading.Event()
    accepted = select(func.count()).select_from(Bid).where(Bid.outcome == "accepted")
    (tmp_path / "models" / "real_estate").mkdir(parents=True)
    (tmp_path / "models" / "real_estate" / "model.skops").write_bytes(b"learned")

    def load() -> None:
        while not over.is_set():
            bids(1)

    bidding = threading.Thread(target=load)
    before = house.read(lambda session: session.scalar(accepted))
    bidding.start()
    try:
        manifest = back_up(house, path)
    finally:
        over.set()
        bidding.join()
    bids(1)
    assert path.stat().st_mode & 0o077 == 0
    found = restore(elsewhere, path)
    assert (found.wrong, dict(found.manifest)) == ((), manifest)
    there = open_house(elsewhere)
    check(there)
    after = house.read(lambda session: session.scalar(accepted))
    assert before <= there.read(lambda session: session.scalar(accepted)) < after
    assert found.checked["bids"] == manifest["bids"]
    assert (elsewhere.data / "models" / "real_estate" / "model.skops").read_bytes() == b"learned"
    there.engine.dispose()
    there.reader.dispose()


def test_a_head_kept_outside_tells_whether_the_backup_is_behind_it(
    house: House, elsewhere: Settings, bids: Callable[[int], None], tmp_path: Path
) -> None:
    path = tmp_path / "fapai.backup"
    older = house.read(checkpoint)
    bids(1)
    house.perform(seal)
    back_up(house, path)
    bids(2)
    house.perform(seal)
    size, newer = house.read(lambda session: session.scalar(select(func.max(Checkpoint.size)))), house.read(checkpoint)
    found = restore(elsewhere, path, newer)
    assert [failure.split(": ", 1)[1] for failure in found.wrong] == [
        f"covers {size} leaves, here are {size - 2}: what the 2 others tell is lost"
    ]
    with pytest.raises(SettingsError, match="not empty"):
        restore(elsewhere, path, older)
    (further := tmp_path / "further").mkdir()
    with an_empty_database(house.engine.dialect.name, further) as url:
        again = replace(elsewhere, database_url=url)
        assert restore(again, path, older).wrong == ()
        assert restore_fails(again, path) == "the database is not empty"


def restore_fails(settings: Settings, path: Path) -> str:
    with pytest.raises(SettingsError) as failure:
        restore(settings, path)
    return str(failure.value).split(" (")[0].split(":")[0]


def rewritten(path: Path, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a backup whose parts were changed."""
    with tarfile.open(path) as tar:
        parts = {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}  # type: ignore[union-attr]
    change(parts)
    with tarfile.open(to, "w") as tar:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return to


def told(parts: dict[str, bytes], **changes: Any) -> None:
    parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | changes).encode()


@pytest.mark.usefixtures("bids")
def test_what_is_no_backup_of_ours_is_refused_before_anything_is_written(
    house: House, elsewhere: Settings, tmp_path: Path
) -> None:
    path, other = tmp_path / "fapai.backup", tmp_path / "other.backup"
    back_up(house, path)
    with pytest.raises(FileExistsError):
        back_up(house, path)
    strange = replace(elsewhere, keys=Keys(b"x" * 32, b"k" * 32, b"l" * 32))
    assert restore_fails(strange, path) == "FAPAI_MASTER_KEY"
    kind = {"sqlite": "postgresql", "postgresql": "sqlite"}[house.engine.dialect.name]
    wrong = {
        "the backup is of schema 9999, which this program does not know": {"revision": "9999"},
        f"the backup is of {kind}, FAPAI_DATABASE_URL names {house.engine.dialect.name}": {"database": kind},
        f"{other} is a backup of the form 'x', this program reads 'fapai-backup-1'": {"format": "x"},
    }
    for sentence, change in wrong.items():
        assert restore_fails(elsewhere, rewritten(path, other, lambda parts, c=change: told(parts, **c))) == sentence  # type: ignore[misc]
    cut = rewritten(path, other, lambda parts: parts.update(database=parts["database"][:-1]))
    assert restore_fails(elsewhere, cut) == f"{other} is damaged"
    assert restore_fails(elsewhere, Path(__file__)) == f"{__file__} is no backup"
    assert restore(elsewhere, path).wrong == ()


def test_a_bid_changed_inside_a_backup_is_named(tmp_path: Path, sqlite_template: Path, clock: FixedClock) -> None:
    (tmp_path / "here.db").write_bytes(sqlite_template.read_bytes())
    house = open_house(settings_for(f"sqlite:///{tmp_path / 'here.db'}", tmp_path), clock=clock)
    auction_id, accounts = house.perform(an_open_sale)
    a_contest(house, clock, auction_id, accounts)
    path = tmp_path / "fapai.backup"
    back_up(house, path)

    def forge(parts: dict[str, bytes]) -> None:
        file = tmp_path / "forged.db"
        file.write_bytes(parts["database"])
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE auctions SET price_fen = price_fen + 100")
        connection.close()
        parts["database"] = file.read_bytes()
        told(parts, sha256=hashlib.sha256(parts["database"]).hexdigest())

    forged = rewritten(path, tmp_path / "forged.backup", forge)
    for name, receipts in (("there.db", True), ("sooner.db", False)):
        found = restore(settings_for(f"sqlite:///{tmp_path / name}", tmp_path), forged, receipts=receipts)
        assert [failure.split(": ")[0] for failure in found.wrong] == [f"auctions {auction_id}"]
        assert ("receipts" in found.checked) is receipts
    house.engine.dispose()
    house.reader.dispose()
