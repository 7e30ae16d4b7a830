"""Papers that people hand in, and a buyer's proof of qualification."""

from marshmallow import fields, validate

from .base import Moment, Strict, text
from .sheets import FileOut


class PaperOut(FileOut):
    """A paper as its owner and the court see it."""


class QualificationIn(Strict):
    """The ids of the buyer's papers that prove that he may buy."""

    attachments = fields.List(text(64), required=True, validate=validate.Length(1, 50))


class QualificationOut(Strict):
    """What was handed in, and when."""

    id = fields.String()
    auction_id = fields.String()
    attachments = fields.List(fields.Nested(PaperOut))
    at = Moment()
