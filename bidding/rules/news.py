"""What an entry of the journal is to whom: the messages that follow from what happened.

Whoever acts is answered at once; a message is for those who were not there. Bids are told of apart: who was outbid
hears of it at most once a minute (`Outbid`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Who = Literal[
    "registration",  # whoever stands behind it
    "registrants",  # everybody registered for an auction
    "leader",  # whose bid is the highest of an auction
    "others",  # everybody registered but the leader
    "person",
    "account",
    "visitors",  # who has booked a viewing
    "asker",  # of a question
    "party",  # of a case
    "creditors",  # of the case of an auction, who are asked whether one takes the lot
]
#: How long before the opening a registrant is reminded, and how far apart messages of being outbid in one room are.
REMINDED_BEFORE = timedelta(hours=24)
OUTBID_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Tiding:
    """One message to be: its kind, whom it is for (`who` names what `to` is the id of), and what it says.

    `since`: whoever was let go at that time or later is told too.
    """

    kind: str
    who: Who
    to: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    auction_id: str | None = None
    lot_id: str | None = None
    since: str | None = None


Entry = Mapping[str, Any]
_Reader = Callable[[str, Entry], Tiding | list[Tiding] | None]


def tidings(entry: Entry) -> list[Tiding]:
    """The messages that follow from an entry; none from most kinds."""
    reader = _READERS.get(entry["kind"])
    found = reader(entry["stream"].partition(":")[2], entry) if reader else None
    return found if isinstance(found, list) else [found] if found else []


def outbid_at(now: datetime, last: datetime | None) -> datetime | None:
    """When somebody outbid now is to be told: at once, or once the pause after the `last` message is over.

    None where the last message lies ahead still: it will tell him.
    """
    if last is None:
        return now
    return None if last > now else max(now, last + OUTBID_PAUSE)


def _to_registration(kind: str, entry: Entry, **facts: Any) -> Tiding:
    body = entry["body"]
    told = facts | {"registration_id": body["registration_id"]}
    return Tiding(kind, "registration", body["registration_id"], told, auction_id=body.get("auction_id"))


def _filed(_: str, entry: Entry) -> Tiding | None:
    state = entry["body"]["state"]
    if state["status"] != "awaiting_court":
        return None
    return _to_registration("registration_held", entry)


def _refused(_: str, entry: Entry) -> Tiding:
    return _to_registration("registration_refused", entry, code=entry["body"]["refusal"])


def _decided(_: str, entry: Entry) -> Tiding | None:
    body = entry["body"]
    if body["approve"]:
        return _to_registration("registration_approved", entry, rank=body.get("rank"))
    if body["state"]["claim_status"] == "refused":
        return _to_registration("claim_refused", entry, reason=body["reason"])
    return None  # that the registration has ended says so


def _ended(_: str, entry: Entry) -> Tiding | None:
    body = entry["body"]
    if body["status"] == "refused" or body["refusal"] in ("barred_interest", "barred_reneger"):
        return _to_registration("registration_refused", entry, code=body["refusal"])
    return None


def _qualified(auction_id: str, entry: Entry) -> Tiding:
    body = entry["body"]
    facts = {"bidder_code": body["bidder_code"], "registration_id": body["registration_id"]}
    return Tiding("qualified", "registration", body["registration_id"], facts, auction_id=auction_id)


def _paid(_: str, entry: Entry) -> Tiding:
    body = entry["body"]
    amount = body.get("received_fen") or body["amount_fen"]
    kind = "deposit_received" if body["purpose"] == "deposit" else "payment_received"
    return _to_registration(kind, entry, amount_fen=amount, owed_fen=body.get("owed_fen"), purpose=body["purpose"])


def _turned_away(_: str, entry: Entry) -> Tiding:
    body = entry["body"]
    facts = {"amount_fen": body["received_fen"], "due_at": body["due_at"]}
    return _to_registration(f"payment_{body['status']}", entry, **facts)


def _failed(_: str, entry: Entry) -> Tiding:
    return _to_registration("payment_failed", entry, amount_fen=entry["body"]["amount_fen"])


def _refund(_: str, entry: Entry) -> Tiding:
    body = entry["body"]
    return _to_registration("refund_ordered", entry, amount_fen=body["refund_fen"], due_at=body["refund_due_at"])


def _refunded(_: str, entry: Entry) -> Tiding:
    return _to_registration("refund_done", entry, amount_fen=entry["body"]["refund_fen"])


def _to_registrants(kind: str, *names: str) -> _Reader:
    def read(auction_id: str, entry: Entry) -> Tiding:
        facts = {name: entry["body"].get(name) for name in names}
        return Tiding(kind, "registrants", auction_id, facts, auction_id=auction_id)

    return read


def _resumed(auction_id: str, entry: Entry) -> list[Tiding]:
    """One that had not opened may open at another time: told as such too."""
    body = entry["body"]
    told = [("resumed", {"closes_at": body["closes_at"], "reason": body["reason"]})]
    if "opens_at" in body:
        told.append(("opening_put_off", {"opens_at": body["opens_at"], "reason": body["reason"]}))
    return [Tiding(kind, "registrants", auction_id, facts, auction_id=auction_id) for kind, facts in told]


def _outage(auction_id: str, entry: Entry) -> Tiding | None:
    """A sale that it suspended is told of as such."""
    body = entry["body"]
    if body["effect"] == "suspension":
        return None
    kind = "outage" if body["effect"] == "event" else "outage_extended"
    facts = {"seconds": body["seconds"], "closes_at": body["closes_at"]}
    return Tiding(kind, "registrants", auction_id, facts, auction_id=auction_id)


def _to_leader(kind: str, *names: str) -> _Reader:
    def read(auction_id: str, entry: Entry) -> Tiding:
        facts = {name: entry["body"].get(name) for name in names}
        return Tiding(kind, "leader", auction_id, facts, auction_id=auction_id)

    return read


def _withdrawn(auction_id: str, entry: Entry) -> Tiding:
    facts = {"reason": entry["body"]["reason"]}
    return Tiding("withdrawn", "registrants", auction_id, facts, auction_id=auction_id, since=entry["at"])


def _closed(auction_id: str, entry: Entry) -> list[Tiding]:
    body = entry["body"]
    since, facts = body["closes_at"], {"price_fen": body["price_fen"], "bidder_code": body["bidder_code"]}
    if body["status"] == "unsold":
        return [Tiding("result_unsold", "registrants", auction_id, {}, auction_id=auction_id, since=since)]
    if body["status"] != "sold":
        return []
    return [
        Tiding("result_won", "leader", auction_id, facts, auction_id=auction_id),
        Tiding("result_lost", "others", auction_id, facts, auction_id=auction_id, since=since),
    ]


def _confirmed(auction_id: str, entry: Entry) -> Tiding | None:
    body = entry["body"]
    if not body["balance_fen"]:
        return None
    facts = {"balance_fen": body["balance_fen"], "due_at": body["balance_due_at"]}
    return Tiding("balance_due", "leader", auction_id, facts, auction_id=auction_id)


def _to_person(kind: str, *names: str) -> _Reader:
    def read(person_id: str, entry: Entry) -> Tiding:
        body = entry["body"]
        facts = {name: body.get(name) for name in names}
        return Tiding(kind, "person", person_id, facts, auction_id=body.get("auction_id"), lot_id=body.get("lot_id"))

    return read


def _viewing(kind: str) -> _Reader:
    def read(person_id: str, entry: Entry) -> Tiding:
        return Tiding(kind, "person", person_id, {"viewing_id": entry["body"]["viewing_id"]})

    return read


def _viewing_cancelled(lot_id: str, entry: Entry) -> Tiding:
    body = entry["body"]
    facts = {"viewing_id": body["viewing_id"], "reason": body["reason"]}
    return Tiding("viewing_cancelled", "visitors", body["viewing_id"], facts, lot_id=lot_id)


def _answered(lot_id: str, entry: Entry) -> Tiding:
    body = entry["body"]
    return Tiding(
        "question_answered", "asker", body["question_id"], {"question_id": body["question_id"]}, lot_id=lot_id
    )


def _to_objector(kind: str, *names: str) -> _Reader:
    def read(objection_id: str, entry: Entry) -> Tiding:
        body = entry["body"]
        facts = {"objection_id": objection_id} | {name: body.get(name) for name in names}
        return Tiding(kind, "account", body["row"]["account_id"], facts, auction_id=body["auction_id"])

    return read


def _asked(auction_id: str, entry: Entry) -> Tiding:
    body = entry["body"]
    facts = {"reserve_price_fen": body["reserve_price_fen"], "until_on": body["until_on"]}
    return Tiding("creditor_asked", "creditors", auction_id, facts, auction_id=auction_id)


def _taking(kind: str) -> _Reader:
    def read(lot_id: str, entry: Entry) -> Tiding:
        body, row = entry["body"], entry["body"]["row"]
        facts = {"difference_fen": row["difference_fen"], "due_at": row["due_at"], "reason": body.get("reason")}
        return Tiding(kind, "party", body["party_id"], facts, auction_id=body["auction_id"], lot_id=lot_id)

    return read


def _taking_step(lot_id: str, entry: Entry) -> Tiding:
    body = entry["body"]
    return _party_step(lot_id, body, body["party_id"])


def _taker_waits(lot_id: str, entry: Entry) -> Tiding:
    body = entry["body"]
    facts, auction_id = {"due_on": body["due_on"]}, body["auction_id"]
    return Tiding("clearance_overdue", "party", body["party_id"], facts, auction_id=auction_id, lot_id=lot_id)


def _own_sale_step(lot_id: str, entry: Entry) -> list[Tiding]:
    return [_party_step(lot_id, entry["body"], party_id) for party_id in entry["body"]["debtors"]]


def _party_step(lot_id: str, body: Mapping[str, Any], party_id: str) -> Tiding:
    facts = {"code": body["code"], "on": body["on"]}
    return Tiding("handover_step", "party", party_id, facts, auction_id=body["auction_id"], lot_id=lot_id)


_READERS: Mapping[str, _Reader] = {
    "RegistrationFiled": _filed,
    "RegistrationRefused": _refused,
    "RegistrationDecided": _decided,
    "IdentityDecided": _decided,
    "RegistrationEnded": _ended,
    "BidderQualified": _qualified,
    **dict.fromkeys(("DepositPaid", "BalancePaid", "DifferencePaid", "TopUpPaid"), _paid),
    "PaymentTurnedAway": _turned_away,
    "PaymentFailed": _failed,
    **dict.fromkeys(
        (
            *("DepositReleased", "DepositExcessReleased", "DepositRestReleased", "PrepaymentRestReleased"),
            *("BalanceReleased", "DifferenceReleased"),
        ),
        _refund,
    ),
    "RefundExecuted": _refunded,
    "SheetChanged": _to_registrants("disclosure_changed", "reason", "items"),
    "AuctionSuspended": _to_registrants("suspended", "reason"),
    "SuspensionCauseEnded": _to_registrants("suspension_ended", "resume_by"),
    "AuctionResumed": _resumed,
    "OutageRecorded": _outage,
    "OpeningPutOff": _to_registrants("opening_put_off", "opens_at", "reason"),
    "AuctionWithdrawn": _withdrawn,
    "AuctionClosed": _closed,
    "SaleConfirmed": _confirmed,
    "SaleRevoked": _to_leader("sale_revoked", "ground"),
    "BalanceOverdue": _to_leader("balance_overdue", "due_at"),
    "ClosingRuled": _to_leader("ruling"),
    "HandoverStepTaken": _to_leader("handover_step", "code", "on"),
    "ClearanceOverdue": _to_leader("clearance_overdue", "due_on"),
    "TakingClearanceOverdue": _taker_waits,
    "RenegeDeclared": lambda _, entry: _to_registration("renege_declared", entry, reason=entry["body"]["reason"]),
    "RenegeObjectionRejected": lambda _, entry: _to_registration(
        "renege_objection_rejected", entry, reason=entry["body"]["reason"]
    ),
    "RenegeRevocationDecided": lambda _, entry: _to_registration(
        "renege_revoked", entry, reason=entry["body"]["reason"]
    ),
    "TopUpOrdered": lambda _, entry: _to_registration(
        "top_up_ordered", entry, amount_fen=entry["body"]["order_fen"], due_at=entry["body"]["due_at"]
    ),
    "SanctionServed": _to_person("sanction_served", "number", "review_until"),
    "SanctionReviewDecided": _to_person("sanction_review_decided", "outcome", "reason"),
    "SanctionEnded": _to_person("sanction_ended", "number", "status"),
    "CorrectionDecided": _to_person("correction_decided", "correction_id"),
    "StandingObjectionAnswered": _to_person("standing_answered", "accepted", "reason"),
    "InterestHitLifted": lambda _, entry: _to_registration("bar_lifted", entry),
    "ViewingBooked": _viewing("viewing_booked"),
    "ViewingBookingCancelled": _viewing("viewing_given_back"),
    "ViewingCancelled": _viewing_cancelled,
    "QuestionAnswered": _answered,
    "ObjectionReceived": _to_objector("objection_received"),
    "ObjectionDecided": _to_objector("objection_decided", "status", "reason"),
    "ObjectionReviewRecorded": _to_objector("objection_review_recorded", "outcome", "reason"),
    "CreditorsAsked": _asked,
    "TakingAwarded": _taking("taking_awarded"),
    "TakingRefused": _taking("taking_refused"),
    "TakingEnded": _taking("taking_lapsed"),
    "TakingRulingMade": _taking("taking_ruled"),
    "TakingStepTaken": _taking_step,
    "OwnSaleStepTaken": _own_sale_step,
}
#: The kinds of entry that tell somebody something.
TOLD = frozenset(_READERS)
