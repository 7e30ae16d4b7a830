"""Viewings of a lot: offering, calling off, booking. Whoever shows a lot learns codes, and no names (OJA 18(2))."""

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from auction.kernel.unit import Unit
from auction.models import Lot
from bidding.queries.viewings import booking_dict, own_bookings, viewing_dict, visitors
from disclosure.models import Viewing, ViewingBooking
from disclosure.services import viewings as services

from ..auth import house, me, policy
from ..idempotency import act
from ..schemas.bidding import Nothing
from ..schemas.tasks import TaskReasonIn
from ..schemas.viewings import BookingOut, BookingsOut, ViewingIn, ViewingOut, VisitorsOut
from .listing import created, listed
from .spec import Blueprint

blueprint = Blueprint("viewings", __name__, description="Viewings of a lot")


@blueprint.post("/tasks/<task_id>/viewings")
@policy("viewing.offer")
@blueprint.arguments(ViewingIn)
@blueprint.response(201, ViewingOut)
def create_viewing(data: dict[str, Any], task_id: str) -> Response:
    """Offer a time at which the lot is shown, before the bidding ends."""

    def offer(unit: Unit) -> dict[str, Any]:
        return viewing_dict(services.offer_viewing(unit, me(), task_id, **data), 0, unit.now)

    return created(act(offer))


@blueprint.post("/viewings/<slot>/cancellation")
@policy("viewing.offer")
@blueprint.arguments(TaskReasonIn)
@blueprint.response(201, ViewingOut)
def cancel_viewing(data: dict[str, Any], slot: str) -> Response:
    """Call a viewing off before it begins, with a public reason."""

    def cancel(unit: Unit) -> dict[str, Any]:
        return viewing_dict(services.cancel_viewing(unit, me(), slot, **data), 0, unit.now)

    return created(act(cancel))


@blueprint.get("/viewings/<slot>/bookings")
@policy("viewing.offer")
@blueprint.response(200, VisitorsOut)
def list_bookings(slot: str) -> Response:
    """The codes of those who come, for the court and the agency that shows the lot."""
    return jsonify(listed(house().read(visitors, me(), slot)))


@blueprint.post("/lots/<lot_id>/viewings/<slot>/bookings")
@policy("viewing.book")
@blueprint.arguments(Nothing)
@blueprint.response(201, BookingOut)
def create_booking(_nothing: dict[str, Any], lot_id: str, slot: str) -> Response:
    """Book a place at a viewing."""

    def book(unit: Unit) -> dict[str, Any]:
        return _booking(unit, services.book_viewing(unit, me(), lot_id, slot))

    return created(act(book))


def _booking(unit: Unit, booking: ViewingBooking) -> dict[str, Any]:
    viewing = unit.session.get_one(Viewing, booking.viewing_id)
    return booking_dict(booking, viewing, _title(unit.session, viewing.lot_id), unit.now)


def _title(session: Session, lot_id: str) -> str:
    return session.get_one(Lot, lot_id).title


@blueprint.post("/me/bookings/<booking_id>/cancellation")
@policy("viewing.book")
@blueprint.arguments(Nothing)
@blueprint.response(201, BookingOut)
def cancel_booking(_nothing: dict[str, Any], booking_id: str) -> Response:
    """Give a place back before the viewing begins."""

    def cancel(unit: Unit) -> dict[str, Any]:
        return _booking(unit, services.cancel_booking(unit, me(), booking_id))

    return created(act(cancel))


@blueprint.get("/me/bookings")
@policy("viewing.book")
@blueprint.response(200, BookingsOut)
def list_own() -> Response:
    """The own places at viewings, the latest viewing first."""
    wired = house()
    return jsonify(listed(wired.read(own_bookings, me().person_id, wired.now())))
