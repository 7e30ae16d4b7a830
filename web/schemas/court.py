"""What a court enters and decides: cases, lots, price, notices, rounds, votes, decisions. What it gets back."""

import math
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from auction.rules.calendar import midnight
from auction.rules.lot import AssetType, PartyRole, Round
from auction.rules.notices import NoticeStatus
from auction.rules.reference_price import PriceMethod
from auction.services.lots import NoticeFacts, PartyFacts

from .base import Moment, Strict, StrictBoolean, StrictInteger, choice, fen, printable, text
from .public import AuctionOut

#: Technical limits of a lot's free attributes: entries at each level, characters of a text, levels.
_MOST_ENTRIES = 60
_LONGEST = 1000
_DEEPEST = 4
_EXACT = 2**53
LATE_REASONS = ("stay", "objection", "reference_price", "parties", "other")


class Day(fields.Field[date]):
    """A calendar day `YYYY-MM-DD`, in Asia/Shanghai."""

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError("not_a_date") from None
        if len(value) != 10 or not 1900 <= day.year <= 2200:
            raise ValidationError("not_a_date")
        return day


def words(most: int = 500, **more: Any) -> fields.String:
    """A text that says something: not only blanks."""
    return fields.String(required=True, validate=[validate.Length(1, most), printable, _stated], **more)


def _stated(value: str) -> None:
    if not value.strip():
        raise ValidationError("required")


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
    """A lot under a case of the court. `attributes` is free: plain values a search or a valuation may use."""

    case_number = words(100)
    title = words(200)
    asset_type = choice(*AssetType)
    region = words(100)
    address = words(300)
    attributes = fields.Dict(keys=fields.String(validate=validate.Length(1, 60)), load_default=dict, validate=_plain)


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

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> NoticeFacts:
        """The facts the service wants."""
        return NoticeFacts(**data)


class NoticesIn(Strict):
    """Everybody who was, or has to be, notified: the whole list."""

    recipients = fields.List(fields.Nested(RecipientIn), required=True, validate=validate.Length(max=300))


class RecipientOut(Strict):
    """The notifying of one person."""

    name = fields.String()
    role = fields.String()
    status = fields.String()
    at = Moment(allow_none=True)
    proof = fields.String(allow_none=True)


class NoticesOut(Strict):
    """Everybody who was, or has to be, notified."""

    items = fields.List(fields.Nested(RecipientOut))
    page = fields.Integer()
    page_size = fields.Integer()
    total = fields.Integer()


class TaskIn(Strict):
    """Auxiliary work given to an agency, named by its social credit code."""

    agency = words(40)
    kind = words(60)
    due_at = Moment(required=True)


class TaskOut(Strict):
    """Auxiliary work given to an agency."""

    id = fields.String()
    lot_id = fields.String()
    agency = fields.String()
    kind = fields.String()
    due_at = Moment()
    created_at = Moment()


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


class ResumptionIn(Strict):
    """When a stopped sale ends anew, and why it goes on."""

    closes_at = Moment(required=True)
    reason = words(2000)


class WithdrawalIn(Strict):
    """On which ground a lot is taken out of the sale; both are public."""

    ground = words(100)
    reason = words(2000)


class RulingIn(Strict):
    """The closing ruling: the buyer's qualification, what proves it (ids of the lot's files), the reason."""

    qualification = choice("proven", "not_required", "failed")
    evidence = fields.List(text(64), load_default=list, validate=validate.Length(max=50))
    reason = words(2000)


class HandoverStepIn(Strict):
    """A step of the handover; `handed_over` ends it."""

    code = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z_]{1,39}\Z"))
    on = Day(required=True)
    detail = text(2000, required=False, least=0, load_default="")


class RelistIn(Strict):
    """Why the lot is offered again; after a renege with a higher deposit for everybody, and the reason for it."""

    reason = choice("unsold", "renege", "revoked", "withdrawn")
    deposit_fen = fen(required=False)
    deposit_reason = text(2000, required=False)


class CatalogueQuery(Schema):
    """Whose catalogue."""

    asset_type = choice(*AssetType)


class VersionQuery(Schema):
    """Which sealed version; 0 is the sheet being filled, for its court."""

    version = fields.Integer(validate=validate.Range(0, 1_000_000))


class DiffQuery(Schema):
    """From which sealed version to which."""

    first = fields.Integer(required=True, data_key="from", validate=validate.Range(1, 1_000_000))
    second = fields.Integer(required=True, data_key="to", validate=validate.Range(1, 1_000_000))


class ItemIn(Strict):
    """One item of the sheet as a whole. What its fields may hold stands in the catalogue."""

    state = fields.Raw(required=True, allow_none=True, metadata={"type": "string"})
    statement = fields.Raw(allow_none=True, metadata={"type": "string"})
    data = fields.Raw(allow_none=True, metadata={"type": "object"})
    source = fields.Raw(allow_none=True, metadata={"type": "string"})
    checked_on = fields.Raw(allow_none=True, metadata={"type": "string", "format": "date"})
    attachments = fields.Raw(allow_none=True, metadata={"type": "array", "items": {"type": "string"}})


class FindingOut(Strict):
    """One finding: an error bars the announcement, a warning is shown to the panel."""

    code = fields.String()
    severity = fields.String(metadata={"enum": ["error", "warning"]})
    field = fields.String()
    item = fields.String(allow_none=True, metadata={"description": "the sheet's item it concerns"})
    detail = fields.String()
    basis = fields.String()


class FindingsOut(Strict):
    """Findings, all of them: they are never more than a page."""

    items = fields.List(fields.Nested(FindingOut))
    page = fields.Integer()
    page_size = fields.Integer()
    total = fields.Integer()


class FileOut(Strict):
    """A file of a lot, by its content hash."""

    id = fields.String()
    filename = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()


class ItemOut(Strict):
    """An item of a sheet: what is known, from where, who checked it and when."""

    code = fields.String()
    title = fields.String()
    title_en = fields.String()
    state = fields.String()
    statement = fields.String()
    data = fields.Dict()
    source = fields.String()
    checker = fields.String()
    checked_on = fields.String(allow_none=True)
    attachments = fields.List(fields.String())


class WrittenItemOut(ItemOut):
    """An item just written. `version`: the sealed version it was published in, null while nothing is announced."""

    version = fields.Integer(allow_none=True)
    findings = fields.List(fields.Nested(FindingOut))


class SheetOut(Strict):
    """A sheet: a sealed version, or (version 0, seal null) the one being filled."""

    lot_id = fields.String()
    version = fields.Integer()
    seal = fields.String(allow_none=True)
    at = Moment(allow_none=True)
    material = fields.Boolean()
    flags = fields.List(fields.String())
    items = fields.List(fields.Nested(ItemOut))
    attachments = fields.List(fields.Nested(FileOut))


class ChangeOut(Strict):
    """One changed field of one item."""

    code = fields.String()
    field = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)
    material = fields.Boolean()
    worse = fields.Boolean()
    unclear = fields.Boolean()


class DiffOut(Strict):
    """What changed between two sealed versions; the lot's own files by their hashes."""

    first = fields.Integer(data_key="from")
    second = fields.Integer(data_key="to")
    material = fields.Boolean()
    items = fields.List(fields.Nested(ChangeOut))
    files_added = fields.List(fields.String())
    files_removed = fields.List(fields.String())


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


class PendingListOut(Strict):
    """Registrations that wait for the court."""

    items = fields.List(fields.Nested(PendingOut))
    page = fields.Integer()
    page_size = fields.Integer()
    total = fields.Integer()


class SeatOut(Strict):
    """A member of the panel, and the vote given."""

    username = fields.String()
    name = fields.String()
    approve = fields.Boolean(allow_none=True)
    reason = fields.String(allow_none=True)
    voted_at = Moment(allow_none=True)


class CourtAuctionOut(AuctionOut):
    """A round for its own court: the auction with its panel."""

    panel = fields.List(fields.Nested(SeatOut))


class HandoverStepOut(Strict):
    """A step of the handover, and where it leaves the sale."""

    id = fields.String()
    auction_id = fields.String()
    code = fields.String()
    on = Day()
    detail = fields.String()
    at = Moment()
    settlement = fields.String()
