"""The editions of a round's announcement: the one in force, those before it, and what each changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction
from auction.rules.access import Actor
from disclosure.models import FormerAnnouncement
from disclosure.rules.editions import TextChange, text_changes

from .auctions import visible_auction


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition: in force from `written_at` to `replaced_at`, None for the one in force now.

    `until_version`: the last version of the sheet it stood on, None too for the one in force. `changes`: what it says
    otherwise than the one before; nothing for the first.
    """

    number: int
    until_version: int | None
    written_at: datetime
    replaced_at: datetime | None
    document: Mapping[str, Any]
    changes: tuple[TextChange, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """The edition without its texts."""
        return {
            "edition": self.number,
            "written_at": iso(self.written_at),
            "replaced_at": iso(self.replaced_at) if self.replaced_at else None,
            "changes": [change.as_data() for change in self.changes],
        }


def editions(session: Session, auction_id: str) -> list[Edition]:
    """Every edition of an announced round, the first first; empty before there is one."""
    auction = session.get(Auction, auction_id, options=[undefer(Auction.announcement)])
    if auction is None or auction.announced_at is None or auction.announcement is None:
        return []
    rows = session.scalars(
        select(FormerAnnouncement)
        .where(FormerAnnouncement.auction_id == auction_id)
        .order_by(FormerAnnouncement.edition)
    ).all()
    since = rows[-1].replaced_at if rows else auction.announced_at
    texts = [*(row.document for row in rows), auction.announcement]
    changes = [(), *(text_changes(*pair) for pair in pairwise(texts))]
    spans = [*((row.sheet_version, row.written_at, row.replaced_at) for row in rows), (None, since, None)]
    return [
        Edition(number, *span, text, change)
        for number, (span, text, change) in enumerate(zip(spans, texts, changes, strict=True), 1)
    ]


def public_editions(session: Session, actor: Actor | None, auction_id: str) -> list[Edition]:
    """The same for a reader. DomainError not_found where the round is unknown or not announced."""
    visible_auction(session, auction_id, actor)
    found = editions(session, auction_id)
    if not found:
        raise DomainError("not_found")
    return found


def public_edition(session: Session, actor: Actor | None, auction_id: str, number: int) -> Edition:
    """One edition with its texts. DomainError not_found for a number there is not."""
    for edition in public_editions(session, actor, auction_id):
        if edition.number == number:
            return edition
    raise DomainError("not_found")


def edition_changes(session: Session, lot_id: str, first: int, second: int) -> list[dict[str, Any]]:
    """What the texts of a lot's rounds said otherwise once its sheet had gone from one sealed version to another."""
    rounds = select(Auction.id).where(Auction.lot_id == lot_id, Auction.announced_at.is_not(None)).order_by(Auction.id)
    found = []
    for auction_id in session.scalars(rounds):
        told = editions(session, auction_id)
        if told:
            changes = text_changes(_on(told, first).document, _on(told, second).document)
            found += [{"auction_id": auction_id, **change.as_data()} for change in changes]
    return found


def _on(told: list[Edition], version: int) -> Edition:
    """The edition that stood on that version of the sheet, or the first of a round announced on a later one."""
    return next(one for one in told if one.until_version is None or one.until_version >= version)
