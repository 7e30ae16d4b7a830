"""Whether money that came in counts: who paid it, how much, and when. Pure.

Sources: OJA 17(2) (paid in the bidder's true name), 18(1) (until the end of bidding); PRECISIONS 22 and 31.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["paid", "failed"]

#: A request for money that still stands, or was met: no second one is made beside it.
LIVE = frozenset(("pending", "paid"))
#: A deposit is there or not (OJA 17, 18); a debt may be paid in parts, which all count (court's practice).
IN_PARTS = frozenset(("balance", "top_up", "difference"))
#: A payment order takes money once. After these nothing that is said of it changes anything.
SETTLED = frozenset(("paid", "wrong_payer", "wrong_amount", "refunding", "refunded"))
#: Dots written between the parts of a name; the registers mix them.
_DOTS = str.maketrans(dict.fromkeys("•‧∙・･．.●", "·"))


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """What the gateway says happened to a payment: `id` is its message's own, the payer whose account paid.

    `payer_account`: that account's number, where the gateway tells it.
    """

    id: str
    payment_id: str
    outcome: Outcome
    amount_fen: int
    payer_name: str
    payer_id_number: str
    payer_account: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """A payment as it stands when a notice of it comes: `wanted` tells that this money is still asked for.

    `in_parts`: less than the amount counts too, and the rest stays owed.
    """

    status: str
    amount_fen: int
    wanted: bool
    in_parts: bool = False


def judge_payment(expected: Expected, notice: PaymentNotice, *, payer_known: bool) -> str:
    """What becomes of a payment on this notice.

    `unchanged` (said before, or superseded), `failed`, `paid`; or the money is to go back: `wrong_payer`,
    `wrong_amount`, `refunding` (the right money, but nobody asks for it any more).
    """
    if expected.status in SETTLED:
        return "unchanged"
    if notice.outcome == "failed":
        return "failed" if expected.status == "pending" else "unchanged"
    if not payer_known:
        return "wrong_payer"
    if notice.amount_fen > expected.amount_fen or (notice.amount_fen < expected.amount_fen and not expected.in_parts):
        return "wrong_amount"
    return "paid" if expected.wanted else "refunding"


def takes_deposits(status: str, closes_at: datetime, closed_at: datetime | None, now: datetime) -> bool:
    """Whether a deposit can still qualify: until the end of bidding, extensions included (OJA 18(1)).

    A suspended sale goes on, with a later end, unless it was suspended when it closed (PRECISIONS 14).
    """
    if status == "suspended":
        return closed_at is None
    return status in ("announced", "open") and now < closes_at


def may_pay_deposit(status: str, capacity: str, due_fen: int) -> bool:
    """Whether a deposit is asked of a registration in this status.

    Agents and joint bidders wait for the court (OJA 14(2)); an undecided preferential purchaser or creditor need not
    wait (PRECISIONS 22). Nothing is asked of a creditor whose claim covers the deposit.
    """
    if due_fen <= 0:
        return False
    return status == "awaiting_deposit" or (status == "awaiting_court" and capacity == "self")


def name_key(name: str) -> str:
    """A name without what typing varies: width, case, spaces, the dot in names of several parts."""
    plain = unicodedata.normalize("NFKC", name).translate(_DOTS)
    return "".join(plain.split()).casefold()
