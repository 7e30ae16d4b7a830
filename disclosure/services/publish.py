"""Announcing a round: all findings at once, or the sheet sealed, the ruleset copied and the announcement written.

The seal is what makes an undisclosed lot impossible: nothing else in the house sets it on an auction, and nobody can
register without it.
"""

from auction.kernel.clock import iso
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Lot, ReferencePrice
from auction.rules.access import Actor
from auction.rules.lot import PRIVATE, AuctionStatus, check_transition
from auction.rules.ruleset import Ruleset, load
from auction.rules.terms import Terms
from auction.services.auctions import terms_data
from auction.services.locking import lock_round
from risk.services.valuation import alert_deviations

from ..models import SheetVersion
from ..queries.findings import announcement_findings
from ..queries.sheets import catalogue_of, latest_version, own_files, publishable, working_sheet
from ..rules.diff import diff, is_material
from ..rules.sheet import sheet_of
from .announcing import written
from .change_watch import tell_unusual_changes
from .sealing import refuse, seal_facts


def publish(unit: Unit, actor: Actor, auction_id: str) -> Auction:
    """Announce a round whose panel has approved it (OJA 12-16, 27). Any member of the panel may.

    DomainError forbidden for somebody else, wrong_state once it was announced; otherwise every error at once: the
    code of the first, all of them as breaches, each with its article.
    """
    auction = lock_round(unit, actor, auction_id, "auction.announce")
    if actor.id not in {member.account_id for member in auction.panel}:
        raise DomainError("forbidden")
    if auction.status not in PRIVATE:
        raise DomainError("wrong_state", status=auction.status)
    ruleset = load(unit.settings.ruleset)
    refuse(announcement_findings(unit.session, auction, ruleset, unit.now))
    version = _seal(unit, auction.lot)
    _announce(unit, auction, version, ruleset)
    return auction


def _seal(unit: Unit, lot: Lot) -> SheetVersion:
    sheet = working_sheet(unit.session, lot.id)
    items = catalogue_of(unit.session, lot)
    last = latest_version(unit.session, lot.id)
    material = last is not None and is_material(diff(sheet_of(last.facts, items), sheet, items))
    return seal_facts(unit, lot, sheet, own_files(sheet, publishable(unit.session, lot.id)), material=material)


def _announce(unit: Unit, auction: Auction, version: SheetVersion, ruleset: Ruleset) -> None:
    price = unit.session.get_one(ReferencePrice, auction.lot_id)
    copied = ruleset.as_data()
    auction.seal = version.seal
    auction.ruleset_name, auction.ruleset = ruleset.name, copied
    auction.reference_price_fen = price.amount_fen
    auction.announced_at = unit.now
    auction.announcement = written(unit, auction, version)
    check_transition(AuctionStatus(auction.status), AuctionStatus.ANNOUNCED)
    auction.status = AuctionStatus.ANNOUNCED.value
    unit.tell(auction, "status", status=auction.status)
    alert_deviations(unit, auction.lot)
    tell_unusual_changes(unit, auction)
    unit.record(
        "AuctionAnnounced",
        stream=f"auction:{auction.id}",
        body={
            "lot_id": auction.lot_id,
            "court": auction.lot.court_code,
            "round": auction.round,
            "terms": terms_data(Terms.of(auction)),
            "reference_price_fen": price.amount_fen,
            "resale_of": auction.resale_of,
            "announced_at": iso(unit.now),
            "seal": version.seal,
            "sheet_version": version.version,
            "ruleset": ruleset.name,
            "ruleset_sha256": sha256_hex(canonical(copied)),
            "announcement_sha256": sha256_hex(canonical(auction.announcement)),
        },
    )
