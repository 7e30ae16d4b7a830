"""What a lot would cost its buyer, as its page shows it: a table at one price, a form for another, a slider's steps."""

from datetime import datetime
from typing import Any

from auction.kernel.money import is_amount, parse_yuan
from bidding.queries.lot_page import LotPage, asked
from disclosure.rules.cost_rates import load
from disclosure.rules.total_cost import total_cost

from .. import total_cost as told
from .forms import fault_sentence
from .language import language, today

#: Bid steps the slider goes up.
_STEPS = 100


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
