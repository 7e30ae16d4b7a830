"""Letters: which is asked for, and how a court words it."""

from marshmallow import Schema, fields, validate

from disclosure.rules.court_words import KINDS

from .base import Moment, PageOut, Strict


class LetterQuery(Schema):
    """To whom (place in the list of notices, from 0) and of which round; the lot's latest where it is left out."""

    recipient = fields.Integer(load_default=None, validate=validate.Range(0, 10_000))
    auction_id = fields.String(data_key="auction", load_default=None, validate=validate.Length(1, 64))
    decision = fields.String(
        load_default=None,
        validate=validate.Length(1, 64),
        metadata={"description": "of panel_minutes: `announcement` or the id of a proposal; the latest if left out"},
    )


class WordingIn(Strict):
    """A court's own wording; `DELETE` returns to the shipped one."""

    text = fields.String(required=True, validate=validate.Length(max=20_000))


class WordingOut(Strict):
    """A letter as a court words it; version 0 is the shipped text."""

    kind = fields.String()
    title = fields.String()
    title_en = fields.String()
    asks = fields.List(fields.String())
    version = fields.Integer()
    tag = fields.String(metadata={"description": "what `If-Match` takes"})
    text = fields.String()
    at = Moment(allow_none=True)


class WordingsOut(PageOut):
    """Every letter of the caller's court; `values` are the names that may be filled in."""

    items = fields.List(fields.Nested(WordingOut))
    values = fields.Dict(keys=fields.String(), values=fields.String())


class CourtWordsIn(Strict):
    """What a court adds to a text, in Chinese and in English; both empty: nothing."""

    text = fields.String(required=True, validate=validate.Length(max=20_000))
    text_en = fields.String(required=True, validate=validate.Length(max=20_000))


class CourtWordsOut(Strict):
    """What a court adds to its announcements (`announcement`) or bidder notices; version 0: nothing."""

    kind = fields.String(metadata={"enum": list(KINDS)})
    title = fields.String()
    title_en = fields.String()
    version = fields.Integer()
    tag = fields.String(metadata={"description": "what `If-Match` takes"})
    text = fields.String()
    text_en = fields.String()


class CourtWordsListOut(PageOut):
    """Both texts of the caller's court; `values` are the names that may be filled in."""

    items = fields.List(fields.Nested(CourtWordsOut))
    values = fields.Dict(keys=fields.String(), values=fields.String())


class ParagraphOut(Strict):
    """A paragraph in both languages."""

    zh = fields.String()
    en = fields.String()


class CourtWordsPreviewOut(Strict):
    """The words as they would read in a made-up sale."""

    paragraphs = fields.List(fields.Nested(ParagraphOut))
