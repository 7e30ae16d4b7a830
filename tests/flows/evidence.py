"""What an outsider does with receipts and packages: the verifier on its own, with a key got over the public log."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.flows.server import PATIENCE, Place, Server, wait_until

VERIFIER = Path(__file__).parents[2] / "tools" / "fapai_verify.py"


def public_key(server: Server, folder: Path) -> Path:
    """The platform's public key, in a file of one's own."""
    path = folder / "platform.pem"
    path.write_text(server.get("/log/key")["pem"], "ascii")
    return path


def verify(what: Path, key: Path, *options: str) -> tuple[bool, dict[str, Any]]:
    """Run the verifier, isolated from everything of ours; whether it verified, and what it said."""
    command = [sys.executable, "-I", str(VERIFIER), str(what), "--key", str(key), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode in (0, 1), done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["verified"] is (done.returncode == 0)
    return said["verified"], said


def sealed_receipt(server: Server, bid_id: str) -> dict[str, Any]:
    """A bid's receipt with its proof, which comes by itself within seconds."""

    def proven() -> dict[str, Any] | None:
        receipt: dict[str, Any] = server.get(f"/bids/{bid_id}/receipt")
        return receipt if receipt["inclusion"] else None

    receipt: dict[str, Any] = wait_until(proven, "the receipt's inclusion")
    return receipt


def check_receipts(server: Server, bid_ids: list[str], key: Path, folder: Path) -> None:
    """Every receipt verifies; with another's entry, or another amount, none does."""
    receipts = [sealed_receipt(server, bid_id) for bid_id in bid_ids]
    path = folder / "receipt.json"
    for number, receipt in enumerate(receipts):
        path.write_text(json.dumps(receipt), "utf-8")
        verified, said = verify(path, key)
        assert verified, said
        assert said["checked"] == {"receipts": 1, "leaves": 1}
        if number == 0:
            forged = json.loads(json.dumps(receipt))
            forged["entry"]["body"]["amount_fen"] += 100
            others = [receipt | {"entry": other["entry"]} for other in receipts[1:2]]
            for wrong in (forged, *others):
                path.write_text(json.dumps(wrong), "utf-8")
                assert not verify(path, key)[0]


def check_package(server: Server, folder: Path, key: Path, auction_id: str | None = None) -> dict[str, Any]:
    """Export the evidence, verify it, and find one flipped bit in every file of it; answers what was verified."""
    options = ("--auction", auction_id) if auction_id else ()
    server.place.fapai("audit", "export", str(folder), *options)
    verified, said = verify(folder, key, "--all")
    assert verified, said
    rng = random.Random(auction_id)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        place, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        assert not verify(folder, key)[0], f"{path.name}: a flipped bit at {place} was not found"
        path.write_bytes(whole)
    assert verify(folder, key)[0]
    return said


def audit(place: Place) -> dict[str, Any]:
    """`fapai audit verify`, which must find nothing wrong."""
    said: dict[str, Any] = json.loads(place.fapai("audit", "verify", "--json"))
    assert said["ok"] is True, said
    assert said["failures"] == []
    return said
