"""Registrations, offers, money and what follows the hammer."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auction.kernel.db import Base, insert_only

_BIG = BigInteger().with_variant(Integer(), "sqlite")


class Registration(Base):
    """A person's registration for one auction.

    `status`: awaiting_court, awaiting_deposit, qualified, refused, released, applied, forfeited.
    `hold`: why the registry could not be asked about somebody (PRECISIONS 13); None once that is decided.
    `cleared_version` and `cleared_on` name the registry version and day on which the interest bar last found nothing.
    """

    __tablename__ = "registrations"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    capacity: Mapped[str]
    claim: Mapped[str]
    claim_status: Mapped[str | None]
    claim_fen: Mapped[int | None] = mapped_column(BigInteger)
    rank: Mapped[int | None]
    status: Mapped[str]
    refusal: Mapped[str | None]
    bidder_code: Mapped[str | None]
    deposit_due_fen: Mapped[int] = mapped_column(BigInteger)
    undertakings: Mapped[list[Any]]
    seal: Mapped[str]
    cleared_version: Mapped[int] = mapped_column(BigInteger)
    cleared_on: Mapped[date]
    barred: Mapped[str | None]
    hold: Mapped[str | None]
    has_bid: Mapped[bool] = mapped_column(default=False)
    release_due_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision_reason: Mapped[str | None]
    created_at: Mapped[datetime]

    identities: Mapped[list["RegisteredIdentity"]] = relationship(cascade="all, delete-orphan")

    __table_args__ = (
        UniqueConstraint("auction_id", "bidder_code"),
        Index("ix_registrations_auction_id", "auction_id", "account_id"),
    )


class RegisteredIdentity(Base):
    """One identity behind a registration: the applicant, a principal or a joint bidder.

    While `live`, an identity stands behind at most one registration of an auction (PRECISIONS 31).
    """

    __tablename__ = "registered_identities"

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    id_match: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"))
    part: Mapped[str]
    id_type: Mapped[str]
    name: Mapped[bytes]
    id_number: Mapped[bytes]
    share: Mapped[str | None]
    live: Mapped[bool]

    __table_args__ = (
        Index(
            "uq_registered_identities_live",
            "auction_id",
            "id_match",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
        Index("ix_registered_identities_id_match", "id_match"),
    )


@insert_only
class Acknowledgement(Base):
    """A registrant's acknowledgement of one sealed version of the sheet."""

    __tablename__ = "acknowledgements"

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    seal: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


@insert_only
class Bid(Base):
    """One offer and its answer, accepted or refused; `seq` numbers the accepted ones of an auction 1..n.

    `price_fen`, `minimum_fen`, `closes_at` are what the answer said; a repeated key is answered from this row.
    `journal_number` is None for offers that are only counted (PRECISIONS 28); their row keeps the key's answer.
    """

    __tablename__ = "bids"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"))
    shard: Mapped[int]
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    bidder_code: Mapped[str | None]
    key: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[int | None]
    arrived_at: Mapped[datetime]
    received_at: Mapped[datetime]
    outcome: Mapped[str]
    code: Mapped[str | None]
    seq: Mapped[int | None] = mapped_column(BigInteger)
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    minimum_fen: Mapped[int | None] = mapped_column(BigInteger)
    closes_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    journal_number: Mapped[int | None] = mapped_column(BigInteger)
    signature: Mapped[str | None]
    key_id: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("registration_id", "key"),
        UniqueConstraint("auction_id", "seq"),
        CheckConstraint("(seq IS NULL) = (outcome <> 'accepted')", "seq_iff_accepted"),
    )


class Payment(Base):
    """Money asked of a bidder (`purpose` deposit, balance, top_up), or a part that goes back (excess, rest).

    `status`: pending, paid, failed, wrong_payer, wrong_amount, refunding, refunded. `paid_fen` may be less than
    `amount_fen` for a balance or top-up paid in parts. `refund_fen` is what goes back; `refund_receipt_sha256` the hash
    of the bank's receipt for it, where the gateway told one.
    """

    __tablename__ = "payments"

    id: Mapped[str] = mapped_column(primary_key=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), index=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    purpose: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    account: Mapped[str]
    status: Mapped[str]
    paid_fen: Mapped[int | None] = mapped_column(BigInteger)
    paid_at: Mapped[datetime | None]
    refund_fen: Mapped[int | None] = mapped_column(BigInteger)
    refund_due_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]
    refund_receipt_sha256: Mapped[str | None]
    created_at: Mapped[datetime]


@insert_only
class GatewayNotice(Base):
    """A notification the gateway sent, taken once by its id."""

    __tablename__ = "gateway_notices"

    id: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    outcome: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


@insert_only
class Posting(Base):
    """One movement of the ledger: `amount_fen` > 0 from `source` to `destination`."""

    __tablename__ = "postings"

    id: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    source: Mapped[str] = mapped_column(index=True)
    destination: Mapped[str] = mapped_column(index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("amount_fen > 0", "amount_positive"),
        CheckConstraint("source <> destination", "two_sides"),
    )


@insert_only
class Confirmation(Base):
    """The confirmation of a sale (成交确认书), as published."""

    __tablename__ = "confirmations"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    document: Mapped[dict[str, Any]]
    at: Mapped[datetime]


@insert_only
class AfterSaleStep(Base):
    """A step after the sale: the ruling, and each step of the handover."""

    __tablename__ = "after_sale_steps"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    code: Mapped[str]
    on: Mapped[date]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


class Renege(Base):
    """A judge's declaration that a buyer reneged (OJA 24). `status`: in_force, revoked.

    `forfeited_fen` was kept of the deposit, `returned_fen` goes back: payments of the balance, a sell-off's rest. At
    most one declaration of an auction is in force; a revoked one may be followed by another.
    """

    __tablename__ = "reneges"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    status: Mapped[str]
    price_fen: Mapped[int] = mapped_column(BigInteger)
    forfeited_fen: Mapped[int] = mapped_column(BigInteger)
    returned_fen: Mapped[int] = mapped_column(BigInteger)
    factors: Mapped[list[Any]]
    reason: Mapped[str]
    declared_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    declared_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_reneges_in_force",
            "auction_id",
            unique=True,
            sqlite_where=text("status = 'in_force'"),
            postgresql_where=text("status = 'in_force'"),
        ),
    )


class RenegeObjection(Base):
    """The objection of somebody concerned to such a declaration. `status`: filed, accepted, rejected."""

    __tablename__ = "renege_objections"

    id: Mapped[str] = mapped_column(primary_key=True)
    renege_id: Mapped[str] = mapped_column(ForeignKey("reneges.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    grounds: Mapped[str]
    status: Mapped[str]
    filed_at: Mapped[datetime]
    due_on: Mapped[date]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


@insert_only
class AllocationEntry(Base):
    """What the court entered for the use of a forfeited deposit; the latest of a declaration holds.

    `costs` and `related_debts` are lists of {"label", "amount_fen"}. Debts are entered as they stood before any
    forfeited deposit of the lot was put to them. `final_fen` is set only where the lot was not sold in a resale.
    """

    __tablename__ = "allocation_entries"

    id: Mapped[str] = mapped_column(primary_key=True)
    renege_id: Mapped[str] = mapped_column(ForeignKey("reneges.id"), index=True)
    costs: Mapped[list[Any]]
    case_debt_fen: Mapped[int] = mapped_column(BigInteger)
    related_debts: Mapped[list[Any]]
    final_fen: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


@insert_only
class Allocation(Base):
    """The decided use of a forfeited deposit, once for each declaration: its lines, as posted.

    `lines`: {"code", "label", "claim_fen", "amount_fen", "left_fen"}; `liable_fen` is the whole shortfall of this buyer
    against `final_fen`, what the lot brought in the end.
    """

    __tablename__ = "allocations"

    renege_id: Mapped[str] = mapped_column(ForeignKey("reneges.id"), primary_key=True)
    final_fen: Mapped[int] = mapped_column(BigInteger)
    liable_fen: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[list[Any]]
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


class TopUpOrder(Base):
    """An order to make up what the deposit did not reach (SALE 22(2)).

    `status`: ordered; enforced, once compulsory enforcement was applied for after the day it was due; then paid, or
    in_vain where the rest is asked no more; cancelled. `lines` as in an allocation.
    """

    __tablename__ = "top_up_orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    renege_id: Mapped[str] = mapped_column(ForeignKey("reneges.id"), index=True)
    lines: Mapped[list[Any]]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str]
    ordered_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    ordered_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_top_up_orders_standing",
            "renege_id",
            unique=True,
            sqlite_where=text("status <> 'cancelled'"),
            postgresql_where=text("status <> 'cancelled'"),
        ),
    )


@insert_only
class ResaleDeposit(Base):
    """Why the deposit of a resale is higher than before: for everybody, never for one bidder (PRECISIONS 9)."""

    __tablename__ = "resale_deposits"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    deposit_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


class RegistrationSignal(Base):
    """A value that registrations may share (phone, payer, device ...), as its keyed hash only.

    `person_match` is the keyed hash of whose value it is: the payer's where he stands behind the registration, else the
    applicant's. The same person twice is no sign. Deleted after the ruleset's `signal_kept`.
    """

    __tablename__ = "registration_signals"

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value_match: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    person_match: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (Index("ix_registration_signals_value", "kind", "value_match"),)


class AwaitedLook(Base):
    """A look at something, for the regulator only, that a transaction left to be taken after it.

    `act`: `screen` compares the signals of an ended auction, `patterns` looks at its bids, `names` compares the names
    behind a registration, `relist` asks whether a lot's next round is about to be late, `resume` whether a stopped sale
    has not resumed in time, `promise` whether a sold lot is not cleared by the day promised, `look_ups` weighs the
    look-ups of an account, `remind` reminds registrants, `unsealed` tells whose identity was opened before the end.
    `done_at` None while it waits.
    """

    __tablename__ = "awaited_looks"

    act: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_awaited_looks_due",
            "act",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )


class Paper(Base):
    """A file that somebody hands in with an objection, as proof of his qualification, or for a correction of his data.

    It belongs to no sheet and enters no seal: only who handed it in and who decides on it read it. `content` is sealed
    under its owner's key (`sealed`; older ones are not), and may go with him: its entry keeps the hash.
    """

    __tablename__ = "papers"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    content: Mapped[bytes]
    uploaded_at: Mapped[datetime]
    sealed: Mapped[bool] = mapped_column(default=True, server_default=text("false"))


@insert_only
class Qualification(Base):
    """What a buyer hands in to prove that he may buy (HOUSE 3, EQ 15); he may add to it until the ruling."""

    __tablename__ = "qualifications"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    attachments: Mapped[list[Any]]
    at: Mapped[datetime]


@insert_only
class Revocation(Base):
    """A sale that was revoked (OJA 31), the ground, and what became of the buyer's money, line by line.

    `lines`: {"code" (deposit, balance), "amount_fen", "keep_fen", "return_fen", "basis", "reason"}. `barred`: the buyer
    may not take part in the resale (EQ 15(2)).
    """

    __tablename__ = "revocations"

    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    ground: Mapped[str]
    lines: Mapped[list[Any]]
    reason: Mapped[str]
    barred: Mapped[bool]
    by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


class SaleObjection(Base):
    """An objection to a sale (OJA 36): to how it is conducted (CPL 236), or an outsider's to ownership (CPL 238).

    `status`: filed, accepted, rejected. `remedy_until`: the last day on which a review may be asked for, or an outsider
    may sue. `review_status`: filed, upheld, reversed; the higher court decides, this court records it. `suit_outcome`:
    of a suit filed within the days: None while it is tried, dismissed, upheld.
    """

    __tablename__ = "sale_objections"

    id: Mapped[str] = mapped_column(primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    grounds: Mapped[str]
    attachments: Mapped[list[Any]]
    status: Mapped[str]
    filed_at: Mapped[datetime]
    due_on: Mapped[date]
    received_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    received_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    remedy_until: Mapped[date | None]
    review_status: Mapped[str | None]
    review_grounds: Mapped[str | None]
    review_filed_at: Mapped[datetime | None]
    review_due_on: Mapped[date | None]
    review_extended: Mapped[bool] = mapped_column(default=False)
    review_recorded_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    review_decided_on: Mapped[date | None]
    review_reason: Mapped[str | None]
    suit_filed_on: Mapped[date | None]
    suit_outcome: Mapped[str | None]
    suit_ended_on: Mapped[date | None]
    suit_reason: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("auction_id", "account_id", "kind"),
        CheckConstraint("status IN ('filed', 'accepted', 'rejected')", "status_known"),
        CheckConstraint("(status = 'filed') = (decided_at IS NULL)", "decided_or_filed"),
        Index("ix_sale_objections_status", "status", "due_on"),
    )


class Outage(Base):
    """A time in which no process held an intake lease, found by the first that took one again (PRECISIONS 21).

    `since` is machine time, when the last lease ran out or was handed back; `began_at` and `ended_at` are platform
    time, as far apart as machine time says. `applied_at` None until every sale it touched has had its effect.
    """

    __tablename__ = "outages"

    id: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(unique=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class OutageTouch(Base):
    """What an outage did to one sale; `closes_at` is the end as it was afterwards."""

    __tablename__ = "outage_touches"

    outage_id: Mapped[str] = mapped_column(ForeignKey("outages.id"), primary_key=True)
    auction_id: Mapped[str] = mapped_column(ForeignKey("auctions.id"), primary_key=True, index=True)
    effect: Mapped[str]
    closes_at: Mapped[datetime]
