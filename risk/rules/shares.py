"""What some holders own of a company indirectly: products along each chain of holdings, summed over the chains.

A chain passes through a company once, so companies that hold each other do not lift their own shares. And on what day
records would have more of a company held than there is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from heapq import heappop, heappush

#: Shares are whole parts per million.
WHOLE = 1_000_000

#: Who holds how much of a company, in parts per million.
Held = Mapping[str, Mapping[str, int]]

#: How many steps are followed inside one knot of companies that hold each other. A knot that needs more is judged by
#: the most it could be: in doubt barred.
PATIENCE = 2_000


@dataclass(frozen=True, slots=True)
class Holding:
    """A record of what somebody holds of a company, in parts per million; both days inclusive, `to_on` None: still."""

    holder: str
    share: int
    from_on: date
    to_on: date | None


def first_above_whole(holdings: Iterable[Holding]) -> date | None:
    """The first day on which more than the whole of one company would be held; None without such a day.

    Of several records of one holder on a day the largest counts. As a share is written to the nearest millionth, each
    holder may have half of one too many.
    """
    changes: dict[date, list[tuple[str, Holding | None]]] = defaultdict(list)
    for one in holdings:
        changes[one.from_on].append((one.holder, one))
        if one.to_on is not None and one.to_on < date.max:
            changes[one.to_on + timedelta(days=1)].append((one.holder, None))
    records: dict[str, list[tuple[int, date]]] = defaultdict(list)
    held: dict[str, int] = {}
    total = 0
    for day in sorted(changes):
        for holder, new in changes[day]:
            if new is not None:
                heappush(records[holder], (-new.share, new.to_on or date.max))
        for holder, _ in changes[day]:
            while records[holder] and records[holder][0][1] < day:
                heappop(records[holder])
            share = -records[holder][0][0] if records[holder] else 0
            total += share - held.pop(holder, 0)
            if share:
                held[holder] = share
        if 2 * total > 2 * WHOLE + len(held):
            return day
    return None


def indirect_shares(owners: Collection[str], held: Held) -> dict[str, Fraction]:
    """The part of each company that `owners` own together, through whatever companies: 0 to 1, exact.

    Only companies of which they own something are in the answer. An owner that is a company itself counts whole.
    """
    owned: dict[str, Fraction] = {}

    def of(holder: str) -> Fraction:
        return Fraction(1) if holder in owners else owned.get(holder, Fraction(0))

    for knot in _knots(owners, held):
        entering = {
            company: sum(
                (Fraction(share, WHOLE) * of(holder) for holder, share in held[company].items() if holder not in knot),
                Fraction(0),
            )
            for company in knot
        }
        for company in knot:
            total = entering[company] if len(knot) == 1 else _through(company, knot, held, entering)
            if total:
                owned[company] = min(total, Fraction(1))
    return owned


def _through(target: str, knot: frozenset[str], held: Held, entering: Mapping[str, Fraction]) -> Fraction:
    """What reaches `target` over every chain inside its knot, the largest products first."""
    total, steps = Fraction(0), 0
    waiting: list[tuple[Fraction, int, str, frozenset[str]]] = [(Fraction(-1), 0, target, frozenset((target,)))]
    while waiting:
        negative, _, company, passed = heappop(waiting)
        product = -negative
        total += product * entering[company]
        for holder, share in held[company].items():
            if holder in knot and holder not in passed:
                steps += 1
                heappush(waiting, (-product * Fraction(share, WHOLE), steps, holder, passed | {holder}))
        if steps > PATIENCE:
            return total + sum((-rest[0] for rest in waiting), Fraction(0))
    return total


def _knots(owners: Collection[str], held: Held) -> Iterator[frozenset[str]]:
    """The companies, those that hold each other in a circle together, holders before what they hold.

    Tarjan's strongly connected components, without recursion: chains may be longer than the stack.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_ones: list[str] = []
    is_open: set[str] = set()

    def holders(company: str) -> Iterator[str]:
        return (holder for holder in held[company] if holder in held and holder not in owners)

    for root in held:
        if root in number or root in owners:
            continue
        walk = [(root, holders(root))]
        number[root] = lowest[root] = len(number)
        open_ones.append(root)
        is_open.add(root)
        while walk:
            company, rest = walk[-1]
            for holder in rest:
                if holder not in number:
                    number[holder] = lowest[holder] = len(number)
                    open_ones.append(holder)
                    is_open.add(holder)
                    walk.append((holder, holders(holder)))
                    break
                if holder in is_open:
                    lowest[company] = min(lowest[company], number[holder])
            else:
                walk.pop()
                if walk:
                    above = walk[-1][0]
                    lowest[above] = min(lowest[above], lowest[company])
                if lowest[company] == number[company]:
                    knot = set()
                    while company not in knot:
                        knot.add(open_ones.pop())
                    is_open -= knot
                    yield frozenset(knot)
