"""Writing a movement of money down: the posting, the note in the payer's own stream, the order to send something back.

Shared by what takes money, lets it go and forfeits it; the auction's row is locked by all of them.
"""

from datetime import datetime, timedelta
from typing import Any

from auction.kernel.clock import iso
from auction.kernel.unit import Unit
from auction.models import Auction

from ..models import Payment, Posting, Registration
from ..queries.rooms import ruleset_of
from ..rules.ledger import Transfer
from .noting import payment_state
from .refund_watch import await_refund


def post(unit: Unit, registration: Registration, transfer: Transfer) -> None:
    """Write a movement into the ledger of the registration's auction, and journal it sealed in the person's stream."""
    _move(unit, f"person:{registration.person_id}", registration.auction_id, registration.id, transfer)


def post_unregistered(unit: Unit, auction: Auction, transfer: Transfer) -> None:
    """Write a movement of nobody registered into an auction's ledger, and journal it sealed in the lot's stream."""
    _move(unit, f"lot:{auction.lot_id}", auction.id, None, transfer)


def _move(unit: Unit, stream: str, auction_id: str, registration_id: str | None, transfer: Transfer) -> None:
    facts: dict[str, Any] = {
        "auction_id": auction_id,
        "registration_id": registration_id,
        "source": transfer.source,
        "destination": transfer.destination,
        "amount_fen": transfer.amount_fen,
        "kind": transfer.kind.value,
    }
    posting = Posting(**facts, at=unit.now)
    unit.session.add(posting)
    unit.session.flush()
    unit.record(
        "MoneyMoved",
        stream=stream,
        private=True,
        body={"posting_id": posting.id, **facts, "at": iso(unit.now)},
    )


def note(unit: Unit, registration: Registration, kind: str, payment: Payment, **facts: Any) -> None:
    """Journal what happened to a payment, sealed, in the stream of the person behind it."""
    unit.record(
        kind,
        stream=f"person:{registration.person_id}",
        private=True,
        body={**payment_state(payment), **facts},
    )


def new_payment(
    unit: Unit, registration: Registration, purpose: str, amount_fen: int, account: str, status: str
) -> Payment:
    """A payment of a registration, asked for or going back."""
    payment = Payment(
        id=unit.new_id(),
        registration_id=registration.id,
        auction_id=registration.auction_id,
        purpose=purpose,
        amount_fen=amount_fen,
        account=account,
        status=status,
        created_at=unit.now,
    )
    unit.session.add(payment)
    unit.session.flush()
    return payment


def order_refund(unit: Unit, payment: Payment, amount_fen: int, due_at: datetime) -> None:
    """Let so much of a payment go back by then; the gateway is asked after the commit."""
    payment.refund_fen, payment.refund_due_at = amount_fen, due_at
    await_refund(unit, payment.auction_id, due_at)
    unit.publish("refund", payment_id=payment.id)


def refund_span(unit: Unit, auction: Auction) -> timedelta:
    """How long a refund may take (OJA 23)."""
    return ruleset_of(unit.session, auction).span("deposit_refund")
