"""What a lot costs its buyer, in words: the lines of a reckoning in the reader's language, for interface and pages."""

from collections.abc import Mapping
from typing import Any

from disclosure.rules.cost_rates import load
from disclosure.rules.total_cost import TotalCost


def reading(cost: TotalCost, tongue: str) -> dict[str, Any]:
    """A reckoning as JSON values. `incomplete`: a line of the buyer's is unknown, and the totals leave it out."""
    table = load(cost.table)
    return {
        "price_fen": cost.price_fen,
        "low_fen": cost.low_fen,
        "likely_fen": cost.likely_fen,
        "high_fen": cost.high_fen,
        "incomplete": bool(cost.unknown),
        "rates": table.name,
        "rates_title": table.title[tongue],
        "valid_from": table.valid_from.isoformat(),
        "lines": [
            {
                "code": line.code,
                "title": line.title[tongue],
                "low_fen": line.low_fen,
                "likely_fen": line.likely_fen,
                "high_fen": line.high_fen,
                "payer": line.payer,
                "counted": line.is_counted,
                "basis": line.basis[tongue],
                "depends": _said(line.depends, tongue),
                "item": line.source,
                "as_of": line.as_of,
                "unknown": line.unknown,
            }
            for line in cost.lines
        ],
    }


def _said(words: Mapping[str, str] | None, tongue: str) -> str | None:
    return None if words is None else words[tongue]
