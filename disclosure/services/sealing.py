"""Sealing: a sheet becomes a numbered version whose hash is what bidders acknowledge."""

from collections.abc import Iterable

from auction.kernel.unit import Unit
from auction.models import Lot

from ..models import SheetVersion
from ..queries import latest_version
from ..rules.sheet import File, Sheet, seal, sealed_facts


def seal_facts(unit: Unit, lot: Lot, sheet: Sheet, own: Iterable[File], *, material: bool) -> SheetVersion:
    """Seal a sheet and the lot's own files as the lot's next version, and record it publicly. The lot is locked.

    Where nothing disclosed has changed since the last version, that version stays the one in force.
    """
    attachments = tuple(own)
    last = latest_version(unit.session, lot.id)
    fresh = seal(sheet, attachments)
    if last is not None and last.seal == fresh:
        return last
    lot.sheet_version += 1
    version = SheetVersion(
        lot_id=lot.id,
        version=lot.sheet_version,
        seal=fresh,
        facts=sealed_facts(sheet, attachments),
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
    return version
