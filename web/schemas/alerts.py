"""Alerts: what a regulator looks for, sees and decides."""

from marshmallow import fields

from risk.rules.alerts import OUTCOMES

from .base import Moment, PageOut, PageQuery, Strict, choice, text, words


class AlertQuery(PageQuery):
    """Which alerts: `assigned` `me` for the own ones."""

    status = choice("open", "resolved", required=False)
    kind = text(60, required=False)
    court = text(20, required=False)
    assigned = choice("me", required=False)


class AssignmentIn(Strict):
    """Who is to look at it; without a name the caller."""

    username = text(64, required=False)


class ResolutionIn(Strict):
    """What became of an alert, with the reason."""

    outcome = choice(*OUTCOMES)
    reason = words(2000)


class PurposeIn(Strict):
    """What a look-up is for; it stands in the record of whoever was looked up."""

    purpose = words(500)


class BehindOut(Strict):
    """A person behind a registration; the number is masked."""

    registration_id = fields.String()
    bidder_code = fields.String(allow_none=True)
    part = fields.String()
    name = fields.String()
    id_type = fields.String()
    masked_number = fields.String()


class BehindListOut(PageOut):
    """Everybody behind the registrations of an alert."""

    items = fields.List(fields.Nested(BehindOut))


class ReasonOut(Strict):
    """One reason: its sentence, the facts in it, and after the end `who` it speaks of (registrations, codes)."""

    code = fields.String()
    detail = fields.String()
    facts = fields.Dict(keys=fields.String())
    who = fields.Dict(keys=fields.String())


class AlertOut(Strict):
    """An alert. Until the auction has ended it is `persons_sealed`: nothing leads to a person (OJA 18(2))."""

    id = fields.String()
    kind = fields.String()
    title = fields.String()
    status = fields.String(metadata={"enum": ["open", "resolved"]})
    court = fields.String(allow_none=True)
    lot_id = fields.String(allow_none=True)
    lot_title = fields.String(allow_none=True)
    auction_id = fields.String(allow_none=True)
    persons_sealed = fields.Boolean()
    registration_id = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)
    reasons = fields.List(fields.Nested(ReasonOut))
    raised_at = Moment()
    assigned_to = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    resolution_reason = fields.String(allow_none=True)
    resolved_by = fields.String(allow_none=True)
    resolved_at = Moment(allow_none=True)


class LookUpOut(Strict):
    """One look-up an alert is about: when, by whom, what for; never of whom."""

    at = Moment()
    kind = fields.String()
    by = fields.String(allow_none=True)
    role = fields.String(allow_none=True)
    purpose = fields.String()
    lot_title = fields.String(allow_none=True)


class OneAlertOut(AlertOut):
    """An alert with the look-ups it is about, where it is about some."""

    look_ups = fields.List(fields.Nested(LookUpOut))


class AlertListOut(PageOut):
    """A page of alerts."""

    items = fields.List(fields.Nested(AlertOut))
