"""Risk of a lot: what its clearance weighs, the plan to clear it, and how clearing went."""

from marshmallow import fields, validate

from risk.rules.clearance.card import BANDS

from .base import Day, Moment, Strict, words


class ClearanceStepIn(Strict):
    """A step of a plan and its day."""

    what = words(300)
    on = Day(required=True)


class ClearancePlanIn(Strict):
    """The plan to clear a lot. `promised_on` is the day by which the court says it will be cleared."""

    owner = words(100)
    promised_on = Day(required=True)
    steps = fields.List(fields.Nested(ClearanceStepIn), required=True, validate=validate.Length(1, 30))
    resources = words(2000)


class ClearanceStepOut(Strict):
    """A step of a plan."""

    what = fields.String()
    on = fields.String(metadata={"format": "date"})


class ClearancePlanOut(Strict):
    """A plan as its court reads it; version 0 where there is none."""

    lot_id = fields.String()
    version = fields.Integer()
    owner = fields.String()
    promised_on = fields.Date(allow_none=True)
    steps = fields.List(fields.Nested(ClearanceStepOut))
    resources = fields.String()
    at = Moment(allow_none=True)


class ClearanceFactorOut(Strict):
    """One factor: its points, what that means, what would lower it. `assumed`: nobody told, counted at its worst."""

    code = fields.String()
    level = fields.String()
    points = fields.Integer()
    assumed = fields.Boolean()
    title = fields.String()
    detail = fields.String()
    lowers = fields.String()
    basis = fields.String()


class ClearanceCourtRecordOut(Strict):
    """How many lots the court had to clear so far, and how many it cleared in time."""

    outcomes = fields.Integer()
    in_time = fields.Integer()


class ClearancePromiseOut(Strict):
    """The day the court promises. `steps` are the public part of its plan."""

    promised_on = fields.Date(allow_none=True)
    steps = fields.List(fields.Nested(ClearanceStepOut))


class ClearanceDraftOut(Strict):
    """How hard a lot will be to clear, by one sheet. Where `applicable` is false nothing of its kind is cleared."""

    applicable = fields.Boolean()
    score = fields.Integer(allow_none=True)
    band = fields.String(allow_none=True, metadata={"enum": list(BANDS)})
    factors = fields.List(fields.Nested(ClearanceFactorOut))
    plan_required = fields.Boolean()
    detail = fields.String()
    card = fields.String(allow_none=True)
    card_dated = fields.String(allow_none=True)
    sheet_version = fields.Integer(allow_none=True)
    assessed_at = Moment(allow_none=True)
    promise = fields.Nested(ClearancePromiseOut, allow_none=True)
    court_record = fields.Nested(ClearanceCourtRecordOut)
    model = fields.Dict(allow_none=True)


class ClearanceOut(ClearanceDraftOut):
    """How hard a lot will be to clear, by the sheet last sealed. `draft`: by the sheet as it stands, for its court."""

    draft = fields.Nested(ClearanceDraftOut, allow_none=True)


class RiskOut(Strict):
    """The risk of a lot: what it may be worth, and how hard it will be to clear."""

    valuation = fields.Dict(allow_none=True)
    clearance = fields.Nested(ClearanceOut)
