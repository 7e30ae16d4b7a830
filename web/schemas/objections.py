"""Objections to a sale: what is filed, what is decided, what is open afterwards."""

from marshmallow import fields, validate

from bidding.rules.objection import KINDS, SUIT_OUTCOMES

from .base import Day, Moment, PageOut, Strict, StrictBoolean, choice, text, words
from .papers import PaperOut


class ObjectionIn(Strict):
    """An objection: to the `conduct` of the sale, or a claim to the lot (`ownership`); papers by their ids."""

    kind = choice(*KINDS)
    grounds = words(5000)
    attachments = fields.List(text(64), load_default=list, validate=validate.Length(max=50))


class ObjectionDecisionIn(Strict):
    """The court's decision on an objection. `panel`: the judges who decide with the proposer, by usernames."""

    accept = StrictBoolean(required=True)
    reason = words(5000)
    panel = fields.List(text(64), required=True, validate=validate.Length(max=14))


class ObjectionReviewIn(Strict):
    """Why the decision should be reviewed."""

    grounds = words(5000)


class ReviewRecordIn(Strict):
    """What the higher court decided, and when."""

    outcome = choice("upheld", "reversed")
    on = Day(required=True)
    reason = words(5000)


class SuitIn(Strict):
    """On which day the outsider sued."""

    on = Day(required=True)


class SuitEndIn(Strict):
    """How the outsider's suit ended, and when."""

    outcome = choice(*SUIT_OUTCOMES)
    on = Day(required=True)
    reason = words(5000)


class SuitOut(Strict):
    """An outsider's suit against the rejection of his claim."""

    status = fields.String(metadata={"enum": ["filed", *SUIT_OUTCOMES]})
    filed_on = Day()
    ended_on = Day(allow_none=True)
    reason = fields.String(allow_none=True)


class ObjectionReviewOut(Strict):
    """A review by the higher court."""

    status = fields.String(metadata={"enum": ["filed", "upheld", "reversed"]})
    grounds = fields.String()
    filed_at = Moment()
    due_on = Day()
    provisional = fields.Boolean()
    extended = fields.Boolean()
    overdue = fields.Boolean()
    decided_on = Day(allow_none=True)
    reason = fields.String(allow_none=True)


class SaleObjectionOut(Strict):
    """An objection for who filed it. `remedy` against the decision: `review` or `suit`, open until `remedy_until`."""

    id = fields.String()
    auction_id = fields.String()
    lot_id = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS)})
    grounds = fields.String()
    attachments = fields.List(fields.Nested(PaperOut))
    status = fields.String(metadata={"enum": ["filed", "accepted", "rejected"]})
    filed_at = Moment()
    due_on = Day()
    overdue = fields.Boolean()
    provisional = fields.Boolean()
    received_at = Moment(allow_none=True)
    decided_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)
    remedy = fields.String(metadata={"enum": ["review", "suit"]})
    remedy_until = Day(allow_none=True)
    review = fields.Nested(ObjectionReviewOut, allow_none=True)
    suit = fields.Nested(SuitOut, allow_none=True)


class ObjectorOut(Strict):
    """Who objects, for the court alone; the number masked."""

    name = fields.String(allow_none=True)
    id_type = fields.String(allow_none=True)
    id_number = fields.String(allow_none=True)


class CourtObjectionOut(SaleObjectionOut):
    """An objection for the court. `may_decide`: it is not the reader's own act that is objected to (OBJ 11).

    `proposed`: a decision waits for the panel.
    """

    objector = fields.Nested(ObjectorOut)
    may_decide = fields.Boolean()
    proposed = fields.Boolean()


class ObjectionsOut(PageOut):
    """A person's objections."""

    items = fields.List(fields.Nested(SaleObjectionOut))


class CourtObjectionsOut(PageOut):
    """The objections to a sale."""

    items = fields.List(fields.Nested(CourtObjectionOut))
