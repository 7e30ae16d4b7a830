"""What the entries come to: the state of auctions, registrations, payments and the ledger, made again from the journal.

Only what an entry says is told: where an older entry says less than today's, or one of a kind unknown here may have
changed something, the column is left out and nobody is accused of it. Times are as entries write them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auction.models import JournalRow
from auction.rules.lot import LIVE, Round

from ..models import Registration

Row = dict[str, Any]
_PAGE = 2000
_ENDED = ("ended_at", "resume_by")
#: Entries without a bearing on the state of anything here; there may be very many of the first two.
NOISE = (
    *("BidRefused", "OffersTurnedAway", "AlertRaised", "SessionOpened", "SessionsEnded", "SheetItemWritten"),
    "FileKept",
)
#: Further entries in an auction's stream that change nothing of its row.
QUIET = frozenset(
    (
        "BarChanged",
        "BidderQualified",
        "ClearanceDecided",
        "ClearanceOverdue",
        "CreditorsAsked",
        "DifferenceComplete",
        "DisposalStepTaken",
        "ForfeitAllocated",
        "IdentityUnsealed",
        "InterestHitFound",
        "LotReturned",
        "LotTaken",
        "LotsDrawn",
        "OwnSaleAllowed",
        "OwnSaleEnded",
        "OwnSaleLapsed",
        "OwnSaleRecorded",
        "PreferentialPurchaserConfirmed",
        "TakingLapsed",
        "TakingRuled",
    )
)
#: What an auction has before anything happened to it.
_NEW: Mapping[str, Any] = {
    "status": "draft",
    "extensions": 0,
    **dict.fromkeys(
        (
            "ruleset_name",
            "ruleset",
            "seal",
            "announced_at",
            "announcement",
            "leader_registration_id",
            "suspension",
            "ended_reason",
            "closed_at",
            "balance_fen",
            "balance_due_at",
            "settlement",
            "reference_price_fen",
            "material_at",
        )
    ),
}
#: What may change after the announcement: an entry of an unknown kind leaves it open until the next that tells it.
_LIVING = (
    "status",
    "seal",
    "material_at",
    "announcement",
    "opens_at",
    "closes_at",
    "scheduled_closes_at",
    "extensions",
    "leader_registration_id",
    "suspension",
    "ended_reason",
    "closed_at",
    "balance_fen",
    "balance_due_at",
    "settlement",
)
_FILED = ("auction_id", "account_id", "capacity", "claim", "refusal", "hold", "seal", "undertakings", "created_at")
_PAYMENT = (
    *("registration_id", "auction_id", "purpose", "amount_fen", "account", "status", "paid_fen", "paid_at"),
    *("refund_fen", "refund_due_at", "refunded_at", "refund_receipt_sha256", "created_at"),
)
#: Acts with a row of their own, of which each of their entries says the whole: by family of stream, key and table.
_ACTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lot": (("taking_id", "takings"), ("own_sale_id", "own_sales"), ("group_id", "lot_groups")),
    "objection": (("objection_id", "sale_objections"),),
    "person": (("qualification_id", "qualifications"),),
}
_POSTING = ("auction_id", "registration_id", "source", "destination", "amount_fen", "kind", "at")


@dataclass(slots=True)
class Told:
    """Rows by id, as far as the entries tell them."""

    auctions: dict[str, Row] = field(default_factory=dict)
    registrations: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    gateway_notices: dict[str, Row] = field(default_factory=dict)
    postings: dict[int, Row] = field(default_factory=dict)
    acts: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))  # by table
    whole: set[str] = field(default_factory=set)  # payments told in full from their first entry on
    codes: dict[tuple[str, str], str] = field(default_factory=dict)
    rounds: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    contested: set[str] = field(default_factory=set)  # auctions in which a bid stands
    unentered: set[str] = field(default_factory=set)  # of a taking from before its registration was journaled

    def take(self, stream: str, entry: Row) -> None:
        """Take one entry; they come in the order of writing."""
        family, _, key = stream.partition(":")
        kind, body = entry["kind"], entry["body"]
        if kind in _READERS:
            _READERS[kind](self, key, entry)
        elif family == "auction" and kind not in QUIET:
            _open(self.auctions.get(key, {}), *_LIVING)
        registration = self.registrations.get(body.get("registration_id", ""))
        if registration is not None and "state" in body:
            registration.update(body["state"])
        if family == "person" and "payment_id" in body:
            self._payment(body)
        for name, table in _ACTS.get(family, ()):
            if name in body:
                self.acts[table].setdefault(body[name], {}).update(body.get("row", {}))

    def _payment(self, body: Row) -> None:
        if body["payment_id"] not in self.payments and "created_at" in body:
            self.whole.add(body["payment_id"])
        payment = self.payments.setdefault(body["payment_id"], {})
        payment.update(_said(body, _PAYMENT))
        if "noticed_at" in body:
            self.gateway_notices[body["notice"]] = {
                "payment_id": body["payment_id"],
                "outcome": body["outcome"],
                "amount_fen": body["notice_fen"],
                "at": body["noticed_at"],
            }

    def leader(self, auction_id: str) -> Row:
        """The registration of the auction's leader; an empty row where that is not told."""
        leader = self.auctions.get(auction_id, {}).get("leader_registration_id")
        return self.registrations.get(leader or "", {})


def read_told(session: Session, only: str | None = None, lot_id: str | None = None) -> Told:
    """What all entries tell; `only` with its `lot_id`: those that concern one auction."""
    told = Told()
    for stream, text in _entries(session, only, lot_id):
        told.take(stream, orjson.loads(text))
    return told


def _entries(session: Session, only: str | None, lot_id: str | None) -> Iterator[tuple[str, str]]:
    query = select(JournalRow.id, JournalRow.stream, JournalRow.entry).where(JournalRow.kind.not_in(NOISE))
    if only is not None:
        filed = JournalRow.kind.in_(("RegistrationFiled", "RegistrationRefused", "TakerEntered"))
        people = select(JournalRow.stream).where(filed, JournalRow.entry.contains(only, autoescape=True))
        streams = JournalRow.stream.in_((f"auction:{only}", f"lot:{lot_id}"))
        known = select("person:" + Registration.person_id).where(Registration.auction_id == only)
        who = or_(JournalRow.stream.in_(people), JournalRow.stream.in_(known))
        query = query.where(or_(streams, JournalRow.stream.startswith("objection:"), who))
    last = -1
    while True:
        page = session.execute(query.where(JournalRow.id > last).order_by(JournalRow.id).limit(_PAGE)).all()
        for _, stream, text in page:
            yield stream, text
        if len(page) < _PAGE:
            return
        last = page[-1].id


def _said(body: Row, names: tuple[str, ...]) -> Row:
    return {name: body[name] for name in names if name in body}


def _open(row: Row, *names: str) -> None:
    """Nobody tells these columns any more."""
    for name in names:
        row.pop(name, None)


def _set(row: Row, body: Row, *names: str) -> None:
    """What the entry says of these columns, or nothing where it is too old to say it."""
    for name in names:
        if name in body:
            row[name] = body[name]
        else:
            row.pop(name, None)


def _terms(row: Row, terms: Row) -> None:
    row.update(terms, scheduled_closes_at=terms["closes_at"])


def _drafted(told: Told, lot_id: str, entry: Row) -> None:
    body = entry["body"]
    row: Row = {**_NEW, "lot_id": lot_id, "created_by": body["by"]}
    _terms(row, body["terms"])
    _set(row, body, "resale_of", "created_at")
    told.auctions[body["auction_id"]] = row
    told.rounds[lot_id].append(body["auction_id"])


def _terms_changed(told: Told, lot_id: str, entry: Row) -> None:
    _terms(told.auctions.setdefault(entry["body"]["auction_id"], {}), entry["body"]["terms"])


def _voted(told: Told, lot_id: str, entry: Row) -> None:
    _set(told.auctions.get(entry["body"]["auction_id"], {}), entry["body"], "status")


def _votes_voided(told: Told, lot_id: str, entry: Row) -> None:
    told.auctions.get(entry["body"]["auction_id"], {})["status"] = "draft"


def _given_up(told: Told, lot_id: str, entry: Row) -> None:
    body = entry["body"]
    row = told.auctions.get(body["auction_id"], {})
    row["status"] = "withdrawn"
    _set(row, {"ended_reason": body["ground"]} if "ground" in body else {}, "ended_reason")
    _set(row, body, "closed_at")


def _sealed(told: Told, lot_id: str, entry: Row) -> None:
    """A change of the sheet while a round is live puts the new seal on it."""
    for row in (told.auctions.get(auction_id, {}) for auction_id in told.rounds[lot_id]):
        if row.get("status") in LIVE:
            row["seal"] = entry["body"]["seal"]


def _announced(told: Told, auction_id: str, entry: Row) -> None:
    body = entry["body"]
    row = told.auctions.setdefault(auction_id, {})
    if "terms" not in body:
        return
    for name, value in _NEW.items():
        row.setdefault(name, value)
    _terms(row, body["terms"])
    row["status"] = "announced"
    _set(row, body, "lot_id", "reference_price_fen", "resale_of", "announced_at", "seal")
    if auction_id not in told.rounds[body["lot_id"]]:
        told.rounds[body["lot_id"]].append(auction_id)
    row["ruleset_name"], row["ruleset"] = body["ruleset"], body["ruleset_sha256"]
    row["announcement"] = body["announcement_sha256"]


def _opened(told: Told, auction_id: str, entry: Row) -> None:
    told.auctions.get(auction_id, {})["status"] = "open"


def _suspended(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    row["status"] = "suspended"
    suspension = _said(body, ("kind", "reason", "cause", "at", "remaining_seconds"))
    _set(row, {"suspension": suspension} if "remaining_seconds" in body else {}, "suspension")
    _set(row, body, "closed_at")


def _resumed(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    row.update(closes_at=body["closes_at"], suspension=None)
    if "opens_at" in body:  # it had not opened, and was announced for a later day
        row.update(opens_at=body["opens_at"], scheduled_closes_at=body["closes_at"])
    _set(row, body, "status")


def _cause_ended(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    known = row.get("suspension") and "ended_at" in body
    ended = _said(body, _ENDED)
    _set(row, {"suspension": {**row["suspension"], **ended}} if known else {}, "suspension")


def _balance_put_off(told: Told, auction_id: str, entry: Row) -> None:
    _set(told.auctions.get(auction_id, {}), entry["body"], "balance_due_at")


def _restated(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    stands = {name: value for name, value in (row.get("suspension") or {}).items() if name not in _ENDED}
    _set(
        row,
        {"suspension": {**stands, "reason": body["reason"], "cause": body["cause"]}} if stands else {},
        "suspension",
    )


def _sheet_changed(told: Told, auction_id: str, entry: Row) -> None:
    row = told.auctions.get(auction_id, {})
    row["seal"] = entry["body"]["seal"]
    _set(row, entry["body"], "material_at", "suspension")


def _rewritten(told: Told, auction_id: str, entry: Row) -> None:
    told.auctions.get(auction_id, {})["announcement"] = entry["body"]["announcement_sha256"]


def _put_off(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    row.update(opens_at=body["opens_at"], closes_at=body["closes_at"], scheduled_closes_at=body["closes_at"])
    _set(row, body, "suspension")


def _outage(told: Told, auction_id: str, entry: Row) -> None:
    """It may move the end, which is no extension of those that bids make."""
    _set(told.auctions.get(auction_id, {}), entry["body"], "closes_at")


def _withdrawn(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    row.update(status="withdrawn", ended_reason=body["ground"])
    _set(row, body, "closed_at")


def _bid(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    leader = told.codes.get((auction_id, body["bidder_code"]))
    _set(row, {"leader_registration_id": leader} if leader else {}, "leader_registration_id")
    told.registrations.get(leader or "", {})["has_bid"] = True
    if "closes_at" in body:
        contest = row.get("round") == Round.SELL_OFF and auction_id not in told.contested
        if "extensions" in row and "closes_at" in row and not contest:
            row["extensions"] += body["closes_at"] > row["closes_at"]
        row["closes_at"] = body["closes_at"]
    told.contested.add(auction_id)


def _lapsed(told: Told, auction_id: str, entry: Row) -> None:
    told.contested.discard(auction_id)
    told.auctions.get(auction_id, {})["leader_registration_id"] = None


def _closed(told: Told, auction_id: str, entry: Row) -> None:
    row, body = told.auctions.get(auction_id, {}), entry["body"]
    row.update(status=body["status"], suspension=None)
    _set(row, body, "closed_at", "closes_at", "extensions")


def _confirmed(told: Told, auction_id: str, entry: Row) -> None:
    row = told.auctions.get(auction_id, {})
    row["settlement"] = "balance_due"
    _set(row, entry["body"], "balance_fen", "balance_due_at")


def _paid(told: Told, auction_id: str, entry: Row) -> None:
    told.auctions.get(auction_id, {})["settlement"] = "paid"
    told.leader(auction_id)["status"] = "applied"


def _overdue(told: Told, auction_id: str, entry: Row) -> None:
    told.auctions.get(auction_id, {})["settlement"] = "overdue"


def _ruled(told: Told, auction_id: str, entry: Row) -> None:
    told.auctions.get(auction_id, {})["settlement"] = "ruled"


def _handed(told: Told, auction_id: str, entry: Row) -> None:
    if entry["body"]["code"] == "handed_over":
        told.auctions.get(auction_id, {})["settlement"] = "handed_over"


def _reneged(told: Told, auction_id: str, entry: Row) -> None:
    told.auctions.get(auction_id, {}).update(settlement="reneged", balance_fen=0)
    told.leader(auction_id)["status"] = "forfeited"


def _renege_revoked(told: Told, auction_id: str, entry: Row) -> None:
    row = told.auctions.get(auction_id, {})
    row["settlement"] = "balance_due"
    _set(row, entry["body"], "balance_fen", "balance_due_at")
    told.leader(auction_id)["status"] = "qualified"


def _revoked(told: Told, auction_id: str, entry: Row) -> None:
    row = told.auctions.get(auction_id, {})
    row.update(status="revoked", ended_reason=entry["body"]["ground"], suspension=None)
    row.update(settlement=None, balance_fen=None, balance_due_at=None)


def _filed(told: Told, person_id: str, entry: Row) -> None:
    body = entry["body"]
    row = {"person_id": person_id, "has_bid": False, "bidder_code": None, **_said(body, _FILED)}
    if body.get("refusal"):
        row["status"] = "refused"
    told.registrations[body["registration_id"]] = row


def _identity_decided(told: Told, person_id: str, entry: Row) -> None:
    if entry["body"]["approve"]:
        told.registrations.get(entry["body"]["registration_id"], {})["hold"] = None


def _qualified(told: Told, auction_id: str, entry: Row) -> None:
    body = entry["body"]
    if "registration_id" in body:
        row = told.registrations.get(body["registration_id"], {})
        row.update(status="qualified", bidder_code=body["bidder_code"])
        told.codes[auction_id, body["bidder_code"]] = body["registration_id"]


def _acknowledged(told: Told, person_id: str, entry: Row) -> None:
    told.registrations.get(entry["body"]["registration_id"], {})["seal"] = entry["body"]["seal"]


def _ended(told: Told, person_id: str, entry: Row) -> None:
    row, body = told.registrations.get(entry["body"]["registration_id"], {}), entry["body"]
    row.update(status=body["status"], refusal=body["refusal"])


def _removed(told: Told, person_id: str, entry: Row) -> None:
    if entry["body"]["knowingly_false"]:
        row = told.registrations.get(entry["body"]["registration_id"], {})
        row.update(status="forfeited", refusal="barred_interest")


def _unwound(told: Told, person_id: str, entry: Row) -> None:
    body = entry["body"]
    row = _said(body, ("auction_id", "registration_id", "ground", "lines", "barred", "reason", "by", "at"))
    told.acts["revocations"][body["auction_id"]] = row | body.get("row", {})


def _grouped(told: Told, lot_id: str, entry: Row) -> None:
    told.acts["lot_group_members"][lot_id] = {"group_id": entry["body"]["group_id"]}


def _awarded(told: Told, lot_id: str, entry: Row) -> None:
    if "registration_id" not in entry["body"]:
        told.unentered.add(entry["body"]["auction_id"])


def _moved(told: Told, person_id: str, entry: Row) -> None:
    told.postings[entry["body"]["posting_id"]] = _said(entry["body"], _POSTING)


_READERS: Mapping[str, Callable[[Told, str, Row], None]] = {
    "AuctionDrafted": _drafted,
    "TermsChanged": _terms_changed,
    "VoteGiven": _voted,
    "VotesVoided": _votes_voided,
    "DraftGivenUp": _given_up,
    "DisclosureSealed": _sealed,
    "AuctionAnnounced": _announced,
    "AuctionOpened": _opened,
    "AuctionSuspended": _suspended,
    "AuctionResumed": _resumed,
    "AuctionWithdrawn": _withdrawn,
    "SuspensionCauseEnded": _cause_ended,
    "SuspensionRestated": _restated,
    "SheetChanged": _sheet_changed,
    "AnnouncementRewritten": _rewritten,
    "OpeningPutOff": _put_off,
    "OutageRecorded": _outage,
    "BidAccepted": _bid,
    "BidsLapsed": _lapsed,
    "AuctionClosed": _closed,
    "SaleConfirmed": _confirmed,
    "PricePaid": _paid,
    "BalanceOverdue": _overdue,
    "BalancePutOff": _balance_put_off,
    "ClosingRuled": _ruled,
    "HandoverStepTaken": _handed,
    "BuyerReneged": _reneged,
    "RenegeRevoked": _renege_revoked,
    "SaleRevoked": _revoked,
    "RegistrationFiled": _filed,
    "RegistrationRefused": _filed,
    "TakerEntered": _filed,
    "TakingAwarded": _awarded,
    "SaleUnwound": _unwound,
    "LotGrouped": _grouped,
    "IdentityDecided": _identity_decided,
    "BidderQualified": _qualified,
    "DisclosureAcknowledged": _acknowledged,
    "RegistrationEnded": _ended,
    "WinnerRemoved": _removed,
    "MoneyMoved": _moved,
}
