"""Which bidders of ended auctions a court may want to look at, and the reasons, each with what it rests on.

Single auctions prove little: rivals who alternate by one increment in the extensions are competing, and that is never
a reason. Reasons come from money (one source behind several deposits), from meeting again and again without competing,
from winning in turns, from pushing prices and never winning, and from raising one's own lead. Two who compete where
they meet are a reason only where they meet beyond chance and what comes of it is beyond chance as well: neither wins,
or one never does, or a closed circle takes turns (`conduct`). How they answer each other then counts, never by itself.

Each reason has a weight, and independent reasons add up as chances do: score = 1 - (1 - w1)(1 - w2)...; numbers and
weights are the ruleset's. What two do together is told of the auctions where they met.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from auction.rules.ruleset import Ruleset

from . import conduct
from .chances import one_in
from .conduct import Background
from .features import Features, Offer, Record, Sale, Terms, features_of, records_of, sales_of
from .pairs import Pair, pairs_of

#: Every reason there is; its weight is the ruleset's `pattern_weight_CODE`.
REASONS = (
    "deposit_source_shared",
    "wins_in_turn",
    "turns_in_closed_circle",
    "companion",
    "accompanied",
    "spares_companion",
    "loses_beside",
    "wins_beside",
    "loses_together",
    "meets_beyond_chance",
    "answers_each_other",
    "in_step",
    "pushes_and_leaves",
    "follows_seller",
    "raises_own_lead",
)

#: Two who raise over each other more often than this, in a meeting on average, fight.
_FIGHT = 3
#: Raises by others after which somebody has left, and was not merely beaten.
_LEFT_TO_OTHERS = 3
#: A circle is closed where nobody else raised in this share of its meetings (by four), and speaks from so many on.
_CLOSED, _CIRCLES = 3, 6


@dataclass(frozen=True, slots=True)
class Limits:
    """The court's practice; see `auction/rulesets`, section patterns."""

    joint_min: int
    overlap: Fraction
    chance: Fraction
    own_run: int
    push_bids: int
    quiet_from: Fraction
    alert: Fraction
    weights: Mapping[str, Fraction]

    @classmethod
    def of(cls, numbers: Ruleset) -> "Limits":
        """The limits a ruleset sets."""
        return cls(
            joint_min=numbers.count("pattern_joint_min"),
            overlap=numbers.ratio("pattern_overlap"),
            chance=numbers.ratio("pattern_chance"),
            own_run=numbers.count("pattern_own_run"),
            push_bids=numbers.count("pattern_push_bids"),
            quiet_from=numbers.ratio("pattern_quiet_from"),
            alert=numbers.ratio("pattern_alert"),
            weights={code: numbers.ratio(f"pattern_weight_{code}") for code in REASONS},
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code, the numbers it rests on (whole ones), and the other bidders it speaks of."""

    code: str
    facts: Mapping[str, int]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Habit:
    """A reason that does not rest on one auction, and the auctions it is told of; None: all of the bidder's."""

    reason: Reason
    where: frozenset[str] | None = None


#: By bidder.
_Habits = dict[str, list[_Habit]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One bidder in one auction. `score` between 0 and 1; `alert` where it reaches the limit.

    `pairs`: what the bidder does beside others of this auction who were met often enough, most meetings first.
    """

    auction: str
    bidder: str
    features: Features
    score: float
    alert: bool
    reasons: tuple[Reason, ...]
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Screened:
    """The findings, in the order of auctions and first bids, and the pairs that met often enough."""

    findings: tuple[Finding, ...]
    pairs: tuple[Pair, ...]
    sales: Mapping[str, Sale]


def screen(
    offers: Sequence[Offer],
    terms: Mapping[str, Terms],
    limits: Limits,
    *,
    sources: Mapping[tuple[str, str], str] | None = None,
    population: int = 0,
    only: Collection[str] | None = None,
) -> Screened:
    """Findings on every bidder of every auction (`only`: of these auctions, the others being their history).

    `sources`: by auction and bidder, an opaque key of where the deposit came from. `population`: how many auctions
    were held where these bidders could have met, where that is more than those given.
    """
    sales = sales_of(offers, terms)
    records = records_of(sales)
    asked = sales.keys() if only is None else sales.keys() & set(only)
    told = {bidder: records[bidder] for name in asked for bidder in sales[name].bidders}
    features = features_of(sales, told)
    pairs = pairs_of(sales, records, joint_min=limits.joint_min, population=population)
    habits: _Habits = defaultdict(list)
    ground = Background(sales)
    tied = [pair for pair in pairs if pair.corrected <= limits.chance]
    _companions(tied, records, ground, limits, habits)
    _losers(tied, ground, limits, habits)
    _rings(tied, sales, limits, habits)
    _circles(tied, sales, limits, habits)
    _pushers(sales, told, features, limits, habits)
    shared = _shared_sources(sources or {})
    beside = _beside(pairs)
    findings = []
    for (name, bidder), found in features.items():
        if name not in asked:
            continue
        reasons = [habit.reason for habit in habits.get(bidder, ()) if habit.where is None or name in habit.where]
        if others := shared.get((name, bidder)):
            reasons.append(Reason("deposit_source_shared", {"others": len(others)}, others))
        if found.own_run >= limits.own_run:
            reasons.append(Reason("raises_own_lead", {"run": found.own_run}))
        findings.append(_finding(name, bidder, found, reasons, limits, beside.get((name, bidder), ())))
    return Screened(tuple(findings), tuple(pairs), sales)


def _finding(
    name: str, bidder: str, found: Features, reasons: list[Reason], limits: Limits, pairs: Sequence[Pair]
) -> Finding:
    rest = Fraction(1)
    for code in {reason.code for reason in reasons}:  # a second companion makes no second kind of reason
        rest *= 1 - limits.weights[code]
    ordered = tuple(sorted(reasons, key=lambda reason: (-limits.weights[reason.code], reason.code, reason.others)))
    score = round(float(1 - rest), 3)
    return Finding(name, bidder, found, score, 1 - rest >= limits.alert, ordered, tuple(pairs))


def _beside(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[Pair]]:
    """By auction and bidder, the pairs met there, most meetings first."""
    found: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda pair: (-pair.joint, pair.chance)):
        for name in pair.met:
            found[name, pair.a].append(pair)
            found[name, pair.b].append(pair)
    return found


def _companions(
    tied: Sequence[Pair], records: Mapping[str, Record], ground: Background, limits: Limits, habits: _Habits
) -> None:
    """Who never wins, is mostly where one certain other is, more than chance explains, and that other often wins.

    Where the two fight, only if so one-sided an outcome is beyond chance, too: rivals meet again and again, and one of
    them may be the poorer. Both are told of: the one who comes along, and the one who is accompanied.
    """
    best: dict[str, Pair] = {}
    for pair in tied:
        for bidder in (pair.a, pair.b):
            if (
                records[bidder].won == 0
                and 2 * pair.wins_of(pair.other(bidder)) >= pair.joint
                and pair.beside(bidder) >= limits.overlap
                and (bidder not in best or pair.joint > best[bidder].joint)
            ):
                best[bidder] = pair
    for bidder, pair in best.items():
        other = pair.other(bidder)
        joined, other_won = len(records[bidder].joined), pair.wins_of(other)
        odd = conduct.loses_beside(pair, bidder, ground, len(best))
        striking = odd.chance <= limits.chance
        facts = {"joint": pair.joint, "joined": joined, "other_won": other_won}
        if pair.clashes <= _FIGHT * pair.joint:
            _tell(habits, pair, "companion", facts, bidder)
            _tell(habits, pair, "accompanied", facts, other)
        elif striking:
            facts = {"joint": pair.joint, "clashes": pair.clashes, "other_won": other_won, **odd.facts}
            _tell(habits, pair, "loses_beside", facts, bidder)
            _tell(habits, pair, "wins_beside", facts, other)
        else:
            continue
        if _sparing(pair):
            _tell(habits, pair, "spares_companion", {"joint": pair.joint, "clashes": pair.clashes})
        elif striking:
            _together(habits, pair, ground, limits, len(best))


def _losers(tied: Sequence[Pair], ground: Background, limits: Limits, habits: _Habits) -> None:
    """Two who are mostly where the other is, raise a lot there, and so seldom win that chance hardly explains it."""
    close = [
        pair for pair in tied if pair.overlap >= limits.overlap and pair.raises >= 2 * limits.push_bids * pair.joint
    ]
    for pair in close:
        lost = conduct.loses_together(pair, ground, len(close))
        if lost.chance <= limits.chance:
            _tell(habits, pair, "loses_together", lost.facts)
            _together(habits, pair, ground, limits, len(close))


def _together(habits: _Habits, pair: Pair, ground: Background, limits: Limits, asked: int) -> None:
    """What else speaks of two whose outcome does: that they meet, whom they answer, and how."""
    facts = {
        "joint": pair.joint,
        "either": pair.a_joined + pair.b_joined - pair.joint,
        "held": pair.held,
        "one_in": one_in(pair.corrected),
    }
    _tell(habits, pair, "meets_beyond_chance", facts)
    for code, evidence in (
        ("answers_each_other", conduct.answer_each_other(pair, ground, asked)),
        ("in_step", conduct.in_step(pair, ground, asked)),
    ):
        if evidence and evidence.chance <= limits.chance:
            _tell(habits, pair, code, evidence.facts)


def _tell(habits: _Habits, pair: Pair, code: str, facts: Mapping[str, int], only: str | None = None) -> None:
    """A reason of both of a pair, or of one of them, where the two met; once."""
    for bidder in (pair.a, pair.b) if only is None else (only,):
        habit = _Habit(Reason(code, facts, (pair.other(bidder),)), frozenset(pair.met))
        if habit not in habits[bidder]:
            habits[bidder].append(habit)


def _sparing(pair: Pair) -> bool:
    """Whether the two hardly ever raised over each other: not even once in an auction, on average."""
    return pair.clashes <= pair.joint


def _rings(tied: Sequence[Pair], sales: Mapping[str, Sale], limits: Limits, habits: _Habits) -> None:
    """Groups that meet more than chance explains, spare each other, and win in turns where they meet."""
    for members in _groups([pair for pair in tied if pair.overlap >= limits.overlap and _sparing(pair)]):
        met = _meetings(members, sales)
        winners = [sale.winner for sale in met if sale.winner in members]
        if len(set(winners)) > 1 and 4 * len(winners) >= 3 * len(met):
            facts = {"members": len(members), "met": len(met), "won": len(winners), "winners": len(set(winners))}
            _tell_all(habits, members, met, "wins_in_turn", facts)


def _circles(tied: Sequence[Pair], sales: Mapping[str, Sale], limits: Limits, habits: _Habits) -> None:
    """Groups that meet more than chance explains, mostly with nobody else, and win by turns, however much they bid.

    Who win as it falls out, or against outsiders, compete. Those who spare each other are told of as such.
    """
    close = [pair for pair in tied if pair.overlap >= limits.overlap]
    sparing = _groups([pair for pair in close if _sparing(pair)])
    groups = [members for members in _groups(close) if members not in sparing]
    for members in groups:
        met = _meetings(members, sales)
        closed = sum(members >= {offer.bidder for offer in sale.raises} for sale in met)
        if len(met) < _CIRCLES or 4 * closed < _CLOSED * len(met):
            continue
        turns = conduct.in_turn(members, met, len(groups))
        if turns.chance <= limits.chance:
            facts = {"members": len(members), "met": len(met), "closed": closed, **turns.facts}
            _tell_all(habits, members, met, "turns_in_closed_circle", facts)


def _meetings(members: set[str], sales: Mapping[str, Sale]) -> list[Sale]:
    return [sale for sale in sales.values() if len(members & sale.bidders.keys()) > 1]


def _tell_all(habits: _Habits, members: set[str], met: Sequence[Sale], code: str, facts: Mapping[str, int]) -> None:
    where = frozenset(sale.id for sale in met)
    for bidder in members:
        habits[bidder].append(_Habit(Reason(code, facts, tuple(sorted(members - {bidder}))), where))


def _groups(pairs: Sequence[Pair]) -> list[set[str]]:
    ties: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        ties[pair.a].add(pair.b)
        ties[pair.b].add(pair.a)
    groups, seen = [], set[str]()
    for start in sorted(ties):
        if start in seen:
            continue
        group, waiting = set[str](), [start]
        while waiting:
            bidder = waiting.pop()
            if bidder not in group:
                group.add(bidder)
                waiting.extend(ties[bidder] - group)
        seen |= group
        groups.append(group)
    return groups


def _pushers(
    sales: Mapping[str, Sale],
    records: Mapping[str, Record],
    features: Mapping[tuple[str, str], Features],
    limits: Limits,
    habits: _Habits,
) -> None:
    """Who joins often, bids a lot, is gone before the end and never wins; and whose auctions are all one seller's."""
    sellers = {sale.terms.seller for sale in sales.values()}
    for bidder, record in records.items():
        if record.won or len(record.joined) < limits.joint_min:
            continue
        quiet = [name for name in record.joined if _quiet(features[name, bidder], limits)]
        bids = sum(features[name, bidder].bids for name in record.joined)
        if 4 * len(quiet) >= 3 * len(record.joined) and bids >= limits.push_bids * len(record.joined):
            facts = {"joined": len(record.joined), "bids": bids}
            habits[bidder].append(_Habit(Reason("pushes_and_leaves", facts)))
        most = max(record.by_seller.values(), default=0)
        if len(sellers) > 1 and most >= limits.joint_min and 10 * most >= 9 * len(record.joined):
            facts = {"joined": len(record.joined), "same_seller": most}
            habits[bidder].append(_Habit(Reason("follows_seller", facts)))


def _quiet(found: Features, limits: Limits) -> bool:
    last: Any = found.shill["Last_Bidding"]
    return bool(last <= limits.quiet_from) and found.after >= _LEFT_TO_OTHERS


def _shared_sources(sources: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """By auction and bidder, the others whose deposit came from the same place."""
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (name, bidder), source in sources.items():
        together[name, source].append(bidder)
    shared = {}
    for (name, _source), bidders in together.items():
        if len(bidders) > 1:
            for bidder in bidders:
                shared[name, bidder] = tuple(sorted(set(bidders) - {bidder}))
    return shared
