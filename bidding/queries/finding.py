"""Finding lots among very many: which are meant, in which order, how many there are, and how they fall apart.

What is asked for is either rare or common. Where the grams of its words leave few lots, these are fetched and sorted;
where they leave many, lists are walked in the order wanted and every lot is looked at, which soon fills a page.
Counting stops where nobody turns the pages any more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from auction.models import LotListing, LotWords
from auction.rules.lot import ENDED
from auction.rules.place import Place
from auction.rules.unsold import DISPOSALS

from ..rules.find import DEGREE_KM, grouped, parted, words
from .listed import sought, up_to

#: What a list may be sorted by; a minus turns the order round.
SORTS = ("announced_at", "opens_at", "closes_at", "price_fen", "followers")
#: Sections of the home page beside the statuses: bidding has begun, will begin, is over or stands still.
SECTIONS = ("running", "coming", "ended")
#: Lots are counted up to so many; where their words are common, up to so many.
MOST_COUNTED, MOST_COUNTED_BY_WORDS = 10_000, 500
#: Facets are counted among at most so many lots.
MOST_IN_FACETS = 50_000
#: Up to so many lots with the grams of a search, it is rare.
_RARE = 5_000


#: The edges of a view: south, west, north, east, degrees WGS 84.
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LotFilter:
    """What is looked for. None or empty matches everything; amounts are fen; of each group of `flags` one must hold.

    `q`: words, each found in what was announced of the lot. `region`: see `in_region`. `status` is that of
    the lot's latest round, or how the lot was disposed of, or one of `SECTIONS`; `min_fen` and `max_fen` bound its
    price (its reserve before a bid). `near`: only lots whose place is known to lie within `within_km` of it.
    `placed`: only lots whose place is known; `box`: only those within it. `opens_from`, `opens_to`, `closes_from`,
    `closes_to`: from a moment on, and before another; a suspended sale has no end to be found by.
    """

    q: str = ""
    asset_type: str | None = None
    court: str | None = None
    region: str = ""
    round: str | None = None
    status: str | None = None
    min_fen: int | None = None
    max_fen: int | None = None
    flags: tuple[str, ...] = ()
    near: Place | None = None
    within_km: float = 0
    placed: bool = False
    box: Box | None = None
    sort: str = "-announced_at"
    opens_from: datetime | None = None
    opens_to: datetime | None = None
    closes_from: datetime | None = None
    closes_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """One page of what was found: (lot id, auction id) in order. `more`: there are more than the `total` counted."""

    ids: Sequence[tuple[str, str | None]]
    total: int
    more: bool


def find(session: Session, wanted: LotFilter, now: datetime, page: int, page_size: int) -> Meant:
    """A page of announced lots."""
    rows = meant(session, wanted, now)
    if rows is None:
        return Meant((), 0, False)
    most = MOST_COUNTED_BY_WORDS if rows.common else MOST_COUNTED
    counted = up_to(session, rows.select, most + 1)
    shown = rows.select.with_only_columns(LotListing.lot_id, LotListing.auction_id).order_by(*order_of(wanted.sort))
    found = session.execute(shown.limit(page_size).offset((page - 1) * page_size)).all()
    return Meant([(row[0], row[1]) for row in found], min(counted, most), counted > most)


def as_meant(session: Session, wanted: LotFilter, now: datetime) -> LotFilter:
    """The same search; where nothing is found by its one word, with that word in two parts by which something is."""

    def finds(tried: LotFilter) -> bool:
        rows = meant(session, tried, now)
        return rows is not None and bool(up_to(session, rows.select, 1))

    others = [replace(wanted, q=query) for query in parted(wanted.q)]
    if not others or finds(wanted):
        return wanted
    return next(filter(finds, others), wanted)


@dataclass(frozen=True, slots=True)
class Rows:
    """The listings that are meant. `common`: by their words alone there are very many."""

    select: Select[Any]
    common: bool


def meant(session: Session, wanted: LotFilter, now: datetime) -> Rows | None:
    """The listings that match; None where a search has nothing that could be found."""
    asked = words(wanted.q)
    if wanted.q.strip() and not asked:
        return None
    rows = select(LotListing.number).where(*_tests(wanted, now))
    # a region's name stands in the lot's text, so that its grams tell whether it is rare
    narrowing = asked if wanted.region.isdecimal() else (*asked, *words(wanted.region))
    if not narrowing and not wanted.flags:
        return Rows(rows, False)
    narrowed = sought(session, narrowing, wanted.flags)
    common = up_to(session, narrowed.subquery().select(), _RARE + 1) > _RARE
    if not common:
        rows = rows.where(LotListing.number.in_(narrowed))
    return Rows(_said(rows, wanted, asked), common)


def marked(flags: tuple[str, ...]) -> list[ColumnElement[bool]]:
    """That a listing has of each group of flags at least one."""
    return [
        or_(*(LotListing.flags.contains(f" {flag} ", autoescape=True) for flag in group)) for group in grouped(flags)
    ]


def _said(rows: Select[Any], wanted: LotFilter, asked: tuple[str, ...]) -> Select[Any]:
    """Of some listings those that have the marks and the words themselves."""
    rows = rows.where(*marked(wanted.flags))
    if asked:
        rows = rows.join(LotWords, LotWords.number == LotListing.number)
        rows = rows.where(*(LotWords.text.contains(word) for word in asked))
    return rows


def is_meant(session: Session, wanted: LotFilter, now: datetime, lot_id: str) -> bool:
    """Whether one announced lot is among those that are looked for."""
    asked = words(wanted.q)
    if wanted.q.strip() and not asked:
        return False
    rows = select(LotListing.number).where(LotListing.lot_id == lot_id, *_tests(wanted, now))
    return session.scalar(_said(rows, wanted, asked)) is not None


def status_now(now: datetime) -> ColumnElement[str]:
    """The status as it is shown: a round whose opening has passed is open."""
    due = and_(LotListing.status == "announced", LotListing.opens_at <= now)
    return case((due, "open"), else_=LotListing.status)


def _tests(wanted: LotFilter, now: datetime) -> list[ColumnElement[bool]]:
    row = LotListing
    tests: list[ColumnElement[bool]] = []
    for column, value in (
        (row.asset_type, wanted.asset_type),
        (row.court_code, wanted.court),
        (row.round, wanted.round),
    ):
        if value:
            tests.append(column == value)
    if wanted.region:
        tests.append(in_region(row.region, wanted.region))
    if wanted.status:
        tests.append(_of_status(wanted.status, now))
    if wanted.min_fen is not None:
        tests.append(row.price_fen >= wanted.min_fen)
    if wanted.max_fen is not None:
        tests.append(row.price_fen <= wanted.max_fen)
    for day, since, until in (
        (row.opens_at, wanted.opens_from, wanted.opens_to),
        (row.closes_at, wanted.closes_from, wanted.closes_to),
    ):
        if since is not None:
            tests.append(day >= since)
        if until is not None:
            tests.append(day < until)
    if wanted.closes_from is not None or wanted.closes_to is not None:
        tests.append(row.status != "suspended")
    if wanted.placed:
        tests.append(row.latitude.is_not(None))
    if wanted.near is not None:
        tests += around(wanted.near, wanted.within_km)
    if wanted.box is not None:
        south, west, north, east = wanted.box
        tests += [row.latitude.between(south, north), row.longitude.between(west, east)]
    return tests


def in_region(column: Any, region: str) -> ColumnElement[bool]:
    """That a region is meant: by the first digits of its code (GB/T 2260), or by any part of its name."""
    found: ColumnElement[bool] = (column.startswith if region.isdecimal() else column.contains)(region, autoescape=True)
    return found


def _of_status(status: str, now: datetime) -> ColumnElement[bool]:
    row = LotListing
    if status in ("running", "open"):
        return or_(row.status == "open", and_(row.status == "announced", row.opens_at <= now))
    if status in ("coming", "announced"):
        return and_(row.status == "announced", row.opens_at > now)
    if status == "ended":
        return row.status.in_([*(status.value for status in ENDED), "suspended", *DISPOSALS])
    return row.status == status


def around(place: Place, within_km: float) -> list[ColumnElement[bool]]:
    """Within so many kilometres, on a plane that touches the earth at the place: exact enough up to 500 km."""
    row = LotListing
    north = within_km / DEGREE_KM
    east_km = DEGREE_KM * max(0.01, math.cos(math.radians(place.latitude)))
    east = within_km / east_km
    up, right = (row.latitude - place.latitude) * DEGREE_KM, (row.longitude - place.longitude) * east_km
    return [
        row.latitude.between(place.latitude - north, place.latitude + north),
        row.longitude.between(place.longitude - east, place.longitude + east),
        up * up + right * right <= within_km * within_km,
    ]


def order_of(sort: str) -> tuple[Any, ...]:
    """The order of a list; what ties comes in the order in which it was listed."""
    column = getattr(LotListing, sort.removeprefix("-"))
    if sort.startswith("-"):
        return column.desc(), LotListing.number.desc()
    return column.asc(), LotListing.number.asc()


def facets(session: Session, wanted: LotFilter, now: datetime) -> dict[str, dict[str, int]]:
    """How many lots each value of type, status, court and round would leave, the other filters as they are.

    `{"asset_type": {...}, "status": ..., "court": ..., "round": ...}`; without numbers where there are more than
    `MOST_IN_FACETS`.
    """
    open_to_all = {
        "asset_type": (LotListing.asset_type, replace(wanted, asset_type=None)),
        "status": (status_now(now), replace(wanted, status=None)),
        "court": (LotListing.court_code, replace(wanted, court=None)),
        "round": (LotListing.round, replace(wanted, round=None)),
    }
    return {name: _counts(session, column, asked, now) for name, (column, asked) in open_to_all.items()}


def _counts(session: Session, column: Any, wanted: LotFilter, now: datetime) -> dict[str, int]:
    rows = meant(session, wanted, now)
    if rows is None or rows.common:
        return {}
    few = rows.select.with_only_columns(column.label("value")).limit(MOST_IN_FACETS + 1).subquery()
    counts = {row[0]: row[1] for row in session.execute(select(few.c.value, func.count()).group_by(few.c.value))}
    return counts if sum(counts.values()) <= MOST_IN_FACETS else {}
