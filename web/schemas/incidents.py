"""Disturbances: when nobody could bid, and what that did to sales."""

from marshmallow import fields

from .base import Strict


class OutageSaleOut(Strict):
    """A sale that an outage touched; `closes_at` as it was afterwards."""

    auction_id = fields.String()
    title = fields.String()
    status = fields.String()
    effect = fields.String(metadata={"enum": ["event", "extension", "suspension"]})
    closes_at = fields.String(metadata={"format": "date-time"})


class OutageOut(Strict):
    """A time in which no process took bids; `applied` once every sale it touched has had its effect."""

    id = fields.String()
    began_at = fields.String(metadata={"format": "date-time"})
    ended_at = fields.String(metadata={"format": "date-time"})
    seconds = fields.Integer()
    applied = fields.Boolean()
    sales = fields.List(fields.Nested(OutageSaleOut))


class TurnedAwayOut(Strict):
    """Offers for a sale that were turned away within about a minute, counted by their codes."""

    auction_id = fields.String()
    at = fields.String(metadata={"format": "date-time"})
    codes = fields.Dict(keys=fields.String(), values=fields.Integer())


class IncidentsOut(Strict):
    """Both, the latest first, at most 200 of each."""

    items = fields.List(fields.Nested(OutageOut))
    turned_away = fields.List(fields.Nested(TurnedAwayOut))
