"""After an unsold round: debt-for-asset, the debtor's own sale, the return; groups of lots."""

from marshmallow import fields, validate

from auction.rules.unsold import DISPOSALS

from .base import Day, Moment, Strict, StrictBoolean, StrictInteger, choice, fen, text, words


class TakingIn(Strict):
    """A creditor's answer. `creditor`: its id among the asked; `rank`: where a judge states another than its role's, 1
    first, with the `reason`; another judge approves it."""

    creditor = text(64)
    decision = choice("take", "decline")
    rank = StrictInteger(validate=validate.Range(1, 1000))
    reason = text(required=False)


class AwardIn(Strict):
    """Giving the lot to a creditor. `claim_fen`: what it is to receive of its claim; the rest it pays in.

    `qualification` and `evidence` (ids of the lot's files) where buying is restricted (HOUSE 5).
    """

    claim_fen = fen(least=0)
    qualification = choice("proven", "not_required", required=False, load_default="not_required")
    evidence = fields.List(text(64), load_default=list, validate=validate.Length(max=50))
    reason = words(2000)


class OwnSaleIn(Strict):
    """Letting the debtor sell: the offer he has, and the last day."""

    offer_fen = fen()
    until_on = Day(required=True)
    reason = words(2000)


class OwnSalePriceIn(Strict):
    """The price that came into the court's account, and by which documents."""

    price_fen = fen()
    reason = words(2000)


class ReturnIn(Strict):
    """What becomes of a lot nobody bought or takes; the reason is public."""

    kind = choice("returned", "other_measures")
    reason = words(2000)


class LotGroupIn(Strict):
    """Lots of one case of which no more are sold than claim and costs need; `sell_all`: the debtor agreed to all."""

    case_number = words(100)
    lots = fields.List(text(64), required=True, validate=validate.Length(1, 200))
    claim_fen = fen()
    costs_fen = fen(least=0)
    sell_all = StrictBoolean(load_default=False)


class LotGroupChangeIn(Strict):
    """What is known otherwise by now."""

    claim_fen = fen(required=False)
    costs_fen = fen(required=False, least=0)
    sell_all = StrictBoolean()


class TakingOut(Strict):
    """A creditor's answer and what became of it. `owed_fen`: what is left to pay of the difference."""

    id = fields.String()
    auction_id = fields.String()
    creditor = fields.String()
    status = choice("declined", "willing", "refused", "awarded", "taken", "ruled", "lapsed")
    rank = fields.Integer()
    price_fen = fields.Integer()
    claim_fen = fields.Integer(allow_none=True)
    difference_fen = fields.Integer(allow_none=True)
    owed_fen = fields.Integer()
    due_at = Moment(allow_none=True)
    provisional = fields.Boolean()
    answered_at = Moment()
    decided_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)


class CreditorOut(Strict):
    """An enforcement creditor that was asked."""

    creditor = fields.String()
    position = fields.Integer()
    name = fields.String()
    role = fields.String()
    claim_fen = fields.Integer(allow_none=True)
    rank = fields.Integer()
    taking = fields.Nested(TakingOut, allow_none=True)


class DrawingOut(Strict):
    """Places of creditors of one rank in the order drawn."""

    rank = fields.Integer()
    drawn = fields.List(fields.Integer())


class TakingsOut(Strict):
    """The question to the creditors. `commitment`: hex SHA-256 of the seed, which is shown once lots were drawn.

    `waits`: answers are still awaited; `answerable`: an answer may still be given, or changed.
    """

    auction_id = fields.String()
    price_fen = fields.Integer()
    asked_at = Moment()
    until_on = fields.String()
    provisional = fields.Boolean()
    waits = fields.Boolean()
    answerable = fields.Boolean()
    commitment = fields.String()
    seed = fields.String(allow_none=True)
    drawings = fields.List(fields.Nested(DrawingOut))
    creditors = fields.List(fields.Nested(CreditorOut))


class OwnSaleOut(Strict):
    """A debtor's own sale."""

    id = fields.String()
    auction_id = fields.String()
    status = choice("allowed", "sold", "lapsed", "ended")
    above_fen = fields.Integer()
    offer_fen = fields.Integer()
    until_on = fields.String()
    price_fen = fields.Integer(allow_none=True)
    reason = fields.String()
    allowed_at = Moment()
    ended_at = Moment(allow_none=True)
    ended_reason = fields.String(allow_none=True)


class DisposalOut(Strict):
    """How a lot was disposed of without a sale to a bidder. Nobody is named; of a return the reason is public."""

    kind = choice(*DISPOSALS)
    auction_id = fields.String()
    price_fen = fields.Integer(allow_none=True)
    at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)


class GroupLotOut(Strict):
    """A lot of a group, what it was sold or taken for, and what of that is there."""

    lot_id = fields.String()
    brought_fen = fields.Integer()
    paid_fen = fields.Integer()


class LotGroupOut(Strict):
    """A group of lots. `satisfied`: what they were sold for covers claim and costs, and the rest stops; `paid`: what is
    there does, and the rest is withdrawn."""

    id = fields.String()
    claim_fen = fields.Integer()
    costs_fen = fields.Integer()
    sell_all = fields.Boolean()
    proceeds_fen = fields.Integer()
    paid_fen = fields.Integer()
    satisfied = fields.Boolean()
    paid = fields.Boolean()
    lots = fields.List(fields.Nested(GroupLotOut))
