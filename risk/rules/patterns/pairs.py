"""What two bidders do over many auctions: how often they meet, who wins, and how they bid against each other.

Only bidders who joined enough auctions can make a pair, so the work stays near linear in the bids.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .chances import by_chance
from .features import Record, Sale

#: Of one auction at most so many come into pairs, those who joined most auctions first: a crowd is no ring.
_MOST = 60
#: So many others who meet both at least half as often make a place where everybody meets.
_REGULARS = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two bidders who met in `joint` auctions (`met`), of which `a` won `a_won` and `b` won `b_won`.

    `a_joined`, `b_joined`: their auctions in all. `clashes` counts how often one raised directly over the other where
    they met, of all their `raises` there; `single_steps` of the clashes were by exactly one increment, and
    `response_s` is the median of the seconds such an answer took. `held`: the auctions in which they could have met;
    `chance`: how likely so many meetings are, if they meet by chance, and `tried` how many pairs could have met so.
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
    met: tuple[str, ...] = ()
    raises: int = 0
    single_steps: int = 0
    response_s: float | None = None
    held: int = 0
    tried: int = 1

    @property
    def overlap(self) -> float:
        """Of all auctions that one of them joined, the share that both did."""
        return self.joint / (self.a_joined + self.b_joined - self.joint)

    @property
    def corrected(self) -> float:
        """The chance that any of the pairs that were tried meets so often: Bonferroni's bound."""
        return min(1.0, self.chance * self.tried)

    def beside(self, bidder: str) -> float:
        """Of the auctions of `bidder` the share in which the other was too."""
        return self.joint / (self.a_joined if bidder == self.a else self.b_joined)

    def other(self, bidder: str) -> str:
        return self.b if bidder == self.a else self.a

    def wins_of(self, bidder: str) -> int:
        return self.a_won if bidder == self.a else self.b_won

    def as_seen_by(self, bidder: str) -> dict[str, Any]:
        """As JSON, from the side of one of the two."""
        joined, other_joined = (self.a_joined, self.b_joined) if bidder == self.a else (self.b_joined, self.a_joined)
        return {
            "other": self.other(bidder),
            "joint": self.joint,
            "joined": joined,
            "other_joined": other_joined,
            "won": self.wins_of(bidder),
            "other_won": self.wins_of(self.other(bidder)),
            "overlap": round(self.overlap, 4),
            "held": self.held,
            "by_chance": float(f"{self.corrected:.3g}"),
            **self.conduct(),
        }

    def conduct(self) -> dict[str, Any]:
        """How they bid where they met, over all meetings."""
        return {
            "joint_clashes": self.clashes,
            "joint_raises": self.raises,
            "joint_single_steps": self.single_steps,
            "joint_response_s": self.response_s,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """One raise over another bidder's: who over whom, after how many seconds, and whether by exactly one increment."""

    bidder: str
    over: str
    seconds: float
    single: bool


def answers_of(sale: Sale) -> list[Answer]:
    """The raises of one auction over another's price, in order."""
    return [
        Answer(
            after.bidder,
            before.bidder,
            (after.at - before.at).total_seconds(),
            after.amount_fen - before.amount_fen == sale.increment_fen,
        )
        for before, after in zip(sale.raises, sale.raises[1:], strict=False)
        if before.bidder != after.bidder
    ]


def pairs_of(
    sales: Mapping[str, Sale], records: Mapping[str, Record], *, joint_min: int, population: int
) -> list[Pair]:
    """Every two bidders who met at least `joint_min` times; `population`: auctions held where they could have met."""
    met: dict[tuple[str, str], list[str]] = defaultdict(list)
    recurrent = {bidder for bidder, record in records.items() if len(record.joined) >= joint_min}
    for sale in sales.values():
        here = sorted(recurrent & sale.bidders.keys(), key=lambda bidder: (-len(records[bidder].joined), bidder))[
            :_MOST
        ]
        here.sort()
        for place, a in enumerate(here):
            for b in here[place + 1 :]:
                met[a, b].append(sale.id)
    often = {key: names for key, names in met.items() if len(names) >= joint_min}
    asked = {name for names in often.values() for name in names}
    answers = {name: answers_of(sales[name]) for name in asked}
    held = max(population, len(sales))
    beside = _beside(met)
    tried = max(1, len(recurrent) * (len(recurrent) - 1) // 2)
    return [
        _pair(key, names, sales, records, answers, _market(key, beside, records, held), tried)
        for key, names in sorted(often.items())
    ]


def _pair(
    key: tuple[str, str],
    names: Sequence[str],
    sales: Mapping[str, Sale],
    records: Mapping[str, Record],
    answers: Mapping[str, Sequence[Answer]],
    held: int,
    tried: int,
) -> Pair:
    a, b = key
    clashes = [answer for name in names for answer in answers[name] if answer.bidder in key and answer.over in key]
    winners = Counter(sales[name].winner for name in names)
    joined = len(records[a].joined), len(records[b].joined)
    return Pair(
        a=a,
        b=b,
        joint=len(names),
        a_won=winners[a],
        b_won=winners[b],
        a_joined=joined[0],
        b_joined=joined[1],
        clashes=len(clashes),
        chance=by_chance(len(names), *joined, held),
        met=tuple(names),
        raises=sum(offer.bidder in key for name in names for offer in sales[name].raises),
        single_steps=sum(answer.single for answer in clashes),
        response_s=round(median(answer.seconds for answer in clashes), 3) if clashes else None,
        held=held,
        tried=tried,
    )


def _beside(met: Mapping[tuple[str, str], Sequence[str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (a, b), names in met.items():
        found[a][b] = found[b][a] = len(names)
    return found


def _market(
    key: tuple[str, str],
    beside: Mapping[str, Mapping[str, int]],
    records: Mapping[str, Record],
    held: int,
) -> int:
    """The auctions in which two could have met: all, or where several others meet both as well, only theirs.

    In a small town everybody comes to the same few lots; the many lots elsewhere say nothing of them.
    """
    a, b = key
    half = beside[a][b] / 2
    regulars = [c for c, count in beside[a].items() if c != b and count >= half and beside[b].get(c, 0) >= half]
    if len(regulars) < _REGULARS:
        return held
    return min(held, len({name for bidder in (a, b, *regulars) for name in records[bidder].joined}))


def clashes_of(sale: Sale) -> Counter[tuple[str, str]]:
    """How often, in one auction, one of two raised directly over the other, by the two in order."""
    return Counter(
        (answer.bidder, answer.over) if answer.bidder < answer.over else (answer.over, answer.bidder)
        for answer in answers_of(sale)
    )
