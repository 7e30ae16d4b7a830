"""Which companies some people control: together more than half, or as actual controllers, through any companies.

OJA 34 names no companies; barring those that a barred person controls is a court's practice (PRECISIONS 12). People and
companies are known here only by the keyed hash of their identity. The limit of control is the caller's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heapify, heappop, heappush
from typing import Literal

from .shares import WHOLE, indirect_shares

Role = Literal["legal_representative", "shareholder", "actual_controller", "director"]
#: By which rule a company is controlled: `holdings` directly and by controlled companies, `indirect_holdings` by the
#: product along chains alone. Through the latter, and through a company that he represents, nobody controls another.
ControlRule = Literal["actual_controller", "holdings", "indirect_holdings", "legal_representative"]

ROLES: tuple[Role, ...] = ("legal_representative", "shareholder", "actual_controller", "director")


@dataclass(frozen=True, slots=True)
class Stake:
    """What a holder (a person or a company) is in a company, as recorded; `share` in parts per million, None unknown.

    `record` is the row of the registry it comes from.
    """

    company: str
    holder: str
    role: str
    share: int | None = None
    record: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """How a company comes to be controlled: the rule, from whom, and every stake that counts, in order."""

    company: str
    rule: ControlRule
    seeds: tuple[str, ...]
    stakes: tuple[Stake, ...]

    @property
    def companies(self) -> tuple[str, ...]:
        """The companies the chain passes, the controlled one included, sorted."""
        return tuple(sorted({stake.company for stake in self.stakes}))


@dataclass(frozen=True, slots=True, order=True)
class Trace:
    """What does not bar but is told the regulator: somebody barred, or a company he controls, has a part in a company.

    `code`: `director`, `minor_holding` (from the least worth telling up to control) or `unknown_share`.
    """

    company: str
    holder: str
    code: Literal["director", "minor_holding", "unknown_share"]


#: The rules by which a company counts as a holder of others.
_HOLDING = ("actual_controller", "holdings")

_Grounds = dict[str, tuple[ControlRule, tuple[Stake, ...]]]


@dataclass(slots=True)
class _Ledger:
    """The stakes of one registry, sorted for use."""

    of: dict[str, list[Stake]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def controlled(
    seeds: Collection[str], stakes: Iterable[Stake], more_than: Fraction, among: Collection[str] | None = None
) -> dict[str, Chain]:
    """Every company (of `among`, where given) that `seeds` control together, with its chain; no seed is among them.

    A company is controlled when seeds and companies controlled already hold together more than `more_than` of it, when
    one of them is its actual controller, or when the products along all chains from the seeds sum up to more than that.
    Only the first two add it to those that count as holders of others: what is controlled by the product alone, or
    represented by a seed, is in the answer and controls nothing further. A chain of products passes a company once, so
    companies that hold each other do not lift their own shares. An unknown share counts 0.
    """
    return {company: found[0] for company, found in ways(seeds, stakes, more_than, among).items()}


def ways(
    seeds: Collection[str], stakes: Iterable[Stake], more_than: Fraction, among: Collection[str] | None = None
) -> dict[str, tuple[Chain, ...]]:
    """As `controlled`, with every way in which a company is: by shares, by actual control, by who represents it."""
    people, ledger = frozenset(seeds), _ledger(stakes)
    indirect = indirect_shares(people, ledger.held)
    grounds = _grounds(people, ledger, indirect, more_than)
    inside = people | {company for company, (rule, _) in grounds.items() if rule in _HOLDING}
    owning = people | indirect.keys()
    found: dict[str, tuple[Chain, ...]] = {}
    for company in sorted(grounds.keys() if among is None else grounds.keys() & set(among)):
        chains = [_chain(company, people, owning, grounds, ledger)]
        rest = inside - {company}
        if _together(ledger, company, rest) > more_than:
            shares: ControlRule = "holdings"
            held = _holding(ledger, company, rest)
        else:
            shares = "indirect_holdings"
            held = _holding(ledger, company, owning) if indirect.get(company, 0) > more_than else ()
        rules: list[tuple[ControlRule, tuple[Stake, ...]]] = [
            (shares, held),
            ("actual_controller", _as_(ledger, company, "actual_controller", rest)),
            ("legal_representative", _as_(ledger, company, "legal_representative", people)),
        ]
        for rule, by in rules:
            if by and rule != chains[0].rule:
                further = _chain(company, people, owning, grounds | {company: (rule, by)}, ledger)
                if further.seeds:  # else it leads in a circle, and is no way of its own
                    chains.append(further)
        found[company] = tuple(chains)
    return found


def _grounds(
    people: frozenset[str], ledger: _Ledger, indirect: Mapping[str, Fraction], more_than: Fraction
) -> _Grounds:
    """The controlled companies, each with its rule and the stakes by which it was added."""
    grounds: _Grounds = {}
    inside = set(people)
    waiting = sorted({company for holder in inside for company in ledger.by[holder]}, reverse=True)
    while waiting:
        company = waiting.pop()
        if company in inside:
            continue
        ground = _ground(ledger, company, inside, more_than)
        if ground is None:
            continue
        grounds[company] = ground
        inside.add(company)
        waiting += sorted(ledger.by[company] - inside, reverse=True)
    for company, part in indirect.items():
        if part > more_than and company not in inside:
            grounds[company] = ("indirect_holdings", _holding(ledger, company, people | indirect.keys()))
    for company in ledger.of:
        led = _as_(ledger, company, "legal_representative", people)
        if led and company not in grounds and company not in people:
            grounds[company] = ("legal_representative", led)
    return grounds


def traces(
    seeds: Collection[str], stakes: Iterable[Stake], companies: Iterable[str], *, least: Fraction, more_than: Fraction
) -> tuple[Trace, ...]:
    """What is to be told of `companies` that are not controlled: directors, minor holdings, shares nobody knows.

    A minor holding is what seeds and companies they control hold together, or own through chains, if it is `least` or
    more; an unknown share is told wherever it stands in the chains above a company.
    """
    people, ledger = frozenset(seeds), _ledger(stakes)
    indirect = indirect_shares(people, ledger.held)
    grounds = _grounds(people, ledger, indirect, more_than)
    inside = people | {company for company, (rule, _) in grounds.items() if rule != "legal_representative"}
    found: set[Trace] = set()
    for company in companies:
        if company in grounds or company in people:
            continue
        for above in _above(company, ledger):
            for stake in ledger.of.get(above, ()):
                if stake.holder not in inside:
                    continue
                if stake.role == "shareholder" and stake.share is None:
                    found.add(Trace(company, stake.holder, "unknown_share"))
                if stake.role == "director" and above == company:
                    found.add(Trace(company, stake.holder, "director"))
        if max(_together(ledger, company, inside), indirect.get(company, Fraction(0))) >= least:
            reaching = inside | indirect.keys()
            found |= {Trace(company, holder, "minor_holding") for holder in ledger.held[company] if holder in reaching}
    return tuple(sorted(found))


def _ledger(stakes: Iterable[Stake]) -> _Ledger:
    ledger = _Ledger()
    parts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stake in stakes:
        ledger.of[stake.company].append(stake)
        ledger.by[stake.holder].add(stake.company)
        if stake.share:
            parts[stake.company, stake.holder][stake.role] += stake.share
    for (company, holder), shares in parts.items():
        # Several shareholdings add up; the share written beside another role of the same holder is the same share.
        ledger.held[company][holder] = min(max(shares.values()), WHOLE)
    return ledger


def _ground(
    ledger: _Ledger, company: str, inside: Collection[str], more_than: Fraction
) -> tuple[ControlRule, tuple[Stake, ...]] | None:
    controllers = _as_(ledger, company, "actual_controller", inside)
    if controllers:
        return "actual_controller", controllers
    return ("holdings", _holding(ledger, company, inside)) if _together(ledger, company, inside) > more_than else None


def _as_(ledger: _Ledger, company: str, role: str, holders: Collection[str]) -> tuple[Stake, ...]:
    return tuple(
        stake for stake in sorted(ledger.of[company], key=_order) if stake.role == role and stake.holder in holders
    )


def _together(ledger: _Ledger, company: str, holders: Collection[str]) -> Fraction:
    return Fraction(sum(share for holder, share in ledger.held[company].items() if holder in holders), WHOLE)


def _order(stake: Stake) -> tuple[str, str, int]:
    """A share may be unknown, so stakes as they are cannot be put in order."""
    return stake.holder, stake.role, stake.record


def _holding(ledger: _Ledger, company: str, inside: Collection[str]) -> tuple[Stake, ...]:
    found = (stake for stake in ledger.of[company] if stake.share and stake.holder in inside)
    return tuple(sorted(found, key=_order))


def _chain(
    company: str,
    people: frozenset[str],
    owning: Collection[str],
    grounds: _Grounds,
    ledger: _Ledger,
) -> Chain:
    """The stakes by which a company is controlled, from the people down to it."""
    rule = grounds[company][0]
    used: list[Stake] = []
    passed, waiting = {company}, [company]
    while waiting:
        at = waiting.pop()
        by_shares = rule == "indirect_holdings" or at not in grounds
        counted = _holding(ledger, at, owning) if by_shares else grounds[at][1]
        counted = tuple(stake for stake in counted if stake.holder != company)  # no chain leads through its own end
        used += counted
        for stake in counted:
            if stake.holder not in people and stake.holder not in passed:
                passed.add(stake.holder)
                waiting.append(stake.holder)
    seeds = sorted({stake.holder for stake in used if stake.holder in people})
    return Chain(company, rule, tuple(seeds), in_order(used, people))


def in_order(stakes: Collection[Stake], start: Collection[str]) -> tuple[Stake, ...]:
    """Stakes from `start` down: each company after those that hold it, and of one company first those of `start`.

    In a circle of companies the one with the fewest holders still to come goes first.
    """
    of: dict[str, list[Stake]] = defaultdict(list)
    for stake in stakes:
        of[stake.company].append(stake)
    above = {company: {stake.holder for stake in held} & of.keys() - {company} for company, held in of.items()}
    below: dict[str, list[str]] = defaultdict(list)
    for company, holders in above.items():
        for holder in holders:
            below[holder].append(company)
    ready = [company for company, holders in above.items() if not holders]
    heapify(ready)
    ordered: list[Stake] = []
    while above:
        # The last of a chain holds nobody: it waits for every circle above it.
        company = heappop(ready) if ready else min(above, key=lambda one: (one not in below, len(above[one]), one))
        del above[company]
        for one in below.pop(company, ()):
            if one in above:
                above[one].discard(company)
                if not above[one]:
                    heappush(ready, one)
        ordered += sorted(of[company], key=lambda stake: (stake.holder not in start, *_order(stake)))
    return tuple(ordered)


def _above(company: str, ledger: _Ledger) -> set[str]:
    """A company and every company that holds a part of it, directly or not."""
    passed, waiting = {company}, [company]
    while waiting:
        for stake in ledger.of.get(waiting.pop(), ()):
            holds = stake.role in ("shareholder", "actual_controller")
            if holds and stake.holder in ledger.of and stake.holder not in passed:
                passed.add(stake.holder)
                waiting.append(stake.holder)
    return passed
