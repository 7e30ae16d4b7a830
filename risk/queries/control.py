"""What the registry in force says of companies: who is behind them, and which of them some people control."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auction.rules.ruleset import Ruleset, load

from ..models import Control
from ..rules.control import Chain, Stake, controlled
from .interest import in_force

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


def stakes_behind(session: Session, companies: Iterable[str], *, version: int, today: date) -> tuple[Stake, ...]:
    """Every stake in these companies, in the companies that hold them, and so on up; in one statement.

    Who is no company in the registry has no stakes, so people may be among `companies`.
    """
    counts = (
        in_force(Control, version),
        Control.from_on <= today,
        or_(Control.to_on.is_(None), Control.to_on >= today),
    )
    columns = (Control.id, Control.company_match, Control.holder_match, Control.role, Control.share)
    above = select(*columns).where(Control.company_match.in_(companies), *counts).cte("above", recursive=True)
    # UNION, not UNION ALL: companies that hold each other are visited once.
    above = above.union(select(*columns).join(above, Control.company_match == above.c.holder_match).where(*counts))
    return tuple(
        Stake(row.company_match, row.holder_match, row.role, row.share, row.id)
        for row in session.execute(select(above).order_by(above.c.id))
    )
