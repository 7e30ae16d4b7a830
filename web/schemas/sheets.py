"""The disclosure sheet as a court fills it: catalogue, items, files, findings, differences."""

from marshmallow import Schema, fields, validate

from auction.rules.lot import AssetType

from .base import Moment, PageOut, Strict, choice, printable


class CatalogueQuery(Schema):
    """Whose catalogue; `court` by its code."""

    asset_type = choice(*AssetType)
    court = fields.String(validate=[validate.Length(1, 50), printable])


class VersionQuery(Schema):
    """Which sealed version; 0 is the sheet being filled, for its court."""

    version = fields.Integer(validate=validate.Range(0, 1_000_000))


class DiffQuery(Schema):
    """From which sealed version to which."""

    first = fields.Integer(required=True, data_key="from", validate=validate.Range(1, 1_000_000))
    second = fields.Integer(required=True, data_key="to", validate=validate.Range(1, 1_000_000))


class ItemIn(Strict):
    """One item of the sheet as a whole. What its fields may hold stands in the catalogue."""

    state = fields.Raw(required=True, allow_none=True, metadata={"type": "string"})
    statement = fields.Raw(allow_none=True, metadata={"type": "string"})
    data = fields.Raw(allow_none=True, metadata={"type": "object"})
    source = fields.Raw(allow_none=True, metadata={"type": "string"})
    checked_on = fields.Raw(allow_none=True, metadata={"type": "string", "format": "date"})
    attachments = fields.Raw(allow_none=True, metadata={"type": "array", "items": {"type": "string"}})


class FindingOut(Strict):
    """One finding: an error bars the announcement, a warning is shown to the panel."""

    code = fields.String()
    severity = fields.String(metadata={"enum": ["error", "warning"]})
    field = fields.String()
    item = fields.String(allow_none=True, metadata={"description": "the sheet's item it concerns"})
    detail = fields.String()
    basis = fields.String()


class FindingsOut(PageOut):
    """Findings, all of them: they are never more than a page."""

    items = fields.List(fields.Nested(FindingOut))


class FileOut(Strict):
    """A file of a lot, by its content hash."""

    id = fields.String()
    filename = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()


class ItemOut(Strict):
    """An item of a sheet: what is known, from where, who checked it and when."""

    code = fields.String()
    title = fields.String()
    title_en = fields.String()
    state = fields.String()
    statement = fields.String()
    data = fields.Dict()
    source = fields.String()
    checker = fields.String()
    checked_on = fields.String(allow_none=True)
    attachments = fields.List(fields.String())


class WrittenItemOut(ItemOut):
    """An item just written. `version`: the sealed version it was published in, null while nothing is announced."""

    version = fields.Integer(allow_none=True)
    findings = fields.List(fields.Nested(FindingOut))


class SheetOut(Strict):
    """A sheet: a sealed version, or (version 0, seal null) the one being filled."""

    lot_id = fields.String()
    version = fields.Integer()
    seal = fields.String(allow_none=True)
    at = Moment(allow_none=True)
    material = fields.Boolean()
    flags = fields.List(fields.String())
    items = fields.List(fields.Nested(ItemOut))
    attachments = fields.List(fields.Nested(FileOut))


class ChangeOut(Strict):
    """One changed field of one item."""

    code = fields.String()
    field = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)
    material = fields.Boolean()
    worse = fields.Boolean()
    unclear = fields.Boolean()


class TextChangeOut(Strict):
    """A section of announcement or bidder notice, or a special notice, that reads differently; null where absent."""

    part = fields.String(metadata={"enum": ["announcement", "bidder_notice", "special_notices"]})
    code = fields.String()
    heading = fields.Raw(allow_none=True)
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class RoundTextChangeOut(TextChangeOut):
    """The same, of one round of a lot."""

    auction_id = fields.String()


class EditionOut(Strict):
    """An edition of a round's texts. `replaced_at` null: in force."""

    edition = fields.Integer()
    written_at = Moment()
    replaced_at = Moment(allow_none=True)
    changes = fields.List(fields.Nested(TextChangeOut))


class EditionsOut(Strict):
    """All editions, the first first."""

    items = fields.List(fields.Nested(EditionOut))


class WholeEditionOut(EditionOut):
    """An edition with its texts, as they were published."""

    announcement = fields.Raw()
    bidder_notice = fields.Raw()
    special_notices = fields.Raw()


class DiffOut(Strict):
    """What changed between two sealed versions; the lot's own files by their hashes."""

    first = fields.Integer(data_key="from")
    second = fields.Integer(data_key="to")
    material = fields.Boolean()
    items = fields.List(fields.Nested(ChangeOut))
    files_added = fields.List(fields.String())
    files_removed = fields.List(fields.String())
    texts = fields.List(fields.Nested(RoundTextChangeOut))
