"""The outsider's verifier: receipts and packages made here, by hand, and everything that must not pass."""

import ast
import base64
import hashlib
import importlib.util
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    VerifierKey,
    add_signature,
    format_checkpoint,
    sign_note,
)
from auction.kernel.tree import Frontier, inclusion_path, leaf_hash, root

TOOL = Path(__file__).parents[2] / "tools" / "fapai_verify.py"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = SIGNER.public_key().public_bytes_raw()
KEY = VerifierKey("fapai.example/log", RAW)
KEY_ID = hashlib.sha256(b"fapai key id\0" + RAW).hexdigest()[:16]
BASE64 = base64.b64encode(RAW).decode()
OTHER_SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = base64.b64encode(OTHER_SIGNER.public_key().public_bytes_raw()).decode()
SALT = bytes(range(100, 132))
FACTS = {"items": [{"code": "lease", "state": "none", "statement": "经核查无租赁"}], "suite": "intl-1"}
SHEET = {"version": 1, "seal": hashlib.sha256(rfc8785.dumps(FACTS)).hexdigest(), "facts": FACTS}
CONFIRMATION = {"price_fen": 1300, "bidder_code": "M1093", "buyer": "示例公司"}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fapai_verify", TOOL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify = load()


def sign(data: bytes, signer: Ed25519PrivateKey = SIGNER) -> str:
    return base64.b64encode(signer.sign(data)).decode()


def pem(signer: Ed25519PrivateKey = SIGNER) -> bytes:
    public = signer.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Story:
    """A journal made by hand: streams of entries, some private, some not sealed; and the log over the sealed ones."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.heads: dict[str, tuple[int, str]] = {}
        self.clock = 0

    def add(self, kind: str, stream: str = "auction:a1", *, how: str = "public", **body: Any) -> dict[str, Any]:
        """`how`: public, private, erased (private, its salt destroyed), or open (not sealed)."""
        number, prev = self.heads.get(stream, (0, "0" * 64))
        self.clock += 1
        entry = {
            "at": f"2026-03-02T02:00:{self.clock:02d}.000000+00:00",
            "body": body,
            "kind": kind,
            "number": number + 1,
            "prev": prev,
            "stream": stream,
            "suite": "intl-1",
        }
        self.heads[stream] = (number + 1, hashlib.sha256(rfc8785.dumps(entry)).hexdigest())
        self.rows.append({"entry": entry, "how": how})
        return entry

    def bid(self, seq: int, amount_fen: int, code: str, rank: int | None = None, **more: Any) -> dict[str, Any]:
        received_at = f"2026-03-02T02:00:{self.clock:02d}.5+00:00"
        body = {"seq": seq, "amount_fen": amount_fen, "bidder_code": code, "rank": rank, "received_at": received_at}
        return self.add("BidAccepted", **(body | {"seal": SHEET["seal"]} | more))

    def close(self, price_fen: int | None, code: str | None, **more: Any) -> None:
        bids = sum(row["entry"]["kind"] == "BidAccepted" for row in self.rows)
        status = "unsold" if price_fen is None else "sold"
        self.add(
            "AuctionClosed", **({"status": status, "price_fen": price_fen, "bidder_code": code, "bids": bids} | more)
        )

    def confirm(self, price: int, code: str, **more: Any) -> None:
        document = hashlib.sha256(rfc8785.dumps(CONFIRMATION | {"price_fen": price})).hexdigest()
        self.add("SaleConfirmed", **({"price_fen": price, "bidder_code": code, "document_sha256": document} | more))

    def lines(self) -> list[tuple[dict[str, Any], bytes | None]]:
        """Lines of entries.jsonl in the order of the log, with the bytes of their leaves."""
        made = []
        for position, row in enumerate(self.rows):
            entry, how = row["entry"], row["how"]
            written = rfc8785.dumps(entry)
            line: dict[str, Any] = {"entry": entry, "index": position + 3, "salt": None}
            leaf: bytes | None = written
            if how in ("private", "erased"):
                commitment = hashlib.sha256(SALT + written).hexdigest()
                leaf = rfc8785.dumps({"commitment": commitment, "kind": "sealed", "suite": "intl-1"})
                line |= {"salt": SALT.hex()} if how == "private" else {"sealed": commitment}
            elif how == "open":
                line["index"], leaf = None, None
            made.append((line, leaf))
        return made


class Package:
    """A package on disk, made from a story. The log begins with three leaves and ends with two of other people."""

    def __init__(self, folder: Path, story: Story, kind: str = "auction", partial: tuple[str, ...] = ()) -> None:
        self.folder, self.kind, self.partial = folder, kind, list(partial)
        self.files: dict[str, bytes] = {"key.pem": pem()}
        lines = story.lines()
        before, after = ([], []) if kind == "log" else ([leaf_hash(b"%d" % i) for i in range(3)], [leaf_hash(b"z")] * 2)
        leaves = [*before, *(leaf_hash(leaf) for _, leaf in lines if leaf is not None), *after]
        if kind == "log":
            for line, _ in lines:
                line["index"] = None if line["index"] is None else line["index"] - 3
        self.head = Checkpoint(KEY.name, len(leaves), root(leaves))
        self.files["checkpoint.txt"] = sign_note(format_checkpoint(self.head), KEY, SIGNER.sign).encode()
        nodes = self.missing(leaves, {line["index"] for line, leaf in lines if leaf is not None})
        self.put("proofs.json", {"size": len(leaves), "nodes": nodes})
        lines.sort(key=lambda made: (made[0]["entry"]["stream"], made[0]["entry"]["number"]))
        self.files["entries.jsonl"] = b"".join(rfc8785.dumps(line) + b"\n" for line, _ in lines)
        bids = [line["entry"] for line, _ in lines if line["entry"]["kind"] == "BidAccepted"]
        self.put(
            "receipts.json",
            {
                f"{bid['stream']}/{bid['number']}": {
                    "bid_id": f"b{bid['number']}",
                    "signature": sign(rfc8785.dumps(bid)),
                    "key_id": KEY_ID,
                }
                for bid in bids
            },
        )
        told = [row["entry"]["kind"] for row in story.rows]
        last = bids[-1]["body"] if bids and told[-1] != "BidsLapsed" else {"amount_fen": None, "bidder_code": None}
        outcome = {"price_fen": last["amount_fen"], "bidder_code": last["bidder_code"]}
        status = {"status": "sold" if bids and "AuctionClosed" in told else "open"}
        confirmation = CONFIRMATION | {"price_fen": last["amount_fen"]} if "SaleConfirmed" in told else None
        parts = {"auction": {"id": "a1", "outcome": outcome | status}, "sheet": [SHEET], "confirmation": confirmation}
        if kind == "log":
            self.put("auctions.json", [parts])
        else:
            for name, value in parts.items():
                self.put(f"{name}.json", value)

    @staticmethod
    def missing(leaves: list[bytes], known: set[int]) -> dict[str, str]:
        """Every vertex that spans no known leaf while its sibling does: the slow way, by definition."""
        nodes, level = {}, 0
        while 1 << level < len(leaves):
            for index in range((len(leaves) - 1 >> level) + 1):
                spans = [
                    range(i << level, min(len(leaves), i + 1 << level))
                    for i in (index, index ^ 1)
                    if i << level < len(leaves)
                ]
                if len(spans) == 2 and not known & set(spans[0]) and known & set(spans[1]):
                    nodes[f"{level}/{index}"] = root(leaves[spans[0].start : spans[0].stop]).hex()
            level += 1
        return nodes

    def put(self, name: str, value: Any) -> None:
        self.files[name] = json.dumps(value, ensure_ascii=False, indent=1).encode()

    def get(self, name: str) -> Any:
        return json.loads(self.files[name])

    def change(self, name: str, change: Callable[[Any], None]) -> None:
        value = self.get(name)
        change(value)
        self.put(name, value)

    def change_lines(self, change: Callable[[list[Any]], None]) -> None:
        lines = [json.loads(line) for line in self.files["entries.jsonl"].splitlines()]
        change(lines)
        self.files["entries.jsonl"] = b"".join(rfc8785.dumps(line) + b"\n" for line in lines)

    def write(self, **changes: Any) -> Path:
        """Write and sign: what a platform could do that holds the key."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name, data in self.files.items():
            (self.folder / name).write_bytes(data)
        files = [
            {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in sorted(self.files.items())
        ]
        manifest = {
            "auction": "a1" if self.kind == "auction" else None,
            "created_at": "2026-03-02T03:00:00.000000+00:00",
            "files": files,
            "format": "fapai-evidence-1",
            "key_id": KEY_ID,
            "kind": self.kind,
            "partial": self.partial,
        }
        data = rfc8785.dumps(manifest | changes)
        (self.folder / "manifest.json").write_bytes(data)
        (self.folder / "manifest.sig").write_text(sign(data) + "\n")
        return self.folder


@pytest.fixture
def story() -> Story:
    told = Story()
    told.add("LotCreated", "lot:l1", title="房屋一套")
    told.add("AuctionAnnounced", reserve_price_fen=1000, increment_fen=100)
    told.add("DepositPaid", how="private", registration="r1")
    told.bid(1, 1000, "K4827")
    told.bid(2, 1300, "R7715")
    told.add("LookedUp", "lot:l1", how="erased", by="x")
    told.bid(3, 1300, "M1093", rank=1)
    told.close(1300, "M1093")
    told.confirm(1300, "M1093")
    told.add("StepTaken", "lot:l1", how="open", code="keys")
    return told


@pytest.fixture
def package(tmp_path: Path, story: Story) -> Package:
    return Package(tmp_path / "evidence", story)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    def call(path: Path, key: str = BASE64, *flags: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        status = verify.main([str(path), "--key", key, "--json", *flags])
        return status, json.loads(capsys.readouterr().out)

    return call


Run = Callable[..., tuple[int, dict[str, Any]]]


def receipt(story: Story, position: int = 3) -> dict[str, Any]:
    """The receipt of one row, as the API gives it."""
    lines = story.lines()
    leaves = [leaf_hash(b"%d" % i) for i in range(3)] + [leaf_hash(leaf) for _, leaf in lines if leaf is not None]
    frontier, nodes = Frontier().extend(leaves)
    stored = {(level, index): value for level, index, value in nodes}
    path = inclusion_path(position + 3, len(leaves), lambda level, index: stored[level, index])
    head = Checkpoint(KEY.name, len(leaves), frontier.root())
    entry = story.rows[position]["entry"]
    return {
        "entry": entry,
        "signature": sign(rfc8785.dumps(entry)),
        "key_id": KEY_ID,
        "inclusion": {
            "index": position + 3,
            "size": len(leaves),
            "hashes": [value.hex() for value in path],
            "root": head.root.hex(),
        },
        "checkpoint": sign_note(format_checkpoint(head), KEY, SIGNER.sign),
    }


def saved(tmp_path: Path, value: Any) -> Path:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2))
    return path


# Receipts


def test_a_receipt_is_verified_down_to_the_signed_checkpoint(story: Story, tmp_path: Path, run: Run) -> None:
    status, said = run(saved(tmp_path, receipt(story)))
    assert (status, said["verified"], said["failures"]) == (0, True, [])
    assert said["checked"] == {"receipts": 1, "leaves": 1}


def test_a_receipt_not_yet_sealed_is_verified_as_a_promise(story: Story, tmp_path: Path, run: Run) -> None:
    whole = receipt(story)
    bare = {name: whole[name] for name in ("entry", "signature", "key_id")}
    for promise in (bare, bare | {"inclusion": None, "checkpoint": None}, whole | {"inclusion": None}):
        status, said = run(saved(tmp_path, promise))
        assert status == 0 and "not yet sealed" in said["notes"][0]


def test_a_receipt_is_read_however_it_is_spelled(story: Story, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(dict(reversed(receipt(story, 0).items())), indent=7))
    assert run(path)[0] == 0


def test_a_checkpoint_with_a_witness_s_signature_is_still_the_log_s(story: Story, tmp_path: Path, run: Run) -> None:
    witness = VerifierKey("court.example", OTHER_SIGNER.public_key().public_bytes_raw())
    cosigned = receipt(story)
    cosigned["checkpoint"] = add_signature(cosigned["checkpoint"], witness, OTHER_SIGNER.sign)
    assert run(saved(tmp_path, cosigned))[0] == 0


WITNESS = VerifierKey("court.example", OTHER_SIGNER.public_key().public_bytes_raw(), COSIGNATURE)


def test_a_witness_that_is_asked_for_must_have_cosigned_the_very_head(
    story: Story, package: Package, tmp_path: Path, run: Run
) -> None:
    whole = receipt(story)
    noted = add_signature(whole["checkpoint"], WITNESS, OTHER_SIGNER.sign, 1772416800)
    path, flags = saved(tmp_path, whole | {"checkpoint": noted}), ("--witness", str(WITNESS))
    status, said = run(path, BASE64, *flags)
    assert (status, said["checked"]["cosignatures"]) == (0, 1)
    assert "court.example saw the checkpoint at 2026-03-02T02:00:00+00:00" in said["notes"][-1]
    line = noted.splitlines()[-1]
    data = base64.b64decode(line.rsplit(" ", 1)[1])
    forged = [base64.b64encode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]).decode() for at in range(len(data))]
    others = [line.replace("court.", "other."), *(f"— court.example {each}" for each in (*forged, "AAAA", "?"))]
    for other in others:
        assert run(saved(tmp_path, whole | {"checkpoint": noted.replace(line, other)}), BASE64, *flags)[0] == 1, other
    assert run(saved(tmp_path, whole), BASE64, *flags)[0] == 1
    bare = {name: whole[name] for name in ("entry", "signature", "key_id")}
    assert run(saved(tmp_path, bare), BASE64, *flags)[0] == 1
    assert run(package.write(), BASE64, *flags)[0] == 1
    note = package.files["checkpoint.txt"].decode()
    package.files["checkpoint.txt"] = add_signature(note, WITNESS, OTHER_SIGNER.sign, 1).encode()
    assert run(package.write(), BASE64, *flags)[0] == 0
    with pytest.raises(SystemExit):
        run(path, BASE64, "--witness", str(VerifierKey("a", WITNESS.public_key)))


def test_every_changed_byte_of_a_receipt_is_found(story: Story, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "receipt.json"
    data = json.dumps(receipt(story), ensure_ascii=False, separators=(",", ":")).encode()
    rng = random.Random(1)
    for position in range(len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1 << rng.randrange(8)]) + data[position + 1 :])
        status, said = run(path)
        assert status == 1 and said["failures"], position


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("key_id", {"key_id": "0" * 16}),
        ("receipt", {"surprise": 1}),
        ("signature", {"signature": sign(b"something else")}),
        ("signature", {"signature": "AAAA"}),
        ("checkpoint", {"checkpoint": "no note"}),
        ("inclusion.size", {"checkpoint": None}),
        ("inclusion", {"inclusion": {}}),
    ],
)
def test_a_wrong_receipt_says_where_it_is_wrong(
    story: Story, tmp_path: Path, run: Run, where: str, change: dict[str, Any]
) -> None:
    status, said = run(saved(tmp_path, receipt(story) | change))
    assert status == 1 and said["failures"][0]["where"] == where


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("inclusion.hashes", {"index": 4}),
        ("inclusion.index", {"index": 99}),
        ("inclusion.index", {"index": True}),
        ("inclusion.size", {"size": 9}),
        ("inclusion.root", {"root": "0" * 64}),
        ("inclusion", {"root": "A" * 64}),
        ("inclusion", {"hashes": []}),
        ("inclusion", {"more": 1}),
    ],
)
def test_a_wrong_proof_says_where_it_is_wrong(
    story: Story, tmp_path: Path, run: Run, where: str, change: dict[str, Any]
) -> None:
    wrong = receipt(story)
    wrong["inclusion"] |= change
    status, said = run(saved(tmp_path, wrong))
    assert status == 1 and where in [failure["where"] for failure in said["failures"]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"entry":1}',
        "\x00",
        "[" * 100_000,
        '{"entry":{"a":1.5},"signature":"","key_id":""}',
        '{"entry":{"a":1,"a":2}}',
        '{"entry":{"é":1}}',
        '{"entry":9007199254740992}',
        '{"entry":NaN}',
        '{"entry":-0}',
        '{"entry":"\\ud800","signature":"","key_id":""}',
    ],
)
def test_what_is_no_receipt_is_a_failed_check_and_not_a_crash(tmp_path: Path, run: Run, text: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    assert run(path)[0] == 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_values)
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    written = verify.canonical(value)
    assert written == rfc8785.dumps(value)
    assert verify.parse(written) == value


# Packages


def test_a_package_is_verified(package: Package, run: Run) -> None:
    status, said = run(package.write())
    assert (status, said["verified"], said["failures"]) == (0, True, [])
    assert said["checked"] == {
        "files": 8,
        "entries": 10,
        "leaves": 9,
        "bids": 3,
        "erased": 1,
        "receipts": 3,
        "outcomes": 1,
    }


def test_a_package_of_the_whole_log_needs_no_proofs(tmp_path: Path, story: Story, run: Run) -> None:
    whole = Package(tmp_path / "log", story, kind="log")
    assert whole.get("proofs.json")["nodes"] == {}
    assert run(whole.write())[0] == 0
    whole.change_lines(lambda lines: lines.__delitem__(slice(-2, None)))  # a chain's tail: only the leaves can tell
    status, said = run(whole.write())
    assert status == 1 and any("checkpoint" in failure["where"] for failure in said["failures"])


def test_a_log_with_gaps_is_not_a_whole_log(package: Package, run: Run) -> None:
    parts = {name: json.loads(package.files.pop(f"{name}.json")) for name in ("auction", "sheet", "confirmation")}
    package.put("auctions.json", [parts])
    package.kind = "log"
    status, said = run(package.write())
    assert status == 1 and [failure["what"] for failure in said["failures"]] == ["has 9 leaves of 14"]


def test_every_form_of_the_key_is_taken(package: Package, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "public.pem"
    path.write_bytes(pem())
    for key in (BASE64, str(KEY), str(path)):
        assert run(package.write(), key)[0] == 0


def test_another_key_verifies_nothing(package: Package, story: Story, tmp_path: Path, run: Run) -> None:
    (tmp_path / "other.pem").write_bytes(pem(OTHER_SIGNER))
    renamed = str(VerifierKey("other.example/log", RAW))
    for key in (OTHER, str(tmp_path / "other.pem"), renamed):
        assert run(package.write(), key)[0] == 1
        assert run(saved(tmp_path, receipt(story)), key)[0] == 1


def flipped(folder: Path) -> Iterator[str]:
    """The package with each byte of each file changed in turn, one bit of it."""
    rng = random.Random(7)
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        for position in range(len(data)):
            path.write_bytes(data[:position] + bytes([data[position] ^ 1 << rng.randrange(8)]) + data[position + 1 :])
            yield f"{path.name} byte {position}"
        path.write_bytes(data)


def test_every_changed_byte_of_every_file_is_found(package: Package, run: Run) -> None:
    folder = package.write()
    count = 0
    for what in flipped(folder):
        status, said = run(folder)
        assert status == 1 and said["failures"], what
        count += 1
    assert count == sum(path.stat().st_size for path in folder.iterdir())
    assert run(folder)[0] == 0


def test_an_appended_a_missing_and_an_inserted_byte_are_found_in_every_file(package: Package, run: Run) -> None:
    folder = package.write()
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        for spoilt in (data + b"\n", data + b"x", data[:-1], data[1:], b" " + data, b"", data + data):
            path.write_bytes(spoilt)
            assert run(folder)[0] == 1, (path.name, spoilt[-10:])
        path.write_bytes(data)


def test_files_deleted_added_renamed_or_swapped_are_found(package: Package, run: Run) -> None:
    names = sorted(path.name for path in package.write().iterdir())
    assert len(names) == 10
    for name in names:
        folder = package.write()
        (folder / name).unlink()
        status, said = run(folder)
        assert status == 1 and any(name in failure["where"] + failure["what"] for failure in said["failures"]), name
        folder = package.write()
        (folder / name).rename(folder / f"{name}.bak")
        assert run(folder)[0] == 1, name
        folder = package.write()
        other = names[names.index(name) - 1]
        (folder / name).rename(folder / "third")
        (folder / other).rename(folder / name)
        (folder / "third").rename(folder / other)
        assert run(folder)[0] == 1, name
        folder = package.write()
        (folder / name).unlink()
        (folder / name).mkdir()
        assert run(folder)[0] == 1, name
    folder = package.write()
    (folder / "readme.txt").write_text("hello")
    status, said = run(folder)
    assert status == 1 and said["failures"] == [
        {"where": "readme.txt", "what": "does not belong here, or is not listed"}
    ]
    (folder / "readme.txt").unlink()
    (folder / "more").mkdir()
    assert run(folder)[0] == 1


def test_a_file_that_is_a_link_is_not_part_of_the_package(package: Package, tmp_path: Path, run: Run) -> None:
    folder = package.write()
    (folder / "sheet.json").rename(tmp_path / "sheet.json")
    (folder / "sheet.json").symlink_to(tmp_path / "sheet.json")
    assert run(folder)[0] == 1


# Packages made anew and signed by a platform that holds the key but must not be able to lie


def test_a_signed_manifest_cannot_hide_a_file_or_another_format(package: Package, run: Run) -> None:
    for changes in (
        {"format": "other"},
        {"kind": "log"},
        {"kind": "other"},
        {"files": []},
        {"key_id": "0" * 16},
        {"auction": "a2"},
    ):
        assert run(package.write(**changes))[0] == 1, changes
    package.files["more.txt"] = b"listed, but not of the format"
    assert run(package.write())[0] == 1


def set_amount(lines: list[Any]) -> None:
    lines[2]["entry"]["body"]["amount_fen"] += 1


def renumber(lines: list[Any]) -> None:
    lines[1]["entry"]["number"] = 7


def swap(lines: list[Any]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def swap_indexes(lines: list[Any]) -> None:
    lines[2]["index"], lines[3]["index"] = lines[3]["index"], lines[2]["index"]


def turn_back(lines: list[Any]) -> None:
    lines[-1]["entry"]["at"] = "2020-01-01T00:00:00.000000+00:00"


def other_salt(lines: list[Any]) -> None:
    next(line for line in lines if line["salt"])["salt"] = "00" * 32


def forget_salt(lines: list[Any]) -> None:
    next(line for line in lines if line["salt"])["salt"] = None


def hide_bid(lines: list[Any]) -> None:
    line = next(line for line in lines if line["entry"]["kind"] == "BidAccepted")
    line["salt"] = "00" * 32


def repeat_leaf(lines: list[Any]) -> None:
    lines[3]["index"] = lines[2]["index"]


def open_in_the_middle(lines: list[Any]) -> None:
    lines[2]["index"] = None


def far_leaf(lines: list[Any]) -> None:
    lines[2]["index"] = 1000


def both(lines: list[Any]) -> None:
    next(line for line in lines if line["salt"])["sealed"] = "0" * 64


@pytest.mark.parametrize(
    "change",
    [
        set_amount,
        renumber,
        swap,
        swap_indexes,
        turn_back,
        other_salt,
        forget_salt,
        hide_bid,
        repeat_leaf,
        open_in_the_middle,
        far_leaf,
        both,
        lambda lines: lines.pop(2),
        lambda lines: lines.pop(0),
        lambda lines: lines.insert(3, lines[3]),
        lambda lines: lines.reverse(),
        lambda lines: lines.clear(),
    ],
)
def test_a_signed_package_cannot_change_the_journal(
    package: Package, run: Run, change: Callable[[list[Any]], None]
) -> None:
    package.change_lines(change)
    assert run(package.write())[0] == 1


def test_a_rewritten_chain_fails_at_the_checkpoint(package: Package, story: Story, tmp_path: Path, run: Run) -> None:
    other = Story()
    for row in story.rows:
        entry = row["entry"]
        body = dict(entry["body"])
        if entry["kind"] == "BidAccepted" and body["seq"] == 1:
            body["bidder_code"] = "X0001"
        other.add(entry["kind"], entry["stream"], how=row["how"], **body)
    rewritten = Package(tmp_path / "rewritten", other)
    assert run(rewritten.write())[0] == 0
    rewritten.files["checkpoint.txt"] = package.files["checkpoint.txt"]
    status, said = run(rewritten.write())
    assert status == 1 and [failure["where"] for failure in said["failures"]] == ["checkpoint.txt"]


@pytest.mark.parametrize(
    "change",
    [
        lambda proofs: proofs.update(size=proofs["size"] + 1),
        lambda proofs: proofs["nodes"].update({"0/1": "0" * 64}),
        lambda proofs: proofs["nodes"].update({"5/5": "0" * 64}),
        lambda proofs: proofs["nodes"].update({"x": "0" * 64}),
        lambda proofs: proofs["nodes"].pop(next(iter(proofs["nodes"]))),
        lambda proofs: proofs["nodes"].clear(),
        lambda proofs: proofs["nodes"].update(dict.fromkeys(proofs["nodes"], "0" * 64)),
    ],
)
def test_a_signed_package_cannot_change_the_proofs(package: Package, run: Run, change: Callable[[Any], None]) -> None:
    package.change("proofs.json", change)
    assert run(package.write())[0] == 1


def test_a_checkpoint_of_another_key_or_none_is_found(package: Package, run: Run) -> None:
    text = format_checkpoint(package.head)
    other = VerifierKey(KEY.name, OTHER_SIGNER.public_key().public_bytes_raw())
    for note in (sign_note(text, other, OTHER_SIGNER.sign), text, sign_note(text, KEY, OTHER_SIGNER.sign)):
        package.files["checkpoint.txt"] = note.encode()
        assert run(package.write())[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda receipts: receipts.pop(next(iter(receipts))),
        lambda receipts: receipts.clear(),
        lambda receipts: receipts.update({"auction:a1/1": next(iter(receipts.values()))}),
        lambda receipts: next(iter(receipts.values())).update(signature=sign(b"x")),
        lambda receipts: next(iter(receipts.values())).update(
            signature=next(iter(receipts.values()))["signature"][:-1]
        ),
        lambda receipts: next(iter(receipts.values())).update(key_id="0" * 16),
    ],
)
def test_a_signed_package_cannot_change_the_receipts(package: Package, run: Run, change: Callable[[Any], None]) -> None:
    package.change("receipts.json", change)
    assert run(package.write())[0] == 1


def outcome(**changes: Any) -> Callable[[Any], None]:
    return lambda auction: auction["outcome"].update(changes)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("auction.json", outcome(price_fen=1400)),
        ("auction.json", outcome(bidder_code="K4827")),
        ("auction.json", lambda auction: auction.update(id="a2")),
        ("auction.json", lambda auction: auction.pop("outcome")),
        ("confirmation.json", lambda confirmation: confirmation.update(price_fen=1299)),
        ("confirmation.json", lambda confirmation: confirmation.update(buyer="其他人")),
        ("sheet.json", lambda sheet: sheet[0]["facts"].update(more="changed")),
        ("sheet.json", lambda sheet: sheet[0].update(seal="0" * 64)),
        ("sheet.json", lambda sheet: sheet.clear()),
        ("sheet.json", lambda sheet: sheet[0].pop("facts")),
    ],
)
def test_a_signed_package_cannot_tell_another_outcome_or_another_sheet(
    package: Package, run: Run, name: str, change: Callable[[Any], None]
) -> None:
    package.change(name, change)
    status, said = run(package.write())
    assert status == 1 and all(name in failure["where"] for failure in said["failures"])


def sheet(lot: str = "l1", version: int = 1, form: str = "fapai-sheet-2") -> dict[str, Any]:
    facts = FACTS | {"form": form} | ({} if form == "fapai-sheet-1" else {"lot": lot, "version": version})
    return {"version": version, "seal": hashlib.sha256(rfc8785.dumps(facts)).hexdigest(), "facts": facts}


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([sheet()], True),
        ([sheet(form="fapai-sheet-1"), sheet(version=2)], True),
        ([sheet(lot="l2")], False),
        ([sheet(version=2) | {"version": 1}], False),
        ([sheet(), sheet(version=2, form="fapai-sheet-1")], False),
    ],
)
def test_a_sheet_is_that_of_its_lot_and_version(
    tmp_path: Path, run: Run, rows: list[dict[str, Any]], right: bool
) -> None:
    told = Story()
    told.bid(1, 1000, "K4827", seal=rows[-1]["seal"])
    package = Package(tmp_path / "p", told)
    package.change("auction.json", lambda auction: auction.update(lot={"id": "l1"}))
    package.put("sheet.json", rows)
    status, said = run(package.write())
    assert (status == 0) is right, said
    assert all("sheet.json" in failure["where"] for failure in said["failures"])


def test_a_sale_needs_its_entry(tmp_path: Path, run: Run) -> None:
    told = Story()
    told.bid(1, 1000, "K4827")
    package = Package(tmp_path / "p", told)
    assert run(package.write())[0] == 0
    package.change("auction.json", outcome(status="sold"))
    assert run(package.write())[0] == 1
    package.change("auction.json", outcome(status="open"))
    package.put("confirmation.json", CONFIRMATION | {"price_fen": 1000})
    assert run(package.write())[0] == 1


def test_a_recorded_confirmation_cannot_be_left_out(package: Package, run: Run) -> None:
    package.put("confirmation.json", None)
    assert run(package.write())[0] == 1


@pytest.mark.parametrize(
    ("bids", "said"),
    [
        ([(1, 1000, "A", None), (2, 1000, "B", None)], "does not beat"),
        ([(1, 1000, "A", None), (2, 900, "B", None)], "does not beat"),
        ([(1, 1000, "A", 1), (2, 1000, "B", 1)], "does not beat"),
        ([(1, 1000, "A", 1), (2, 1000, "B", 2)], "does not beat"),
        ([(1, 1000, "A", None), (3, 1100, "B", None)], "2 is missing"),
        ([(2, 1000, "A", None)], "1 is missing"),
        ([(1, 1000, "A", None), (1, 1100, "B", None)], "2 is missing"),
    ],
)
def test_bids_that_do_not_rise_are_found_in_a_right_chain(
    tmp_path: Path, run: Run, bids: list[tuple[int, int, str, int | None]], said: str
) -> None:
    told = Story()
    for bid in bids:
        told.bid(*bid)
    status, found = run(Package(tmp_path / "p", told).write())
    assert status == 1 and any(said in failure["what"] for failure in found["failures"])


def test_a_bid_received_before_the_one_before_it_is_found(tmp_path: Path, run: Run) -> None:
    told = Story()
    told.bid(1, 1000, "A")
    told.bid(2, 1100, "B", received_at="2026-03-02T01:00:00+00:00")
    status, found = run(Package(tmp_path / "p", told).write())
    assert status == 1 and "received before" in found["failures"][0]["what"]


def test_an_equal_bid_of_a_better_rank_and_a_new_start_after_a_lapse_are_right(tmp_path: Path, run: Run) -> None:
    told = Story()
    told.bid(1, 2000, "A")
    told.bid(2, 2000, "B", rank=2)
    told.bid(3, 2000, "C", rank=1)
    told.add("BidsLapsed")
    told.bid(4, 1000, "A")
    told.close(1000, "A")
    told.confirm(1000, "A")
    assert run(Package(tmp_path / "p", told).write())[0] == 0


def test_a_lapse_of_all_bids_leaves_nobody_the_buyer(tmp_path: Path, run: Run) -> None:
    told = Story()
    told.bid(1, 2000, "A")
    told.add("BidsLapsed")
    told.close(None, None)
    package = Package(tmp_path / "p", told)
    package.change("auction.json", outcome(status="unsold", price_fen=None, bidder_code=None))
    assert run(package.write())[0] == 0
    told.confirm(2000, "A")
    assert run(Package(tmp_path / "p", told).write())[0] == 1


@pytest.mark.parametrize(
    ("price_fen", "code", "more"),
    [
        (1000, "B", {}),
        (900, "A", {}),
        (None, None, {}),
        (1000, "A", {"status": "unsold"}),
        (1000, "A", {"bids": 2}),
    ],
)
def test_a_closing_that_tells_other_than_the_bids_is_found(
    tmp_path: Path, run: Run, price_fen: int | None, code: str | None, more: dict[str, Any]
) -> None:
    told = Story()
    told.bid(1, 1000, "A")
    told.close(price_fen, code, **more)
    status, said = run(Package(tmp_path / "p", told).write())
    assert status == 1 and said["failures"][0]["where"] == "entries.jsonl line 2"


@pytest.mark.parametrize("more", [{"price_fen": 900}, {"bidder_code": "B"}, {"document_sha256": "0" * 64}])
def test_a_confirmation_that_tells_other_than_the_bids_is_found(tmp_path: Path, run: Run, more: dict[str, Any]) -> None:
    told = Story()
    told.bid(1, 1000, "A")
    told.close(1000, "A")
    told.confirm(1000, "A", **more)
    assert run(Package(tmp_path / "p", told).write())[0] == 1


def test_an_unsold_auction_without_bids_is_verified(tmp_path: Path, run: Run) -> None:
    told = Story()
    told.add("AuctionAnnounced")
    assert run(Package(tmp_path / "p", told).write())[0] == 0


def test_a_partial_stream_may_leave_entries_out_but_not_turn_round(tmp_path: Path, run: Run) -> None:
    def package(partial: tuple[str, ...], change: Callable[[list[Any]], None]) -> Package:
        told = Story()
        for n in range(6):
            told.add("Noted", "system", n=n)
        made = Package(tmp_path / "p", told, partial=partial)
        full = Package.missing(
            [leaf_hash(b"%d" % i) for i in range(3)]
            + [leaf_hash(rfc8785.dumps(row["entry"])) for row in told.rows]
            + [leaf_hash(b"z")] * 2,
            {3, 4, 7},
        )
        made.change("proofs.json", lambda proofs: proofs.update(nodes=full))
        made.change_lines(change)
        return made

    def leave_out(lines: list[Any]) -> None:
        del lines[5], lines[3], lines[2]

    def turn_round(lines: list[Any]) -> None:
        leave_out(lines)
        lines.reverse()

    assert run(package(("system",), leave_out).write())[0] == 0
    assert run(package((), leave_out).write())[0] == 1
    assert run(package(("system",), turn_round).write())[0] == 1


def test_receipts_are_sampled_unless_all_are_asked_for(tmp_path: Path, run: Run) -> None:
    told = Story()
    told.clock = 1
    for n in range(900):
        told.clock = 1
        told.bid(n + 1, 1000 + n, "A" if n % 2 else "B")
    package = Package(tmp_path / "p", told)
    status, said = run(package.write())
    assert status == 0 and 200 <= said["checked"]["receipts"] < 300 and "of 900 receipts" in said["notes"][0]
    assert run(package.write(), BASE64, "--all")[1]["checked"]["receipts"] == 900
    spoilt = sorted(package.get("receipts.json"))[1]
    package.change("receipts.json", lambda receipts: receipts[spoilt].update(signature=sign(b"x")))
    assert run(package.write())[0] == 0
    status, said = run(package.write(), BASE64, "--all")
    assert status == 1 and said["failures"][0] == {"where": f"receipts.json {spoilt}", "what": "the signature is wrong"}
    package.change("receipts.json", lambda receipts: [row.update(signature=sign(b"x")) for row in receipts.values()])
    status, said = run(package.write(), BASE64, "--all")
    assert said["failed"] == 900 and len(said["failures"]) == 50


# The command


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False)


def test_the_command_says_what_failed_where_and_by_its_exit_status(
    package: Package, story: Story, tmp_path: Path
) -> None:
    folder = package.write()
    done = command(str(folder), "--key", BASE64)
    assert done.returncode == 0 and "VERIFIED" in done.stdout and "bids 3" in done.stdout
    done = command(str(saved(tmp_path, receipt(story))), "--key", str(KEY))
    assert done.returncode == 0 and done.stdout.endswith("校验通过 VERIFIED\n")
    package.change_lines(set_amount)
    done = command(str(package.write()), "--key", BASE64)
    assert done.returncode == 1 and "entries.jsonl line 4: does not carry the hash of entry 3" in done.stdout
    assert "FAILED" in done.stdout and "Traceback" not in done.stderr


def test_wrong_usage_is_told_apart_from_a_failed_check(package: Package, tmp_path: Path) -> None:
    folder = str(package.write())
    curve = generate_private_key(SECP256R1()).public_key()
    (tmp_path / "curve.pem").write_bytes(
        curve.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "empty.pem").write_bytes(b"")
    wrong = str(KEY).replace(KEY.key_id.hex(), "00000000")
    for arguments in (
        (),
        (folder,),
        ("--key", BASE64),
        (folder, "--key", ""),
        (folder, "--key", "not a key"),
        (folder, "--key", BASE64[:-4]),
        (folder, "--key", wrong),
        (folder, "--key", str(tmp_path / "curve.pem")),
        (folder, "--key", str(tmp_path / "empty.pem")),
        (str(tmp_path / "nowhere"), "--key", BASE64),
        (folder, "--key", BASE64, "--more"),
    ):
        done = command(*arguments)
        assert done.returncode == 2 and done.stderr and "Traceback" not in done.stderr, arguments


def test_the_verifier_imports_the_standard_library_and_cryptography_only() -> None:
    allowed = set(sys.stdlib_module_names) | {"cryptography"}
    tree = ast.parse(TOOL.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module and node.module.split(".")[0] in allowed
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("__import__", "exec", "eval", "compile")


def test_the_verifier_runs_alone_in_an_empty_place(package: Package, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(TOOL, alone / "fapai_verify.py")
    done = subprocess.run(
        [sys.executable, "-I", "fapai_verify.py", str(package.write()), "--key", BASE64],
        cwd=alone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
