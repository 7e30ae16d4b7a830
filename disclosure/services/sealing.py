"""Sealing: a sheet becomes a numbered version whose hash is what bidders acknowledge."""

from collections.abc import Iterable

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Lot
from auction.rules.findings import Finding, errors
from auction.rules.ruleset import load as load_ruleset
from risk.queries.clearance import assessment_row
from risk.services.clearance import keep_assessment

from ..models import SheetVersion
from ..queries.clearance import clearance_now
from ..queries.sheets import catalogue_of, latest_version
from ..rules.diff import diff
from ..rules.sheet import File, Sheet, disclosed, says_the_same, seal_of, sealed_facts, sheet_of
from .answers import release_answers


def refuse(findings: Iterable[Finding]) -> None:
    """Raise all errors among the findings as one refusal; nothing when there is none."""
    if wrong := errors(findings):
        raise DomainError(
            wrong[0].code, [finding.breach() for finding in wrong], basis=wrong[0].basis, **wrong[0].facts
        )


def seal_facts(unit: Unit, lot: Lot, sheet: Sheet, own: Iterable[File], *, material: bool) -> SheetVersion:
    """Seal a sheet and the lot's own files as the lot's next version, and record it publicly. The lot is locked.

    Where nothing disclosed has changed since the last version, that version stays the one in force. What the card of
    clearance risk says of it is kept beside the seal. Answers held until the sheet tells their fact are published.
    """
    told = disclosed(sheet, own)
    last = latest_version(unit.session, lot.id)
    if last is not None and says_the_same(last.facts, told):
        _assess(unit, lot, sheet, last.seal)
        return last
    lot.sheet_version += 1
    facts = sealed_facts(told, lot_id=lot.id, version=lot.sheet_version)
    fresh = seal_of(facts)
    version = SheetVersion(
        lot_id=lot.id,
        version=lot.sheet_version,
        seal=fresh,
        facts=facts,
        material=material,
        at=unit.now,
    )
    unit.session.add(version)
    unit.session.flush()
    unit.record(
        "DisclosureSealed",
        stream=f"lot:{lot.id}",
        body={"version": version.version, "seal": fresh, "material": material, "items": len(sheet.items)},
    )
    _assess(unit, lot, sheet, fresh)
    if last is not None:
        items = catalogue_of(unit.session, lot)
        release_answers(unit, lot, diff(sheet_of(last.facts, items), sheet, items), version.version)
    return version


def _assess(unit: Unit, lot: Lot, sheet: Sheet, seal: str) -> None:
    """Keep the assessment of the version just sealed, unless it is there already."""
    assessed = clearance_now(unit.session, lot, sheet, load_ruleset(unit.settings.ruleset))
    if assessed is not None and assessment_row(unit.session, lot.id, lot.sheet_version) is None:
        keep_assessment(unit, lot, assessed, seal=seal)
