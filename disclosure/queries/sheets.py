"""Reading sheets: as they are being filled, as they were sealed, what changed between two seals; and their files.

Before a lot's first announcement only its court and the agencies that work on it may read anything here; afterwards
everybody reads what was sealed, and nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, undefer

from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError, invalid
from auction.models import Account, Auction, LetterTemplate, Lot, Notice, PanelMember, Task, TaskEnd
from auction.rules.access import Actor, decide
from auction.rules.findings import Finding
from auction.rules.lot import LIVE, AssetType, AuctionStatus

from ..models import (
    Attachment,
    CourtItem,
    DraftedItem,
    HeldAnswer,
    PartDecision,
    ReportPart,
    SheetItem,
    SheetVersion,
    TaskReport,
)
from ..rules.announcement import wording_of
from ..rules.catalogue import Catalogue, State, load
from ..rules.court_items import with_court_items
from ..rules.court_words import KINDS, CourtWords
from ..rules.diff import ItemChange, diff, is_material
from ..rules.gaps import gaps
from ..rules.sheet import File, ItemFacts, Sheet, disclosed, sheet_of
from ..rules.tasks import FILES


@dataclass(frozen=True, slots=True)
class FileFacts:
    """An attachment without its bytes."""

    id: str
    filename: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SheetReading:
    """A sheet as it is read: `version` 0 with `seal` None is the one being filled; `files` are those it discloses."""

    lot_id: str
    version: int
    seal: str | None
    at: datetime | None
    material: bool
    sheet: Sheet
    catalogue: Catalogue
    files: tuple[FileFacts, ...]


@dataclass(frozen=True, slots=True)
class SheetChanges:
    """What changed from one sealed version to another, items and the lot's own files (by hash)."""

    first: int
    second: int
    material: bool
    items: tuple[ItemChange, ...]
    files_added: tuple[str, ...]
    files_removed: tuple[str, ...]


def lot_named(session: Session, lot_id: str) -> Lot:
    """The lot; DomainError not_found."""
    lot = session.get(Lot, lot_id)
    if lot is None:
        raise DomainError("not_found")
    return lot


def was_announced(session: Session, lot_id: str) -> bool:
    """Whether the public knows of the lot."""
    seen = select(Auction.id).where(Auction.lot_id == lot_id, Auction.announced_at.is_not(None))
    return session.scalar(seen.limit(1)) is not None


def is_on_sale(session: Session, lot_id: str, now: datetime) -> bool:
    """Whether a round of the lot is announced and its bidding is not over; a suspended one goes on some day."""
    live = [status.value for status in LIVE]
    ahead = (Auction.closes_at > now) | (Auction.status == AuctionStatus.SUSPENDED.value)
    running = select(Auction.id).where(Auction.lot_id == lot_id, Auction.status.in_(live), ahead)
    return session.scalar(running.limit(1)) is not None


def asset_type_of(session: Session, lot_id: str) -> AssetType:
    """The kind of a lot; DomainError not_found."""
    return AssetType(lot_named(session, lot_id).asset_type)


def court_items(session: Session, court_code: str, asset_type: str, *among: ColumnElement[bool]) -> list[CourtItem]:
    """The latest version of every item a court ever added for a kind of lot, in order of codes; `among` those told."""
    rows = session.scalars(
        select(CourtItem)
        .where(CourtItem.court_code == court_code, CourtItem.asset_type == asset_type, *among)
        .order_by(CourtItem.code, CourtItem.version)
    )
    return list({row.code: row for row in rows}.values())


def catalogue_for(session: Session, court_code: str, asset_type: str, *among: ColumnElement[bool]) -> Catalogue:
    """The catalogue of a kind of lot as one court asks it: the shipped items, and its own (`among` those) in use."""
    own = [row.item for row in court_items(session, court_code, asset_type, *among) if row.in_use]
    return with_court_items(load(asset_type), own)


def catalogue_of(session: Session, lot: Lot) -> Catalogue:
    """The catalogue a lot is held against.

    What its court adds or rewords after the panel began to vote on a round is not asked in that round.
    """
    began = (
        select(func.min(PanelMember.voted_at))
        .join(Auction, Auction.id == PanelMember.auction_id)
        .where(Auction.lot_id == lot.id, Auction.status.in_((AuctionStatus.IN_REVIEW, AuctionStatus.APPROVED, *LIVE)))
        .scalar_subquery()
    )
    return catalogue_for(session, lot.court_code, lot.asset_type, or_(began.is_(None), CourtItem.at <= began))


def reads_drafts(session: Session, actor: Actor | None, lot: Lot) -> bool:
    """Whether the actor may read what is not published yet: the lot's court, and an agency with a task on it."""
    if decide(actor, "lot.read_draft", court=lot.court_code) is None:
        return True
    return actor is not None and actor.role == "agency" and works_on(session, actor.agency_uscc, lot.id)


def works_on(session: Session, uscc: str | None, lot_id: str, *, open_only: bool = False) -> bool:
    """Whether an agency has a task on the lot that was not called off; `open_only`: that has not ended at all."""
    over = (TaskEnd.task_id == Task.id) if open_only else (TaskEnd.task_id == Task.id) & (TaskEnd.outcome != "done")
    task = select(Task.id).where(Task.lot_id == lot_id, Task.agency_uscc == uscc, ~exists().where(over))
    return session.scalar(task.limit(1)) is not None


def require_drafts(session: Session, actor: Actor | None, lot_id: str) -> Lot:
    """The lot, if the actor may read its drafts; DomainError not_found otherwise."""
    lot = lot_named(session, lot_id)
    if not reads_drafts(session, actor, lot):
        raise DomainError("not_found")
    return lot


def files(session: Session, lot_id: str) -> tuple[FileFacts, ...]:
    """All files of a lot, oldest first, without their bytes."""
    columns = (Attachment.id, Attachment.filename, Attachment.media_type, Attachment.size, Attachment.sha256)
    rows = session.execute(
        select(*columns).where(Attachment.lot_id == lot_id).order_by(Attachment.uploaded_at, Attachment.id)
    )
    return tuple(FileFacts(*row) for row in rows)


def working_sheet(session: Session, lot_id: str, known: Iterable[FileFacts] | None = None) -> Sheet:
    """The sheet as it is being filled, with its files."""
    hashes = {file.id: file.sha256 for file in (files(session, lot_id) if known is None else known)}
    rows = session.scalars(select(SheetItem).where(SheetItem.lot_id == lot_id))
    return Sheet(tuple(_facts(row, hashes) for row in rows))


def _facts(row: SheetItem | DraftedItem, hashes: dict[str, str]) -> ItemFacts:
    return ItemFacts(
        code=row.code,
        state=cast(State, row.state),
        statement=row.statement,
        data=row.data,
        source=row.source,
        checker=row.checker,
        checked_on=row.checked_on,
        attachments=tuple(File(file_id, hashes[file_id]) for file_id in row.attachments),
    )


def publishable(session: Session, lot_id: str) -> tuple[FileFacts, ...]:
    """The files of a lot that may be published: those the court stands for, but none that proves a notice was served,

    for such a proof tells of a person.
    """
    proofs = proof_hashes(session, lot_id)
    return tuple(file for file in taken_over(session, lot_id, files(session, lot_id)) if file.sha256 not in proofs)


def proof_hashes(session: Session, lot_id: str) -> set[str]:
    """The hashes of the files that prove that a notice was served: no file with these bytes is ever published."""
    rows = select(Attachment.sha256).join(Notice, Notice.proof_file == Attachment.id)
    return set(session.scalars(rows.where(Notice.lot_id == lot_id)))


def own_files(sheet: Sheet, known: Iterable[FileFacts]) -> tuple[File, ...]:
    """The files of the lot as a whole: those that no item of the sheet refers to."""
    used = {file.sha256 for facts in sheet.items for file in facts.attachments}
    return tuple(File(file.id, file.sha256) for file in known if file.sha256 not in used)


def taken_over(session: Session, lot_id: str, known: Iterable[FileFacts]) -> tuple[FileFacts, ...]:
    """Those of a lot's files that the court stands for: its own, and of an agency's those of a report it accepted."""
    uploaded = select(Attachment.id).join(Account, Account.id == Attachment.uploaded_by)
    waiting = set(session.scalars(uploaded.where(Attachment.lot_id == lot_id, Account.role == "agency")))
    if waiting:
        accepted = (
            select(ReportPart.facts)
            .join(
                PartDecision, and_(PartDecision.report_id == ReportPart.report_id, PartDecision.code == ReportPart.code)
            )
            .join(TaskReport, TaskReport.id == ReportPart.report_id)
            .join(Task, Task.id == TaskReport.task_id)
            .where(Task.lot_id == lot_id, ReportPart.code == FILES, PartDecision.accepted)
        )
        for facts in session.scalars(accepted):
            waiting.difference_update(facts["attachments"])
    return tuple(file for file in known if file.id not in waiting)


def latest_version(session: Session, lot_id: str) -> SheetVersion | None:
    """The last sealed version of a lot's sheet."""
    return session.scalars(
        select(SheetVersion).where(SheetVersion.lot_id == lot_id).order_by(SheetVersion.version.desc()).limit(1)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class DraftedChange:
    """A sheet in force, what it is to become by the draft of its court, and the difference."""

    version: int
    old: Sheet
    new: Sheet
    catalogue: Catalogue
    changes: tuple[ItemChange, ...]

    @property
    def digest(self) -> str:
        """What a panel decides on: it is another one as soon as either sheet changes."""
        return sha256_hex(canonical([disclosed(self.old), disclosed(self.new)]))


def drafted_change(session: Session, auction: Auction) -> DraftedChange | None:
    """The change drafted for a round under way; None where nothing is drafted. The caller decides who may see it."""
    version = latest_version(session, auction.lot_id)
    rows = session.scalars(select(DraftedItem).where(DraftedItem.auction_id == auction.id)).all()
    if version is None or not rows:
        return None
    known = {file.id: file.sha256 for file in files(session, auction.lot_id)}
    catalogue = catalogue_of(session, auction.lot)
    old = sheet_of(version.facts, catalogue, {digest: file_id for file_id, digest in known.items()})
    new = old
    for row in rows:
        new = new.replaced(_facts(row, known))
    return DraftedChange(version.version, old, new, catalogue, diff(old, new, catalogue))


def court_words(session: Session, court_code: str, versions: Mapping[str, int] | None = None) -> dict[str, CourtWords]:
    """What a court adds to its texts, by text: as it says now, or in these versions. None where it adds nothing."""
    rows = select(LetterTemplate).where(LetterTemplate.court_code == court_code, LetterTemplate.kind.in_(KINDS))
    kept = {}
    for row in session.scalars(rows.order_by(LetterTemplate.version)):
        if versions is None or versions.get(row.kind) == row.version:
            kept[row.kind] = CourtWords(row.version, row.text, row.text_en or "")
    return {kind: words for kind, words in kept.items() if words.zh}


def rounds_of_other_words(session: Session, court_code: str, kind: str, version: int) -> int:
    """How many live rounds of a court stand announced with another version of what it adds to a text (0: none)."""
    stored = select(Auction).join(Lot, Lot.id == Auction.lot_id).options(undefer(Auction.announcement))
    live = session.scalars(stored.where(Lot.court_code == court_code, Auction.status.in_(LIVE)))
    return sum((wording_of(one.announcement or {}, kind) or 0) != version for one in live)


def held_of(session: Session, question_ids: Sequence[str]) -> dict[str, HeldAnswer]:
    """What is held of each of the questions until the sheet tells it. The caller decides who may read it."""
    held = select(HeldAnswer).where(HeldAnswer.question_id.in_(question_ids), HeldAnswer.outcome.is_(None))
    return {row.question_id: row for row in session.scalars(held)}


def read_sheet(session: Session, actor: Actor | None, lot_id: str, version: int | None = None) -> SheetReading:
    """A sheet for a reader: the version asked for, else the last sealed one.

    Version 0, and whatever there is before the first seal, is the sheet being filled: for the lot's court and agencies.
    DomainError not_found for everything else.
    """
    lot = lot_named(session, lot_id)
    if version is None:
        version = lot.sheet_version
    if version == 0:
        return _working(session, require_drafts(session, actor, lot_id))
    row = session.get(SheetVersion, (lot_id, version))
    if row is None:
        raise DomainError("not_found")
    known = {file.sha256: file for file in files(session, lot_id)}
    catalogue = catalogue_of(session, lot)
    sheet = sheet_of(row.facts, catalogue, {digest: file.id for digest, file in known.items()})
    disclosed = disclosed_hashes(row)
    return SheetReading(
        lot_id,
        row.version,
        row.seal,
        row.at,
        row.material,
        sheet,
        catalogue,
        tuple(file for file in known.values() if file.sha256 in disclosed),
    )


def _working(session: Session, lot: Lot) -> SheetReading:
    known = files(session, lot.id)
    sheet = working_sheet(session, lot.id, known)
    return SheetReading(lot.id, 0, None, None, False, sheet, catalogue_of(session, lot), known)


def disclosed_hashes(version: SheetVersion) -> set[str]:
    """The hashes of all files that a sealed version discloses."""
    hashes = set(version.facts["attachments"])
    return hashes.union(*(item["attachments"] for item in version.facts["items"]))


def sheet_changes(session: Session, lot_id: str, first: int, second: int) -> SheetChanges:
    """What changed between two sealed versions. DomainError not_found for an unknown lot, invalid for a version."""
    lot = lot_named(session, lot_id)
    if lot.sheet_version == 0:
        raise DomainError("not_found")
    rows = [session.get(SheetVersion, (lot_id, version)) for version in (first, second)]
    old, new = rows
    if old is None or new is None:
        raise invalid("from" if old is None else "to", "out_of_range", least=1, most=lot.sheet_version)
    catalogue = catalogue_of(session, lot)
    changes = diff(sheet_of(old.facts, catalogue), sheet_of(new.facts, catalogue), catalogue)
    before, after = set(old.facts["attachments"]), set(new.facts["attachments"])
    return SheetChanges(
        first, second, is_material(changes), changes, tuple(sorted(after - before)), tuple(sorted(before - after))
    )


def sheet_gaps(session: Session, actor: Actor | None, lot_id: str) -> tuple[Finding, ...]:
    """What the sheet being filled still lacks. DomainError not_found but for the lot's court and agencies."""
    lot = require_drafts(session, actor, lot_id)
    return gaps(working_sheet(session, lot_id), catalogue_of(session, lot))


def read_file(session: Session, actor: Actor | None, lot_id: str, file_id: str) -> tuple[Attachment, bool]:
    """A file with its bytes, and whether the public may read it. DomainError not_found for whom it is not meant."""
    file, public = read_file_facts(session, actor, lot_id, file_id)
    return session.get_one(Attachment, file.id), public


def read_file_facts(session: Session, actor: Actor | None, lot_id: str, file_id: str) -> tuple[FileFacts, bool]:
    """The same without its bytes."""
    lot = lot_named(session, lot_id)
    file = next((file for file in files(session, lot.id) if file.id == file_id), None)
    if file is None:
        raise DomainError("not_found")
    sealed = session.scalars(select(SheetVersion).where(SheetVersion.lot_id == lot_id))
    public = any(file.sha256 in disclosed_hashes(version) for version in sealed)
    if not public and not reads_drafts(session, actor, lot):
        raise DomainError("not_found")
    return file, public


def item_data(item: ItemFacts, catalogue: Catalogue) -> dict[str, Any]:
    """One item as JSON values: files by their ids."""
    known = catalogue.find(item.code)
    return {
        "code": item.code,
        "title": known.title if known else item.code,
        "title_en": known.title_en if known else item.code,
        "state": item.state,
        "statement": item.statement,
        "data": dict(item.data),
        "source": item.source,
        "checker": item.checker,
        "checked_on": item.checked_on.isoformat() if item.checked_on else None,
        "attachments": [file.id for file in item.attachments],
    }
