"""A material change of an announced sheet: the draft, the ways open to the panel, its proposal."""

from marshmallow import fields

from disclosure.rules.changing import CHOICES

from .approvals import ApprovalOut
from .base import Moment, Strict, StrictBoolean, choice, words
from .sheets import ChangeOut


class ChangeProposalIn(Strict):
    """How the drafted change is to be dealt with; a supplement before the opening may put it off."""

    choice = choice(*CHOICES)
    reason = words(2000)
    for_the_worse = StrictBoolean(allow_none=True, load_default=None)
    opens_at = Moment(allow_none=True, load_default=None)
    closes_at = Moment(allow_none=True, load_default=None)


class DraftedChangeOut(Strict):
    """What is drafted against the sheet in force, and what the panel may choose.

    `needs_word`: the panel has to say of some change whether it is for the worse. `earliest_at`: when bidding may open
    or resume at the earliest, were a supplement published now.
    """

    auction_id = fields.String()
    sheet_version = fields.Integer()
    items = fields.List(fields.Nested(ChangeOut))
    choices = fields.List(fields.String(metadata={"enum": list(CHOICES)}))
    needs_word = fields.Boolean()
    earliest_at = Moment(allow_none=True)
    proposals = fields.List(fields.Nested(ApprovalOut))
