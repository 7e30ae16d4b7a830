"""Sanctions: what a judge proposes, what those it concerns read, and what is published."""

from marshmallow import fields

from risk.rules.sanctions import KINDS, SCOPES, STATUSES

from .approvals import ApprovalOut, ProposedOut
from .base import Day, Moment, PageOut, Strict, choice, fen, text, words


class SanctionIn(Strict):
    """A sanction to propose. `amount_fen` for a fine; `until`, the last day, for the others; `scope` for a term bar.

    `auction_id`: the sale whose finding of malice it rests on; the latest one of the court where it is left out.
    """

    kind = choice(*KINDS)
    amount_fen = fen(required=False)
    until = Day(required=False)
    scope = choice(*SCOPES, required=False)
    basis = words(500)
    reason = words(2000)
    auction_id = text(64, required=False)


class SanctionProposedOut(ProposedOut):
    """What was proposed: nothing has happened yet."""

    sanction_id = fields.String()


class LiftingIn(Strict):
    """Why a sanction is to be lifted."""

    reason = words(2000)


class ReviewDecisionIn(Strict):
    """How the higher court decided, as recorded here."""

    outcome = choice("upheld", "lifted")
    reason = words(2000)


class LawOut(Strict):
    """What a sanction cites. `dated` and `file` (SHA-256, `/written-rules/{file}`) for a written rule."""

    code = fields.String()
    zh = fields.String()
    en = fields.String()
    dated = fields.String()
    file = fields.String()


class MeasureOut(Strict):
    """A measure in force, as it is published."""

    id = fields.String()
    number = fields.String(allow_none=True)
    court = fields.String()
    court_name = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS)})
    status = fields.String(metadata={"enum": list(STATUSES)})
    amount_fen = fields.Integer(allow_none=True)
    until = Day(allow_none=True)
    scope = fields.String(allow_none=True, metadata={"enum": [*SCOPES, None]})
    law = fields.Nested(LawOut)
    in_force_at = Moment(allow_none=True)
    review = fields.String(allow_none=True, metadata={"enum": ["filed", "upheld", "lifted", None]})


class SanctionOut(MeasureOut):
    """A sanction for those it concerns: its subject, its court, a regulator. The identity number is masked."""

    auction_id = fields.String()
    name = fields.String(allow_none=True)
    id_number = fields.String(allow_none=True)
    basis = fields.String()
    reason = fields.String()
    factors = fields.List(fields.String())
    proposed_at = Moment()
    approval = fields.String(metadata={"enum": ["pending", "approved", "rejected", "lapsed"]})
    served_at = Moment(allow_none=True)
    review_until = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    review_due_at = Moment(allow_none=True)
    review_reason = fields.String(allow_none=True)


class SanctionWithApprovalsOut(SanctionOut):
    """The same for the court and regulators, with the proposals to impose and to lift it.

    Everybody else reads of a published one in force what the public list says: the measure, who it is against, factors.
    """

    approvals = fields.List(fields.Nested(ApprovalOut))


class SanctionListOut(PageOut):
    """A page of sanctions."""

    items = fields.List(fields.Nested(SanctionOut))


class PublishedOut(Strict):
    """A decision in force whose publication is in force: the name, the masked number, every measure."""

    name = fields.String(allow_none=True)
    id_number = fields.String(allow_none=True)
    court = fields.String()
    court_name = fields.String()
    case_number = fields.String()
    number = fields.String()
    published_until = Day()
    factors = fields.List(fields.String())
    measures = fields.List(fields.Nested(MeasureOut))


class PublishedListOut(PageOut):
    """A page of published decisions."""

    items = fields.List(fields.Nested(PublishedOut))


class ReviewOut(Strict):
    """A request for review, and its decision."""

    id = fields.String()
    sanction_id = fields.String()
    grounds = fields.String()
    status = fields.String(metadata={"enum": ["filed", "upheld", "lifted"]})
    filed_at = Moment()
    due_at = Moment()
    reason = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)
