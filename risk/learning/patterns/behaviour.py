"""The columns of a file as what a model sees: the features, and the behaviour they were computed from.

A share of an auction's bids is a fraction of small whole numbers, and all shares of an auction have one denominator:
so the number of bids comes back. First and last bid give the time between them.
"""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from ...rules.patterns.features import COLUMNS
from .reading import LABEL_MAKER, Row

Array = NDArray[np.float64]

#: What is recovered, after the columns themselves.
RECOVERED = ("bids", "auction_bids", "spread", "log_spread")
NAMES = (*COLUMNS, *RECOVERED)
#: Features that say one thing together, and make one reason.
SUBJECTS = {
    "Bidder_Tendency": ("Bidder_Tendency",),
    "Bidding_Ratio": ("Bidding_Ratio", "bids", "auction_bids"),
    "Successive_Outbidding": ("Successive_Outbidding",),
    "Last_Bidding": ("Last_Bidding", "Early_Bidding", "spread", "log_spread"),
    "Auction_Bids": ("Auction_Bids",),
    "Starting_Price_Average": ("Starting_Price_Average",),
    "Winning_Ratio": ("Winning_Ratio",),
    "Auction_Duration": ("Auction_Duration",),
}
#: Nobody bids more often in one auction than this; what seems so was no fraction of whole numbers.
_MOST_BIDS = 1000
_RATIO, _LAST, _EARLY = (COLUMNS.index(name) for name in ("Bidding_Ratio", "Last_Bidding", "Early_Bidding"))
_DURATION = COLUMNS.index("Auction_Duration")
#: What is the same for all bidders of an auction tells auctions apart where the file does not name them.
_OF_AUCTION = tuple(COLUMNS.index(name) for name in ("Auction_Bids", "Starting_Price_Average", "Auction_Duration"))


def auctions_of(rows: Sequence[Row]) -> list[str]:
    """The auction of every row: as the file names it, else as told apart by what auctions have to themselves."""
    if any(row.auction for row in rows):
        return [row.auction for row in rows]
    return ["|".join(repr(row.values[place]) for place in _OF_AUCTION) for row in rows]


def matrix(rows: Sequence[Row]) -> Array:
    """One line a row, one column each of NAMES."""
    named = any(row.auction for row in rows)
    shares = [Fraction(row.values[_RATIO]).limit_denominator(200) for row in rows]
    together: dict[str, list[int]] = defaultdict(list)
    for place, auction in enumerate(auctions_of(rows) if named else [str(place) for place in range(len(rows))]):
        together[auction].append(place)
    recovered = np.zeros((len(rows), len(RECOVERED)))
    for places in together.values():
        total = 1
        for place in places:
            total = min(lcm(total, shares[place].denominator), _MOST_BIDS + 1)
        for place in places:
            share = shares[place]
            whole = total if total <= _MOST_BIDS else share.denominator
            recovered[place, :2] = float(share * whole), whole
    values = np.array([row.values for row in rows], dtype=float).reshape(len(rows), len(COLUMNS))
    spread = np.maximum(values[:, _LAST] - values[:, _EARLY], 0.0)
    recovered[:, 2] = spread
    recovered[:, 3] = np.log(spread * values[:, _DURATION] + 1e-6)
    return np.column_stack([values, recovered])


def names(*, with_label_maker: bool) -> tuple[str, ...]:
    """What a model sees, with or without the column the labels were made from."""
    return tuple(name for name in NAMES if with_label_maker or name != LABEL_MAKER)


def columns(table: Array, wanted: Sequence[str]) -> Array:
    """Some columns of a matrix, by name."""
    return table[:, [NAMES.index(name) for name in wanted]]


def has_label_maker(rows: Sequence[Row]) -> bool:
    """Whether the file has Successive_Outbidding."""
    place = COLUMNS.index(LABEL_MAKER)
    return bool(rows) and all(row.values[place] == row.values[place] for row in rows)
