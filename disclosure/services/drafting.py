"""Preparing a material change of an announced sheet: item by item, seen by the lot's court alone (PRECISIONS 11).

Whatever is drafted anew voids what was proposed on the draft before: a panel decides on exactly what it has read.
"""

from collections.abc import Mapping
from typing import Any

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction
from auction.rules.access import Actor
from auction.rules.lot import LIVE
from auction.services.approvals import lapse
from auction.services.locking import lock_round

from ..models import DraftedItem, SheetItem
from ..queries.sheets import drafted_change, latest_version
from ..rules.catalogue import Catalogue
from ..rules.changing import SHEET_CHANGE
from ..rules.sheet import ItemFacts, Sheet, disclosed, sheet_of
from .items import Written, journal_item, keep_item, publish_change, read_payload


def draft_item(unit: Unit, actor: Actor, auction_id: str, code: str, payload: Mapping[str, Any]) -> Written:
    """Draft one item of an announced lot's sheet as a whole; nothing of it is published. Answers it with its findings.

    An item that says again what is published is dropped from the draft. DomainError not_found, wrong_state where no
    round is under way, invalid with every wrong field.
    """
    auction = _locked(unit, actor, auction_id)
    written = read_payload(unit, actor, auction.lot, code, payload)
    published = latest_version(unit.session, auction.lot_id)
    if published is None:
        raise DomainError("wrong_state", status="not_sealed")
    if sheet_of(published.facts, written.catalogue).get(code) == _plain(written.facts, written.catalogue):
        _drop(unit, auction, code)
    else:
        row = unit.session.get(DraftedItem, (auction.id, code)) or DraftedItem(auction_id=auction.id, code=code)
        unit.session.add(keep_item(row, written.facts, at=unit.now, by=actor.id))
    lapse(unit, (SHEET_CHANGE,), (auction.id,))
    unit.record(
        "ChangeDrafted",
        stream=f"lot:{auction.lot_id}",
        private=True,
        body={
            "auction_id": auction.id,
            "code": code,
            "by": actor.id,
            "facts": disclosed(Sheet((written.facts,)))["items"][0],
        },
    )
    return written


def drop_item(unit: Unit, actor: Actor, auction_id: str, code: str) -> None:
    """Take an item out of the draft; what was proposed on it is void. DomainError not_found where it is not drafted."""
    auction = _locked(unit, actor, auction_id)
    if not _drop(unit, auction, code):
        raise DomainError("not_found")
    lapse(unit, (SHEET_CHANGE,), (auction.id,))
    unit.record(
        "ChangeDropped",
        stream=f"lot:{auction.lot_id}",
        private=True,
        body={"auction_id": auction.id, "code": code, "by": actor.id},
    )


def publish_draft(unit: Unit, actor: Actor, auction_id: str) -> int | None:
    """Publish what was drafted where none of it is material: a judge's act. Answers the version, None where no other.

    DomainError not_found, wrong_state where no round is under way or nothing is drafted, and as `publish_change`.
    """
    auction = _locked(unit, actor, auction_id, "sheet.publish")
    drafted = drafted_change(unit.session, auction)
    if drafted is None:
        raise DomainError("wrong_state", reason="nothing_drafted")
    codes = dict.fromkeys(change.code for change in drafted.changes)
    items = [facts for facts in drafted.new.items if facts.code in codes]
    version = publish_change(unit, actor, auction, drafted.catalogue, items)
    adopt_draft(unit, auction)
    for facts in items:
        journal_item(unit, actor, auction.lot_id, facts)
    return version


def adopt_draft(unit: Unit, auction: Auction) -> Sheet:
    """Take the draft over into the sheet being filled, and answer the sheet in force with it. Lot and round are locked.

    What is published meanwhile stays: only the drafted items are put in the place of theirs.
    """
    drafted = drafted_change(unit.session, auction)
    if drafted is None:
        raise DomainError("wrong_state", reason="nothing_drafted")
    for row in unit.session.query(DraftedItem).where(DraftedItem.auction_id == auction.id):
        facts = drafted.new.get(row.code)
        assert facts is not None  # noqa: S101 - the new sheet is the one in force with the draft put in
        item = unit.session.get(SheetItem, (auction.lot_id, row.code)) or SheetItem(
            lot_id=auction.lot_id, code=row.code
        )
        unit.session.add(keep_item(item, facts, at=unit.now, by=row.updated_by))
        unit.session.delete(row)
    unit.session.flush()
    return drafted.new


def _locked(unit: Unit, actor: Actor, auction_id: str, action: str = "lot.edit") -> Auction:
    auction = lock_round(unit, actor, auction_id, action)
    if auction.status not in LIVE:
        raise DomainError("wrong_state", status=auction.status)
    return auction


def _drop(unit: Unit, auction: Auction, code: str) -> bool:
    row = unit.session.get(DraftedItem, (auction.id, code))
    if row is None:
        return False
    unit.session.delete(row)
    unit.session.flush()
    return True


def _plain(facts: ItemFacts, catalogue: Catalogue) -> ItemFacts:
    """The same facts as they would be read back from a sealed version."""
    kept = sheet_of(disclosed(Sheet((facts,))), catalogue).get(facts.code)
    assert kept is not None  # noqa: S101 - it was just put in
    return kept
