"""What the listing of a lot is made of; and the index of grams, which each database has its own of."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, TextClause, func, select, text
from sqlalchemy.orm import Session

from auction.kernel.db import is_postgresql
from auction.models import Auction, Case, Court, Lot, LotListing
from disclosure.models import SheetVersion
from disclosure.queries.sheets import disclosed_hashes, files
from disclosure.rules.announcement import particulars
from disclosure.rules.catalogue import load
from disclosure.rules.sheet import Sheet, sheet_of
from risk.queries.clearance import bands

from ..rules.find import grams_of_word, grouped, said_of, searched

#: A letter of a gram in SQLite's index: five hex digits, so that no letter can part it or mean anything there.
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """A lot, its latest announced round, and what its flags are made of."""

    lot: Lot
    auction: Auction
    court_name: str
    case_number: str
    band: str | None
    failed: bool


def listed(session: Session, lot_id: str) -> Listed | None:
    """What a list tells of a lot; None while nothing of it was announced."""
    order = (Auction.announced_at.desc(), Auction.id.desc())
    announced = select(Auction).where(Auction.lot_id == lot_id, Auction.announced_at.is_not(None)).order_by(*order)
    rounds = session.scalars(announced).all()
    if not rounds:
        return None
    lot, court, number = session.execute(
        select(Lot, Court.name, Case.number)
        .join(Court, Court.code == Lot.court_code)
        .join(Case, Case.id == Lot.case_id)
        .where(Lot.id == lot_id)
    ).one()
    failed = any(earlier.status == "unsold" for earlier in rounds[1:])
    return Listed(lot, rounds[0], court, number, bands(session, [lot_id]).get(lot_id), failed)


def sealed_sheet(session: Session, lot: Lot) -> Sheet:
    """The sealed sheet in force, empty where there is none."""
    row = session.get(SheetVersion, (lot.id, lot.sheet_version))
    return sheet_of(row.facts, load(lot.asset_type)) if row is not None else Sheet(())


def photo_of(session: Session, lot: Lot) -> str | None:
    """The first image that the sealed sheet in force discloses, by its file's id; None where there is none."""
    row = session.get(SheetVersion, (lot.id, lot.sheet_version))
    disclosed = disclosed_hashes(row) if row is not None else set()
    images = (file for file in files(session, lot.id) if file.media_type.startswith("image/"))
    return next((file.id for file in images if file.sha256 in disclosed), None)


def text_of(session: Session, found: Listed, sheet: Sheet) -> str:
    """The text a lot is found by: what it is called, where it lies, who sells it, and what was announced of it."""
    published = session.scalar(select(Auction.announcement).where(Auction.id == found.auction.id))
    lot = found.lot
    named = (lot.title, lot.address, lot.region, found.court_name, found.case_number)
    return searched((*named, *said_of(sheet), *particulars(published or {})))


def unlisted(session: Session, most: int) -> list[str]:
    """Lots with an announced round that are in no listing."""
    rows = (
        select(Auction.lot_id)
        .outerjoin(LotListing, LotListing.lot_id == Auction.lot_id)
        .where(Auction.announced_at.is_not(None), LotListing.number.is_(None))
        .distinct()
        .limit(most)
    )
    return list(session.scalars(rows))


def gram_token(gram: str) -> str:
    """A gram as SQLite's index has it."""
    return "".join(f"{ord(char):0{_DIGITS}x}" for char in gram)


def mark_token(mark: str) -> str:
    """A flag as SQLite's index has it: no gram begins like it."""
    return "z" + mark.replace("_", "")


#: The numbers of the lots whose grams match `:find`.
_SOUGHT = {
    True: text("SELECT number FROM lot_grams WHERE grams @@ CAST(:find AS tsquery)"),
    False: text("SELECT rowid AS number FROM lot_grams WHERE lot_grams MATCH :find"),
}


def sought(session: Session, words: tuple[str, ...], marks: tuple[str, ...]) -> Any:
    """A SELECT of `number`: lots with all the grams of the words, and the marks, see `grouped`."""
    found: TextClause = _SOUGHT[is_postgresql(session)]
    return found.bindparams(find=match(session, words, marks)).columns(LotListing.number)


def match(session: Session, words: tuple[str, ...], marks: tuple[str, ...]) -> str:
    """What the index is asked for: letters and digits only, each gram by itself; of a group of marks any will do."""
    asked = [gram for word in words for gram in grams_of_word(word)]
    if is_postgresql(session):
        any_of = [" | ".join(f"'#{mark}'" for mark in group) for group in grouped(marks)]
        return " & ".join([*(f"'{gram}'" for gram in asked), *(f"({each})" for each in any_of)])
    any_of = [" OR ".join(f'"{mark_token(mark)}"' for mark in group) for group in grouped(marks)]
    return " AND ".join([*(f'"{gram_token(gram)}"' for gram in asked), *(f"({each})" for each in any_of)])


def up_to(session: Session, rows: Any, most: int) -> int:
    """How many rows there are, counted no further than `most`."""
    counted: Select[int] = select(func.count()).select_from(rows.limit(most).subquery())
    return session.scalar(counted) or 0
