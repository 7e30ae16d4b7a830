"""Printable letters of a court, and its own wording of them."""

from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from bidding.queries.letters import Wording, wordings
from disclosure.rules.letters import VALUES
from disclosure.services.letters import keep_wording

from ..auth import house, me, policy
from ..letters import printed
from ..schemas.letters import LetterQuery, WordingIn, WordingOut, WordingsOut
from .listing import listed
from .spec import Blueprint

blueprint = Blueprint("letters", __name__, description="Printable letters of a court")


@blueprint.get("/lots/<lot_id>/letters/<kind>")
@policy("letter.read")
@blueprint.arguments(LetterQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_letter(query: dict[str, Any], lot_id: str, kind: str) -> Response:
    """A letter as PDF: `auction_notice preferential_notice delivery_receipt assistance_notice handover_record`;
    of a taking `taking_ruling taking_notice`, of the debtor's own sale `own_sale_notice`.
    """
    return printed(lot_id, kind, **query)


@blueprint.get("/letter-wordings")
@policy("letter.word")
@blueprint.response(200, WordingsOut)
def list_wordings() -> Response:
    """The letters as the caller's court words them, and the names a wording may use."""
    found = house().read(wordings, _court())
    return jsonify({**listed([_wording(each) for each in found.values()]), "values": dict(VALUES)})


@blueprint.put("/letter-wordings/<kind>")
@policy("letter.word")
@blueprint.arguments(WordingIn)
@blueprint.response(200, WordingOut)
def put_wording(data: dict[str, Any], kind: str) -> Response:
    """Keep a wording as the court's next version: plain text, `{{ name }}`, `{% if name %}…{% endif %}`."""
    house().perform(keep_wording, me(), kind, data["text"])
    return jsonify(_wording(house().read(wordings, _court())[kind]))


def _court() -> str:
    code = me().court_code
    if code is None:
        raise DomainError("forbidden")
    return code


def _wording(each: Wording) -> dict[str, Any]:
    return {
        "kind": each.letter.kind,
        "title": each.letter.title,
        "title_en": each.letter.title_en,
        "asks": sorted(each.letter.asks),
        "version": each.version,
        "text": each.text,
        "at": iso(each.at) if each.at else None,
    }
