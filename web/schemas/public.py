"""What anybody may read: lots, auctions, bids, events, results, the log."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields, post_load, validate

from auction.kernel.errors import invalid
from auction.rules.lot import AssetType, AuctionStatus, Round
from auction.rules.place import Place, place_of
from auction.rules.unsold import DISPOSALS
from bidding.queries.auctions import MOST
from bidding.queries.finding import SECTIONS, SORTS, Box, LotFilter
from bidding.rules.find import FARTHEST_KM, FLAGS

from .base import Day, Moment, PageOut, PageQuery, Strict, choice, printable
from .unsold import DisposalOut
from .viewings import ViewingOut

#: What PostgreSQL's bigint holds; a query that goes beyond asks for nothing there is.
_LARGEST = 2**63 - 1


class _Sought(Schema):
    """What to look for among the lots."""

    q = fields.String(load_default="", validate=[validate.Length(max=200), printable])
    asset_type = choice(*AssetType, required=False)
    court = fields.String(validate=[validate.Length(1, 50), printable])
    region = fields.String(load_default="", validate=[validate.Length(max=50), printable])
    round = choice(*Round, required=False)
    status = choice(*AuctionStatus, *DISPOSALS, required=False)
    min_fen = fields.Integer(validate=validate.Range(0, _LARGEST))
    max_fen = fields.Integer(validate=validate.Range(0, _LARGEST))
    flags = fields.String(
        validate=validate.Length(max=400),
        metadata={
            "description": "marks, separated by commas, all of which must hold; of several bands, and of several among "
            f"leased, occupied and vacant, any: {', '.join(FLAGS)}"
        },
    )
    near = fields.String(
        validate=validate.Length(max=60),
        metadata={"description": "latitude,longitude in degrees: only lots whose place is known, within `within_km`"},
    )
    within_km = fields.Float(load_default=10.0, validate=validate.Range(0.1, FARTHEST_KM))

    def filter_of(self, data: dict[str, Any]) -> LotFilter:
        """The filter of loaded fields. DomainError invalid for a mark or place there is not."""
        flags, near = known_flags(data.pop("flags", "").split(",")), data.pop("near", None)
        return LotFilter(**data, flags=flags, near=place_in(near) if near is not None else None)


class LotsQuery(_Sought, PageQuery):
    """What to look for among the lots; loads to a `LotFilter` with its page."""

    sort = choice(*SORTS, *(f"-{name}" for name in SORTS), required=False, load_default="-announced_at")

    @post_load
    def make(self, data: dict[str, Any], **kwargs: object) -> dict[str, object]:
        """The filter beside `page` and `page_size`. DomainError invalid for a mark or place there is not."""
        page, size = data.pop("page"), data.pop("page_size")
        return {"wanted": self.filter_of(data), "page": page, "page_size": size}


class FeedQuery(_Sought):
    """What a feed has: every filter of `GET /lots`, and those of the site's search; loads to a `LotFilter`."""

    class Meta:
        unknown = RAISE

    status = choice(*AuctionStatus, *DISPOSALS, *SECTIONS, required=False)
    box = fields.String(
        validate=validate.Length(max=80), metadata={"description": "south,west,north,east: only lots within that view"}
    )

    @post_load
    def make(self, data: dict[str, Any], **kwargs: object) -> LotFilter:
        """DomainError invalid for a mark, place or view there is not."""
        box = data.pop("box", None)
        return replace(self.filter_of(data), box=box_in(box) if box is not None else None)


def known_flags(names: Iterable[str]) -> tuple[str, ...]:
    """The marks among the names, each once. DomainError invalid on `flags` naming all there are."""
    found = tuple(dict.fromkeys(filter(None, (name.strip() for name in names))))
    if not set(found) <= set(FLAGS):
        raise invalid("flags", "not_one_of", allowed=FLAGS)
    return found


def place_in(written: str) -> Place:
    """A place written `latitude,longitude`. DomainError invalid on `near`."""
    try:
        latitude, longitude = map(float, written.split(","))
    except ValueError:
        raise invalid("near", "place_invalid") from None
    place = place_of({"latitude": latitude, "longitude": longitude})
    if place is None:
        raise invalid("near", "place_invalid")
    return place


def box_in(written: str) -> Box:
    """A view written `south,west,north,east`. DomainError invalid on `box`."""
    try:
        south, west, north, east = map(float, written.split(","))
    except ValueError:
        raise invalid("box", "place_invalid") from None
    if not (-90 <= south <= north <= 90 and -180 <= west <= east <= 180):
        raise invalid("box", "place_invalid")
    return south, west, north, east


class _Since(Schema):
    page = fields.Raw(metadata={"description": "ignored"})
    page_size = fields.Integer(load_default=MOST, validate=validate.Range(1, MOST))


class BidsQuery(_Since):
    """Bids after this number."""

    since_seq = fields.Integer(load_default=0, validate=validate.Range(0, _LARGEST))


class EventsQuery(_Since):
    """Events after this version."""

    since = fields.Integer(load_default=0, validate=validate.Range(0, _LARGEST))


class EntriesQuery(Schema):
    """Leaves from `start` (inclusive) to `end` (exclusive), at most 1,000."""

    start = fields.Integer(load_default=0, validate=validate.Range(0, _LARGEST))
    end = fields.Integer(load_default=_LARGEST, validate=validate.Range(0, _LARGEST))


class CheckpointQuery(Schema):
    """Which head: the newest, or the newest that a witness has cosigned."""

    cosigned = fields.Boolean(load_default=False)


class CosignatureIn(Strict):
    """A checkpoint of the log with the line of a witness."""

    note = fields.String(required=True, validate=validate.Length(1, 20_000))


class CosignedOut(Strict):
    """Whose lines were kept."""

    witnesses = fields.List(fields.String())


class WitnessOut(Strict):
    """A witness; `size` and `seen_at` tell the newest head it has cosigned."""

    name = fields.String()
    key = fields.String(metadata={"description": "C2SP verifier key of type 0x04"})
    named_at = Moment()
    dropped_at = Moment(allow_none=True)
    unanswered_since = Moment(allow_none=True, metadata={"description": "asked since then, and not cosigned"})
    refused_at = Moment(allow_none=True, metadata={"description": "said then that a head does not append"})
    asked = fields.Boolean(metadata={"description": "the site asks it; else it looks by itself"})
    size = fields.Integer(allow_none=True)
    seen_at = Moment(allow_none=True)


class WitnessesOut(Strict):
    """All that were ever named."""

    items = fields.List(fields.Nested(WitnessOut))


class InclusionQuery(Schema):
    """A leaf, and the size of the tree it is to be proven in (the newest, when left out)."""

    index = fields.Integer(required=True, validate=validate.Range(0, _LARGEST))
    size = fields.Integer(load_default=None, validate=validate.Range(0, _LARGEST))


class ConsistencyQuery(Schema):
    """Two sizes of the tree (the newest for `second`, when left out)."""

    first = fields.Integer(required=True, validate=validate.Range(0, _LARGEST))
    second = fields.Integer(load_default=None, validate=validate.Range(0, _LARGEST))


class RotationOut(Strict):
    """From which key to which; the signatures are over the canonical JSON of the other fields and `form`."""

    origin = fields.String()
    old_key = fields.String()
    new_key = fields.String()
    at = fields.String()
    old_signature = fields.String()
    new_signature = fields.String()


class KeysOut(Strict):
    """Empty while the log still has its first key."""

    items = fields.List(fields.Nested(RotationOut))


class CourtOut(Strict):
    """An enforcing court."""

    code = fields.String()
    name = fields.String()


class RoundOut(Strict):
    """A round in the list of a lot's rounds."""

    id = fields.String()
    round = fields.String(metadata={"enum": [r.value for r in Round]})
    status = fields.String(metadata={"enum": [s.value for s in AuctionStatus]})
    opens_at = Moment()
    closes_at = Moment()


class LatestRoundOut(RoundOut):
    """The latest round of a lot in a list."""

    ended = fields.Boolean()
    reserve_price_fen = fields.Integer()
    price_fen = fields.Integer(allow_none=True)
    bid_count = fields.Integer()
    extensions = fields.Integer()


class CountersOut(Strict):
    """How many look at a lot, follow it, and are registered for its latest round."""

    views = fields.Integer()
    followers = fields.Integer()
    registrations = fields.Integer()


class LotBase(Strict):
    """What a lot is."""

    id = fields.String()
    title = fields.String()
    asset_type = fields.String(metadata={"enum": [t.value for t in AssetType]})
    region = fields.String()
    address = fields.String()
    attributes = fields.Dict()
    case_number = fields.String()
    court = fields.Nested(CourtOut)
    status = fields.String(allow_none=True)


class LotSummaryOut(LotBase):
    """A lot in a list."""

    counters = fields.Nested(CountersOut)

    reference_price_fen = fields.Integer(allow_none=True)
    auction = fields.Nested(LatestRoundOut, allow_none=True)


class LotsOut(PageOut):
    """A page of lots."""

    items = fields.List(fields.Nested(LotSummaryOut))


class ReferencePriceOut(Strict):
    """The reference price and how it came about."""

    method = fields.String()
    amount_fen = fields.Integer()
    effective_on = fields.Date()
    valid_until = fields.Date()


class DisclosureSummaryOut(Strict):
    """The sealed sheet in short."""

    version = fields.Integer()
    seal = fields.String()
    at = Moment()
    items = fields.Integer()
    flags = fields.List(fields.String())


class LotOut(LotBase):
    """A lot. `risk` is null where nothing has been assessed; `seized_on` is told to its court alone."""

    counters = fields.Nested(CountersOut)
    disposal = fields.Nested(DisposalOut, allow_none=True)
    seized_on = Day(allow_none=True)
    reference_price = fields.Nested(ReferencePriceOut, allow_none=True)
    disclosure = fields.Nested(DisclosureSummaryOut, allow_none=True)
    auctions = fields.List(fields.Nested(RoundOut))
    risk = fields.Dict(allow_none=True)
    viewings = fields.List(fields.Nested(ViewingOut))
    unanswered_questions = fields.Integer()


class SettlementOut(Strict):
    """Where the price of a sale stands. `balance_fen`: what is still due of it, 0 once all is paid."""

    status = fields.String()
    balance_fen = fields.Integer(allow_none=True)
    due_at = Moment(allow_none=True)
    provisional = fields.Boolean()


class AuctionOut(Strict):
    """One round of selling a lot, and the state of its room. `ended` is true from `closes_at` on, and not before."""

    id = fields.String()
    lot_id = fields.String()
    round = fields.String(metadata={"enum": [r.value for r in Round]})
    status = fields.String(metadata={"enum": [s.value for s in AuctionStatus]})
    ended = fields.Boolean()
    version = fields.Integer()
    reserve_price_fen = fields.Integer()
    increment_fen = fields.Integer()
    deposit_fen = fields.Integer()
    reference_price_fen = fields.Integer(allow_none=True)
    forfeit_fen = fields.Integer(allow_none=True)
    balance_days = fields.Integer()
    announced_at = Moment(allow_none=True)
    opens_at = Moment()
    closes_at = Moment()
    scheduled_closes_at = Moment()
    closed_at = Moment(allow_none=True)
    price_fen = fields.Integer(allow_none=True)
    minimum_fen = fields.Integer(allow_none=True)
    leader_code = fields.String(allow_none=True)
    bid_count = fields.Integer()
    lapsed_seq = fields.Integer(metadata={"description": "bids up to this number fell with a change of the sheet"})
    extensions = fields.Integer()
    server_time = Moment()
    seal = fields.String(allow_none=True)
    ruleset = fields.String(allow_none=True)
    suspension = fields.Dict(allow_none=True)
    ended_reason = fields.String(allow_none=True)
    late_reason = fields.String(allow_none=True)
    late_reason_text = fields.String(allow_none=True)
    resale_of = fields.String(allow_none=True)
    settlement = fields.Nested(SettlementOut, allow_none=True)


class PublicBidOut(Strict):
    """An accepted bid. `rank` is that of a preferential purchaser, null for everybody else.

    `lapsed` is there, and true, where the bid fell with a material change of the sheet.
    """

    seq = fields.Integer()
    bidder_code = fields.String()
    amount_fen = fields.Integer()
    received_at = Moment()
    rank = fields.Integer(allow_none=True)
    lapsed = fields.Boolean()


class BidsOut(Strict):
    """Accepted bids, ascending; `more` tells that there are later ones."""

    items = fields.List(fields.Nested(PublicBidOut))
    more = fields.Boolean()


class EventOut(Schema):
    """A public event of a room; further fields depend on its type."""

    class Meta:
        unknown = INCLUDE

    version = fields.Integer()
    type = fields.String(metadata={"enum": ["bid", "extension", "status", "disclosure", "notice"]})
    at = Moment()


class EventsOut(Strict):
    """Events, ascending, without a gap; `more` tells that there are later ones."""

    items = fields.List(fields.Nested(EventOut))
    more = fields.Boolean()


class RevokedOut(Strict):
    """When a sale was revoked, and on which ground."""

    at = Moment()
    ground = fields.String()


class SignedOut(Strict):
    """What was signed: `signature` is Ed25519 over the canonical JSON (RFC 8785) of `document`."""

    document = fields.Dict()
    signature = fields.String()
    key_id = fields.String()


class ResultOut(Strict):
    """How an auction ended."""

    auction_id = fields.String()
    lot_id = fields.String()
    round = fields.String()
    status = fields.String()
    ended_reason = fields.String(allow_none=True)
    price_fen = fields.Integer(allow_none=True)
    bidder_code = fields.String(allow_none=True)
    bid_count = fields.Integer()
    extensions = fields.Integer()
    closes_at = Moment()
    closed_at = Moment(allow_none=True)
    revoked = fields.Nested(RevokedOut, allow_none=True)
    confirmed = fields.Boolean()
    settlement = fields.Nested(SettlementOut, allow_none=True)
    signed = fields.Nested(SignedOut)


class InclusionOut(Strict):
    """The proof that a leaf stands in a tree (RFC 9162); hashes in hex from the leaf upwards."""

    index = fields.Integer()
    size = fields.Integer()
    hashes = fields.List(fields.String())
    root = fields.String()


class ReceiptOut(Strict):
    """What proves an accepted bid; proof and checkpoint are null until the log has been sealed over it."""

    entry = fields.Dict()
    signature = fields.String()
    key_id = fields.String()
    inclusion = fields.Nested(InclusionOut, allow_none=True)
    checkpoint = fields.String(allow_none=True)


class LeafOut(Strict):
    """A leaf of the log: a public entry, or the commitment of a private one."""

    index = fields.Integer()
    entry = fields.Dict()


class EntriesOut(Strict):
    """Leaves of the log, ascending."""

    items = fields.List(fields.Nested(LeafOut))


class ConsistencyOut(Strict):
    """The proof that one tree only appends to another."""

    first = fields.Integer()
    second = fields.Integer()
    hashes = fields.List(fields.String())


class KeyOut(Strict):
    """The key that signs receipts and checkpoints. `verifier_key` is null until something was sealed."""

    key_id = fields.String()
    algorithm = fields.String()
    public_key = fields.String(metadata={"description": "base64 of the 32 raw bytes"})
    pem = fields.String()
    verifier_key = fields.String(allow_none=True)
