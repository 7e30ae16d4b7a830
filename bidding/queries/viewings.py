"""Viewings of a lot: for everybody, without who comes; the codes of the visitors for whoever shows it; one's own."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.models import Lot, Task
from auction.rules.access import Actor, require
from disclosure.models import Viewing, ViewingBooking
from disclosure.rules.viewings import Slot


def viewings_of(session: Session, lot_id: str, now: datetime) -> list[dict[str, Any]]:
    """The viewings of a lot in order of time, with the places left: no word of who has booked."""
    live = (
        select(ViewingBooking.viewing_id, func.count().label("taken"))
        .where(ViewingBooking.cancelled_at.is_(None))
        .group_by(ViewingBooking.viewing_id)
        .subquery()
    )
    rows = session.execute(
        select(Viewing, func.coalesce(live.c.taken, 0).label("taken"))
        .outerjoin(live, live.c.viewing_id == Viewing.id)
        .where(Viewing.lot_id == lot_id)
        .order_by(Viewing.starts_at, Viewing.id)
    )
    return [viewing_dict(row.Viewing, row.taken, now) for row in rows]


def viewing_dict(viewing: Viewing, taken: int, now: datetime) -> dict[str, Any]:
    """A viewing as everybody sees it. status: open, full, over, cancelled."""
    slot = Slot(viewing.starts_at, viewing.ends_at, viewing.places, taken, viewing.cancelled_at is not None)
    over = "cancelled" if slot.cancelled else "over"
    return {
        "id": viewing.id,
        "lot_id": viewing.lot_id,
        "starts_at": iso(viewing.starts_at),
        "ends_at": iso(viewing.ends_at),
        "places": viewing.places,
        "free": slot.free if slot.is_open(now) else 0,
        "status": ("open" if slot.free else "full") if slot.is_open(now) else over,
        "cancelled_reason": viewing.cancelled_reason,
    }


def visitors(session: Session, actor: Actor, viewing_id: str) -> list[dict[str, Any]]:
    """The codes of those who come, for the court of the lot and the agency that shows it; nothing else of them.

    DomainError not_found for everybody else.
    """
    row = session.execute(
        select(Task.agency_uscc, Lot.court_code)
        .select_from(Viewing)
        .join(Task, Task.id == Viewing.task_id)
        .join(Lot, Lot.id == Viewing.lot_id)
        .where(Viewing.id == viewing_id)
    ).one_or_none()
    if row is None:
        raise DomainError("not_found")
    require(actor, "viewing.offer", court=row.court_code)
    if actor.role == "agency" and actor.agency_uscc != row.agency_uscc:
        raise DomainError("not_found")
    codes = select(ViewingBooking.code).where(
        ViewingBooking.viewing_id == viewing_id, ViewingBooking.cancelled_at.is_(None)
    )
    return [{"code": code} for code in session.scalars(codes.order_by(ViewingBooking.code))]


def own_bookings(
    session: Session, person_id: str | None, now: datetime, lot_id: str | None = None
) -> list[dict[str, Any]]:
    """The places a person has booked, the latest viewing first; those on one lot, where it is given."""
    rows = (
        select(ViewingBooking, Viewing, Lot.title)
        .join(Viewing, Viewing.id == ViewingBooking.viewing_id)
        .join(Lot, Lot.id == Viewing.lot_id)
        .where(ViewingBooking.person_id == (person_id or ""))
        .order_by(Viewing.starts_at.desc(), ViewingBooking.id)
    )
    if lot_id is not None:
        rows = rows.where(Viewing.lot_id == lot_id)
    return [booking_dict(booking, viewing, title, now) for booking, viewing, title in session.execute(rows)]


def booking_dict(booking: ViewingBooking, viewing: Viewing, title: str, now: datetime) -> dict[str, Any]:
    """A booking for whoever made it. status: booked, cancelled (given back), called_off (the viewing), over."""
    status = "booked" if now < viewing.ends_at else "over"
    if viewing.cancelled_at is not None:
        status = "called_off"
    if booking.cancelled_at is not None:
        status = "cancelled"
    return {
        "id": booking.id,
        "viewing_id": viewing.id,
        "lot_id": viewing.lot_id,
        "lot_title": title,
        "code": booking.code,
        "starts_at": iso(viewing.starts_at),
        "ends_at": iso(viewing.ends_at),
        "status": status,
        "cancelled_reason": viewing.cancelled_reason,
    }
