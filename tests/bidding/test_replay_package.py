"""A package replayed: every decision comes out as it was recorded, and one that was changed does not."""

import base64
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from auction.kernel.checkpoint import Checkpoint, VerifierKey, format_checkpoint, sign_note
from auction.kernel.clock import FixedClock, iso, parse
from auction.kernel.crypto import canonical
from auction.kernel.tree import leaf_hash, root
from auction.kernel.unit import House
from bidding.evidence import export
from bidding.replay_package import PackageReplay, first_moment, read_package
from bidding.rules.protocol import concerns, ledger_extract, line_of, protocol
from bidding.services import life, registration
from bidding.services.bids import BidOffer, place_bids
from bidding.services.closing import close
from tests.bidding.hall import a_house
from tests.bidding.sale import false_evidence
from tests.bidding.services.test_changes import LEAKS, RESERVE, STEP, Bench
from tests.conftest import START, settings_for
from tests.tools.test_fapai_verify import verify as tool
from web.commands import fapai
from web.sale_protocol import protocol_pdf
from web.wiring import open_house

Entries = list[dict[str, Any]]
NOTHING: Mapping[tuple[str, int], Any] = {}


@dataclass(frozen=True)
class Sold:
    """A sale that has ended: its house, and the package of it."""

    house: House
    auction_id: str
    folder: Path
    blank: Path

    def copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.folder, to))

    def replayed(self, folder: Path) -> tuple[Entries, dict[str, Any]]:
        """The lines of a replay, and its sum; the empty house is a copy, as migrating one takes long."""
        package = read_package(folder)
        clock = FixedClock(first_moment(package))
        with TemporaryDirectory() as place:
            shutil.copy(self.blank, Path(place) / "replay.db")
            house = open_house(settings_for(f"sqlite:///{place}/replay.db", Path(place)), clock=clock)
            *lines, said = PackageReplay(house, clock, package).run()
            house.engine.dispose()
            house.reader.dispose()
        return lines, said

    def outsider(self, folder: Path) -> list[str]:
        """What the verifier finds."""
        found = tool.Findings()
        tool.check_package(found, folder, tool.Key(base64.b64encode(self.house.vault.public_key).decode()), True)
        return [f"{failure['where']}: {failure['what']}" for failure in found.failures]

    def sign(self, folder: Path) -> None:
        """Sign what is in the folder as its manifest."""
        manifest = json.loads((folder / "manifest.json").read_text())
        for row in manifest["files"]:
            data = (folder / row["name"]).read_bytes()
            row |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        (folder / "manifest.json").write_bytes(canonical(manifest))
        (folder / "manifest.sig").write_bytes(self.house.vault.sign(canonical(manifest)).encode() + b"\n")

    def forge(
        self, folder: Path, change: Callable[[Entries], object], beside: Mapping[tuple[str, int], Any] = NOTHING
    ) -> None:
        """Change the entries of the auction, and make chain, tree, checkpoint, receipts, protocol, ledger and manifest
        anew: what a platform can do that holds the key. `beside`: what to say otherwise in other streams, by place."""
        rows = [json.loads(line) for line in (folder / "entries.jsonl").read_bytes().splitlines()]
        change([row["entry"] for row in rows if row["entry"]["stream"] == f"auction:{self.auction_id}"])
        for row in rows:
            row["entry"]["body"] |= beside.get((row["entry"]["stream"], row["entry"]["number"]), {})
        leaves, bids, before = [], {}, {}
        for index, row in enumerate(rows):
            entry = row["entry"]
            stream, number = entry["stream"], entry["number"]
            entry["prev"] = before.get((stream, number - 1), entry["prev"])
            written = canonical(entry)
            before[stream, number] = hashlib.sha256(written).hexdigest()
            row["index"] = index
            if row["salt"] is not None:
                digest = hashlib.sha256(bytes.fromhex(row["salt"]) + written).hexdigest()
                leaves.append(canonical({"commitment": digest, "kind": "sealed", "suite": entry["suite"]}))
            else:
                leaves.append(written)
            if entry["kind"] == "BidAccepted":
                bids[f"{stream}/{number}"] = written
        told = [row["entry"] for row in rows if concerns(row["entry"]["body"], self.auction_id)]
        private = {id(row["entry"]): row["salt"] is not None for row in rows}
        hashes = ((entry, hashlib.sha256(canonical(entry)).hexdigest()) for entry in told)
        lines = [line_of(entry, digest, private=private[id(entry)]) for entry, digest in hashes]
        vault, key = self.house.vault, VerifierKey("forged", self.house.vault.public_key)
        head = format_checkpoint(Checkpoint("forged", len(leaves), root([leaf_hash(leaf) for leaf in leaves])))
        made = {
            "entries.jsonl": b"".join(canonical(row) + b"\n" for row in rows),
            "checkpoint.txt": sign_note(head, key, vault.sign_raw).encode(),
            "proofs.json": canonical({"size": len(leaves), "nodes": {}}),
            "receipts.json": canonical(
                {
                    place: {"bid_id": "b", "signature": vault.sign(written), "key_id": vault.key_id}
                    for place, written in bids.items()
                }
            ),
            "protocol.json": canonical(protocol(self.auction_id, lines)),
            "ledger.json": canonical(ledger_extract(self.auction_id, told)),
        }
        for name, data in made.items():
            (folder / name).write_bytes(data)
        self.sign(folder)


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sold]:
    """A sale with refusals of nearly every kind, a change of the sheet that stopped it, and two extensions."""
    folder, clock = tmp_path_factory.mktemp("sale"), FixedClock(START)
    with a_house("sqlite", folder, clock) as house:
        with closing(sqlite3.connect(folder / "empty.db")) as connection:
            connection.execute("VACUUM INTO ?", (str(folder / "blank.db"),))
        auction_id = a_sale(house, clock, folder)
        export(house, folder / "evidence", auction_id, printer=protocol_pdf)
        yield Sold(house, auction_id, folder / "evidence", folder / "blank.db")


def a_sale(house: House, clock: FixedClock, folder: Path) -> str:
    """Hold it; its id."""
    sale = Bench(house, clock)
    sale.ready()
    sale.publish()
    people = [sale.enrol() for _ in range(4)]
    (ann, of_ann), (ben, of_ben), (cho, of_cho), (dan, of_dan) = people
    house.perform(lambda unit: setattr(unit.session.get_one(registration.Registration, of_cho), "rank", 1))
    house.perform(lambda unit: setattr(unit.session.get_one(registration.Registration, of_dan), "rank", 2))

    def bid(actor: Any, fen: int, code: str | None = None, **how: bool) -> None:
        clock.advance(seconds=2)
        offer = BidOffer(sale.auction_id, actor.id, fen, f"k{clock.moment}", clock.moment, **how)
        assert house.perform(place_bids, [offer])[0].code == code

    clock.moment = sale.auction().opens_at + timedelta(minutes=1)
    bid(ann, RESERVE - STEP, "below_reserve")
    bid(ann, RESERVE + 1, "not_whole_increment")
    bid(ann, RESERVE)
    bid(ann, RESERVE + STEP, "already_leading")
    bid(ben, RESERVE, "below_minimum")
    bid(cho, RESERVE)  # by her rank
    bid(dan, RESERVE, "equal_not_preferred")
    bid(ben, RESERVE + 30 * STEP, "implausible_amount")
    bid(ben, RESERVE + STEP)
    bid(ben, RESERVE + 2 * STEP, raise_own=True)
    sale.draft_change("defects", **LEAKS)
    sale.approve(sale.propose())  # the sale is stopped, the bids fall
    clock.advance(days=7)
    seal = sale.auction().seal
    for actor, name in ((ann, of_ann), (cho, of_cho)):
        house.perform(registration.acknowledge, actor, name, seal)
    end = clock.moment + timedelta(days=2)
    house.perform(life.resume, sale.judge, sale.auction_id, closes_at=end, reason="补充公示期满")
    bid(ben, RESERVE, "stale_disclosure")
    house.perform(registration.acknowledge, ben, of_ben, seal)
    bid(ben, RESERVE)
    bid(ann, RESERVE + 40 * STEP, confirm_implausible=True)
    clock.moment = end - timedelta(minutes=3)
    bid(cho, RESERVE + 41 * STEP)
    bid(ann, RESERVE + 41 * STEP, "below_minimum")
    clock.advance(minutes=4)
    bid(ann, RESERVE + 42 * STEP)
    clock.moment = sale.auction().closes_at
    assert house.perform(close, sale.auction_id, settled=True) == "sold"
    assert false_evidence(house, folder / "checked", sale.auction_id) == []
    return sale.auction_id


def test_every_decision_of_a_sale_comes_out_again_from_its_package(sold: Sold) -> None:
    lines, said = sold.replayed(sold.folder)
    assert said["differences"] == []
    assert (said["equal"], said["differences"], said["offers"]) == (True, [], 16)
    assert [line["code"] for line in lines[:-1]] == [
        "below_reserve", "not_whole_increment", None, "already_leading", "below_minimum", None, "equal_not_preferred",
        "implausible_amount", None, None, "stale_disclosure", None, None, None, "below_minimum", None,
    ]  # fmt: skip
    assert [line["seq"] for line in lines[:-1] if line["seq"]] == list(range(1, 9))
    outcome = json.loads((sold.folder / "auction.json").read_text())["outcome"]
    assert {name: lines[-1][name] for name in ("status", "price_fen", "bids", "extensions")} == {
        "status": "sold", "price_fen": RESERVE + 42 * STEP, "bids": 8, "extensions": 2,
    }  # fmt: skip
    assert (lines[-1]["bidder"], lines[-1]["closed_at"]) == (outcome["bidder_code"], outcome["closes_at"])
    assert said["refused_by_facts"] == {"stale_disclosure": 1}
    assert said["facts"]["BidsLapsed"] == said["facts"]["AuctionSuspended"] == said["facts"]["AuctionResumed"] == 1


def test_the_protocol_on_paper_tells_the_sale_in_chinese_and_is_the_same_each_time(sold: Sold, tmp_path: Path) -> None:
    data = (sold.folder / "protocol.pdf").read_bytes()
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
    auction = json.loads((sold.folder / "auction.json").read_text())
    checkpoint = tool.Key(base64.b64encode(sold.house.vault.public_key).decode()).open_checkpoint(
        (sold.folder / "checkpoint.txt").read_text()
    )
    for said in (
        "网络司法拍卖笔录",
        "南京市中级人民法院",
        "珠江路88号2幢301室房产",
        "（2026）苏01执1号",
        "¥1,610,000",
        "壹佰陆拾壹万元",
        "受理，第 8 次",
        "不予受理：低于起拍价",
        "不予受理：未确认现行调查情况表",
        "出价因情况表变更失效",
        "暂缓或中止",
        "恢复竞价",
        "同意",
        "报名 4 人",
        "收到保证金",
        auction["seal"],
        auction["outcome"]["bidder_code"],
        checkpoint[1].hex(),
    ):
        assert said in text, said
    assert not re.search("person:|registration", text)
    export(sold.house, tmp_path / "again", auction["id"], printer=protocol_pdf)
    assert (tmp_path / "again" / "protocol.pdf").read_bytes() == data


# Planted changes


def offers(entries: Entries) -> Entries:
    return [entry for entry in entries if entry["kind"] in ("BidAccepted", "BidRefused")]


def later(moment: str, **delta: float) -> str:
    return iso(parse(moment) + timedelta(**delta))


def changed(position: int, **body: Any) -> Callable[[Entries], object]:
    return lambda entries: offers(entries)[position]["body"].update(body)


def shifted(position: int, name: str, **delta: float) -> Callable[[Entries], object]:
    def change(entries: Entries) -> None:
        body = offers(entries)[position]["body"]
        body[name] = later(body[name], **delta)

    return change


def swapped(position: int) -> Callable[[Entries], object]:
    """Two offers that follow each other change places, with all they say but the number of an accepted one."""

    def change(entries: Entries) -> None:
        one, two = offers(entries)[position : position + 2]
        for name in ("kind", "body"):
            one[name], two[name] = two[name], one[name]
        if "seq" in one["body"] and "seq" in two["body"]:
            one["body"]["seq"], two["body"]["seq"] = two["body"]["seq"], one["body"]["seq"]

    return change


def recast(position: int, kind: str, **body: Any) -> Callable[[Entries], object]:
    """An offer is said to have been accepted, or refused."""

    def change(entries: Entries) -> None:
        entry = offers(entries)[position]
        entry["kind"] = kind
        entry["body"].pop("seq" if kind == "BidRefused" else "code")
        entry["body"] |= body

    return change


def told(kind: str, **body: Any) -> Callable[[Entries], object]:
    return lambda entries: next(entry for entry in entries if entry["kind"] == kind)["body"].update(body)


#: By position: what was offered is refused for below_reserve 0, the grid 1, the own lead 3, the least bid 4 and 14, an
#: equal bid 6, an implausible one 7, the sheet 10; accepted are 2, 5 by rank, 8, 9, 11, 12, 13, 15.
PLANTED: dict[str, Callable[[Entries], object]] = {
    **{f"amount of {n}": changed(n, amount_fen=RESERVE + 1) for n in (2, 5, 8, 9, 11, 12, 13, 15)},
    **{f"amount of {n}": changed(n, amount_fen=RESERVE) for n in (0, 1)},
    **{f"amount of {n}": changed(n, amount_fen=RESERVE + STEP) for n in (4, 6, 7)},
    "amount of 14": changed(14, amount_fen=RESERVE + 42 * STEP),
    **{f"arrival of {n}": shifted(n, "arrived_at", days=30) for n in (0, 13)},
    **{f"arrival of {n}, a little": shifted(n, "arrived_at", seconds=1) for n in (4, 11)},
    **{f"time of {n}": shifted(n, "received_at", seconds=1) for n in (2, 8, 14)},
    **{f"end after {n}": shifted(n, "closes_at", seconds=1) for n in (9, 12, 15)},
    **{f"order of {n}": swapped(n) for n in (0, 2, 4, 8, 12, 13)},
    **{f"refusal of {n}": recast(n, "BidRefused", code="below_minimum") for n in (5, 13)},
    **{f"acceptance of {n}": recast(n, "BidAccepted", seq=3) for n in (6, 10)},
    **{f"code of {n}": changed(n, code="below_minimum") for n in (0, 1, 3, 6, 7, 10)},
    "code of 4": changed(4, code="already_leading"),
    "code of 14": changed(14, code="barred_interest"),
    "rank of 5": changed(5, rank=None),
    "rank of 13": changed(13, rank=2, amount_fen=RESERVE + 40 * STEP),
    "seal of 11": changed(11, seal="0" * 64),
    "confirmation of 9": changed(9, confirmed=[]),
    "confirmation of 12": changed(12, confirmed=["raise_own"]),
    "confirmation of 3": changed(3, confirmed=["raise_own"]),
    "number of 5": changed(5, seq=3),
    "the lapse": told("BidsLapsed", last_seq=3),
    "the price": told("AuctionClosed", price_fen=RESERVE),
    "the winner": told("AuctionClosed", bidder_code="X0000"),
    "the outcome": told("AuctionClosed", status="unsold"),
    "the extensions": told("AuctionClosed", extensions=1),
    "the end": told("AuctionResumed", closes_at="2026-04-20T02:00:00.000000+00:00"),
    "the opening": told("AuctionOpened", opens_at="2026-04-11T01:00:00.000000+00:00"),
}


def test_what_is_forged_without_a_change_is_a_package_like_any_other(sold: Sold, tmp_path: Path) -> None:
    folder = sold.copy(tmp_path / "forged")
    sold.forge(folder, lambda entries: None)
    assert sold.outsider(folder) == []
    assert sold.replayed(folder)[1]["equal"]


def missed(sold: Sold, folder: Path, planted: Mapping[str, Callable[[Entries], object]]) -> list[str]:
    """The planted changes that neither the verifier nor the replay finds."""
    names = []
    for name, change in planted.items():
        sold.forge(sold.copy(folder / "forged"), change)
        if sold.outsider(folder / "forged") == [] and sold.replayed(folder / "forged")[1]["equal"]:
            names.append(name)
        shutil.rmtree(folder / "forged")
    return names


@pytest.mark.slow
def test_each_planted_change_is_found_by_replay_or_verifier_though_all_is_signed_anew(
    sold: Sold, tmp_path: Path
) -> None:
    assert missed(sold, tmp_path, PLANTED) == []


def test_another_reserve_in_entries_and_auction_alike_is_found_by_the_replay(sold: Sold, tmp_path: Path) -> None:
    folder = sold.copy(tmp_path / "forged")

    def change(entries: Entries) -> None:
        next(entry for entry in entries if entry["kind"] == "AuctionAnnounced")["body"]["terms"] |= higher

    higher = {"reserve_price_fen": RESERVE + STEP}
    auction = json.loads((folder / "auction.json").read_text())
    auction["terms"] |= higher
    (folder / "auction.json").write_text(json.dumps(auction))
    sold.forge(folder, change)
    assert sold.outsider(folder) == []
    lines, said = sold.replayed(folder)
    assert not said["equal"]
    assert (lines[2]["code"], lines[2]["recorded"]["code"]) == ("below_reserve", None)


def test_money_that_never_came_in_and_lines_that_no_entry_tells_are_found(sold: Sold, tmp_path: Path) -> None:
    folder = sold.copy(tmp_path / "forged")

    def rewrite(name: str, change: Callable[[Any], object]) -> list[str]:
        whole = (folder / name).read_bytes()
        value = json.loads(whole)
        change(value)
        (folder / name).write_bytes(canonical(value))
        sold.sign(folder)
        said = sold.outsider(folder)
        (folder / name).write_bytes(whole)
        return said

    for change in (
        lambda ledger: ledger["postings"].pop(),
        lambda ledger: ledger["postings"][0].update(amount_fen=1),
        lambda ledger: ledger["balances"].update(bank_clearing=0),
        lambda ledger: ledger.update(held_fen=0),
        lambda ledger: ledger.update(auction="x"),
    ):
        assert rewrite("ledger.json", change)
    for change in (
        lambda told: told["lines"].pop(),
        lambda told: told["lines"].reverse(),
        lambda told: told["lines"].append(told["lines"][0]),
        lambda told: told["lines"][0].update(hash="0" * 64),
        lambda told: told["lines"][-1].update(at="2030-01-01T00:00:00.000000+00:00"),
        lambda told: told["lines"][0]["facts"].update(seal="0" * 64),
        lambda told: told["lines"][0]["facts"].clear(),
        lambda told: told["lines"][0].update(kind="LotEntered"),
        lambda told: told.update(format="x"),
    ):
        assert rewrite("protocol.json", change)
    sold.sign(folder)
    assert sold.outsider(folder) == []
    rows = [json.loads(line) for line in (folder / "entries.jsonl").read_bytes().splitlines()]
    back = next(row["entry"] for row in rows if row["entry"]["body"].get("kind") == "deposit_released")
    sold.forge(folder, lambda entries: None, {(back["stream"], back["number"]): {"amount_fen": 14_000_001}})
    assert [what for what in sold.outsider(folder) if "takes 1 fen more out of deposit_held:" in what]


def test_the_command_replays_a_folder_and_says_by_its_exit_status_whether_all_is_equal(
    sold: Sold, tmp_path: Path
) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(fapai, ["replay", *arguments])
        return done.exit_code, done.stdout, done.stderr

    status, out, _ = run(str(sold.folder), "--json")
    last = json.loads(out.splitlines()[-1])
    assert (status, last["equal"], last["offers"], last["refused_by_facts"]) == (0, True, 16, {"stale_disclosure": 1})
    assert run(str(sold.folder))[0] == 0
    folder = sold.copy(tmp_path / "forged")
    sold.forge(folder, changed(4, code="below_reserve"))
    status, out, _ = run(str(folder), "--json")
    [difference] = json.loads(out.splitlines()[-1])["differences"]
    assert (status, difference["field"], difference["recorded"]) == (1, "code", "below_reserve")
    assert difference["replayed"] == "below_minimum"
    status, out, _ = run(str(folder))
    assert status == 1 and difference["journal"] in out and "below_minimum" in out
    for unreadable in ({"amount_fen": "x"}, {"arrived_at": "never"}, {"rank": "x"}, {"bidder_code": None}):
        sold.forge(folder, changed(4, **unreadable))
        status, _, error = run(str(folder))
        assert status == 1 and error.startswith("malformed")
    (tmp_path / "nothing").mkdir()
    status, _, error = run(str(tmp_path / "nothing"))
    assert status == 1 and "malformed" in error
    assert run(str(sold.folder / "entries.jsonl"))[0] == 2  # a history needs its terms
