"""The change feed."""

from marshmallow import Schema, fields, validate

from bidding.queries.changes_feed import MOST_CHANGES
from bidding.rules.changes_feed import CHANGES

from .base import Moment, Strict


class ChangesQuery(Schema):
    """`cursor`: where the last answer ended; without one the feed begins at its beginning."""

    cursor = fields.String(load_default=None, validate=validate.Length(1, 60))
    page_size = fields.Integer(load_default=MOST_CHANGES, validate=validate.Range(1, MOST_CHANGES))


class PublicChangeOut(Strict):
    """One change. `index`: its leaf in the public log; `facts`: what its entry there says."""

    id = fields.String()
    index = fields.Integer()
    at = Moment()
    type = fields.String(metadata={"enum": sorted(CHANGES.values())})
    lot_id = fields.String()
    auction_id = fields.String(allow_none=True)
    court = fields.String()
    facts = fields.Dict()


class ChangesOut(Strict):
    """Changes in the order of the log. `cursor` continues after them; `more`: whether there are further ones now."""

    items = fields.List(fields.Nested(PublicChangeOut))
    cursor = fields.String()
    more = fields.Boolean()
