"""Following lots and courts, saving searches; and telling whoever waits of what has changed.

Changes of listings lie in a table until everybody concerned was told, so many people at a time: a lot that many follow
never holds up what changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update

from auction.kernel.clock import iso
from auction.kernel.db import insert_new
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Court, CourtFollow, ListingChange, Lot, LotFollow, LotListing, SavedSearch
from auction.rules.access import Actor, require
from auction.rules.place import Place

from ..models import Registration
from ..queries.finding import LotFilter, is_meant
from ..queries.news import Telling
from ..rules.registration import STANDING
from .messages import tell_all

#: How much one account may follow and save.
MOST_FOLLOWED, MOST_SEARCHES = 1_000, 50
#: Before the opening, the followers of a lot are reminded.
REMINDED = timedelta(hours=24)
#: People told in one transaction, and lots whose opening is noted.
_AT_ONCE = 500


def follow_lot(unit: Unit, actor: Actor, lot_id: str) -> None:
    """Follow a lot of which a round was announced; nothing more when it is followed already.

    DomainError not_found, too_many.
    """
    require(actor, "follow.own")
    _check_listed(unit, lot_id)
    if insert_new(unit.session, LotFollow, lot_id=lot_id, account_id=actor.id, at=unit.now):
        _check(unit, LotFollow, actor, MOST_FOLLOWED)
        _count(unit, lot_id, 1)


def unfollow_lot(unit: Unit, actor: Actor, lot_id: str) -> None:
    """Follow a lot no longer; nothing when it was not followed. DomainError not_found for what is no announced lot."""
    require(actor, "follow.own")
    _check_listed(unit, lot_id)
    gone = delete(LotFollow).where(LotFollow.lot_id == lot_id, LotFollow.account_id == actor.id)
    if unit.session.execute(gone.returning(LotFollow.lot_id)).first() is not None:
        _count(unit, lot_id, -1)


def _check_listed(unit: Unit, lot_id: str) -> None:
    if unit.session.scalar(select(LotListing.number).where(LotListing.lot_id == lot_id)) is None:
        raise DomainError("not_found")


def _count(unit: Unit, lot_id: str, by: int) -> None:
    counted = update(LotListing).where(LotListing.lot_id == lot_id)
    unit.session.execute(counted.values(followers=LotListing.followers + by))


def follow_court(unit: Unit, actor: Actor, court_code: str) -> None:
    """Follow what a court announces. DomainError not_found, too_many."""
    require(actor, "follow.own")
    _check_court(unit, court_code)
    if insert_new(unit.session, CourtFollow, court_code=court_code, account_id=actor.id, at=unit.now):
        _check(unit, CourtFollow, actor, MOST_FOLLOWED)


def unfollow_court(unit: Unit, actor: Actor, court_code: str) -> None:
    """Follow a court no longer; nothing when it was not followed. DomainError not_found."""
    require(actor, "follow.own")
    _check_court(unit, court_code)
    unit.session.execute(
        delete(CourtFollow).where(CourtFollow.court_code == court_code, CourtFollow.account_id == actor.id)
    )


def _check_court(unit: Unit, court_code: str) -> None:
    if unit.session.get(Court, court_code) is None:
        raise DomainError("not_found")


def _check(unit: Unit, model: Any, actor: Actor, most: int) -> None:
    if (unit.session.scalar(select(func.count()).where(model.account_id == actor.id)) or 0) > most:
        raise DomainError("too_many", limit=most)


def save_search(unit: Unit, actor: Actor, name: str, query: Mapping[str, Any]) -> SavedSearch:
    """Save a search, to be told of new lots that match; `query` as `query_of` answers. DomainError too_many.

    One that is saved already is only named anew.
    """
    require(actor, "follow.own")
    for known in unit.session.scalars(select(SavedSearch).where(SavedSearch.account_id == actor.id)):
        if known.query == query:
            known.name = name
            return known
    search = SavedSearch(
        id=unit.new_id(),
        account_id=actor.id,
        name=name,
        query=dict(query),
        asset_type=query.get("asset_type"),
        court_code=query.get("court"),
        at=unit.now,
    )
    unit.session.add(search)
    unit.session.flush()
    _check(unit, SavedSearch, actor, MOST_SEARCHES)
    return search


def drop_search(unit: Unit, actor: Actor, search_id: str) -> None:
    """Give a saved search up. DomainError not_found for one that is not the actor's."""
    require(actor, "follow.own")
    gone = delete(SavedSearch).where(SavedSearch.id == search_id, SavedSearch.account_id == actor.id)
    if unit.session.execute(gone.returning(SavedSearch.id)).first() is None:
        raise DomainError("not_found")


def query_of(wanted: LotFilter) -> dict[str, Any]:
    """A search as it is saved: what is asked for, by the names of the interface; its order does not matter."""
    names = ("q", "asset_type", "court", "region", "round", "status", "min_fen", "max_fen")
    query = {name: getattr(wanted, name) for name in names if getattr(wanted, name) not in (None, "")}
    if wanted.flags:
        query["flags"] = list(wanted.flags)
    if wanted.near is not None:
        query |= {"near": asdict(wanted.near), "within_km": wanted.within_km}
    if wanted.box is not None:
        query["box"] = list(wanted.box)
    return query


def filter_of(query: Mapping[str, Any]) -> LotFilter:
    """The filter of a saved search."""
    more = {**query, "flags": tuple(query.get("flags", ()))}
    if "near" in query:
        more["near"] = Place(**query["near"])
    if "box" in query:
        more["box"] = tuple(query["box"])
    return LotFilter(**more)


# --- telling -------------------------------------------------------------------------------------------------------


def remind_of_openings(unit: Unit) -> int:
    """Note the followed lots that open within a day, each opening once; answers how many."""
    row = LotListing
    soon = (
        select(row)
        .where(row.status == "announced", row.opens_at > unit.now, row.opens_at <= unit.now + REMINDED)
        .where(row.followers > 0, or_(row.soon_for.is_(None), row.soon_for != row.opens_at))
        .limit(_AT_ONCE)
    )
    found = unit.session.scalars(soon).all()
    for listing in found:
        listing.soon_for = listing.opens_at
        noted = {"lot_id": listing.lot_id, "auction_id": listing.auction_id, "status": listing.status}
        unit.session.add(ListingChange(**noted, kind="opening_soon", at=unit.now))
    return len(found)


def alert_followers(unit: Unit) -> bool:
    """Tell the next people of the oldest change; whether there was one. Its row goes when everybody was told."""
    change = unit.session.scalar(select(ListingChange).order_by(ListingChange.id).limit(1).with_for_update())
    if change is None:
        return False
    told = _STAGES[change.stage](unit, change)
    if len(told) == _AT_ONCE:
        change.after = told[-1]
        return True
    following = {"lot": "court", "court": "search"}.get(change.stage)
    if change.kind == "announced" and following is not None:
        change.stage, change.after = following, ""
    else:
        unit.session.delete(change)
    return True


_KINDS = {"announced": "lot_announced", "changed": "followed_lot_changed", "opening_soon": "lot_opening_soon"}


def _tell_lot(unit: Unit, change: ListingChange) -> Sequence[str]:
    rows = select(LotFollow.account_id).where(LotFollow.lot_id == change.lot_id, LotFollow.account_id > change.after)
    if change.kind == "opening_soon":  # who is registered is reminded of it as such
        registered = select(Registration.account_id).where(
            Registration.auction_id == change.auction_id, Registration.status.in_(STANDING)
        )
        rows = rows.where(LotFollow.account_id.not_in(registered))
    return _tell_all(unit, change, _KINDS[change.kind], rows.order_by(LotFollow.account_id))


def _tell_court(unit: Unit, change: ListingChange) -> Sequence[str]:
    court = select(Lot.court_code).where(Lot.id == change.lot_id).scalar_subquery()
    rows = select(CourtFollow.account_id).where(CourtFollow.court_code == court, CourtFollow.account_id > change.after)
    return _tell_all(unit, change, "followed_court_lot", rows.order_by(CourtFollow.account_id))


def _tell_all(unit: Unit, change: ListingChange, kind: str, rows: Select[str]) -> Sequence[str]:
    accounts = unit.session.scalars(rows.limit(_AT_ONCE)).all()
    about = _about(unit, change) if accounts else {}
    tell_all(unit, [Telling(account_id, kind, about, f"{kind}:{change.id}", unit.now) for account_id in accounts])
    return accounts


def _tell_searches(unit: Unit, change: ListingChange) -> Sequence[str]:
    """Tell of the searches that match; one that names another type or court is not even looked at.

    A status narrows the list of a search, not what is told: every lot told of here has just been announced.
    """
    lot = unit.session.get_one(Lot, change.lot_id)
    rows = select(SavedSearch).where(
        SavedSearch.id > change.after,
        or_(SavedSearch.asset_type.is_(None), SavedSearch.asset_type == lot.asset_type),
        or_(SavedSearch.court_code.is_(None), SavedSearch.court_code == lot.court_code),
    )
    searches = unit.session.scalars(rows.order_by(SavedSearch.id).limit(_AT_ONCE)).all()
    about = _about(unit, change) if searches else {}
    asked = [(search, replace(filter_of(search.query), status=None)) for search in searches]
    matching = [search for search, wanted in asked if is_meant(unit.session, wanted, unit.now, lot.id)]
    tellings = [
        Telling(
            search.account_id,
            "saved_search_match",
            {**about, "search_id": search.id, "search": search.name},
            f"saved_search_match:{search.id}:{change.id}",
            unit.now,
        )
        for search in matching
    ]
    tell_all(unit, tellings)
    return [search.id for search in searches]


_STAGES = {"lot": _tell_lot, "court": _tell_court, "search": _tell_searches}


def _about(unit: Unit, change: ListingChange) -> dict[str, Any]:
    auction = unit.session.get_one(Auction, change.auction_id)
    return {
        "lot_id": change.lot_id,
        "auction_id": change.auction_id,
        "title": auction.lot.title,
        "status": change.status,
        "opens_at": iso(auction.opens_at),
    }


def add_views(unit: Unit, counts: Mapping[str, int]) -> None:
    """Add to how often lots were looked at, by lot id."""
    for lot_id, number in sorted(counts.items()):
        counted = update(LotListing).where(LotListing.lot_id == lot_id)
        unit.session.execute(counted.values(views=LotListing.views + number))
