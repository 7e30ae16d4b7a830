"""The answer to a bid, as HTTP and sockets give it: one shape, every key always there (PRECISIONS 5)."""

from datetime import datetime
from typing import Any

from marshmallow import fields

from auction.kernel.clock import iso
from bidding.services.bids import Answer

from ..errors import sentence
from .base import Moment, Strict

#: Where the status of an acknowledgement is not that of a rule's refusal.
_STATUS = {"idempotency_conflict": 409, "rate_limited": 429, "fault": 503}


class Receipt(Strict):
    """An accepted bid's journal entry and our signature over its canonical bytes (Ed25519, base64)."""

    entry = fields.Dict()
    signature = fields.String()
    key_id = fields.String()


class AcknowledgementOut(Strict):
    """What became of a bid. Accepted means committed; `receipt` then proves it."""

    outcome = fields.String(metadata={"enum": ["accepted", "refused"]})
    code = fields.String(allow_none=True)
    detail = fields.String()
    bid_id = fields.String(allow_none=True)
    seq = fields.Integer(allow_none=True)
    amount_fen = fields.Integer(allow_none=True)
    bidder_code = fields.String(allow_none=True)
    price_fen = fields.Integer(allow_none=True)
    minimum_fen = fields.Integer(allow_none=True)
    closes_at = Moment(allow_none=True)
    server_time = Moment(allow_none=True)
    receipt = fields.Nested(Receipt, allow_none=True)


def acknowledgement(answer: Answer, language: str, now: datetime | None = None) -> dict[str, Any]:
    """The acknowledgement of an answer, in `zh` or `en`.

    `now` is the server time of answers that rest on nothing stored; stored ones say when they were decided.
    """
    server_time = answer.server_time or now
    facts: dict[str, Any] = {
        "minimum_fen": answer.minimum_fen,
        "price_fen": answer.price_fen,
        "amount_fen": answer.amount_fen,
    }
    facts |= answer.why or {}
    return {
        "outcome": answer.outcome,
        "code": answer.code,
        "detail": sentence(answer.code or answer.outcome, facts, language),
        "bid_id": answer.bid_id,
        "seq": answer.seq,
        "amount_fen": answer.amount_fen,
        "bidder_code": answer.bidder_code,
        "price_fen": answer.price_fen,
        "minimum_fen": answer.minimum_fen,
        "closes_at": iso(answer.closes_at) if answer.closes_at else None,
        "server_time": iso(server_time) if server_time else None,
        "receipt": answer.receipt,
    }


def status_of(answer: Answer) -> int:
    """The HTTP status of an acknowledgement: 201 accepted, 409, 429 or 503 by its code, else 422."""
    return 201 if answer.outcome == "accepted" else _STATUS.get(answer.code or "", 422)
