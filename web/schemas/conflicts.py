"""The interest bar: why somebody is barred, the remedy, lifting a hit, revoking a held sale."""

from typing import Any, get_args

from marshmallow import fields, post_load, validate

from bidding.queries.held import WINNER_BARRED
from bidding.rules.revocation import GROUNDS, KEPT_BY, Stated
from risk.rules.control import ROLES
from risk.rules.interest import NEAR_RELATIONS, Ground

from .base import Day, Moment, Strict, StrictBoolean, choice, fen, text, words


class PurposeQuery(Strict):
    """Why it is looked up: it is journaled with who asked."""

    purpose = words(500)


class SourceOut(Strict):
    """Where a record came from: the registry's version, the kind and the SHA-256 of its file, and when."""

    version = fields.Integer()
    kind = fields.String(allow_none=True, metadata={"enum": ["staff", "relatives", "control", None]})
    file_hash = fields.String(allow_none=True)
    imported_at = Moment(allow_none=True)


class RecordOut(Strict):
    """A record of the registry: a term of office, a near relation, or what somebody is in a company.

    `renege` is no record of the registry: `person` (None: his data were erased) bought the lot in `auction_id` and was
    declared to have reneged on the day `from`.
    """

    record = fields.String(metadata={"enum": ["staff", "relative", "control", "renege"]})
    auction_id = fields.String()
    person = fields.String(allow_none=True)
    body_type = fields.String()
    body_code = fields.String()
    body_name = fields.String(allow_none=True)
    position = fields.String()
    relative = fields.String(allow_none=True)
    relation = fields.String(metadata={"enum": list(NEAR_RELATIONS)})
    company = fields.String(allow_none=True)
    holder = fields.String(allow_none=True)
    role = fields.String(metadata={"enum": list(ROLES)})
    share = fields.Float(allow_none=True)
    from_ = Day(data_key="from")
    to = Day(allow_none=True)
    source = fields.Nested(SourceOut, allow_none=True)


class LiftedOut(Strict):
    """That a hit was lifted, and why."""

    reason = fields.String()
    at = Moment()


class FreesOut(Strict):
    """Who else is free once a hit is lifted: bidders by account id, companies that have not registered by name.

    `further_bidders`: how many more there are of whom nobody may be told before the end.
    """

    bidders = fields.List(fields.String())
    further_bidders = fields.Integer()
    companies = fields.List(fields.String())


class HitOut(Strict):
    """One way in which somebody behind a registration is barred; `chain` leads from the body of the sale to him.

    For `reneger_company` and `reneger_controller` (the practice on control of companies between him and who reneged on
    the lot) it leads from that buyer, and there is no body.
    """

    hit = fields.String()
    ground = fields.String(metadata={"enum": list(get_args(Ground))})
    rule = fields.String(allow_none=True)
    relation = fields.String(allow_none=True)
    person = fields.String(allow_none=True)
    body_type = fields.String(allow_none=True)
    body_code = fields.String(allow_none=True)
    body_name = fields.String(allow_none=True)
    basis = fields.List(fields.String())
    registry_version = fields.Integer()
    found_at = Moment()
    review_due_at = Moment(allow_none=True)
    chain = fields.List(fields.Nested(RecordOut))
    lifted = fields.Nested(LiftedOut, allow_none=True)
    frees = fields.Nested(FreesOut, allow_none=True)


class ReviewTextOut(Strict):
    """What the applicant says against the refusal; None once the person's data were erased."""

    text = fields.String(allow_none=True)
    at = Moment()
    state = fields.String(metadata={"enum": ["open", "lifted", "closed"]})
    answered_at = Moment(allow_none=True)


class ConflictPersonOut(Strict):
    """Somebody behind a registration: the number masked."""

    part = fields.String()
    name = fields.String()
    id_type = fields.String()
    id_number = fields.String()


class ConflictRegistrationOut(Strict):
    """A registration, what bars it, and what its owner says."""

    id = fields.String()
    auction_id = fields.String()
    status = fields.String()
    refusal = fields.String(allow_none=True)
    hold = fields.String(allow_none=True)
    filed_at = Moment()
    people = fields.List(fields.Nested(ConflictPersonOut))
    hits = fields.List(fields.Nested(HitOut))
    reviews = fields.List(fields.Nested(ReviewTextOut))


class ConflictsOut(Strict):
    """What bars a bidder from a lot, with its sources."""

    bidder_id = fields.String()
    lot_id = fields.String()
    lot_title = fields.String()
    court_code = fields.String()
    registrations = fields.List(fields.Nested(ConflictRegistrationOut))


class HitLiftingIn(Strict):
    """Which hit is mistaken, and why."""

    hit = text(64)
    reason = words(2000)


class ReviewIn(Strict):
    """Why the bar is a mistake."""

    text = words(2000)


class ReviewAskedOut(Strict):
    """The request for a review, as it was taken."""

    id = fields.String()
    at = Moment()


class StatedIn(Strict):
    """What the court states of one part of an unqualified buyer's money: how much is kept, by which article, why."""

    code = choice("deposit", "balance")
    keep_fen = fen(least=0)
    basis = choice(*KEPT_BY, required=False, allow_none=True, load_default=None)
    reason = text(2000, required=False, least=0, load_default="")

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Stated:
        """The value the service wants."""
        return Stated(**data)


class SaleRevocationIn(Strict):
    """`ground`: winner_barred for a sale that is held, else one of OJA 31, which needs its finding as `reason`.

    `knowingly_false`: a barred winner knew it; the deposit is kept, and `reason` says why. `lines`: what is kept of the
    money of an unqualified buyer; what nobody states goes back whole.
    """

    ground = text(64, metadata={"enum": [WINNER_BARRED, *GROUNDS]})
    knowingly_false = StrictBoolean()
    reason = text(2000, required=False)
    lines = fields.List(fields.Nested(StatedIn), load_default=list, validate=validate.Length(max=2))
