"""Public reading: lots, auctions, accepted bids, events, confirmation, result. Nobody needs to sign in.

A court's own people may read their drafts by the same addresses; everybody else gets the answer of a missing thing.
"""

from datetime import datetime
from typing import Any

from flask import Response, current_app, jsonify, make_response, request
from sqlalchemy.orm import Session

from auction.kernel.crypto import canonical
from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from auction.models import Auction
from auction.rules.lot import PRIVATE
from bidding.queries import auctions, editions, lots, receipts
from bidding.queries.kept import terms_tag
from bidding.queries.open_data import result_document

from ..auth import current_actor, house, policy
from ..documents import confirmation_pdf
from ..schemas.public import (
    BidsOut,
    BidsQuery,
    EventsOut,
    EventsQuery,
    LotOut,
    LotsOut,
    LotsQuery,
    ReceiptOut,
    ResultOut,
)
from ..schemas.rounds import CourtAuctionOut
from ..schemas.sheets import EditionsOut, WholeEditionOut
from .listing import tagged
from .spec import Blueprint

blueprint = Blueprint("public", __name__, description="Public reading")

_PDF = "application/pdf"


@blueprint.get("/lots")
@policy("public.read")
@blueprint.arguments(LotsQuery, location="query")
@blueprint.response(200, LotsOut)
def list_lots(query: dict[str, Any]) -> Response:
    """Lots, by what is looked for."""
    wired = house()
    found = wired.read(lots.lots, query["wanted"], wired.now(), current_actor(), query["page"], query["page_size"])
    return jsonify(found)


@blueprint.get("/lots/<lot_id>")
@policy("public.read")
@blueprint.response(200, LotOut)
def get_lot(lot_id: str) -> Response:
    """One lot: asset, court, disclosure in short, its rounds."""
    wired = house()
    return jsonify(wired.read(lots.lot_resource, lot_id, wired.now(), current_actor()))


@blueprint.get("/auctions/<auction_id>")
@policy("public.read")
@blueprint.response(200, CourtAuctionOut)
def get_auction(auction_id: str) -> Response:
    """One round of selling a lot, as it stands now; for its own court with the panel and its votes.

    Before the announcement `ETag` is the tag of its terms and panel.
    """
    shown, tag = house().read(_auction, auction_id, house().now())
    return tagged(shown, tag) if tag else jsonify(shown)


def _auction(session: Session, auction_id: str, now: datetime) -> tuple[dict[str, Any], str | None]:
    shown = auctions.auction_resource(session, auction_id, now, current_actor())
    auction = session.get_one(Auction, auction_id)
    return shown, terms_tag(auction, auction.panel) if auction.status in PRIVATE else None


@blueprint.get("/auctions/<auction_id>/announcements")
@policy("public.read")
@blueprint.response(200, EditionsOut)
def list_announcements(auction_id: str) -> Response:
    """Every edition of the announcement, bidder notice and special notices, and what each changed."""
    found = house().read(editions.public_editions, current_actor(), auction_id)
    return jsonify({"items": [edition.as_data() for edition in found]})


@blueprint.get("/auctions/<auction_id>/announcements/<int:edition>")
@policy("public.read")
@blueprint.response(200, WholeEditionOut)
def get_announcement(auction_id: str, edition: int) -> Response:
    """One edition, in force or replaced, with its texts."""
    found = house().read(editions.public_edition, current_actor(), auction_id, edition)
    return jsonify({**found.as_data(), **found.document})


@blueprint.get("/auctions/<auction_id>/bids")
@policy("public.read")
@blueprint.arguments(BidsQuery, location="query")
@blueprint.response(200, BidsOut)
def list_bids(query: dict[str, Any], auction_id: str) -> Response:
    """Accepted bids after a number, complete and ascending."""
    wired = house()
    wired.read(auctions.visible_auction, auction_id, current_actor())
    return jsonify(wired.read(auctions.bids_since, auction_id, query["since_seq"], query["page_size"]))


@blueprint.get("/auctions/<auction_id>/events")
@policy("public.read")
@blueprint.arguments(EventsQuery, location="query")
@blueprint.response(200, EventsOut)
def list_events(query: dict[str, Any], auction_id: str) -> Response:
    """The room's public events after a version, without a gap."""
    wired = house()
    wired.read(auctions.visible_auction, auction_id, current_actor())
    return jsonify(wired.read(auctions.events_since, auction_id, query["since"], query["page_size"]))


@blueprint.get("/auctions/<auction_id>/confirmation")
@policy("public.read")
@blueprint.response(200, {"type": "object"}, description="The confirmation of the sale; PDF by `Accept`")
def get_confirmation(auction_id: str) -> Response:
    """The confirmation of a sale: JSON, or PDF where the client asks for it. 404 before."""
    kind = request.accept_mimetypes.best_match(["application/json", _PDF])
    if kind is None and request.accept_mimetypes:
        raise DomainError("not_acceptable")
    document = house().read(receipts.confirmation, auction_id, current_actor())
    if kind != _PDF:
        return jsonify(document)
    response = make_response(current_app.extensions["beside"](confirmation_pdf, document))
    response.mimetype = _PDF
    response.headers["Content-Disposition"] = f'inline; filename="confirmation-{document["auction_id"]}.pdf"'
    return response


@blueprint.get("/auctions/<auction_id>/result")
@policy("public.read")
@blueprint.response(200, ResultOut)
def get_result(auction_id: str) -> Response:
    """How an auction ended, and the same signed for whoever keeps it (`signed`). 404 before it is decided."""
    wired = house()
    found = wired.read(receipts.result, auction_id, wired.now(), current_actor())
    document = wired.read(result_document, auction_id, current_actor())
    signature = wired.vault.sign(canonical(document))
    return jsonify(found | {"signed": {"document": document, "signature": signature, "key_id": wired.vault.key_id}})


@blueprint.get("/bids/<bid_id>/receipt")
@policy("public.read")
@blueprint.response(200, ReceiptOut)
def get_receipt(bid_id: str) -> Response:
    """What proves an accepted bid: its entry, our signature, and the log's proof once it is sealed."""
    wired: House = house()
    return jsonify(wired.read(receipts.receipt, bid_id))
