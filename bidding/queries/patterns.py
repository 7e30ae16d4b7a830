"""Reading what a screening of bidding needs: the bids of an ended auction, and of ended auctions of the same people.

Nothing of an auction that has not ended is read, be it of the same people (OJA 8(2)).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Auction, Case, Lot
from auction.rules.calendar import add_months, midnight, shanghai_day
from auction.rules.ruleset import Ruleset
from risk.models import Alert, BidPattern, BidScreening
from risk.rules.patterns.features import Offer, Terms
from risk.rules.patterns.pairs import clashes_of
from risk.rules.patterns.screen import Limits, Screened, screen

from ..models import Bid, RegisteredIdentity, Registration, RegistrationSignal
from .identities import buyers_behind

#: Of the auctions of the same people at most so many are read, the latest: more would only take memory.
_MOST_AUCTIONS = 500
_PORTION = 50
#: What screenings kept before pairs were counted over all meetings lack.
_CONDUCT = dict.fromkeys(("joint_clashes", "joint_raises", "joint_single_steps", "joint_response_s"))


@dataclass(frozen=True, slots=True)
class Bidding:
    """What a screening of one auction rests on, as it was read: its bids, and those of its history.

    `people`: by registration the auction, the keyed hash of whom it bids for, and the bidder code; of those who bid.
    `bids`: auction, registration, amount and arrival of each accepted bid. `held`: how many auctions were bid in.
    """

    auction_id: str
    history: int
    people: Mapping[str, tuple[str, str, str]]
    bids: Sequence[tuple[str, str, int, datetime]]
    terms: Mapping[str, Terms]
    sources: Mapping[tuple[str, str], str]
    held: int


@dataclass(frozen=True, slots=True)
class Screening:
    """What came of screening one auction. `registrations`: by the key under which a bidder stands in the findings."""

    auction_id: str
    history: int
    numbers: Mapping[str, str | int]
    screened: Screened
    registrations: Mapping[str, str]
    codes: Mapping[str, str]
    clashes: Mapping[tuple[str, str], int]


def bidding_of(session: Session, auction_id: str, numbers: Ruleset) -> Bidding | None:
    """The bids of one auction and of the ruleset's window up to its end; None if it has not ended.

    A bidder is the keyed hash of whom the code bids for, so that one person is known in every auction, whoever acts
    for him there; several together are known by one of them.
    """
    auction = session.get(Auction, auction_id)
    if auction is None or auction.closed_at is None:
        return None
    since = midnight(add_months(shanghai_day(auction.closed_at), -12 * numbers.years("pattern_window")))
    during = Auction.closed_at.between(since, auction.closed_at)
    own = _people(session, [auction_id])
    earlier = _auctions_of(session, {match for _, match, _ in own.values()}, auction_id, during)
    people = own | _people(session, earlier)
    return Bidding(
        auction_id=auction_id,
        history=len(earlier),
        people=people,
        bids=_bids(session, [auction_id, *earlier]),
        terms=_terms(session, [auction_id, *earlier]),
        sources=_sources(session, auction_id, people),
        held=_held(session, during),
    )


def screening_of(bidding: Bidding, numbers: Ruleset) -> Screening:
    """Screen the bids of an auction against its history. Nothing is read: this takes time, and any thread may do it."""
    people, auction_id = bidding.people, bidding.auction_id
    offers = [Offer(auction, people[key][1], fen, at) for auction, key, fen, at in bidding.bids if key in people]
    found = screen(
        offers,
        bidding.terms,
        Limits.of(numbers),
        sources=bidding.sources,
        population=bidding.held,
        only={auction_id},
    )
    own = {match: (key, code) for key, (auction, match, code) in people.items() if auction == auction_id}
    return Screening(
        auction_id=auction_id,
        history=bidding.history,
        numbers={
            key: parameter.value
            for key, parameter in numbers.parameters.items()
            if key.startswith("pattern_") and isinstance(parameter.value, str | int)
        },
        screened=found,
        registrations={match: registration for match, (registration, _) in own.items()},
        codes={match: code for match, (_, code) in own.items()},
        clashes=clashes_of(found.sales[auction_id]) if auction_id in found.sales else {},
    )


def _people(session: Session, auctions: Collection[str]) -> dict[str, tuple[str, str, str]]:
    """By registration: auction, keyed hash of whom it bids for, bidder code; of those who bid."""
    bid = Registration.auction_id.in_(auctions) & Registration.has_bid
    rows = session.execute(select(Registration.id, Registration.auction_id, Registration.bidder_code).where(bid))
    buyers = buyers_behind(session, RegisteredIdentity.registration_id.in_(select(Registration.id).where(bid)))
    return {key: (auction, min(buyers[key]), code or "") for key, auction, code in rows}


def _auctions_of(session: Session, people: Collection[str], but: str, during: ColumnElement[bool]) -> list[str]:
    rows = session.execute(
        select(Auction.id, Auction.closed_at)
        .join(Registration, Registration.auction_id == Auction.id)
        .join(RegisteredIdentity, RegisteredIdentity.registration_id == Registration.id)
        .where(RegisteredIdentity.id_match.in_(people), Registration.has_bid, Auction.id != but, during)
        .distinct()
        .order_by(Auction.closed_at.desc(), Auction.id)
        .limit(_MOST_AUCTIONS)
    )
    return [key for key, _ in rows]


def _held(session: Session, during: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Auction).where(during, Auction.bid_count > 0)) or 0


def _bids(session: Session, auctions: Sequence[str]) -> list[tuple[str, str, int, datetime]]:
    """The accepted bids, in portions: between two of them a server on PostgreSQL has time for others."""
    found: list[tuple[str, str, int, datetime]] = []
    for start in range(0, len(auctions), _PORTION):
        rows = session.execute(
            select(Bid.auction_id, Bid.registration_id, Bid.amount_fen, Bid.received_at)
            .where(Bid.auction_id.in_(auctions[start : start + _PORTION]), Bid.seq.is_not(None))
            .order_by(Bid.auction_id, Bid.seq)
        )
        found.extend((auction, key, fen, at) for auction, key, fen, at in rows)
    return found


def _terms(session: Session, auctions: Collection[str]) -> dict[str, Terms]:
    """What each auction asked; whose property it sold is told by its case."""
    rows = session.execute(
        select(
            Auction.id,
            Auction.opens_at,
            Auction.closes_at,
            Auction.reserve_price_fen,
            Auction.increment_fen,
            Lot.case_id,
        )
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Auction.id.in_(auctions))
    )
    return {
        key: Terms(opens_at, closes_at, reserve, increment, case_id)
        for key, opens_at, closes_at, reserve, increment, case_id in rows
    }


def _sources(
    session: Session, auction_id: str, people: Mapping[str, tuple[str, str, str]]
) -> dict[tuple[str, str], str]:
    rows = session.execute(
        select(RegistrationSignal.registration_id, RegistrationSignal.value_match).where(
            RegistrationSignal.auction_id == auction_id, RegistrationSignal.kind == "payer"
        )
    )
    return {(auction_id, people[key][1]): value for key, value in rows if key in people}


def patterns_of(session: Session, auction_id: str) -> dict[str, Any]:
    """What was found of an auction, by bidder code. DomainError not_found; wrong_state before the end (OJA 8(2))."""
    auction = session.get(Auction, auction_id)
    if auction is None or auction.announced_at is None:
        raise DomainError("not_found")
    if auction.closed_at is None:
        raise DomainError("wrong_state", status=auction.status)
    screening = session.get(BidScreening, auction_id)
    found = session.scalars(
        select(BidPattern)
        .where(BidPattern.auction_id == auction_id)
        .order_by(BidPattern.score_permille.desc(), BidPattern.bidder_code)
    ).all()
    codes = {one.registration_id: one.bidder_code for one in found}
    alert = session.scalar(select(Alert.id).where(Alert.key == alert_key(auction_id)))
    return {
        "auction_id": auction_id,
        "lot_id": auction.lot_id,
        "screened_at": iso(screening.at) if screening else None,
        "history": screening.history if screening else 0,
        "alert_id": alert,
        "findings": [
            {
                "bidder_code": one.bidder_code,
                "score": one.score_permille / 1000,
                "alert": one.alert,
                "features": one.features,
                "reasons": [
                    {
                        "code": reason["code"],
                        "facts": reason["facts"],
                        "others": sorted(codes[key] for key in reason["others"] if key in codes),
                    }
                    for reason in one.reasons
                ],
            }
            for one in found
        ],
        "pairs": [
            {**_CONDUCT, **pair, "a": codes[pair["a"]], "b": codes[pair["b"]]}
            for pair in (screening.pairs if screening else ())
            if pair["a"] in codes and pair["b"] in codes
        ],
    }


@dataclass(frozen=True, slots=True)
class BidLine:
    """An accepted bid as it is shown."""

    seq: int
    code: str
    amount_fen: int
    received_at: datetime


def bids_in_order(session: Session, auction_id: str, most: int) -> tuple[str, datetime, datetime, list[BidLine]]:
    """Of an auction that exists: the lot's title, its end, its announced end, and its last `most` bids in order."""
    title, ended, announced = session.execute(
        select(Lot.title, Auction.closes_at, Auction.scheduled_closes_at)
        .join(Lot, Lot.id == Auction.lot_id)
        .where(Auction.id == auction_id)
    ).one()
    rows = session.execute(
        select(Bid.seq, Bid.bidder_code, Bid.amount_fen, Bid.received_at)
        .where(Bid.auction_id == auction_id, Bid.seq.is_not(None))
        .order_by(Bid.seq.desc())
        .limit(most)
    ).all()
    return title, ended, announced, [BidLine(seq or 0, code or "", fen, at) for seq, code, fen, at in reversed(rows)]


def alert_key(auction_id: str) -> str:
    """The key of the one alert about an auction's bidding."""
    return f"bid_pattern:{auction_id}"


def screened_page(session: Session, *, page: int, page_size: int) -> tuple[list[dict[str, Any]], int]:
    """Screened auctions, those worth a look first, then the latest; and how many there are."""
    alerts = (
        select(BidPattern.auction_id, func.count().label("alerts"), func.max(BidPattern.score_permille).label("score"))
        .where(BidPattern.alert)
        .group_by(BidPattern.auction_id)
        .subquery()
    )
    total = session.scalar(select(func.count()).select_from(BidScreening)) or 0
    rows = session.execute(
        select(Auction, Lot.title, Lot.court_code, Case.number, func.coalesce(alerts.c.alerts, 0))
        .join(BidScreening, BidScreening.auction_id == Auction.id)
        .join(Lot, Lot.id == Auction.lot_id)
        .join(Case, Case.id == Lot.case_id)
        .outerjoin(alerts, alerts.c.auction_id == Auction.id)
        .order_by(func.coalesce(alerts.c.alerts, 0).desc(), BidScreening.at.desc(), Auction.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return [
        {
            "auction_id": auction.id,
            "lot_title": title,
            "court": court,
            "case_number": number,
            "status": auction.status,
            "bids": auction.bid_count,
            "closed_at": auction.closed_at,
            "alerts": count,
        }
        for auction, title, court, number, count in rows
    ], total
