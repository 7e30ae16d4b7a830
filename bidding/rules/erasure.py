"""What stands against erasing a person's data (PIPL 47), and until when. Pure.

PIPL 47 gives way to a legal period of keeping: of what an auction made, ten years (OJA 29). For the rest it names no
period: while a sale, money, a sanction or an objection is open the data are still needed for what they were given for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from auction.rules.calendar import add_months, midnight, shanghai_day
from auction.rules.ruleset import Ruleset

Why = Literal["sale", "money", "sanction", "objection", "kept"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open of a person. `ended_at`: the latest end of a sale he registered for, or the registration's day."""

    sale: bool
    money: bool
    sanction: bool
    objection: bool
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Barrier:
    """One reason; `until`: from when on it stands no more, where a day can be named."""

    why: Why
    until: datetime | None = None


def barriers(standing: Standing, ruleset: Ruleset, now: datetime) -> list[Barrier]:
    """Every reason not to erase now; none: it may be done."""
    open_: tuple[tuple[Why, bool], ...] = (
        ("sale", standing.sale),
        ("money", standing.money),
        ("sanction", standing.sanction),
        ("objection", standing.objection),
    )
    found = [Barrier(why) for why, stands in open_ if stands]
    if standing.ended_at is not None:
        months = 12 * ruleset.years("auction_data_retention")
        until = midnight(add_months(shanghai_day(standing.ended_at), months))
        if now < until:
            found.append(Barrier("kept", until))
    return found
