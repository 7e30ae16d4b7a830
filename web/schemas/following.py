"""Following lots and courts; saved searches."""

from typing import Any

from marshmallow import fields, post_load, validate

from auction.rules.lot import AssetType, AuctionStatus, Round
from auction.rules.place import Place
from auction.rules.unsold import DISPOSALS
from bidding.queries.finding import SECTIONS, LotFilter
from bidding.rules.find import FARTHEST_KM, FLAGS
from bidding.services.following import query_of

from .base import Moment, PageOut, Strict, StrictInteger, choice, printable, words
from .public import box_in


class PlaceIn(Strict):
    """A point on the ground, degrees WGS 84."""

    latitude = fields.Float(required=True, validate=validate.Range(-90, 90))
    longitude = fields.Float(required=True, validate=validate.Range(-180, 180))


class SearchQueryIn(Strict):
    """What is looked for, as `GET /lots` does; `flags` is a list here, and `near` an object."""

    q = fields.String(validate=[validate.Length(max=200), printable])
    asset_type = choice(*AssetType, required=False)
    court = fields.String(validate=[validate.Length(1, 50), printable])
    region = fields.String(validate=[validate.Length(max=50), printable])
    round = choice(*Round, required=False)
    status = choice(*AuctionStatus, *DISPOSALS, *SECTIONS, required=False)
    min_fen = StrictInteger(validate=validate.Range(0, 10**15))
    max_fen = StrictInteger(validate=validate.Range(0, 10**15))
    flags = fields.List(choice(*FLAGS, required=False), validate=validate.Length(max=len(FLAGS)))
    near = fields.Nested(PlaceIn)
    within_km = fields.Float(validate=validate.Range(0.1, FARTHEST_KM))

    box = fields.List(
        fields.Float(validate=validate.Range(-180, 180)),
        validate=validate.Length(equal=4),
        metadata={"description": "south, west, north, east: only lots within that view"},
    )

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """As it is saved. DomainError invalid for a view there is not."""
        if "box" in data:
            data["box"] = box_in(",".join(map(str, data["box"])))
        flags, near = tuple(data.pop("flags", ())), data.pop("near", None)
        within = data.pop("within_km", 10.0)
        return query_of(LotFilter(**data, flags=flags, near=Place(**near) if near else None, within_km=within))


class SearchIn(Strict):
    """A search to be saved under a name."""

    name = words(60)
    query = fields.Nested(SearchQueryIn, required=True)


class SearchOut(Strict):
    """A saved search."""

    id = fields.String()
    name = fields.String()
    query = fields.Dict()
    saved_at = Moment()


class SearchesOut(PageOut):
    """The saved searches of an account."""

    items = fields.List(fields.Nested(SearchOut))


class FollowedLotOut(Strict):
    """A followed lot and its latest announced round."""

    lot_id = fields.String()
    title = fields.String()
    auction_id = fields.String()
    followed_at = Moment()


class FollowedCourtOut(Strict):
    """A followed court."""

    code = fields.String()
    name = fields.String()
    followed_at = Moment()


class FollowsOut(Strict):
    """What an account follows."""

    lots = fields.List(fields.Nested(FollowedLotOut))
    courts = fields.List(fields.Nested(FollowedCourtOut))


class FollowOut(Strict):
    """That something is followed."""

    following = fields.Boolean()
