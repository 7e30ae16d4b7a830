"""What the journal says of a row's state, so that every column can be made again from its entries.

An entry that changes a registration carries what became of it as `state`; a payment's entries all say where it is; an
act that has a row of its own says the whole of it as `row`.
"""

from datetime import date, datetime
from typing import Any

from auction.kernel.clock import iso
from auction.kernel.db import Base

from ..models import Payment, Registration


def moment(at: datetime | None) -> str | None:
    """A time that may not have come, as an entry says it."""
    return None if at is None else iso(at)


def state_of(registration: Registration) -> dict[str, Any]:
    """Everything of a registration that may change after it was filed, but what every bid says itself."""
    return {
        "claim_status": registration.claim_status,
        "claim_fen": registration.claim_fen,
        "rank": registration.rank,
        "status": registration.status,
        "refusal": registration.refusal,
        "bidder_code": registration.bidder_code,
        "deposit_due_fen": registration.deposit_due_fen,
        "seal": registration.seal,
        "barred": registration.barred,
        "hold": registration.hold,
        "release_due_at": moment(registration.release_due_at),
        "decided_by": registration.decided_by,
        "decision_reason": registration.decision_reason,
    }


def payment_state(payment: Payment) -> dict[str, Any]:
    """Where a payment is, and all that was ever asked, paid and sent back of it."""
    return {
        "auction_id": payment.auction_id,
        "registration_id": payment.registration_id,
        "payment_id": payment.id,
        "purpose": payment.purpose,
        "amount_fen": payment.amount_fen,
        "account": payment.account,
        "status": payment.status,
        "paid_fen": payment.paid_fen,
        "paid_at": moment(payment.paid_at),
        "refund_fen": payment.refund_fen,
        "refund_due_at": moment(payment.refund_due_at),
        "refunded_at": moment(payment.refunded_at),
        "refund_receipt_sha256": payment.refund_receipt_sha256,
        "created_at": iso(payment.created_at),
    }


def row_of(row: Base) -> dict[str, Any]:
    """Every column of a row, as an entry says it."""
    return {column.name: _said(getattr(row, column.name)) for column in row.__table__.columns}


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value
