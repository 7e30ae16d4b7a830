"""Asking a bidder for money, and taking what the gateway says of it: shared by the interface and the pages.

The gateway opens the account before the transaction: nothing that waits for the outside holds a lock.
"""

from collections.abc import Callable, Mapping
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from auction.kernel.errors import DomainError
from auction.kernel.unit import Unit
from auction.models import Taking
from auction.rules.access import Actor
from bidding.models import Payment, Registration
from bidding.queries.auctions import visible_auction
from bidding.queries.identities import identities
from bidding.queries.payments import payments
from bidding.rules.payment import LIVE, PaymentNotice
from bidding.services import payments as services
from bidding.services.registration import lock_registration
from bidding.services.signals import keep_origin

from .auth import house
from .gateway import PaymentGateway, SandboxGateway
from .idempotency import act
from .origin import origin_here

#: A debt paid in parts gets an account for each part.
_STANDING = {"deposit": LIVE, "balance": ("pending",), "top_up": ("pending",), "difference": ("pending",)}
_REQUESTS: Mapping[str, Callable[..., Payment]] = {
    "balance": services.request_balance,
    "top_up": services.request_top_up,
    "difference": services.request_difference,
}


def ask_deposit(actor: Actor, registration_id: str) -> Payment:
    """The payment of an own registration's deposit: the one that stands, or a new one.

    DomainError not_found for somebody else's registration, auction_closed, wrong_state when none is asked for.
    """
    account = house().read(_standing_account, actor, registration_id, "deposit") or _open_account(
        registration_id, "deposit"
    )

    def ask(unit: Unit) -> Payment:
        _, registration = lock_registration(unit, actor, registration_id, "registration.own")
        keep_origin(unit, registration, origin_here())
        return services.request_deposit(unit, registration, account=account)

    return act(ask)


def ask_balance(actor: Actor, auction_id: str, amount_fen: int | None = None) -> Payment:
    """The payment of what the buyer still owes, or of a part of it: the one that stands, or a new one.

    DomainError wrong_state unless a balance is owed, invalid for more than that, forbidden for all but the buyer.
    """
    return _ask_owed(actor, auction_id, "balance", amount_fen)


def ask_top_up(actor: Actor, auction_id: str, amount_fen: int | None = None) -> Payment:
    """The payment of what a top-up order asks of the buyer who reneged; as `ask_balance`.

    DomainError not_found for everybody else: whether there is an order is nobody else's business.
    """
    return _ask_owed(actor, auction_id, "top_up", amount_fen)


def ask_difference(actor: Actor, auction_id: str, taking_id: str, amount_fen: int | None = None) -> Payment:
    """The payment of what a creditor who takes the lot still pays in (SALE 16), or of a part of it.

    DomainError not_found for everybody else, wrong_state where nothing is owed, invalid for more than that.
    """
    return _ask(actor, house().read(_takers_registration, auction_id, taking_id), "difference", amount_fen)


def ask_own_difference(actor: Actor, registration_id: str, amount_fen: int | None = None) -> Payment:
    """The same, of the taker's own registration."""
    return _ask(actor, registration_id, "difference", amount_fen)


def _takers_registration(session: Session, auction_id: str, taking_id: str) -> str:
    taking = session.get(Taking, taking_id)
    if taking is None or taking.auction_id != auction_id or taking.registration_id is None:
        raise DomainError("not_found")
    return taking.registration_id


def _ask_owed(actor: Actor, auction_id: str, purpose: str, amount_fen: int | None) -> Payment:
    try:
        registration_id = house().read(_buyers_registration, actor, auction_id)
    except DomainError as error:
        if purpose == "top_up":
            raise DomainError("not_found") from error
        raise
    return _ask(actor, registration_id, purpose, amount_fen)


def _ask(actor: Actor, registration_id: str, purpose: str, amount_fen: int | None) -> Payment:
    account = house().read(_standing_account, actor, registration_id, purpose) or _open_account(
        registration_id, purpose
    )

    def ask(unit: Unit) -> Payment:
        auction, registration = lock_registration(unit, actor, registration_id, "registration.own")
        keep_origin(unit, registration, origin_here())
        return _REQUESTS[purpose](unit, auction, registration, account=account, amount_fen=amount_fen)

    return act(ask)


def _standing_account(session: Session, actor: Actor, registration_id: str, purpose: str) -> str | None:
    """The account of the payment that stands; DomainError not_found for somebody else's registration."""
    registration = session.get(Registration, registration_id)
    if registration is None or registration.account_id != actor.id:
        raise DomainError("not_found")
    asked = payments(session, registration_id)
    return next((one.account for one in asked if one.purpose == purpose and one.status in _STANDING[purpose]), None)


def _buyers_registration(session: Session, actor: Actor, auction_id: str) -> str:
    auction = visible_auction(session, auction_id)
    if auction.status != "sold" or auction.leader_registration_id is None:
        raise DomainError("wrong_state", status=auction.status)
    registration = session.get_one(Registration, auction.leader_registration_id)
    if registration.account_id != actor.id:
        raise DomainError("forbidden")
    return registration.id


def _open_account(registration_id: str, purpose: str) -> str:
    gateway: PaymentGateway = current_app.extensions["gateway"]
    return gateway.open_account(f"{purpose}:{registration_id}:{house().ids.token()}")


def take_notice(notice: PaymentNotice) -> Payment:
    """What the gateway says of a payment, taken once."""
    return act(services.receive_notice, notice)


def simulate_payment(registration: Registration, payment: Payment) -> Payment:
    """In the sandbox: let a payment arrive in full from the applicant's own account."""
    wired = house()
    people = wired.read(identities, wired.vault, registration)
    if not people:
        raise DomainError("not_found")
    return take_notice(
        sandbox_gateway().notice(
            payment.id,
            outcome="paid",
            amount_fen=payment.amount_fen,
            payer_name=people[0].name,
            payer_id_number=people[0].id_number,
        )
    )


def sandbox_gateway() -> SandboxGateway:
    """The gateway that only pretends; DomainError not_found outside the sandbox."""
    if not house().settings.sandbox:
        raise DomainError("not_found")
    return cast(SandboxGateway, current_app.extensions["gateway"])
