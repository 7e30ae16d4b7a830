"""How long an outsider takes to verify a whole log with the one-file verifier, beside only reading and hashing it.

A log of so many entries, half of them private, in as many streams as lots would make, is written and sealed by the
program itself on SQLite and exported. The reference reads the same lines, parses each, hashes it as a leaf and computes
the root: what nobody who verifies anything can save. Proofs of inclusion are asked of the database for random leaves.
"""

import hashlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from secrets import token_bytes
from typing import Any

from auction.kernel.crypto import Keys, canonical
from auction.kernel.settings import Settings
from auction.kernel.tree import leaf_hash, root
from auction.kernel.unit import House, Unit
from auction.queries.log import inclusion, latest_checkpoint
from auction.services.log import seal
from bidding.evidence import export
from web.wiring import open_house, upgrade

_VERIFIER = Path(__file__).parents[1] / "tools" / "fapai_verify.py"
_AT_ONCE, _SEALED_AT_ONCE, _STREAMS, _PROOFS = 2_000, 20_000, 500, 1_000
#: What the standalone verifier may take for a million entries, and a proof of inclusion.
GOAL_SECONDS, GOAL_PROOF_MS = 60, 5


def verify(seed: int, entries: int = 1_000_000) -> dict[str, Any]:
    """Fill, export, verify; the ratio is of the time verifying takes to that of the reference."""
    with tempfile.TemporaryDirectory(prefix="fapai-bench-") as folder:
        house = _house(Path(folder))
        written = _timed(lambda: _fill(house, entries, random.Random(seed)))
        sealed = _timed(lambda: _seal(house))
        package = Path(folder) / "package"
        exported = _timed(lambda: export(house, package))
        key = Path(folder) / "key.pem"
        key.write_text(house.vault.public_key_pem)
        reference = _timed(lambda: _only_hash(package / "entries.jsonl"))
        ours = _timed(lambda: _verify(package, key))
        reference = min(reference, _timed(lambda: _only_hash(package / "entries.jsonl")))
        proofs = _proofs(house, random.Random(seed))
        house.engine.dispose()
        house.reader.dispose()
    return {
        "ratio": ours / reference,
        "ours": round(ours, 2),
        "reference": round(reference, 2),
        "unit": "s",
        "entries": entries,
        "goal_s": GOAL_SECONDS,
        "inclusion_p50_ms": round(statistics.median(proofs), 3),
        "inclusion_p99_ms": round(statistics.quantiles(proofs, n=100)[98], 3),
        "goal_inclusion_ms": GOAL_PROOF_MS,
        "written_s": round(written, 1),
        "sealed_s": round(sealed, 1),
        "exported_s": round(exported, 1),
        "seed": seed,
    }


def _house(folder: Path) -> House:
    keys = Keys(*(token_bytes(32) for _ in range(3)))
    house = open_house(Settings(data=folder, database_url=f"sqlite:///{folder}/log.db", secret_key="", keys=keys))
    upgrade(house)
    return house


def _fill(house: House, entries: int, rng: random.Random) -> None:
    for start in range(0, entries, _AT_ONCE):

        def some(unit: Unit, count: int = min(_AT_ONCE, entries - start)) -> None:
            for _ in range(count):
                body = {"amount_fen": rng.randrange(10**9), "id": f"{rng.getrandbits(96):024x}", "reason": "核查"}
                stream = f"person:{rng.randrange(_STREAMS)}"
                unit.record("Noted", stream=stream, body=body, private=rng.random() < 0.5)

        house.perform(some)


def _seal(house: House) -> None:
    while house.perform(seal, _SEALED_AT_ONCE):
        pass


def _only_hash(path: Path) -> bytes:
    """The root over the leaves of the lines."""
    found = {}
    with path.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            data = canonical(row["entry"])
            if row["salt"]:
                sealed = hashlib.sha256(bytes.fromhex(row["salt"]) + data).hexdigest()
                data = canonical({"commitment": sealed, "kind": "sealed", "suite": row["entry"]["suite"]})
            found[row["index"]] = leaf_hash(data)
    return root(found[index] for index in range(len(found)))


def _verify(package: Path, key: Path) -> None:
    subprocess.run([sys.executable, str(_VERIFIER), str(package), "--key", str(key)], check=True, capture_output=True)


def _proofs(house: House, rng: random.Random) -> list[float]:
    newest = house.read(latest_checkpoint)
    assert newest is not None
    return [_timed(lambda: house.read(inclusion, rng.randrange(newest.size))) * 1000 for _ in range(_PROOFS)]


def _timed(act: Any) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before
