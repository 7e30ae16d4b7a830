"""The journal as a regulator reads it."""

from marshmallow import fields, validate

from .base import Day, Moment, Strict, text

#: Entries on one page.
_PAGE, _MOST = 50, 200
#: What `before` is when it is right.
_POSITION = "not_a_position"


class _Sifting(Strict):
    """Which entries: `stream` whole (`auction:ID`) or a family (`auction lot person system log`); `before` as the last
    page told it.
    """

    kind = text(60, required=False)
    stream = text(100, required=False)
    private = fields.Boolean(required=False, error_messages={"invalid": "not_true_or_false"})
    before = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 2**53, error=_POSITION),
        error_messages={"invalid": _POSITION},
    )
    page_size = fields.Integer(load_default=_PAGE, validate=validate.Range(1, _MOST))


class JournalQuery(_Sifting):
    """`from` a moment on, and before the moment `to`."""

    since = Moment(data_key="from", required=False)
    until = Moment(data_key="to", required=False)


class JournalPageQuery(_Sifting):
    """The same with whole days of Shanghai for `from` and `to`, both inclusive, as forms have them."""

    since = Day(data_key="from", required=False)
    until = Day(data_key="to", required=False)


class JournalEntryOut(Strict):
    """An entry of the journal. `closed`: an auction it has to do with has not ended, so that nobody may see it yet."""

    id = fields.Integer()
    at = Moment()
    private = fields.Boolean()
    closed = fields.Boolean()
    index = fields.Integer(allow_none=True, metadata={"description": "its leaf in the log, null until sealed"})
    kind = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    stream = fields.String(allow_none=True)
    number = fields.Integer(allow_none=True)
    body = fields.Dict(allow_none=True)


class JournalOut(Strict):
    """Entries, the newest first; `before`: how to ask for older ones, null at the end."""

    items = fields.List(fields.Nested(JournalEntryOut))
    before = fields.Integer(allow_none=True)


class WholeEntryOut(JournalEntryOut):
    """One entry with what it takes to verify it."""

    entry = fields.Dict()
    bytes = fields.String()
    hash = fields.String()
    salt = fields.String(allow_none=True)
    commitment = fields.String(allow_none=True)
