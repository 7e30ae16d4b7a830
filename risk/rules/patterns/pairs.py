"""What two bidders do over many auctions: how often they meet, who wins, and whether they ever bid against each other.

Only bidders who joined enough auctions can make a pair, so the work stays near linear in the bids.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma

from .features import Record, Sale

#: Of one auction at most so many come into pairs, those who joined most auctions first: a crowd is no ring.
_MOST = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """Two bidders who met in `joint` auctions, of which `a` won `a_won` and `b` won `b_won`.

    `clashes` counts how often one raised directly over the other. `a_joined`, `b_joined`: their auctions in all.
    `chance`: how likely so many meetings are, if they meet by chance.
    """

    a: str
    b: str
    joint: int
    a_won: int
    b_won: int
    a_joined: int
    b_joined: int
    clashes: int
    chance: float

    @property
    def overlap(self) -> float:
        """Of all auctions that one of them joined, the share that both did."""
        return self.joint / (self.a_joined + self.b_joined - self.joint)

    def beside(self, bidder: str) -> float:
        """Of the auctions of `bidder` the share in which the other was too."""
        return self.joint / (self.a_joined if bidder == self.a else self.b_joined)

    def other(self, bidder: str) -> str:
        return self.b if bidder == self.a else self.a

    def wins_of(self, bidder: str) -> int:
        return self.a_won if bidder == self.a else self.b_won


def pairs_of(
    sales: Mapping[str, Sale], records: Mapping[str, Record], *, joint_min: int, population: int
) -> list[Pair]:
    """Every two bidders who met at least `joint_min` times; `population`: auctions held where they could have met."""
    joint: Counter[tuple[str, str]] = Counter()
    won: Counter[tuple[tuple[str, str], str]] = Counter()
    clashes: Counter[tuple[str, str]] = Counter()
    recurrent = {bidder for bidder, record in records.items() if len(record.joined) >= joint_min}
    for sale in sales.values():
        here = sorted(recurrent & sale.bidders.keys(), key=lambda bidder: (-len(records[bidder].joined), bidder))[
            :_MOST
        ]
        if len(here) < 2:
            continue
        here.sort()
        for place, a in enumerate(here):
            for b in here[place + 1 :]:
                joint[a, b] += 1
                if sale.winner in (a, b):
                    won[(a, b), sale.winner or ""] += 1
        clashes.update(clashes_of(sale))
    held = max(population, len(sales))
    return [
        Pair(
            a=key[0],
            b=key[1],
            joint=met,
            a_won=won[key, key[0]],
            b_won=won[key, key[1]],
            a_joined=(a_joined := len(records[key[0]].joined)),
            b_joined=(b_joined := len(records[key[1]].joined)),
            clashes=clashes[key],
            chance=by_chance(met, a_joined, b_joined, held),
        )
        for key, met in sorted(joint.items())
        if met >= joint_min
    ]


def clashes_of(sale: Sale) -> Counter[tuple[str, str]]:
    """How often, in one auction, one of two raised directly over the other, by the two in order."""
    found: Counter[tuple[str, str]] = Counter()
    for before, after in zip(sale.raises, sale.raises[1:], strict=False):
        if before.bidder != after.bidder:
            a, b = sorted((before.bidder, after.bidder))
            found[a, b] += 1
    return found


def by_chance(met: int, a_joined: int, b_joined: int, held: int) -> float:
    """How likely two who choose independently among `held` auctions meet `met` times or more (hypergeometric)."""
    total = _log_choose(held, b_joined)
    upper = min(a_joined, b_joined)
    lower = max(met, a_joined + b_joined - held)
    if lower > upper:
        return 0.0
    terms = (
        exp(_log_choose(a_joined, k) + _log_choose(held - a_joined, b_joined - k) - total)
        for k in range(lower, upper + 1)
    )
    return min(1.0, sum(terms))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
