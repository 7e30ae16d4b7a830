"""Payments, refunds and the ledger, as they stand in the database. Nothing here is public: accounts carry ids."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from auction.kernel.clock import iso
from auction.models import Auction, Taking

from ..models import Payment, Posting
from ..rules.debt import still_owed
from ..rules.ledger import DepositState, Kind, Transfer, check, court_price, deposit_held, deposit_state
from ..rules.payment import LIVE


def payment_dict(payment: Payment) -> dict[str, Any]:
    """A payment as its payer sees it."""
    return {
        "id": payment.id,
        "amount_fen": payment.amount_fen,
        "account": payment.account,
        "status": payment.status,
    }


def refund_dict(payment: Payment, now: datetime) -> dict[str, Any] | None:
    """The refund of a payment, for its payer: how much, due and sent when, the hash of the bank's receipt; None where
    nothing goes back."""
    if payment.refund_fen is None or payment.refund_due_at is None:
        return None
    sent = payment.refunded_at
    return {
        "amount_fen": payment.refund_fen,
        "due_at": iso(payment.refund_due_at),
        "refunded_at": iso(sent) if sent else None,
        "receipt_sha256": payment.refund_receipt_sha256,
        "overdue": (sent or now) > payment.refund_due_at,
    }


def payments(session: Session, registration_id: str) -> list[Payment]:
    """All payments of a registration, oldest first."""
    rows = select(Payment).where(Payment.registration_id == registration_id).order_by(Payment.created_at, Payment.id)
    return list(session.scalars(rows))


def latest_payment(session: Session, registration_id: str, purpose: str = "deposit") -> Payment | None:
    """The payment that matters now for a purpose: the live one, else the last that was asked for."""
    asked = [payment for payment in payments(session, registration_id) if payment.purpose == purpose]
    live = [payment for payment in asked if payment.status in LIVE]
    return next(reversed(live or asked), None)


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What the gateway is asked to send back: `amount_fen` of the money that came into `account`, due at `due_at`."""

    payment_id: str
    account: str
    amount_fen: int
    due_at: datetime


def refund_order(session: Session, payment_id: str) -> RefundOrder | None:
    """The refund of one payment still to be sent; None when there is none, or it was sent."""
    row = session.execute(_outstanding().where(Payment.id == payment_id)).one_or_none()
    return RefundOrder(*row) if row else None


def due_refunds(session: Session, now: datetime, *, overdue: bool = False, most: int = 1000) -> list[RefundOrder]:
    """Refunds still to be sent, the most urgent first; `overdue`: only those past their time at `now`."""
    rows = _outstanding()
    if overdue:
        rows = rows.where(Payment.refund_due_at < now)
    return [RefundOrder(*row) for row in session.execute(rows.limit(most))]


def _outstanding() -> Any:
    return (
        select(Payment.id, Payment.account, Payment.refund_fen, Payment.refund_due_at)
        .where(Payment.refund_due_at.is_not(None), Payment.refunded_at.is_(None))
        .order_by(Payment.refund_due_at, Payment.id)
    )


@dataclass(frozen=True, slots=True)
class Deposit:
    """Where a registration's deposit is, and how much of it is held."""

    state: DepositState
    held_fen: int


def deposit_of(session: Session, registration_id: str) -> Deposit:
    """A registration's deposit, from its movements alone. ValueError when the ledger is not sound: it never may be."""
    moves = transfers(session, registration_id=registration_id)
    held = check(moves).get(deposit_held(registration_id), 0)
    return Deposit(deposit_state(move.kind for move in moves), held)


def applied_fen(session: Session, registration_id: str) -> int:
    """How much of a registration's deposit counts toward the price now."""
    moves = transfers(session, registration_id=registration_id)
    signs = {Kind.DEPOSIT_APPLIED: 1, Kind.APPLICATION_REVERSED: -1}
    return sum(signs.get(move.kind, 0) * move.amount_fen for move in moves)


def paid_parts(session: Session, registration_id: str) -> list[Payment]:
    """The payments of a buyer's balance that counted and have not gone back."""
    asked = payments(session, registration_id)
    return [one for one in asked if one.purpose == "balance" and one.status == "paid" and one.paid_fen]


def price_paid_fen(session: Session, auction_id: str) -> int:
    """How much of an auction's price has come together: balance and applied deposit."""
    return balances(session, auction_id).get(court_price(auction_id), 0)


def owed_fen(session: Session, auction: Auction) -> int:
    """What is left to pay of a sold auction's price beside the deposit held and the payments that counted."""
    if auction.price_fen is None or auction.leader_registration_id is None:
        return 0
    deposit = deposit_of(session, auction.leader_registration_id)
    held = deposit.held_fen if deposit.state is DepositState.HELD else 0
    return still_owed(auction.price_fen, held, price_paid_fen(session, auction.id))


def difference_owed_fen(session: Session, registration_id: str) -> int:
    """What the taker behind a registration has still to pay in; 0 unless a difference is awaited (SALE 16(2))."""
    taking = session.scalar(select(Taking).where(Taking.registration_id == registration_id, Taking.status == "awarded"))
    if taking is None or taking.difference_fen is None:
        return 0
    return taking.difference_fen - difference_paid_fen(session, registration_id)


def difference_paid_fen(session: Session, registration_id: str) -> int:
    """How much of a difference has come and was not released again."""
    counted = {Kind.DIFFERENCE_RECEIVED: 1, Kind.DIFFERENCE_RELEASED: -1}
    moves = transfers(session, registration_id=registration_id)
    return sum(counted.get(move.kind, 0) * move.amount_fen for move in moves)


def top_up_paid_fen(session: Session, auction_id: str, kind: Kind = Kind.TOP_UP_RECEIVED) -> int:
    """How much came on an auction's top-up orders; of another `kind`: how much of it went there."""
    paid = select(func.sum(Posting.amount_fen)).where(Posting.auction_id == auction_id, Posting.kind == kind)
    return int(session.scalar(paid) or 0)


def transfers(session: Session, auction_id: str | None = None, *, registration_id: str | None = None) -> list[Transfer]:
    """The movements of an auction or of one registration, in the order they were written."""
    rows = select(Posting.source, Posting.destination, Posting.amount_fen, Posting.kind).order_by(Posting.id)
    if auction_id is not None:
        rows = rows.where(Posting.auction_id == auction_id)
    if registration_id is not None:
        rows = rows.where(Posting.registration_id == registration_id)
    return [Transfer(row.source, row.destination, row.amount_fen, Kind(row.kind)) for row in session.execute(rows)]


def ledger(session: Session, auction_id: str) -> list[dict[str, Any]]:
    """The extract of an auction's ledger, in order: for the court and the auditor."""
    rows = session.scalars(select(Posting).where(Posting.auction_id == auction_id).order_by(Posting.id))
    return [
        {
            "at": iso(row.at),
            "kind": row.kind,
            "source": row.source,
            "destination": row.destination,
            "amount_fen": row.amount_fen,
        }
        for row in rows
    ]


def balances(session: Session, auction_id: str | None = None) -> dict[str, int]:
    """The balance of every account an auction's movements touch (or all); they add up to zero."""
    given = select(Posting.source.label("account"), (-Posting.amount_fen).label("fen"))
    taken = select(Posting.destination.label("account"), Posting.amount_fen.label("fen"))
    if auction_id is not None:
        given, taken = given.where(Posting.auction_id == auction_id), taken.where(Posting.auction_id == auction_id)
    both = union_all(given, taken).subquery()
    rows = session.execute(select(both.c.account, func.sum(both.c.fen)).group_by(both.c.account))
    return {account: int(fen) for account, fen in rows}
