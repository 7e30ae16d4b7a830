"""Viewings: offered by the court or its agency, booked by signed-in people, whose names nobody there learns."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Auction, Person
from auction.rules.access import Actor, require
from auction.rules.lot import LIVE, PRIVATE
from auction.services.lots import lock_bare

from ..models import Viewing, ViewingBooking
from ..queries.sheets import is_on_sale
from ..rules.viewings import Slot, booking_refusal, slot_breaches
from .task_locks import lock_open_task


def offer_viewing(
    unit: Unit, actor: Actor, task_id: str, *, starts_at: datetime, ends_at: datetime, places: int
) -> Viewing:
    """Offer a time at which the lot is shown, as part of a task; public as soon as the lot is announced.

    DomainError not_found, wrong_state (task_over; no_round where nothing is being sold), invalid naming what is wrong.
    """
    task = lock_open_task(unit, actor, task_id, "viewing.offer")
    closes_at = _close_of(unit, task.lot_id)
    if wrong := [*slot_breaches(Slot(starts_at, ends_at, places), unit.now, closes_at)]:
        raise DomainError("invalid", wrong)
    viewing = Viewing(
        id=unit.new_id(),
        lot_id=task.lot_id,
        task_id=task.id,
        starts_at=starts_at,
        ends_at=ends_at,
        places=places,
        offered_at=unit.now,
        offered_by=actor.id,
    )
    unit.session.add(viewing)
    unit.record(
        "ViewingOffered",
        stream=f"lot:{task.lot_id}",
        body={
            "viewing_id": viewing.id,
            "agency": task.agency_uscc,
            "starts_at": iso(starts_at),
            "ends_at": iso(ends_at),
            "places": places,
        },
    )
    return viewing


def _close_of(unit: Unit, lot_id: str) -> datetime:
    """When the bidding ends that is under way or being prepared; DomainError wrong_state/no_round."""
    wanted = sorted(status.value for status in LIVE | PRIVATE)
    rows = select(Auction.closes_at).where(Auction.lot_id == lot_id, Auction.status.in_(wanted))
    closes_at = unit.session.scalar(rows.order_by(Auction.created_at.desc(), Auction.id.desc()).limit(1))
    if closes_at is None:
        raise DomainError("wrong_state", reason="no_round")
    return closes_at


def cancel_viewing(unit: Unit, actor: Actor, viewing_id: str, *, reason: str) -> Viewing:
    """Call a viewing off before it begins, with a public reason. DomainError not_found, wrong_state/viewing_over."""
    viewing = unit.session.get(Viewing, viewing_id)
    if viewing is None:
        raise DomainError("not_found")
    lock_open_task(unit, actor, viewing.task_id, "viewing.offer")
    unit.session.refresh(viewing)
    if viewing.cancelled_at is not None or unit.now >= viewing.starts_at:
        raise DomainError("wrong_state", reason="viewing_over")
    call_off(unit, viewing, reason)
    return viewing


def call_off(unit: Unit, viewing: Viewing, reason: str) -> None:
    """Call a viewing off that lies ahead; its lot is locked. Its bookings bind nobody any more."""
    viewing.cancelled_at, viewing.cancelled_reason = unit.now, reason
    unit.record("ViewingCancelled", stream=f"lot:{viewing.lot_id}", body={"viewing_id": viewing.id, "reason": reason})


def call_off_ahead(unit: Unit, which: ColumnElement[bool], reason: str) -> None:
    """Call off every viewing of these that lies ahead; whoever has booked one is told. Their lot is locked."""
    ahead = select(Viewing).where(which, Viewing.cancelled_at.is_(None), Viewing.starts_at > unit.now)
    for viewing in unit.session.scalars(ahead.order_by(Viewing.id)):
        call_off(unit, viewing, reason)


def book_viewing(unit: Unit, actor: Actor, lot_id: str, viewing_id: str) -> ViewingBooking:
    """Book a place at a viewing of a lot on sale. The lot is locked meanwhile, so that no place is given twice.

    One live booking a person and lot, whichever account it is made from. DomainError not_found,
    wrong_state/not_on_sale, or the codes of `booking_refusal`.
    """
    require(actor, "viewing.book")
    lot = lock_bare(unit, lot_id)
    viewing = unit.session.get(Viewing, viewing_id, populate_existing=True)
    if lot is None or viewing is None or viewing.lot_id != lot_id or actor.person_id is None:
        raise DomainError("not_found")
    if not is_on_sale(unit.session, lot_id, unit.now):
        raise DomainError("wrong_state", reason="not_on_sale")
    refusal = booking_refusal(slot_of(unit, viewing), unit.now, has_another=_has_place(unit, lot_id, actor.person_id))
    if refusal is not None:
        raise DomainError(refusal)
    taken = set(unit.session.scalars(select(ViewingBooking.code).where(ViewingBooking.viewing_id == viewing.id)))
    booking = ViewingBooking(
        id=unit.new_id(),
        viewing_id=viewing.id,
        person_id=actor.person_id,
        code=unit.ids.visit_code(taken),
        booked_at=unit.now,
    )
    unit.session.add(booking)
    _note(unit, booking, "ViewingBooked")
    return booking


def slot_of(unit: Unit, viewing: Viewing) -> Slot:
    """A viewing with its live bookings, as the rules take it."""
    live = select(func.count()).where(ViewingBooking.viewing_id == viewing.id, ViewingBooking.cancelled_at.is_(None))
    taken = unit.session.scalar(live) or 0
    return Slot(viewing.starts_at, viewing.ends_at, viewing.places, taken, viewing.cancelled_at is not None)


def _has_place(unit: Unit, lot_id: str, person_id: str) -> bool:
    """Whether the identity has a place at a viewing of the lot that is not over, from any of its accounts."""
    match = select(Person.id_match).where(Person.id == person_id).scalar_subquery()
    mine = (
        select(ViewingBooking.id)
        .join(Viewing, Viewing.id == ViewingBooking.viewing_id)
        .join(Person, Person.id == ViewingBooking.person_id)
        .where(
            Viewing.lot_id == lot_id,
            Viewing.ends_at > unit.now,
            Viewing.cancelled_at.is_(None),
            ViewingBooking.cancelled_at.is_(None),
            Person.id_match == match,
        )
    )
    return unit.session.scalar(mine.limit(1)) is not None


def cancel_booking(unit: Unit, actor: Actor, booking_id: str) -> ViewingBooking:
    """Give a place back before the viewing begins. DomainError not_found, wrong_state/viewing_over."""
    require(actor, "viewing.book")
    booking = unit.session.get(ViewingBooking, booking_id)
    if booking is None or booking.person_id != actor.person_id:
        raise DomainError("not_found")
    viewing = unit.session.get_one(Viewing, booking.viewing_id)
    lock_bare(unit, viewing.lot_id)
    unit.session.refresh(booking)
    unit.session.refresh(viewing)
    if booking.cancelled_at is not None or not slot_of(unit, viewing).is_open(unit.now):
        raise DomainError("wrong_state", reason="viewing_over")
    booking.cancelled_at = unit.now
    _note(unit, booking, "ViewingBookingCancelled")
    return booking


def _note(unit: Unit, booking: ViewingBooking, kind: str) -> None:
    body = {"booking_id": booking.id, "viewing_id": booking.viewing_id}
    unit.record(kind, stream=f"person:{booking.person_id}", private=True, body=body)
