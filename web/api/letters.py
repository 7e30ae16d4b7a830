"""Printable letters of a court, and its own wording of them."""

from collections.abc import Iterable
from typing import Any

from flask import Response, jsonify

from auction.kernel.clock import iso
from auction.kernel.errors import DomainError
from bidding.queries.kept import Part, kept
from bidding.queries.letters import Wording, wordings
from disclosure.queries.sheets import court_words
from disclosure.rules import court_words as court_rules
from disclosure.rules.court_words import KINDS, CourtWords
from disclosure.rules.letters import VALUES, letters
from disclosure.services.letters import keep_court_words, keep_wording

from ..auth import house, me, policy
from ..letters import printed
from ..schemas.letters import (
    CourtWordsIn,
    CourtWordsListOut,
    CourtWordsOut,
    CourtWordsPreviewOut,
    LetterQuery,
    WordingIn,
    WordingOut,
    WordingsOut,
)
from .listing import listed, tagged, written
from .spec import Blueprint

blueprint = Blueprint("letters", __name__, description="Printable letters of a court")


@blueprint.get("/lots/<lot_id>/letters/<kind>")
@policy("letter.read")
@blueprint.arguments(LetterQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_letter(query: dict[str, Any], lot_id: str, kind: str) -> Response:
    """A letter as PDF: `auction_notice closing_ruling handover_record …`, all of them in `GET /letter-wordings`;
    of a taking `taking_ruling taking_notice`, of the debtor's own sale `own_sale_notice`. For the lot's own court; a
    ruling for its buyer or taker too.
    """
    return printed(lot_id, kind, **query)


@blueprint.get("/letter-wordings")
@policy("letter.word")
@blueprint.response(200, WordingsOut)
def list_wordings() -> Response:
    """The letters as the caller's court words them, and the names a wording may use."""
    tags = _tags(letters())
    found = house().read(wordings, _court())
    return jsonify({**listed([_wording(each, tags[kind]) for kind, each in found.items()]), "values": dict(VALUES)})


@blueprint.put("/letter-wordings/<kind>")
@policy("letter.word")
@blueprint.arguments(WordingIn)
@blueprint.response(200, WordingOut)
def put_wording(data: dict[str, Any], kind: str) -> Response:
    """Keep a wording as the court's next version: plain text, `{{ name }}`, `{% if name %}…{% endif %}`.

    That of a ruling is kept by a judge alone. With `If-Match` only if it still has the tag named there.
    """
    return _kept_wording(kind, data["text"])


@blueprint.delete("/letter-wordings/<kind>")
@policy("letter.word")
@blueprint.response(200, WordingOut)
def restore_wording(kind: str) -> Response:
    """Return to the shipped wording, as the court's next version. `If-Match` as in `PUT`."""
    return _kept_wording(kind, None)


def _kept_wording(kind: str, text: str | None) -> Response:
    _, tag = written(Part("words", _court(), kind), keep_wording, kind, text)
    return tagged(_wording(house().read(wordings, _court())[kind], tag), tag)


@blueprint.get("/court-words")
@policy("letter.word")
@blueprint.response(200, CourtWordsListOut)
def list_court_words() -> Response:
    """What the caller's court adds to its announcements and bidder notices, and the names it may use."""
    tags = _tags(KINDS)
    found = house().read(court_words, _court())
    return jsonify(
        {**listed([_words(kind, found.get(kind), tags[kind]) for kind in KINDS]), "values": dict(court_rules.VALUES)}
    )


@blueprint.put("/court-words/<kind>")
@policy("letter.word")
@blueprint.arguments(CourtWordsIn)
@blueprint.response(200, CourtWordsOut)
def put_court_words(data: dict[str, Any], kind: str) -> Response:
    """Keep what the court adds as its next version: for rounds announced from now on. Both texts empty: nothing.

    With `If-Match` only if it still has the tag named there.
    """
    _, tag = written(Part("words", _court(), kind), keep_court_words, kind, **data)
    return tagged(_words(kind, house().read(court_words, _court()).get(kind), tag), tag)


@blueprint.post("/court-words/<kind>/preview")
@policy("letter.word")
@blueprint.arguments(CourtWordsIn)
@blueprint.response(200, CourtWordsPreviewOut)
def preview_court_words(data: dict[str, Any], kind: str) -> Response:
    """The words with the values of a made-up sale filled in; nothing is kept."""
    if kind not in KINDS:
        raise DomainError("not_found")
    return jsonify({"paragraphs": [one.as_data() for one in court_rules.preview(data["text"], data["text_en"])]})


def _words(kind: str, words: CourtWords | None, tag: str) -> dict[str, Any]:
    version, text, text_en = (words.version, words.zh, words.en) if words else (0, "", "")
    title = KINDS[kind]
    texts = {"text": text, "text_en": text_en}
    return {"kind": kind, "title": title.zh, "title_en": title.en, "version": version, "tag": tag, **texts}


def _tags(kinds: Iterable[str]) -> dict[str, str]:
    """The tags of a court's words. They are read before the words: a text may be newer than its tag, never older."""
    court = _court()
    return house().read(lambda session: {kind: kept(session, Part("words", court, kind)).tag for kind in kinds})


def _court() -> str:
    code = me().court_code
    if code is None:
        raise DomainError("forbidden")
    return code


def _wording(each: Wording, tag: str) -> dict[str, Any]:
    return {
        "kind": each.letter.kind,
        "title": each.letter.title,
        "title_en": each.letter.title_en,
        "asks": sorted(each.letter.asks),
        "version": each.version,
        "tag": tag,
        "text": each.text,
        "at": iso(each.at) if each.at else None,
    }
