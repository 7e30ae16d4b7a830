"""Money in and money back: asking for it, taking the gateway's word once, and moving every fen through the ledger.

The auction's row is locked before anything here reads or writes. `request_…`, `receive_notice` and `refund_executed`
lock it themselves; the others say that their caller holds it. What concerns a payment is journaled in the payer's
own stream, sealed; nothing here writes a public entry. A registration's status is its callers' business.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError, invalid
from auction.kernel.money import is_amount
from auction.kernel.unit import Unit
from auction.models import Auction, Taking
from auction.rules import identity
from auction.services.locking import lock_auction

from ..models import GatewayNotice, Payment, Registration
from ..queries.identities import OpenIdentity, identities
from ..queries.payments import deposit_of, difference_owed_fen, owed_fen, payments, top_up_paid_fen
from ..queries.reneges import standing_order
from ..rules import ledger
from ..rules.allocation import lines_of, split
from ..rules.debt import OWING
from ..rules.ledger import DepositState, Kind, Transfer, advance
from ..rules.payment import (
    IN_PARTS,
    LIVE,
    Expected,
    PaymentNotice,
    judge_payment,
    may_pay_deposit,
    name_key,
    takes_deposits,
)
from .looks import count_again
from .moving import new_payment, note, order_refund, post, refund_span
from .noting import row_of
from .promise_watch import await_promise
from .refund_watch import settle_refunds
from .signals import keep_signals

#: What each request for money is called in the payer's stream.
_REQUESTED = {
    "deposit": "DepositRequested",
    "balance": "BalanceRequested",
    "top_up": "TopUpRequested",
    "difference": "DifferenceRequested",
}
DepositConfirmed = Callable[[Unit, Registration], Any]
BalanceConfirmed = Callable[[Unit, Auction, Payment], Any]

_SHA256 = re.compile("[0-9a-f]{64}")


def request_deposit(unit: Unit, registration: Registration, *, account: str) -> Payment:
    """The payment of a registration's deposit: the live one, or a new one into `account`.

    A pending request for another amount than is due now (a claim was decided since) is superseded.
    DomainError `auction_closed` after the end of bidding, `wrong_state` when no deposit is asked of the registration.
    """
    auction = lock_auction(unit, registration.auction_id)
    unit.session.flush()
    unit.session.refresh(registration)
    live = _live(unit, registration, "deposit")
    if live is not None and (live.status == "paid" or live.amount_fen == registration.deposit_due_fen):
        return live
    if not takes_deposits(auction.status, auction.closes_at, auction.closed_at, unit.now):
        raise DomainError("auction_closed", status=auction.status)
    if not _deposit_wanted(registration):
        raise DomainError("wrong_state", status=registration.status)
    if live is not None:
        live.status = "failed"
        note(unit, registration, "PaymentSuperseded", live)
    return _request(unit, registration, "deposit", registration.deposit_due_fen, account)


def request_balance(
    unit: Unit, auction: Auction, registration: Registration, *, account: str, amount_fen: int | None = None
) -> Payment:
    """The payment of the rest of the price by the buyer, or of `amount_fen` of it: the live one, or a new one.

    A pending request for another amount is superseded. DomainError `wrong_state` unless a balance is owed and the
    registration is the buyer's, `invalid` for more than is owed.
    """
    auction = lock_auction(unit, auction.id)
    return _request_owed(unit, auction, registration, "balance", account, amount_fen)


def request_top_up(
    unit: Unit, auction: Auction, registration: Registration, *, account: str, amount_fen: int | None = None
) -> Payment:
    """The payment of what a top-up order still asks, or of a part of it; otherwise as `request_balance`."""
    auction = lock_auction(unit, auction.id)
    return _request_owed(unit, auction, registration, "top_up", account, amount_fen)


def request_difference(
    unit: Unit, auction: Auction, registration: Registration, *, account: str, amount_fen: int | None = None
) -> Payment:
    """The payment of what a creditor who takes the lot still pays in (SALE 16); otherwise as `request_balance`."""
    auction = lock_auction(unit, auction.id)
    return _request_owed(unit, auction, registration, "difference", account, amount_fen)


def _request_owed(
    unit: Unit, auction: Auction, registration: Registration, purpose: str, account: str, amount_fen: int | None
) -> Payment:
    unit.session.flush()
    unit.session.refresh(registration)
    owed, live = _owed(unit, auction, registration, purpose), _live(unit, registration, purpose)
    if not owed:
        if live is not None and live.status == "paid":
            return live
        raise DomainError("wrong_state", status=auction.settlement or auction.status)
    if amount_fen is not None and amount_fen > owed:
        raise invalid("amount_fen", "above_owed", amount_fen=amount_fen, owed_fen=owed)
    if live is not None and live.status == "pending" and live.amount_fen == (amount_fen or owed):
        return live
    supersede_pending(unit, registration, purpose)
    return _request(unit, registration, purpose, amount_fen or owed, account)


def supersede_pending(unit: Unit, registration: Registration, purpose: str) -> None:
    """Call back what was asked for and not paid; money that still comes on it goes back."""
    for pending in payments(unit.session, registration.id):
        if pending.purpose == purpose and pending.status == "pending":
            pending.status = "failed"
            note(unit, registration, "PaymentSuperseded", pending)


def receive_notice(
    unit: Unit,
    notice: PaymentNotice,
    *,
    on_deposit: DepositConfirmed | None = None,
    on_balance: BalanceConfirmed | None = None,
) -> Payment:
    """Take a gateway's notice, once by its id, and answer with the payment as it is then.

    A payment order takes money once: later, repeated or belated notices change nothing. Money from a payer who is
    nobody of the registration, of another amount, or that nobody asks for any more, is due back within the hours of
    the ruleset. Less than was asked counts toward a balance or a top-up, of which the rest stays owed. A deposit that
    counts goes on to `registration.deposit_confirmed`, the payment that completes a balance to
    `settlement.balance_confirmed` (or to what is given instead).
    DomainError `not_found` for an unknown payment, `idempotency_conflict` for an id seen with other content,
    `invalid` for an amount no payment can have.
    """
    auction_id = unit.session.scalar(select(Payment.auction_id).where(Payment.id == notice.payment_id))
    if auction_id is None:
        raise DomainError("not_found")
    auction = lock_auction(unit, auction_id)
    payment = unit.session.get_one(Payment, notice.payment_id, populate_existing=True)
    if _seen(unit, notice):
        return payment
    registration = unit.session.get_one(Registration, payment.registration_id, populate_existing=True)
    payer = _payer(unit, registration, notice) if notice.outcome == "paid" else None
    verdict = judge_payment(
        Expected(
            payment.status,
            payment.amount_fen,
            _wanted(unit, auction, registration, payment, notice.amount_fen),
            in_parts=payment.purpose in IN_PARTS,
        ),
        notice,
        payer_known=payer is not None,
    )
    if notice.outcome == "paid" and verdict != "unchanged":
        paid_by = {"payer": notice.payer_id_number, "bank_account": notice.payer_account}
        keep_signals(
            unit,
            registration,
            paid_by,
            whose=unit.vault.match_key(payer.id_type, payer.id_number) if payer is not None else None,
        )
    if verdict == "unchanged":
        note(unit, registration, "PaymentNoticeIgnored", payment, **_taken(unit, notice))
    elif verdict == "failed":
        payment.status = "failed"
        note(unit, registration, "PaymentFailed", payment, **_taken(unit, notice))
    elif verdict == "paid":
        _accept(unit, auction, registration, payment, notice, on_deposit, on_balance)
    else:
        _turn_away(unit, auction, registration, payment, verdict, notice)
    return payment


def release_deposit(unit: Unit, registration: Registration, *, due_at: datetime, reason: str) -> Payment | None:
    """Let all of a held deposit go back by `due_at`; the gateway is asked after the commit. The auction is locked.

    Nothing held, or released before: nothing happens, and the answer is the payment released then, or None.
    DomainError `wrong_state` when the deposit was applied or forfeited.
    """
    deposit = deposit_of(unit.session, registration.id)
    if deposit.state is DepositState.AWAITED:
        return None
    payment = held_payment(unit, registration)
    if deposit.state in (DepositState.REFUND_DUE, DepositState.REFUNDED):
        return payment
    advance(deposit.state, Kind.DEPOSIT_RELEASED)
    post(unit, registration, ledger.deposit_released(registration.id, deposit.held_fen))
    payment.status = "refunding"
    order_refund(unit, payment, deposit.held_fen, due_at)
    note(
        unit,
        registration,
        "DepositReleased",
        payment,
        released_fen=deposit.held_fen,
        due_at=iso(due_at),
        reason=reason,
    )
    return payment


def refund_excess(unit: Unit, registration: Registration, *, due_at: datetime) -> Payment | None:
    """Send back what a confirmed creditor's deposit holds above `deposit_due_fen`. The auction is locked.

    The part goes back as a payment of its own (purpose `excess`), so that each payment is refunded at most once; where
    nothing is due any more the whole deposit is released. None when nothing is held above what is due.
    """
    deposit = deposit_of(unit.session, registration.id)
    excess = deposit.held_fen - registration.deposit_due_fen
    if deposit.state is not DepositState.HELD or excess <= 0:
        return None
    if registration.deposit_due_fen == 0:
        return release_deposit(unit, registration, due_at=due_at, reason="claim_covers_deposit")
    held = held_payment(unit, registration)
    post(unit, registration, ledger.excess_released(registration.id, excess))
    payment = new_payment(unit, registration, "excess", excess, held.account, "refunding")
    order_refund(unit, payment, excess, due_at)
    note(unit, registration, "DepositExcessReleased", payment, due_at=iso(due_at))
    return payment


def held_deposit(unit: Unit, registration: Registration) -> int:
    """How much of a registration's deposit is held, in fen; 0 for an exempt creditor. The auction is locked."""
    return deposit_of(unit.session, registration.id).held_fen


def apply_deposit(unit: Unit, registration: Registration) -> int:
    """Count the buyer's held deposit toward the price; answers its amount in fen, 0 where none is held.

    The auction is locked. DomainError `wrong_state` when the deposit was released or forfeited; applied before: 0.
    """
    deposit = deposit_of(unit.session, registration.id)
    if deposit.state in (DepositState.AWAITED, DepositState.APPLIED):
        return 0
    advance(deposit.state, Kind.DEPOSIT_APPLIED)
    post(unit, registration, ledger.deposit_applied(registration.id, registration.auction_id, deposit.held_fen))
    note(unit, registration, "DepositApplied", held_payment(unit, registration), applied_fen=deposit.held_fen)
    return deposit.held_fen


def refund_executed(unit: Unit, payment_id: str, *, receipt_sha256: str | None = None) -> Payment:
    """The gateway sent a payment's refund. Said again, it changes nothing.

    `receipt_sha256`: the hash of the bank's receipt, 64 hexadecimal digits, where the gateway has one.

    A released deposit becomes `refunded`; money that never counted keeps the status that says why, with the time.
    DomainError `not_found`, `wrong_state` when nothing of the payment is to go back, or `invalid` for a hash that is
    none.
    """
    if receipt_sha256 is not None and not _SHA256.fullmatch(receipt_sha256):
        raise invalid("receipt_sha256", "invalid")
    auction_id = unit.session.scalar(select(Payment.auction_id).where(Payment.id == payment_id))
    if auction_id is None:
        raise DomainError("not_found")
    lock_auction(unit, auction_id)
    payment = unit.session.get_one(Payment, payment_id, populate_existing=True)
    if payment.refunded_at is not None:
        return payment
    if payment.refund_fen is None:
        raise DomainError("wrong_state", status=payment.status)
    registration = unit.session.get_one(Registration, payment.registration_id)
    transfer = _way_back(payment)(registration.id, payment.refund_fen)
    post(unit, registration, transfer)
    payment.refunded_at, payment.refund_receipt_sha256 = unit.now, receipt_sha256
    if payment.status == "refunding":
        payment.status = "refunded"
    note(unit, registration, "RefundExecuted", payment, refunded_fen=payment.refund_fen)
    settle_refunds(unit, auction_id)
    return payment


def _way_back(payment: Payment) -> Callable[[str, int], Transfer]:
    """How the ledger sends back what a payment brought, or the part of a deposit it stands for."""
    if payment.purpose == "excess":
        return ledger.excess_refunded
    if payment.purpose == "rest":
        return ledger.rest_refunded
    if payment.paid_at is None:
        return ledger.stray_refunded
    if payment.purpose == "difference":
        return ledger.difference_refunded
    return ledger.balance_refunded if payment.purpose == "balance" else ledger.deposit_refunded


def _wanted(unit: Unit, auction: Auction, registration: Registration, payment: Payment, amount_fen: int) -> bool:
    """Whether the money of a payment is still asked for."""
    if payment.purpose in IN_PARTS:
        return 0 < amount_fen <= _owed(unit, auction, registration, payment.purpose)
    return (
        payment.amount_fen >= registration.deposit_due_fen
        and _deposit_wanted(registration)
        and takes_deposits(auction.status, auction.closes_at, auction.closed_at, unit.now)
        and deposit_of(unit.session, registration.id).state is DepositState.AWAITED
    )


def _deposit_wanted(registration: Registration) -> bool:
    return registration.hold is None and may_pay_deposit(
        registration.status, registration.capacity, registration.deposit_due_fen
    )


def _owed(unit: Unit, auction: Auction, registration: Registration, purpose: str) -> int:
    """How much is still asked of a registration beside its deposit; 0 where nothing is."""
    if purpose == "difference":
        return difference_owed_fen(unit.session, registration.id)
    if auction.leader_registration_id != registration.id or auction.status != "sold":
        return 0
    if purpose == "top_up":
        order = standing_order(unit.session, auction.id)
        return order.amount_fen - top_up_paid_fen(unit.session, auction.id) if order is not None else 0
    return owed_fen(unit.session, auction) if auction.settlement in OWING else 0


def _live(unit: Unit, registration: Registration, purpose: str) -> Payment | None:
    """The payment that stands, what is still asked for before what was paid."""
    asked = [payment for payment in payments(unit.session, registration.id) if payment.purpose == purpose]
    live = sorted((payment for payment in asked if payment.status in LIVE), key=lambda one: one.status != "pending")
    return live[0] if live else None


def held_payment(unit: Unit, registration: Registration) -> Payment:
    """The one payment whose money became the registration's deposit."""
    asked = payments(unit.session, registration.id)
    return next(payment for payment in asked if payment.purpose == "deposit" and payment.paid_at is not None)


def _request(unit: Unit, registration: Registration, purpose: str, amount_fen: int, account: str) -> Payment:
    payment = new_payment(unit, registration, purpose, amount_fen, account, "pending")
    note(unit, registration, _REQUESTED[purpose], payment)
    return payment


def _seen(unit: Unit, notice: PaymentNotice) -> bool:
    """Whether the id was taken before; if not, it is now."""
    if not is_amount(notice.amount_fen) and (notice.outcome == "paid" or notice.amount_fen != 0):
        raise invalid("amount_fen", "amount_invalid")
    before = unit.session.get(GatewayNotice, notice.id)
    if before is not None:
        if (before.payment_id, before.outcome, before.amount_fen) != (
            notice.payment_id,
            notice.outcome,
            notice.amount_fen,
        ):
            raise DomainError("idempotency_conflict")
        return True
    unit.session.add(
        GatewayNotice(
            id=notice.id,
            payment_id=notice.payment_id,
            outcome=notice.outcome,
            amount_fen=notice.amount_fen,
            at=unit.now,
        )
    )
    return False


def _taken(unit: Unit, notice: PaymentNotice) -> dict[str, Any]:
    """What the entry about a notice says of it: once for each that is kept."""
    return {
        "notice": notice.id,
        "outcome": notice.outcome,
        "notice_fen": notice.amount_fen,
        "noticed_at": iso(unit.now),
    }


def _payer(unit: Unit, registration: Registration, notice: PaymentNotice) -> OpenIdentity | None:
    """Who paid, where he is by number and name the applicant, a joint bidder or the principal (OJA 17(2))."""
    # A notice does not say what kind of number the payer's is, so each kind is tried.
    payer = {(kind, identity.normalise(kind, notice.payer_id_number)) for kind in identity.ID_TYPES}
    name = name_key(notice.payer_name)
    return next(
        (
            behind
            for behind in identities(unit.session, unit.vault, registration)
            if (behind.id_type, behind.id_number) in payer and name_key(behind.name) == name
        ),
        None,
    )


def _accept(
    unit: Unit,
    auction: Auction,
    registration: Registration,
    payment: Payment,
    notice: PaymentNotice,
    on_deposit: DepositConfirmed | None,
    on_balance: BalanceConfirmed | None,
) -> None:
    amount_fen, taken = notice.amount_fen, _taken(unit, notice)
    payment.status, payment.paid_fen, payment.paid_at = "paid", amount_fen, unit.now
    if payment.purpose == "balance":
        post(unit, registration, ledger.balance_received(auction.id, amount_fen))
        rest = owed_fen(unit.session, auction)
        note(unit, registration, "BalancePaid", payment, received_fen=amount_fen, owed_fen=rest, **taken)
        if rest == 0:
            (on_balance or _settlement())(unit, auction, payment)
        return
    if payment.purpose == "difference":
        post(unit, registration, ledger.difference_received(auction.id, amount_fen))
        rest = difference_owed_fen(unit.session, registration.id)
        note(unit, registration, "DifferencePaid", payment, received_fen=amount_fen, owed_fen=rest, **taken)
        if rest == 0:
            complete_taking(unit, auction, registration.id)
        return
    if payment.purpose == "top_up":
        _top_up_paid(unit, auction, registration, payment, notice)
        return
    post(unit, registration, ledger.deposit_received(registration.id, payment.amount_fen))
    note(unit, registration, "DepositPaid", payment, **taken)
    refund_excess(unit, registration, due_at=unit.now + refund_span(unit, auction))
    (on_deposit or _registration())(unit, registration)


def _top_up_paid(
    unit: Unit, auction: Auction, registration: Registration, payment: Payment, notice: PaymentNotice
) -> None:
    """A part of a top-up order came: it goes to the lines in their order, and the last part ends the order."""
    order, amount_fen = standing_order(unit.session, auction.id), notice.amount_fen
    assert order is not None  # noqa: S101 - nothing is owed without one
    before = top_up_paid_fen(unit.session, auction.id)
    post(unit, registration, ledger.top_up_received(auction.id, amount_fen))
    for use, fen in split(lines_of(order.lines), before, amount_fen).items():
        post(unit, registration, ledger.top_up_used(auction.id, use, fen))
    facts = {"received_fen": amount_fen, "order_id": order.id}
    note(unit, registration, "TopUpPaid", payment, **facts, **_taken(unit, notice))
    if before + amount_fen == order.amount_fen:
        order.status, order.ended_at = "paid", unit.now


def _turn_away(
    unit: Unit, auction: Auction, registration: Registration, payment: Payment, status: str, notice: PaymentNotice
) -> None:
    """Money that cannot count: it is due back, and never stood in the registration's deposit."""
    due_at, amount_fen = unit.now + refund_span(unit, auction), notice.amount_fen
    payment.status, payment.paid_fen = status, amount_fen
    post(unit, registration, ledger.stray_received(registration.id, amount_fen))
    order_refund(unit, payment, amount_fen, due_at)
    facts = {"received_fen": amount_fen, "due_at": iso(due_at)}
    note(unit, registration, "PaymentTurnedAway", payment, **facts, **_taken(unit, notice))


def complete_taking(unit: Unit, auction: Auction, registration_id: str) -> None:
    """The whole difference of the taking behind a registration is there: the lot is taken, the ruling is due."""
    taking = unit.session.scalars(select(Taking).where(Taking.registration_id == registration_id)).one()
    taking.status = "taken"
    await_promise(unit, auction)
    count_again(unit, auction.lot_id)
    unit.record("DifferenceComplete", stream=f"auction:{auction.id}", body={"difference_fen": taking.difference_fen})
    told = {"taking_id": taking.id, "auction_id": auction.id, "row": row_of(taking)}
    unit.record("TakingCompleted", stream=f"lot:{taking.lot_id}", private=True, body=told)
    unit.tell(auction, "notice", notice="difference_paid")


def _registration() -> DepositConfirmed:
    from .registration import deposit_confirmed

    return deposit_confirmed


def _settlement() -> BalanceConfirmed:
    from .settlement import balance_confirmed

    return balance_confirmed
