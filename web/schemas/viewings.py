"""Viewings of a lot and the places booked at them."""

from marshmallow import fields, validate

from disclosure.rules.viewings import MOST_PLACES

from .base import Moment, PageOut, Strict, StrictInteger


class ViewingIn(Strict):
    """A time at which the lot is shown, and for how many."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    places = StrictInteger(required=True, validate=validate.Range(1, MOST_PLACES))


class ViewingOut(Strict):
    """A viewing as everybody sees it."""

    id = fields.String()
    lot_id = fields.String()
    starts_at = Moment()
    ends_at = Moment()
    places = fields.Integer()
    free = fields.Integer()
    status = fields.String(metadata={"enum": ["open", "full", "over", "cancelled"]})
    cancelled_reason = fields.String(allow_none=True)


class BookingOut(Strict):
    """The own place at a viewing; `code` is what one gives at the door, in place of a name."""

    id = fields.String()
    viewing_id = fields.String()
    lot_id = fields.String()
    lot_title = fields.String()
    code = fields.String()
    starts_at = Moment()
    ends_at = Moment()
    status = fields.String(metadata={"enum": ["booked", "over", "cancelled", "called_off"]})
    cancelled_reason = fields.String(allow_none=True)


class BookingsOut(PageOut):
    """The own bookings."""

    items = fields.List(fields.Nested(BookingOut))


class VisitorOut(Strict):
    """A visitor, known by a code alone (OJA 18(2))."""

    code = fields.String()


class VisitorsOut(PageOut):
    """Who comes to a viewing."""

    items = fields.List(fields.Nested(VisitorOut))
