"""Reading sheets: as they are being filled, as they were sealed, what changed between two seals; and their files.

Before a lot's first announcement only its court and the agencies that work on it may read anything here; afterwards
everybody reads what was sealed, and nothing else.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, undefer

from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError, invalid
from auction.models import Account, Auction, LetterTemplate, Lot, Notice, PanelMember, Task, TaskEnd
from auction.queries.proposals import proposal, proposed
from auction.rules.access import Actor, decide
from auction.rules.calendar import shanghai_day
from auction.rules.findings import Finding
from auction.rules.lot import LIVE, PRIVATE, AssetType, AuctionStatus, PartyRole
from auction.rules.published_holidays import published_calendar
from auction.rules.ruleset import Ruleset
from auction.rules.terms import Addressee, Proposal, Terms, check_terms
from risk.models import ClearanceAssessment, ClearancePlan
from risk.queries import bulk, valuation
from risk.queries import clearance as kept
from risk.rules.clearance.assessment import Assessment, assess
from risk.rules.clearance.card import load as load_card
from risk.rules.clearance.plan import Plan, Step, late_promise

from .models import (
    Attachment,
    CourtItem,
    DraftedItem,
    HeldAnswer,
    PartDecision,
    ReportPart,
    SheetItem,
    SheetVersion,
    TaskReport,
    Viewing,
)
from .rules.announcement import wording_of
from .rules.catalogue import Catalogue, State, load
from .rules.clearance import clearance_facts, clearance_findings, is_cleared, promised_on
from .rules.court_items import with_court_items
from .rules.court_words import KINDS, CourtWords
from .rules.diff import ItemChange, diff, is_material
from .rules.gaps import gaps
from .rules.linter import lint, lint_text
from .rules.sheet import File, ItemFacts, Sheet, addressees, disclosed, sheet_of
from .rules.surplus import surplus_findings
from .rules.tasks import FILES
from .rules.viewings import Slot, overlap_findings

#: Findings on price and notices that another opening puts right.
_SETTLED_BY_OPENING = frozenset({"opens_too_late", "shareholders_time"})


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


@dataclass(frozen=True, slots=True)
class ClearanceReading:
    """How hard a lot will be to clear, as it is read. `assessed` None: nothing of this kind is cleared.

    `version` is the sealed version it stands beside, None while the sheet is being filled; `promised_on` the day told.
    `chance`: of clearing in time, by the model, where one beats the card. `draft`: beside a sealed version the same of
    the sheet as it stands now, for who reads drafts.
    """

    assessed: Assessment | None
    version: int | None
    at: datetime | None
    plan: ClearancePlan | None
    promised_on: date | None
    record: kept.Record
    chance: float | None
    draft: "ClearanceReading | None" = None


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


def _words_findings(session: Session, court_code: str) -> Iterator[Finding]:
    """What may not be said in what the court adds to the texts, by the rules of now."""
    for kind, words in court_words(session, court_code).items():
        yield from lint_text(words.zh, f"court_words.{kind}.text")
        yield from lint_text(words.en, f"court_words.{kind}.text_en")


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


def announcement_findings(session: Session, auction: Auction, ruleset: Ruleset, now: datetime) -> tuple[Finding, ...]:
    """Everything that speaks against announcing this auction now, terms first, then the sheet; errors before warnings.

    Votes that are still missing are an error of `panel_incomplete`, reason `votes`.
    """
    lot = auction.lot
    catalogue = catalogue_of(session, lot)
    sheet = working_sheet(session, lot.id)
    today = shanghai_day(now)
    asked = with_addressees(proposal(session, auction, frozenset(), ruleset), addressees(sheet, catalogue))
    found = [
        *check_terms(asked, ruleset=ruleset, calendar=published_calendar(ruleset), now=now),
        *_votes(auction, ruleset),
        *sheet_findings(
            session,
            lot,
            sheet,
            ruleset,
            today,
            published_from=_published_from(session, auction),
            handed_over_on=_handed_over_on(auction, ruleset),
        ),
        *_late_promise(session, auction, sheet, ruleset),
        *surplus_findings(sheet, auction.reserve_price_fen, _applicants(asked), ruleset),
        *viewing_overlaps(session, lot.id, now),
        *bulk.findings(session, auction, ruleset, now),
        *valuation.findings(session, auction, ruleset),
        *lint_text(lot.title, "lot.title"),
        *lint_text(lot.address, "lot.address"),
        *lint_text(auction.late_reason_text or "", "late_reason_text"),
        *_words_findings(session, lot.court_code),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.is_error))


def typed_terms_findings(
    session: Session,
    lot: Lot,
    terms: Terms,
    panel: Iterable[str],
    auction_id: str | None,
    ruleset: Ruleset,
    now: datetime,
) -> tuple[Finding, ...]:
    """What speaks against announcing such terms now, before they are stored; errors first.

    Only what the terms themselves settle: the price and the notices have forms of their own. `panel`: usernames, those
    that nobody has are passed over. The caller decides who may ask.
    """
    wanted = select(Account).where(Account.username.in_(list(panel))).order_by(Account.username)
    sheet, catalogue = working_sheet(session, lot.id), catalogue_of(session, lot)
    asked = proposed(session, lot, terms, session.scalars(wanted).all(), frozenset(), ruleset, auction_id)
    found = check_terms(
        with_addressees(asked, addressees(sheet, catalogue)),
        ruleset=ruleset,
        calendar=published_calendar(ruleset),
        now=now,
    )
    elsewhere = ("reference_price", "notices")
    own = [
        one
        for one in found
        if one.field.split(".")[0] not in elsewhere or one.facts.get("reason") in _SETTLED_BY_OPENING
    ]
    left = surplus_findings(sheet, terms.reserve_price_fen, _applicants(asked), ruleset)
    return (*own, *left, *lint_text(terms.late_reason_text or "", "late_reason_text"))


def _applicants(asked: Proposal) -> frozenset[str]:
    return frozenset(one.name for one in asked.addressees if one.role is PartyRole.APPLICANT)


def viewing_overlaps(session: Session, lot_id: str, now: datetime) -> tuple[Finding, ...]:
    """The warning of every two viewings of a lot at one time, of which one is still to come."""
    rows = session.scalars(select(Viewing).where(Viewing.lot_id == lot_id))
    slots = [Slot(row.starts_at, row.ends_at, row.places, cancelled=row.cancelled_at is not None) for row in rows]
    return tuple(overlap_findings(slots, now))


def sheet_findings(
    session: Session,
    lot: Lot,
    sheet: Sheet,
    ruleset: Ruleset,
    today: date,
    *,
    round_live: bool = False,
    published_from: date | None = None,
    handed_over_on: date | None = None,
) -> tuple[Finding, ...]:
    """Everything that speaks against publishing a sheet, with an announcement or while a round stands on it.

    `published_from`: the first day of a statutory publication that can be the announcement's; `handed_over_on`: the
    last day on which a buyer is to have the lot.
    """
    catalogue, announced_on = catalogue_of(session, lot), None if round_live else today
    linted = lint(
        sheet,
        catalogue,
        today=today,
        announced_on=announced_on,
        published_from=published_from,
        handed_over_on=handed_over_on,
    )
    found = (*gaps(sheet, catalogue), *linted)
    assessed = clearance_now(session, lot, sheet, ruleset)
    if assessed is None:
        return found
    plan = plan_of(kept.plan(session, lot.id))
    return (*found, *clearance_findings(assessed, plan, sheet, ruleset, None if round_live else today))


def _handed_over_on(auction: Auction, ruleset: Ruleset) -> date:
    """When the buyer has the lot at the latest: balance, ruling, handover in their full time (SALE 20, 27)."""
    days = auction.balance_days + ruleset.days("ruling_service") + ruleset.days("handover")
    return shanghai_day(auction.closes_at) + timedelta(days=days)


def _published_from(session: Session, auction: Auction) -> date | None:
    """From when on a statutory publication can be this round's: after the last round's announcement, once it ended."""
    last = session.scalar(
        select(Auction)
        .where(Auction.lot_id == auction.lot_id, Auction.id != auction.id, Auction.announced_at.is_not(None))
        .order_by(Auction.announced_at.desc(), Auction.id.desc())
        .limit(1)
    )
    if last is None or last.announced_at is None:
        return None
    after = shanghai_day(last.announced_at) + timedelta(days=1)
    return max(after, shanghai_day(last.closed_at)) if last.closed_at else after


def clearance_now(session: Session, lot: Lot, sheet: Sheet, ruleset: Ruleset) -> Assessment | None:
    """What the card says of a sheet as it stands; None for a kind of lot that is not cleared."""
    if not is_cleared(lot.asset_type):
        return None
    facts = clearance_facts(sheet, load(lot.asset_type), kept.court_level(session, lot.court_code))
    return assess(load_card(), facts, ruleset.texts("clearance_plan_bands"))


def read_clearance(session: Session, actor: Actor | None, lot_id: str, ruleset: Ruleset) -> ClearanceReading:
    """The clearance of a lot for a reader: what was sealed; before that, and beside it, the sheet being filled, for its
    court.

    A version sealed before there were assessments is weighed as it is read. DomainError not_found for everybody else.
    """
    lot = lot_named(session, lot_id)
    if lot.sheet_version == 0:
        require_drafts(session, actor, lot_id)
        return clearance_draft(session, lot, ruleset)
    version = session.get_one(SheetVersion, (lot.id, lot.sheet_version))
    sheet = sheet_of(version.facts, load(lot.asset_type))
    row = kept.assessment_row(session, lot.id, version.version)
    assessed = kept.assessment_of(row) if row else clearance_now(session, lot, sheet, ruleset)
    draft = clearance_draft(session, lot, ruleset) if reads_drafts(session, actor, lot) else None
    return replace(_clearance(session, lot, sheet, assessed, row, version.version), draft=draft)


def clearance_draft(session: Session, lot: Lot, ruleset: Ruleset) -> ClearanceReading:
    """The same of the sheet being filled, whatever was sealed; the caller decides who may see it."""
    sheet = working_sheet(session, lot.id)
    return _clearance(session, lot, sheet, clearance_now(session, lot, sheet, ruleset), None, None)


def _clearance(
    session: Session,
    lot: Lot,
    sheet: Sheet,
    assessed: Assessment | None,
    row: ClearanceAssessment | None,
    version: int | None,
) -> ClearanceReading:
    plan = kept.plan(session, lot.id) if assessed else None
    promise = _promise(sheet, plan_of(plan))
    record = kept.court_record(session, lot.court_code)
    chance = kept.model_chance(session, assessed) if assessed else None
    at = row.at if row else None
    return ClearanceReading(assessed, version, at, plan, promise if assessed else None, record, chance)


def read_plan(session: Session, actor: Actor | None, lot_id: str) -> ClearancePlan | None:
    """The plan in force, for the lot's court and agencies; DomainError not_found for everybody else."""
    require_drafts(session, actor, lot_id)
    return kept.plan(session, lot_id)


def plan_of(row: ClearancePlan | None) -> Plan | None:
    """A stored plan as the rules take it."""
    if row is None:
        return None
    steps = tuple(Step(step["what"], date.fromisoformat(step["on"])) for step in row.steps)
    return Plan(row.owner, row.promised_on, steps, row.resources)


def _late_promise(session: Session, auction: Auction, sheet: Sheet, ruleset: Ruleset) -> tuple[Finding, ...]:
    assessed = clearance_now(session, auction.lot, sheet, ruleset)
    if assessed is None or not assessed.occupied:
        return ()
    told = _promise(sheet, plan_of(kept.plan(session, auction.lot_id)))
    ends_on = shanghai_day(auction.closes_at)
    return late_promise(told, ends_on=ends_on, balance_days=auction.balance_days, ruleset=ruleset)


def _promise(sheet: Sheet, plan: Plan | None) -> date | None:
    """The day promised: by the sheet, else by the plan."""
    told = promised_on(sheet)
    return date.fromisoformat(told) if told else plan.promised_on if plan else None


def _votes(auction: Auction, ruleset: Ruleset) -> tuple[Finding, ...]:
    if auction.status == AuctionStatus.APPROVED:
        return ()
    votes = [member.approve for member in auction.panel]
    facts: dict[str, int | str] = {
        "reason": "votes",
        "approving": sum(vote is True for vote in votes),
        "required": len(votes) // 2 + 1,
    }
    return (Finding("panel_incomplete", "error", "panel", ruleset.basis("panel_majority"), facts),)


def with_addressees(asked: Proposal, named: Iterable[Addressee]) -> Proposal:
    """The proposal with whom the sheet names beside the parties of the case."""
    return replace(asked, addressees=all_addressees(asked.addressees, named))


def all_addressees(parties: Iterable[Addressee], named: Iterable[Addressee]) -> tuple[Addressee, ...]:
    """The parties of a case and whom a sheet names beside them; the same person in one role stays one."""
    first = tuple(parties)
    known = {(_plain(each.name), each.role) for each in first}
    return (*first, *(each for each in named if (_plain(each.name), each.role) not in known))


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def check_round(
    session: Session, actor: Actor | None, auction_id: str, ruleset: Ruleset, now: datetime
) -> tuple[Finding, ...]:
    """All findings on a round before its announcement, for its court. DomainError not_found, wrong_state afterwards."""
    auction = session.get(Auction, auction_id)
    if auction is None or decide(actor, "auction.check", court=auction.lot.court_code) is not None:
        raise DomainError("not_found")
    if auction.status not in PRIVATE:
        raise DomainError("wrong_state", status=auction.status)
    return announcement_findings(session, auction, ruleset, now)


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
