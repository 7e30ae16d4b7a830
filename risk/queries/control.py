"""Which companies some people control, by the registry in force."""

from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from auction.rules.ruleset import Ruleset, load

from ..rules.control import Chain, controlled
from .interest import stakes_behind

#: The set whose limit of control holds where no auction's own copy is at hand.
RULESET = "spc-2016"


def controlled_by(
    session: Session,
    seeds: Collection[str],
    candidates: Collection[str],
    *,
    version: int,
    today: date,
    ruleset: Ruleset | None = None,
) -> dict[str, Chain]:
    """Which of `candidates` (companies) the `seeds` (people or companies) control together, each with its chain.

    All are keyed hashes of identity numbers; `version` is the registry's, `today` the day in Shanghai on which holdings
    count. PRECISIONS 12. One statement, whatever the number.
    """
    stakes = stakes_behind(session, candidates, version=version, today=today)
    return controlled(seeds, stakes, (ruleset or load(RULESET)).ratio("company_control"), among=candidates)
