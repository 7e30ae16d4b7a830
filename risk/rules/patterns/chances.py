"""How likely something is where bidders act by themselves: exact tails of counts, and what they say in one number."""

from collections.abc import Iterable
from math import exp, lgamma

#: A chance is told as one in so many, and no rarer than this: beyond it the assumptions are what is doubtful.
_RAREST = 1_000_000


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


def counts(rates: Iterable[float]) -> list[float]:
    """How likely 0, 1, 2... of independent events happen, each with a rate of its own (Poisson binomial)."""
    known = [1.0]
    for rate in rates:
        known = [
            (known[k] * (1 - rate) if k < len(known) else 0.0) + (known[k - 1] * rate if k else 0.0)
            for k in range(len(known) + 1)
        ]
    return known


def at_least(count: int, rates: Iterable[float]) -> float:
    """How likely `count` or more of independent events happen."""
    return min(1.0, sum(counts(rates)[max(count, 0) :]))


def at_most(count: int, rates: Iterable[float]) -> float:
    """How likely `count` or fewer of independent events happen."""
    return min(1.0, sum(counts(rates)[: count + 1]))


def one_in(chance: float) -> int:
    """A chance as one in so many, rounded down."""
    return _RAREST if chance * _RAREST <= 1 else int(1 / chance)
