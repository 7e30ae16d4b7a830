"""Rounds in a court's hands: terms, votes, decisions, stops, settlement; and what it gets back."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from auction.rules.lot import Round
from bidding.rules.handover import STEPS
from bidding.rules.withdrawal import WITHDRAWAL_GROUNDS

from .base import Day, Moment, PageOut, Strict, StrictBoolean, StrictInteger, choice, fen, text, words
from .conflicts import StatedIn
from .public import AuctionOut

LATE_REASONS = ("stay", "objection", "reference_price", "parties", "other")


class AuctionIn(Strict):
    """The terms of a round, and its panel by usernames."""

    round = choice(*Round)
    reserve_price_fen = fen()
    increment_fen = fen()
    deposit_fen = fen(least=0)
    opens_at = Moment(required=True)
    closes_at = Moment(required=True)
    balance_days = StrictInteger(required=True, validate=validate.Range(0, 3650))
    forfeit_fen = fen(required=False, least=0, allow_none=True)
    late_reason = choice(*LATE_REASONS, required=False, allow_none=True)
    late_reason_text = text(1000, required=False, allow_none=True)
    panel = fields.List(text(64), required=True, validate=validate.Length(max=15))

    @validates_schema
    def check_reason(self, data: dict[str, Any], **kwargs: Any) -> None:
        """`other` says nothing without its text."""
        if data.get("late_reason") == "other" and not (data.get("late_reason_text") or "").strip():
            raise ValidationError({"late_reason_text": ["required"]})


class AuctionChangeIn(Strict):
    """Whichever terms of a round are to change, and the panel."""

    round = choice(*Round, required=False)
    reserve_price_fen = fen(required=False)
    increment_fen = fen(required=False)
    deposit_fen = fen(required=False, least=0)
    opens_at = Moment()
    closes_at = Moment()
    balance_days = StrictInteger(validate=validate.Range(0, 3650))
    forfeit_fen = fen(required=False, least=0, allow_none=True)
    late_reason = choice(*LATE_REASONS, required=False, allow_none=True)
    late_reason_text = text(1000, required=False, allow_none=True)
    panel = fields.List(text(64), validate=validate.Length(max=15))


class VoteIn(Strict):
    """A vote of a member of the panel, with its reason."""

    approve = StrictBoolean(required=True)
    reason = words(2000)


class DecisionIn(Strict):
    """The court's decision on a registration. `rank` to approve a preferential purchaser, `claim_fen` a creditor."""

    approve = StrictBoolean(required=True)
    rank = StrictInteger(validate=validate.Range(1, 1000))
    claim_fen = fen(required=False)
    reason = words(2000)


class SuspensionIn(Strict):
    """Why a sale stops (OJA 28); the reason is public."""

    kind = choice("stay", "halt", "fault")
    reason = words(2000)


class SuspensionEndIn(Strict):
    """Why the cause of a suspension has ended."""

    reason = words(2000)


class ResumptionIn(Strict):
    """When a stopped sale ends anew, and why it goes on; `late_reason`: why only now, after the last day to resume."""

    closes_at = Moment(required=True)
    reason = words(2000)
    late_reason = words(2000, required=False, load_default="")


class WithdrawalIn(Strict):
    """On which ground a lot is taken out of the sale; both are public."""

    ground = text(64, metadata={"enum": list(WITHDRAWAL_GROUNDS)})
    reason = words(2000)


class DiscardIn(Strict):
    """Why a draft is given up; for the court alone."""

    reason = words(2000)


class RulingIn(Strict):
    """The closing ruling: the buyer's qualification, what proves it (ids of the lot's files or of the buyer's papers).

    `failed`: no ruling, the panel is asked to revoke the sale; `lines` then state of every part of the money what is
    kept and what goes back, each with its reason.
    """

    qualification = choice("proven", "not_required", "failed")
    evidence = fields.List(text(64), load_default=list, validate=validate.Length(max=50))
    reason = words(2000)
    lines = fields.List(fields.Nested(StatedIn), load_default=list, validate=validate.Length(max=2))


class HandoverStepIn(Strict):
    """A step of the handover; `handed_over` ends it, but `notice_served` and `registered` may follow. After a taking
    `ruling_served` comes first, after the debtor's own sale `unsealed`; of a sale `ruling_served` (with its proof in
    `detail`) starts the days of the handover."""

    code = choice(*STEPS)
    on = Day(required=True)
    detail = text(2000, required=False, least=0, load_default="")


class RelistIn(Strict):
    """Why the lot is offered again; after a renege with a higher deposit for everybody, and the reason for it."""

    reason = choice("unsold", "renege", "revoked", "withdrawn")
    deposit_fen = fen(required=False)
    deposit_reason = text(2000, required=False)


class PapersOut(Strict):
    """Somebody behind a registration the court has to decide on."""

    part = fields.String()
    name = fields.String()
    id_type = fields.String()
    id_number = fields.String()
    share = fields.String(allow_none=True)


class PendingOut(Strict):
    """A registration that waits for the court's decision. Never a bidder code (PRECISIONS 15)."""

    id = fields.String()
    auction_id = fields.String()
    status = fields.String()
    capacity = fields.String()
    claim = fields.String()
    claim_status = fields.String(allow_none=True)
    claim_fen = fields.Integer(allow_none=True)
    rank = fields.Integer(allow_none=True)
    deposit_due_fen = fields.Integer()
    created_at = Moment()
    applicants = fields.List(fields.Nested(PapersOut))


class DecidedOut(Strict):
    """A registration the court has decided on."""

    id = fields.String()
    auction_id = fields.String()
    status = fields.String()
    capacity = fields.String()
    claim = fields.String()
    claim_status = fields.String(allow_none=True)
    claim_fen = fields.Integer(allow_none=True)
    rank = fields.Integer(allow_none=True)
    deposit_due_fen = fields.Integer()


class PendingListOut(PageOut):
    """Registrations that wait for the court."""

    items = fields.List(fields.Nested(PendingOut))


class HeldOut(PendingOut):
    """A registration that waits because the registry cannot match an identity behind it (PRECISIONS 13)."""

    hold = fields.String()
    decision_due_at = Moment(allow_none=True)
    lot_id = fields.String()
    lot_title = fields.String()
    court_code = fields.String()
    court_name = fields.String()


class HeldListOut(PageOut):
    """Registrations that wait for somebody outside the enforcing court."""

    items = fields.List(fields.Nested(HeldOut))


class SeatOut(Strict):
    """A member of the panel, and the vote given."""

    username = fields.String()
    name = fields.String()
    approve = fields.Boolean(allow_none=True)
    reason = fields.String(allow_none=True)
    voted_at = Moment(allow_none=True)


class CourtAuctionOut(AuctionOut):
    """A round; its own court is told the panel and its votes too, nobody else."""

    panel = fields.List(fields.Nested(SeatOut))


class HandoverStepOut(Strict):
    """A step of the handover, and where it leaves the sale."""

    id = fields.String()
    auction_id = fields.String()
    code = fields.String()
    on = Day()
    detail = fields.String()
    at = Moment()
    settlement = fields.String(allow_none=True)
