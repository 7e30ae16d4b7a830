"""What is stored of what a form or a request writes anew as a whole: a tag of its value, who wrote it.

A form carries the tag of what it was made from; the interface gives it as `ETag` and takes it as `If-Match`.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from auction.kernel.journal import JournalRow
from auction.models import Account, Auction, LetterTemplate, Notice, PanelMember, ReferencePrice
from disclosure.models import SheetItem
from disclosure.queries.sheets import drafted_change, working_sheet
from disclosure.rules.sheet import ItemFacts
from risk.models import ClearancePlan
from risk.queries import clearance

#: The tag where nothing is stored yet.
NOTHING = "nothing"
_NOTICE = ("name", "role", "status", "at", "proof", "proof_file")
_PRICE = ("method", "amount_fen", "results", "steps", "effective_on", "valid_until")
_TERMS = (
    "round",
    "reserve_price_fen",
    "increment_fen",
    "deposit_fen",
    "opens_at",
    "closes_at",
    "balance_days",
    "forfeit_fen",
    "late_reason",
    "late_reason_text",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a lot: `item` and `draft` are of `code`; `owner` is the round of a draft or terms, else the lot.

    `words` are a court's, which is their owner: a letter or text of the kind `code`.
    """

    kind: Literal["item", "draft", "price", "notices", "terms", "plan", "words"]
    owner: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The tag of what is stored, and the name of who wrote it when; None where nobody has."""

    tag: str
    by: str | None
    at: datetime | None


def item_tag(facts: ItemFacts | None) -> str:
    """The tag of an item of a sheet; who checked it counts for nothing."""
    if facts is None:
        return NOTHING
    files = sorted(file.sha256 for file in facts.attachments)
    return _tag([facts.state, facts.statement, dict(facts.data), facts.source, facts.checked_on, files])


def price_tag(price: ReferencePrice | None) -> str:
    """The tag of a reference price."""
    return NOTHING if price is None else _tag([getattr(price, name) for name in _PRICE])


def notices_tag(notices: Iterable[Notice]) -> str:
    """The tag of a list of notices, in its order."""
    rows = [[getattr(notice, name) for name in _NOTICE] for notice in notices]
    return _tag(rows) if rows else NOTHING


def terms_tag(auction: Auction, panel: Iterable[PanelMember]) -> str:
    """The tag of a round's terms and panel; votes are none of them."""
    return _tag([[getattr(auction, name) for name in _TERMS], [member.account_id for member in panel]])


def version_tag(row: ClearancePlan | LetterTemplate | None) -> str:
    """The tag of what is kept in versions: the version."""
    return NOTHING if row is None else str(row.version)


def _tag(value: Any) -> str:
    plain = json.dumps(value, sort_keys=True, default=lambda one: one.isoformat())
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def kept(session: Session, part: Part) -> Kept:
    """What is stored of a part now. The caller has seen to it that lot or round are there, and who may read them."""
    match part.kind:
        case "item":
            row = session.get(SheetItem, (part.owner, part.code))
            wrote = (row.updated_by, row.updated_at) if row else None
            return _kept(session, item_tag(working_sheet(session, part.owner).get(part.code)), wrote)
        case "draft":
            lot_id = session.get_one(Auction, part.owner).lot_id
            wrote = last_written(session, lot_id, ("ChangeDrafted", "ChangeDropped"), code=part.code)
            return _kept(session, item_tag(drafted_item(session, part.owner, part.code)), wrote)
        case "price":
            price = session.get(ReferencePrice, part.owner)
            return _kept(session, price_tag(price), (price.set_by, price.set_at) if price else None)
        case "notices":
            rows = session.scalars(select(Notice).where(Notice.lot_id == part.owner).order_by(Notice.position))
            return _kept(session, notices_tag(rows), last_written(session, part.owner, ("NoticesRecorded",)))
        case "plan":
            plan = clearance.plan(session, part.owner)
            return _kept(session, version_tag(plan), (plan.by, plan.at) if plan else None)
        case "words":
            words = (LetterTemplate.court_code == part.owner, LetterTemplate.kind == part.code)
            last = session.scalar(select(LetterTemplate).where(*words).order_by(LetterTemplate.version.desc()).limit(1))
            return _kept(session, version_tag(last), (last.by, last.at) if last else None)
        case "terms":
            auction = session.get_one(Auction, part.owner)
            kinds = ("AuctionDrafted", "TermsChanged")
            wrote = last_written(session, auction.lot_id, kinds, auction_id=auction.id)
            return _kept(session, terms_tag(auction, auction.panel), wrote)


def drafted_item(session: Session, auction_id: str, code: str) -> ItemFacts | None:
    """An item as it is drafted for the change of an announced sheet, else as it stands in the sheet."""
    auction = session.get_one(Auction, auction_id)
    drafted = drafted_change(session, auction)
    return (drafted.new if drafted else working_sheet(session, auction.lot_id)).get(code)


def last_written(session: Session, lot_id: str, kinds: tuple[str, ...], **about: str) -> tuple[str, datetime] | None:
    """Who wrote last, and when, by the lot's journal: these parts keep no such columns of their own."""
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.stream == f"lot:{lot_id}", JournalRow.kind.in_(kinds))
        .order_by(JournalRow.number.desc())
    )
    for row in rows:
        body = json.loads(row.entry)["body"]
        if about.items() <= body.items():
            return body["by"], row.at
    return None


def _kept(session: Session, tag: str, wrote: tuple[str, datetime] | None) -> Kept:
    if wrote is None:
        return Kept(tag, None, None)
    account = session.get(Account, wrote[0])
    return Kept(tag, account.display_name if account else None, wrote[1])
