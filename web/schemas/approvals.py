"""Proposals that need several eyes, and the answers to them."""

from marshmallow import fields

from .base import Moment, PageOut, Strict, StrictBoolean, words


class ApprovalAnswerIn(Strict):
    """Approve or refuse, with the reason."""

    approve = StrictBoolean(required=True)
    reason = words(2000)


class NeedOut(Strict):
    """How many persons of a role must approve."""

    role = fields.String()
    count = fields.Integer()


class ProposedOut(Strict):
    """A proposal just made: nothing has happened yet. `needs` is the first need, `all_needs` all of them."""

    approval_id = fields.String()
    needs = fields.Nested(NeedOut)
    all_needs = fields.List(fields.Nested(NeedOut))


class AnswerOut(Strict):
    """What one person answered."""

    name = fields.String()
    role = fields.String()
    approve = fields.Boolean()
    reason = fields.String()
    at = Moment()


class ApprovalOut(Strict):
    """A proposal: what is to be done to what, why, who asks, who must still approve."""

    id = fields.String()
    kind = fields.String()
    subject_id = fields.String()
    court = fields.String()
    proposal = fields.Dict(keys=fields.String())
    reason = fields.String()
    proposed_by = fields.String()
    proposed_at = Moment()
    needs = fields.List(fields.Nested(NeedOut))
    still_needed = fields.List(fields.Nested(NeedOut))
    status = fields.String(metadata={"enum": ["pending", "approved", "rejected", "lapsed"]})
    decided_at = Moment(allow_none=True)
    answers = fields.List(fields.Nested(AnswerOut))


class ApprovalListOut(PageOut):
    """A page of proposals."""

    items = fields.List(fields.Nested(ApprovalOut))
