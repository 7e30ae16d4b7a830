"""A buyer's debt, the declaration of a renege, objections to it, the use of what was forfeited, top-up orders."""

from marshmallow import fields, validate

from auction.rules.ruleset import available, load

from .base import Day, Moment, Strict, choice, fen, text, words

#: What the shipped rulesets list; a sale is judged by the list of its own.
_FACTORS = sorted({factor for name in available() for factor in load(name).texts("malicious_factors")})


class RenegeIn(Strict):
    """Why a judge declares; with factors of malice from the ruleset's list a second judge must approve."""

    reason = words(2000)
    malicious_factors = fields.List(
        text(60, metadata={"enum": _FACTORS}), load_default=list, validate=validate.Length(max=20)
    )


class RenegeObjectionIn(Strict):
    """All grounds against the declaration: there is one objection."""

    grounds = words(5000)


class ReasonIn(Strict):
    """A decision's reason."""

    reason = words(2000)


class RevocationIn(Strict):
    """Which objection is accepted, why, and the new day for the balance (else the announced days run anew)."""

    objection_id = text(64)
    reason = words(2000)
    due_on = Day()


class AmountIn(Strict):
    """Something with an amount."""

    label = words(200)
    amount_fen = fen()


class AllocationIn(Strict):
    """What a forfeited deposit is to serve. Debts as they stood before any forfeited deposit of the lot was used.

    `final_fen`: what the lot brought, only where it is not sold in a resale.
    """

    costs = fields.List(fields.Nested(AmountIn), load_default=list, validate=validate.Length(max=50))
    case_debt_fen = fen(required=False, least=0, load_default=0)
    related_debts = fields.List(fields.Nested(AmountIn), load_default=list, validate=validate.Length(max=50))
    final_fen = fen(required=False, least=0, allow_none=True)
    reason = words(2000)


class TopUpIn(Strict):
    """Why the buyer must make up the rest, and until which day."""

    reason = words(2000)
    due_on = Day(required=True)


class PartIn(Strict):
    """How much is to be paid now; all that is owed when left out."""

    amount_fen = fen(required=False)


class RenegeObjectionOut(Strict):
    """An objection to a declaration."""

    id = fields.String()
    status = choice("filed", "accepted", "rejected")
    grounds = fields.String()
    filed_at = Moment()
    due_on = fields.String()
    decided_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)


class DeclarationOut(Strict):
    """A declaration that a buyer reneged: what was kept of the deposit, what goes back."""

    id = fields.String()
    status = choice("in_force", "revoked")
    forfeited_fen = fields.Integer()
    returned_fen = fields.Integer()
    malicious_factors = fields.List(fields.String())
    reason = fields.String()
    declared_at = Moment()
    revoked_at = Moment(allow_none=True)
    revocation_reason = fields.String(allow_none=True)
    objections = fields.List(fields.Nested(RenegeObjectionOut))


class LineOut(Strict):
    """A line of an allocation: claimed, got, and what remained of the deposit after it."""

    code = choice("costs", "shortfall", "case_debt", "related_debt", "kept")
    label = fields.String()
    claim_fen = fields.Integer()
    amount_fen = fields.Integer()
    left_fen = fields.Integer()
    basis = fields.String(allow_none=True)
    uncovered_fen = fields.Integer()


class AllocationOut(Strict):
    """The use of a forfeited deposit; provisional until it is decided. `waits`: why it cannot be decided yet.

    `missing_fen`: what of costs and shortfall neither this deposit nor another buyer who reneged makes good.
    """

    status = choice("provisional", "decided")
    forfeited_fen = fields.Integer()
    price_fen = fields.Integer()
    final_fen = fields.Integer(allow_none=True)
    final_auction_id = fields.String(allow_none=True)
    liable_fen = fields.Integer()
    lines = fields.List(fields.Nested(LineOut))
    missing_fen = fields.Integer()
    waits = fields.List(fields.String())
    decided_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)
    entered = fields.Dict(allow_none=True)


class TopUpOut(Strict):
    """An order to make up costs and shortfall beyond the deposit."""

    id = fields.String()
    status = choice("ordered", "paid", "enforced", "in_vain", "cancelled")
    amount_fen = fields.Integer()
    paid_fen = fields.Integer()
    owed_fen = fields.Integer()
    lines = fields.List(fields.Dict())
    due_at = Moment()
    overdue = fields.Boolean()
    reason = fields.String()
    ordered_at = Moment()
    ended_at = Moment(allow_none=True)
    ended_reason = fields.String(allow_none=True)


class DebtOut(Strict):
    """A buyer's debt. `declarable_at`: from when a judge may declare; `would_…`: what a declaration did now."""

    auction_id = fields.String()
    stage = choice("balance_due", "overdue", "declarable", "settled", "reneged")
    price_fen = fields.Integer()
    held_fen = fields.Integer()
    received_fen = fields.Integer()
    owed_fen = fields.Integer()
    due_at = Moment()
    grace_until = fields.String()
    declarable_at = Moment()
    provisional = fields.Boolean()
    grace_days = fields.Integer()
    would_forfeit_fen = fields.Integer()
    would_return_fen = fields.Integer()
    declaration = fields.Nested(DeclarationOut, allow_none=True)
    revoked = fields.List(fields.Nested(DeclarationOut))
    allocation = fields.Nested(AllocationOut, allow_none=True)
    top_up = fields.Nested(TopUpOut, allow_none=True)
