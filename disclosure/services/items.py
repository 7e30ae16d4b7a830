"""Filling the sheet, item by item; and changing a sheet that is already published (PRECISIONS 11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar

from sqlalchemy import select

from auction.kernel.errors import Breach, DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Lot
from auction.rules.access import Actor, decide
from auction.rules.calendar import shanghai_day
from auction.rules.findings import Finding, errors
from auction.rules.lot import LIVE
from auction.rules.ruleset import load as load_ruleset
from auction.services.auctions import void_votes
from auction.services.lots import lock_lot

from ..models import DraftedItem, SheetItem, SheetVersion
from ..queries.findings import sheet_findings
from ..queries.sheets import catalogue_of, files, latest_version, proof_hashes
from ..rules.catalogue import Catalogue
from ..rules.clearance import promised_on
from ..rules.diff import ItemChange, diff, is_material
from ..rules.entry import check_item, read_item
from ..rules.gaps import vague
from ..rules.linter import lint
from ..rules.sheet import File, ItemFacts, Sheet, disclosed, sheet_of
from .announcing import rewrite
from .change_watch import tell_unusual_changes
from .sealing import refuse, seal_facts

Row = TypeVar("Row", SheetItem, DraftedItem)


@dataclass(frozen=True, slots=True)
class Written:
    """An item as stored; what it lacks or should not say; the version it was published in (None: not yet public)."""

    facts: ItemFacts
    catalogue: Catalogue
    findings: tuple[Finding, ...]
    version: int | None


def put_item(
    unit: Unit, actor: Actor, lot_id: str, code: str, payload: Mapping[str, Any], *, checker: str | None = None
) -> Written:
    """Write one item of a lot's sheet as a whole (`state statement data source checked_on attachments`).

    The checker is the actor, unless what another found (`checker`) is taken over. Votes given on the older sheet fall.
    While a round is announced, open or suspended the change is published at once as a new version with a new seal,
    which every registrant has to acknowledge, and by a judge alone (`forbidden`, `judge_publishes`: PRECISIONS 11, 25);
    a material one is refused then (`wrong_state`, each change as
    `material_change`): it is drafted for the panel to decide on (`drafting`). So is putting off the day of clearance
    that was promised (`clearance_promise_published`).
    DomainError `invalid` with every wrong field, or with every gap the public sheet would have.
    """
    lot = lock_lot(unit, actor, lot_id)
    written = read_payload(unit, actor, lot, code, payload, checker=checker)
    facts, live = written.facts, _live_round(unit, lot)
    version = None
    if live is not None:
        version = publish_change(unit, actor, live, written.catalogue, [facts])
    _store(unit, actor, lot, facts)
    void_votes(unit, lot.id)
    journal_item(unit, actor, lot.id, facts)
    return replace(written, version=version)


def journal_item(unit: Unit, actor: Actor, lot_id: str, facts: ItemFacts) -> None:
    """Record that an item of the sheet was written."""
    told = disclosed(Sheet((facts,)))["items"][0]
    unit.record(
        "SheetItemWritten",
        stream=f"lot:{lot_id}",
        private=True,
        body={"code": facts.code, "state": facts.state, "by": actor.id, "facts": told},
    )


def read_payload(
    unit: Unit, actor: Actor, lot: Lot, code: str, payload: Mapping[str, Any], *, checker: str | None = None
) -> Written:
    """What a payload says of an item, with everything that is still to be said about it. `checker`: not the actor.

    Nothing is stored. DomainError `invalid` with every wrong field, not_found for an item the lot's kind has not.
    """
    catalogue, today = catalogue_of(unit.session, lot), shanghai_day(unit.now)
    item = catalogue.item(code)
    found = check_item(item, payload, today)
    if wrong := errors(found):
        raise DomainError("invalid", [finding.breach() for finding in wrong])
    given = _files_of(unit, lot, payload.get("attachments", ()))
    facts = read_item(item, payload, checker=checker or actor.name, attachments=given)
    said = (*vague(item, facts.statement, facts.data), *lint(Sheet((facts,)), catalogue, today=today))
    return Written(facts, catalogue, (*found, *said), None)


def _files_of(unit: Unit, lot: Lot, ids: Sequence[str]) -> list[File]:
    known = {file.id: file.sha256 for file in files(unit.session, lot.id)} if ids else {}
    wrong = [
        Breach("unknown_attachment", f"attachments.{number}", facts={"value": file_id[:64]})
        for number, file_id in enumerate(ids)
        if file_id not in known
    ]
    proofs = proof_hashes(unit.session, lot.id) if ids else set()
    wrong += [
        Breach("proof_disclosed", f"attachments.{number}", facts={"value": file_id[:64]})
        for number, file_id in enumerate(ids)
        if known.get(file_id) in proofs
    ]
    if wrong:
        raise DomainError("invalid", wrong)
    return [File(file_id, known[file_id]) for file_id in ids]


def _store(unit: Unit, actor: Actor, lot: Lot, facts: ItemFacts) -> None:
    row = unit.session.get(SheetItem, (lot.id, facts.code)) or SheetItem(lot_id=lot.id, code=facts.code)
    unit.session.add(keep_item(row, facts, at=unit.now, by=actor.id))


def keep_item(row: Row, facts: ItemFacts, *, at: datetime, by: str) -> Row:
    """Put the facts of an item onto its row."""
    row.state, row.statement, row.data = facts.state, facts.statement, dict(facts.data)
    row.source, row.checker, row.checked_on = facts.source, facts.checker, facts.checked_on
    row.attachments = [file.id for file in facts.attachments]
    row.updated_at, row.updated_by = at, by
    return row


def _live_round(unit: Unit, lot: Lot) -> Auction | None:
    """The round under way, locked."""
    return unit.session.scalar(
        select(Auction)
        .where(Auction.lot_id == lot.id, Auction.status.in_(LIVE))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def publish_change(
    unit: Unit, actor: Actor, auction: Auction, catalogue: Catalogue, items: Sequence[ItemFacts]
) -> int | None:
    """Publish changes that are not material under a new seal; None when nothing disclosed has changed.

    Lot and round are locked. DomainError as `put_item` says.
    """
    lot = auction.lot
    if auction.status != "suspended" and unit.now >= auction.closes_at:
        raise DomainError("wrong_state", status="ended")
    before = _published(unit, lot)
    old = sheet_of(before.facts, catalogue)
    new = reduce(Sheet.replaced, items, old)
    changes = diff(old, new, catalogue)
    if not changes:
        return None
    _keep_promise(old, new)
    if is_material(changes):
        raise DomainError("wrong_state", [_material(change) for change in changes if change.material])
    if decide(actor, "sheet.publish", court=lot.court_code) is not None:
        raise DomainError("forbidden", reason="judge_publishes")
    ruleset, today = load_ruleset(unit.settings.ruleset), shanghai_day(unit.now)
    refuse(sheet_findings(unit.session, lot, new, ruleset, today, round_live=True))
    own = [File("", digest) for digest in before.facts["attachments"]]
    version = seal_facts(unit, lot, new, own, material=False)
    auction.seal = version.seal
    rewrite(unit, auction, version)
    tell_unusual_changes(unit, auction)
    unit.tell(
        auction, "disclosure", seal=version.seal, sheet_version=version.version, items=[facts.code for facts in items]
    )
    return version.version


def _keep_promise(old: Sheet, new: Sheet) -> None:
    """The day by which the court has promised to clear may come nearer while a round stands on it, and not go away."""
    before, after = promised_on(old), promised_on(new)
    if before is not None and (after is None or after > before):
        facts = {"promised_on": before}
        breach = Breach("clearance_promise_published", "disclosure.clearance.data.due_on", facts=facts)
        raise DomainError("wrong_state", [breach])


def _material(change: ItemChange) -> Breach:
    return Breach("material_change", f"disclosure.{change.code}.{change.field}", facts={"item": change.code})


def _published(unit: Unit, lot: Lot) -> SheetVersion:
    version = latest_version(unit.session, lot.id)
    if version is None:
        raise DomainError("wrong_state", status="not_sealed")
    return version
