"""Who may register, and on what terms: the checks that need no database.

Sources: OJA 14, 17-19 (法释〔2016〕18号); HOUSE 2; the identity rules and the order of statuses are the platform's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from auction.kernel.errors import Breach
from auction.rules import identity

#: What every bidder undertakes; `purchase_qualified` is asked where buying is restricted (HOUSE 2).
UNDERTAKINGS = ("full_capacity", "not_barred", "accept_defects")
PURCHASE_UNDERTAKING = "purchase_qualified"
#: The statuses in which a registration still stands.
STANDING = ("awaiting_court", "awaiting_deposit", "qualified")
#: Capacities that the court must confirm before bidding starts (OJA 14(2)).
REPRESENTED = frozenset(("agent", "joint"))
#: Claims the court may confirm; undecided, their holder bids as an ordinary bidder (OJA 19(2), PRECISIONS 22).
CLAIMS = frozenset(("preferential", "creditor"))


def stayed(released_at: datetime, closes_at: datetime, closed_at: datetime | None) -> bool:
    """Whether a registration released then stood to the end of its sale; nobody may leave once that has come."""
    return released_at >= (closes_at if closed_at is None else min(closes_at, closed_at))


@dataclass(frozen=True, slots=True)
class PrincipalFacts:
    """A principal or joint bidder as entered."""

    name: str
    id_type: str
    id_number: str
    share: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A registration as asked for."""

    capacity: str
    claim: str
    seal: str
    undertakings: tuple[str, ...]
    principals: tuple[PrincipalFacts, ...] = ()


def timing_refusal(status: str, opens_at: datetime, closes_at: datetime, capacity: str, now: datetime) -> str | None:
    """Registration is open from announcement to the end of bidding, extensions included (OJA 18(1))."""
    if status not in ("announced", "open", "suspended") or (status != "suspended" and now >= closes_at):
        return "auction_closed"
    if capacity in REPRESENTED and now >= opens_at:
        return "too_late_agent"
    return None


def may_leave(
    *,
    registered_at: datetime,
    stands: bool,
    has_bid: bool,
    opens_at: datetime,
    material_at: datetime | None,
    now: datetime,
) -> bool:
    """Whether a registrant may go with his whole deposit (PRECISIONS 11).

    Before his first bid and before bidding opens; after a material change, which he had not seen when he registered,
    also later: but not while a bid of his stands (`stands`), which nobody withdraws.
    """
    if material_at is not None and registered_at < material_at:
        return not stands
    return not has_bid and now < opens_at


def undertaking_breaches(given: Collection[str], *, restricted: bool) -> list[Breach]:
    """Every undertaking that is missing."""
    missing = [
        Breach("undertaking_missing", "undertakings", facts={"undertaking": u}) for u in UNDERTAKINGS if u not in given
    ]
    if restricted and PURCHASE_UNDERTAKING not in given:
        missing.append(Breach("purchase_restricted", "undertakings", facts={"undertaking": PURCHASE_UNDERTAKING}))
    return missing


def party_breaches(application: Application) -> list[Breach]:
    """Whether principals fit the capacity: none for oneself, some for an agent or joint bidders."""
    count = len(application.principals)
    if application.capacity == "self" and count:
        return [Breach("capacity_missing", "principals", facts={"reason": "self"})]
    if application.capacity in REPRESENTED and not count:
        return [Breach("capacity_missing", "principals", facts={"reason": application.capacity})]
    return []


def is_under_age(id_type: str, number: str, today: date, full_age: int) -> bool:
    """Whether a natural person is younger than full age (OJA 14(1)); companies and passports tell no birth date."""
    return id_type == "resident_id" and identity.age_on(number, today) < full_age


def deposit_due(deposit_fen: int, claim_fen: int | None) -> int:
    """What a confirmed creditor still has to pay: max(0, deposit - claim) (OJA 17(2)); everybody else all of it."""
    return deposit_fen if claim_fen is None else max(0, deposit_fen - claim_fen)


def hold_of(id_types: Collection[str], *, unknown_company: bool = False, namesake: bool = False) -> str | None:
    """Why the registry cannot answer for somebody behind a registration; None when it can for everybody.

    It knows people by their resident numbers: a passport matches nothing there (`identity_unmatchable`), nor does a
    company of which nobody recorded who is behind it. Who has the name and the day of birth of a registered person may
    be that person under another number (`identity_review`). All wait for a decision (PRECISIONS 13).
    """
    if "passport" in id_types or unknown_company:
        return "identity_unmatchable"
    return "identity_review" if namesake else None


def first_status(application: Application, hold: str | None) -> str:
    """Represented bidders, claims and identities on hold wait for the court; everybody else for the deposit."""
    waits = hold is not None or application.capacity in REPRESENTED or application.claim in CLAIMS
    return "awaiting_court" if waits else "awaiting_deposit"


def share_breaches(principals: Sequence[PrincipalFacts]) -> list[Breach]:
    """Joint bidders' shares, where given, must be decimals in (0, 1]."""
    wrong = []
    for number, principal in enumerate(principals):
        if principal.share is None:
            continue
        try:
            fits = 0 < float(principal.share) <= 1
        except ValueError:
            fits = False
        if not fits:
            wrong.append(Breach("share_invalid", f"principals.{number}.share", facts={"value": principal.share}))
    return wrong
