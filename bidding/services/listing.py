"""Keeping the listing of lots: made anew at the end of every unit that changed a lot, a round, a sheet or its band.

The search never lags behind what is announced, and never runs ahead of it: a lot is listed once a round of it is
announced, by its sealed sheet. A bid changes only price and end, and these follow within a second (`list_prices`): each
of the listing's many indexes takes a changed row anew, which for every bid cost as much as the bid.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select, text, update

from auction.kernel.clock import iso
from auction.kernel.crypto import canonical, sha256_hex
from auction.kernel.db import is_postgresql
from auction.kernel.unit import House, Unit
from auction.models import Auction, ListingChange, Lot, LotListing, LotWords
from auction.rules.place import place_of
from disclosure.models import SheetVersion
from risk.models import ClearanceAssessment

from ..queries.listed import Listed, gram_token, listed, mark_token, photo_of, sealed_sheet, text_of, unlisted
from ..rules.find import grams, marks

#: Lots listed in one transaction of an upgrade.
_AT_ONCE = 200
_KNOWN = ("number", "auction_id", "status", "made_of", "flags", "followers")


def keep_listings(house: House) -> None:
    """Have the house keep its listings from now on."""
    house.keep(_keep, Auction, Lot, SheetVersion, ClearanceAssessment)


def _keep(unit: Unit) -> None:
    for lot_id in sorted({row.id if isinstance(row, Lot) else row.lot_id for row in unit.changed}):  # type: ignore[attr-defined]
        list_lot(unit, lot_id)


def list_lot(unit: Unit, lot_id: str, *, quietly: bool = False) -> None:
    """Bring the listing of one lot up to date; nothing while no round of it was announced.

    Whoever waits for what has changed is to be told, unless it is done `quietly`.
    """
    found = listed(unit.session, lot_id)
    if found is None:
        return
    known = unit.session.execute(
        select(*(getattr(LotListing, name) for name in _KNOWN), LotWords.text)
        .join(LotWords, LotWords.number == LotListing.number)
        .where(LotListing.lot_id == lot_id)
    ).one_or_none()
    values, made_of = _values(found), _made_of(found)
    if known is None or (known.made_of, known.status) != (made_of, values["status"]):
        values["changed_at"] = unit.now
    if not quietly:
        _note_change(unit, known, values, made_of)
    if known is not None and known.made_of == made_of:
        unit.session.execute(update(LotListing).where(LotListing.number == known.number).values(values))
        return
    sheet = sealed_sheet(unit.session, found.lot)
    flags = marks(sheet, band=found.band, failed=found.failed)
    values |= {"flags": f" {' '.join(flags)} ", "photo": photo_of(unit.session, found.lot), "made_of": made_of}
    words = text_of(unit.session, found, sheet)
    if known is None:
        number = unit.session.execute(insert(LotListing).values(values).returning(LotListing.number)).scalar_one()
        unit.session.execute(insert(LotWords).values(number=number, text=words))
    else:
        number = known.number
        unit.session.execute(update(LotListing).where(LotListing.number == number).values(values))
        unit.session.execute(update(LotWords).where(LotWords.number == number).values(text=words))
        _forget(unit, number, known.text, tuple(known.flags.split()))
    index(unit, number, words, flags)


def list_prices(unit: Unit, auctions: Collection[str]) -> None:
    """Bring price and end in the listings of rounds up to date."""
    _list_prices(unit, LotListing.auction_id.in_(auctions))


def list_open_prices(unit: Unit) -> None:
    """The same for every round that runs: a process may have ended before what it took was listed."""
    _list_prices(unit, LotListing.auction_id.in_(select(Auction.id).where(Auction.status == "open")))


def _list_prices(unit: Unit, which: ColumnElement[bool]) -> None:
    # Locked first, so that what is read of the rounds is no older than what anybody else wrote into their listings.
    unit.session.execute(select(LotListing.number).where(which).order_by(LotListing.number).with_for_update())
    price = func.coalesce(Auction.price_fen, Auction.reserve_price_fen)
    unit.session.execute(
        update(LotListing)
        .where(which, LotListing.auction_id == Auction.id)
        .where(or_(LotListing.price_fen != price, LotListing.closes_at != Auction.closes_at))
        .values(price_fen=price, closes_at=Auction.closes_at)
        .execution_options(synchronize_session=False)
    )


def _note_change(unit: Unit, known: Any, values: dict[str, Any], made_of: str) -> None:
    """Note a new round for everybody, another change where somebody follows the lot."""
    if known is None or known.auction_id != values["auction_id"]:
        kind = "announced"
    elif known.followers and (known.made_of, known.status) != (made_of, values["status"]):
        kind = "changed"
    else:
        return
    noted = {name: values[name] for name in ("lot_id", "auction_id", "status")}
    unit.session.add(ListingChange(**noted, kind=kind, at=unit.now))


def _values(found: Listed) -> dict[str, Any]:
    lot, auction, place = found.lot, found.auction, place_of(found.lot.attributes)
    return {
        "lot_id": lot.id,
        "auction_id": auction.id,
        "asset_type": lot.asset_type,
        "court_code": lot.court_code,
        "region": lot.region,
        "round": auction.round,
        "status": lot.disposal or auction.status,
        "price_fen": auction.price_fen if auction.price_fen is not None else auction.reserve_price_fen,
        "announced_at": auction.announced_at,
        "opens_at": auction.opens_at,
        "closes_at": auction.closes_at,
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
    }


def _made_of(found: Listed) -> str:
    lot, auction = found.lot, found.auction
    named = [lot.title, lot.address, lot.region, found.court_name, found.case_number]
    assert auction.announced_at is not None  # noqa: S101 - listed once it is announced
    made = [*named, lot.sheet_version, auction.id, iso(auction.announced_at), found.band, found.failed]
    return sha256_hex(canonical(made))


_WRITE = {
    True: text("INSERT INTO lot_grams (number, grams) VALUES (:number, array_to_tsvector(CAST(:grams AS text[])))"),
    False: text("INSERT INTO lot_grams (rowid, grams) VALUES (:number, :grams)"),
}
_FORGET = text("DELETE FROM lot_grams WHERE number = :number")
_FORGET_GRAMS = text("INSERT INTO lot_grams (lot_grams, rowid, grams) VALUES ('delete', :number, :grams)")


def index(unit: Unit, number: int, words: str, flags: tuple[str, ...]) -> None:
    """Put a listed lot into the index of grams."""
    here = is_postgresql(unit.session)
    unit.session.execute(_WRITE[here], {"number": number, "grams": indexed(words, flags, postgresql=here)})


def _forget(unit: Unit, number: int, words: str, flags: tuple[str, ...]) -> None:
    """Take out what was put in for it: SQLite's index wants to be told what that was."""
    if is_postgresql(unit.session):
        unit.session.execute(_FORGET, {"number": number})
    else:
        unit.session.execute(_FORGET_GRAMS, {"number": number, "grams": indexed(words, flags)})


def indexed(words: str, flags: tuple[str, ...], *, postgresql: bool = False) -> Any:
    """The grams of a text and its flags, as the index of a database takes them."""
    if postgresql:
        return sorted({*grams(words), *(f"#{flag}" for flag in flags)})
    return " ".join(sorted({*map(gram_token, grams(words)), *map(mark_token, flags)}))


def list_all(house: House) -> None:
    """List every announced lot that is not listed yet: after an upgrade to the first version that keeps listings."""
    while house.perform(_list_some):
        pass


def _list_some(unit: Unit) -> int:
    lots = unlisted(unit.session, _AT_ONCE)
    for lot_id in lots:
        list_lot(unit, lot_id, quietly=True)
    return len(lots)
