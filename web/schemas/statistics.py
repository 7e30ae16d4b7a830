"""Statistics: the period asked for, and the figures of it."""

from typing import Any

from marshmallow import fields, post_load, validate

from bidding.queries.statistics import Period

from .base import Day, Strict, printable


class StatisticsQuery(Strict):
    """A court by its code, and the days between which bidding ended, both included; all of them where left out."""

    court = fields.String(load_default=None, validate=[validate.Length(1, 50), printable])
    first = Day(data_key="from", load_default=None)
    last = Day(data_key="to", load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Period:
        """The period the query takes."""
        return Period(**data)


class SummaryOut(Strict):
    """The figures of some rounds; null where there is nothing to compute them from."""

    rounds = fields.Integer()
    sold = fields.Integer()
    unsold = fields.Integer()
    reneged = fields.Integer()
    withdrawn = fields.Integer()
    revoked = fields.Integer()
    turnover_fen = fields.Integer()
    sale_rate = fields.Float(allow_none=True, metadata={"description": "sold of sold and unsold"})
    renege_rate = fields.Float(allow_none=True, metadata={"description": "reneged of sold and reneged"})
    premium = fields.Float(allow_none=True, metadata={"description": "prices above the reserves of what was sold"})
    to_reference = fields.Float(allow_none=True, metadata={"description": "prices by the reference prices"})
    days_to_sale = fields.Integer(
        allow_none=True, metadata={"description": "median of days from a lot's entry to the end of bidding"}
    )
    days_from_seizure = fields.Integer(
        allow_none=True,
        metadata={"description": "the same from its seizure, of lots whose day of seizure is recorded"},
    )
    bids_per_sale = fields.Float(allow_none=True)


class CourtSummaryOut(SummaryOut):
    """The same of one court."""

    court = fields.String()
    name = fields.String()


class ClearedOut(Strict):
    """Clearances decided in the period, and how many of them by the day promised."""

    outcomes = fields.Integer()
    in_time = fields.Integer()
    in_time_rate = fields.Float(allow_none=True)


class RefundsOut(Strict):
    """Refunds due in the period that were sent or whose time is over, and how many of them were sent in time."""

    due = fields.Integer()
    in_time = fields.Integer()
    in_time_rate = fields.Float(allow_none=True)


class CourtRefundsOut(RefundsOut):
    """The same of one court."""

    court = fields.String()
    name = fields.String()


class AllRefundsOut(RefundsOut):
    """The same of all, and of each court."""

    by_court = fields.List(fields.Nested(CourtRefundsOut))


def _by_name() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Nested(SummaryOut))


class StatisticsOut(Strict):
    """The figures of the closed sales of a period."""

    court = fields.String(allow_none=True)
    first = fields.String(data_key="from", allow_none=True)
    last = fields.String(data_key="to", allow_none=True)
    total = fields.Nested(SummaryOut)
    by_round = _by_name()
    by_asset_type = _by_name()
    by_month = _by_name()
    by_court = fields.List(fields.Nested(CourtSummaryOut))
    clearance = fields.Nested(ClearedOut)
    refunds = fields.Nested(AllRefundsOut)
