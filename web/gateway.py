"""The payment gateway: the port behind which money moves, its notices and how they are proven, and the sandbox's own.

A gateway opens an account for each payment order, takes money for it once, tells us by a signed notice, and sends
refunds back to the account the money came from, confirming each in the same way. The sandbox moves no money and says
so wherever a payer could see it.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from auction.kernel.errors import Breach, DomainError
from auction.kernel.events import Published
from auction.kernel.money import is_amount
from auction.kernel.unit import House
from bidding.queries.payments import RefundOrder, refund_order
from bidding.rules.payment import Outcome, PaymentNotice
from bidding.services.payments import refund_executed

from .reading import read_json

log = structlog.get_logger(__name__)

#: The header that proves a notice, and how far its time may be from ours (PRECISIONS 29). Machine time.
SIGNATURE_HEADER = "Fapai-Signature"
WINDOW = timedelta(minutes=5)

_HEADER = re.compile(r"t=(0|[1-9][0-9]{0,11}),v1=([0-9a-f]{64})")
_TEXTS = {"id": 128, "payment_id": 64, "outcome": 16, "payer_name": 200, "payer_id_number": 64, "payer_account": 64}
_FIELDS = (*_TEXTS, "amount_fen")


class PaymentGateway(Protocol):
    """What the house asks of whoever moves the money. `simulated`: no money moves, and pages must say so."""

    simulated: bool

    def open_account(self, reference: str) -> str:
        """The account a payer is told to pay into, for one payment order named by `reference`."""
        ...

    def refund(self, order: RefundOrder) -> None:
        """Ask for a refund. Asked again for the same payment it must not pay twice; a failure is raised.

        Once sent it is confirmed by `refund_executed`, with the SHA-256 of the bank's receipt."""
        ...

    def on_refund(self, message: Published) -> None:
        """Listener of the topic `refund`: ask for the refund the message names."""
        ...


class SandboxGateway:
    """A gateway that only pretends: its accounts say so, and it confirms a refund as soon as it is asked for one."""

    simulated = True

    def __init__(self, house: House) -> None:
        self._house = house

    def open_account(self, reference: str) -> str:
        """An account number that cannot be mistaken for a real one."""
        digits = str(int.from_bytes(hashlib.sha256(reference.encode()).digest()[:8], "big") % 10**16).zfill(16)
        return "模拟账户 " + " ".join(digits[place : place + 4] for place in range(0, 16, 4))

    def notice(
        self,
        payment_id: str,
        *,
        outcome: Outcome,
        amount_fen: int,
        payer_name: str,
        payer_id_number: str,
        payer_account: str = "",
    ) -> PaymentNotice:
        """What a real gateway would tell us of a payment: a notice with an id of its own."""
        message = f"sandbox-{self._house.ids.token()}"
        return PaymentNotice(message, payment_id, outcome, amount_fen, payer_name, payer_id_number, payer_account)

    def refund(self, order: RefundOrder) -> None:
        """Confirm the refund at once, as a gateway would after sending the money."""
        log.info("simulated refund", amount_fen=order.amount_fen)
        self._house.perform(refund_executed, order.payment_id, receipt_sha256=simulated_receipt(order))

    def on_refund(self, message: Published) -> None:
        order = self._house.read(refund_order, message.payload["payment_id"])
        if order is not None:
            self.refund(order)


def simulated_receipt(order: RefundOrder) -> str:
    """The hash of what stands for a bank's receipt in the sandbox; the text says that no money moved."""
    said = f"模拟回单 SIMULATED RECEIPT {order.payment_id} {order.account} {order.amount_fen}"
    return hashlib.sha256(said.encode()).hexdigest()


def sign(secret: str, body: bytes, t: int) -> str:
    """The value of `Fapai-Signature` for a body sent at unix second `t`."""
    return f"t={t},v1={_mac(secret, body, str(t))}"


def verify(secret: str, header: str | None, body: bytes, now: datetime) -> None:
    """DomainError `unauthenticated` unless the header proves the body, and is not more than 5 minutes from `now`.

    `now` is machine time: a moved sandbox clock neither makes a notice old nor an old one new.
    """
    found = _HEADER.fullmatch(header or "")
    if found is None or not secret:
        raise DomainError("unauthenticated", reason="signature")
    proven = hmac.compare_digest(found[2], _mac(secret, body, found[1]))
    if not proven or abs(now.timestamp() - int(found[1])) > WINDOW.total_seconds():
        raise DomainError("unauthenticated", reason="signature")


def _mac(secret: str, body: bytes, t: str) -> str:
    return hmac.new(secret.encode(), t.encode() + b"." + body, hashlib.sha256).hexdigest()


def notice_from_body(body: bytes) -> PaymentNotice:
    """The notice of a request's body. DomainError `malformed` if it is no JSON object, else as `notice_from_json`."""
    data = read_json(body)
    if not isinstance(data, dict):
        raise DomainError("malformed")
    return notice_from_json(data)


def notice_from_json(data: Mapping[str, Any]) -> PaymentNotice:
    """The notice of `{"id","payment_id","outcome","amount_fen","payer_name","payer_id_number"}` and, where the
    gateway tells it, `"payer_account"`.

    A failed payment may leave out its payer and its amount. DomainError `invalid` with every breach at once:
    `unknown`, `required`, `invalid`, `amount_invalid`.
    """
    values = {"payer_account": "", **data}
    if values.get("outcome") == "failed":
        values = {"amount_fen": 0, "payer_name": "", "payer_id_number": ""} | values
    breaches = [Breach("unknown", field) for field in values if field not in _FIELDS]
    breaches += [Breach("required", field) for field in _FIELDS if field not in values]
    breaches += [Breach("invalid", field) for field, most in _TEXTS.items() if _wrong_text(values, field, most)]
    amount, outcome = values.get("amount_fen"), values.get("outcome")
    nothing = type(amount) is int and amount == 0 and outcome == "failed"
    if "amount_fen" in values and not nothing and not is_amount(amount):
        breaches.append(Breach("amount_invalid", "amount_fen"))
    if breaches:
        raise DomainError("invalid", breaches)
    return PaymentNotice(**values)


def _wrong_text(values: Mapping[str, Any], field: str, most: int) -> bool:
    if field not in values:
        return False
    text = values[field]
    if not isinstance(text, str) or len(text) > most or any("\ud800" <= mark <= "\udfff" for mark in text):
        return True
    if field == "outcome":
        return text not in ("paid", "failed")
    return "\0" in text or (field in ("id", "payment_id") and not text)
