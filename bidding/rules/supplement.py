"""When bidding may begin, or go on, after a material change was published as a supplement (PRECISIONS 11).

Pure. The full days between are the ruleset's (`supplement`, the court's practice): calendar days in Shanghai, neither
the day of the change nor that of bidding counted, never moved by holidays.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from auction.kernel.clock import iso
from auction.kernel.errors import invalid
from auction.rules.calendar import earliest_opening
from auction.rules.ruleset import Ruleset


class Window(NamedTuple):
    """When bidding opens and is to end."""

    opens_at: datetime
    closes_at: datetime

    @property
    def length(self) -> timedelta:
        return self.closes_at - self.opens_at


def earliest_bidding(changed_at: datetime, ruleset: Ruleset) -> datetime:
    """The first moment at which bidding may open or resume: 00:00 in Shanghai after the full days."""
    return earliest_opening(changed_at, ruleset.days("supplement"))


def put_off(
    window: Window, changed_at: datetime, ruleset: Ruleset, *, opens_at: datetime | None, closes_at: datetime | None
) -> Window:
    """The window that holds after a change published at `changed_at`, before bidding has opened.

    `opens_at` puts the opening off by the same decision; without `closes_at` the end moves with it. DomainError
    invalid: `opens_at` `supplement_too_short` (fact `earliest`) before the full days are over, `too_early` where the
    opening would come nearer; `closes_at` `bidding_too_short` (`minimum_hours`) for less than the law's window.
    """
    opening = window.opens_at if opens_at is None else opens_at
    earliest = earliest_bidding(changed_at, ruleset)
    if opening < earliest:
        raise invalid("opens_at", "supplement_too_short", earliest=iso(earliest), days=ruleset.days("supplement"))
    if opening < window.opens_at:
        raise invalid("opens_at", "too_early", earliest=iso(window.opens_at))
    end = opening + window.length if closes_at is None else closes_at
    least = ruleset.span("window_min")
    if end - opening < least:
        raise invalid("closes_at", "too_early", earliest=iso(opening + least))
    return Window(opening, end)
