"""Break-glass: one identity before the end, on a judge's proposal and a regulator's approval."""

from marshmallow import fields

from .base import Moment, PageOut, PageQuery, Strict, text, words


class OpeningIn(Strict):
    """Whose identity, by the code of the list of bids, and why; the reason is told to the person after the end."""

    bidder_code = text(20)
    reason = words(2000)


class OpeningsQuery(PageQuery):
    """Openings of one sale, or of all that the caller may see."""

    auction_id = text(64, required=False)


class OpeningOut(Strict):
    """A proposal to open an identity, and what came of it; never the identity.

    `until`: how long who proposed it may look; `open`: whether that is now.
    """

    approval_id = fields.String()
    auction_id = fields.String()
    lot_id = fields.String()
    lot_title = fields.String()
    bidder_code = fields.String()
    reason = fields.String()
    status = fields.String(metadata={"enum": ["pending", "approved", "rejected", "lapsed"]})
    proposed_by = fields.String()
    mine = fields.Boolean()
    proposed_at = Moment()
    decided_at = Moment(allow_none=True)
    until = Moment(allow_none=True)
    open = fields.Boolean()


class OpeningListOut(PageOut):
    """A page of openings, the latest first."""

    items = fields.List(fields.Nested(OpeningOut))


class OpenedPersonOut(Strict):
    """A person behind the code; the number is masked."""

    part = fields.String()
    name = fields.String()
    id_type = fields.String()
    masked_number = fields.String()


class OpenedOut(Strict):
    """Who stands behind the code of an approved opening."""

    bidder_code = fields.String()
    until = Moment()
    people = fields.List(fields.Nested(OpenedPersonOut))
