"""Cases and lots as a court enters them: parties, reference price, notices; and what it gets back."""

import math
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from auction.rules.calendar import midnight
from auction.rules.lot import AssetType, PartyRole
from auction.rules.notices import NoticeStatus
from auction.rules.reference_price import PriceMethod
from auction.services.lots import NoticeFacts, PartyFacts

from .base import Day, Moment, PageOut, Strict, choice, fen, printable, text, words

#: Technical limits of a lot's free attributes: entries at each level, characters of a text, levels.
_MOST_ENTRIES = 60
_LONGEST = 1000
_DEEPEST = 4
_EXACT = 2**53


def _plain(value: Any, depth: int = 0) -> None:
    """Refuse what could not be kept and given back exactly as it came."""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise ValidationError("invalid")
        printable(value)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        if not (math.isfinite(value) and abs(value) < _EXACT):
            raise ValidationError("invalid")
    elif isinstance(value, dict | list):
        if len(value) > _MOST_ENTRIES or depth >= _DEEPEST:
            raise ValidationError("invalid")
        for inner in (*value, *value.values()) if isinstance(value, dict) else value:
            _plain(inner, depth + 1)
    else:
        raise ValidationError("invalid")


class PartyIn(Strict):
    """A party of a case; loads to `PartyFacts`. Of the identity only a keyed hash is kept."""

    name = words(200)
    role = choice(*PartyRole)
    id_type = choice("resident_id", "uscc", "passport", required=False)
    id_number = text(40, required=False)
    claim_fen = fen(required=False)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> PartyFacts:
        """The facts the service wants."""
        return PartyFacts(**data)


class CaseIn(Strict):
    """A case with its parties. `entered_on`: the day of its entry (立案), today when it is left out."""

    number = words(100)
    parties = fields.List(fields.Nested(PartyIn), required=True, validate=validate.Length(max=200))
    entered_on = Day(required=False)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """What the service takes."""
        day = data.pop("entered_on", None)
        return data if day is None else {**data, "entered_at": midnight(day)}


class CaseEntryIn(Strict):
    """The day of a case's entry (立案), corrected."""

    entered_on = Day(required=True)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """What the service takes."""
        return {"entered_at": midnight(data["entered_on"])}


class PartyOut(Strict):
    """A party as entered; nothing that identifies a person comes back."""

    name = fields.String()
    role = fields.String()
    id_type = fields.String(allow_none=True)
    claim_fen = fields.Integer(allow_none=True)


class CaseOut(Strict):
    """A case of a court."""

    id = fields.String()
    number = fields.String()
    court = fields.String()
    entered_at = Moment()
    parties = fields.List(fields.Nested(PartyOut))


class LotIn(Strict):
    """A lot under a case of the court. `attributes` is free: plain values a search or a valuation may use.

    `latitude` and `longitude` among them, degrees WGS 84, put the lot on the map.
    `seized_on`: the day on which it was seized; within 30 days of it the pricing starts (REF 1).
    """

    case_number = words(100)
    title = words(200)
    asset_type = choice(*AssetType)
    region = words(100)
    address = words(300)
    attributes = fields.Dict(keys=fields.String(validate=validate.Length(1, 60)), load_default=dict, validate=_plain)
    seized_on = Day(load_default=None, allow_none=True)


class ResultIn(Strict):
    """What one source answered."""

    source = words(200)
    amount_fen = fen()
    reported_on = Day(load_default=None, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """With its day as it is kept."""
        day = data["reported_on"]
        return {**data, "reported_on": day.isoformat() if day else None}


class StepIn(Strict):
    """One step on the way to the price; `detail` is the reason where the step needs one."""

    code = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z_]{1,39}\Z"))
    on = Day(required=True)
    detail = text(1000, required=False, least=0, load_default="")

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """With its day as it is kept."""
        return {**data, "on": data["on"].isoformat()}


class ReferencePriceIn(Strict):
    """The reference price and how it came about."""

    method = choice(*PriceMethod)
    amount_fen = fen()
    results = fields.List(fields.Nested(ResultIn), load_default=list, validate=validate.Length(max=50))
    effective_on = Day(required=True)
    valid_until = Day(required=True)
    steps = fields.List(fields.Nested(StepIn), load_default=list, validate=validate.Length(max=200))


class PriceOut(Strict):
    """The reference price of a lot as it stands."""

    lot_id = fields.String()
    method = fields.String()
    amount_fen = fields.Integer()
    results = fields.List(fields.Dict())
    effective_on = Day()
    valid_until = Day()
    steps = fields.List(fields.Dict())
    set_at = Moment()


class RecipientIn(Strict):
    """The notifying of one person; loads to `NoticeFacts`. `proof`: how receipt of something sent is known."""

    name = words(200)
    role = choice(*PartyRole)
    status = choice(*NoticeStatus)
    at = Moment(load_default=None, allow_none=True)
    proof = text(500, required=False, load_default=None, allow_none=True)
    proof_file = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64))

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> NoticeFacts:
        """The facts the service wants."""
        return NoticeFacts(**data)


class NoticesIn(Strict):
    """Everybody who was, or has to be, notified: the whole list."""

    recipients = fields.List(fields.Nested(RecipientIn), required=True, validate=validate.Length(max=300))


class RecipientOut(Strict):
    """The notifying of one person, and how far it carries.

    `served_on`: the day it counts as received, `deemed` where by publicity. `announce_from` and `open_from`: the first
    moments at which an announcement, and the opening, may follow.
    """

    name = fields.String()
    role = fields.String()
    status = fields.String()
    at = Moment(allow_none=True)
    proof = fields.String(allow_none=True)
    proof_file = fields.String(allow_none=True)
    served_on = fields.String(allow_none=True)
    deemed = fields.Boolean()
    announce_from = Moment(allow_none=True)
    open_from = Moment(allow_none=True)
    basis = fields.String()


class NoticesOut(PageOut):
    """Everybody who was, or has to be, notified."""

    items = fields.List(fields.Nested(RecipientOut))
