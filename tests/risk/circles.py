"""Made-up circles that bid against each other as if they competed, and ordinary people who look much like them.

Drawn without regard to how a screening works: how often they meet and how often one comes alone, how often each raises,
how fast and how evenly they answer, by single increments or not, with how many outsiders, are each drawn by themselves.
The people around them bid as in `rings`.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from risk.rules.patterns.features import Offer, Terms

from .rings import LENGTH, START, History, make

#: pushers: two who push and leave the lot to somebody. pushers_now_and_then: the same, with an outsider between them
#: now and then, and won by mistake once. escort: one always wins, the other keeps him company. duel: the same with
#: nobody else. turns: three, with nobody else, of whom each wins in his turn.
CIRCLES = ("pushers", "pushers_now_and_then", "escort", "duel", "turns")
#: town: seven of a small town come to most of its few lots. poor_town: two of them never can pay. investors: two buy
#: one kind of property, each by his own lights. uneven_investors: one of them has more money. collectors: five.
#: deadline: two who fight for one lot to the end.
ORDINARY = ("town", "poor_town", "investors", "uneven_investors", "collectors", "deadline")


@dataclass(frozen=True)
class Manner:
    """How a circle bids: raises each in an auction, median seconds of an answer and the spread of its logarithm, how
    often a raise is more than one increment, and how many outsiders come.
    """

    meetings: int
    alone: int
    raises: tuple[int, int]
    seconds: float
    spread: float
    jumps: float
    outsiders: tuple[int, int]


@dataclass
class _Room:
    """One auction being written: the price, and when the last bid came."""

    history: History
    name: str
    increment: int
    price: int
    at: float
    chance: random.Random
    bidders: list[str] = field(default_factory=list)

    def bid(self, bidder: str, seconds: float, *, jumps: float = 0.15) -> None:
        """A raise so many seconds after the last, nobody over himself."""
        if self.bidders and self.bidders[-1] == bidder:
            return
        steps = self.chance.randint(2, 4) if self.bidders and self.chance.random() < jumps else 1
        self.price += steps * self.increment
        self.at += seconds
        self.bidders.append(bidder)
        opens = self.history.terms[self.name].opens_at or START
        self.history.offers.append(Offer(self.name, bidder, self.price, opens + timedelta(seconds=self.at)))


def circles(
    seed: int, *, kinds: Sequence[str] = CIRCLES, ordinary: Sequence[str] = (), per_kind: int = 2, auctions: int = 150
) -> History:
    """A history of ordinary auctions, with so many circles of each kind, and so many groups of `ordinary` people.

    `truth` names every member of a circle where two or more of it took part: alone, nobody is in a ring.
    """
    chance = random.Random(seed)
    history = make(seed, auctions=auctions, rings=())
    for kind in kinds:
        for number in range(per_kind):
            manner = Manner(
                meetings=chance.randint(8, 16),
                alone=chance.randint(0, 3),
                raises=(low := chance.randint(2, 5), low + chance.randint(0, 3)),
                seconds=10 ** chance.uniform(1, 2.8),
                spread=chance.uniform(0.1, 0.7),
                jumps=chance.choice((0.0, 0.0, 0.2, 0.4)),
                outsiders=(1, chance.randint(1, 3)),
            )
            _circle(history, chance, kind, f"{kind}{number}", manner)
    for kind in ordinary:
        for number in range(per_kind):
            _ORDINARY[kind](history, chance, f"{kind}{number}")
    return history


def _room(history: History, chance: random.Random, label: str, day: int | None = None) -> _Room:
    name = f"{label}.{len(history.terms)}"
    reserve = chance.randint(50, 900) * 1_000_000
    increment = max(100_000, reserve // 200 // 100_000 * 100_000)
    opens = START + timedelta(days=chance.randrange(300) if day is None else day, hours=chance.randrange(8))
    history.terms[name] = Terms(opens, opens + LENGTH, reserve, increment, f"case{chance.randrange(200)}")
    return _Room(history, name, increment, reserve - increment, chance.uniform(0, 60_000), chance)


def _passers(chance: random.Random, count: int) -> list[str]:
    return [f"buyer{number}" for number in chance.sample(range(300), count)]


def _circle(history: History, chance: random.Random, kind: str, label: str, manner: Manner) -> None:
    members = [f"{label}.{number}" for number in range(3 if kind == "turns" else 2)]
    for turn, day in enumerate(sorted(chance.sample(range(300), manner.meetings))):
        room = _room(history, chance, label, day)
        others = [] if kind in ("duel", "turns") else _passers(chance, chance.randint(*manner.outsiders))
        mistaken = kind == "pushers_now_and_then" and turn == 5
        winner = members[turn % 3] if kind == "turns" else members[0] if kind in ("duel", "escort") else ""
        for _ in range(chance.randint(*manner.raises)):
            for member in members:
                room.bid(member, chance.lognormvariate(0, manner.spread) * manner.seconds, jumps=manner.jumps)
            if others and kind in ("escort", "pushers_now_and_then") and chance.random() < 0.3:
                room.bid(chance.choice(others), chance.expovariate(1 / 600))
        if others and kind.startswith("pushers") and not mistaken:
            for _ in range(chance.randint(1, 4)):
                room.bid(chance.choice(others), chance.expovariate(1 / 2000))
            winner = others[0] if room.bidders[-1] in members else ""
        if winner:
            room.bid(winner, chance.lognormvariate(0, manner.spread) * manner.seconds, jumps=manner.jumps)
        history.truth |= {(room.name, member): kind for member in members if member in room.bidders}
    for number in range(manner.alone):
        _contest(history, chance, label, {members[number % 2]: 0.9, **_wills(chance, _passers(chance, 3))})


def _wills(chance: random.Random, bidders: Sequence[str], spread: float = 0.12) -> dict[str, float]:
    return {bidder: chance.gauss(1.0, spread) for bidder in bidders}


def _contest(history: History, chance: random.Random, label: str, wills: dict[str, float], sniped: bool = True) -> None:
    """People who each bid up to what the lot is worth to them; most wait for the end, and answer fast there."""
    room = _room(history, chance, label)
    worth = room.price * chance.uniform(1.05, 1.4)
    limits = {bidder: max(room.price + room.increment, int(worth * will)) for bidder, will in wills.items()}
    late = False
    while True:
        ready = [
            bidder
            for bidder, limit in limits.items()
            if limit >= room.price + room.increment and bidder not in room.bidders[-1:]
        ]
        if not ready:
            return
        late = late or (sniped and chance.random() < 0.25)
        room.bid(chance.choice(ready), chance.expovariate(1 / (90 if late else 4000)))


def _town(history: History, chance: random.Random, label: str, *, poor: int = 0) -> None:
    people = [f"{label}.{number}" for number in range(7)]
    for _ in range(25):
        here = [one for one in people if chance.random() < 0.65] or people[:1]
        wills = _wills(chance, [*here, *_passers(chance, chance.randint(0, 2))])
        wills |= {one: chance.gauss(0.8, 0.05) for one in people[:poor] if one in here}
        _contest(history, chance, label, wills)


def _poor_town(history: History, chance: random.Random, label: str) -> None:
    _town(history, chance, label, poor=2)


def _investors(history: History, chance: random.Random, label: str, *, more: float = 0.0) -> None:
    for _ in range(chance.randint(10, 18)):
        here = [f"{label}.{number}" for number in range(2) if chance.random() < 0.9]
        wills = _wills(chance, [*here, *_passers(chance, chance.randint(1, 3))])
        if here:
            wills[here[0]] += more
        _contest(history, chance, label, wills)


def _uneven_investors(history: History, chance: random.Random, label: str) -> None:
    _investors(history, chance, label, more=0.1)


def _collectors(history: History, chance: random.Random, label: str) -> None:
    people = [f"{label}.{number}" for number in range(5)]
    for _ in range(20):
        here = [one for one in people if chance.random() < 0.75]
        _contest(history, chance, label, _wills(chance, [*here, *_passers(chance, chance.randint(0, 2))]))


def _deadline(history: History, chance: random.Random, label: str) -> None:
    room = _room(history, chance, label)
    for turn in range(chance.randint(20, 60)):
        room.bid(f"{label}.{turn % 2}", chance.uniform(5, 200), jumps=0.1)


_ORDINARY: dict[str, Callable[[History, random.Random, str], None]] = {
    "town": _town,
    "poor_town": _poor_town,
    "investors": _investors,
    "uneven_investors": _uneven_investors,
    "collectors": _collectors,
    "deadline": _deadline,
}
