"""A bidder's record: the points and what they are made of, and objections to entries."""

from marshmallow import fields

from risk.rules.standing import KINDS, REVOKED

from .base import Moment, PageOut, Strict, StrictBoolean, words

_STATES = ["counts", "contested", "struck", "cancelled", "replaced", "faded", "note"]


class GroundsIn(Strict):
    """What is said against an entry or a decision."""

    grounds = words(2000)


class StandingAnswerIn(Strict):
    """The answer to an objection: accepted, the entry counts no more."""

    accept = StrictBoolean(required=True)
    reason = words(2000)


class ObjectionOut(Strict):
    """An objection to an entry, and its answer."""

    id = fields.String()
    entry_id = fields.String()
    grounds = fields.String()
    status = fields.String(metadata={"enum": ["filed", "accepted", "rejected"]})
    filed_at = Moment()
    due_at = Moment()
    reason = fields.String(allow_none=True)
    answered_at = Moment(allow_none=True)


class EntryOut(Strict):
    """One entry: what happened in which sale, what it counted on its day (`full`), what it counts now, and why."""

    id = fields.String()
    kind = fields.String(metadata={"enum": [*KINDS, REVOKED]})
    at = Moment()
    auction_id = fields.String()
    lot_id = fields.String()
    title = fields.String()
    facts = fields.Dict(keys=fields.String())
    full = fields.Integer()
    points = fields.Integer()
    state = fields.String(metadata={"enum": _STATES})
    objection = fields.Nested(ObjectionOut, allow_none=True)


class ScoreOut(Strict):
    """The points: `start` plus every entry's, within 0 and `most`. They bar nobody from anything."""

    points = fields.Integer()
    start = fields.Integer()
    most = fields.Integer()
    half_life_days = fields.Integer()


class StandingOut(Strict):
    """What the platform has on record of me: counts, the points, and every entry they are made of."""

    registrations = fields.Dict(keys=fields.String(), values=fields.Integer())
    accepted_bids = fields.Integer()
    won = fields.Integer()
    reneged = fields.Integer()
    score = fields.Nested(ScoreOut)
    entries = fields.List(fields.Nested(EntryOut))


class BuyerStandingOut(Strict):
    """The record of the buyer of a sale that has ended."""

    auction_id = fields.String()
    score = fields.Nested(ScoreOut)
    entries = fields.List(fields.Nested(EntryOut))


class ContestedOut(Strict):
    """An objection that waits for its answer."""

    id = fields.String()
    entry_id = fields.String()
    court = fields.String()
    kind = fields.String()
    auction_id = fields.String()
    title = fields.String()
    facts = fields.Dict(keys=fields.String())
    grounds = fields.String()
    filed_at = Moment()
    due_at = Moment()


class ContestedListOut(PageOut):
    """A page of objections."""

    items = fields.List(fields.Nested(ContestedOut))
