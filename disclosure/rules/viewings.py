"""Showing a lot (看样): which times may be offered, and who may still book or cancel a place (OJA 6, 7, 14).

A visitor is known by a code alone, so that nobody who shows the lot learns who may come to bid (OJA 18(2)).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from auction.kernel.clock import iso
from auction.kernel.errors import Breach
from auction.rules.findings import Finding

from .citations import cite

#: Technical limit of the places of one viewing.
MOST_PLACES = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """A viewing as offered. `taken`: its live bookings."""

    starts_at: datetime
    ends_at: datetime
    places: int
    taken: int = 0
    cancelled: bool = False

    def is_open(self, now: datetime) -> bool:
        """Whether it lies ahead and takes place: until then one may book and cancel."""
        return not self.cancelled and now < self.starts_at

    def was_held(self, now: datetime) -> bool:
        return not self.cancelled and now >= self.ends_at

    @property
    def free(self) -> int:
        return max(0, self.places - self.taken)


def slot_breaches(slot: Slot, now: datetime, closes_at: datetime) -> Iterator[Breach]:
    """What is wrong with a viewing to be offered: it lies ahead, ends after it begins, and before bidding ends."""
    if slot.starts_at <= now:
        yield Breach("too_early", "starts_at", facts={"earliest": iso(now)})
    if slot.ends_at <= slot.starts_at:
        yield Breach("ends_before_it_begins", "ends_at")
    elif slot.ends_at > closes_at:
        yield Breach("viewing_after_close", "ends_at", facts={"closes_at": iso(closes_at)})


def overlapping(slots: Iterable[Slot]) -> Iterator[tuple[Slot, Slot]]:
    """Viewings of one lot that are not over before a later one begins, each with the one that runs longest then."""
    running: Slot | None = None
    for slot in sorted((one for one in slots if not one.cancelled), key=lambda one: (one.starts_at, one.ends_at)):
        if running is not None and slot.starts_at < running.ends_at:
            yield running, slot
        if running is None or slot.ends_at > running.ends_at:
            running = slot


def overlap_findings(slots: Iterable[Slot], now: datetime) -> Iterator[Finding]:
    """The warning `viewings_overlap` for every two viewings of one lot at once, of which one is still to come."""
    for earlier, later in overlapping(slots):
        if now < later.starts_at:
            facts: dict[str, int | str] = {"earlier": iso(earlier.starts_at), "later": iso(later.starts_at)}
            yield Finding("viewings_overlap", "warning", "viewings", cite("practice"), facts)


def booking_refusal(slot: Slot, now: datetime, *, has_another: bool) -> str | None:
    """Why a place cannot be booked: `viewing_over`, `viewing_booked` (one has a place already), `viewing_full`."""
    if not slot.is_open(now):
        return "viewing_over"
    if has_another:
        return "viewing_booked"
    return None if slot.free else "viewing_full"
