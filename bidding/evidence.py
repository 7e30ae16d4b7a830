"""The evidence package: everything an outsider needs to verify a sale, or the whole log, without this program.

What is in it and how it is checked is written in tools/fapai_verify.py, which reads it. Private entries are in it with
their salts: a package is for the court, the parties and the supervisor, not for publication.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from auction.kernel.checkpoint import parse_checkpoint
from auction.kernel.clock import iso
from auction.kernel.crypto import Vault, canonical
from auction.kernel.errors import DomainError
from auction.kernel.tree import multiproof, multiproof_nodes, multiproof_vertices
from auction.kernel.unit import House
from auction.models import Auction
from auction.queries.audit import Failure, Line, lines, steady
from auction.queries.log import latest_checkpoint, read_nodes, rotations, with_lines
from auction.rules.lot import ENDED
from auction.services.log import seal
from disclosure.models import FormerAnnouncement, SheetVersion

from .models import Allocation, Bid, Confirmation, Registration, Renege
from .queries.audit import contradictions
from .queries.revocations import revocation_of
from .rules.protocol import MOVED, concerns, ledger_extract, line_of, protocol

#: The format of a package; a reader of another must not guess.
FORMAT = "fapai-evidence-1"
#: What sets the protocol of a sale on paper: it is given what the package tells, and answers the bytes of a PDF.
Printer = Callable[[dict[str, Any]], bytes]


class Contradicted(Exception):
    """The platform's rows tell other than its own entries: a package of them would be false evidence."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__("; ".join(map(str, failures)))
        self.failures = failures


def export(
    house: House, folder: Path, auction_id: str | None = None, *, anyway: bool = False, printer: Printer | None = None
) -> list[Path]:
    """Write the evidence package of one auction, or of the whole log, into a new or empty folder; answers its files.

    With a `printer` the package of one auction has its protocol on paper, too. Money and registrations are in it from
    the end on: before it nobody may match a bidder code with a person (OJA 18).
    Seals what was committed first, so that the package is complete up to now. The manifest and its signature come
    last: a folder without them is an export that did not end. Contradicted where rows and entries do not tell the same:
    nothing is written then, or with `anyway` a package whose manifest says so, and which no verifier lets pass.
    DomainError not_found for an unknown auction, wrong_state for one that was never announced; OSError when the folder
    holds something or cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    while house.perform(seal):
        pass
    return house.read(_write, house.vault, folder, auction_id, house.now(), anyway, printer)


def _write(
    session: Session,
    vault: Vault,
    folder: Path,
    auction_id: str | None,
    now: datetime,
    anyway: bool,
    printer: Printer | None,
) -> list[Path]:
    steady(session)
    auctions = _auctions(session, auction_id)
    wrong = contradictions(session, auction_id).failures
    if wrong and not anyway:
        raise Contradicted(wrong)
    one = None if auction_id is None else _One.of(session, auctions[0])
    folder.mkdir(parents=True, exist_ok=True)
    package = _Package(folder)
    indexes = set(_write_entries(session, package, one))
    head = _write_log(session, package, indexes)
    package.put("receipts.json", _receipts(session, auction_id))
    package.write("key.pem", [vault.public_key_pem.encode()])
    if replaced := rotations(session):
        package.put("keys.json", replaced)
    parts = [_parts(session, auction) for auction in auctions]
    if one is None:
        package.put("auctions.json", parts)
    else:
        told = parts[0] | one.told()
        for name, value in told.items():
            package.put(f"{name}.json", value)
        if printer is not None:
            package.write("protocol.pdf", [printer(told | {"checkpoint": head, "key_id": vault.key_id})])
    manifest = canonical(
        {
            "auction": auction_id,
            "created_at": iso(now),
            "files": sorted(package.files, key=lambda file: str(file["name"])),
            "format": FORMAT,
            "key_id": vault.key_id,
            "kind": "log" if auction_id is None else "auction",
            "partial": one.partial if one else [],
        }
        | ({"contradictions": [str(failure) for failure in wrong]} if wrong else {})
    )
    package.write("manifest.json", [manifest])
    package.write("manifest.sig", [vault.sign(manifest).encode() + b"\n"])
    return package.paths


@dataclass(slots=True)
class _Package:
    """The folder being filled, and what the manifest will say of each file."""

    folder: Path
    files: list[dict[str, Any]] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        path = self.folder / name
        with path.open("xb") as file:
            file.writelines(pieces)
        with path.open("rb") as file:
            self.files.append({"name": name, "sha256": file_digest(file, "sha256").hexdigest(), "size": file.tell()})
        self.paths.append(path)

    def put(self, name: str, value: Any) -> None:
        self.write(name, [json.dumps(_plain(value), ensure_ascii=False, indent=1).encode()])


def _plain(value: Any) -> Any:
    """The value without floats: as decimal text they read the same everywhere."""
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _auctions(session: Session, auction_id: str | None) -> list[Auction]:
    """The announced auctions the package is about."""
    query = select(Auction).options(undefer(Auction.ruleset), undefer(Auction.announcement)).order_by(Auction.id)
    if auction_id is None:
        return list(session.scalars(query.where(Auction.announced_at.is_not(None))))
    auction = session.scalars(query.where(Auction.id == auction_id)).one_or_none()
    if auction is None:
        raise DomainError("not_found")
    if auction.announced_at is None:
        raise DomainError("wrong_state", status=auction.status)
    return [auction]


@dataclass(slots=True)
class _One:
    """The entries that concern one auction: its own and its lot's streams, of `people` what is about it.

    `people` are the streams of those registered, once the auction has ended. Taking the entries makes the protocol.
    """

    auction_id: str
    lot_id: str
    ended: bool
    people: list[str]
    registrations: frozenset[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, auction: Auction) -> "_One":
        rows, ended = [], auction.status in ENDED
        if ended:
            query = select(Registration.id, Registration.person_id).where(Registration.auction_id == auction.id)
            rows = list(session.execute(query))
        people = sorted({f"person:{person}" for _, person in rows})
        return cls(auction.id, auction.lot_id, ended, people, frozenset(key for key, _ in rows))

    @property
    def streams(self) -> list[str]:
        return [f"auction:{self.auction_id}", f"lot:{self.lot_id}", *self.people]

    def take(self, line: Line) -> bool:
        """Whether the entry belongs into the package; what it says goes into the protocol."""
        entry = json.loads(line.entry)
        body, stream = entry["body"], entry["stream"]
        if stream.startswith("person:"):
            if body.get("registration_id") not in self.registrations:
                return False
            if stream not in self.partial:
                self.partial.append(stream)
        if concerns(body, self.auction_id):
            self.lines.append(line_of(entry, line.hash, private=line.private))
            self.moved += [entry] * (entry["kind"] == MOVED)
        return True

    def told(self) -> dict[str, Any]:
        """The protocol, and with the people's entries the extract of the ledger."""
        told = {"protocol": protocol(self.auction_id, self.lines)}
        return told | ({"ledger": ledger_extract(self.auction_id, self.moved)} if self.ended else {})


def _write_entries(session: Session, package: _Package, one: _One | None) -> list[int]:
    """Write the entries that concern one auction (or all); gives the indexes of their leaves."""
    indexes: list[int] = []

    def pieces() -> Iterator[bytes]:
        for line in lines(session, *(one.streams if one else ())):
            if one is not None and not one.take(line):
                continue
            rest: dict[str, Any] = {"index": line.leaf_index, "salt": line.salt.hex() if line.salt else None}
            if line.private and line.salt is None:
                rest["sealed"] = line.commitment
            if line.leaf_index is not None:
                indexes.append(line.leaf_index)
            yield b'{"entry":' + line.entry.encode() + b"," + canonical(rest)[1:] + b"\n"

    package.write("entries.jsonl", pieces())
    return indexes


def _write_log(session: Session, package: _Package, indexes: set[int]) -> dict[str, Any]:
    """Write the newest signed head, and the hashes that lead to its root from the leaves at hand; answers the head."""
    checkpoint = latest_checkpoint(session)
    assert checkpoint is not None  # noqa: S101 - `export` has sealed
    vertices = multiproof_vertices(indexes, checkpoint.size)
    nodes = read_nodes(session, multiproof_nodes(vertices, checkpoint.size))
    hashes = multiproof(vertices, checkpoint.size, lambda level, index: nodes[level, index])
    package.write("checkpoint.txt", [with_lines(session, checkpoint).encode()])
    named = {f"{level}/{index}": digest.hex() for (level, index), digest in hashes.items()}
    package.put("proofs.json", {"size": checkpoint.size, "nodes": named})
    head = parse_checkpoint(checkpoint.note.rpartition("\n\n")[0] + "\n")
    return {"origin": head.origin, "size": head.size, "root": head.root.hex()}


def _receipts(session: Session, auction_id: str | None) -> dict[str, dict[str, str | None]]:
    query = select(Bid.id, Bid.auction_id, Bid.journal_number, Bid.signature, Bid.key_id).where(Bid.seq.is_not(None))
    if auction_id is not None:
        query = query.where(Bid.auction_id == auction_id)
    return {
        f"auction:{name}/{number}": {"bid_id": bid, "signature": signature, "key_id": key}
        for bid, name, number, signature, key in session.execute(query.order_by(Bid.auction_id, Bid.seq))
    }


def _parts(session: Session, auction: Auction) -> dict[str, Any]:
    """What the platform tells of one auction: itself, the versions of the sheet, the confirmation."""
    versions = select(SheetVersion).where(SheetVersion.lot_id == auction.lot_id).order_by(SheetVersion.version)
    confirmation = session.get(Confirmation, auction.id)
    return {
        "auction": _auction(auction, _editions(session, auction.id))
        | {"reneges": _reneges(session, auction.id), "revocation": revocation_of(session, auction.id)},
        "sheet": [
            {
                "version": version.version,
                "seal": version.seal,
                "material": version.material,
                "at": iso(version.at),
                "facts": version.facts,
            }
            for version in session.scalars(versions)
        ],
        "confirmation": confirmation.document if confirmation else None,
    }


def _editions(session: Session, auction_id: str) -> list[dict[str, Any]]:
    """The announcements that stood before, in their order."""
    rows = select(FormerAnnouncement).where(FormerAnnouncement.auction_id == auction_id)
    return [
        {"edition": row.edition, "replaced_at": iso(row.replaced_at), "announcement": row.document}
        for row in session.scalars(rows.order_by(FormerAnnouncement.edition))
    ]


def _auction(auction: Auction, editions: list[dict[str, Any]]) -> dict[str, Any]:
    lot = auction.lot
    return {
        "id": auction.id,
        "round": auction.round,
        "resale_of": auction.resale_of,
        "lot": {"id": lot.id, "title": lot.title, "asset_type": lot.asset_type, "address": lot.address},
        "court": {"code": lot.court.code, "name": lot.court.name},
        "case_number": lot.case.number,
        "seal": auction.seal,
        "announced_at": _moment(auction.announced_at),
        "announcement": auction.announcement,
        "former_announcements": editions,
        "ruleset": auction.ruleset,
        "terms": {
            "reserve_price_fen": auction.reserve_price_fen,
            "increment_fen": auction.increment_fen,
            "deposit_fen": auction.deposit_fen,
            "opens_at": iso(auction.opens_at),
            "closes_at": iso(auction.scheduled_closes_at),
            "balance_days": auction.balance_days,
            "forfeit_fen": auction.forfeit_fen,
        },
        "outcome": {
            "status": auction.status,
            "price_fen": auction.price_fen,
            "bidder_code": auction.leader_code,
            "bids": auction.bid_count,
            "lapsed_seq": auction.lapsed_seq,
            "extensions": auction.extensions,
            "closes_at": iso(auction.closes_at),
            "closed_at": _moment(auction.closed_at),
            "ended_reason": auction.ended_reason,
            "settlement": auction.settlement,
        },
    }


def _reneges(session: Session, auction_id: str) -> list[dict[str, Any]]:
    """The declarations against the auction's buyer in their order, revoked ones too, each with its allocation."""
    rows = select(Renege).where(Renege.auction_id == auction_id).order_by(Renege.declared_at, Renege.id)
    found = []
    for row in session.scalars(rows):
        allocation = session.get(Allocation, row.id)
        found.append(
            {
                "price_fen": row.price_fen,
                "forfeited_fen": row.forfeited_fen,
                "declared_at": iso(row.declared_at),
                "revoked_at": _moment(row.revoked_at),
                "allocation": allocation.lines if allocation else None,
            }
        )
    return found


def _moment(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
