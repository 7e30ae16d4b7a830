"""What a lot costs its buyer in the end."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields

from auction.kernel.money import is_amount
from disclosure.rules.cost_rates import PAYERS

from .base import Strict

_DIGITS = re.compile(r"[0-9]{1,16}")


class QueryFen(fields.Integer):
    """An amount of fen in a query: ASCII digits and nothing that could be read as some."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value) or not is_amount(int(value)):
            raise ValidationError("amount_invalid")
        return int(value)


class TotalCostQuery(Schema):
    """The price to reckon with; without one the least next bid of the lot's latest round."""

    price_fen = QueryFen()


class CostLineOut(Strict):
    """One thing somebody pays, in fen; null is unknown. `counted`: it enters the totals, the buyer may have to pay it.

    `depends` says what is not disclosed and the amount hangs on; `item` and `as_of` where the sheet tells it, and when.
    """

    code = fields.String()
    title = fields.String()
    low_fen = fields.Integer(allow_none=True)
    likely_fen = fields.Integer(allow_none=True)
    high_fen = fields.Integer(allow_none=True)
    payer = fields.String(metadata={"enum": list(PAYERS)})
    counted = fields.Boolean()
    basis = fields.String()
    depends = fields.String(allow_none=True)
    item = fields.String(allow_none=True)
    as_of = fields.String(allow_none=True, metadata={"format": "date"})
    is_unknown = fields.Boolean(data_key="unknown", attribute="unknown")


class TotalCostOut(Strict):
    """What the buyer pays at a price. Where `incomplete` is true the totals leave out lines that are unknown."""

    price_fen = fields.Integer()
    low_fen = fields.Integer()
    likely_fen = fields.Integer()
    high_fen = fields.Integer()
    incomplete = fields.Boolean()
    rates = fields.String()
    rates_title = fields.String()
    valid_from = fields.String(metadata={"format": "date"})
    lines = fields.List(fields.Nested(CostLineOut))
