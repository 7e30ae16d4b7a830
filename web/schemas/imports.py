"""Lots entered from a file: what is asked beside the file, and what became of it."""

from marshmallow import fields

from .base import Strict


class RefusedCellOut(Strict):
    """A cell that cannot be taken: where it stands, the rule, and what would be right."""

    line = fields.Integer()
    column = fields.String(allow_none=True)
    code = fields.String()
    detail = fields.String()


class ImportOut(Strict):
    """What became of a file: rows that can be (or were) entered, every refused cell, the lots made."""

    dry_run = fields.Boolean()
    accepted = fields.Integer()
    refused = fields.List(fields.Nested(RefusedCellOut))
    lots = fields.List(fields.String())
