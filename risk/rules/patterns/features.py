"""Features of bidding per auction and bidder, from the bids of ended auctions.

The nine named as in the Shill Bidding Dataset follow Alzahrani and Sadaoui, "Scraping and Preprocessing Commercial
Auction Data for Fraud Classification" (2018, arXiv 1806.00656), all between 0 and 1 but the last:

- Bidder_Tendency: of the auctions the bidder joined, the share that is this seller's; 0 for a first auction.
- Bidding_Ratio: the bidder's share of the auction's bids.
- Successive_Outbidding: 0; 0.5 after two bids of the bidder in a row; 1 after three.
- Last_Bidding, Early_Bidding: how much of the auction had passed at the bidder's last and first bid.
- Auction_Bids: 1 - mean / bids, where the auction had more bids than the mean of those given; else 0.
- Starting_Price_Average: 1 - start / mean, where the starting price was below their mean; else 0.
- Winning_Ratio: 1 - won / joined: near 1 for who is often there and does not win; 0 for a first auction.
- Auction_Duration: in days.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median
from typing import Any

COLUMNS = (
    "Bidder_Tendency",
    "Bidding_Ratio",
    "Successive_Outbidding",
    "Last_Bidding",
    "Auction_Bids",
    "Starting_Price_Average",
    "Early_Bidding",
    "Winning_Ratio",
    "Auction_Duration",
)
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Offer:
    """One bid as it came: `amount_fen` > 0, `at` in UTC. Whether it raised the price is seen from the others."""

    auction: str
    bidder: str
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What an auction asked: its first and its effective last moment, starting price, increment, and whose it was.

    What is not known is None, and is taken from the bids: the first and last of them, the lowest, the smallest step.
    """

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    reserve_fen: int | None = None
    increment_fen: int | None = None
    seller: str | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """An ended auction: its bids in order of arrival, those that raised the price, and who won."""

    id: str
    terms: Terms
    offers: tuple[Offer, ...]
    raises: tuple[Offer, ...]
    bidders: Mapping[str, int]
    winner: str | None

    @property
    def opens_at(self) -> datetime:
        return self.terms.opens_at or self.offers[0].at

    @property
    def closes_at(self) -> datetime:
        return self.terms.closes_at or self.offers[-1].at

    @property
    def start_fen(self) -> int:
        return self.terms.reserve_fen or min(offer.amount_fen for offer in self.offers)

    @property
    def increment_fen(self) -> int:
        """The smallest step by which the price rose, where the terms do not say; 0 where it never rose."""
        if self.terms.increment_fen:
            return self.terms.increment_fen
        steps = [
            after.amount_fen - before.amount_fen for before, after in zip(self.raises, self.raises[1:], strict=False)
        ]
        return min(steps, default=0)

    def passed(self, at: datetime) -> float:
        """The share of the auction that had passed at a moment, between 0 and 1."""
        length = (self.closes_at - self.opens_at).total_seconds()
        if length <= 0:
            return 0.0
        return min(max((at - self.opens_at).total_seconds() / length, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Features:
    """What one bidder did in one auction. `shill`: the nine of the dataset, by column (no tendency without a seller).

    `bids` and `raises`: all bids, and those that raised the price; `own_run`: most bids in a row; `single_steps`:
    raises by exactly one increment; `after`: raises that came after the bidder's last bid; `response_s`: median seconds
    from being outbid to answering, None if never; `joined` and `won`: auctions of the bidder among those given.
    """

    shill: Mapping[str, float | None]
    bids: int
    raises: int
    own_run: int
    single_steps: int
    after: int
    response_s: float | None
    joined: int
    won: int
    is_winner: bool

    def as_data(self) -> dict[str, Any]:
        """As JSON: the columns of the dataset first."""
        own = asdict(self)
        return {**own.pop("shill"), **own}


def sales_of(offers: Sequence[Offer], terms: Mapping[str, Terms]) -> dict[str, Sale]:
    """The auctions that the offers make, by id. Bids of one instant keep the order in which they are given.

    A bid raises the price when it is above every earlier one; the winner is who did so last.
    """
    by_auction: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_auction[offer.auction].append(offer)
    return {
        name: _sale(name, sorted(found, key=_moment), terms.get(name, Terms())) for name, found in by_auction.items()
    }


def _moment(offer: Offer) -> datetime:
    return offer.at


def _sale(name: str, offers: list[Offer], terms: Terms) -> Sale:
    raises: list[Offer] = []
    for offer in offers:
        if not raises or offer.amount_fen > raises[-1].amount_fen:
            raises.append(offer)
    bidders = Counter(offer.bidder for offer in offers)
    return Sale(name, terms, tuple(offers), tuple(raises), bidders, raises[-1].bidder if raises else None)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a bidder over all auctions given."""

    joined: tuple[str, ...]
    won: int
    by_seller: Mapping[str, int]


def records_of(sales: Mapping[str, Sale]) -> dict[str, Record]:
    """Every bidder's record over the sales."""
    joined: dict[str, list[str]] = defaultdict(list)
    for sale in sales.values():
        for bidder in sale.bidders:
            joined[bidder].append(sale.id)
    won = Counter(sale.winner for sale in sales.values() if sale.winner is not None)
    records = {}
    for bidder, names in joined.items():
        sellers = Counter(seller for name in names if (seller := sales[name].terms.seller) is not None)
        records[bidder] = Record(tuple(names), won[bidder], sellers)
    return records


def features_of(sales: Mapping[str, Sale], records: Mapping[str, Record]) -> dict[tuple[str, str], Features]:
    """The features of every bidder with a record, in every auction, in the order of the sales and of first bids."""
    if not sales:
        return {}
    mean_bids = sum(len(sale.offers) for sale in sales.values()) / len(sales)
    mean_start = sum(sale.start_fen for sale in sales.values()) / len(sales)
    found: dict[tuple[str, str], Features] = {}
    for sale in sales.values():
        whole = {
            "Auction_Bids": _round(max(0.0, 1 - mean_bids / len(sale.offers))),
            "Starting_Price_Average": _round(max(0.0, 1 - sale.start_fen / mean_start)),
            "Auction_Duration": _round((sale.closes_at - sale.opens_at).total_seconds() / _DAY),
        }
        runs, steps, answers = _runs(sale), _single_steps(sale), _answers(sale)
        raised = Counter(offer.bidder for offer in sale.raises)
        first, last = _ends(sale)
        after = _after(sale)
        for bidder, bids in sale.bidders.items():
            record = records.get(bidder)
            if record is None:
                continue
            times = answers.get(bidder)
            shill: dict[str, float | None] = {
                "Bidder_Tendency": _tendency(record, sale.terms.seller),
                "Bidding_Ratio": _round(bids / len(sale.offers)),
                "Successive_Outbidding": 1.0 if runs[bidder] > 2 else 0.5 if runs[bidder] == 2 else 0.0,
                "Last_Bidding": _round(sale.passed(last[bidder])),
                "Early_Bidding": _round(sale.passed(first[bidder])),
                "Winning_Ratio": _round(1 - record.won / len(record.joined)) if len(record.joined) > 1 else 0.0,
                **whole,
            }
            found[sale.id, bidder] = Features(
                shill={column: shill[column] for column in COLUMNS},
                bids=bids,
                raises=raised[bidder],
                own_run=runs[bidder],
                single_steps=steps[bidder],
                after=after[bidder],
                response_s=round(median(times), 3) if times else None,
                joined=len(record.joined),
                won=record.won,
                is_winner=sale.winner == bidder,
            )
    return found


def _round(value: float) -> float:
    return round(value, 6)


def _tendency(record: Record, seller: str | None) -> float | None:
    if seller is None:
        return None
    return _round(record.by_seller[seller] / len(record.joined)) if len(record.joined) > 1 else 0.0


def _runs(sale: Sale) -> Counter[str]:
    """The longest row of bids of each bidder with nobody's between."""
    longest: Counter[str] = Counter()
    before, run = None, 0
    for offer in sale.offers:
        run = run + 1 if offer.bidder == before else 1
        before = offer.bidder
        longest[before] = max(longest[before], run)
    return longest


def _single_steps(sale: Sale) -> Counter[str]:
    increment = sale.increment_fen
    pairs = zip(sale.raises, sale.raises[1:], strict=False)
    return Counter(after.bidder for before, after in pairs if after.amount_fen - before.amount_fen == increment)


def _after(sale: Sale) -> dict[str, int]:
    """For each bidder, how many raises came after the own last bid."""
    after: dict[str, int] = {}
    raises = {id(offer) for offer in sale.raises}
    count = 0
    for offer in reversed(sale.offers):
        after.setdefault(offer.bidder, count)
        count += id(offer) in raises
    return after


def _answers(sale: Sale) -> dict[str, list[float]]:
    """For each bidder, the seconds from every time of being outbid to the own next raise."""
    outbid_at: dict[str, datetime] = {}
    answers: dict[str, list[float]] = defaultdict(list)
    for before, after in zip(sale.raises, sale.raises[1:], strict=False):
        if before.bidder != after.bidder:
            outbid_at[before.bidder] = after.at
            if (since := outbid_at.pop(after.bidder, None)) is not None:
                answers[after.bidder].append((after.at - since).total_seconds())
    return answers


def _ends(sale: Sale) -> tuple[dict[str, datetime], dict[str, datetime]]:
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    for offer in sale.offers:
        first.setdefault(offer.bidder, offer.at)
        last[offer.bidder] = offer.at
    return first, last
