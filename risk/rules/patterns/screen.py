"""Which bidders of ended auctions a court may want to look at, and the reasons, each with what it rests on.

Single auctions prove little: rivals who alternate by one increment in the extensions are competing, and that is never
a reason. Reasons come from money (one source behind several deposits), from meeting again and again without competing,
from winning in turns, from pushing prices and never winning, and from raising one's own lead. Each has a weight, and
independent reasons add up as chances do: score = 1 - (1 - w1)(1 - w2)...; numbers and weights are the ruleset's.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from auction.rules.ruleset import Ruleset

from .features import Features, Offer, Record, Sale, Terms, features_of, records_of, sales_of
from .pairs import Pair, pairs_of

#: Every reason there is; its weight is the ruleset's `pattern_weight_CODE`.
REASONS = (
    "deposit_source_shared",
    "wins_in_turn",
    "companion",
    "accompanied",
    "spares_companion",
    "pushes_and_leaves",
    "follows_seller",
    "raises_own_lead",
)

#: Two who raise over each other more often than this, in a meeting on average, fight.
_FIGHT = 3
#: Raises by others after which somebody has left, and was not merely beaten.
_LEFT_TO_OTHERS = 3


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
class Finding:
    """One bidder in one auction. `score` between 0 and 1; `alert` where it reaches the limit."""

    auction: str
    bidder: str
    features: Features
    score: float
    alert: bool
    reasons: tuple[Reason, ...]


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
    habits: dict[str, list[Reason]] = defaultdict(list)
    _companions(pairs, records, limits, habits)
    _rings(pairs, sales, limits, habits)
    _pushers(sales, told, features, limits, habits)
    shared = _shared_sources(sources or {})
    findings = []
    for (name, bidder), found in features.items():
        if name not in asked:
            continue
        reasons = [*habits.get(bidder, ())]
        if others := shared.get((name, bidder)):
            reasons.append(Reason("deposit_source_shared", {"others": len(others)}, others))
        if found.own_run >= limits.own_run:
            reasons.append(Reason("raises_own_lead", {"run": found.own_run}))
        findings.append(_finding(name, bidder, found, reasons, limits))
    return Screened(tuple(findings), tuple(pairs), sales)


def _finding(name: str, bidder: str, found: Features, reasons: list[Reason], limits: Limits) -> Finding:
    rest = Fraction(1)
    for code in {reason.code for reason in reasons}:  # a second companion makes no second kind of reason
        rest *= 1 - limits.weights[code]
    ordered = tuple(sorted(reasons, key=lambda reason: (-limits.weights[reason.code], reason.code, reason.others)))
    return Finding(name, bidder, found, round(float(1 - rest), 3), 1 - rest >= limits.alert, ordered)


def _percent(part: float) -> int:
    return round(100 * part)


def _companions(
    pairs: Sequence[Pair], records: Mapping[str, Record], limits: Limits, habits: dict[str, list[Reason]]
) -> None:
    """Who never wins, is mostly where one certain other is, more than chance explains, and that other often wins.

    Not where the two fight: rivals meet again and again, and one of them may be the poorer.

    Both are told of: the one who comes along, and the one who is accompanied.
    """
    best: dict[str, Pair] = {}
    for pair in pairs:
        for bidder in (pair.a, pair.b):
            if (
                records[bidder].won == 0
                and 2 * pair.wins_of(pair.other(bidder)) >= pair.joint
                and pair.beside(bidder) >= limits.overlap
                and pair.chance <= limits.chance
                and pair.clashes <= _FIGHT * pair.joint
                and (bidder not in best or pair.joint > best[bidder].joint)
            ):
                best[bidder] = pair
    for bidder, pair in best.items():
        other = pair.other(bidder)
        facts = {"joint": pair.joint, "joined": len(records[bidder].joined), "other_won": pair.wins_of(other)}
        habits[bidder].append(Reason("companion", facts, (other,)))
        habits[other].append(Reason("accompanied", facts, (bidder,)))
        if _sparing(pair):
            spared = {"joint": pair.joint, "clashes": pair.clashes}
            habits[bidder].append(Reason("spares_companion", spared, (other,)))
            habits[other].append(Reason("spares_companion", spared, (bidder,)))


def _sparing(pair: Pair) -> bool:
    """Whether the two hardly ever raised over each other: not even once in an auction, on average."""
    return pair.clashes <= pair.joint


def _rings(pairs: Sequence[Pair], sales: Mapping[str, Sale], limits: Limits, habits: dict[str, list[Reason]]) -> None:
    """Groups that meet more than chance explains, spare each other, and win in turns where they meet."""
    ties: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.overlap >= limits.overlap and pair.chance <= limits.chance and _sparing(pair):
            ties[pair.a].add(pair.b)
            ties[pair.b].add(pair.a)
    for members in _groups(ties):
        met = [sale for sale in sales.values() if len(members & sale.bidders.keys()) > 1]
        winners = [sale.winner for sale in met if sale.winner in members]
        if len(set(winners)) > 1 and 4 * len(winners) >= 3 * len(met):
            for bidder in members:
                facts = {"members": len(members), "met": len(met), "won": len(winners), "winners": len(set(winners))}
                habits[bidder].append(Reason("wins_in_turn", facts, tuple(sorted(members - {bidder}))))


def _groups(ties: Mapping[str, set[str]]) -> list[set[str]]:
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
    habits: dict[str, list[Reason]],
) -> None:
    """Who joins often, bids a lot, is gone before the end and never wins; and whose auctions are all one seller's."""
    sellers = {sale.terms.seller for sale in sales.values()}
    for bidder, record in records.items():
        if record.won or len(record.joined) < limits.joint_min:
            continue
        quiet = [name for name in record.joined if _quiet(features[name, bidder], limits)]
        bids = sum(features[name, bidder].bids for name in record.joined)
        if 4 * len(quiet) >= 3 * len(record.joined) and bids >= limits.push_bids * len(record.joined):
            habits[bidder].append(Reason("pushes_and_leaves", {"joined": len(record.joined), "bids": bids}))
        most = max(record.by_seller.values(), default=0)
        if len(sellers) > 1 and most >= limits.joint_min and 10 * most >= 9 * len(record.joined):
            habits[bidder].append(Reason("follows_seller", {"joined": len(record.joined), "same_seller": most}))


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
