"""Packages written by the program and read by the outsider's verifier, on both databases."""

import base64
import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from auction.kernel.clock import FixedClock
from auction.kernel.crypto import canonical
from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.models import Auction, JournalRow, Salt
from auction.queries.log import entry_proof, log_key
from auction.services.log import seal
from bidding.evidence import Contradicted, export
from bidding.models import Bid
from tests.bidding.sale import a_contest, an_open_sale, bid, hammer
from tests.factories import an_auction
from tests.tools.test_fapai_verify import verify as tool

TOOL = Path(__file__).parents[2] / "tools" / "fapai_verify.py"


def verify(path: Path, house: House, *flags: str, key: str | None = None) -> dict[str, Any]:
    key = key or base64.b64encode(house.vault.public_key).decode()
    done = subprocess.run(
        [sys.executable, str(TOOL), str(path), "--key", key, "--json", *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout)
    assert done.returncode == (0 if said["verified"] else 1)
    return said


@pytest.fixture
def sold(house: House, clock: FixedClock) -> str:
    """The id of an auction sold after seven bids, the last by a preferential purchaser at the same price."""
    auction_id, accounts = house.perform(an_open_sale)
    a_contest(house, clock, auction_id, accounts)
    house.perform(seal)
    assert hammer(house, clock, auction_id) == "sold"
    return auction_id


def noise(house: House, clock: FixedClock) -> str:
    """Another sale in the same log, not ended."""
    other, accounts = house.perform(an_open_sale)
    bid(house, clock, other, accounts[0], 100_000_000)
    return other


def test_the_package_of_a_sale_is_verified_by_an_outsider(
    house: House, clock: FixedClock, sold: str, tmp_path: Path
) -> None:
    noise(house, clock)
    written = export(house, tmp_path / "evidence", sold)
    assert sorted(path.name for path in written) == [
        "auction.json",
        "checkpoint.txt",
        "confirmation.json",
        "entries.jsonl",
        "key.pem",
        "ledger.json",
        "manifest.json",
        "manifest.sig",
        "proofs.json",
        "protocol.json",
        "receipts.json",
        "sheet.json",
    ]
    said = verify(tmp_path / "evidence", house, "--all")
    assert said["failures"] == []
    assert said["checked"]["bids"] == said["checked"]["receipts"] == 7
    assert said["checked"]["leaves"] == said["checked"]["entries"] > 15
    assert said["checked"]["lines"] == said["checked"]["entries"] and said["checked"]["postings"] >= 3
    confirmation = json.loads((tmp_path / "evidence" / "confirmation.json").read_text())
    assert (
        confirmation["price_fen"]
        == json.loads((tmp_path / "evidence" / "auction.json").read_text())["outcome"]["price_fen"]
    )


def test_a_running_sale_and_one_without_bids_can_be_exported_too(
    house: House, clock: FixedClock, tmp_path: Path
) -> None:
    running = noise(house, clock)
    export(house, tmp_path / "running", running)
    assert not (tmp_path / "running" / "ledger.json").exists()  # money and people only from the end on
    assert b'"stream":"person:' not in (tmp_path / "running" / "entries.jsonl").read_bytes()
    assert verify(tmp_path / "running", house)["failures"] == []
    silent, _ = house.perform(an_open_sale)
    assert hammer(house, clock, silent) == "unsold"
    export(house, tmp_path / "silent", silent)
    assert verify(tmp_path / "silent", house)["failures"] == []


def test_the_whole_log_is_one_package(house: House, clock: FixedClock, sold: str, tmp_path: Path) -> None:
    noise(house, clock)
    export(house, tmp_path / "log")
    assert not list((tmp_path / "log").glob("protocol.*"))
    said = verify(tmp_path / "log", house, "--all", key=str(house.read(log_key, house.vault.public_key)))
    assert said["failures"] == [] and said["checked"]["outcomes"] == 2 and said["checked"]["bids"] == 8
    assert json.loads((tmp_path / "log" / "proofs.json").read_text())["nodes"] == {}


def test_an_empty_platform_has_a_package(house: House, tmp_path: Path) -> None:
    export(house, tmp_path / "log")
    assert verify(tmp_path / "log", house)["failures"] == []


def test_erased_entries_stay_in_the_chain_of_a_package(house: House, sold: str, tmp_path: Path) -> None:
    while house.perform(seal):
        pass
    house.perform(lambda unit: unit.session.execute(delete(Salt)))
    export(house, tmp_path / "evidence", sold)
    said = verify(tmp_path / "evidence", house)
    assert said["failures"] == [] and said["checked"]["erased"] >= 4


def test_a_package_verifies_with_its_own_platform_s_key_only(house: House, sold: str, tmp_path: Path) -> None:
    export(house, tmp_path / "evidence", sold)
    (tmp_path / "key.pem").write_text(house.vault.public_key_pem)
    assert verify(tmp_path / "evidence", house, key=str(tmp_path / "key.pem"))["verified"]
    assert not verify(tmp_path / "evidence", house, key=base64.b64encode(bytes(range(32))).decode())["verified"]


def test_changed_bytes_of_an_exported_package_are_found(house: House, sold: str, tmp_path: Path) -> None:
    rng = random.Random(house.engine.dialect.name)
    for path in export(house, tmp_path / "evidence", sold):
        data = path.read_bytes()
        position = rng.randrange(len(data))
        path.write_bytes(data[:position] + bytes([data[position] ^ 1 << rng.randrange(8)]) + data[position + 1 :])
        assert not verify(tmp_path / "evidence", house)["verified"], (path.name, position)
        path.write_bytes(data)
    assert verify(tmp_path / "evidence", house)["verified"]


def test_what_the_platform_tells_otherwise_than_its_entries_is_found_in_its_own_package(
    house: House, sold: str, tmp_path: Path
) -> None:
    def lie(unit: Any) -> None:
        unit.session.get_one(Auction, sold).price_fen += 1

    house.perform(lie)
    with pytest.raises(Contradicted, match=f"auctions {sold}"):
        export(house, tmp_path / "evidence", sold)
    assert not (tmp_path / "evidence").exists()
    export(house, tmp_path / "evidence", sold, anyway=True)
    said = verify(tmp_path / "evidence", house)
    assert not said["verified"] and "marks the package as contradicting" in said["failures"][0]["what"]
    assert "the bids say" in said["failures"][1]["what"]


FALSE: dict[str, Any] = {
    "terms.reserve_price_fen": 1,
    "terms.increment_fen": 7,
    "terms.deposit_fen": 7,
    "terms.opens_at": "2026-01-01T00:00:00.000000+00:00",
    "terms.closes_at": "2026-01-01T00:00:00.000000+00:00",
    "terms.balance_days": 99,
    "terms.forfeit_fen": 7,
    "round": "second",
    "resale_of": "x",
    "announced_at": "2026-01-01T00:00:00.000000+00:00",
    "announcement": {"text": "另一公告"},
    "ruleset": {},
    "seal": "0" * 64,
    "lot.id": "x",
    "court.code": "9900",
    "outcome.status": "unsold",
    "outcome.price_fen": 1,
    "outcome.bidder_code": "X0000",
    "outcome.bids": 6,
    "outcome.extensions": 3,
    "outcome.closes_at": "2026-01-01T00:00:00.000000+00:00",
    "outcome.closed_at": "2026-01-01T00:00:00.000000+00:00",
    "outcome.ended_reason": "x",
    "outcome.settlement": "paid",
}


def test_an_outsider_finds_each_false_term_status_or_end_in_a_package_that_is_signed_anew(
    house: House, sold: str, tmp_path: Path
) -> None:
    """What a platform could write that has the key, and leaves out that its rows contradict its entries."""
    export(house, tmp_path / "evidence", sold)
    whole = json.loads((tmp_path / "evidence" / "auction.json").read_text())
    for name, value in FALSE.items():
        told = json.loads(json.dumps(whole))
        *path, last = name.split(".")
        part = told[path[0]] if path else told
        assert part[last] != value
        part[last] = value
        signed_anew(house, tmp_path / "evidence", "auction.json", json.dumps(told).encode())
        said = outsider(tmp_path / "evidence", house)
        assert said and all(sold in what for what in said), (name, said)
    signed_anew(house, tmp_path / "evidence", "auction.json", json.dumps(whole).encode())
    assert outsider(tmp_path / "evidence", house) == []


def signed_anew(house: House, folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    row = next(file for file in manifest["files"] if file["name"] == name)
    row |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (folder / "manifest.json").write_bytes(canonical(manifest))
    (folder / "manifest.sig").write_bytes(house.vault.sign(canonical(manifest)).encode() + b"\n")


def outsider(folder: Path, house: House) -> list[str]:
    """What the verifier finds, in this process: starting it for each falsehood would take long."""
    found = tool.Findings()
    tool.check_package(found, folder, tool.Key(base64.b64encode(house.vault.public_key).decode()), False)
    return [failure["what"] for failure in found.failures]


def test_a_receipt_with_its_proof_is_verified(house: House, sold: str, tmp_path: Path) -> None:
    house.perform(seal)

    def receipts(session: Any) -> list[dict[str, Any]]:
        made = []
        for row in session.scalars(select(Bid).where(Bid.seq.is_not(None)).order_by(Bid.seq)):
            place = (JournalRow.stream == f"auction:{sold}", JournalRow.number == row.journal_number)
            text = session.scalars(select(JournalRow.entry).where(*place)).one()
            inclusion, checkpoint = entry_proof(session, f"auction:{sold}", row.journal_number)
            made.append(
                {
                    "entry": json.loads(text),
                    "signature": row.signature,
                    "key_id": row.key_id,
                    "inclusion": inclusion,
                    "checkpoint": checkpoint,
                }
            )
        return made

    made = house.read(receipts)
    assert len(made) == 7
    for number, receipt in enumerate(made):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(receipt))
        assert verify(path, house)["checked"] == {"receipts": 1, "leaves": 1}
        path.write_text(json.dumps(receipt | {"entry": made[number - 1]["entry"]}))
        assert not verify(path, house)["verified"]


def test_an_unknown_or_a_never_announced_auction_and_a_full_folder_are_refused(house: House, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="not_found"):
        export(house, tmp_path / "evidence", "nothing")
    draft = house.perform(lambda unit: an_auction(unit, status="draft").id)
    with pytest.raises(DomainError, match="wrong_state"):
        export(house, tmp_path / "evidence", draft)
    assert not (tmp_path / "evidence").exists()
    (tmp_path / "evidence").mkdir()
    export(house, tmp_path / "evidence", anyway=True)  # no entry tells of that draft
    with pytest.raises(FileExistsError):
        export(house, tmp_path / "evidence")
