"""When a session is over for lack of use. Machine time.

Staff act for the court and see what others may not: a desk left alone is closed (RELIABILITY 5.1). Bidders are not
signed out for sitting still: whoever watches a sale does just that, sees nothing there that is not public, and would
lose the five minutes in which he may still answer a bid. What a thief at his desk could do, raise a bid, the twelve
hours of every session bound, which run on only while its holder watches a sale that he is registered in.
"""

from datetime import datetime, timedelta

from .access import STAFF

#: Before the end of an idle session its page says so.
WARNING = timedelta(minutes=2)
#: A bidder's session that would end within the first is prolonged to the second from now while he watches his sale.
NEAR, FURTHER = timedelta(minutes=30), timedelta(hours=1)


def is_idle(role: str, used_at: datetime, now: datetime, idle: timedelta | None) -> bool:
    """Whether a session not used since `used_at` is over by now; `idle` None: none ends so."""
    return idle is not None and role in STAFF and now - used_at >= idle


def watches_on(role: str, expires_at: datetime, now: datetime) -> bool:
    """Whether a live session of somebody who watches a sale he is registered in is to be prolonged."""
    return role not in STAFF and now < expires_at <= now + NEAR
