"""The steps to a reference price: one as it is recorded, and where all of them have led."""

from marshmallow import fields, validate

from auction.rules.pricing import CODES

from .base import Day, Strict, choice, fen, text


class PriceStepIn(Strict):
    """One step. `source` and `amount_fen` belong to a `…_result`; `detail`: the reason, or the id of what is undone."""

    code = choice(*CODES)
    on = Day(required=True)
    detail = text(1000, required=False, least=0, load_default="")
    source = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 200))
    amount_fen = fen(required=False, load_default=None, allow_none=True)


class PriceStepOut(Strict):
    """A step that counts."""

    id = fields.String()
    code = fields.String()
    on = fields.String()
    detail = fields.String()
    source = fields.String(allow_none=True)
    amount_fen = fields.Integer(allow_none=True)


class LateResultOut(Strict):
    """A result that came after its last day, without more time granted."""

    source = fields.String()
    amount_fen = fields.Integer()
    reported_on = fields.String()


class MethodOut(Strict):
    """Where one method stands: `open waits running delivered failed skipped`.

    `results` that count; `left_out` of the mean (REF 13) are those of platforms that came too late.
    """

    method = fields.String()
    state = fields.String()
    reason = fields.String()
    due_on = fields.String(allow_none=True)
    provisional = fields.Boolean()
    basis = fields.String()
    results = fields.Integer()
    left_out = fields.List(fields.Nested(LateResultOut))


class LeadOut(Strict):
    """What a court does next, and what the results come to."""

    methods = fields.List(fields.Nested(MethodOut))
    method = fields.String(allow_none=True)
    amount_fen = fields.Integer(allow_none=True)
    serve_by = fields.String(allow_none=True)
    steps = fields.List(fields.Nested(PriceStepOut))
