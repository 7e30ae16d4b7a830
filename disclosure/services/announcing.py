"""Writing the announcement, the bidder notice and the special notices, and writing them anew when the sheet changes.

They tell of the sheet in force (OJA 14, 15(2)): with every new seal under a live round they are written from it again,
and so they are when its opening moves.
What stood before is kept, dated, and stays public. What the court adds of its own is pinned by the announcement: a text
written anew has the version of those words that it was announced with, whatever the court says since.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.unit import Unit
from auction.models import Auction, Case, Court, ReferencePrice
from auction.rules.ruleset import from_data
from auction.rules.terms import Terms

from ..models import FormerAnnouncement, SheetVersion
from ..queries.sheets import catalogue_of, court_words
from ..rules.announcement import PLATFORM, AnnouncementFacts, publication, wording_of
from ..rules.court_words import KINDS, CourtWords
from ..rules.sheet import sheet_of


def written(unit: Unit, auction: Auction, version: SheetVersion) -> dict[str, Any]:
    """The three texts of a round on that version of the sheet; ruleset, price and time of announcing stand on it."""
    return publication(_facts(unit, auction, version, court_words(unit.session, auction.lot.court_code)))


def rewrite(unit: Unit, auction: Auction, version: SheetVersion, former_version: int | None = None) -> None:
    """Write the texts of a live round anew from the version in force, keep what stood before, and record it.

    What stood before told of the version before, unless `former_version` says of which. The auction is locked. Does
    nothing where every word stays.
    """
    former = auction.announcement
    if former is None:
        return
    fresh = publication(_facts(unit, auction, version, _pinned(unit, auction, former)))
    if canonical(former) == canonical(fresh):
        return
    editions = select(FormerAnnouncement).where(FormerAnnouncement.auction_id == auction.id)
    last = unit.session.scalars(editions.order_by(FormerAnnouncement.edition.desc()).limit(1)).one_or_none()
    edition = last.edition + 1 if last else 1
    former_version = version.version - 1 if former_version is None else former_version
    unit.session.add(
        FormerAnnouncement(
            auction_id=auction.id,
            edition=edition,
            sheet_version=former_version,
            document=former,
            written_at=last.replaced_at if last else auction.announced_at,
            replaced_at=unit.now,
        )
    )
    auction.announcement = fresh
    unit.record(
        "AnnouncementRewritten",
        stream=f"auction:{auction.id}",
        body={
            "edition": edition + 1,
            "announcement_sha256": sha256_hex(canonical(fresh)),
            "former_sha256": sha256_hex(canonical(former)),
            "seal": version.seal,
            "sheet_version": version.version,
            "former_version": former_version,
        },
    )


def _pinned(unit: Unit, auction: Auction, former: Mapping[str, Any]) -> dict[str, CourtWords]:
    """The court's own words as the former texts have them."""
    versions = {kind: wording_of(former, kind) for kind in KINDS}
    found = {kind: version for kind, version in versions.items() if version is not None}
    return court_words(unit.session, auction.lot.court_code, found)


def _facts(unit: Unit, auction: Auction, version: SheetVersion, words: Mapping[str, CourtWords]) -> AnnouncementFacts:
    assert auction.ruleset is not None and auction.announced_at is not None  # noqa: S101 - put on it by the announcement
    lot, price = auction.lot, unit.session.get(ReferencePrice, auction.lot_id)
    items = catalogue_of(unit.session, lot)
    resold = unit.session.get(Auction, auction.resale_of) if auction.resale_of else None
    return AnnouncementFacts(
        lot_title=lot.title,
        region=lot.region,
        address=lot.address,
        case_number=unit.session.get_one(Case, lot.case_id).number,
        court=unit.session.get_one(Court, lot.court_code).name,
        platform=PLATFORM,
        platform_url=unit.settings.public_url or "",
        terms=Terms.of(auction),
        ruleset=from_data(auction.ruleset),
        catalogue=items,
        sheet=sheet_of(version.facts, items),
        seal=version.seal,
        announced_at=auction.announced_at,
        reference_price_fen=auction.reference_price_fen,
        reference_method=price.method if price else None,
        resale=resold is not None and resold.settlement == "reneged",
        words=words,
    )
