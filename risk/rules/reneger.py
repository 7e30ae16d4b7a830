"""Who is bound to a buyer that reneged, by control of companies alone: a court's practice, so each way can be lifted.

OJA 24(2) bars the buyer himself, and that bar falls only with the declaration. It names no companies: those he
controls, and whoever controls the company that bought, are barred as the interest bar does it (PRECISIONS 12).
"""

from collections.abc import Collection, Iterable
from fractions import Fraction

from .control import Chain, Stake, ways
from .interest import Ground, Hit

#: The grounds of such a hit: a company that a reneger controls, and who controls a company that reneged.
BOUND = ("reneger_company", "reneger_controller")


def bound_hits(
    renegers: Collection[str],
    matches: Collection[str],
    stakes: Iterable[Stake],
    *,
    more_than: Fraction,
    lifted: Collection[str] = (),
) -> tuple[Hit, ...]:
    """Every way in which `matches` are bound to `renegers` (keyed hashes all), in a fixed order, without lifted ones.

    `stakes` are those behind both, and more do no harm. `via` of a hit is the reneger it leads to, `relation` the rule
    of control, `through` who controls beside him and the companies between; no body of the sale is named.
    """
    known = tuple(stakes)
    others = frozenset(matches) - frozenset(renegers)
    found = [
        _hit("reneger_company", chain, chain.company, chain.seeds[0])
        for chains in ways(renegers, known, more_than, among=others).values()
        for chain in chains
    ]
    found += [
        _hit("reneger_controller", chain, chain.seeds[0], chain.company)
        for chains in ways(others, known, more_than, among=renegers).values()
        for chain in chains
    ]
    return tuple(sorted(hit for hit in found if hit.key not in lifted))


def _hit(ground: Ground, chain: Chain, match: str, via: str) -> Hit:
    through = {*chain.seeds, *chain.companies} - {match, via}
    return Hit(match, ground, "", "", via=via, relation=chain.rule, through=tuple(sorted(through)))
