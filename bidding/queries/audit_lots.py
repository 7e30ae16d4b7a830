"""Comparing what a sale rests on with the entries of its lot: lot, panel and votes, price, notices, sheets, files.

Only what an entry says is told, as in `audit_told`: what came before its entries were as full as today is not accused.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.crypto import sha256_hex
from auction.models import Auction, JournalRow, Lot, Notice, PanelMember, ReferencePrice
from auction.queries.audit import Report
from auction.services.lots import described_hash, notices_hash
from disclosure.models import Attachment, SheetItem, SheetVersion
from disclosure.queries.sheets import working_sheet
from disclosure.rules.sheet import disclosed

_PAGE = 2000
#: Files held in memory at once; each may have 15 MiB.
_FILES = 4
#: A vote by account: whether for it, and the reason.
Votes = dict[str, tuple[bool, str]]


@dataclass(slots=True)
class Told:
    """What the entries of lots come to."""

    panels: dict[str, list[str] | None] = field(default_factory=dict)  # by auction; None: changed by an older entry
    votes: dict[str, Votes | None] = field(default_factory=dict)
    prices: dict[str, Any] = field(default_factory=dict)  # by lot
    lots: dict[str, Any] = field(default_factory=dict)
    notices: dict[str, Any] = field(default_factory=dict)
    sheets: dict[str, dict[int, Any]] = field(default_factory=dict)  # bodies by lot and version
    items: dict[tuple[str, str], list[Any]] = field(default_factory=dict)  # what a lot's item may say; None: anything
    written: set[tuple[str, str]] = field(default_factory=set)  # those of them that stand in the sheet
    files: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # lot, hash and type by id


def check_lots(session: Session, report: Report, only: str | None = None) -> None:
    """Check that each declared table holds what the entries say; `only`: for the lot of one auction."""
    lot_id = session.scalar(select(Auction.lot_id).where(Auction.id == only)) if only else None
    told = Told()
    for lot, entry in _entries(session, lot_id):
        _READERS[entry["kind"]](told, lot, entry)
    _check_lots(session, report, told, lot_id)
    _check_panels(session, report, told, only)
    _check_prices(session, report, told, lot_id)
    _check_notices(session, report, told, lot_id)
    _check_sheets(session, report, told, lot_id)
    _check_items(session, report, told, lot_id)
    _check_files(session, report, told, lot_id)


def _entries(session: Session, lot_id: str | None) -> Iterator[tuple[str, Any]]:
    """The entries that are read here with the lot's id, in the order of writing."""
    query = select(JournalRow.id, JournalRow.stream, JournalRow.entry).where(JournalRow.kind.in_(_READERS))
    stream = JournalRow.stream.startswith("lot:") if lot_id is None else JournalRow.stream == f"lot:{lot_id}"
    query = query.where(stream).order_by(JournalRow.id).limit(_PAGE)
    last = -1
    while page := session.execute(query.where(JournalRow.id > last)).all():
        for _, name, text in page:
            yield name.removeprefix("lot:"), orjson.loads(text)
        last = page[-1].id


def _entered(told: Told, lot_id: str, entry: Any) -> None:
    told.lots[lot_id] = entry["body"]


def _check_lots(session: Session, report: Report, told: Told, lot_id: str | None) -> None:
    query = select(Lot).order_by(Lot.id)
    if lot_id is not None:
        query = query.where(Lot.id == lot_id)
    left = dict(told.lots)
    for row in session.scalars(query):
        said = left.pop(row.id, {})
        told_of = {"court": row.court_code, "asset_type": row.asset_type, "described_sha256": described_hash(row)}
        right = all(said.get(name, value) == value for name, value in told_of.items())
        report.that(right, f"lots {row.id}", "is not described as it was entered")
        report.checked["lots"] += 1
    for name in sorted(left):
        report.that(False, f"lots {name}", "was recorded but is not there")


def _drafted(told: Told, lot_id: str, entry: Any) -> None:
    body = entry["body"]
    told.panels[body["auction_id"]], told.votes[body["auction_id"]] = body.get("panel"), {}


def _terms_changed(told: Told, lot_id: str, entry: Any) -> None:
    told.panels[entry["body"]["auction_id"]] = entry["body"].get("panel")


def _voted(told: Told, lot_id: str, entry: Any) -> None:
    body = entry["body"]
    votes = told.votes.get(body["auction_id"])
    if "status" not in body or "reason" not in body:
        told.votes[body["auction_id"]] = None
    elif votes is not None:
        votes[body["by"]] = (body["approve"], body["reason"])
        if body["status"] == "draft":  # refused: all votes fall
            votes.clear()


def _votes_voided(told: Told, lot_id: str, entry: Any) -> None:
    if entry["body"]["auction_id"] in told.votes:
        told.votes[entry["body"]["auction_id"]] = {}


def _check_panels(session: Session, report: Report, told: Told, only: str | None) -> None:
    found: dict[str, list[PanelMember]] = {name: [] for name in told.votes if only in (None, name)}
    for row in session.scalars(select(PanelMember).order_by(PanelMember.auction_id, PanelMember.position)):
        if row.auction_id in found:
            found[row.auction_id].append(row)
    for auction_id, rows in found.items():
        where, panel, votes = f"panel_members {auction_id}", told.panels.get(auction_id), told.votes[auction_id]
        sitting = [row.account_id for row in rows]
        report.that(panel is None or sitting == panel, where, f"are {sitting}, the entries say {panel}")
        given = {row.account_id: (row.approve, row.reason) for row in rows if (row.approve, row.reason) != (None, None)}
        report.that(votes is None or given == votes, where, "have voted otherwise than the entries say")
        report.checked["panels"] += 1


def _priced(told: Told, lot_id: str, entry: Any) -> None:
    told.prices[lot_id] = entry["body"]


def _check_prices(session: Session, report: Report, told: Told, lot_id: str | None) -> None:
    query = select(ReferencePrice).order_by(ReferencePrice.lot_id)
    if lot_id is not None:
        query = query.where(ReferencePrice.lot_id == lot_id)
    for row in session.scalars(query):
        where, said = f"reference_prices {row.lot_id}", told.prices.pop(row.lot_id, None)
        report.checked["prices"] += 1
        if said is None:
            report.that(False, where, "is there, but no entry tells of it")
            continue
        days = {"effective_on": row.effective_on.isoformat(), "valid_until": row.valid_until.isoformat()}
        plain = {"method": row.method, "amount_fen": row.amount_fen, **days}
        for name, value in plain.items():
            right = value == said[name]
            report.that(right, where, f"its {name} is {value!r}, its entries say {said[name]!r}")
    for name in sorted(told.prices):
        report.that(False, f"reference_prices {name}", "was recorded but is not there")


def _file_kept(told: Told, lot_id: str, entry: Any) -> None:
    body = entry["body"]
    told.files[body["attachment_id"]] = (lot_id, body["sha256"], body["media_type"])


def _check_files(session: Session, report: Report, told: Told, lot_id: str | None) -> None:
    files = dict(told.files)
    file = Attachment
    query = select(file.id, file.lot_id, file.sha256, file.media_type, file.size, file.content).order_by(file.id)
    if lot_id is not None:
        query = query.where(file.lot_id == lot_id)
    for name, lot, sha256, media_type, size, content in session.execute(query.execution_options(yield_per=_FILES)):
        where, said = f"attachments {name}", files.pop(name, None)
        report.checked["files"] += 1
        if said is None:
            report.that(False, where, "is there, but no entry tells of it")
            continue
        report.that((lot, sha256, media_type) == said, where, "tells other than its entry")
        right = (len(content), sha256_hex(content)) == (size, said[1])
        report.that(right, where, "its bytes are not those that were kept")
    for name in sorted(files):
        report.that(False, f"attachments {name}", "was recorded but is not there")


def _sealed(told: Told, lot_id: str, entry: Any) -> None:
    body = entry["body"]
    if "version" in body:  # one that names none tells of no version
        told.sheets.setdefault(lot_id, {})[body["version"]] = body


def _check_sheets(session: Session, report: Report, told: Told, lot_id: str | None) -> None:
    """Every version by its entry; whether the seal is that of the facts is checked in `audit`."""
    query = select(SheetVersion.lot_id, SheetVersion.version, SheetVersion.seal, SheetVersion.material)
    if lot_id is not None:
        query = query.where(SheetVersion.lot_id == lot_id)
    left = {(lot, version): body for lot, bodies in told.sheets.items() for version, body in bodies.items()}
    for lot, version, seal, material in session.execute(query.order_by(SheetVersion.lot_id, SheetVersion.version)):
        if lot not in told.sheets:
            continue  # from before any was journaled; its seal stands in the announcement's entry
        where, said = f"sheet_versions {lot} {version}", left.pop((lot, version), None)
        if said is None:
            report.that(False, where, "is there, but no entry tells of it")
            continue
        right = (seal, material) == (said["seal"], said.get("material", material))
        report.that(right, where, "is not the version that was sealed")
    for lot, version in sorted(left):
        report.that(False, f"sheet_versions {lot} {version}", "was recorded but is not there")


def _item_written(told: Told, lot_id: str, entry: Any) -> None:
    told.items[lot_id, entry["body"]["code"]] = [entry["body"].get("facts")]
    told.written.add((lot_id, entry["body"]["code"]))


def _item_drafted(told: Told, lot_id: str, entry: Any) -> None:
    """It takes its item's place once it is decided on, which is told in the sale's entries."""
    told.items.setdefault((lot_id, entry["body"]["code"]), []).append(entry["body"].get("facts"))


def _check_items(session: Session, report: Report, told: Told, lot_id: str | None) -> None:
    left = set(told.written)
    lots = {lot_id} if lot_id is not None else set(session.scalars(select(SheetItem.lot_id).distinct()))
    for lot in sorted(lots):
        try:
            items = disclosed(working_sheet(session, lot))["items"]
        except KeyError as error:
            report.that(False, f"sheet_items {lot}", f"names a file that is not there: {error}")
            left -= {key for key in left if key[0] == lot}
            continue
        for item in items:
            key = (lot, item["code"])
            left.discard(key)
            said = told.items.get(key, [])
            right = item in said or None in said
            report.that(right, f"sheet_items {lot} {item['code']}", "says other than its entry")
            report.checked["items"] += 1
    for lot, code in sorted(left):
        report.that(False, f"sheet_items {lot} {code}", "was recorded but is not there")


def _noticed(told: Told, lot_id: str, entry: Any) -> None:
    told.notices[lot_id] = entry["body"]


def _check_notices(session: Session, report: Report, told: Told, lot_id: str | None) -> None:
    query = select(Notice).order_by(Notice.lot_id, Notice.position)
    if lot_id is not None:
        query = query.where(Notice.lot_id == lot_id)
    found: dict[str, list[Notice]] = {lot: [] for lot in told.notices}
    for row in session.scalars(query):
        found.setdefault(row.lot_id, []).append(row)
    for lot, rows in found.items():
        said = told.notices.get(lot, {"recipients": []})
        right = [{"role": row.role, "status": row.status} for row in rows] == said["recipients"]
        right = right and said.get("rows_sha256") in (None, notices_hash(rows))
        report.that(right, f"notices {lot}", "are not those that were recorded")
        report.checked["notices"] += 1


_READERS: Mapping[str, Callable[[Told, str, Any], None]] = {
    "AuctionDrafted": _drafted,
    "TermsChanged": _terms_changed,
    "ChangeDrafted": _item_drafted,
    "DisclosureSealed": _sealed,
    "FileKept": _file_kept,
    "LotEntered": _entered,
    "NoticesRecorded": _noticed,
    "ReferencePriceSet": _priced,
    "SheetItemWritten": _item_written,
    "VoteGiven": _voted,
    "VotesVoided": _votes_voided,
}
