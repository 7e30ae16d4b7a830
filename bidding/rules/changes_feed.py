"""What of the public log is a change of a lot, told to whoever keeps a copy: announced, changed, ended, settled.

Bids are not among them: a room has its own list of bids, complete and in order. Everything here is public already; the
kinds are named one by one, so that a kind of entry added later is not told before somebody has thought of it.
"""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

#: The type of a change by the kind of its entry.
CHANGES: Mapping[str, str] = MappingProxyType(
    {
        "AuctionAnnounced": "announced",
        "AuctionOpened": "opened",
        "OpeningPutOff": "opening_put_off",
        "SheetChanged": "disclosure_changed",
        "BidsLapsed": "bids_lapsed",
        "QuestionAnswered": "question_answered",
        "OutageRecorded": "outage",
        "AuctionSuspended": "suspended",
        "SuspensionCauseEnded": "suspension_ended",
        "AuctionResumed": "resumed",
        "AuctionWithdrawn": "withdrawn",
        "AuctionClosed": "closed",
        "SaleConfirmed": "confirmed",
        "SaleRevoked": "revoked",
        "PricePaid": "price_paid",
        "BalanceOverdue": "balance_overdue",
        "ClosingRuled": "ruled",
        "HandoverStepTaken": "handover_step",
        "BuyerReneged": "reneged",
        "RenegeRevoked": "renege_revoked",
        "CreditorsAsked": "creditors_asked",
        "LotsDrawn": "lots_drawn",
        "LotTaken": "taken",
        "TakingLapsed": "taking_lapsed",
        "TakingRuled": "taking_ruled",
        "LotReturned": "returned",
        "OwnSaleAllowed": "own_sale_allowed",
        "OwnSaleEnded": "own_sale_ended",
    }
)
_PREFIX = "c1:"


def cursor_at(size: int) -> str:
    """The cursor of whoever has seen the first `size` leaves of the log: opaque to its holder."""
    return base64.urlsafe_b64encode(f"{_PREFIX}{size}".encode()).decode().rstrip("=")


def size_at(cursor: str) -> int:
    """How many leaves the holder of a cursor has seen. ValueError for what is no cursor of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise ValueError("no cursor") from None
    number = text.removeprefix(_PREFIX)
    if number == text or not number.isdecimal() or len(number) > 15 or cursor_at(int(number)) != cursor:
        raise ValueError("no cursor")
    return int(number)


def public_facts(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a change says beside its place: what its entry says, but for what the lot's own resource has."""
    left_out = {"lot_id", "court"} if kind == "AuctionAnnounced" else set()
    return {name: value for name, value in body.items() if name not in left_out}
