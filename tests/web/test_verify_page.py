"""The script of the saved page says of real and of tampered files what the outsider's own tool says of them."""

import json
import random
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from flask import Flask

from auction.kernel.unit import House
from auction.services.log import seal
from tests.tools.test_fapai_verify import BASE64, KEY_ID, OTHER, Package, Story, receipt, sign, verify
from tests.web.caller import SignIn
from tests.web.reader import Reader
from tests.web.sale import RESERVE, a_sale
from web.pages.verify import saved_script

NODE = shutil.which("node")
RUNNER = Path(__file__).parent / "verify_runner.mjs"
Verdicts = Callable[..., list[dict[str, Any]]]

pytestmark = pytest.mark.skipif(NODE is None, reason="needs node")


@pytest.fixture
def by_browser(tmp_path: Path) -> Verdicts:
    """What the script in the saved page finds, and nothing else of ours at hand."""
    script = tmp_path / "saved.mjs"
    script.write_text(saved_script() + "\nglobalThis.verifier = { Keys, checkPackage, checkReceipt };\n")

    def run(paths: list[Path], key: str = BASE64) -> list[dict[str, Any]]:
        cases = tmp_path / "cases.json"
        cases.write_text(json.dumps([str(path) for path in paths]))
        done = subprocess.run(
            [NODE or "node", str(RUNNER), str(script), str(cases), key], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    return run


def by_tool(path: Path, key: str = BASE64) -> bool:
    return bool(verify.main([str(path), "--key", key, "--all", "--json"]) == 0)


def a_story() -> Story:
    told = Story()
    told.add("LotCreated", "lot:l1", title="房屋一套")
    told.add("AuctionAnnounced", reserve_price_fen=1000, increment_fen=100)
    told.add("DepositPaid", how="private", registration="r1")
    told.bid(1, 1000, "K4827")
    told.add("LookedUp", "lot:l1", how="erased", by="x")
    told.bid(2, 1300, "M1093")
    told.close(1300, "M1093")
    told.confirm(1300, "M1093")
    told.add("StepTaken", "lot:l1", how="open", code="keys")
    return told


def receipts(folder: Path) -> list[Path]:
    """A receipt in every honest form, and with everything changed that a receipt has."""
    whole = receipt(a_story())
    proof = whole["inclusion"]
    cases: list[Any] = [whole, whole | {"inclusion": None, "checkpoint": None}, whole | {"inclusion": None}]
    cases += [whole | change for change in (
        {"key_id": "0" * 16}, {"surprise": 1}, {"signature": sign(b"else")}, {"signature": "AAAA"}, {"signature": None},
        {"checkpoint": "no note"}, {"checkpoint": None}, {"checkpoint": whole["checkpoint"].replace("\n", "\n\n", 1)},
        {"inclusion": {}}, {"inclusion": proof | {"index": proof["index"] + 1}}, {"inclusion": proof | {"index": True}},
        {"inclusion": proof | {"size": proof["size"] + 1}}, {"inclusion": proof | {"root": "0" * 64}},
        {"inclusion": proof | {"hashes": proof["hashes"][:-1]}}, {"entry": {}}, {"entry": "中"},
        {"inclusion": proof | {"hashes": [*proof["hashes"], "0" * 64]}}, {"inclusion": proof | {"more": 1}},
    )]  # fmt: skip
    texts = [json.dumps(case, ensure_ascii=False, indent=1).encode() for case in cases]
    plain, rng = texts[0], random.Random(7)
    texts += [b"", b"[]", b"null", plain + b"x", plain.replace(b"1000", b"1e3"), plain.replace(b"1000", b"1000.0")]
    texts += [plain.replace(b'"entry"', b'"key_id": 1, "entry"', 1), b"\xef\xbb\xbf" + plain, plain + b" \n"]
    for _ in range(60):
        at = rng.randrange(len(plain))
        texts.append(plain[:at] + bytes([plain[at] ^ 1 << rng.randrange(8)]) + plain[at + 1 :])
    paths = [folder / f"receipt-{number}.json" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    return paths


def results(folder: Path) -> list[Path]:
    """A signed result, alone and as the interface gives it, and with each field beside it or within it changed."""
    document = {
        "format": "fapai-result-1", "auction_id": "a1", "status": "sold", "price_fen": 1300, "bidder_code": "M1093",
        "closes_at": "2026-01-01T00:00:00Z", "closed_at": "2026-01-01T00:00:00Z", "entry": None,
        "bids": {"count": 2, "root": "0" * 64},
    }  # fmt: skip
    signed = {"document": document, "signature": sign(rfc8785.dumps(document)), "key_id": KEY_ID}
    whole = {name: document[name] for name in ("auction_id", "status", "price_fen", "bidder_code")}
    whole |= {"bid_count": 2, "confirmed": True, "signed": signed}
    lies = ({"status": "unsold"}, {"price_fen": 1}, {"price_fen": None}, {"bidder_code": "X"}, {"bid_count": 3})
    cases: list[Any] = [
        signed,
        whole,
        *(whole | lie for lie in lies),
        signed | {"document": document | {"price_fen": 1}},
    ]
    cases += [whole | {"signed": signed | change} for change in ({"key_id": "0" * 16}, {"signature": sign(b"else")})]
    paths = [folder / f"result-{number}.json" for number in range(len(cases))]
    for path, case in zip(paths, cases, strict=True):
        path.write_text(json.dumps(case))
    return paths


def packages(folder: Path) -> list[Path]:
    """A package, and some with one thing changed after it was signed or by whoever holds the key."""

    def one(name: str, change: Callable[[Package], None] = lambda package: None, **manifest: Any) -> Path:
        package = Package(folder / name, a_story(), kind="log" if name == "log" else "auction")
        change(package)
        return package.write(**manifest)

    def line(number: int, change: Callable[[Any], None]) -> Callable[[Package], None]:
        return lambda package: package.change_lines(lambda lines: change(lines[number]))

    made = [
        one("whole"),
        one("log"),
        one("bid", line(2, lambda row: row["entry"]["body"].update(amount_fen=7))),
        one("lost", lambda package: package.change_lines(lambda lines: lines.pop(1))),
        one("proof", lambda package: package.change("proofs.json", lambda proofs: proofs["nodes"].popitem())),
        one("receipt", lambda package: package.change("receipts.json", lambda found: found.popitem())),
        one("paper", lambda package: package.files.update({"protocol.pdf": b"%PDF"})),
        one("marked", contradictions=["auction:a1"]),
        one("key_id", key_id="0" * 16),
        one("salt", line(1, lambda row: row.update(salt="0" * 64))),
    ]
    after = one("after")
    (after / "entries.jsonl").write_bytes((after / "entries.jsonl").read_bytes()[:-1] + b" ")
    more = one("more")
    (more / "more.json").write_text("{}")
    return [*made, after, more]


def test_the_saved_page_and_the_tool_say_the_same_of_every_file(by_browser: Verdicts, tmp_path: Path) -> None:
    paths = [*receipts(tmp_path), *packages(tmp_path)]
    told = by_browser(paths)
    for path, answer in zip(paths, told, strict=True):
        assert answer["verified"] is by_tool(path), (path.name, path.is_file() and path.read_bytes(), answer)
    assert {answer["verified"] for answer in told} == {True, False}
    assert [step["code"] for step in told[0]["steps"]] == ["read", "key_id", "signature", "checkpoint", "inclusion"]
    assert {step["code"]: step["outcome"] for step in told[1]["steps"]}["inclusion"] == "skipped"
    other = by_browser(paths[:1], OTHER)[0]
    assert other["verified"] is False
    assert {step["outcome"] for step in other["steps"][1:]} == {"failed"}


def test_the_saved_page_and_the_tool_say_the_same_of_every_result(by_browser: Verdicts, tmp_path: Path) -> None:
    paths = results(tmp_path)
    told = by_browser(paths)
    assert [answer["verified"] for answer in told] == [True, True] + [False] * 8 == [by_tool(path) for path in paths]
    assert {answer["kind"] for answer in told} == {"result"}
    assert told[3]["steps"][0]["detail"] == "price_fen is not what was signed"


def test_a_receipt_of_this_program_is_verified_and_its_page_asks_nobody(
    app: Flask, house: House, sign_in: SignIn, by_browser: Verdicts, tmp_path: Path
) -> None:
    sale = house.perform(a_sale)
    caller = sign_in(sale.bidders[0])
    told = caller.post(f"/auctions/{sale.auction_id}/bids", {"amount_fen": RESERVE, "key": "first"}).get_json()
    house.perform(seal)
    path = tmp_path / "receipt.json"
    path.write_bytes(caller.get(f"/bids/{told['bid_id']}/receipt").data)
    key = house.vault.public_key_pem
    (tmp_path / "key.pem").write_text(key)
    assert by_tool(path, str(tmp_path / "key.pem"))
    answer = by_browser([path], key)[0]
    assert [step["outcome"] for step in answer["steps"]] == ["ok"] * 5
    assert answer["facts"]["body"]["amount_fen"] == RESERVE

    page = app.test_client().get("/verify/offline")
    text = page.get_data(as_text=True)
    assert "attachment" in page.headers["Content-Disposition"]
    assert not re.search(r'(src|href)="', text)
    assert f'<script type="module">{saved_script()}</script>' in text
    digest = sha256(saved_script().encode()).digest()
    assert f"script-src &#39;sha256-{b64encode(digest).decode()}&#39;" in text

    shown = Reader(app.test_client()).get("/verify")
    assert key.splitlines()[1] in shown.html
    assert "断网使用" in shown.text
    assert Reader(app.test_client()).get("/log").link("在浏览器里校验") == "/verify"


def test_a_receipt_of_a_former_key_is_verified_beside_the_one_in_use(by_browser: Verdicts, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt(a_story())))
    for keys, holds in ((f"{OTHER}\n\n{BASE64}", True), (f"{BASE64}\n \n{OTHER}\n", True), (OTHER, False)):
        [answer] = by_browser([path], keys)
        assert answer["verified"] is holds, keys
