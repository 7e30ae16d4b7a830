"""The two clocks. Nothing else in the program asks what time it is.

Platform time (the database's idea of now, plus the sandbox offset) rules everything legal. Machine time is
never moved; it rules sessions, limits, leases and heartbeats.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Seconds within which the database must answer for its time to be worth taking.
_SLOW = 0.02
#: Further apart than this, the database's clock and ours have not drifted: somebody has set one of them.
_SKEW = timedelta(seconds=1)


@lru_cache(maxsize=1024)  # a bid spells each of its few moments several times
def iso(moment: datetime) -> str:
    """RFC 3339 with microseconds and offset, in UTC: the one spelling used in entries and on the wire."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def parse(text: str) -> datetime:
    """The aware UTC moment of an RFC 3339 string; ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return moment.astimezone(UTC)


class Clock(Protocol):
    """Machine time as aware UTC. Platform time is this plus the sandbox offset: `House.now`."""

    @property
    def skewed(self) -> bool:
        """Whether the database's clock and this one contradict each other: nobody may then say what time it is."""

    def machine(self) -> datetime: ...

    def anchor(self, read: Callable[[], datetime]) -> None: ...


def _ticks() -> float:
    """Seconds that only pass, also while the machine sleeps, where it can tell: a nap is no jump of the database's."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SystemClock:
    """Runs on the clock that nobody sets, set by the database's time.

    A jump of the machine's wall clock therefore moves nothing; two processes agree as well as their anchors do. A jump
    of the database's is not followed: until both agree again the clock is skewed, and goes on as it did.
    """

    def __init__(self) -> None:
        self._base = datetime.now(UTC)
        self._mark = _ticks()
        self._anchored = False
        #: By how much the database's clock was ahead of ours when it was last read.
        self.skew = timedelta(0)

    @property
    def skewed(self) -> bool:
        return abs(self.skew) > _SKEW

    def anchor(self, read: Callable[[], datetime]) -> None:
        """Take the database's time as ours, unless it has jumped. A slow reading says too little and is passed over."""
        before = _ticks()
        database_now = read()
        after = _ticks()
        if after - before > _SLOW and self._anchored:
            return
        middle = (before + after) / 2
        self.skew = database_now - self._at(middle) if self._anchored else timedelta(0)
        if not self.skewed:
            self._base, self._mark = database_now, middle
            self._anchored = after - before <= _SLOW

    def machine(self) -> datetime:
        return self._at(_ticks())

    def _at(self, monotonic: float) -> datetime:
        return self._base + timedelta(seconds=monotonic - self._mark)


class FixedClock:
    """A clock that moves only when told: for replay and tests."""

    skewed = False

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def machine(self) -> datetime:
        return self.moment

    def anchor(self, read: Callable[[], datetime]) -> None:
        """Nothing: this clock is set by hand."""

    def advance(self, **delta: float) -> None:
        """Move on by `timedelta(**delta)`."""
        self.moment += timedelta(**delta)
