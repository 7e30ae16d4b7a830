"""The change drafted for a round under way, as its court sees it; and what was changed lately without the panel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Account, Auction, Lot
from auction.queries.approvals import approval_dict, proposals_about
from auction.rules.access import Actor, require
from auction.rules.lot import LIVE
from disclosure.models import SheetVersion
from disclosure.queries.sheets import catalogue_of, drafted_change
from disclosure.rules.changing import SHEET_CHANGE, choices
from disclosure.rules.diff import diff, needs_a_word
from disclosure.rules.sheet import sheet_of

from ..rules.supplement import earliest_bidding
from .kept import last_written
from .rooms import ruleset_of

#: For how long the board tells of what a judge published without the panel (court's practice).
LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Published:
    """A version of an announced sheet in which nothing material changed: a judge published it alone."""

    lot: Lot
    version: int
    at: datetime
    titles: tuple[tuple[str, str], ...]
    by: str | None


def published_lately(session: Session, court_code: str, now: datetime) -> list[Published]:
    """What was changed of a court's announced sheets in the last days without the panel, the latest first.

    `titles`: of the changed items, in Chinese and English; `by`: the name of who published it.
    """
    rows = session.execute(
        select(SheetVersion, Lot)
        .join(Lot, Lot.id == SheetVersion.lot_id)
        .where(
            Lot.court_code == court_code,
            SheetVersion.at > now - LATELY,
            SheetVersion.version > 1,
            SheetVersion.material.is_(False),
            exists().where(Auction.lot_id == Lot.id, Auction.announced_at < SheetVersion.at),
            ~exists().where(Auction.lot_id == Lot.id, Auction.announced_at == SheetVersion.at),
        )
        .order_by(SheetVersion.at.desc(), Lot.id)
    )
    found = []
    for row, lot in rows:
        catalogue = catalogue_of(session, lot)
        before = session.get_one(SheetVersion, (lot.id, row.version - 1))
        changes = diff(sheet_of(before.facts, catalogue), sheet_of(row.facts, catalogue), catalogue)
        codes = tuple(dict.fromkeys(change.code for change in changes))
        items = [catalogue.find(code) for code in codes]
        titles = tuple((item.title, item.title_en) for item in items if item is not None)
        found.append(Published(lot, row.version, row.at, titles, _publisher(session, lot.id, codes)))
    return found


def _publisher(session: Session, lot_id: str, codes: tuple[str, ...]) -> str | None:
    wrote = last_written(session, lot_id, ("SheetItemWritten",), code=codes[-1]) if codes else None
    account = session.get(Account, wrote[0]) if wrote else None
    return account.display_name if account else None


def change_of(session: Session, actor: Actor | None, auction_id: str, now: datetime) -> dict[str, Any]:
    """The draft of a round and what was ever proposed on one, the latest first. DomainError not_found."""
    auction = session.get(Auction, auction_id)
    if auction is None:
        raise DomainError("not_found")
    require(actor, "lot.read_draft", court=auction.lot.court_code)
    drafted = drafted_change(session, auction) if auction.status in LIVE else None
    changes = drafted.changes if drafted else ()
    live = auction.status in LIVE
    return {
        "auction_id": auction.id,
        "sheet_version": drafted.version if drafted else auction.lot.sheet_version,
        "items": [change.as_data() for change in changes],
        "choices": list(choices(changes)),
        "needs_word": needs_a_word(changes),
        "earliest_at": iso(earliest_bidding(now, ruleset_of(session, auction))) if live else None,
        "proposals": [approval_dict(session, one) for one in proposals_about(session, SHEET_CHANGE, auction.id)],
    }
