#!/usr/bin/env python3
"""Verify a Fapai bid receipt, result or evidence package offline, trusting nothing but a public key got another way.

    fapai_verify.py DIR|RECEIPT.json|RESULT.json --key PUBLIC_KEY [--keys KEYS.json] [--witness KEY ...]
                    [--package DIR] [--all] [--json]

PUBLIC_KEY: a PEM file, the base64 of a raw Ed25519 key, or a verifier key "name+hash+base64". Exit status: 0 verified,
1 a check failed (each failure says where), 2 wrong usage. Needs Python 3.11 and `cryptography`, nothing of Fapai.

KEYS: how the log's keys followed each other, as /api/v1/log/keys and a package tell it: a list (or "items" of an
object) of {"origin","old_key","new_key","at","old_signature","new_signature"}, both signatures over the canonical JSON
of the first four and "form":"fapai-log-key-1". A key that followed the one given may have signed anything; one that
came before it only receipts.

WITNESS: a verifier key of type 0x04; may be repeated. The checkpoint of a receipt or package must bear the line of each
(c2sp.org/tlog-cosignature): then what a witness outside keeps appends to this head, or the other way round.

RECEIPT: {"entry","signature","key_id","inclusion":{"index","size","hashes","root"}|null,"checkpoint":note|null}; the
last two may be absent. Checked: the Ed25519 signature over the entry's canonical bytes (RFC 8785), that the entry is
in the root (RFC 9162, SHA-256), that root and size are the checkpoint's (C2SP signed note), and its signature.

RESULT: {"document","signature","key_id"}, or an object that has it as "signed". Checked: the signature over the
document's canonical bytes, and that every field beside "signed" which the document also has says the same; with
--package also that its bids, their root (RFC 9162, the leaves are the entries of the accepted bids in order) and its
closing are those of the package's entries, and that the price is the last bid's.

PACKAGE: a flat folder of just these files; manifest.sig and, through it, manifest.json vouch for every byte.
  manifest.json    canonical JSON {"format":"fapai-evidence-1","kind":"auction"|"log","auction":id|null,"created_at",
                   "key_id","partial":[streams of which only some entries are here],"files":[{"name","sha256","size"}]}
  manifest.sig     base64 of the Ed25519 signature over the bytes of manifest.json, and a newline
  entries.jsonl    a canonical line for each journal entry, by stream and number: {"entry","index","salt"}. `index` is
                   its leaf in the log, null while not sealed. The leaf is the entry itself if `salt` is null, else
                   {"commitment":hex SHA-256(salt || entry),"kind":"sealed","suite"}. Where erasure destroyed the salt,
                   a field "sealed" gives the commitment: then only chain and inclusion of the commitment are checked.
  checkpoint.txt   the signed tree head that all indexes refer to
  proofs.json      {"size","nodes":{"LEVEL/INDEX":hash}}: what is lacking to compute the root from the leaves at hand;
                   a node spans the leaves from INDEX*2^LEVEL up to (INDEX+1)*2^LEVEL or the end, level 0 are leaves
  receipts.json    {"STREAM/NUMBER":{"bid_id","signature","key_id"}}, one for each accepted bid
  key.pem          the public key in use, for convenience: it must be the one given, or have followed it
  keys.json        KEYS, where the log's key was ever replaced
  protocol.json    in kind "auction", may be absent: {"format":"fapai-protocol-1","auction","lines":[{"at","journal":
                   "STREAM/NUMBER","kind","hash":hex SHA-256 of the entry,"facts":what its body says, of a private entry
                   a part}]}: every entry here that names no other auction, by time, then stream and number
  ledger.json      in kind "auction", may be absent: {"format":"fapai-ledger-1","auction","postings":[{"posting_id",
                   "at","registration_id","source","destination","amount_fen","kind","journal"}],
                   "balances":{account:fen},"held_fen"}: the auction's MoneyMoved entries by posting_id, their sums
  protocol.pdf     in kind "auction", may be absent: the protocol on paper; only its bytes are vouched for
  In kind "auction" also auction.json {"id","terms":{...},"outcome":{"status","price_fen","bidder_code","closes_at",
  "settlement","lapsed_seq" (bids up to it fell with a change of the sheet: they stay, and the next may start at the
  reserve),...},"reneges":[{"price_fen","forfeited_fen","declared_at","revoked_at","allocation":[lines]|null}],
  "former_announcements":[{"announcement",...}],...}, sheet.json [{"version","seal":hex SHA-256 of
  "facts","facts":{"form","suite","lot","version",...},...}], the versions of the disclosure sheet (form "fapai-sheet-1"
  told neither lot nor version), and confirmation.json {"price_fen",...}|null; in kind "log", which holds every leaf,
  instead auctions.json [{"auction","sheet", "confirmation"}]. A field "contradictions" in the manifest: the platform's
  own rows said other than its entries.
Checked: the above; in each stream numbers 1..n, hashes of predecessors, times that never go back, nothing sealed after
an unsealed entry; all leaves under the signed root; receipts (a sample; --all: each); that the bids rise, that bids,
closing, auction and confirmation tell the same price and bidder, that a sale is revoked on the ground of its entry and
never without one, that every seal a bidder accepted is there and names this lot and its version; that terms,
announcement, end, status and settlement are those announced, put off, extended, suspended, resumed, closed and settled;
that lots were drawn by the seed committed to; that a forfeited deposit was the buyer's, and reversed or used up to the
last fen, each line following from the one before; that the protocol tells the entries, all of them, and the ledger
every movement of money, none of which takes more out of an account than came into it. Of a kind of entry unknown here
nobody is accused: what it may have changed stays open.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

FORMAT = "fapai-evidence-1"
RESULT = ("auction_id", "status", "price_fen", "bidder_code", "closes_at", "closed_at")
BID, LAPSE, CLOSE, CONFIRM = BIDDING = "BidAccepted", "BidsLapsed", "AuctionClosed", "SaleConfirmed"
RENEGE, REVOKE, ALLOCATE = "BuyerReneged", "RenegeRevoked", "ForfeitAllocated"
ASKED, DRAWN, UNDONE = "CreditorsAsked", "LotsDrawn", "SaleRevoked"
PUBLIC = (*BIDDING, RENEGE, REVOKE, ASKED, DRAWN, UNDONE)
ANNOUNCE, REWRITTEN, PUT_OFF = "AuctionAnnounced", "AnnouncementRewritten", "OpeningPutOff"
CLOSED = ("status", "closes_at", "closed_at", "extensions")
LIVING = (*CLOSED, "ended_reason", "settlement")  # what may change after the announcement
SETTLED = {CONFIRM: "balance_due", "PricePaid": "paid", "BalanceOverdue": "overdue", "ClosingRuled": "ruled"}
SETTLED |= {RENEGE: "reneged", REVOKE: "balance_due"}
QUIET = {"BarChanged", "BidderQualified", "BidRefused", "ClearanceDecided", ALLOCATE, "InterestHitFound", LAPSE}
QUIET |= {"OffersTurnedAway", "PreferentialPurchaserConfirmed", "SheetChanged", "SuspensionCauseEnded", ASKED, DRAWN}
QUIET |= {"SuspensionRestated", "BalancePutOff", "IdentityUnsealed"}
QUIET |= {"LotTaken", "DifferenceComplete", "TakingLapsed", "TakingRuled", "LotReturned", "OwnSaleAllowed"}
QUIET |= {"OwnSaleRecorded", "OwnSaleEnded", "OwnSaleLapsed", "DisposalStepTaken", "ClearanceOverdue"}
# None of these change nothing that auction.json tells
SELL_OFF = "sell_off"  # the round whose first bid sets the end without extending it
TERMS = ("reserve_price_fen", "increment_fen", "deposit_fen", "opens_at", "closes_at", "balance_days", "forfeit_fen")
COMMON = {"entries.jsonl", "checkpoint.txt", "proofs.json", "receipts.json", "key.pem"}
FIRST_FORM = "fapai-sheet-1"  # of sealed sheets: later ones name their lot and version
FILES = {"log": COMMON | {"auctions.json"}, "auction": COMMON | {"auction.json", "sheet.json", "confirmation.json"}}
OPTIONAL = {"log": {"keys.json"}, "auction": {"keys.json", "protocol.json", "protocol.pdf", "ledger.json"}}
MOVED, BANK = "MoneyMoved", "bank_clearing"
POSTING = ("posting_id", "at", "registration_id", "source", "destination", "amount_fen", "kind")
SAMPLE, SHOWN = 200, 50  # receipts checked without --all; failures listed
PROBLEMS = (ValueError, LookupError, TypeError, AttributeError, OSError, RecursionError, UnsupportedAlgorithm)


class Findings:
    """Failures with their places, counts of what was checked, remarks."""

    def __init__(self) -> None:
        self.failures: list[dict[str, str]] = []
        self.failed, self.checked, self.notes = 0, Counter[str](), list[str]()

    def that(self, right: object, where: str, what: str) -> None:
        self.failed += not right
        if not right and self.failed <= SHOWN:
            self.failures.append({"where": where, "what": what})

    def part(self, where: str, check: Callable[..., Any], *args: Any) -> Any:
        """Run a part of the verification; what cannot even be read is a failure of that part."""
        try:
            return check(*args)
        except InvalidSignature:
            self.that(False, where, "the signature is wrong")
        except PROBLEMS as error:
            self.that(False, where, f"cannot be read: {type(error).__name__}: {error}")
        return None


def parse(data: bytes) -> Any:
    """JSON of the entries' domain: no key twice, ASCII keys, integers below 2^53, no other numbers. ValueError else."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) != len(pairs) or not all(map(str.isascii, found)):
            raise ValueError("an object has a key twice or not in ASCII")
        return found

    def number(text: str) -> int:
        if str(value := int(text)) != text or abs(value) >= 2**53:
            raise ValueError(f"{text} is not an integer below 2^53")
        return value

    return json.loads(data, object_pairs_hook=members, parse_int=number, parse_float=number, parse_constant=number)


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of what `parse` gave."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text: str, size: int) -> bytes:
    data = base64.b64decode(text, validate=True)
    if len(data) != size or base64.b64encode(data).decode() != text:
        raise ValueError(f"not the base64 of {size} bytes")
    return data


def unhex(text: str) -> bytes:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("a hash is 64 lower-case hex digits")
    return bytes.fromhex(text)


class Key:
    """The public key all is checked with; `name` is its name in signed notes where one was given.

    `later` are keys that took its place, `former` those whose place it took, by id. `witnesses` must have cosigned.
    """

    def __init__(self, text: str) -> None:
        self.name: str | None = None
        self.later, self.former, self.witnesses = dict[str, Key](), dict[str, Key](), list[Witness]()
        parts = text.split("+", 2)
        if Path(text).is_file():
            public = load_pem_public_key(Path(text).read_bytes())
            self.raw = public.public_bytes_raw() if isinstance(public, Ed25519PublicKey) else b""
        elif len(parts) == 3 and re.fullmatch("[0-9a-f]{8}", parts[1]):
            self.name, self.raw = parts[0], unbase64(parts[2], 33)[1:]
            if parts[1] != self.note_id(parts[0]).hex():
                raise ValueError("the hash of the verifier key is not its own")
        else:
            self.raw = unbase64(text, 32)
        self.id = sha256(b"fapai key id\0", self.raw).hex()[:16]
        self.public = Ed25519PublicKey.from_public_bytes(self.raw)

    def learn(self, rotations: Any) -> None:
        """Take the keys that statements signed by both of their keys connect with this one."""
        read = [rotation(told) for told in (rotations["items"] if isinstance(rotations, dict) else rotations)]
        for known, ways in ((self.later, read), (self.former, [(new, old) for old, new in reversed(read)])):
            for start, end in ways:
                if start.id in known or start.id == self.id:
                    known[end.id] = end

    def current(self, key_id: str) -> "Key | None":
        """The key of this id, if it is this one or followed it."""
        return self if key_id == self.id else self.later.get(key_id)

    def known(self, key_id: str) -> "Key":
        """The key of this id. ValueError where it is neither this one nor connected with it."""
        if found := self.current(key_id) or self.former.get(key_id):
            return found
        raise ValueError(f"key_id is not that of the key given, {self.id}")

    def note_id(self, name: str) -> bytes:
        return sha256(name.encode(), b"\n\x01", self.raw)[:4]

    def verify(self, signature: str, data: bytes) -> None:
        self.public.verify(unbase64(signature, 64), data)

    def open_checkpoint(self, note: str, *, former: bool = False) -> tuple[int, bytes]:
        """(size, root) of a checkpoint this key, or one that followed it (`former`: or came before), has signed.

        ValueError or InvalidSignature if none has.
        """
        text, _, lines = note.rpartition("\n\n")
        origin, size, root = text.split("\n")[:3]
        if not lines.endswith("\n") or self.name not in (None, origin) or not re.fullmatch("0|[1-9][0-9]*", size):
            raise ValueError("not a checkpoint of this log")
        named = [line.removeprefix(f"— {origin} ") for line in lines.split("\n") if line.startswith(f"— {origin} ")]
        keys = (self, *self.later.values(), *(self.former.values() if former else ()))
        own = [(one, line) for line in named for one in keys if base64.b64decode(line)[:4] == one.note_id(origin)]
        if not own:
            raise ValueError("the key given has not signed it")
        for one, line in own:
            one.public.verify(unbase64(line, 68)[4:], f"{text}\n".encode())
        return int(size), unbase64(root, 32)


class Witness:
    """The key of a witness, whose line a checkpoint must bear."""

    def __init__(self, text: str) -> None:
        self.name, given, encoded = text.split("+", 2)
        kind = unbase64(encoded, 33)
        self.id = sha256(self.name.encode(), b"\n", kind)[:4]
        if kind[:1] != b"\x04" or given != self.id.hex():
            raise ValueError("not the verifier key of a witness")
        self.public = Ed25519PublicKey.from_public_bytes(kind[1:])

    def seen(self, note: str) -> int:
        """When it saw this head, seconds since 1970. ValueError or InvalidSignature where it has not signed it."""
        text, _, lines = note.rpartition("\n\n")
        head = f"— {self.name} "
        named = [line.removeprefix(head) for line in lines.split("\n") if line.startswith(head)]
        own = [unbase64(line, 76) for line in named if base64.b64decode(line)[:4] == self.id]
        if not own:
            raise ValueError(f"{self.name} has not cosigned it")
        for each in own:
            said = f"cosignature/v1\ntime {int.from_bytes(each[4:12], 'big')}\n{text}\n"
            self.public.verify(each[12:], said.encode())
        return min(int.from_bytes(each[4:12], "big") for each in own)


def rotation(told: dict[str, str]) -> tuple[Key, Key]:
    """The old and the new key of a statement; ValueError or InvalidSignature unless both have signed it for one log."""
    said = {name: told[name] for name in ("origin", "old_key", "new_key", "at")} | {"form": "fapai-log-key-1"}
    old, new = Key(told["old_key"]), Key(told["new_key"])
    if not old.name == new.name == told["origin"]:
        raise ValueError("keys of two logs")
    old.verify(told["old_signature"], canonical(said))
    new.verify(told["new_signature"], canonical(said))
    return old, new


def check_witnesses(found: Findings, note: str | None, key: Key) -> None:
    """Whether each witness given has cosigned the checkpoint, and when it says that it saw it."""
    for witness in key.witnesses:
        if seen := found.part(f"witness {witness.name}", lambda one=witness: one.seen(note or "")):
            found.checked["cosignatures"] += 1
            at = datetime.fromtimestamp(seen, UTC).isoformat()
            found.notes.append(f"见证 {witness.name} saw the checkpoint at {at}")


def check_receipt(found: Findings, data: bytes, key: Key) -> None:
    receipt = parse(data)
    written, inclusion, note = canonical(receipt["entry"]), receipt.get("inclusion"), receipt.get("checkpoint")
    unknown = set(receipt) - {"entry", "signature", "key_id", "inclusion", "checkpoint"}
    found.that(not unknown, "receipt", f"has unknown fields: {sorted(unknown)}")
    signer = found.part("key_id", key.known, receipt["key_id"]) or key
    found.part("signature", signer.verify, receipt["signature"], written)
    found.checked["receipts"] += 1
    old = signer.id in key.former
    found.notes += [f"旧密钥签名 signed by a former key: {signer.id}"] * old
    head = None if note is None else found.part("checkpoint", lambda: key.open_checkpoint(note, former=old))
    check_witnesses(found, note, key)
    if inclusion is not None:
        found.part("inclusion", check_inclusion, found, written, inclusion, head or (None, None))
    else:
        found.notes.append("尚未收录 not yet sealed into the log: only the signed promise was checked")


def check_result(found: Findings, data: bytes, key: Key, package: Path | None) -> None:
    whole = parse(data)
    result = whole.get("signed", whole)
    document = result["document"]
    if result is not whole:
        signed = document | {"bid_count": document["bids"]["count"]}
        for name in sorted(whole.keys() & signed.keys()):
            found.that(whole[name] == signed[name], name, f"is {whole[name]!r}, but signed was {signed[name]!r}")
        loose = sorted(whole.keys() - signed.keys() - {"signed"})
        found.notes += [f"未签名 not signed: {', '.join(loose)}"] * bool(loose)
    found.that(document["format"] == "fapai-result-1", "format", "is not that of a result")
    signer = found.part("key_id", key.known, result["key_id"]) or key
    found.part("signature", signer.verify, result["signature"], canonical(document))
    found.checked["results"] += 1
    values = {name: document[name] for name in RESULT} | {"bid_count": document["bids"]["count"]}
    found.notes.append(f"已签名 signed: {', '.join(f'{name} {value}' for name, value in values.items())}")
    if package is None:
        return
    lines = (parse(line)["entry"] for line in (package / "entries.jsonl").read_bytes().splitlines())
    own = [entry for entry in lines if entry["stream"] == f"auction:{document['auction_id']}"]
    bids = [entry for entry in own if entry["kind"] == BID]
    told = (document["bids"]["count"], document["bids"]["root"])
    said = (len(bids), tree_root([sha256(b"\0", canonical(entry)) for entry in bids]).hex())
    found.that(told == said, "bids", f"are not those of the entries: {told}, the entries say {said}")
    closed = {entry["number"]: sha256(canonical(entry)).hex() for entry in own if entry["kind"] == CLOSE}
    place = document["entry"]
    found.that(place is None or closed.get(place["number"]) == place["hash"], "entry", "is no closing of the entries")
    last = bids[-1]["body"]["amount_fen"] if bids else None
    found.that(document["status"] != "sold" or document["price_fen"] == last, "price_fen", "is not the last bid's")


def tree_root(leaves: list[bytes]) -> bytes:
    """The root (RFC 9162) over hashes of leaves."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", tree_root(leaves[:split]), tree_root(leaves[split:]))


def check_inclusion(found: Findings, written: bytes, inclusion: dict[str, Any], head: tuple[Any, Any]) -> None:
    index, width, path = inclusion["index"], inclusion["size"], [unhex(text) for text in inclusion["hashes"]]
    found.that(set(inclusion) == {"index", "size", "hashes", "root"}, "inclusion", "has not the fields of a proof")
    found.that(type(width) is int and width == head[0], "inclusion.size", f"is not that of a signed head: {head[0]}")
    found.that(unhex(inclusion["root"]) == head[1], "inclusion.root", "is not that of a signed checkpoint")
    found.that(type(index) is int and 0 <= index < width, "inclusion.index", "is not in the tree")
    result = sha256(b"\0", written)
    while width > 1:
        if index ^ 1 < width:
            result = sha256(b"\1", path.pop(0), result) if index & 1 else sha256(b"\1", result, path.pop(0))
        index, width = index >> 1, width + 1 >> 1
    found.that(result == head[1] and not path, "inclusion.hashes", "do not lead from the entry to the root")
    found.checked["leaves"] += 1


def check_manifest(found: Findings, folder: Path, key: Key) -> dict[str, Any]:
    data, signature = (folder / "manifest.json").read_bytes(), (folder / "manifest.sig").read_text("ascii")
    manifest: dict[str, Any] = parse(data)
    if (folder / "keys.json").is_file():
        found.part("keys.json", lambda: key.learn(parse((folder / "keys.json").read_bytes())))
    found.part("manifest.sig", (key.current(manifest["key_id"]) or key).verify, signature[:-1], data)
    found.that(signature[-1:] == "\n", "manifest.sig", "does not end with a newline")
    marked = "; ".join(manifest.get("contradictions", []))
    found.that(not marked, "manifest.json", f"the platform itself marks the package as contradicting: {marked}")
    found.that(canonical(manifest) == data and manifest["format"] == FORMAT, "manifest.json", "is not of the format")
    found.that(key.current(manifest["key_id"]), "manifest.json", f"key_id is not that of the key given, {key.id}")
    listed = {row["name"]: row for row in manifest["files"]}
    found.that(len(listed) == len(manifest["files"]), "manifest.json", "names a file twice")
    present = {path.name: path for path in folder.iterdir() if path.name not in ("manifest.json", "manifest.sig")}
    allowed = FILES[manifest["kind"]] | (OPTIONAL[manifest["kind"]] & set(listed))
    for name in sorted(set(listed) | set(present) | allowed):
        there = name in present and present[name].is_file() and not present[name].is_symlink()
        found.that(there, name, "is missing, or is no plain file")
        found.that(name in allowed and name in listed, name, "does not belong here, or is not listed")
        if there and name in listed:
            with present[name].open("rb") as file:
                actual = {"name": name, "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "size": file.tell()}
            found.that(actual == listed[name], name, "is not what the manifest says: its bytes were changed")
            found.checked["files"] += 1
    return manifest


class Journal:
    """The entries, read once, line by line: chains, leaves, bids, and what the bids of each auction come to."""

    def __init__(self, found: Findings) -> None:
        self.found, self.partial, self.stream, self.streams = found, list[str](), "", set[str]()
        self.leaves, self.bids = dict[int, bytes](), dict[str, bytes]()
        self.standing, self.sold, self.confirmed = dict[str, tuple[Any, ...]](), set[str](), dict[str, str]()
        self.reneges = dict[str, list[dict[str, Any]]]()
        self.seals: dict[str, set[str]] = {}
        self.versions: dict[str, int | None] = {}
        self.committed: dict[str, str] = {}
        self.lapsed: dict[str, int] = {}
        self.undone: dict[str, str] = {}
        self.announced, self.told = dict[str, dict[str, Any]](), dict[str, dict[str, Any]]()
        self.contested: set[str] = set()
        self.replaced: dict[str, list[str]] = {}

    def read(self, lines: Iterable[bytes]) -> None:
        for position, line in enumerate(lines, 1):
            self.found.part(f"entries.jsonl line {position}", self.take, f"entries.jsonl line {position}", line)

    def take(self, where: str, line: bytes) -> None:
        that, row = self.found.that, parse(line)
        that(canonical(row) + b"\n" == line, where, "is not in canonical form")
        entry, index, salt, sealed = row["entry"], row["index"], row["salt"], row.get("sealed")
        written = canonical(entry)
        self.chain(where, entry, index, hashlib.sha256(written).hexdigest())
        self.found.checked["entries"] += 1
        self.found.checked["erased"] += sealed is not None
        that(salt is None or sealed is None, where, "has both a salt and a commitment without one")
        if entry["stream"].startswith("auction:"):
            that(salt is sealed is None or entry["kind"] not in PUBLIC, where, "hides what is public")
            self.bidding(where, entry, written)
            self.reneging(where, entry)
            self.drawing(where, entry)
            self.selling(entry)
        elif entry["kind"] == "DisclosureSealed":
            self.seals.setdefault(entry["stream"], set()).add(entry["body"]["seal"])
            self.versions[entry["body"]["seal"]] = entry["body"].get("version")
        if salt is not None:
            sealed = sha256(unhex(salt), written).hex()
        if sealed is not None:
            written = canonical({"commitment": sealed, "kind": "sealed", "suite": entry["suite"]})
        if index is not None:
            that(index not in self.leaves, where, f"leaf {index} is there twice")
            self.leaves[index] = sha256(b"\0", written)

    def chain(self, where: str, entry: dict[str, Any], index: int | None, digest: str) -> None:
        that, stream, number = self.found.that, entry["stream"], entry["number"]
        moment = datetime.fromisoformat(entry["at"])
        if stream != self.stream:
            that(stream not in self.streams, where, f"stream {stream} is not in one piece")
            self.streams.add(stream)
            self.stream, self.number, self.hash, self.at, self.unsealed = stream, 0, "0" * 64, moment, False
        if stream not in self.partial or number <= self.number + 1:
            that(number == self.number + 1, where, f"is entry {number} of {stream}, {self.number + 1} is missing")
            that(entry["prev"] == self.hash, where, f"does not carry the hash of entry {self.number} of {stream}")
        that(moment >= self.at, where, f"the time of {stream} goes back")
        that(index is None or not self.unsealed, where, f"is sealed, but an entry of {stream} before it is not")
        self.number, self.hash, self.at, self.unsealed = number, digest, moment, index is None

    def bidding(self, where: str, entry: dict[str, Any], written: bytes) -> None:
        stream, kind, body, that = entry["stream"], entry["kind"], entry["body"], self.found.that
        seq, price, code, rank, received = self.standing.get(stream, (0, None, None, None, None))
        self.seals.setdefault(stream, set()).update({body["seal"]} if "seal" in body else ())
        if kind == BID:
            at, higher = datetime.fromisoformat(body["received_at"]), price is None or body["amount_fen"] > price
            equal = body["amount_fen"] == price and body["rank"] is not None and (rank is None or body["rank"] < rank)
            that(body["seq"] == seq + 1, where, f"is bid {body['seq']}, {seq + 1} is missing")
            that(higher or equal, where, f"a bid of {body['amount_fen']} does not beat {price}")
            that(received is None or at >= received, where, "was received before the bid before it")
            self.standing[stream] = (seq + 1, body["amount_fen"], body["bidder_code"], body["rank"], at)
            self.found.checked["bids"] += 1
            self.bids[f"{stream}/{entry['number']}"] = written
        elif kind == LAPSE:
            told, said = (body.get("last_seq", seq), body.get("price_fen", price)), (seq, price)
            that(told == said, where, f"lets bids up to {told} lapse, those that stood were {said}")
            self.standing[stream] = (seq, None, None, None, received)
            self.lapsed[stream] = seq
        elif kind == UNDONE:
            that(stream not in self.undone, where, "revokes what was revoked before")
            self.undone[stream] = body["ground"]
        elif kind in (CLOSE, CONFIRM):
            told, said = (body["price_fen"], body["bidder_code"]), (price, code)
            sold = kind == CONFIRM or body["status"] == "sold"
            that(told == said and sold == (price is not None), where, f"tells {told}, the bids say {said}")
            that(kind == CONFIRM or body["bids"] == seq, where, f"does not count {seq} bids")
            self.sold.update({stream} if sold else ())
            self.confirmed.update({stream: body["document_sha256"]} if kind == CONFIRM else {})

    def reneging(self, where: str, entry: dict[str, Any]) -> None:
        kind, body, that = entry["kind"], entry["body"], self.found.that
        if kind not in (RENEGE, REVOKE, ALLOCATE):
            return
        told = self.reneges.setdefault(entry["stream"], [])
        last = told[-1] if told and told[-1]["revoked_at"] is None else None
        if kind == RENEGE:
            _, price, code, *_ = self.standing.get(entry["stream"], (0, None, None))
            that(last is None, where, "declares what stands declared")
            that((body["price_fen"], body["bidder_code"]) == (price, code), where, "is not of the buyer and the price")
            fresh = {"declared_at": entry["at"], "revoked_at": None, "allocation": None}
            told.append({"price_fen": body["price_fen"], "forfeited_fen": body["forfeited_fen"]} | fresh)
            self.found.checked["reneges"] += 1
        elif last is None or last["allocation"] is not None:
            that(False, where, "follows no declaration that stands and is not yet put to its use")
        elif kind == REVOKE:
            that(body["reversed_fen"] == last["forfeited_fen"], where, "reverses another amount")
            last["revoked_at"] = entry["at"]
        else:
            left = last["forfeited_fen"]
            for line in body["lines"]:
                left -= line["amount_fen"]
                right = 0 <= line["amount_fen"] <= line["claim_fen"] and line["left_fen"] == left
                that(right, where, f"its line {line['code']} does not follow from the one before")
            that(left == 0, where, f"its lines leave {left} of the deposit")
            last["allocation"] = body["lines"]

    def drawing(self, where: str, entry: dict[str, Any]) -> None:
        """Lots drawn among creditors: by the seed that was committed to before they answered."""
        stream, kind, body, that = entry["stream"], entry["kind"], entry["body"], self.found.that
        if kind == ASKED:
            self.committed[stream] = body["commitment"]
        elif kind == DRAWN:
            seed, sale = body["seed"], stream.removeprefix("auction:")
            that(sha256(seed.encode()).hex() == self.committed.get(stream), where, "its seed was not committed to")
            order = sorted(body["among"], key=lambda place: sha256(f"{seed}:{sale}:{place}".encode()))
            that(order == body["drawn"], where, "its order does not follow from its seed")
            self.found.checked["drawings"] += 1

    def selling(self, entry: dict[str, Any]) -> None:
        """What the entries come to beside the bids: `...` for what an entry of an older or unknown kind leaves open."""
        stream, kind, body = entry["stream"], entry["kind"], entry["body"]
        told = self.told.setdefault(stream, dict.fromkeys(LIVING, ...))
        if kind == ANNOUNCE and "terms" in body:
            self.announced[stream] = {**body, "terms": dict(body["terms"])}
            told |= {**dict.fromkeys(LIVING), "status": "announced", "extensions": 0}
            told["closes_at"] = body["terms"]["closes_at"]
        elif kind == PUT_OFF:
            told["closes_at"] = body["closes_at"]
            if stream in self.announced:
                self.announced[stream]["terms"] |= {name: body[name] for name in ("opens_at", "closes_at")}
        elif kind == REWRITTEN:
            self.replaced.setdefault(stream, []).append(body["former_sha256"])
            if stream in self.announced:
                self.announced[stream]["announcement_sha256"] = body["announcement_sha256"]
        elif kind == BID:
            end, before = body.get("closes_at", ...), told["closes_at"]
            known = ... not in (end, before, told["extensions"])
            contest = self.announced.get(stream, {}).get("round") == SELL_OFF and stream not in self.contested
            self.contested.add(stream)
            longer = known and end > before and not contest
            told |= {"closes_at": end, "extensions": told["extensions"] + longer if known else ...}
        elif kind == "OutageRecorded":
            told["closes_at"] = body["closes_at"]
        elif kind == "AuctionOpened":
            told["status"] = "open"
        elif kind == "AuctionSuspended":
            told |= {"status": "suspended", "closed_at": body.get("closed_at", ...)}
        elif kind == "AuctionResumed":
            told |= {name: body.get(name, ...) for name in ("status", "closes_at")}
            if "opens_at" in body and stream in self.announced:  # it had not opened: both move
                self.announced[stream]["terms"] |= {name: body[name] for name in ("opens_at", "closes_at")}
        elif kind in ("AuctionWithdrawn", UNDONE):
            told |= {"status": "revoked" if kind == UNDONE else "withdrawn", "ended_reason": body["ground"]}
            told["closed_at"] = told["closed_at"] if kind == UNDONE else body.get("closed_at", ...)
            told["settlement"] = None
        elif kind == CLOSE:
            told |= {name: body.get(name, ...) for name in CLOSED}
        elif kind in SETTLED or kind == "HandoverStepTaken":
            over = "handed_over" in (told.get("settlement"), body.get("code"))  # the registry may come after it
            told["settlement"] = SETTLED.get(kind, "handed_over" if over else "ruled")
        elif kind not in (*QUIET, ANNOUNCE):
            told |= dict.fromkeys(LIVING, ...)
        if kind == LAPSE:
            self.contested.discard(stream)


def check_key(found: Findings, folder: Path, key: Key) -> None:
    keys = (key, *key.later.values())
    right = [one.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for one in keys]
    found.that((folder / "key.pem").read_bytes() in right, "key.pem", "is not the key given")


def check_tree(found: Findings, folder: Path, key: Key, leaves: dict[int, bytes], whole: bool) -> None:
    note = (folder / "checkpoint.txt").read_text("utf-8")
    size, root = key.open_checkpoint(note)
    check_witnesses(found, note, key)
    proofs = parse((folder / "proofs.json").read_bytes())
    found.that(proofs["size"] == size, "proofs.json", f"size is not that of the checkpoint, {size}")
    found.that(all(0 <= index < size for index in leaves), "entries.jsonl", f"a leaf is not below {size}")
    given = {tuple(map(int, name.split("/"))): unhex(text) for name, text in proofs["nodes"].items()}
    level, width, known = 0, size, leaves
    while width > 1 and known:
        above = {}
        for index, value in known.items():
            if index ^ 1 >= width:
                above[index >> 1] = value
            elif index >> 1 not in above:
                other = known.get(index ^ 1) or given.pop((level, index ^ 1))
                above[index >> 1] = sha256(b"\1", other, value) if index & 1 else sha256(b"\1", value, other)
        level, width, known = level + 1, width + 1 >> 1, above
    found.that(not given, "proofs.json", "holds nodes that no leaf needs")
    found.that(not whole or len(leaves) == size, "entries.jsonl", f"has {len(leaves)} leaves of {size}")
    found.that(not known or known == {0: root}, "checkpoint.txt", "entries and proofs do not lead to its root")
    found.checked["leaves"] = len(leaves)


def check_receipts(found: Findings, folder: Path, key: Key, bids: dict[str, bytes], every: bool) -> None:
    receipts = parse((folder / "receipts.json").read_bytes())
    for place in sorted(receipts.keys() ^ bids.keys()):
        found.that(False, f"receipts.json {place}", "an accepted bid without receipt, or a receipt without such a bid")
    places = sorted(receipts.keys() & bids.keys())
    for place in places if every else sorted({*places[:: max(1, len(places) // SAMPLE)], *places[-1:]}):
        signer = found.part(f"receipts.json {place}", key.known, receipts[place]["key_id"]) or key
        found.part(f"receipts.json {place}", signer.verify, receipts[place]["signature"], bids[place])
        found.checked["receipts"] += 1
    found.notes.append(f"{found.checked['receipts']} of {len(places)} receipts checked{' (--all: each)' * (not every)}")


def check_outcome(found: Findings, where: str, journal: Journal, parts: tuple[Any, Any, Any]) -> None:
    auction, sheet, confirmation = parts
    stream, outcome = f"auction:{auction['id']}", auction["outcome"]
    said, told = journal.standing.get(stream, (0, None, None))[1:3], (outcome["price_fen"], outcome["bidder_code"])
    found.that(told == said, where, f"the outcome of {stream} tells {told}, the bids say {said}")
    lapsed = outcome.get("lapsed_seq", journal.lapsed.get(stream, 0))
    found.that(lapsed == journal.lapsed.get(stream, 0), where, f"{stream} tells other bids as lapsed than the entries")
    undone = outcome.get("ended_reason") if outcome["status"] == "revoked" else None
    found.that(undone == journal.undone.get(stream), where, f"{stream} is revoked otherwise than the entries say")
    found.that(outcome["status"] != "sold" or stream in journal.sold, where, f"{stream} is sold, but no entry says so")
    wrong = [row["seal"] for row in sheet if sha256(canonical(row["facts"])).hex() != row["seal"]]
    wrong += strangers(sheet, auction, journal)
    lacking = journal.seals.get(stream, set()) - {row["seal"] for row in sheet}
    lack = f"not the sheets of the seals {wrong}, no sheets of {sorted(lacking)}, in {stream}"
    found.that(not wrong and not lacking, where, lack)
    digest = None if confirmation is None else sha256(canonical(confirmation)).hex()
    found.that(digest == journal.confirmed.get(stream), where, f"the confirmation of {stream} is not the one recorded")
    reneges = journal.reneges.get(stream, [])
    found.that(auction.get("reneges", []) == reneges, where, f"the reneges of {stream} are not those of the entries")
    stands = bool(reneges) and reneges[-1]["revoked_at"] is None
    found.that((outcome.get("settlement") == "reneged") == stands, where, f"{stream} tells another settlement")
    found.that(digest is None or confirmation["price_fen"] == said[0], where, "the confirmation tells another price")
    check_terms(found, where, journal, auction)
    found.checked["outcomes"] += 1


def strangers(sheet: list[dict[str, Any]], auction: dict[str, Any], journal: Journal) -> list[str]:
    """The seals of sheets that are of another lot or version than they stand for. The first form told neither."""
    named, wrong = False, []
    for row in sorted(sheet, key=lambda row: row["version"]):
        facts, version = row["facts"], row["version"]
        first = facts.get("form", FIRST_FORM) == FIRST_FORM
        named |= not first
        said = (facts["lot"], facts["version"]) if not first else None
        if named and (said != (auction["lot"]["id"], version) or journal.versions.get(row["seal"], version) != version):
            wrong.append(row["seal"])
    return wrong


def check_terms(found: Findings, where: str, journal: Journal, auction: dict[str, Any]) -> None:
    """What was announced and became of it, as auction.json tells it, is what the entries tell."""
    stream, outcome = f"auction:{auction['id']}", auction["outcome"]
    announced, told = journal.announced.get(stream), journal.told.get(stream, {})
    if stream in journal.partial:
        return
    pairs = [(name, outcome.get(name), said) for name, said in told.items() if announced or name in outcome]
    if announced:
        pairs += [(name, auction["terms"][name], announced["terms"][name]) for name in TERMS]
        pairs += [(name, auction[name], announced[name]) for name in ("round", "resale_of", "announced_at")]
        pairs.append(("lot", auction["lot"]["id"], announced["lot_id"]))
        pairs.append(("court", auction["court"]["code"], announced["court"]))
        pairs.append(("bids", outcome["bids"], journal.standing.get(stream, (0,))[0]))
        for name in ("ruleset", "announcement"):
            digest = auction[name] and sha256(canonical(auction[name])).hex()
            found.that(digest == announced[f"{name}_sha256"], where, f"the {name} of {stream} is not the one announced")
        former = [sha256(canonical(row["announcement"])).hex() for row in auction.get("former_announcements", [])]
        found.that(former == journal.replaced.get(stream, []), where, f"{stream} has other former announcements")
        seals = journal.seals.get(f"lot:{announced['lot_id']}", set()) | {announced["seal"]}
        found.that(auction["seal"] in seals, where, f"the seal of {stream} is none that was put on its sheet")
    for name, says, said in pairs:
        found.that(said is ... or says == said, where, f"{name} of {stream} is {says!r}, its entries say {said!r}")


def check_outcomes(found: Findings, folder: Path, manifest: dict[str, Any], journal: Journal) -> None:
    if manifest["kind"] == "log":
        rows = parse((folder / "auctions.json").read_bytes())
    else:
        names = ("auction", "sheet", "confirmation")
        rows = [{name: parse((folder / f"{name}.json").read_bytes()) for name in names}]
        found.that(rows[0]["auction"]["id"] == manifest["auction"], "auction.json", "is about another auction")
    for row in rows:
        where = "auctions.json" if manifest["kind"] == "log" else "auction.json, sheet.json, confirmation.json"
        found.part(where, check_outcome, found, where, journal, (row["auction"], row["sheet"], row["confirmation"]))


def own_rows(folder: Path, auction: str) -> dict[str, dict[str, Any]]:
    """The lines of entries.jsonl that name no other auction, by "STREAM/NUMBER"."""
    rows = map(parse, (folder / "entries.jsonl").read_bytes().splitlines())
    own = (row for row in rows if row["entry"]["body"].get("auction_id", auction) == auction)
    return {f"{row['entry']['stream']}/{row['entry']['number']}": row for row in own}


def check_protocol(found: Findings, folder: Path, auction: str) -> None:
    rows, told = own_rows(folder, auction), parse((folder / "protocol.json").read_bytes())
    right = (told["format"], told["auction"]) == ("fapai-protocol-1", auction)
    found.that(right, "protocol.json", "is of another format or auction")
    places = [line["journal"] for line in told["lines"]]
    order = sorted(rows, key=lambda place: (rows[place]["entry"]["at"], *split(place)))
    found.that(places == order, "protocol.json", "does not tell each of the entries once, in the order of time")
    for line in told["lines"]:
        where = f"protocol.json {line['journal']}"
        if line["journal"] not in rows:
            found.that(False, where, "tells of no entry that is here")
            continue
        row = rows[line["journal"]]
        entry, body = row["entry"], row["entry"]["body"]
        said = {name: body[name] for name in line["facts"] if name in body}
        public = row["salt"] is None and "sealed" not in row
        told_all = line["facts"] == (body if public else said)
        found.that(told_all, where, "tells other facts than its entry")
        head = (line["at"], line["kind"], line["hash"])
        found.that(head == (entry["at"], entry["kind"], sha256(canonical(entry)).hex()), where, "is not of its entry")
        found.checked["lines"] += 1


def split(place: str) -> tuple[str, int]:
    stream, _, number = place.rpartition("/")
    return stream, int(number)


def check_ledger(found: Findings, folder: Path, auction: str) -> None:
    """The ledger tells every movement that the entries tell, and no account but the bank ever goes below zero."""
    rows, told = own_rows(folder, auction), parse((folder / "ledger.json").read_bytes())
    right = (told["format"], told["auction"]) == ("fapai-ledger-1", auction)
    found.that(right, "ledger.json", "is of another format or auction")
    moved = {place: row["entry"]["body"] for place, row in rows.items() if row["entry"]["kind"] == MOVED}
    said = [
        {name: body[name] for name in POSTING} | {"journal": place}
        for place, body in sorted(moved.items(), key=lambda item: item[1]["posting_id"])
    ]
    found.that(told["postings"] == said, "ledger.json", "does not tell each movement of the entries once, in order")
    balances: Counter[str] = Counter()
    for posting in said:
        where, source, amount = f"ledger.json {posting['journal']}", posting["source"], posting["amount_fen"]
        found.that(type(amount) is int and amount > 0, where, "moves no amount above 0")
        balances[source] -= amount
        balances[posting["destination"]] += amount
        left = balances[source]
        found.that(source == BANK or left >= 0, where, f"takes {-left} fen more out of {source} than came in")
        found.checked["postings"] += 1
    found.that(told["balances"] == dict(balances), "ledger.json", f"its balances are not {dict(balances)}")
    found.that(told["held_fen"] == -balances[BANK], "ledger.json", f"held_fen is not {-balances[BANK]}")
    outcome = parse((folder / "auction.json").read_bytes())["outcome"]
    price, paid = outcome["price_fen"], balances[f"court_price:{auction}"]
    whole = outcome.get("settlement") not in ("paid", "ruled", "handed_over") or paid == price
    found.that(whole, "ledger.json", f"{paid} fen of {price} came in for auction:{auction}, told as paid")


def check_package(found: Findings, folder: Path, key: Key, every: bool) -> None:
    journal = Journal(found)
    manifest = found.part("manifest.json", check_manifest, found, folder, key) or {"kind": "", "partial": []}
    found.part("key.pem", check_key, found, folder, key)
    journal.partial = manifest["partial"]
    with (folder / "entries.jsonl").open("rb") as lines:
        journal.read(lines)
    found.part("checkpoint.txt, proofs.json", check_tree, found, folder, key, journal.leaves, manifest["kind"] == "log")
    found.part("receipts.json", check_receipts, found, folder, key, journal.bids, every)
    found.part("auction.json, sheet.json, confirmation.json", check_outcomes, found, folder, manifest, journal)
    for name, check in (("protocol.json", check_protocol), ("ledger.json", check_ledger)):
        if manifest["kind"] == "auction" and (folder / name).is_file():
            found.part(name, check, found, folder, manifest["auction"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path, metavar="DIR|RECEIPT.json|RESULT.json")
    parser.add_argument("--key", required=True, metavar="PUBLIC_KEY", help="PEM file, base64, or verifier key")
    parser.add_argument("--keys", type=Path, metavar="KEYS.json", help="how the log's keys followed each other")
    parser.add_argument("--witness", action="append", default=[], metavar="KEY", help="who must have cosigned")
    parser.add_argument("--package", type=Path, metavar="DIR", help="the evidence package a result is compared with")
    parser.add_argument("--all", action="store_true", help="check every receipt of a package, not a sample")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options, found = parser.parse_args(arguments), Findings()
    try:
        key = Key(options.key)
    except PROBLEMS as error:
        parser.error(f"--key is neither a PEM file nor a base64 or verifier key of Ed25519: {error}")
    try:
        key.witnesses = [Witness(text) for text in options.witness]
    except PROBLEMS as error:
        parser.error(f"--witness is no verifier key of a witness: {error}")
    if options.keys:
        found.part(str(options.keys), lambda: key.learn(parse(options.keys.read_bytes())))
    if options.path.is_dir():
        found.part(str(options.path), check_package, found, options.path, key, options.all)
    elif options.path.is_file():
        data = options.path.read_bytes()
        if b'"document"' in data:
            found.part(str(options.path), check_result, found, data, key, options.package)
        else:
            found.part(str(options.path), check_receipt, found, data, key)
    else:
        parser.error(f"{options.path}: no such file or folder")
    verified = not found.failed
    if options.json:
        print(json.dumps({"verified": verified} | vars(found), ensure_ascii=False))
    else:
        print(*(f"{failure['where']}: {failure['what']}" for failure in found.failures), *found.notes, sep="\n")
        print("checked:", ", ".join(f"{name} {count}" for name, count in sorted(found.checked.items()) if count))
        print("校验通过 VERIFIED" if verified else f"校验失败 FAILED: {found.failed}")
    return 0 if verified else 1


if __name__ == "__main__":
    sys.exit(main())
