"""What a bidder sends and sees of his own: registrations, money, bids."""

import math
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from bidding.rules.registration import PURCHASE_UNDERTAKING, UNDERTAKINGS, Application, PrincipalFacts

from .base import Moment, Strict, StrictBoolean, StrictInteger, choice, fen, text, words

_STATUSES = ("awaiting_court", "awaiting_deposit", "qualified", "refused", "released", "applied", "forfeited")


class Share(fields.Field[str]):
    """A joint bidder's share: a decimal number, or its text. Kept as written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and 1 <= len(value) <= 20 and value.isprintable():
            return value.strip()
        if type(value) in (int, float) and math.isfinite(value) and abs(value) < 1000:
            return str(value)
        raise ValidationError("share_invalid")


class PrincipalIn(Strict):
    """Somebody an agent bids for, or a joint bidder."""

    name = words(100)
    id_type = choice("resident_id", "uscc", "passport")
    id_number = text(40)
    share = Share(load_default=None, metadata={"type": "string"})

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> PrincipalFacts:
        """The facts the service wants."""
        return PrincipalFacts(**data)


class RegistrationIn(Strict):
    """A registration as asked for; loads to an `Application`."""

    capacity = choice("self", "agent", "joint")
    claim = choice("ordinary", "preferential", "creditor", required=False, load_default="ordinary")
    seal = text(128)
    undertakings = fields.List(
        choice(*UNDERTAKINGS, PURCHASE_UNDERTAKING, required=False), required=True, validate=validate.Length(max=20)
    )
    principals = fields.List(fields.Nested(PrincipalIn), load_default=list, validate=validate.Length(max=50))

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Application:
        """The application the service wants."""
        data["principals"], data["undertakings"] = tuple(data["principals"]), tuple(data["undertakings"])
        return Application(**data)


class SealIn(Strict):
    """The seal of the sheet in force."""

    seal = text(128)


class Nothing(Strict):
    """No fields: the request says all by its address."""


class BidIn(Strict):
    """An offer. An `amount_fen` that cannot be read is answered by an acknowledgement, everything else by a problem."""

    amount_fen = fen()
    key = fields.String(required=True, validate=validate.Length(1, 100))
    raise_own = StrictBoolean()
    confirm_implausible = StrictBoolean()


class PaymentOut(Strict):
    """Money asked for: how much, into which account."""

    id = fields.String()
    amount_fen = fields.Integer()
    account = fields.String()
    status = fields.String(
        metadata={"enum": ["pending", "paid", "failed", "wrong_payer", "wrong_amount", "refunding", "refunded"]}
    )


class RefundOut(Strict):
    """Money that goes back."""

    payment_id = fields.String()
    purpose = fields.String()
    amount_fen = fields.Integer()
    due_at = Moment()
    refunded_at = Moment(allow_none=True)
    receipt_sha256 = fields.String(
        allow_none=True, metadata={"description": "SHA-256 of the bank's receipt; null before it was sent, or untold"}
    )
    overdue = fields.Boolean()


class IdentityOut(Strict):
    """Somebody behind a registration, for its owner: the number masked."""

    part = fields.String()
    name = fields.String()
    id_type = fields.String()
    id_number = fields.String()
    share = fields.String(allow_none=True)


class BarReviewOut(Strict):
    """A request for a review of a refusal: waiting, lifted, or closed with nothing lifted."""

    asked_at = Moment()
    state = fields.String(metadata={"enum": ["open", "lifted", "closed"]})
    answered_at = Moment(allow_none=True)


class RegistrationOut(Strict):
    """A registration, for its owner alone. `current`: the sheet in force has been acknowledged.

    `hold`: why it waits, until `decision_due_at`; winner_barred where the sale to it is held until its court decides.
    """

    id = fields.String()
    auction_id = fields.String()
    lot_id = fields.String()
    status = fields.String(metadata={"enum": list(_STATUSES)})
    refusal = fields.String(allow_none=True)
    hold = fields.String(
        allow_none=True, metadata={"enum": ["identity_unmatchable", "identity_review", "winner_barred", None]}
    )
    decision_due_at = Moment(allow_none=True)
    review = fields.Nested(BarReviewOut, allow_none=True)
    capacity = fields.String()
    claim = fields.String()
    claim_status = fields.String(allow_none=True)
    claim_fen = fields.Integer(allow_none=True)
    rank = fields.Integer(allow_none=True)
    bidder_code = fields.String(allow_none=True)
    deposit_due_fen = fields.Integer()
    payment = fields.Nested(PaymentOut, allow_none=True)
    balance = fields.Nested(PaymentOut, allow_none=True)
    refunds = fields.List(fields.Nested(RefundOut))
    undertakings = fields.List(fields.String())
    seal = fields.String()
    current = fields.Boolean()
    has_bid = fields.Boolean()
    buyer = fields.Boolean()
    identities = fields.List(fields.Nested(IdentityOut))
    release_due_at = Moment(allow_none=True)
    decision_reason = fields.String(allow_none=True)
    created_at = Moment()


class RegistrationsOut(Strict):
    """The own registrations, the latest first."""

    items = fields.List(fields.Nested(RegistrationOut))
    page = fields.Integer()
    page_size = fields.Integer()
    total = fields.Integer()


class SimulatedPaymentIn(Strict):
    """What the sandbox's gateway is to say. A failed payment needs no payer and no amount."""

    outcome = choice("paid", "failed")
    payer_name = text(200, required=False)
    payer_id_number = text(64, required=False)
    payer_account = text(64, required=False)
    amount_fen = StrictInteger()


class ClockIn(Strict):
    """How far to move the sandbox clock forward."""

    advance_seconds = StrictInteger(required=True, validate=validate.Range(1, 400 * 86400))


class ClockOut(Strict):
    """The platform's time, and how far it is ahead of the machine's."""

    now = Moment()
    offset_seconds = fields.Float()


class NoticeIn(Strict):
    """What the gateway tells: signed in the header `Fapai-Signature`. A failed payment needs no payer and no amount."""

    id = fields.String(required=True)
    payment_id = fields.String(required=True)
    outcome = choice("paid", "failed")
    amount_fen = fields.Integer()
    payer_name = fields.String()
    payer_id_number = fields.String()
    payer_account = fields.String()


class NoticeOut(Strict):
    """What became of the payment."""

    payment_id = fields.String()
    status = fields.String()
