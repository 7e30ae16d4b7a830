"""What two who meet far more often than chance explains do there, each finding with how likely it is among others.

Four questions, over all their meetings: do they win less than others as active as they do, do they answer each other
rather than whoever leads, do they answer in step (by one increment, fast, evenly), and do a few win by turns among
themselves. What others do is read from the auctions where the two did not meet; an auction counts once, however long.
Each chance is multiplied by the number of pairs asked about, as Bonferroni would: many are looked at.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from statistics import median, pstdev, quantiles

from .chances import at_least, at_most, one_in
from .features import Sale
from .pairs import Answer, Pair, answers_of

#: Auctions of others with fewer than so many answers do not tell how people bid.
_OTHERS = 20
#: A rate seen among others is held to what would be expected without them as by so many cases.
_HOLD = 10
#: Ranks, and numbers of bidders, that are told apart.
_RANKS, _CROWD = 4, 6
#: Of the answers of two to anybody, so many in four are over each other where they answer each other.
_MUTUAL = 3
#: Answers of two in one auction from which their evenness is seen.
_EVEN = 3
#: The three sides of being in step that are tried.
_SIDES = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding of two, or of a few: its chance after correction, and the whole numbers it rests on."""

    chance: float
    facts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How answers are given in one auction: median seconds, spread of their logarithms, and if all are single steps."""

    seconds: float
    spread: float | None
    single: bool


@dataclass(frozen=True)
class Background:
    """What the auctions given say of bidding in general."""

    sales: Mapping[str, Sale]

    @cached_property
    def answers(self) -> Mapping[str, Sequence[Answer]]:
        """The raises of each auction over another's price."""
        return {name: answers_of(sale) for name, sale in self.sales.items()}

    @cached_property
    def places(self) -> Mapping[str, Mapping[str, tuple[int, int]]]:
        """By auction and bidder, the rank by number of raises, and how many raised: both capped.

        The raise that won does not count: who wins has it by winning.
        """
        found = {}
        for name, sale in self.sales.items():
            raised = Counter({offer.bidder: 0 for offer in sale.raises})
            raised.update(offer.bidder for offer in sale.raises[:-1])
            above = {count: sum(other > count for other in raised.values()) for count in set(raised.values())}
            found[name] = {
                bidder: (min(above[count] + 1, _RANKS), min(len(raised), _CROWD)) for bidder, count in raised.items()
            }
        return found

    @cached_property
    def standing(self) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
        """How many bidders there were of each rank and crowd, and how many of them won."""
        return self._standing(self.sales)

    def _standing(self, names: Iterable[str]) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
        there, won = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
        for name in names:
            for bidder, place in self.places[name].items():
                there[place] += 1
                won[place] += self.sales[name].winner == bidder
        return there, won

    @cached_property
    def manners(self) -> Mapping[str, _Manner]:
        """How answers were given in each auction that has any."""
        return {name: _manner(answers) for name, answers in self.answers.items() if answers}

    def rates(self, names: Sequence[str], bidders: Sequence[str]) -> list[list[float]]:
        """For each bidder and auction, how often one as active wins among as many, in all auctions but these."""
        there, won = self.standing
        own_there, own_won = self._standing(names)
        found = []
        for bidder in bidders:
            rates = []
            for name in names:
                place = self.places[name].get(bidder)
                if place is None:  # no bid of his raised the price
                    rates.append(0.0)
                    continue
                cases, wins = there[place] - own_there[place], won[place] - own_won[place]
                rates.append((wins + _HOLD / place[1]) / (cases + _HOLD))
            found.append(rates)
        return found


def loses_together(pair: Pair, ground: Background, asked: int) -> Evidence:
    """That one of two wins so seldom where they meet, as active as they are there."""
    rates = [min(0.95, sum(both)) for both in zip(*ground.rates(pair.met, (pair.a, pair.b)), strict=True)]
    won = pair.a_won + pair.b_won
    chance = asked * at_most(won, rates)
    facts = {"joint": pair.joint, "raises": pair.raises, "won": won, "expected": round(sum(rates))}
    return _evidence(chance, facts)


def loses_beside(pair: Pair, bidder: str, ground: Background, asked: int) -> Evidence:
    """That one of two never wins where they meet, and the other so often."""
    other = pair.other(bidder)
    own, others = ground.rates(pair.met, (bidder, other))
    none = at_most(0, own)
    rest = [min(0.95, b / max(0.05, 1 - a)) for a, b in zip(own, others, strict=True)]
    return _evidence(asked * none * at_least(pair.wins_of(other), rest), {"expected": round(sum(own))})


def answer_each_other(pair: Pair, ground: Background, asked: int) -> Evidence | None:
    """That two raise over each other, where others led as well; None where they mostly do not."""
    rates: list[float] = []
    for name in pair.met:
        raised = Counter(offer.bidder for offer in ground.sales[name].raises)
        total = sum(raised.values())
        for answer in ground.answers[name]:
            if answer.bidder in (pair.a, pair.b):
                rates.append(raised[pair.other(answer.bidder)] / (total - raised[answer.bidder]))
    if 4 * pair.clashes < _MUTUAL * len(rates):
        return None
    facts = {"answers": len(rates), "clashes": pair.clashes, "expected": round(sum(rates))}
    return _evidence(asked * at_least(pair.clashes, rates), facts)


def in_step(pair: Pair, ground: Background, asked: int) -> Evidence | None:
    """That two answer each other by one increment, faster or more evenly than others; None where nothing tells how
    others do."""
    met = set(pair.met)
    others = [manner for name, manner in ground.manners.items() if name not in met]
    if len(others) < _OTHERS or pair.response_s is None:
        return None
    own = [
        _manner(answers)
        for name in pair.met
        if (answers := [answer for answer in ground.answers[name] if {answer.bidder, answer.over} == {pair.a, pair.b}])
    ]
    single = (sum(one.single for one in others) + 1) / (len(others) + 2)
    chances = [at_least(sum(one.single for one in own), [single] * len(own))]
    fast = quantiles([one.seconds for one in others])[0]
    chances.append(at_least(sum(one.seconds < fast for one in own), [0.25] * len(own)))
    spreads = [one.spread for one in others if one.spread is not None]
    if len(spreads) >= _OTHERS:
        even = quantiles(spreads)[0]
        seen = [one.spread for one in own if one.spread is not None]
        chances.append(at_least(sum(spread < even for spread in seen), [0.25] * len(seen)))
    facts = {
        "clashes": pair.clashes,
        "single_percent": round(100 * pair.single_steps / pair.clashes),
        "usual_single_percent": round(100 * _singles(ground, met)),
        "seconds": round(pair.response_s),
        "usual_seconds": round(median(one.seconds for one in others)),
    }
    return _evidence(_SIDES * asked * min(chances), facts)


def in_turn(members: Collection[str], met: Sequence[Sale], asked: int) -> Evidence:
    """That among a few the one who has waited longest for a win has the next one, in order of the auctions' ends."""
    last: dict[str, int] = dict.fromkeys(members, -1)
    rates, turns = [], 0
    for number, sale in enumerate(sorted(met, key=lambda sale: sale.closes_at)):
        here = [bidder for bidder in members if bidder in sale.bidders]
        if sale.winner not in here or len(here) < 2:
            continue
        longest = min(last[bidder] for bidder in here)
        waiting = [bidder for bidder in here if last[bidder] == longest]
        rates.append(len(waiting) / len(here))
        turns += sale.winner in waiting
        last[sale.winner] = number
    return _evidence(asked * at_least(turns, rates), {"turns": turns, "expected": round(sum(rates))})


def _manner(answers: Sequence[Answer]) -> _Manner:
    seconds = [answer.seconds for answer in answers]
    spread = pstdev([log(1 + each) for each in seconds]) if len(seconds) >= _EVEN else None
    return _Manner(median(seconds), spread, all(answer.single for answer in answers))


def _singles(ground: Background, but: Collection[str]) -> float:
    others = [answer.single for name, answers in ground.answers.items() if name not in but for answer in answers]
    return sum(others) / len(others)


def _evidence(chance: float, facts: Mapping[str, int]) -> Evidence:
    bounded = min(1.0, chance)
    return Evidence(bounded, {**facts, "one_in": one_in(bounded)})
