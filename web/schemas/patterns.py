"""What the bids of an ended auction looked like, as the regulator reads it."""

from marshmallow import fields

from .base import Moment, Strict


class PatternReasonOut(Strict):
    """One reason: its sentence, the numbers in it, and the codes of the others of this auction it speaks of."""

    code = fields.String()
    detail = fields.String()
    facts = fields.Dict(keys=fields.String())
    others = fields.List(fields.String())


class PatternOut(Strict):
    """One bidder: score from 0 to 1, whether the regulator was told, features and reasons. It refuses nobody."""

    bidder_code = fields.String()
    score = fields.Float()
    alert = fields.Boolean()
    features = fields.Dict(keys=fields.String())
    reasons = fields.List(fields.Nested(PatternReasonOut))


class PairOut(Strict):
    """Two bidders: how often one raised directly over the other here, and how often they have met elsewhere.

    From `joint` on null for two who have not met often enough to speak of a habit. `by_chance`: how likely any pair
    meets so often by chance. The last four count over all their meetings: raises over each other, all their raises,
    those over each other by one increment, and the median seconds of such an answer.
    """

    a = fields.String()
    b = fields.String()
    clashes = fields.Integer()
    joint = fields.Integer(allow_none=True)
    a_won = fields.Integer(allow_none=True)
    b_won = fields.Integer(allow_none=True)
    overlap_percent = fields.Integer(allow_none=True)
    by_chance = fields.String(allow_none=True)
    joint_clashes = fields.Integer(allow_none=True)
    joint_raises = fields.Integer(allow_none=True)
    joint_single_steps = fields.Integer(allow_none=True)
    joint_response_s = fields.Float(allow_none=True)


class PatternsOut(Strict):
    """An auction's screening; `screened_at` null while it has not been looked at, `alert_id` where one was raised."""

    auction_id = fields.String()
    lot_id = fields.String()
    screened_at = Moment(allow_none=True)
    history = fields.Integer()
    alert_id = fields.String(allow_none=True)
    findings = fields.List(fields.Nested(PatternOut))
    pairs = fields.List(fields.Nested(PairOut))
