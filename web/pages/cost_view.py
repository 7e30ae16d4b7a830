"""What a lot would cost its buyer, as its page shows it: a table at one price, a form for another, a slider's steps."""

from datetime import date, datetime
from typing import Any

from auction.kernel.money import is_amount, parse_yuan, yuan
from bidding.queries.lot_page import LotPage, asked
from disclosure.rules.cost_rates import load
from disclosure.rules.sheet import Sheet
from disclosure.rules.total_cost import total_cost

from .. import total_cost as told
from .forms import fault_sentence
from .language import _, language, today

#: Bid steps the slider goes up.
_STEPS = 100
#: Fen between two prices whose totals tell how a total grows.
_FAR = 10**10


def total(sheet: Sheet, asset_type: str, price_fen: int, day: date) -> dict[str, Any]:
    """What a buyer would pay in all at about a price, and how that grows with it, for a script that reckons on.

    `low_fen` and `high_fen` at `price_fen`, and by how much each grows with a yuan of the price; `unknowns`: how many
    lines are not known and left out. Lines are fixed or a part of the price, so that the two suffice.
    """
    here, there = (total_cost(sheet, asset_type, price, day, load()) for price in (price_fen, price_fen + _FAR))
    return {
        "price_fen": price_fen,
        "low_fen": here.low_fen,
        "high_fen": here.high_fen,
        "low_rate": (there.low_fen - here.low_fen) / _FAR,
        "high_rate": (there.high_fen - here.high_fen) / _FAR,
        "unknowns": len(here.unknown),
    }


def total_words() -> dict[str, str]:
    """What is said of a total beside a bid: of one amount, of two, and of what is unknown."""
    return {
        "one": _("按此价买下，连同税费等预计共付 ¥{low}"),
        "two": _("按此价买下，连同税费等预计共付 ¥{low} 至 ¥{high}"),
        "unknown": _("（另有 {n} 项未查明）"),
    }


def said_total(found: dict[str, Any]) -> str:
    """A total in one sentence, in whole yuan."""
    words = total_words()
    low, high = (yuan(_whole(found[name])) for name in ("low_fen", "high_fen"))
    unknown = words["unknown"].format(n=found["unknowns"]) if found["unknowns"] else ""
    return words["one" if low == high else "two"].format(low=low, high=high) + unknown


def _whole(fen: int) -> int:
    return (fen + 50) // 100 * 100


def view(page: LotPage, now: datetime, typed: str) -> dict[str, Any]:
    """The reckoning at the price typed in yuan, else at the least next bid; `error` where that was no amount."""
    least, error = asked(page.auction), None
    price = least
    if typed:
        try:
            price = parse_yuan(typed)
        except ValueError:
            price = 0
        if not is_amount(price):
            price, error = least, fault_sentence("amount_invalid")
    cost = total_cost(page.sheet.sheet, page.lot.asset_type, price, today(now), load())
    read = told.reading(cost, language())
    return {
        **read,
        "mine": [line for line in read["lines"] if line["counted"]],
        "others": [line for line in read["lines"] if not line["counted"]],
        "unknowns": len(cost.unknown),
        "typed": typed[:30] if error else None,
        "error": error,
        "least_fen": least,
        "most_fen": least + _STEPS * page.auction.increment_fen,
        "step_fen": page.auction.increment_fen,
    }
