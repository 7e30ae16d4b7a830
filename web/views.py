"""Counting who looks at a lot, without knowing who it is.

A visitor is known for a day, to this process only, by a hash of address and browser under a salt that is never stored
and changes every day: looking again counts once. Programs that say what they are do not count. Reading a page costs a
look into a set; the sums are written once a minute.
"""

import re
from collections import Counter
from datetime import date
from hashlib import blake2b
from secrets import token_bytes

_BOT = re.compile(
    r"bot|crawl|spider|slurp|preview|curl|wget|python|httpx|java/|go-http|headless|monitor", re.IGNORECASE
)
#: Looks remembered in a day; beyond that every look counts.
_MOST = 1_000_000


class Views:
    """Looks at lots since the last taking."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._salt = b""
        self._seen: set[bytes] = set()
        self._counts: Counter[str] = Counter()

    def saw(self, lot_id: str, *, address: str, browser: str, today: date) -> None:
        """Count a look at a lot, unless it is a program's or that visitor's second one today."""
        if not browser or _BOT.search(browser):
            return
        if today != self._day:
            self._day, self._salt = today, token_bytes(16)
            self._seen.clear()
        look = blake2b(f"{address}\n{browser}\n{lot_id}".encode(), key=self._salt, digest_size=8).digest()
        if look in self._seen:
            return
        if len(self._seen) < _MOST:
            self._seen.add(look)
        self._counts[lot_id] += 1

    def take(self) -> dict[str, int]:
        """The sums by lot id since the last taking."""
        counts, self._counts = self._counts, Counter()
        return dict(counts)
