"""Made-up histories of bidding: ordinary rivalry, dealers who meet all the time, and rings hidden among them.

Everything is drawn from one seed. A ring is one of four kinds; who belongs to one in which auction is the truth that a
screening is measured against.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from risk.rules.patterns.features import Offer, Terms

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
LENGTH = timedelta(hours=24)
KINDS = ("shills", "companions", "rotation", "one_source")


@dataclass
class History:
    """Bids and terms as a screening takes them; `truth`: (auction, bidder) of every member, with the ring's kind."""

    offers: list[Offer] = field(default_factory=list)
    terms: dict[str, Terms] = field(default_factory=dict)
    sources: dict[tuple[str, str], str] = field(default_factory=dict)
    truth: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Will:
    """A bidder's plan in one auction: up to where, at most how many bids, until when, whom to leave alone, and whether
    to bid as soon as possible.
    """

    name: str
    limit_fen: int
    most: int = 10_000
    leaves: float = 2.0
    spares: frozenset[str] = frozenset()
    eager: bool = False


def make(seed: int, *, auctions: int = 200, rings: Sequence[str] = KINDS, per_kind: int = 2) -> History:
    """A history of so many ordinary auctions, and `per_kind` rings of each kind, each at work in six to nine of them.

    Dealers join every fourth auction of their region and fight each other to the end, as dealers do.
    """
    chance = random.Random(seed)
    history = History()
    regions = 5
    dealers = {region: [f"dealer{region}.{n}" for n in range(4)] for region in range(regions)}
    people = [f"buyer{n}" for n in range(auctions * 2)]
    jobs: dict[int, list[tuple[str, str, int]]] = {}
    for kind in rings:
        for number in range(per_kind):
            ring = f"{kind}{number}"
            first = chance.randrange(auctions)
            for turn in range(chance.randint(6, 9)):
                jobs.setdefault((first + turn * chance.randint(3, 9)) % auctions, []).append((kind, ring, turn))
    for number in range(auctions):
        region = number % regions
        here = [*chance.sample(people, chance.choice((1, 1, 2, 2, 3, 4, 6)))]
        here += [dealer for dealer in dealers[region] if chance.random() < 0.45]
        _auction(history, chance, f"a{number}", here, jobs.get(number, []), case=f"case{chance.randrange(auctions)}")
    return history


def _auction(
    history: History, chance: random.Random, name: str, here: list[str], jobs: list[tuple[str, str, int]], *, case: str
) -> None:
    reserve = chance.randint(50, 900) * 1_000_000
    increment = max(100_000, reserve // 200 // 100_000 * 100_000)
    worth = reserve * chance.uniform(1.0, 1.5)
    wills = [Will(bidder, int(worth * chance.uniform(0.85, 1.12))) for bidder in here]
    if not any(will.limit_fen >= reserve for will in wills):
        wills.append(Will(chance.choice(here), reserve + increment))
    for kind, ring, turn in jobs:
        seller, members = _ring(chance, kind, ring, turn, worth, reserve, increment)
        case = seller or case
        wills += members
        for member in members:
            history.truth[name, member.name] = kind
            if kind == "one_source":
                history.sources[name, member.name] = ring
    for will in wills:
        history.sources.setdefault((name, will.name), will.name)
    opens = START + timedelta(days=int(name[1:]) % 300, hours=chance.randrange(8))
    bids = _bid(chance, wills, reserve, increment)
    history.offers += [Offer(name, bidder, amount, opens + LENGTH * at) for bidder, amount, at in bids]
    closes = opens + max(LENGTH, LENGTH * bids[-1][2] + timedelta(minutes=5))
    history.terms[name] = Terms(opens, closes, reserve, increment, case)
    joined = {bidder for bidder, _, _ in bids}
    for bidder in [bidder for auction, bidder in history.truth if auction == name and bidder not in joined]:
        del history.truth[name, bidder]  # who made no bid has left no trace


def _ring(
    chance: random.Random, kind: str, ring: str, turn: int, worth: float, reserve: int, increment: int
) -> tuple[str | None, list[Will]]:
    """The members at work in one auction, and whose property it is where that matters."""
    names = [f"{ring}.{n}" for n in range(4)]
    all_of_them = frozenset(names)
    if kind == "shills":  # they push for the seller and are gone before they could win
        return f"seller.{ring}", [
            Will(one, int(worth * 0.97), chance.randint(3, 7), 0.85, eager=True) for one in names[:2]
        ]
    if kind == "companions":  # one buys; two take part, so that it looks like a contest, and drive others off
        buyer = Will(names[0], int(worth * 1.2), spares=all_of_them)
        return None, [buyer, *(Will(one, int(worth * 0.9), 2, spares=all_of_them, eager=True) for one in names[1:3])]
    if kind == "rotation":  # whose turn it is bids; the others make one bid for show
        winner = names[turn % len(names)]
        members = [Will(winner, int(worth * 1.2), spares=all_of_them)]
        show = reserve + 6 * increment
        members += [Will(one, show, 1, spares=all_of_them, eager=True) for one in names if one != winner]
        return None, members
    return None, [Will(one, int(worth * chance.uniform(0.9, 1.05))) for one in names[:3]]


def _bid(chance: random.Random, wills: list[Will], reserve: int, increment: int) -> list[tuple[str, int, float]]:
    """The bids of one auction as (bidder, fen, share of the 24 hours), by whoever still wants to, mostly by one step.

    A third comes at any time, the rest in the last half hour and in extensions, where what is left alternates.
    """
    bids: list[tuple[str, int, float]] = []
    made = dict.fromkeys((will.name for will in wills), 0)
    leader, price, at = None, 0, chance.uniform(0.0, 0.3)
    while True:
        ask = price + increment if leader else reserve
        willing = [
            will
            for will in wills
            if will.name != leader
            and (leader not in will.spares or (made[will.name] == 0 and leader is not None))
            and will.limit_fen >= ask
            and made[will.name] < will.most
            and at <= will.leaves
        ]
        if not willing:
            if not bids:  # somebody has the reserve
                return [(max(wills, key=lambda will: will.limit_fen).name, reserve, at)]
            return bids
        will = chance.choice([will for will in willing if will.eager and chance.random() < 0.7] or willing)
        steps = 1 if chance.random() < 0.85 else chance.randint(2, 4)
        price = max(ask, min(ask + (steps - 1) * increment, will.limit_fen))
        leader = will.name
        made[leader] += 1
        bids.append((leader, price, at))
        at += chance.expovariate(12) if at < 0.85 else chance.expovariate(1) / 720
